/** Whether the targets are met, in words that stand by themselves. */
import type { ContenderName } from './contenders.js';
import type { Cell, Target } from './targets.js';

/** A contender's figure in a scenario, as `--json` prints it. */
export interface Result {
  readonly scenario: string;
  readonly size: number;
  readonly batch?: number;
  /** How many it was asked for, where that is fewer than `size`. */
  readonly asked?: number;
  readonly contender: ContenderName;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Of the medians; null where the floor has no such scenario. */
  readonly ratioToFloor: number | null;
}

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  /** A ratio of medians, or a value in the scenario's unit. Null when it was not measured. */
  readonly measured: number | null;
  readonly limit: number;
  readonly outcome: 'met' | 'missed' | 'not measured';
}

export function judge(targets: readonly Target[], results: readonly Result[]): Verdict[] {
  return targets.map((target) => judgeOne(target, results));
}

function judgeOne({ about, own, rule }: Target, results: readonly Result[]): Verdict {
  const mine = find(results, own);
  if (rule.kind === 'limit') {
    const wanted = `<= ${rule.value}${mine ? ` ${mine.unit}` : ''}`;
    return verdict(about, wanted, mine?.median, rule.value, (value) => value <= rule.value);
  }
  const other = find(results, rule.other);
  const name = nameOf(rule.other, own);
  if (rule.kind === 'at most') {
    const ratio = mine && other ? mine.median / other.median : undefined;
    return verdict(about, `<= ${rule.times.toFixed(2)} x ${name}`, ratio, rule.times, (value) => value <= rule.times);
  }
  const speedup = mine && other ? other.median / mine.median : undefined;
  const wanted = `>= ${rule.times.toLocaleString('en-US')} x faster than ${name}`;
  return verdict(about, wanted, speedup, rule.times, (value) => value >= rule.times);
}

function verdict(
  target: string,
  wanted: string,
  measured: number | undefined,
  limit: number,
  holds: (value: number) => boolean,
): Verdict {
  if (measured === undefined) return { target, wanted, measured: null, limit, outcome: 'not measured' };
  return { target, wanted, measured, limit, outcome: holds(measured) ? 'met' : 'missed' };
}

function find(results: readonly Result[], { scenario, size, contender }: Cell): Result | undefined {
  return results.find(
    (result) =>
      result.scenario === scenario &&
      result.size === size &&
      result.contender === contender &&
      result.batch === undefined,
  );
}

/** What differs from the figure that is compared. */
function nameOf(other: Cell, own: Cell): string {
  if (other.contender !== own.contender) return other.contender;
  return `that of ${other.size.toLocaleString('en-US')}`;
}

/** `1.04`, `14.2`, `4,310` */
export function showRatio(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `target <= 1.10 x floor: 1.04 met` */
export function describeVerdict({ wanted, measured, outcome }: Verdict): string {
  return measured === null ? `target ${wanted}: not measured` : `target ${wanted}: ${showRatio(measured)} ${outcome}`;
}
