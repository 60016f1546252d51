/** What a large association does to the process that asks for it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Form } from '../addresses.js';
import { collectGarbage, type Measured, type Run } from '../run.js';
import { callsOf } from './floating-ips.js';
import { makeHost, makeRouter } from './router.js';

/** p99, and the longest, of the delay while the association is under way. */
export async function eventLoopDelay(run: Run, form: Form): Promise<Measured> {
  const router = await makeRouter(run, await makeHost(run), 'prefix', 'worker');
  const calls = callsOf(router.floatingIps, form);
  const associate = calls.associate(0, run.size);
  collectGarbage();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  // The first interval begins with the timer's first firing.
  await delay(20);
  histogram.reset();
  await associate();
  // What the last turn took is known in the next.
  await delay(5);
  histogram.disable();
  return { value: histogram.percentile(99) / 1e6, unit: 'ms', longest: histogram.max / 1e6 };
}

/** Of what is associated to warm up: code is compiled then, and buffers are there. */
const warmUp = 20_000;

/** What the process has kept. The harness starts a new one for each run, with `--expose-gc`. */
export async function memory(run: Run, form: Form): Promise<Measured> {
  const router = await makeRouter(run, await makeHost(run), 'prefix');
  const calls = callsOf(router.floatingIps, form);
  for (let times = 0; times < 2; times++) {
    await calls.associate(0, Math.min(warmUp, run.size))();
    await calls.disassociate(0, Math.min(warmUp, run.size))();
  }
  // The caller's own arrays are there before and after.
  const associate = calls.associate(0, run.size);
  const before = await settled();
  await associate();
  const after = await settled();
  const grown = (key: keyof NodeJS.MemoryUsage): number => (after[key] - before[key]) / run.size;
  const [rss, heapUsed, external] = [grown('rss'), grown('heapUsed'), grown('external')];
  if (associate.length !== 0) throw new Error('never: it keeps the arrays until here');
  return { value: Math.max(0, rss, heapUsed + external), unit: 'bytes', rss, heapUsed, external };
}

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let times = 0; times < 5; times++) {
    collectGarbage();
    await delay(30);
  }
  return process.memoryUsage();
}
