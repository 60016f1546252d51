/** The driver for what this package measures itself: `main.js CONTENDER`, and the driver protocol on its streams. */
import { createInterface } from 'node:readline';
import type { Request } from '../drivers/protocol.js';
import { commandLineScenarios } from './command-line/index.js';
import { netloomScenarios } from './netloom/index.js';
import { type Measured, Run, type Scenario } from './run.js';

const contenders: Readonly<Record<string, () => Readonly<Record<string, Scenario>>>> = {
  'netloom-packed': () => netloomScenarios('packed'),
  'netloom-objects': () => netloomScenarios('objects'),
  'ip-batch+nft': () => commandLineScenarios('ip-batch+nft'),
  'ip-batch+iptables-restore': () => commandLineScenarios('ip-batch+iptables-restore'),
  'fork-ip-nft': () => commandLineScenarios('fork-ip-nft'),
  'fork-ip-iptables': () => commandLineScenarios('fork-ip-iptables'),
};

const stop = new AbortController();
const name = process.argv[2] ?? '';
const scenarios = contenders[name]?.();
if (!scenarios) throw new Error(`'${name}' is none of ${Object.keys(contenders).join(', ')}`);

let last: Promise<void> = Promise.resolve();
const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  last = last.then(() => answer(JSON.parse(line) as Request));
});
// Ends it as soon as it has taken away what it made.
process.on('SIGTERM', () => {
  stop.abort(new Error('stopped'));
  input.close();
  process.stdin.destroy();
});
process.stdout.on('error', () => stop.abort(new Error('nobody listens')));

async function answer(request: Request): Promise<void> {
  process.stdout.write(`${JSON.stringify(await measure(request))}\n`);
}

async function measure(request: Request): Promise<Measured | { readonly error: string }> {
  const scenario = scenarios?.[request.scenario];
  if (!scenario) return { skip: `${name} has no ${request.scenario}` };
  const run = new Run(request, stop.signal);
  try {
    try {
      run.check();
      return await scenario(run);
    } finally {
      await run.end();
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
