/** Work that goes together: what fails does not leave the rest behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limited, settled } from '../src/concurrency.js';

/** Ends after so many ms; fails if that is a number below zero. */
async function step(log: string[], name: string, ms: number): Promise<string> {
  log.push(`${name} begins`);
  await sleep(Math.abs(ms));
  log.push(`${name} ends`);
  if (ms < 0) throw new Error(name);
  return name;
}

test('limited: so many at a time, in order, with their results in order', async () => {
  const log: string[] = [];
  let [now, most] = [0, 0];
  const results = await limited(2, [30, 10, 10, 1], async (ms, index) => {
    most = Math.max(most, ++now);
    const result = await step(log, String(index), ms);
    now--;
    return result;
  });
  expect(results).toEqual(['0', '1', '2', '3']);
  expect(most).toBe(2);
  expect(log.filter((line) => line.endsWith('begins'))).toEqual(['0', '1', '2', '3'].map((name) => `${name} begins`));
  expect(await limited(4, [], () => Promise.reject(new Error('nothing to do')))).toEqual([]);
});

test('limited: when one fails, no other is begun, and those under way have ended', async () => {
  const log: string[] = [];
  await expect(limited(3, [60, -5, 30, 1, 1], (ms, index) => step(log, String(index), ms))).rejects.toThrow('1');
  expect(log).toEqual(['0 begins', '1 begins', '2 begins', '1 ends', '2 ends', '0 ends']);
});

test('limited: the first failure is the one to tell', async () => {
  await expect(limited(3, [-60, -5, -30], (ms, index) => step([], String(index), ms))).rejects.toThrow('1');
  await expect(limited(1, [undefined], () => Promise.reject())).rejects.toBeUndefined();
});

test('settled: when one fails, the others have ended', async () => {
  const log: string[] = [];
  await expect(settled([step(log, 'a', 30), step(log, 'b', -1)])).rejects.toThrow('b');
  expect(log.at(-1)).toBe('a ends');
  expect(await settled([step(log, 'a', 2), step(log, 'b', 1)])).toEqual(['a', 'b']);
});
