/** Datatypes that are words of flags: `ct state established,related`. */

import { fromNumber, type Order, toNumber } from './bytes.js';
import type { Datatype, Type } from './datatypes.js';
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
    format: (bytes, type) => flagsJson(bytes, type),
  };
}

/** One flag by name, several joined by "|". */
function flagsJson(bytes: Uint8Array, type: Type): unknown {
  const names = flagNames(bytes, type);
  return names.slice(1).reduce<unknown>((json, name) => ({ '|': [json, name] }), names[0]);
}

/** The names of a word's flags in order of value, or its number if a bit has no name. */
export function flagNames(bytes: Uint8Array, type: Type): readonly unknown[] {
  if (type.datatype.name === 'ct_label') return labelBits(bytes);
  const value = toNumber(bytes, type.order);
  const names = [...type.datatype.flags!].filter(([, flag]) => (value & flag) !== 0).sort((a, b) => a[1] - b[1]);
  const known = names.reduce((sum, [, flag]) => (sum | flag) >>> 0, 0);
  return known === value && value !== 0 ? names.map(([name]) => name) : [value];
}

/** Conntrack labels: 128 bits, counted from the first byte's lowest; written by number. */
export const ctLabel: Datatype = {
  name: 'ct_label',
  id: 30,
  bits: 128,
  order: 'host',
  flags: new Map(),
  parse(value, path) {
    const bytes = new Uint8Array(16);
    for (const item of Array.isArray(value) ? value : [value]) {
      const bit = typeof item === 'string' && /^\d+$/.test(item) ? Number(item) : item;
      if (typeof bit !== 'number' || !Number.isInteger(bit) || bit < 0 || bit > 127)
        throw wrongValue(path, `${show(item)} is not a label from 0 to 127`);
      bytes[bit >> 3] = bytes[bit >> 3]! | (1 << (bit & 7));
    }
    return bytes;
  },
  format(bytes) {
    const bits = labelBits(bytes);
    return bits.length === 1 ? bits[0] : bits;
  },
};

function labelBits(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: 128 }, (_, bit) => bit).filter((bit) => (bytes[bit >> 3]! >> (bit & 7)) & 1);
}
