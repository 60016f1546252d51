/** Elements in portions that fit a message. */

import type { SetElement } from './wire.js';

/** An attribute holds at most 65,535 bytes, and so one message that many elements. */
export function* chunks(elements: readonly SetElement[]): Generator<readonly SetElement[]> {
  const LIMIT = 60_000;
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < elements.length; i++) {
    const size = encodedSize(elements[i]!);
    if (bytes + size > LIMIT && i > start) {
      yield elements.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < elements.length) yield elements.slice(start);
}

/** From above: nested attributes, padding and all. */
function encodedSize({ key, keyEnd, data, userdata }: SetElement): number {
  const value = (bytes: Uint8Array | undefined): number => (bytes === undefined ? 0 : bytes.length + 12);
  const verdict = data?.verdict === undefined ? 0 : 24 + Buffer.byteLength(data.verdict.chain ?? '') + 4;
  return 56 + value(key?.value) + value(keyEnd?.value) + value(data?.value) + value(userdata) + verdict;
}
