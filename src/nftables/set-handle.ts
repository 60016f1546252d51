import { invalidType, invalidValue, NetlinkError } from '../errors.js';
import { formatIpv4, readIpv4, writeIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import { compileElements, decompileElements, wholeField } from './elements.js';
import type { Nft } from './nft.js';
import { canPack, type PackedRows, packElements } from './pack.js';
import { setInfo } from './sets.js';
import { rowsRequest } from './transaction.js';
import type { Family, SetDefinition, SetElement } from './wire.js';

/** Values as libnftables-json(5) has them: '10.0.0.1', 80, 'eth0', { concat: [...] }, { prefix: {...} }. */
export type ElementValue = unknown;

/** IPv4 addresses as numbers, the first octet on top: 0xc0000201 is 192.0.2.1. */
export interface PackedEntries {
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
}

type Verb = 'new' | 'create' | 'del';

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
    const info = setInfo(await this.definition(options));
    const elements = await this.#nft.elements(this.family, this.table, this.name, options);
    return decompileElements(elements, info.key.map(wholeField), info.data, info.flags.includes('interval'), {});
  }

  /** One transaction: all entries, or none. */
  protected async change(
    verb: Verb,
    entries: readonly unknown[] | Uint32Array | PackedEntries,
    withData: boolean,
    options: CallOptions | undefined,
  ): Promise<void> {
    const definition = await this.definition(options);
    const { family, table, name } = this;
    const packed = packRows(entries, definition, withData);
    const request: Request = packed
      ? rowsRequest(verb, { family, table, set: name, ...packed }, entries)
      : {
          operation: operation(
            verb === 'del' ? 'nft.delsetelem' : verb === 'create' ? 'nft.createsetelem' : 'nft.newsetelem',
          ),
          wire: {
            family,
            table,
            set: name,
            elements: compileEntries(entries as readonly unknown[], definition, withData),
          },
          source: entries,
          subject: this.subject,
        };
    await this.#nft.commit([request], options, (error, failed, row) => withElement(error, failed, entries, row));
  }
}

/** A set: `ns.nft.set(family, table, name)`. */
export class NftSet extends Handle {
  /** Adds elements; those that are there already are left as they are. Packed: IPv4 addresses as numbers. */
  add(elements: readonly ElementValue[] | Uint32Array, options?: CallOptions): Promise<void> {
    return this.change('new', elements, false, options);
  }

  /** Throws NetlinkError ENOENT, and deletes nothing, when one is not there. */
  delete(elements: readonly ElementValue[] | Uint32Array, options?: CallOptions): Promise<void> {
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
    entries: readonly (readonly [ElementValue, ElementValue])[] | PackedEntries,
    options?: CallOptions,
  ): Promise<void> {
    return this.change('new', entries, true, options);
  }

  /** Deletes by key. Throws NetlinkError ENOENT, and deletes nothing, when one is not there. */
  delete(keys: readonly ElementValue[] | Uint32Array, options?: CallOptions): Promise<void> {
    return this.change('del', keys, false, options);
  }

  /** The entries, [key, value] each, as `nft -j` prints them. */
  async list(options?: CallOptions): Promise<readonly (readonly [unknown, unknown])[]> {
    return (await this.elements(options)) as readonly (readonly [unknown, unknown])[];
  }
}

/** nft's own number for the ipv4_addr datatype. */
const ipv4Type = 7;

/** Rows, where the elements are plain values; undefined for those that need the compiler (ranges, timeouts, comments). */
function packRows(
  entries: readonly unknown[] | Uint32Array | PackedEntries,
  definition: SetDefinition,
  withData: boolean,
): PackedRows | undefined {
  if (Array.isArray(entries)) {
    const decorated = (entry: unknown): boolean => typeof entry === 'object' && entry !== null && 'elem' in entry;
    const plain = !entries.some((entry) => decorated(entry) || (Array.isArray(entry) && decorated(entry[0])));
    return plain && canPack(definition) ? packElements(definition, entries, {}, !withData) : undefined;
  }
  const { keyType, dataType } = definition;
  const ipv4 = keyType === ipv4Type && (!withData || dataType === ipv4Type) && canPack(definition);
  if (!ipv4) throw invalidType('entries', 'an array: packed entries are for IPv4 addresses', entries);
  if (entries instanceof Uint32Array) {
    return { rows: packIpv4(entries.length, 1, (i) => entries[i] as number), keyLen: 4, dataLen: 0 };
  }
  const { keys, values } = entries as PackedEntries;
  if (!(keys instanceof Uint32Array) || !(values instanceof Uint32Array) || !withData) {
    throw invalidType('entries', 'an array, or { keys, values } of Uint32Array', entries);
  }
  if (keys.length !== values.length) throw invalidValue('entries', 'has not as many values as keys', keys.length);
  const rows = packIpv4(keys.length, 2, (i) => (i % 2 === 0 ? keys[i >> 1] : values[i >> 1]) as number);
  return { rows, keyLen: 4, dataLen: 4 };
}

/** `rows * columns` addresses, one after the other in network order. */
export function packIpv4(rows: number, columns: number, address: (index: number) => number): Uint8Array {
  const packed = new Uint8Array(rows * columns * 4);
  for (let i = 0; i < rows * columns; i++) writeIpv4(packed, i * 4, address(i));
  return packed;
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
    interval: info.flags.includes('interval'),
  };
  const rest = { merge: info.autoMerge === true, anonymous: false, fresh: false, names: {} };
  return compileElements(entries, 'elements', { ...types, ...rest }).elements;
}

/** The caller's own entry, where the kernel named a row. */
function withElement(
  error: NetlinkError,
  { operation: { message } }: Request,
  entries: readonly unknown[] | Uint32Array | PackedEntries,
  row: number,
): NetlinkError {
  if (row < 0) return error;
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

/** Addresses of a row as the kernel returns them. */
export function elementIpv4(element: SetElement, part: 'key' | 'data'): number {
  return readIpv4(element[part]?.value as Uint8Array);
}
