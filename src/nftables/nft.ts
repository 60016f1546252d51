import { invalidValue, NetlinkError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { EventStream, EventStreams, MonitorOptions } from '../netlink/event-stream.js';
import { compileCommands, setsNeeded } from './compile.js';
import type { Names } from './datatypes.js';
import {
  decompileChain,
  decompileFlowtable,
  decompileObject,
  decompileRule,
  decompileSet,
  decompileTable,
} from './decompile.js';
import type { Command } from './json.js';
import { type NftEvent, NftSource } from './monitor.js';
import { type Interface, withNames } from './names.js';
import { columnsRequest, rowCount, rowsRequest, sliceRows } from './rows.js';
import { NftMap, NftSet } from './set-handle.js';
import { describeOperation, toRequest, transaction } from './transaction.js';
import type { Chain, Family, Flowtable, NamedObject, Rule, SetDefinition, SetElement, Table } from './wire.js';

export interface NftFilter {
  readonly family?: Family;
  readonly table?: string;
  /** Rules of this chain, and the chain. */
  readonly chain?: string;
  /** Leave the elements of named sets and maps out; they may be many. */
  readonly elements?: boolean;
}

export interface ResetFilter {
  /** `ip` where none is said. */
  readonly family?: Family;
  /** Without: in every table of the family. */
  readonly table?: string;
  readonly kind?: 'counter' | 'quota';
  /** One alone; needs `table` and `kind`. */
  readonly name?: string;
}

export interface ApplyOptions extends CallOptions {
  /** Of objects that name none; default 'ip', as in nft(8). */
  readonly family?: Family;
}

/** Commands as libnftables-json(5) has them: the array that stands under `nftables`, or the whole object. */
export type Commands = readonly Command[] | { readonly nftables: readonly Command[] };

const operations = {
  tables: operation('nft.tables'),
  chains: operation('nft.chains'),
  rules: operation('nft.rules'),
  sets: operation('nft.sets'),
  objects: operation('nft.objs'),
  flowtables: operation('nft.flowtables'),
  reset: operation('nft.resetobj'),
  resetAll: operation('nft.resetobjs'),
  elements: operation('nft.setelems'),
  rows: operation('nft.setrows'),
  counted: operation('nft.countedrows'),
  generation: operation('nft.generation'),
};

/** How often a listing is begun anew when the ruleset changes under it. */
const attempts = 10;

/** Undoes what was done of some rows. */
export type UndoRows = (from: number, to: number) => Promise<void>;

/** What the kernel holds, as its own objects. */
interface Ruleset {
  readonly tables: readonly Table[];
  readonly chains: readonly Chain[];
  readonly rules: readonly Rule[];
  readonly sets: readonly SetDefinition[];
  readonly objects: readonly NamedObject[];
  readonly flowtables: readonly Flowtable[];
}

/** nf_tables: nft(8), libnftables-json(5). Every change is a transaction: all of it happens, or nothing. */
export class Nft {
  readonly #channel: Channel;
  readonly #streams: EventStreams;
  readonly #interfaces: (options?: CallOptions) => Promise<readonly Interface[]>;

  /** `interfaces`: those of the namespace, which rules name and the kernel numbers. */
  constructor(
    channel: Channel,
    streams: EventStreams,
    interfaces: (options?: CallOptions) => Promise<readonly Interface[]>,
  ) {
    this.#channel = channel;
    this.#streams = streams;
    this.#interfaces = interfaces;
  }

  /**
   * Carries out commands in one transaction.
   *
   * @throws TypeError with the path of what is wrong, before anything is sent.
   * @throws NetlinkError naming the command that the kernel refused (`request` is the caller's object).
   */
  async apply(commands: Commands, options: ApplyOptions = {}): Promise<void> {
    await this.commit(await this.compile(commands, options), options);
  }

  /**
   * The ruleset, or a part of it, in the order and the form of `nft -j list ruleset` (without `metainfo`).
   */
  async list(filter: NftFilter = {}, options?: CallOptions): Promise<Record<string, unknown>[]> {
    const ruleset = await this.#ruleset(filter, options);
    const wanted = ruleset.sets.filter((set) => filter.elements !== false || !isNamed(set));
    const elements = new Map<SetDefinition, readonly SetElement[]>();
    await Promise.all(
      wanted.map(async (set) => elements.set(set, await this.elements(set.family, set.table, set.name, options))),
    );
    return withNames(
      (names) => listOf(ruleset, filter, elements, names),
      () => this.#interfaces(options),
    );
  }

  /**
   * What changes in the ruleset, by whomever, as `nft monitor` shows it. It listens from when its `ready` resolves. Throws ERR_NETNS_CLOSED
   * on a closed handle.
   */
  monitor(options: MonitorOptions = {}): EventStream<NftEvent> {
    return this.#streams.open(new NftSource(this.#channel), options);
  }

  /** Deletes all tables, or those of one family. */
  async flush(family?: Family, options?: CallOptions): Promise<void> {
    await this.apply([{ flush: { ruleset: family === undefined ? null : { family } } }], options);
  }

  /**
   * Counters and quotas begin anew. Resolves to what they held, as `list` shows it.
   *
   * @throws NetlinkError ENOENT when there is none of that name.
   */
  async reset(filter: ResetFilter, options?: CallOptions): Promise<Record<string, unknown>[]> {
    const { family = 'ip', table, kind, name } = filter;
    if (name !== undefined && (table === undefined || kind === undefined))
      throw invalidValue('filter.name', 'needs a table and a kind', name);
    const wire = {
      family,
      ...(table === undefined ? {} : { table }),
      ...(kind === undefined ? {} : { type: kind }),
      ...(name === undefined ? {} : { name }),
    };
    const subject = [family, table, kind, name].filter((part) => part !== undefined).join(' ');
    const request = { operation: name === undefined ? operations.resetAll : operations.reset, wire, subject };
    const replies = (await this.#channel.one(request, options)) as unknown as NamedObject[];
    return replies.map((object) => ({ ...decompileObject(object) }));
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
    const compileOptions = options.family === undefined ? {} : { family: options.family };
    const needed = setsNeeded(commands, compileOptions);
    const sets = new Map<string, SetDefinition>();
    const key = (family: Family, table: string, name: string): string => `${family} ${table} ${name}`;
    for (const { family, table } of new Map(needed.map((set) => [key(set.family, set.table, ''), set])).values()) {
      for (const set of await this.sets(family, table, options)) sets.set(key(family, table, set.name), set);
    }
    const list = Array.isArray(commands)
      ? (commands as readonly Command[])
      : (commands as { nftables: readonly Command[] }).nftables;
    const compiled = await withNames(
      (names) =>
        compileCommands(commands, {
          ...names,
          ...compileOptions,
          findSet: (family, table, name) => sets.get(key(family, table, name)),
        }),
      () => this.#interfaces(options),
    );
    return compiled.map((op) => toRequest(op, list[op.command], () => describeOperation(op)));
  }

  /** Sends requests as one transaction. @internal */
  async commit(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
    generation?: number,
  ): Promise<void> {
    if (requests.length === 0) return;
    const whole = transaction(requests, generation);
    try {
      await this.#channel.all(whole, options, explain);
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

  /** Counts transactions. @internal */
  async generation(options?: CallOptions): Promise<number> {
    const [reply] = await this.#channel.one({ operation: operations.generation, wire: {} }, options);
    return reply?.['id'] as number;
  }

  /** Definitions of a table's sets and maps. @internal */
  async sets(family: Family, table: string, options?: CallOptions): Promise<SetDefinition[]> {
    const request: Request = { operation: operations.sets, wire: { family, table }, subject: `${family} ${table}` };
    try {
      return (await this.#channel.one(request, options)) as unknown as SetDefinition[];
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENOENT') return [];
      throw error;
    }
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

  /** All of it from one generation: the dumps leave together, and are repeated if the ruleset changed between them. */
  async #ruleset({ family = 'unspec' as Family, table }: NftFilter, options?: CallOptions): Promise<Ruleset> {
    const dump = (
      name: 'tables' | 'chains' | 'rules' | 'sets' | 'objects' | 'flowtables',
    ): Promise<Record<string, unknown>[]> =>
      this.#channel.one({ operation: operations[name], wire: { family } }, options);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const [before, tables, chains, rules, sets, objects, flowtables, after] = await Promise.all([
        this.generation(options),
        dump('tables'),
        dump('chains'),
        dump('rules'),
        dump('sets'),
        dump('objects'),
        dump('flowtables'),
        this.generation(options),
      ]);
      if (before !== after) continue;
      const inTable = (object: Record<string, unknown>): boolean => table === undefined || object['table'] === table;
      return {
        tables: (tables as unknown as Table[]).filter(({ name }) => table === undefined || name === table),
        chains: chains.filter(inTable) as unknown as Chain[],
        rules: rules.filter(inTable) as unknown as Rule[],
        sets: sets.filter(inTable) as unknown as SetDefinition[],
        objects: objects.filter(inTable) as unknown as NamedObject[],
        flowtables: flowtables.filter(inTable) as unknown as Flowtable[],
      };
    }
    throw new NetlinkError({
      errno: 4,
      syscall: 'NFT_MSG_GETRULE',
      kernelMessage: `the ruleset changed during each of ${attempts} attempts to list it`,
    });
  }
}

/** In nft's own order: of each table its objects, sets, chains, and then the rules. */
function listOf(
  ruleset: Ruleset,
  filter: NftFilter,
  elements: ReadonlyMap<SetDefinition, readonly SetElement[]>,
  names: Names,
): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = [];
  for (const table of ruleset.tables) {
    const here = <T extends { readonly family: Family; readonly table: string }>(object: T): boolean =>
      object.family === table.family && object.table === table.name;
    const sets = ruleset.sets.filter(here);
    const findSet = (name: string): { definition: SetDefinition; elements?: readonly SetElement[] } | undefined => {
      const definition = sets.find((set) => set.name === name);
      const known = definition && elements.get(definition);
      return definition && { definition, ...(known ? { elements: known } : {}) };
    };
    objects.push(decompileTable(table));
    for (const object of ruleset.objects.filter(here)) objects.push(decompileObject(object));
    for (const set of sets.filter(isNamed)) {
      objects.push(decompileSet(set, elements.get(set), names) as Record<string, unknown>);
    }
    for (const flowtable of ruleset.flowtables.filter(here)) objects.push(decompileFlowtable(flowtable));
    const chains = ruleset.chains
      .filter(here)
      .filter(({ name }) => filter.chain === undefined || name === filter.chain);
    for (const chain of chains) objects.push(decompileChain(chain));
    for (const chain of chains) {
      const rules = ruleset.rules.filter(here).filter((rule) => rule.chain === chain.name);
      for (const rule of rules) objects.push(decompileRule(rule, { ...names, findSet }));
    }
  }
  return objects;
}

const isNamed = (set: SetDefinition): boolean => !set.flags?.includes('anonymous');

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
