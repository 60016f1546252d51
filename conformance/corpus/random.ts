/** Numbers that look random and are the same for the same words. */
export class Random {
  #state: number;

  constructor(...words: readonly (string | number)[]) {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (const character of words.join(' ')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** Below `limit`: mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** So many different ones, in their own order. */
  some<T>(items: readonly T[], count: number): T[] {
    const left = items.map((_, i) => i);
    while (left.length > count) left.splice(this.below(left.length), 1);
    return left.map((i) => items[i]!);
  }
}
