/**
 * Operations that can be undone move from what is loaded to the constants beside it, where nft does that: `x ^ 5 == 3` is
 * `x == 3 ^ 5`, and a header field is compared where it stands in its byte. The last operation alone is moved.
 */

import { fromBig, onesBig, toBigNumber } from './bigs.js';
import type { Order } from './bytes.js';
import type { Placed } from './context.js';
import { wrongValue } from './errors.js';
import { bitsOf, contextOf, type Selector, stepsOf } from './selector.js';

export interface Transferred {
  /** Without the operation. */
  readonly selector: Selector;
  /** What it does to a value: `bits` long then. */
  readonly move: (value: bigint) => bigint;
  readonly bits: number;
  readonly order: Order;
}

/** Undefined where nothing moves. `path`: of the constants. */
export function transfer(selector: Selector, path: string): Transferred | undefined {
  const steps = stepsOf(selector);
  const last = steps.at(-1);
  if (last === undefined || !('by' in last || last.op === '^')) return undefined;
  const { bits, order } = contextOf(selector);
  const rest: Selector = { ...selector, context: contextOf(selector), steps: steps.slice(0, -1) };
  const same = { bits, order };
  if ('value' in last) return { selector: rest, move: (value) => (value ^ last.value) & onesBig(bits), ...same };
  const by = BigInt(last.by);
  if (last.op === '<<') {
    const move = (value: bigint): bigint => {
      if ((value & onesBig(last.by)) !== 0n)
        throw wrongValue(path, `is never so: the lowest ${last.by} bits are always zero`);
      return value >> by;
    };
    return { selector: rest, move, ...same };
  }
  // What the shift would have lost must not count.
  const mask = { op: '&', value: onesBig(bitsOf(rest)) << by, bits: last.bits, order: last.order } as const;
  return {
    selector: { ...rest, steps: [...rest.steps!, mask] },
    move: (value) => (value << by) & onesBig(bits + last.by),
    bits: bits + last.by,
    order,
  };
}

/**
 * Of a key that is looked up in a set written in the rule: how its elements are written, and what is loaded. `map`: the key is as long
 * as the elements are then, else as what was loaded before.
 */
export function placeElements(
  selector: Selector,
  path: string,
  map: boolean,
): { readonly selector: Selector; readonly placed?: Placed } {
  const moved = transfer(selector, path);
  const context = contextOf(selector);
  if (moved !== undefined) {
    const { bits, order, move } = moved;
    const length = (bits + 7) >> 3;
    const placed = { order, move: (value: Uint8Array) => fromBig(move(toBigNumber(value, 'big')), length, 'big') };
    return { selector: moved.selector, placed: { bits: map ? bits : bitsOf(selector), ...placed } };
  }
  const bits = map ? context.bits : bitsOf(selector);
  if (bits === selector.type.bits) return { selector };
  return { selector, placed: { bits, order: context.order, move: (value) => value } };
}
