/** `npm run conformance`: see README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { corpus } from './corpus/index.js';
import { missesOf, tableOf, totalsOf } from './report.js';
import { batches, type Outcome, Trial } from './run.js';

const floors = { compile: 0.99, decompile: 0.98 };

const { values: options } = parseArgs({
  options: {
    misses: { type: 'string' },
    filter: { type: 'string' },
    seed: { type: 'string', default: '1' },
    limit: { type: 'string' },
    everywhere: { type: 'boolean', default: false },
  },
});

const filter = options.filter === undefined ? undefined : new RegExp(options.filter);
const wanted = corpus({ seed: options.seed, everywhere: options.everywhere }).filter(
  ({ category, place, text, expr }) =>
    filter === undefined || filter.test(`${category}: ${place.name}: ${text ?? JSON.stringify(expr)}`),
);
const parts = batches(options.limit === undefined ? wanted : wanted.slice(0, Number(options.limit)));
const started = process.hrtime.bigint();
const outcomes: Outcome[] = [];
let done = 0;

async function work(): Promise<void> {
  const trial = await Trial.open();
  try {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      outcomes.push(...(await trial.run(part)));
      done += part.length;
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${wanted.length} rules`);
    }
  } finally {
    await trial.close();
  }
}

await Promise.all([work(), work()]);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

if (options.misses === '-') process.stdout.write(missesOf(outcomes));
else if (options.misses !== undefined) writeFileSync(options.misses, missesOf(outcomes));
process.stdout.write(tableOf(outcomes));
const totals = totalsOf(outcomes);
process.stdout.write(`${(Number(process.hrtime.bigint() - started) / 1e9).toFixed(1)} s\n`);
process.exitCode = totals.compile < floors.compile || totals.decompile < floors.decompile ? 1 : 0;
