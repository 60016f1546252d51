import { invalidType, invalidValue, NetlinkError } from '../errors.js';
import { formatIpv4, readIpv4, writeIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { Column } from '../netlink/columns.js';
import { chunks } from './chunks.js';
import { compileElements, decompileElements, wholeField } from './elements.js';
import { machineNames } from './names.js';
import type { Nft, UndoRows } from './nft.js';
import { canPack, packElements, unpackRows } from './pack.js';
import { type Cell, columnsRequest, type RowVerb, rowsRequest } from './rows.js';
import { setInfo } from './sets.js';
import type { Family, SetDefinition, SetElement } from './wire.js';

/** Values as libnftables-json(5) has them: '10.0.0.1', 80, 'eth0', { concat: [...] }, { prefix: {...} }. */
export type ElementValue = unknown;

/** IPv4 addresses as numbers, the first octet on top: 0xc0000201 is 192.0.2.1. */
export interface PackedEntries {
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
}

/**
 * Rows as the kernel has them, key and (of a map) data side by side, one behind the other. Bytes are in network order, marks and
 * other numbers of the machine in its own; the fields of a concatenation are each padded to 4 bytes. IPv6 addresses are 16 bytes each,
 * `ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service` 20.
 */
export interface PackedBytes {
  readonly bytes: Uint8Array;
}

/** What a map and a set have in common: a definition, read once, and packed rows. */
abstract class Handle {
  readonly #nft: Nft;
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  #definition: SetDefinition | undefined;

  constructor(nft: Nft, family: Family, table: string, name: string) {
    this.#nft = nft;
    this.family = family;
    this.table = table;
    this.name = name;
  }

  protected get subject(): string {
    return `${this.family} ${this.table} ${this.name}`;
  }

  protected async definition(options?: CallOptions): Promise<SetDefinition> {
    this.#definition ??= (await this.#nft.sets(this.family, this.table, options)).find(
      ({ name }) => name === this.name,
    );
    if (this.#definition) return this.#definition;
    throw new NetlinkError({ errno: 2, syscall: 'NFT_MSG_GETSET', subject: this.subject });
  }

  /** Deletes all elements. */
  async flush(options?: CallOptions): Promise<void> {
    const { family, table, name } = this;
    const request: Request = {
      operation: operation('nft.delsetelem'),
      wire: { family, table, set: name },
      subject: this.subject,
    };
    await this.#nft.commit([request], options);
  }

  protected async elements(options?: CallOptions): Promise<readonly unknown[]> {
    const definition = await this.definition(options);
    if (canPack(definition)) {
      const rows = await this.#nft.rows(this.family, this.table, this.name, options);
      const map = definition.flags?.includes('map') === true;
      if (rows) return packsIpv4(definition) ? readIpv4Rows(rows, map) : unpackRows(definition, rows, machineNames());
    }
    const info = setInfo(definition);
    const elements = await this.#nft.elements(this.family, this.table, this.name, options);
    return decompileElements(
      elements,
      info.key.map(wholeField),
      info.data,
      info.flags.includes('interval'),
      machineNames(),
    );
  }

  /** One transaction: all entries, or none. */
  protected async change(
    verb: RowVerb,
    given: Given,
    withData: boolean,
    options: CallOptions | undefined,
  ): Promise<void> {
    // The caller's arrays may change while the definition is read, or a part is under way.
    const entries = copyOf(given);
    const definition = await this.definition(options);
    const { family, table, name } = this;
    const explain = (error: NetlinkError, failed: Request, row: number): NetlinkError =>
      withElement(error, failed, entries, row);
    const packed = packRows(entries, definition, withData);
    if (packed) {
      const { rows, columns, key, data } = packed;
      const target = { family, table, set: name, key, ...(data ? { data } : {}) };
      const requests = [columnsRequest(rows, columns), rowsRequest(verb, target, entries)];
      const planUndo = () => this.#undoOfParts(verb, packed, definition, options);
      return this.#nft.commitRows(requests, planUndo, options, explain);
    }
    const message = verb === 'del' ? 'nft.delsetelem' : verb === 'create' ? 'nft.createsetelem' : 'nft.newsetelem';
    const compiled = compileEntries(entries as readonly unknown[], definition, withData);
    const requests = Array.from(chunks(compiled), (elements): Request => {
      const wire = { family, table, set: name, elements };
      return { operation: operation(message), wire, source: entries, subject: this.subject };
    });
    await this.#nft.commit(requests, options, explain);
  }

  /**
   * How rows that were changed are changed back, by what the set holds now; undefined where its elements are more than rows.
   */
  async #undoOfParts(
    verb: RowVerb,
    { columns, key }: Packed,
    definition: SetDefinition,
    options: CallOptions | undefined,
  ): Promise<UndoRows | undefined> {
    const { family, table, name } = this;
    const { keyLen = 0, dataLen = 0, flags } = definition;
    const width = keyLen + (flags?.includes('map') ? dataLen : 0);
    const before = await this.#nft.rows(family, table, name, options);
    if (!before) return undefined;
    const keyOf = keyReader(columns, key);
    return async (from, to) => {
      const held = new Map<string, Uint8Array>();
      for (let at = 0; at < before.length; at += width) {
        const row = before.subarray(at, at + width);
        held.set(latin1(row.subarray(0, keyLen)), row);
      }
      // By key: one that was given twice is changed back once.
      const changed = new Map<string, Uint8Array>();
      for (let row = from; row < to; row++) {
        const bytes = keyOf(row);
        const key = latin1(bytes);
        const old = held.get(key);
        if (verb === 'del') {
          if (old) changed.set(key, old);
        } else if (!old) changed.set(key, bytes);
      }
      const back = [...changed.values()];
      const size = verb === 'del' ? width : keyLen;
      const bytes = Buffer.concat(back);
      const target = {
        ...{ family, table, set: name, key: { column: 0, size: keyLen } },
        ...(size > keyLen ? { data: { column: 0, offset: keyLen, size: size - keyLen } } : {}),
      };
      await this.#nft.commitRows(
        [columnsRequest(back.length, [{ bytes, width: size }]), rowsRequest(verb === 'del' ? 'new' : 'del', target)],
        async () => async () => {},
      );
    };
  }
}

