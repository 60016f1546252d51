/** The figures in the terminal: a table for each scenario, the targets, and who took no part. */
import type { Column, Output } from '../terminal/index.js';
import { type ContenderName, contenderNames, contenders } from './contenders.js';
import { type Result, ratio, showRatio, type Verdict } from './ratios.js';
import type { Absence } from './runner.js';
import { type Scenario, scenarios } from './scenarios.js';
import { spread } from './statistics.js';

interface Row {
  readonly size: number;
  readonly batch: number | undefined;
  readonly contender: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly spread: number;
  readonly toFloor: number | undefined;
  readonly toNetloom: number | undefined;
  readonly reads: number | undefined;
  readonly changes: number | undefined;
  readonly datagrams: number | undefined;
}

/** `1.43`, `23.1`, `9,640` */
export function showFigure(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

export function showScenario(out: Output, scenario: Scenario, results: readonly Result[]): void {
  if (results.length === 0) return;
  const figure = (value: unknown): string => showFigure(value as number);
  const times = (value: unknown): string => `${showRatio(value as number)} x`;
  const columns: Column<Row>[] = [
    { key: 'size', title: 'size' },
    ...(scenario.batches ? [{ key: 'batch', title: 'at a time' } as const] : []),
    { key: 'contender', title: 'contender' },
    { key: 'median', title: scenario.unit, format: figure, align: 'right' },
    { key: 'min', title: 'min', format: figure, align: 'right' },
    { key: 'max', title: 'max', format: figure, align: 'right' },
    { key: 'spread', title: 'spread', format: (value) => `${Math.round((value as number) * 100)} %`, align: 'right' },
    { key: 'toFloor', title: 'of floor', format: times, align: 'right' },
    { key: 'toNetloom', title: 'of netloom', format: times, align: 'right' },
    { key: 'reads', title: 'asked', align: 'right' },
    { key: 'changes', title: 'changes', align: 'right' },
    { key: 'datagrams', title: 'datagrams', align: 'right' },
  ];
  const rows = results.map((result) => rowOf(result, results));
  const worthwhile = columns.filter(({ key }) => rows.some((row) => row[key as keyof Row] !== undefined));
  out.table(rows, worthwhile);
}

function rowOf(result: Result, all: readonly Result[]): Row {
  const { size, batch, contender, median, min, max, ratioToFloor, sent } = result;
  const own = (['netloom-packed', 'netloom-objects'] as const)
    .map((name) => all.find((one) => one.contender === name && one.size === size && one.batch === batch))
    .find((one) => one !== undefined);
  return {
    size,
    batch,
    contender,
    median,
    min,
    max,
    spread: spread(result),
    toFloor: contender === 'floor' ? undefined : (ratioToFloor ?? undefined),
    toNetloom: own && own !== result && contender !== 'floor' ? ratio(result, own) : undefined,
    reads: sent?.reads,
    changes: sent?.changes,
    datagrams: sent?.datagrams,
  };
}

export function showTargets(out: Output, verdicts: readonly Verdict[]): void {
  if (verdicts.length === 0) return;
  out.section('Targets');
  const mark = { met: '', missed: '<--', 'not measured': '' } as const;
  out.table(
    verdicts.map(({ target, wanted, measured, outcome }) => ({
      target,
      wanted,
      measured: measured === null ? undefined : showRatio(measured),
      outcome: `${outcome} ${mark[outcome]}`.trim(),
    })),
    [
      { key: 'target', title: 'figure' },
      { key: 'wanted', title: 'target' },
      { key: 'measured', title: 'measured', align: 'right' },
      { key: 'outcome', title: '' },
    ],
  );
}

/** Those of one reason in one line. */
export function showAbsences(out: Output, title: string, absences: readonly Absence[]): void {
  const where = new Map<string, string[]>();
  for (const { contender, scenario, size, reason } of absences) {
    const key = `${contender}: ${reason}`;
    const place = scenario === undefined ? [] : [`${scenario}${size === undefined ? '' : ` ${size}`}`];
    where.set(key, [...(where.get(key) ?? []), ...place]);
  }
  if (where.size === 0) return;
  const lines = [...where].map(([key, places]) => {
    const [contender, ...reason] = key.split(': ');
    return `  ${contender}${places.length > 0 ? ` (${places.join(', ')})` : ''}: ${reason.join(': ')}`;
  });
  out.text([`${title}:`, ...lines]);
}

/** `--list`. */
export function showList(out: Output): void {
  out.section('Scenarios');
  const amounts = (list: readonly number[] | undefined): string =>
    list?.map((amount) => amount.toLocaleString('en-US').replace(/,000$/, 'k')).join(' ') ?? '';
  out.table(
    scenarios.map(({ name, what, unit, sizes, batches, contenders: those }) => ({
      name,
      sizes: amounts(sizes.full),
      quick: amounts(sizes.quick),
      batches: amounts(batches?.full),
      what: `${unit}: ${what}`,
      contenders: those.length,
    })),
    [
      { key: 'name', title: 'name' },
      { key: 'sizes', title: 'sizes' },
      { key: 'quick', title: '--quick' },
      { key: 'batches', title: 'at a time' },
      { key: 'contenders', title: 'contenders' },
      { key: 'what', title: 'measured' },
    ],
  );
  out.section('Contenders');
  out.table(
    contenderNames.map((name: ContenderName) => ({ name, what: contenders[name].what })),
    [
      { key: 'name', title: 'name' },
      { key: 'what', title: 'what it is' },
    ],
  );
}
