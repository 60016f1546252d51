/**
 * The kernel takes a namespace apart after its last handle has gone, on a thread of its own: time that is the next run's, unless
 * it is waited for. A veth's other end, in a namespace that stays, goes with it, and is what can be seen of that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Netns } from '../../../index.js';
import type { Run } from './run.js';

const limit = 30_000;

/** Resolves when no veth is left in `outside` but so many; or after a while, as it is no harm but to a figure. */
export async function untilGone(outside: Netns, but = 0): Promise<void> {
  const end = performance.now() + limit;
  for (let pause = 2; performance.now() < end; pause = Math.min(50, pause * 1.5)) {
    const present = await outside.links.list();
    if (present.filter(({ kind }) => kind === 'veth').length <= but) return;
    await delay(pause);
  }
}

/** A namespace of the run's, with `device` up in it, whose other end is outside. Its end is waited for. */
export async function makeWatched(run: Run, device: string): Promise<Netns> {
  const [netns, outside] = await Promise.all([Netns.create(), Netns.create()]);
  run.onEnd(async () => {
    await netns.close();
    await untilGone(outside);
    await outside.close();
  });
  await netns.links.set('lo', { up: true });
  await netns.links.add({ kind: 'veth', name: device, up: true, peer: { name: 'eth0', netns: outside, up: true } });
  return netns;
}
