/** What a call of the command is to measure: cases, each a scenario at a size, with those that take part. */

import { type ContenderName, contenderNames } from './contenders.js';
import type { Request } from './drivers/protocol.js';
import { type Scenario, scenarios } from './scenarios.js';

export interface Selection {
  readonly quick: boolean;
  /** Names, or beginnings of names with a '*'; all when empty. */
  readonly scenarios: readonly string[];
  readonly contenders: readonly string[];
  /** Instead of each scenario's own. */
  readonly size?: number | undefined;
  readonly runs?: number | undefined;
}

export interface Case {
  readonly scenario: Scenario;
  readonly size: number;
  /** Undefined where the scenario has none. */
  readonly batch: number | undefined;
  readonly contenders: readonly ContenderName[];
  readonly runs: number;
}

/** A name that is asked for is not there. */
export class UnknownName extends Error {}

/** @throws UnknownName that lists those that are known. */
export function makePlan(selection: Selection): Case[] {
  const chosen = choose(
    'scenario',
    selection.scenarios,
    scenarios.map(({ name }) => name),
  );
  const among = choose('contender', selection.contenders, contenderNames);
  return scenarios
    .filter(({ name }) => chosen.has(name))
    .flatMap((scenario) => casesOf(scenario, selection))
    .map((one) => ({ ...one, contenders: one.contenders.filter((name) => among.has(name)) }))
    .filter(({ contenders }) => contenders.length > 0);
}

function casesOf(scenario: Scenario, selection: Selection): Case[] {
  const { most = {}, mostInQuick = {}, sizes, batches } = scenario;
  const { size: wanted, runs } = selection;
  // Who names a scenario that the quick run has not, means it.
  const quick = selection.quick && (sizes.quick.length > 0 || selection.scenarios.length === 0);
  const named = selection.contenders.length > 0;
  const thorough = quick ? 'quick' : 'full';
  const limits = quick && !named ? { ...most, ...mostInQuick } : most;
  return (wanted === undefined ? sizes[thorough] : [wanted]).flatMap((size) =>
    (batches?.[thorough] ?? [undefined]).map((batch) => ({
      scenario,
      size,
      batch: batch !== undefined && batch > size ? size : batch,
      contenders: scenario.contenders.filter((name) => size <= (limits[name] ?? Number.POSITIVE_INFINITY)),
      runs: runs ?? roundsOf(scenario, size, selection.quick),
    })),
  );
}

function roundsOf({ runs }: Scenario, size: number, quick: boolean): number {
  if (!quick) return runs.full;
  return size >= 100_000 ? (runs.large ?? runs.quick) : runs.quick;
}

function choose(kind: string, patterns: readonly string[], names: readonly string[]): ReadonlySet<string> {
  if (patterns.length === 0) return new Set(names);
  return new Set(
    patterns.flatMap((pattern) => {
      // A beginning is enough where no name is exactly that.
      const start = pattern.replace(/\*$/, '');
      const found = names.includes(pattern) ? [pattern] : names.filter((name) => name.startsWith(start));
      if (found.length > 0) return found;
      throw new UnknownName(`there is no ${kind} '${pattern}': there are ${names.join(', ')}`);
    }),
  );
}

export function requestOf({ scenario, size, batch }: Pick<Case, 'scenario' | 'size' | 'batch'>): Request {
  return { scenario: scenario.name, size, batch: batch ?? 0 };
}

/** `fip-churn-prefix 10,000 by 10` */
export function caseTitle({ scenario, size, batch }: Pick<Case, 'scenario' | 'size' | 'batch'>): string {
  const by = batch === undefined ? '' : ` by ${batch.toLocaleString('en-US')}`;
  return `${scenario.name} ${size.toLocaleString('en-US')}${by}`;
}
