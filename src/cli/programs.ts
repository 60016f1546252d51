/** Programs of the machine's that run inside a namespace, from start to end: what netloom is compared with. */
import { once } from 'node:events';
import type { Netns } from '../netns/index.js';

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
