/** The order in which nft lists the elements of a set without intervals. */

import { toBigNumber } from './bigs.js';
import { compare, swap } from './bytes.js';
import type { Type } from './datatypes.js';
import type { SetElement } from './wire.js';

/** By value; several flags by the lowest; names and concatenations as numbers in host order. */
export function inOrderOfNft(elements: readonly SetElement[], types: readonly Type[]): readonly SetElement[] {
  const [single] = types;
  if (types.length === 1 && single!.datatype.flags !== undefined) return byFlags(elements, single!);
  const byteorder = types.length > 1 ? 'host' : single!.order;
  return elements.toSorted((a, b) => compare(swap(a.key!.value!, byteorder), swap(b.key!.value!, byteorder)));
}

/** Elements that count as equal come with those of the list's second half first, and so on within the halves. */
function byFlags(elements: readonly SetElement[], type: Type): readonly SetElement[] {
  if (elements.length < 2) return elements;
  const middle = Math.ceil(elements.length / 2);
  const first = [...byFlags(elements.slice(0, middle), type)];
  const second = [...byFlags(elements.slice(middle), type)];
  const merged: SetElement[] = [];
  while (first.length > 0) {
    const before = second.length === 0 || lowestFlag(first[0]!, type) < lowestFlag(second[0]!, type);
    merged.push((before ? first : second).shift()!);
  }
  return [...merged, ...second];
}

function lowestFlag({ key }: SetElement, { order }: Type): number {
  const value = toBigNumber(key!.value!, order);
  let bit = 0;
  while (value !== 0n && ((value >> BigInt(bit)) & 1n) === 0n) bit++;
  return value === 0n ? -1 : bit;
}
