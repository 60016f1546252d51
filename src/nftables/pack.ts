/**
 * Elements of a plain set or map, packed: fixed-size rows of key and data, as native/nftables/rows.h takes them.
 *
 * It runs for each of 100,000 floating IPs, so addresses are parsed straight into the row.
 */

import { parseIpv4, parseIpv6 } from '../ip.js';
import { byteLength, keyLength, type Names, type Type, typesOfId } from './datatypes.js';
import { valuesJson } from './elements.js';
import { isObject, show, wrongType, wrongValue } from './errors.js';
import { dataTypesOf, keyTypesOf } from './set-types.js';
import { findNumber, setAttribute } from './userdata.js';
import type { SetDefinition } from './wire.js';

/** A key, or `[key, value]` of a map; a concatenation is `{ concat: [...] }` or an array of its fields. */
export type Entry = unknown;

export interface PackedRows {
  /** Key and data side by side; fields of a concatenation are padded to 4 bytes. */
  readonly rows: Uint8Array;
  readonly keyLen: number;
  /** 0 for keys alone. */
  readonly dataLen: number;
}

/** Whether a set's elements can be rows at all. */
export function canPack({
  flags,
  dataType,
  userdata,
}: Pick<SetDefinition, 'flags' | 'dataType' | 'dataLen' | 'userdata'>): boolean {
  if (findNumber(userdata, setAttribute.dataInterval) === 1) return false;
  const verdicts = flags?.includes('map') === true && typesOfId(dataType ?? 0, 0)[0]?.datatype.name === 'verdict';
  return flags?.includes('interval') !== true && flags?.includes('object') !== true && !verdicts;
}

/** What is asked of a set to pack its elements. */
export type PackedSet = Pick<SetDefinition, 'keyType' | 'keyLen' | 'dataType' | 'dataLen' | 'flags' | 'userdata'>;

/** The reverse, as `nft -j` writes elements. */
export function unpackRows(set: PackedSet, rows: Uint8Array, names: Names = {}): readonly unknown[] {
  const { keyLen = 0, dataLen = 0 } = set;
  const key = keyTypesOf(set);
  const data = dataTypesOf(set);
  const width = keyLen + (data === undefined ? 0 : dataLen);
  const list: unknown[] = [];
  for (let at = 0; at < rows.length; at += width) {
    const from = valuesJson(rows.subarray(at, at + keyLen), key, names);
    list.push(data === undefined ? from : [from, valuesJson(rows.subarray(at + keyLen, at + width), data, names)]);
  }
  return list;
}

/** Writes a value at a place, or throws. */
type Writer = (value: unknown, bytes: Uint8Array, at: number, index: number) => void;

/** `keysOnly`: entries are keys even of a map, as for deletion. The set must be one that `canPack`. */
export function packElements(
  set: PackedSet,
  entries: readonly Entry[],
  names: Names = {},
  keysOnly: boolean = false,
): PackedRows {
  const key = keyTypesOf(set);
  const keyLen = keyLength(key);
  const types = keysOnly ? undefined : dataTypesOf(set);
  if (types === undefined) {
    const rows = new Uint8Array(entries.length * keyLen);
    const write = writer(key, names, '');
    for (let i = 0; i < entries.length; i++) write(entries[i], rows, i * keyLen, i);
    return { rows, keyLen, dataLen: 0 };
  }
  const dataLen = keyLength(types);
  const size = keyLen + dataLen;
  const rows = new Uint8Array(entries.length * size);
  const writeKey = writer(key, names, '[0]');
  const writeData = writer(types, names, '[1]');
  for (let i = 0; i < entries.length; i++) {
    const pair = entries[i];
    if (!Array.isArray(pair) || pair.length !== 2) throw wrongType(`entries[${i}]`, 'must be [key, value]', pair);
    writeKey(pair[0], rows, i * size, i);
    writeData(pair[1], rows, i * size + keyLen, i);
  }
  return { rows, keyLen, dataLen };
}

function writer(types: readonly Type[], names: Names, where: string): Writer {
  const path = (index: number): string => `entries[${index}]${where}`;
  if (types.length > 1)
    return concatWriter(
      types.map((type) => [type, writer([type], names, where)]),
      path,
    );
  const type = types[0]!;
  if (type.datatype.name === 'ipv4_addr') return writeIpv4At(path);
  if (type.datatype.name === 'ipv6_addr') return writeIpv6At(path);
  return (value, bytes, at, index) => bytes.set(type.datatype.parse(value, path(index), type, names), at);
}

function writeIpv4At(path: (index: number) => string): Writer {
  return (value, bytes, at, index) => {
    const address = typeof value === 'string' ? parseIpv4(value) : -1;
    if (address < 0) throw wrongValue(path(index), `${show(value)} is not an IPv4 address`);
    bytes[at] = address >>> 24;
    bytes[at + 1] = address >>> 16;
    bytes[at + 2] = address >>> 8;
    bytes[at + 3] = address;
  };
}

function writeIpv6At(path: (index: number) => string): Writer {
  return (value, bytes, at, index) => {
    const address = typeof value === 'string' ? parseIpv6(value) : undefined;
    if (address === undefined) throw wrongValue(path(index), `${show(value)} is not an IPv6 address`);
    bytes.set(address, at);
  };
}

function concatWriter(fields: readonly (readonly [Type, Writer])[], path: (index: number) => string): Writer {
  const lengths = fields.map(([type]) => (byteLength(type) + 3) & ~3);
  return (value, bytes, at, index) => {
    const parts: unknown = isObject(value) ? value['concat'] : value;
    if (!Array.isArray(parts) || parts.length !== fields.length) {
      throw wrongValue(path(index), `${show(value)} is not a concatenation of ${fields.length} fields`);
    }
    let place = at;
    for (let i = 0; i < fields.length; i++) {
      fields[i]![1](parts[i], bytes, place, index);
      place += lengths[i]!;
    }
  };
}
