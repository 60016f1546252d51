import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressIndex } from '../src/router/address-index.js';

test('finds the row of every address, and of no other', () => {
  fc.assert(
    fc.property(fc.uint32Array({ maxLength: 300 }), fc.integer({ min: 0, max: 0xffffffff }), (keys, other) => {
      const index = new AddressIndex(keys);
      for (const key of keys) expect(index.row(key)).toBe(keys.indexOf(key));
      expect(index.row(other)).toBe(keys.indexOf(other));
    }),
  );
});

test('names the first row that an earlier one has', () => {
  expect(new AddressIndex(Uint32Array.of(5, 0, 0xffffffff)).duplicate).toBe(-1);
  expect(new AddressIndex(Uint32Array.of(5, 0, 7, 0, 5)).duplicate).toBe(3);
  expect(new AddressIndex(new Uint32Array(0)).duplicate).toBe(-1);
});

test('neighbours of one pool stay apart: 100,000 in a row', () => {
  const keys = Uint32Array.from({ length: 100_000 }, (_, i) => 0xc6120000 + i);
  const index = new AddressIndex(keys);
  expect(index.duplicate).toBe(-1);
  expect(index.row(0xc6120000 + 99_999)).toBe(99_999);
  expect(index.has(0xc6120000 + 100_000)).toBe(false);
});
