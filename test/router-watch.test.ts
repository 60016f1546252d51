/** Drift: what others do to a router is told, and put right if asked. */
import { expect, test } from 'vitest';
import { type Drift, NetlinkError, Netns, Router, type RouterSpec } from '../src/index.js';
import { watchRouter } from '../src/router/watch.js';
import { cleanUp, hostWith, ip, ipJson, type NamedNetns, rejection, run, uniqueName } from './helpers/namespaces.js';

async function site(): Promise<{ host: NamedNetns; router: Router; spec: RouterSpec; name: string }> {
  const host = await hostWith('br-ex', 'br-int');
  const id = uniqueName();
  const tail = id.slice(-8);
  const spec: RouterSpec = {
    id,
    gateway: { id: `g${tail}`, bridge: 'br-ex', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
    interfaces: [{ id: `i${tail}`, bridge: 'br-int', addresses: ['10.0.0.1/24'] }],
    routes: [{ dst: '198.51.100.0/24', via: '10.0.0.9' }],
    floatingIps: [{ floatingAddress: '203.0.113.10', fixedAddress: '10.0.0.10' }],
  };
  const router = await Router.apply(spec, { host, announce: false });
  cleanUp(async () => (await Router.open(id, { host })).delete());
  cleanUp(() => router.close());
  return { host, router, spec, name: `qrouter-${id}` };
}

const told = ({ changes }: Drift): string[] => changes.map(({ action, kind }) => `${action} ${kind}`);

const nft = (name: string, ...args: string[]): string => run('ip', 'netns', 'exec', name, 'nft', ...args);

/** What is told when `disturb` is done, and nothing was told before. */
async function driftOf(drifts: AsyncGenerator<Drift>, disturb: () => unknown): Promise<Drift> {
  const next = drifts.next();
  const early = await Promise.race([next.then(() => true), new Promise((resolve) => setTimeout(resolve, 300, false))]);
  expect(early).toBe(false);
  await disturb();
  return (await next).value as Drift;
}

test('tells what others have changed: routes, addresses, rules, elements, devices', async () => {
  const { router, name, host, spec } = await site();
  const drifts = router.watch({ quiet: 50 });
  const route = await driftOf(drifts, () => ip(name, 'route', 'delete', '198.51.100.0/24'));
  expect(told(route)).toEqual(['create route']);
  expect(route.repaired).toBe(false);
  const address = await driftOf(drifts, () =>
    ip(name, 'address', 'delete', '203.0.113.10/32', 'dev', `qg-${spec.gateway?.id}`),
  );
  // With what has not been put right since.
  expect(told(address).sort()).toEqual(['create route', 'update floating-ip']);
  const element = await driftOf(drifts, () => nft(name, 'flush', 'map', 'ip', 'netloom', 'fip_dnat'));
  expect(told(element).sort()).toEqual(['create floating-ip', 'create route']);
  const rules = await driftOf(drifts, () => nft(name, 'flush', 'chain', 'ip', 'netloom', 'postrouting'));
  expect(told(rules)).toContain('update nftables');
  const port = await driftOf(drifts, () => ip(host.name, 'link', 'set', `tap${spec.gateway?.id}`, 'nomaster'));
  expect(told(port)).toContain('update port');
  await drifts.return();
});

test('repairs, and hears no more of it', async () => {
  const { router, name, host, spec } = await site();
  const drifts = router.watch({ repair: true, quiet: 50 });
  const drift = await driftOf(drifts, () => {
    ip(name, 'route', 'delete', '198.51.100.0/24');
    nft(name, 'delete', 'table', 'ip', 'netloom');
  });
  expect(drift).toMatchObject({ repaired: true });
  expect(ipJson(name, 'route', 'show', '198.51.100.0/24')).toHaveLength(1);
  expect(nft(name, 'list', 'map', 'ip', 'netloom', 'fip_dnat')).toContain('203.0.113.10 : 10.0.0.10');
  expect((await Router.plan(spec, { host })).changes).toEqual([]);
  // A foreign table and a foreign address are nobody's drift.
  const next = drifts.next();
  nft(name, 'add', 'table', 'ip', 'foreign');
  ip(name, 'address', 'add', '192.0.2.1/32', 'dev', 'lo');
  const quiet = await Promise.race([next.then(() => false), new Promise((resolve) => setTimeout(resolve, 400, true))]);
  expect(quiet).toBe(true);
  ip(name, 'link', 'set', `qr-${spec.interfaces?.[0]?.id}`, 'down');
  expect((await next).value).toMatchObject({ repaired: true });
  await drifts.return();
});

test('builds a namespace anew that was deleted behind its back', async () => {
  const { router, name, host, spec } = await site();
  const drifts = router.watch({ repair: true, quiet: 50 });
  const drift = await driftOf(drifts, () => run('ip', 'netns', 'delete', name));
  expect(told(drift)).toContain('create namespace');
  expect(drift.repaired).toBe(true);
  expect(await Netns.list()).toContain(name);
  expect((await Router.plan(spec, { host })).changes).toEqual([]);
  // And watches the new one.
  const again = await driftOf(drifts, () => ip(name, 'route', 'delete', '198.51.100.0/24'));
  expect(told(again)).toEqual(['create route']);
  await drifts.return();
});

test('ends with its signal, and tells a repair that fails', async () => {
  const { router, name, host } = await site();
  const controller = new AbortController();
  const drifts = router.watch({ repair: true, quiet: 50, signal: controller.signal });
  const drift = await driftOf(drifts, () => {
    ip(host.name, 'link', 'delete', 'br-int');
    ip(name, 'route', 'delete', '198.51.100.0/24');
  });
  expect(drift.repaired).toBe(false);
  expect(drift.error).toMatchObject({ code: 'ENODEV' });
  const next = drifts.next();
  controller.abort(new Error('enough'));
  expect((await rejection(next, Error)).message).toContain('enough');
  const opened = await Router.open(router.id, { host });
  expect(() => opened.watch()).toThrow('what it should be is not known');
  await opened.close();
});

/** A stream that does not come to listen, or that ends by an error. */
function failing(ready: Promise<void>, error: Error): AsyncIterable<never> & { ready: Promise<void>; close(): void } {
  return {
    ready,
    close() {},
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  };
}

test.each([
  ['does not come to listen', (error: Error) => failing(Promise.reject(error), error)],
  ['hears no more', (error: Error) => failing(Promise.resolve(), error)],
])('throws when it %s, even if it is ENOENT', async (_, streamOf) => {
  const error = new NetlinkError({ errno: 2, syscall: 'bind' });
  const host = { monitor: () => streamOf(error) } as unknown as Netns;
  const watched = { namespace: `qrouter-${uniqueName()}`, host, plan: async () => [], apply: async () => {} };
  const drifts = watchRouter(watched, { quiet: 0, signal: AbortSignal.timeout(3000) });
  expect(await rejection(drifts.next(), Error)).toBe(error);
});
