/** A sample of the rules that `npm run conformance` makes, few enough for every run of the tests. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { corpus } from '../conformance/corpus/index.js';
import { mainPlace } from '../conformance/corpus/places.js';
import { missesOf, totalsOf } from '../conformance/report.js';
import { batches, type Outcome, Trial } from '../conformance/run.js';

/** Every so many-th of all; about half of them nft takes. */
const step = 25;
const floors = { compile: 0.99, decompile: 0.98 };

let trial: Trial;
const outcomes: Outcome[] = [];

beforeAll(async () => {
  trial = await Trial.open();
  const sample = corpus({ seed: 'sample' })
    .filter(({ place }) => place === mainPlace(place.family))
    .filter((_, i) => i % step === 0);
  for (const part of batches(sample)) outcomes.push(...(await trial.run(part)));
}, 120_000);

afterAll(() => trial.close());

test('nft takes 200 rules of the sample', () => {
  expect(outcomes.filter(({ taken }) => taken === 'nft').length).toBeGreaterThanOrEqual(200);
});

test.each(['compile', 'decompile'] as const)('as many as before %s alike', (way) => {
  const share = totalsOf(outcomes)[way];
  expect(share, missesOf(outcomes.filter((outcome) => outcome[way] !== undefined))).toBeGreaterThanOrEqual(floors[way]);
});
