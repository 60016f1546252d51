/** The arguments of `netloom bench`. */
import { parseArgs } from 'node:util';
import { makePlan, type Selection } from './plan.js';

export interface BenchOptions extends Selection {
  readonly list: boolean;
  readonly json: boolean;
  readonly plain: boolean;
  /** Where to write the chart. */
  readonly svg: string | undefined;
  /** Seconds that one run may take. */
  readonly timeout: number;
}

export const benchUsage = `  bench  what netloom's operations cost, beside the kernel's own time and other ways to do the same

    --quick            every ratio that has a target, in under three minutes
    --list             scenarios, sizes and contenders, and what they are
    --scenario NAMES   these alone, with commas between; a beginning will do
    --contender NAMES  likewise
    --size N           instead of the scenarios' own sizes
    --runs N           of each, instead of 5 (3 with --quick; of some fewer)
    --timeout SECONDS  that one run may take (default 120)
    --json             one object, for a program
    --svg FILE         a chart
    --plain            lines without colour or movement`;

/** @throws Error in one line. */
export function parseBench(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      plain: { type: 'boolean', default: false },
      scenario: { type: 'string', multiple: true, default: [] },
      contender: { type: 'string', multiple: true, default: [] },
      size: { type: 'string' },
      runs: { type: 'string' },
      timeout: { type: 'string', default: '120' },
      svg: { type: 'string' },
    },
  });
  const { quick, list, json, plain, svg } = values;
  if (svg === '') throw new Error("--svg takes a file's name");
  const options: BenchOptions = {
    quick,
    list,
    json,
    plain,
    svg,
    scenarios: names(values.scenario),
    contenders: names(values.contender),
    size: number('--size', values.size, 100_000),
    runs: number('--runs', values.runs, 1000),
    timeout: number('--timeout', values.timeout, 86_400) as number,
  };
  // Names that are not there are said now.
  if (makePlan(options).length === 0) throw new Error('none of these contenders takes part in any of these scenarios');
  return options;
}

function names(given: readonly string[]): string[] {
  return given
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter(Boolean);
}

function number(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new Error(`${option} takes 1 to ${most}, not '${text}'`);
  return value;
}