/** A set: `ns.nft.set(family, table, name)`. */
export class NftSet extends Handle {
  /** Adds elements; those that are there already are left as they are. Packed: IPv4 addresses as numbers. */
  add(elements: readonly ElementValue[] | Uint32Array | PackedBytes, options?: CallOptions): Promise<void> {
    return this.change('new', elements, false, options);
  }

  /** Throws NetlinkError ENOENT, and deletes nothing, when one is not there. */
  delete(elements: readonly ElementValue[] | Uint32Array | PackedBytes, options?: CallOptions): Promise<void> {
    return this.change('del', elements, false, options);
  }

  /** The elements, as `nft -j` prints them. */
  list(options?: CallOptions): Promise<readonly unknown[]> {
    return this.elements(options);
  }
}

/** A map: `ns.nft.map(family, table, name)`. */
export class NftMap extends Handle {
  /** Adds entries, [key, value] each. Throws NetlinkError EEXIST when a key is there with another value. */
  add(
    entries: readonly (readonly [ElementValue, ElementValue])[] | PackedEntries | PackedBytes,
    options?: CallOptions,
  ): Promise<void> {
    return this.change('new', entries, true, options);
  }

  /** Deletes by key. Throws NetlinkError ENOENT, and deletes nothing, when one is not there. */
  delete(keys: readonly ElementValue[] | Uint32Array | PackedBytes, options?: CallOptions): Promise<void> {
    return this.change('del', keys, false, options);
  }

  /** The entries, [key, value] each, as `nft -j` prints them. */
  async list(options?: CallOptions): Promise<readonly (readonly [unknown, unknown])[]> {
    return (await this.elements(options)) as readonly (readonly [unknown, unknown])[];
  }
}

/** nft's own number for the ipv4_addr datatype. */
const ipv4Type = 7;

type Given = readonly unknown[] | Uint32Array | PackedEntries | PackedBytes;

interface Packed {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly key: Cell;
  readonly data?: Cell;
}

/** The same, which nobody changes. */
function copyOf(entries: Given): Given {
  if (Array.isArray(entries) || entries instanceof Uint32Array) return entries.slice();
  if (isBytes(entries)) return { bytes: entries.bytes.slice() };
  const { keys, values } = (entries ?? {}) as PackedEntries;
  // Anything else is refused when the set's types are known.
  return keys instanceof Uint32Array && values instanceof Uint32Array
    ? { keys: keys.slice(), values: values.slice() }
    : (entries as PackedEntries);
}

const isBytes = (entries: unknown): entries is PackedBytes =>
  (entries as PackedBytes | undefined)?.bytes instanceof Uint8Array;

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Whether keys, and data if it is a map, are IPv4 addresses and nothing more. */
function packsIpv4(definition: SetDefinition, withData: boolean = definition.flags?.includes('map') === true): boolean {
  const { keyType, dataType } = definition;
  return keyType === ipv4Type && (!withData || dataType === ipv4Type) && canPack(definition);
}

