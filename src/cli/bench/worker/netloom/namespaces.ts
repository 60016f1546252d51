/** Namespaces: bare ones with a veth pair, and whole routers. */
import { Netns } from '../../../../index.js';
import { Router } from '../../../../router/index.js';
import { pairsAsObjects } from '../addresses.js';
import { expectCount, type Measured, type Run, timed, uniqueName } from '../run.js';
import { untilGone } from '../teardown.js';
import { makeHost, remove as removeRouter, routerSpec } from './router.js';

export async function namespaceWithVeth(run: Run): Promise<Measured> {
  const host = await Netns.create();
  run.onEnd(async () => {
    await untilGone(host);
    await host.close();
  });
  const names = Array.from({ length: run.size }, uniqueName);
  const made: Netns[] = [];
  run.onEnd(() => Promise.all(made.map((netns) => remove(netns))));
  const measured = await timed(run.size, async () => {
    for (const [at, name] of names.entries()) {
      run.check();
      const netns = await Netns.create(name);
      made.push(netns);
      await host.links.add({ kind: 'veth', name: `veth${at}`, peer: { name: 'eth0', netns } });
    }
  });
  expectCount('veth devices', (await host.links.list()).filter(({ kind }) => kind === 'veth').length, run.size);
  return measured;
}

async function remove(netns: Netns): Promise<void> {
  await netns.close();
  await Netns.delete(netns.name as string);
}

const floatingIpsEach = 10;
/** Routers that are made at a time: as many as a controller that is in a hurry would begin at once. */
const atOnce = Number(process.env['NETLOOM_BENCH_ROUTERS_AT_ONCE'] ?? 8);

export async function routers(run: Run): Promise<Measured> {
  const host = await makeHost(run);
  // Tenants' addresses may overlap, and an external network's may not: each has floating IPs of its own.
  const specs = Array.from({ length: run.size }, (_, at) => ({
    ...routerSpec('prefix'),
    floatingIps: pairsAsObjects(at * floatingIpsEach, floatingIpsEach),
  }));
  const made: Router[] = [];
  run.onEnd(async () => {
    for (const router of made) await removeRouter(router);
  });
  const measured = await timed(run.size, () =>
    eachOf(specs, async (spec) => {
      run.check();
      made.push(await Router.apply(spec, { host, announce: false }));
    }),
  );
  const last = made.at(-1);
  expectCount('routers', made.length, run.size);
  expectCount('floating IPs', (await last?.floatingIps.list())?.length ?? 0, floatingIpsEach);
  return measured;
}

/** Some at a time; what has begun is finished when one fails. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const item of queue) await work(item);
  });
  const failed = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
