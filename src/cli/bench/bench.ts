/** `netloom bench`: what netloom costs, beside the kernel's own time and other ways to do the same, in one run. */
import { writeFileSync } from 'node:fs';
import { createOutput, detectMode, type Output } from '../terminal/index.js';
import { drawChart } from './chart.js';
import { contender, contenderNames } from './contenders.js';
import { removeLeftovers } from './leftovers.js';
import { describeMachine, type Machine, machineLine } from './machine.js';
import type { BenchOptions } from './options.js';
import { type Case, caseTitle, makePlan } from './plan.js';
import { judge, type Result } from './ratios.js';
import { showAbsences, showList, showScenario, showTargets } from './report.js';
import { Runner } from './runner.js';
import { settle } from './settle.js';
import { type Cell, targets } from './targets.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Milliseconds that the machine is given to become idle between two runs. */
const idleLimit = { quick: 100, full: 250 };

/** Returns the exit code. */
export async function runBench(options: BenchOptions): Promise<number> {
  const { stdout, stderr } = process;
  // With --json, what is for people goes to the other stream.
  const screen = options.json ? stderr : stdout;
  const out = createOutput({
    ...detectMode({ plain: options.plain }, { stdout: screen }, process.env),
    stdout: screen,
    stderr,
  });
  if (options.list) {
    showList(out);
    out.end();
    return 0;
  }
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('stopped'));
  for (const signal of signals) process.on(signal, stop);
  try {
    return await measureAll(options, out, stopping.signal);
  } catch (error) {
    out.warn((error as Error).message);
    return stopping.signal.aborted ? 130 : 1;
  } finally {
    out.end();
    for (const signal of signals) process.off(signal, stop);
  }
}

async function measureAll(options: BenchOptions, out: Output, signal: AbortSignal): Promise<number> {
  const plan = makePlan(options);
  out.title('netloom bench');
  const machine = await describeMachine();
  out.text(`  ${machineLine(machine)}`);
  const runner = new Runner({
    contender,
    timeout: options.timeout * 1000,
    settle: () => settle(idleLimit[options.quick ? 'quick' : 'full']),
    signal,
  });
  try {
    await prepareContenders(runner, plan, out, signal);
    const results = await measurePlan(runner, plan, out);
    await report(options, { machine, results, runner, plan }, out);
    return runner.failed.some(({ contender }) => contender.startsWith('netloom')) || results.length === 0 ? 1 : 0;
  } finally {
    await runner.close();
    await removeLeftovers();
  }
}

async function prepareContenders(
  runner: Runner,
  plan: readonly Case[],
  out: Output,
  signal: AbortSignal,
): Promise<void> {
  const wanted = contenderNames.filter((name) => plan.some(({ contenders }) => contenders.includes(name)));
  out.section('Contenders');
  for (const name of wanted) {
    signal.throwIfAborted();
    const step = out.step(name);
    if (await runner.prepare(name)) step.done(contender(name).what);
    else step.skip(runner.skipped.at(-1)?.reason ?? '');
  }
}

/** Without those that only warm up. */
function countRuns(runner: Runner, { contenders, runs }: Case): number {
  const absent = new Set(runner.skipped.flatMap(({ contender, scenario }) => (scenario ? [] : [contender])));
  return runs * contenders.filter((name) => !absent.has(name)).length;
}

async function measurePlan(runner: Runner, plan: readonly Case[], out: Output): Promise<Result[]> {
  const results: Result[] = [];
  const counts = plan.map((one) => countRuns(runner, one));
  const progress = out.progress(
    'Runs',
    counts.reduce((sum, count) => sum + count, 0),
  );
  let done = 0;
  for (const [at, one] of plan.entries()) {
    const { scenario } = one;
    if (plan[at - 1]?.scenario !== scenario) out.section(`${scenario.name}: ${scenario.what}`);
    const step = out.step(caseTitle(one));
    const failedBefore = runner.failed.length;
    try {
      const found = await runner.measure(one, () => progress.advance());
      results.push(...found);
      for (const { contender, reason } of runner.failed.slice(failedBefore))
        step.note(`${contender} failed: ${reason}`);
      if (found.length > 0) step.done(`${one.runs} runs of ${found.length}`);
      else step.skip('nobody who can do it is there');
    } catch (error) {
      step.fail(error);
      progress.fail(error);
      throw error;
    }
    // One that failed has had fewer.
    done += counts[at] as number;
    progress.set(done);
    if (plan[at + 1]?.scenario !== scenario) {
      showScenario(
        out,
        scenario,
        results.filter((result) => result.scenario === scenario.name),
      );
    }
  }
  progress.done();
  return results;
}

interface Findings {
  readonly machine: Machine;
  readonly results: readonly Result[];
  readonly runner: Runner;
  readonly plan: readonly Case[];
}

async function report(options: BenchOptions, { machine, results, runner, plan }: Findings, out: Output): Promise<void> {
  const { skipped, failed } = runner;
  const planned = ({ scenario, size, contender }: Cell): boolean =>
    plan.some((one) => one.scenario.name === scenario && one.size === size && one.contenders.includes(contender));
  const verdicts = judge(
    targets.filter(({ own }) => planned(own)),
    results,
  );
  showTargets(out, verdicts);
  showAbsences(out, 'Left out', skipped);
  showAbsences(out, 'Failed', failed);
  if (options.svg !== undefined) {
    writeFileSync(options.svg, drawChart(results, machine));
    out.text(`The chart is in ${options.svg}.`);
  }
  if (!options.json) return;
  const printed = { machine, results, targets: verdicts, skipped, failed };
  // Awaited: what is left in a pipe when a process ends may be lost.
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(printed)}\n`, resolve));
}
