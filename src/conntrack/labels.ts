/** Labels: 128 bits of a flow, which `ct label` of rules sets and matches. */
import { checkArray, checkInteger } from '../errors.js';

/** NF_CT_LABELS_MAX_SIZE. */
const bytes = 16;

/** Bits by their numbers, as a message has them: words of 32 bits in the machine's order, so the first bit is the first byte's lowest. */
export function labelBits(labels: readonly number[], path: string): Uint8Array {
  const bits = new Uint8Array(bytes);
  checkArray(labels, path).forEach((label, at) => {
    checkInteger(label, `${path}[${at}]`, 0, bytes * 8 - 1);
    bits[label >> 3]! |= 1 << (label & 7);
  });
  return bits;
}

export function labelNumbers(bits: Uint8Array): number[] {
  const labels: number[] = [];
  bits.forEach((byte, at) => {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) labels.push(at * 8 + bit);
  });
  return labels;
}
