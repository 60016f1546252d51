/** What a register holds, as the decompiler follows it: something loaded, and what was done to it since. */

import type { Type } from './datatypes.js';
import type { CtDirection } from './json.js';
import type { RawBase } from './protocols.js';
import type { Expression } from './wire.js';

export type Leaf = {
  /** Of what the kernel loads. */
  readonly bits: number;
  /** nft does not know yet how long it is: `ct saddr`. */
  readonly unsized?: boolean;
} & (
  | { readonly kind: 'payload'; readonly base: RawBase; readonly offset: number }
  | {
      readonly kind: 'extension';
      readonly exthdr: Extract<Expression, { type: 'exthdr' }>;
      /** Of what is loaded, only this: bits from the header's start. */
      readonly part?: { readonly offset: number; readonly bits: number };
    }
  /** The kernel's name of the key. */
  | { readonly kind: 'meta'; readonly key: string }
  | { readonly kind: 'ct'; readonly key: string; readonly direction?: CtDirection }
  | { readonly kind: 'named'; readonly json: unknown; readonly type: Type }
);

/** Constants are read as numbers in network order; in which order they are meant is the leaf's affair. */
export type Operation =
  | { readonly op: '&' | '|' | '^'; readonly value: bigint; readonly bits: number }
  | { readonly op: '<<' | '>>'; readonly by: number }
  | { readonly op: 'byteorder' };

export interface Tree {
  readonly kind: 'tree';
  readonly leaf: Leaf;
  readonly operations: readonly Operation[];
}

export const treeOf = (leaf: Leaf): Tree => ({ kind: 'tree', leaf, operations: [] });
