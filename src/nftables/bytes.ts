/** Arithmetic on byte strings, which is what registers and set keys hold. Big endian unless a function says otherwise. */

import { endianness } from 'node:os';

/** `host`: least significant byte first on most machines. `big`: network order. */
export type Order = 'big' | 'host';

const hostIsLittle = endianness() === 'LE';

export function fromNumber(value: number, length: number, order: Order): Uint8Array {
  const bytes = new Uint8Array(length);
  const little = order === 'host' && hostIsLittle;
  let rest = value;
  for (let i = 0; i < length; i++) {
    bytes[little ? i : length - 1 - i] = rest % 256;
    rest = rest > 0xffff_ffff ? Math.floor(rest / 256) : rest >>> 8;
  }
  return bytes;
}

/** Exact up to 2^53. */
export function toNumber(bytes: Uint8Array, order: Order): number {
  const little = order === 'host' && hostIsLittle;
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[little ? bytes.length - 1 - i : i]!;
  return value;
}

/** To network order, or back. */
export function swap(bytes: Uint8Array, order: Order): Uint8Array {
  return order === 'host' && hostIsLittle ? bytes.toReversed() : bytes;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function isOnes(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0xff);
}

export function combine(a: Uint8Array, b: Uint8Array, op: (x: number, y: number) => number): Uint8Array {
  return a.map((byte, i) => op(byte, b[i] ?? 0));
}

export const and = (a: Uint8Array, b: Uint8Array): Uint8Array => combine(a, b, (x, y) => x & y);
export const or = (a: Uint8Array, b: Uint8Array): Uint8Array => combine(a, b, (x, y) => x | y);
export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => combine(a, b, (x, y) => x ^ y);
export const not = (a: Uint8Array): Uint8Array => a.map((byte) => ~byte);

export function ones(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xff);
}

/** `bits` ones, then zeros. */
export function prefixMask(bits: number, length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => 0xff00 >> Math.max(0, Math.min(8, bits - i * 8)));
}

/** Length of the prefix that this mask is, or -1. */
export function maskPrefix(mask: Uint8Array): number {
  let bits = 0;
  while (bits < mask.length * 8 && (mask[bits >> 3]! >> (7 - (bits & 7))) & 1) bits++;
  return equal(prefixMask(bits, mask.length), mask) ? bits : -1;
}

/** The next value, or undefined after the last. */
export function increment(bytes: Uint8Array): Uint8Array | undefined {
  // Not slice(): a Buffer's shares its memory.
  const next = Uint8Array.from(bytes);
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = next[i]! + 1;
    if (next[i] !== 0) return next;
  }
  return undefined;
}

/** The value before; of zero: the last. */
export function decrement(bytes: Uint8Array): Uint8Array {
  const previous = Uint8Array.from(bytes);
  for (let i = previous.length - 1; i >= 0; i--) {
    previous[i] = previous[i]! - 1;
    if (previous[i] !== 0xff) break;
  }
  return previous;
}

/** Length of the prefix that spans exactly `from` to `to`, or -1. */
export function rangePrefix(from: Uint8Array, to: Uint8Array): number {
  const bits = maskPrefix(not(xor(from, to)));
  return bits >= 0 && isZero(and(from, not(prefixMask(bits, from.length)))) ? bits : -1;
}

/** Moves a value up by `bits` in a byte string of another length (a header field within the bytes that hold it). */
export function shiftInto(value: Uint8Array, bits: number, length: number): Uint8Array {
  const result = new Uint8Array(length);
  for (let i = 0; i < value.length * 8; i++) {
    const from = value.length * 8 - 1 - i;
    const to = length * 8 - 1 - i - bits;
    if (to >= 0 && (value[from >> 3]! >> (7 - (from & 7))) & 1) result[to >> 3] = result[to >> 3]! | (0x80 >> (to & 7));
  }
  return result;
}

/** The reverse: `width` bits that begin `bits` above the end. */
export function shiftOut(bytes: Uint8Array, bits: number, width: number): Uint8Array {
  const result = new Uint8Array(Math.ceil(width / 8));
  for (let i = 0; i < width; i++) {
    const from = bytes.length * 8 - 1 - i - bits;
    const to = result.length * 8 - 1 - i;
    if (from >= 0 && (bytes[from >> 3]! >> (7 - (from & 7))) & 1)
      result[to >> 3] = result[to >> 3]! | (0x80 >> (to & 7));
  }
  return result;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A concatenation's fields each start on a register word. */
export function pad4(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  return padded;
}
