/** Byte strings as numbers of any length, for arithmetic on constants. */

import { type Order, swap } from './bytes.js';

/** Bytes in network order, or in the machine's, as a number. */
export function toBigNumber(bytes: Uint8Array, order: Order): bigint {
  const hex = Buffer.from(swap(bytes, order)).toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

/** The lowest `length` bytes of a number. */
export function fromBig(value: bigint, length: number, order: Order): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return swap(bytes, order);
}

export const onesBig = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