/** Rows, where the elements are plain values; undefined for those that need the compiler (ranges, timeouts, comments). */
function packRows(entries: Given, definition: SetDefinition, withData: boolean): Packed | undefined {
  if (isBytes(entries)) return bytesAsRows(entries, definition, withData);
  if (Array.isArray(entries)) {
    const decorated = (entry: unknown): boolean => typeof entry === 'object' && entry !== null && 'elem' in entry;
    const plain = !entries.some((entry) => decorated(entry) || (Array.isArray(entry) && decorated(entry[0])));
    if (!plain || !canPack(definition)) return undefined;
    const { rows: bytes, keyLen, dataLen } = packElements(definition, entries, machineNames(), !withData);
    return {
      rows: entries.length,
      columns: [{ bytes, width: keyLen + dataLen }],
      key: { column: 0, size: keyLen },
      ...(dataLen > 0 ? { data: { column: 0, offset: keyLen, size: dataLen } } : {}),
    };
  }
  if (!packsIpv4(definition, withData)) {
    throw invalidType('entries', 'an array or { bytes }: packed numbers are for IPv4 addresses', entries);
  }
  if (entries instanceof Uint32Array && !withData) {
    return { rows: entries.length, columns: [entries], key: { column: 0, size: 4 } };
  }
  const { keys, values } = (entries ?? {}) as PackedEntries;
  if (!(keys instanceof Uint32Array) || !(values instanceof Uint32Array) || !withData) {
    throw invalidType('entries', 'an array, { keys, values } of Uint32Array, or { bytes }', entries);
  }
  if (keys.length !== values.length) throw invalidValue('entries', 'has not as many values as keys', keys.length);
  return {
    rows: keys.length,
    columns: [keys, values],
    key: { column: 0, size: 4 },
    data: { column: 1, size: 4 },
  };
}

function bytesAsRows({ bytes }: PackedBytes, definition: SetDefinition, withData: boolean): Packed {
  if (!canPack(definition)) throw invalidType('entries', 'an array: the elements are more than rows', { bytes });
  const { keyLen = 0, dataLen = 0, flags } = definition;
  const size = withData && flags?.includes('map') === true ? dataLen : 0;
  const width = keyLen + size;
  if (bytes.length % width !== 0)
    throw invalidValue('entries.bytes', `is not rows of ${width} bytes each`, bytes.length);
  return {
    rows: bytes.length / width,
    columns: [{ bytes, width }],
    key: { column: 0, size: keyLen },
    ...(size > 0 ? { data: { column: 0, offset: keyLen, size } } : {}),
  };
}

/** A row's key as the kernel has it. */
function keyReader(columns: readonly Column[], { column, offset = 0, size }: Cell): (row: number) => Uint8Array {
  const from = columns[column] as Column;
  if (!(from instanceof Uint32Array)) {
    return (row) => from.bytes.subarray(row * from.width + offset, row * from.width + offset + size);
  }
  return (row) => {
    const bytes = new Uint8Array(4);
    writeIpv4(bytes, 0, from[row] as number);
    return bytes;
  };
}

/** Addresses of rows, or pairs of them. */
function readIpv4Rows(rows: Uint8Array, pairs: boolean): unknown[] {
  const list: unknown[] = [];
  if (pairs) {
    for (let at = 0; at < rows.length; at += 8) {
      list.push([formatIpv4(readIpv4(rows, at)), formatIpv4(readIpv4(rows, at + 4))]);
    }
  } else {
    for (let at = 0; at < rows.length; at += 4) list.push(formatIpv4(readIpv4(rows, at)));
  }
  return list;
}

function compileEntries(
  entries: readonly unknown[],
  definition: SetDefinition,
  withData: boolean,
): readonly SetElement[] {
  const info = setInfo(definition);
  const types = {
    key: info.key,
    ...(withData && info.data ? { data: info.data } : {}),
    ...(withData && info.object ? { object: info.object } : {}),
    ...(info.statements ? { statements: info.statements } : {}),
    ...(info.dataInterval ? { dataInterval: true } : {}),
    interval: info.flags.includes('interval'),
  };
  const rest = { merge: info.autoMerge === true, anonymous: false, fresh: false, names: machineNames() };
  return compileElements(entries, 'elements', { ...types, ...rest }).elements;
}

/** The caller's own entry, where the kernel named a row. */
function withElement(
  error: NetlinkError,
  { operation: { message } }: Request,
  entries: Given,
  row: number,
): NetlinkError {
  if (row < 0 || isBytes(entries)) return error;
  const key = Array.isArray(entries)
    ? entries[row]
    : entries instanceof Uint32Array
      ? entries[row]
      : (entries as PackedEntries).keys[row];
  const shown = typeof key === 'number' ? formatIpv4(key) : JSON.stringify(key);
  return new NetlinkError({
    errno: error.errno,
    syscall: message,
    subject: `element ${row} (${shown})`,
    netns: error.netns,
    kernelMessage: error.kernelMessage,
    attribute: error.attribute,
    request: key,
  });
}
