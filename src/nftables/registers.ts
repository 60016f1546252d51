/**
 * The register file: 16 words of 4 bytes. A value that starts at a multiple of 16 bytes is named by the old number of
 * that 16-byte register (1 to 4), any other by its word's (8 to 23), as nft does.
 */

import type { Register } from './wire.js';

export const REGISTER_WORDS: number = 16;

export function registerAt(word: number): Register {
  return word % 4 === 0 ? 1 + word / 4 : 8 + word;
}

export function wordOf(register: Register): number {
  return register >= 8 ? register - 8 : (register - 1) * 4;
}

export const wordsFor = (bytes: number): number => (bytes + 3) >> 2;

export const fits = (word: number, bytes: number): boolean => word + wordsFor(bytes) <= REGISTER_WORDS;

/** nft gives each value of a statement a register of 16 bytes, or as many as it needs, of its own. */
export const nextRegister = (word: number, words: number): number => (word + words + 3) & ~3;
