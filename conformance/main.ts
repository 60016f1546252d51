/** `npm run conformance`: see README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case } from './case.js';
import { derived } from './corpus/derived.js';
import { corpus } from './corpus/index.js';
import { tables } from './corpus/objects.js';
import { missesOf, tableOf, totalsOf } from './report.js';
import { batches, type Outcome, Trial } from './run.js';
import { runFile, runTables } from './tables.js';

const floors = { compile: 0.99, decompile: 0.98 };

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    misses: { type: 'string' },
    filter: { type: 'string' },
    seed: { type: 'string', default: '1' },
    everywhere: { type: 'boolean', default: false },
  },
});

const pattern = new RegExp(options.filter ?? '');
const wanted = ({ category, place, text, expr }: Case): boolean =>
  pattern.test(`${category}: ${place.name}: ${text ?? JSON.stringify(expr)}`);

const trials = [await Trial.open(), await Trial.open()];

async function run(cases: readonly Case[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const parts = batches(cases);
  let done = 0;
  const work = async (trial: Trial): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      outcomes.push(...(await trial.run(part)));
      done += part.length;
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${cases.length} rules`);
    }
  };
  await Promise.all(trials.map(work));
  return outcomes.sort((a, b) => Number(a.item.id.slice(1)) - Number(b.item.id.slice(1)));
}

const wide = { seed: options.seed, everywhere: options.everywhere };
/** Rules, rules made of them, whole tables. */
async function runCorpus(): Promise<Outcome[]> {
  const first = await run(corpus(wide).filter(wanted));
  const taken = first.flatMap(({ item, taken, json }) =>
    taken === 'nft' && json !== undefined ? [{ item, expr: json as unknown[] }] : [],
  );
  const second = await run(derived(taken, options.seed));
  const chosen = tables(wide).filter((item) => pattern.test(`${item.category}: ${item.family}: ${item.body}`));
  return [...first, ...second, ...(await runTables(chosen))];
}

const outcomes: Outcome[] = files.length === 0 ? await runCorpus() : [];
for (const file of files) outcomes.push(...(await runFile(file)));
for (const trial of trials) await trial.close();
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

if (options.misses === '-') process.stdout.write(missesOf(outcomes));
else if (options.misses !== undefined) writeFileSync(options.misses, missesOf(outcomes));
process.stdout.write(tableOf(outcomes));
const totals = totalsOf(outcomes);
process.exitCode = totals.compile < floors.compile || totals.decompile < floors.decompile ? 1 : 0;
