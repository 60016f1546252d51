/** Datatypes that are words of flags: `ct state established,related`. */

import { fromNumber, type Order, toNumber } from './bytes.js';
import type { Datatype, Names, Type } from './datatypes.js';
import { isObject, show, wrongValue } from './errors.js';

/** Reads a name, `"a,b"`, `["a", "b"]`, `{"|": ["a", "b"]}` or a number. */
export function bitmask(
  name: string,
  id: number,
  bits: number,
  order: Order,
  table: ReadonlyMap<string, number>,
): Datatype {
  function number(value: unknown, path: string): number {
    if (Array.isArray(value))
      return value.reduce((sum: number, item, i) => (sum | number(item, `${path}[${i}]`)) >>> 0, 0);
    if (isObject(value) && '|' in value && Object.keys(value).length === 1) return number(value['|'], `${path}["|"]`);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value;
    if (typeof value === 'string') {
      if (/^(0x[0-9a-f]+|\d+)$/i.test(value) && Number(value) < 2 ** bits) return Number(value);
      if (value.includes(','))
        return number(
          value.split(',').map((part) => part.trim()),
          path,
        );
      const flag = table.get(value);
      if (flag !== undefined) return flag;
    }
    throw wrongValue(path, `${show(value)} is not a flag of ${name}; known are ${[...table.keys()].join(', ')}`);
  }
  return {
    name,
    id,
    bits,
    order,
    flags: table,
    parse: (value, path, type) => fromNumber(number(value, path), (type.bits + 7) >> 3, type.order),
    format: flagsJson,
  };
}

/** One flag by name, several joined by "|". */
function flagsJson(bytes: Uint8Array, type: Type, names: Names): unknown {
  const flags = flagNames(bytes, type, names);
  return flags.slice(1).reduce<unknown>((json, name) => ({ '|': [json, name] }), flags[0]);
}

/** The names of a word's flags in order of value, or its number if a bit has no name. */
export function flagNames(bytes: Uint8Array, type: Type, names: Names): readonly unknown[] {
  if (type.datatype.name === 'ct_label') return labels(bytes, names);
  const value = toNumber(bytes, type.order);
  const flags = [...type.datatype.flags!].filter(([, flag]) => (value & flag) !== 0).sort((a, b) => a[1] - b[1]);
  const known = flags.reduce((sum, [, flag]) => (sum | flag) >>> 0, 0);
  return known === value && value !== 0 ? flags.map(([name]) => name) : [value];
}

/** Each bit by its name, or its value, in order of value. */
export function flagsOf(bytes: Uint8Array, type: Type, names: Names): readonly unknown[] {
  if (type.datatype.name === 'ct_label') return labels(bytes, names);
  const value = toNumber(bytes, type.order);
  const known = byValue(type.datatype.flags!);
  const flags: unknown[] = [];
  for (let flag = 1; flag <= value; flag *= 2)
    if (Math.floor(value / flag) % 2 === 1) flags.push(known.get(flag) ?? flag);
  return flags.length === 0 ? [value] : flags;
}

const valued: WeakMap<ReadonlyMap<string, number>, ReadonlyMap<number, string>> = new WeakMap();

/** The first name of each flag. */
function byValue(flags: ReadonlyMap<string, number>): ReadonlyMap<number, string> {
  let names = valued.get(flags);
  if (names === undefined) {
    names = new Map([...flags].reverse().map(([name, flag]) => [flag, name]));
    valued.set(flags, names);
  }
  return names;
}

/** Conntrack labels: 128 bits, counted from the first byte's lowest; written by number, or as /etc/connlabel.conf names them. */
export const ctLabel: Datatype = {
  name: 'ct_label',
  id: 30,
  bits: 128,
  order: 'host',
  flags: new Map(),
  parse(value, path, _type, names) {
    const bytes = new Uint8Array(16);
    for (const item of items(value)) {
      const bit = typeof item === 'string' ? (names.system?.('labels').numberOf(item) ?? labelNumber(item)) : item;
      if (typeof bit !== 'number' || !Number.isInteger(bit) || bit < 0 || bit > 127)
        throw wrongValue(path, `${show(item)} is not a label from 0 to 127`);
      bytes[bit >> 3] = bytes[bit >> 3]! | (1 << (bit & 7));
    }
    return bytes;
  },
  format(bytes, _type, names) {
    const list = labels(bytes, names);
    return list.length === 1 ? list[0] : list;
  },
};

/** `[1, 2]`, `{"|": [1, 2]}`, or one. */
function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(items);
  if (isObject(value) && '|' in value && Object.keys(value).length === 1) return items(value['|']);
  return [value];
}

const labelNumber = (text: string): number => (/^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : -1);

function labels(bytes: Uint8Array, names: Names): readonly (string | number)[] {
  const bits = Array.from({ length: 128 }, (_, bit) => bit).filter((bit) => (bytes[bit >> 3]! >> (bit & 7)) & 1);
  return bits.map((bit) => names.system?.('labels').nameOf(bit) ?? bit);
}
