/** What command lines are made of. */
import type { Netns } from '../../../../index.js';
import { runStep, type Step } from '../../../programs.js';

export async function runSteps(netns: Netns, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await runStep(netns, step);
}

export function ipBatch(lines: readonly string[]): Step {
  return { program: 'ip', args: ['-batch', '-'], input: lines.map((line) => `${line}\n`).join('') };
}

export function nftFile(lines: readonly string[]): Step {
  return { program: 'nft', args: ['-f', '-'], input: lines.map((line) => `${line}\n`).join('') };
}

/** A process for each command, as `child_process` starts it. */
export function processes(commands: readonly (readonly [program: string, ...args: string[]])[]): Step[] {
  return commands.map(([program, ...args]) => ({ program, args }));
}

/** A process for each operation is measured by so many, whatever the size. */
export const forked = 30;
