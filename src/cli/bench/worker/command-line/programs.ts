/** Programs that run inside a namespace, from start to end. */
import { once } from 'node:events';
import type { Netns } from '../../../../index.js';

export interface Step {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** What it prints. Throws with the first line of what it complains of. */
export async function runStep(netns: Netns, { program, args, input }: Step): Promise<string> {
  const child = netns.spawn(program, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  // A program that ends early closes its input; what it says tells why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program}: ${complaint.trim().split('\n')[0] ?? ''} (exit code ${code})`);
  return Buffer.concat(output).toString();
}

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
