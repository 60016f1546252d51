/**
 * nft's user data: type, length, value, opaque to the kernel. Each object has its own numbers for the types.
 * Comments end in NUL; numbers are 32 bits in host order.
 */

import { fromNumber, toNumber } from './bytes.js';
import { wrongValue } from './errors.js';

export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Of tables, chains, rules and elements. */
export const COMMENT = 0;
/** Of elements: flags, of which 1 says that an interval has no end. */
export const ELEMENT_FLAGS = 1;

export const setAttribute = {
  keyByteorder: 0,
  dataByteorder: 1,
  mergeElements: 2,
  keyTypeof: 3,
  dataTypeof: 4,
  dataInterval: 6,
  comment: 7,
} as const;

export const uint32 = (type: number, value: number): Attribute => ({ type, value: fromNumber(value, 4, 'host') });

export const nested = (type: number, attributes: readonly Attribute[]): Attribute => ({
  type,
  value: encode(attributes),
});

/** Bytes that NFT_USERDATA_MAXLEN leaves: nft's language takes 128, and its JSON as many as there is room for. */
const COMMENT_MAX = 253;

export function comment(type: number, text: string, path: string, max: number = COMMENT_MAX): Attribute {
  const value = Buffer.from(`${text}\0`);
  if (value.length > max + 1 || text.includes('\0'))
    throw wrongValue(path, `must be a comment of at most ${max} bytes, without NUL`);
  return { type, value };
}

export function encode(attributes: readonly Attribute[]): Uint8Array {
  const bytes = new Uint8Array(attributes.reduce((sum, { value }) => sum + 2 + value.length, 0));
  let at = 0;
  for (const { type, value } of attributes) {
    bytes[at] = type;
    bytes[at + 1] = value.length;
    bytes.set(value, at + 2);
    at += 2 + value.length;
  }
  return bytes;
}

/** Attributes as far as they can be read; someone else's user data is none of ours. */
export function decode(bytes: Uint8Array | undefined): readonly Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = 0; bytes !== undefined && at + 2 <= bytes.length; at += 2 + bytes[at + 1]!) {
    const end = at + 2 + bytes[at + 1]!;
    if (end > bytes.length) break;
    attributes.push({ type: bytes[at]!, value: bytes.subarray(at + 2, end) });
  }
  return attributes;
}

export function findComment(bytes: Uint8Array | undefined, type: number = COMMENT): string | undefined {
  const value = decode(bytes).find((attribute) => attribute.type === type)?.value;
  return value === undefined ? undefined : Buffer.from(value).toString().replace(/\0.*$/s, '');
}

export function findNumber(bytes: Uint8Array | undefined, type: number): number | undefined {
  const value = decode(bytes).find((attribute) => attribute.type === type)?.value;
  return value?.length === 4 ? toNumber(value, 'host') : undefined;
}

/** `{ userdata }` of a comment, or nothing. */
export function commentData(text: unknown, path: string): { readonly userdata?: Uint8Array } {
  if (text === undefined) return {};
  if (typeof text !== 'string') throw wrongValue(`${path}.comment`, 'must be a string');
  return { userdata: encode([comment(COMMENT, text, `${path}.comment`)]) };
}
