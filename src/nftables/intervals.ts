/**
 * Interval sets of one field: the kernel's tree holds where an interval starts and, as elements of their own with the
 * flag `interval-end`, the first value after it. nft also marks zero as an end when no interval starts there.
 * Keys are in network order, whatever the type's own.
 */

import { compare, concat, decrement, increment, isZero } from './bytes.js';
import { wrongValue } from './errors.js';
import { ELEMENT_FLAGS, encode, uint32 } from './userdata.js';
import type { SetElement } from './wire.js';

export interface Interval {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly element: Omit<SetElement, 'key'>;
  readonly path: string;
}

export interface IntervalOptions {
  /** Join intervals that overlap or touch, as `auto-merge` and anonymous sets do. */
  readonly merge: boolean;
  /** An anonymous set leaves out an end where the next interval starts. */
  readonly anonymous: boolean;
  /** The set is new: zero is marked as an end. */
  readonly fresh: boolean;
  /** Bits of the key: the value that is as many ones has none after it. */
  readonly bits: number;
}

const INTERVAL_OPEN = 1;

/** Elements of the tree, and how many nft counts. */
export function compileIntervals(
  intervals: readonly Interval[],
  options: IntervalOptions,
): { readonly elements: readonly SetElement[]; readonly size: number } {
  const sorted = arrange(intervals, options.merge);
  const elements: SetElement[] = [];
  const first = sorted[0];
  const marked = first !== undefined && !isZero(first.from);
  if (marked && options.fresh)
    elements.push({ key: { value: new Uint8Array(first.from.length) }, flags: ['interval-end'] });
  sorted.forEach(({ from, to, element }, i) => {
    const end = isLast(to, options.bits) ? undefined : increment(to);
    elements.push({ key: { value: from }, ...element, ...(end === undefined ? open(element.userdata) : {}) });
    const next = sorted[i + 1];
    if (end === undefined || (options.anonymous && next !== undefined && compare(next.from, end) === 0)) return;
    elements.push({ key: { value: end }, flags: ['interval-end'] });
  });
  return { elements, size: sorted.length * 2 + Number(marked) };
}

function isLast(value: Uint8Array, bits: number): boolean {
  const first = value.length - ((bits + 7) >> 3);
  return value.every(
    (byte, i) => byte === (i < first ? 0 : i === first && bits % 8 !== 0 ? (1 << (bits % 8)) - 1 : 0xff),
  );
}

function open(userdata: Uint8Array | undefined): { readonly userdata: Uint8Array } {
  return { userdata: concat([userdata ?? new Uint8Array(0), encode([uint32(ELEMENT_FLAGS, INTERVAL_OPEN)])]) };
}

function arrange(intervals: readonly Interval[], merge: boolean): readonly Interval[] {
  const sorted = intervals.toSorted((a, b) => compare(a.from, b.from));
  const result: Interval[] = [];
  for (const interval of sorted) {
    const last = result.at(-1);
    const after = last && increment(last.to);
    const touches = last !== undefined && (after === undefined || compare(interval.from, after) <= 0);
    if (touches && merge) {
      if (compare(interval.to, last.to) > 0) result[result.length - 1] = { ...last, to: interval.to };
    } else if (touches && (after === undefined || compare(interval.from, after) < 0)) {
      throw wrongValue(interval.path, 'overlaps another interval of the same set');
    } else {
      result.push(interval);
    }
  }
  return result;
}

/** Intervals from the tree's elements, which may come in any order. */
export function decompileIntervals(
  elements: readonly SetElement[],
): readonly { readonly from: Uint8Array; readonly to: Uint8Array; readonly element: SetElement }[] {
  const isEnd = (element: SetElement): boolean => element.flags?.includes('interval-end') === true;
  // An end sorts before a start at the same key: it closes the interval before.
  const sorted = elements
    .filter((element) => element.key?.value !== undefined)
    .toSorted((a, b) => compare(a.key!.value!, b.key!.value!) || Number(isEnd(b)) - Number(isEnd(a)));
  return sorted.flatMap((element, i) => {
    if (isEnd(element)) return [];
    const from = element.key!.value!;
    const next = sorted[i + 1]?.key?.value;
    return [{ from, to: next === undefined ? new Uint8Array(from.length).fill(0xff) : decrement(next), element }];
  });
}
