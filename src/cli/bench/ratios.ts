/** Whether the targets are met, in words that stand by themselves. */
import type { ContenderName } from './contenders.js';
import type { Sent } from './drivers/protocol.js';
import { summarise } from './statistics.js';
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
  /** Round by round, in their order. */
  readonly samples: readonly number[];
  /** Of the last round, where it was counted: netlink messages for all operations together. */
  readonly sent?: Sent;
  /** See `ratio`; null where the floor has no such scenario. */
  readonly ratioToFloor: number | null;
}

type Figure = Pick<Result, 'scenario' | 'size' | 'batch' | 'median' | 'samples'>;

/**
 * One figure in proportion to another. A machine has slow seconds and fast ones, and what is measured in turn shares them: so it is the
 * median of the rounds' own ratios where both had the same rounds, else the ratio of the medians.
 */
export function ratio(one: Figure, other: Figure): number | undefined {
  if (other.median <= 0) return undefined;
  const together = one.scenario === other.scenario && one.size === other.size && one.batch === other.batch;
  if (!together || one.samples.length !== other.samples.length || other.samples.includes(0)) {
    return one.median / other.median;
  }
  return summarise(one.samples.map((sample, round) => sample / (other.samples[round] as number))).median;
}

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  /** A ratio, or a value in the scenario's unit. Null when it was not measured. */
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
    const times = mine && other && ratio(mine, other);
    return verdict(about, `<= ${rule.times.toFixed(2)} x ${name}`, times, rule.times, (value) => value <= rule.times);
  }
  const speedup = mine && other && ratio(other, mine);
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
