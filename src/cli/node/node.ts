/** `netloom plan` and `netloom apply`: a node from a description in a file. */
import { readFileSync } from 'node:fs';
import { Netns, Node, type NodeReport, type NodeSpec } from '../../index.js';
import type { Change } from '../../router/index.js';
import { describeError } from '../terminal/describe-error.js';
import type { NodeCommandOptions } from './options.js';

export async function runPlan(options: NodeCommandOptions & { readonly exitCode: boolean }): Promise<number> {
  const plan = await onHost(options, (spec, host) => Node.plan(spec, { host }));
  console.log(options.json ? JSON.stringify({ units: plan.units }) : String(plan));
  return options.exitCode && plan.units.length > 0 ? 3 : 0;
}

export async function runApply(options: NodeCommandOptions): Promise<number> {
  const report = await onHost(options, (spec, host) => Node.apply(spec, { host }));
  console.log(options.json ? JSON.stringify({ ok: report.ok, units: unitsOf(report) }) : String(report));
  return report.ok ? 0 : 1;
}

async function onHost<T>({ file, host: name }: NodeCommandOptions, work: (spec: NodeSpec, host: Netns) => Promise<T>) {
  const spec = read(file);
  await using host = name === undefined ? await Netns.current() : await Netns.open(name);
  return await work(spec, host);
}

function read(file: string): NodeSpec {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  try {
    return JSON.parse(text) as NodeSpec;
  } catch (error) {
    throw new SyntaxError(`${file === '-' ? 'standard input' : file}: ${(error as Error).message}`);
  }
}

/** As JSON can hold them. */
function unitsOf(report: NodeReport): { error?: ReturnType<typeof describeError>; changes: readonly Change[] }[] {
  return report.units.map(({ error, changes, ...unit }) => ({
    ...unit,
    changes,
    ...(error ? { error: describeError(error) } : {}),
  }));
}
