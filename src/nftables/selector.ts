/** What a rule reads from a packet into a register: the compiler's form of payload, meta, ct and bitwise expressions. */

import { and, fromNumber, isOnes, isZero, ones, shiftInto } from './bytes.js';
import type { RuleContext } from './context.js';
import { byteLength, type Type } from './datatypes.js';
import { wrongValue } from './errors.js';
import type { RawBase } from './protocols.js';
import type { Attribute } from './userdata.js';
import type { Expression, Register } from './wire.js';

export interface Selector {
  readonly type: Type;
  /** Bytes that `load` puts into the register. */
  readonly bytes: number;
  /** Bits below the value in those bytes: a header field need not end on a byte. */
  readonly shift: number;
  /** Applied after loading: `(value & mask) ^ xor`. */
  readonly mask?: Uint8Array;
  readonly xor?: Uint8Array;
  readonly payload?: { readonly base: RawBase; readonly offset: number; readonly aligned: boolean };
  /** How nft names it in a set's user data; absent, it has no name there. */
  readonly typeofData?: () => readonly Attribute[];
  /** What is loaded instead where only its being there is asked for: the match is with true or false. */
  readonly presence?: Selector;
  load(register: Register): readonly Expression[];
  /** Inserts the matches this needs before it: `meta l4proto tcp` before a port. */
  prepare?(context: RuleContext): void;
  /** Told that the rule goes on only if this equals `value`. */
  learn?(context: RuleContext, value: Uint8Array): void;
  /** The same of a set of values. */
  learnAny?(context: RuleContext, values: readonly Uint8Array[]): void;
}

export const isField = (selector: Selector): boolean =>
  selector.shift !== 0 || selector.bytes * 8 !== selector.type.bits;

/** A value as it stands in the loaded bytes. */
export function place(selector: Selector, value: Uint8Array): Uint8Array {
  return isField(selector) ? shiftInto(value, selector.shift, selector.bytes) : value;
}

/** The bits of the loaded bytes that are the value's. */
export function fieldMask(selector: Selector): Uint8Array {
  const length = byteLength(selector.type);
  const all = ones(length);
  if (length > 0 && selector.type.bits % 8 !== 0) all[0] = 0xff >> (8 - (selector.type.bits % 8));
  return isField(selector) ? shiftInto(all, selector.shift, selector.bytes) : all;
}

/** Load, then mask and xor as far as they change anything. */
export function loadSelector(selector: Selector, register: Register): readonly Expression[] {
  const field = fieldMask(selector);
  const mask = selector.mask === undefined ? field : and(place(selector, selector.mask), field);
  const xor = selector.xor === undefined ? new Uint8Array(selector.bytes) : place(selector, selector.xor);
  // A mask of ones says nothing, unless someone wrote it.
  if (selector.mask === undefined && isOnes(mask) && isZero(xor)) return selector.load(register);
  return [
    ...selector.load(register),
    {
      type: 'bitwise',
      sreg: register,
      dreg: register,
      len: selector.bytes,
      mask: { value: mask },
      xor: { value: xor },
    },
  ];
}

/** A key's one field that is not whole bytes: an anonymous set holds its values where they stand in the loaded bytes. */
export function placedKey(key: readonly Selector[]): {
  readonly place?: (bytes: Uint8Array) => Uint8Array;
  readonly keyLen?: number;
} {
  const [field] = key;
  if (key.length !== 1 || field === undefined || !isField(field)) return {};
  return { place: (bytes) => place(field, bytes), keyLen: field.bytes };
}

/** Elsewhere the value itself is looked up, shifted to the end of its byte. */
export function shiftDown(field: Selector, register: Register, path: string): readonly Expression[] {
  if (field.shift === 0) return [];
  // The kernel shifts words in host order, which moves nothing sensible over a byte's edge.
  if (field.bytes > 1)
    throw wrongValue(path, 'a field across bytes can only be looked up alone, in a set written in the rule');
  const data = { value: fromNumber(field.shift, 4, 'host') };
  return [{ type: 'bitwise', op: 'rshift', sreg: register, dreg: register, len: field.bytes, data }];
}

/** To network order, so that the kernel can compare a number in host order. */
export function orderForRange(selector: Selector, register: Register): readonly Expression[] {
  const { type, bytes } = selector;
  if (type.order !== 'host' || type.datatype.text === true || bytes === 1) return [];
  return [{ type: 'byteorder', sreg: register, dreg: register, op: 'hton', len: bytes, size: bytes }];
}
