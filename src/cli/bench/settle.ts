/** The kernel takes a namespace apart after its last handle has gone, on a processor that the next run would measure. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: a few of the kernel's ticks. */
const window = 30;
const busyShare = 0.2;

/** Waits until the machine is idle, but not longer than `limit` milliseconds: others may work on it as well. */
export async function settle(limit: number): Promise<void> {
  const end = performance.now() + limit;
  let last = readTicks();
  while (last && performance.now() < end) {
    await delay(window);
    const now = readTicks();
    if (!now) return;
    const total = now.total - last.total;
    if (total > 0 && (total - (now.idle - last.idle)) / total < busyShare) return;
    last = now;
  }
}

function readTicks(): { total: number; idle: number } | undefined {
  try {
    const ticks = /^cpu +(.*)/.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? [];
    // user nice system idle iowait ...
    return { total: ticks.reduce((sum, tick) => sum + tick, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
  } catch {
    return undefined;
  }
}
