/** Values on the right: one, a prefix or a range, in bytes of the type's own order. */

import { isBitwise, parseConstant } from './bitwise.js';
import { and, compare, concat, equal, not, or, pad4, prefixMask, rangePrefix, swap } from './bytes.js';
import { byteLength, type Names, type Type } from './datatypes.js';
import { checkArray, checkObject, checkUint, isObject, show, wrongType, wrongValue } from './errors.js';

export type Literal =
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  /** Host bits are zero. */
  | { readonly kind: 'prefix'; readonly bytes: Uint8Array; readonly bits: number }
  | { readonly kind: 'range'; readonly from: Uint8Array; readonly to: Uint8Array };

/** `circular`: a range may end before it begins. */
export function parseLiteral(
  value: unknown,
  path: string,
  type: Type,
  names: Names,
  circular: boolean = false,
): Literal {
  if (isObject(value) && 'prefix' in value)
    return parsePrefix(checkObject(value, path, ['prefix'])['prefix'], `${path}.prefix`, type, names);
  if (isObject(value) && 'range' in value)
    return parseRange(checkObject(value, path, ['range'])['range'], `${path}.range`, type, names, circular);
  if (isBitwise(value)) return { kind: 'value', bytes: parseConstant(value, path, type, { names }) };
  if (isObject(value)) throw wrongType(path, `must be a value of type ${type.datatype.name}`, value);
  if (type.datatype.text === true && typeof value === 'string' && value.endsWith('*'))
    return parseWildcard(value, path, type, names);
  return { kind: 'value', bytes: type.datatype.parse(value, path, type, names) };
}

/** `qr-*`: a prefix of the name. `\*` at the end is an asterisk. */
function parseWildcard(value: string, path: string, type: Type, names: Names): Literal {
  if (value.endsWith('\\*'))
    return { kind: 'value', bytes: type.datatype.parse(`${value.slice(0, -2)}*`, path, type, names) };
  if (value === '*') throw wrongValue(path, '"*" alone matches every name; leave the match out');
  return {
    kind: 'prefix',
    bytes: type.datatype.parse(value.slice(0, -1), path, type, names),
    bits: Buffer.byteLength(value.slice(0, -1)) * 8,
  };
}

function parsePrefix(value: unknown, path: string, type: Type, names: Names): Literal {
  const object = checkObject(value, path, ['addr', 'len']);
  const bytes = type.datatype.parse(object['addr'], `${path}.addr`, type, names);
  const bits = checkUint(object['len'], `${path}.len`, type.bits);
  if (bits === type.bits) return { kind: 'value', bytes };
  const spare = byteLength(type) * 8 - type.bits;
  return { kind: 'prefix', bytes: and(bytes, literalMask(bits + spare, type)), bits: bits + spare };
}

function parseRange(value: unknown, path: string, type: Type, names: Names, circular: boolean): Literal {
  const ends = checkArray(value, path);
  if (ends.length !== 2) throw wrongValue(path, 'must be [from, to]');
  if (type.datatype.text === true) throw wrongValue(path, `values of type ${type.datatype.name} have no ranges`);
  const [from, to] = ends.map((end, i) => parseConstant(end, `${path}[${i}]`, type, { names })) as [
    Uint8Array,
    Uint8Array,
  ];
  const order = compare(toBig(from, type), toBig(to, type));
  if (order > 0 && !circular) throw wrongValue(path, `${show(ends[0])} is after ${show(ends[1])}`);
  return order === 0 ? { kind: 'value', bytes: from } : { kind: 'range', from, to };
}

/** Text is never swapped: its first byte is the one that counts most. */
export function toBig(bytes: Uint8Array, type: Type): Uint8Array {
  return type.datatype.text === true ? bytes : swap(bytes, type.order);
}

export function literalMask(bits: number, type: Type): Uint8Array {
  return toBig(prefixMask(bits, byteLength(type)), type);
}

/** First and last value, in network order. */
export function span(literal: Literal, type: Type): readonly [from: Uint8Array, to: Uint8Array] {
  if (literal.kind === 'value') return [toBig(literal.bytes, type), toBig(literal.bytes, type)];
  if (literal.kind === 'range') return [toBig(literal.from, type), toBig(literal.to, type)];
  const from = toBig(literal.bytes, type);
  return [from, or(from, not(prefixMask(literal.bits, from.length)))];
}

/** First and last value in network order, as JSON: a value, a prefix where nft writes one, else a range. */
export function spanJson(from: Uint8Array, to: Uint8Array, type: Type, names: Names): unknown {
  const format = (bytes: Uint8Array): unknown => type.datatype.format(toBig(bytes, type), type, names);
  if (equal(from, to)) return format(from);
  const bits = type.datatype.prefix === true || type.datatype.text === true ? rangePrefix(from, to) : -1;
  if (bits >= 0 && type.datatype.text === true && bits % 8 === 0) return wildcard(from.subarray(0, bits >> 3));
  if (bits >= 0 && type.datatype.prefix === true) return { prefix: { addr: format(from), len: bits } };
  const { formatEnd } = type.datatype;
  const end = formatEnd === undefined ? format : (bytes: Uint8Array): unknown => formatEnd(toBig(bytes, type), type);
  return { range: [end(from), end(to)] };
}

/** Names that begin so. What was read at the wrong place ends at a zero, as nft prints it. */
function wildcard(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return end < 0 ? `${Buffer.from(bytes).toString()}*` : Buffer.from(bytes.subarray(0, end)).toString();
}

/** Fields of a concatenation, each on a word of its own. */
export const joinFields = (fields: readonly Uint8Array[]): Uint8Array =>
  fields.length === 1 ? fields[0]! : concat(fields.map(pad4));
