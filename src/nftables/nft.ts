import { checkBoolean, NetlinkError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { type Decoder, operation, type Schema } from '../netlink/codec.js';
import type { EventStream, EventStreams } from '../netlink/event-stream.js';
import {
  type ApplyOptions,
  applyCommands,
  type Commands,
  compileRequests,
  type Kernel,
  type Made,
  type Scratch,
} from './apply.js';
import { commandList } from './compile.js';
import { checkFilter, type NftFilter } from './filter.js';
import type { Command, Listed, ListedMeter } from './json.js';
import { type Interfaces, listObjects, readGeneration, whenGone } from './listing.js';
import { type NftEvent, type NftMonitorOptions, NftSource } from './monitor.js';
import { checkReset, type ResetFilter, resetObjects } from './resets.js';
import { columnsRequest, rowCount, rowsRequest, sliceRows } from './rows.js';
import { NftMap, NftSet } from './set-handle.js';
import { transaction } from './transaction.js';
import type { Family, Rule, SetDefinition, SetElement } from './wire.js';

const operations = {
  sets: operation('nft.sets'),
  rules: operation('nft.rules'),
  elements: operation('nft.setelems'),
  rows: operation('nft.setrows'),
  counted: operation('nft.countedrows'),
};

/** Undoes what was done of some rows. */
export type UndoRows = (from: number, to: number) => Promise<void>;

/** nf_tables: nft(8), libnftables-json(5). Every change is a transaction: all of it happens, or nothing. */
export class Nft {
  readonly #channel: Channel;
  readonly #streams: EventStreams;
  readonly #interfaces: Interfaces;
  readonly #scratch: () => Promise<Scratch>;
  /** Ends with the last of those that wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** How many have not ended. */
  #turns = 0;

  /** `interfaces`: those of the namespace, which rules name and the kernel numbers. `scratch` makes a namespace to try commands in. */
  constructor(channel: Channel, streams: EventStreams, interfaces: Interfaces, scratch: () => Promise<Scratch>) {
    this.#channel = channel;
    this.#streams = streams;
    this.#interfaces = interfaces;
    this.#scratch = scratch;
  }

  /**
   * Carries out commands in one transaction: all of them, or none. Resolves to what nft would print: of commands that `list` or `reset`, which
   * come after the transaction, the objects; with `echo` all commands, with the handles of what they have made.
   *
   * @throws TypeError with the path of what is wrong, before anything is sent.
   * @throws NetlinkError naming the command that the kernel refused: `index` is its place, `request` the caller's object. ERESTART: the
   * ruleset is not of the generation that `ifGeneration` says, or changed during each of ten attempts.
   */
  async apply(commands: Commands, options: ApplyOptions & { readonly echo: true }): Promise<(Command | ListedMeter)[]>;
  async apply(commands: Commands, options?: ApplyOptions): Promise<(Listed | ListedMeter)[]>;
  async apply(commands: Commands, options: ApplyOptions = {}): Promise<object[]> {
    return applyCommands(this.kernel, commands, options);
  }

  /** What commands are carried out by. @internal */
  get kernel(): Kernel {
    return {
      channel: this.#channel,
      interfaces: this.#interfaces,
      commit: this.#commit.bind(this),
      inTurn: <T>(work: () => Promise<T>): Promise<T> => {
        this.#turns++;
        const done = this.#turn.then(work).finally(() => this.#turns--);
        this.#turn = done.catch(() => {});
        return done;
      },
      isTurning: () => this.#turns > 0,
      scratch: this.#scratch,
    };
  }

  /**
   * The ruleset, or a part of it, in the order and the form of `nft -j list` (without `metainfo`). The kernel is asked for that part alone.
   *
   * @throws TypeError when the filter cannot be meant.
   * @throws NetlinkError ENOENT when there is none of the name that a filter of one object (`kind: 'set'`) gives.
   */
  async list(filter: NftFilter & { readonly kind: 'meter' | 'meters' }, options?: CallOptions): Promise<ListedMeter[]>;
  async list(filter?: NftFilter, options?: CallOptions): Promise<Listed[]>;
  async list(filter: NftFilter = {}, options?: CallOptions): Promise<object[]> {
    return listObjects(this.#channel, this.#interfaces, checkFilter(filter), options);
  }

  /**
   * What changes in the ruleset, by whomever, as `nft monitor` shows it. It listens from when its `ready` resolves. Throws ERR_NETNS_CLOSED
   * on a closed handle.
   */
  monitor({ transactions, ...options }: NftMonitorOptions = {}): EventStream<NftEvent> {
    const grouped =
      transactions === undefined ? {} : { transactions: checkBoolean(transactions, 'options.transactions') };
    return this.#streams.open(new NftSource(this.#channel, this.#interfaces, grouped), options);
  }

  /** Deletes all tables, or those of one family. */
  async flush(family?: Family, options?: CallOptions): Promise<void> {
    await this.apply([{ flush: { ruleset: family === undefined ? null : { family } } }], options);
  }

  /**
   * Counters and quotas begin anew: named ones, or those of rules and elements. Resolves to what they held, as `list` shows it.
   *
   * @throws NetlinkError ENOENT when there is none of that name.
   */
  async reset(filter: ResetFilter, options?: CallOptions): Promise<Listed[]> {
    const objects: object[] = await resetObjects(this.#channel, this.#interfaces, checkReset(filter), options);
    return objects as Listed[];
  }

  /** A map's elements, thousands at a time. */
  map(family: Family, table: string, name: string): NftMap {
    return new NftMap(this, family, table, name);
  }

  /** A set's elements, thousands at a time. */
  set(family: Family, table: string, name: string): NftSet {
    return new NftSet(this, family, table, name);
  }

  /** The requests that commands become. @internal */
  async compile(commands: Commands, options: ApplyOptions = {}): Promise<Request[]> {
    const list = commandList(commands);
    return (await compileRequests(this.kernel, list, options)).requests;
  }

  /** Sends requests as one transaction. @internal */
  async commit(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
    generation?: number,
  ): Promise<void> {
    await this.#commit(requests, options, explain, generation);
  }

  /** Resolves to what those requests that are echoed have made. */
  async #commit(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
    generation?: number,
  ): Promise<readonly Made[]> {
    if (requests.length === 0 && generation === undefined) return [];
    const whole = transaction(requests, generation);
    const echoes = requests.some(({ operation }) => operation.reply !== undefined && operation.kind === 'change');
    const read = (decoder: Decoder, end: number, at: number): Made => {
      const { operation, index } = whole[at] as Request;
      const { handle, flags } = decoder.record(operation.reply as Schema, end) as unknown as SetDefinition;
      // Of a base chain they are a number.
      const anonymous = Array.isArray(flags) && flags.includes('anonymous');
      return { command: index as number, handle: handle as number, anonymous };
    };
    try {
      const made = await this.#channel.all(whole, options, explain, echoes ? read : undefined);
      return echoes ? made : [];
    } catch (error) {
      throw tooLarge(error) ? transactionTooLarge(error) : error;
    }
  }

  /**
   * The same of rows alone, where a transaction that an ordinary user's socket buffer cannot hold is made in parts: when a later
   * one fails, those before it are undone. `planUndo` is asked for how once it is known that there will be parts, and nothing has been
   * sent; without an answer there are none. @internal
   */
  async commitRows(
    requests: readonly Request[],
    planUndo: () => Promise<UndoRows | undefined>,
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
  ): Promise<void> {
    const rows = rowCount(requests);
    let done = 0;
    let size = rows;
    let undo: UndoRows | undefined;
    try {
      while (done < rows) {
        const to = Math.min(rows, done + size);
        const from = done;
        try {
          const part = size === rows ? requests : sliceRows(requests, from, to);
          await this.#channel.all(
            transaction(part),
            options,
            explain && ((error, request, row) => explain(error, request, row < 0 ? row : row + from)),
          );
          done = to;
        } catch (error) {
          if (!tooLarge(error) || size === 1) throw error;
          undo ??= await planUndo();
          if (!undo) throw error;
          size = Math.ceil(size / 2);
        }
      }
    } catch (error) {
      if (done > 0) await undo?.(0, done);
      throw tooLarge(error) ? transactionTooLarge(error) : error;
    }
  }

  /**
   * A set's elements as rows of key and data bytes, one after the other; undefined when they have more to them than that
   * (timeouts, ends of intervals, ...). @internal
   */
  rows(family: Family, table: string, set: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#rows(operations.rows, family, table, set, options);
  }

  /**
   * The same of elements that each have a counter, whose packets and bytes follow as two numbers of 64 bits, in the machine's order; undefined
   * when they have no counter, or more than that. @internal
   */
  countedRows(family: Family, table: string, set: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#rows(operations.counted, family, table, set, options);
  }

  async #rows(
    rows: Request['operation'],
    family: Family,
    table: string,
    set: string,
    options: CallOptions | undefined,
  ): Promise<Uint8Array | undefined> {
    const request: Request = {
      operation: rows,
      wire: { family, table, set },
      subject: `${family} ${table} ${set}`,
    };
    try {
      const parts = await this.#channel.dump(request, (decoder, end) => decoder.rest(end), options);
      return parts.length === 1 ? (parts[0] as Uint8Array) : concatenate(parts);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'EBADMSG') return undefined;
      throw error;
    }
  }

  /** The ruleset's generation, which every transaction changes: for `ifGeneration`. */
  generation(options?: CallOptions): Promise<number> {
    return readGeneration(this.#channel, options);
  }

  /** Definitions of a table's sets and maps. @internal */
  async sets(family: Family, table: string, options?: CallOptions): Promise<SetDefinition[]> {
    const request: Request = { operation: operations.sets, wire: { family, table }, subject: `${family} ${table}` };
    return (await this.#channel.one(request, options).catch(whenGone)) as unknown as SetDefinition[];
  }

  /** A set's elements as the kernel has them. @internal */
  async elements(family: Family, table: string, set: string, options?: CallOptions): Promise<SetElement[]> {
    const request: Request = {
      operation: operations.elements,
      wire: { family, table, set },
      subject: `${family} ${table} ${set}`,
    };
    const replies = await this.#channel.one(request, options);
    return replies.flatMap((reply) => (reply['elements'] as SetElement[] | undefined) ?? []);
  }

  /** Of IPv4 keys, the rows (key and data bytes) that a map has. @internal */
  async lookup(
    family: Family,
    table: string,
    set: string,
    keys: Uint32Array,
    options?: CallOptions,
  ): Promise<readonly Uint8Array[]> {
    if (keys.length === 0) return [];
    const requests = [
      columnsRequest(keys.length, [keys]),
      rowsRequest('get', { family, table, set, key: { column: 0, size: 4 } }),
    ];
    return this.#channel.ask(requests, (decoder, end) => decoder.rest(end), options);
  }

  /** A table's rules as the kernel has them. @internal */
  async rules(family: Family, table: string, options?: CallOptions): Promise<Rule[]> {
    const wire = { family, table };
    return (await this.#channel.one({ operation: operations.rules, wire }, options)) as unknown as Rule[];
  }
}

/** The transport refuses it before anything is sent. */
function tooLarge(error: unknown): error is NetlinkError {
  return error instanceof NetlinkError && error.code === 'EMSGSIZE';
}

function transactionTooLarge(cause: NetlinkError): Error {
  return Object.assign(
    new RangeError(
      `a transaction is one datagram, and this one is ${cause.kernelMessage}. Nothing was sent. ` +
        'Apply it in parts, raise net.core.wmem_max, or run with CAP_NET_ADMIN in the initial user namespace',
      { cause },
    ),
    { code: 'ERR_TRANSACTION_TOO_LARGE' },
  );
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
