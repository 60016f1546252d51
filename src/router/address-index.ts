/** Finds rows by IPv4 address: a hash table with open addressing in one typed array, at some 10 ns a row. */
export class AddressIndex {
  readonly #keys: Uint32Array;
  /** Row + 1; 0 is free. At most half of it is taken. */
  readonly #table: Int32Array;
  readonly #shift: number;
  /** The first row whose address an earlier one has; -1 when there is none. */
  readonly duplicate: number;

  constructor(keys: Uint32Array) {
    const bits = Math.max(4, 33 - Math.clz32(keys.length));
    this.#keys = keys;
    this.#table = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    let duplicate = -1;
    for (let row = 0; row < keys.length; row++) {
      const slot = this.#find(keys[row] as number);
      if (this.#table[slot] === 0) this.#table[slot] = row + 1;
      else if (duplicate < 0) duplicate = row;
    }
    this.duplicate = duplicate;
  }

  /** The first row of an address, or -1. */
  row(address: number): number {
    return (this.#table[this.#find(address)] as number) - 1;
  }

  has(address: number): boolean {
    return this.row(address) >= 0;
  }

  /** Where an address is, or where it would go. */
  #find(address: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    // Fibonacci hashing: neighbours in address, as pools hand them out, fall far apart.
    let slot = Math.imul(address, 0x9e3779b1) >>> this.#shift;
    for (;;) {
      const row = table[slot] as number;
      if (row === 0 || this.#keys[row - 1] === address) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
