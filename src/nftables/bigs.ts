/** Byte strings as numbers of any length, for arithmetic on constants. */

import { fromNumber, type Order, swap, toNumber } from './bytes.js';

/** What a plain number holds exactly; most constants are no longer. */
const PLAIN_BYTES = 6;

/** Bytes in network order, or in the machine's, as a number. */
export function toBigNumber(bytes: Uint8Array, order: Order): bigint {
  if (bytes.length <= PLAIN_BYTES) return BigInt(toNumber(bytes, order));
  const hex = Buffer.from(swap(bytes, order)).toString('hex');
  return BigInt(`0x${hex}`);
}

/** The lowest `length` bytes of a number. */
export function fromBig(value: bigint, length: number, order: Order): Uint8Array {
  if (value >= 0n && value <= Number.MAX_SAFE_INTEGER) return fromNumber(Number(value), length, order);
  const bytes = new Uint8Array(length);
  // Four bytes at a time: each step of a bigint makes a new one.
  for (let at = length, rest = value; at > 0; rest >>= 32n) {
    let word = Number(rest & 0xffff_ffffn);
    for (let i = 0; i < 4 && at > 0; i++, word >>>= 8) bytes[--at] = word & 0xff;
  }
  return swap(bytes, order);
}

export const onesBig = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
