/** Neutron's functional tests of a legacy router's life, told by packets: docs/neutron-parity.md lists them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type ExtraRoute, Node, Router, type RouterSpec } from '../src/index.js';
import { noCapture } from './helpers/capture.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import { inVain, pingInVain } from './helpers/host.js';
import { cleanUp, ip, ipJson, run, uniqueName } from './helpers/namespaces.js';
import type { Answer } from './helpers/who.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

const beyond = ['198.51.100.1', '2001:db8:ff::1'] as const;
const hostOf = (answer: Answer | string): string => (typeof answer === 'string' ? answer : answer.host);

/** `without` some of a router's keys. */
function without(spec: RouterSpec, ...keys: (keyof RouterSpec)[]): RouterSpec {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !keys.includes(key as keyof RouterSpec))) as never;
}

describe.each(bindings)('a router with the %s binding', (binding) => {
  test('with a gateway: machines reach their router, the other network, and whoever is outside', async () => {
    const { stage, vm1, vm2, vm3, outside } = on;
    await stage.router(usual(binding));
    for (const to of ['10.0.0.1', '10.0.1.13', '203.0.113.1', 'fd00:a::1', 'fd00:b::13', '2001:db8::1', ...beyond]) {
      expect([to, (await vm2.ping(to)).from]).toEqual([to, [to]]);
    }
    expect(await vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
    expect(await vm3.udp('fd00:a::11', 80)).toMatchObject({ host: 'vm1', peer: 'fd00:b::13' });
    expect(await outside.tcp('fd00:a::12', 80)).toMatchObject({ host: 'vm2', peer: '2001:db8::1' });
    expect(await vm1.tcp(beyond[0], 80)).toMatchObject({ host: 'outside', peer: '203.0.113.11' });
  });

  test('its gateway goes, and comes back', async () => {
    const { stage, vm1, vm2, vm3, outside } = on;
    const spec = usual(binding);
    const router = await stage.router(spec);
    expect(await outside.reaches('203.0.113.11')).toBe(true);

    await stage.apply(without(spec, 'gateway', 'floatingIps'));
    expect(ipJson(`qrouter-${spec.id}`, 'link').map(({ ifname }) => ifname)).toEqual(['lo', 'qr-a', 'qr-b']);
    expect(ipJson(stage.node.netns.name, 'link').map(({ ifname }) => ifname)).not.toContain('tapgateway');
    expect(ipJson(`qrouter-${spec.id}`, 'rule').map(({ priority }) => priority)).toEqual([0, 32766, 32767]);
    for (const host of [vm1, vm2]) expect(await host.reaches('203.0.113.1', pingInVain)).toBe(false);
    expect(await vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
    for (const address of ['203.0.113.2', '203.0.113.11']) expect(await outside.arping(address)).toBeUndefined();

    await stage.apply(spec);
    expect(await outside.arping('203.0.113.11')).toBe(gateway.mac);
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.1' });
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
    expect(await vm2.reaches(beyond[1])).toBe(true);
    expect(await router.floatingIps.list()).toEqual(spec.floatingIps);
  });

  test('its gateway moves to another address', async () => {
    const { stage, vm2, outside } = on;
    const spec = usual(binding);
    await stage.router(spec);
    expect(await outside.reaches('203.0.113.2')).toBe(true);
    const moved = { ...gateway, addresses: ['203.0.113.3/24', '2001:db8::3/64'] };
    await stage.apply({ ...spec, gateway: moved });
    expect(await outside.arping('203.0.113.2')).toBeUndefined();
    expect(await outside.arping('203.0.113.3')).toBe(gateway.mac);
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.3' });
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
  });
});

test.each(bindings)(
  'its gateway is another port, with the %s binding: those outside who know the old one are told',
  async (binding) => {
    const { stage, vm2, outside } = on;
    const spec = usual(binding);
    await stage.router(spec);
    const addresses = ['203.0.113.2', '203.0.113.11', '2001:db8::2'];
    for (const to of addresses) expect(await outside.reaches(to)).toBe(true);
    await stage.apply({ ...spec, gateway: { ...gateway, id: 'other', mac: '02:00:00:00:00:99' } });
    for (const to of addresses) expect([to, (await outside.ping(to, { wait: 1 })).answered]).toEqual([to, [1, 2, 3]]);
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
    // The same port with another MAC address.
    await stage.apply({ ...spec, gateway: { ...gateway, id: 'other', mac: '02:00:00:00:00:98' } });
    for (const to of addresses) expect([to, (await outside.ping(to, { wait: 1 })).answered]).toEqual([to, [1, 2, 3]]);
  },
);

test('without a gateway: networks reach each other, and nothing is translated', async () => {
  const { stage, vm1, vm3 } = on;
  await stage.router(without(usual(), 'gateway', 'floatingIps'));
  expect(await vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
  expect(await vm1.tcp('fd00:b::13', 80)).toMatchObject({ host: 'vm3', peer: 'fd00:a::11' });
  for (const to of beyond) expect(await vm1.reaches(to, pingInVain)).toBe(false);
});

test('a gateway whose subnets have no next hop: those on the link are reached, nobody beyond', async () => {
  const { stage, vm2 } = on;
  const { nexthops: _, ...linkOnly } = gateway;
  const spec = usual();
  await stage.router({ ...spec, gateway: linkOnly });
  expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
  expect(await vm2.reaches('2001:db8::1')).toBe(true);
  for (const to of beyond) expect(await vm2.reaches(to, pingInVain)).toBe(false);
  await stage.apply(spec);
  for (const to of beyond) expect(await vm2.reaches(to)).toBe(true);
  await stage.apply({ ...spec, gateway: linkOnly });
  for (const to of beyond) expect(await vm2.reaches(to, pingInVain)).toBe(false);
});

test('a gateway whose IPv4 subnet has gone: IPv6 goes on', async () => {
  const { stage, vm2 } = on;
  const spec = usual();
  await stage.router(spec);
  const rest = { ...gateway, addresses: ['2001:db8::2/64'], nexthops: ['2001:db8::1'] };
  await stage.apply({ ...without(spec, 'floatingIps'), gateway: rest });
  expect(await vm2.reaches('203.0.113.1', pingInVain)).toBe(false);
  expect(await vm2.reaches(beyond[1])).toBe(true);
});

test('a namespace that was deleted behind its back is made again', async () => {
  const { stage, vm2, outside } = on;
  const spec = usual('prefix');
  await stage.router(spec);
  run('ip', 'netns', 'delete', `qrouter-${spec.id}`);
  await stage.apply(spec);
  expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
  expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
  const taps = ipJson(stage.node.netns.name, 'link').filter(({ ifname }) => ifname.startsWith('tap'));
  expect(taps.map(({ ifname }) => ifname).sort()).toEqual(['tapa', 'tapb', 'tapgateway']);
});

test('a deleted router leaves nothing that answers', async () => {
  const { stage, vm2, outside } = on;
  const spec = usual();
  const router = await stage.router(spec);
  expect(await vm2.reaches('10.0.0.1')).toBe(true);
  await router.delete();
  expect(await vm2.arping('10.0.0.1')).toBeUndefined();
  expect(await outside.arping('203.0.113.11')).toBeUndefined();
  expect(run('ip', 'netns', 'list')).not.toContain(spec.id);
  const left = ipJson(stage.node.netns.name, 'link').filter(({ ifname }) => ifname.startsWith('tap'));
  expect(left).toEqual([]);
});

test('an interface that comes, and one that goes', async () => {
  const { stage, vm1, vm3 } = on;
  const spec = usual();
  await stage.router({ ...spec, interfaces: spec.interfaces.slice(0, 1) });
  expect(await vm3.arping('10.0.1.1')).toBeUndefined();
  await stage.apply(spec);
  expect(await vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
  await stage.apply({ ...spec, interfaces: spec.interfaces.slice(0, 1) });
  expect(await vm3.arping('10.0.1.1')).toBeUndefined();
  expect(await vm1.reaches('203.0.113.1')).toBe(true);
});

test.skipIf(noCapture)('the MTU of an interface is altered in place: larger packets are told so', async () => {
  const { stage, vm1, vm3 } = on;
  const spec = usual();
  const router = await stage.router(spec);
  const index = (await router.netns.links.get('qr-a')).index;
  expect((await vm3.ping('10.0.0.11', { size: 1472 })).answered).toHaveLength(3);
  const [a, b] = spec.interfaces;
  await stage.apply({ ...spec, interfaces: [{ ...a, mtu: 1400 }, b] });
  expect(ipJson(`qrouter-${spec.id}`, 'link', 'show', 'qr-a')[0]).toMatchObject({ mtu: 1400, ifindex: index });
  const seen = await vm3.capture('eth0', 'icmp[0]=3', 'or', 'icmp6[0]=2');
  expect((await vm3.ping('10.0.0.11', { size: 1372 })).answered).toHaveLength(3);
  expect(await vm3.reaches('10.0.0.11', { ...pingInVain, size: 1373 })).toBe(false);
  expect((await vm3.ping('fd00:a::11', { size: 1352 })).answered).toHaveLength(3);
  expect(await vm3.reaches('fd00:a::11', { ...pingInVain, size: 1353 })).toBe(false);
  const told = (await seen.packets(2)).join('\n');
  expect(told).toContain('10.0.1.1 > 10.0.1.13: ICMP 10.0.0.11 unreachable - need to frag (mtu 1400)');
  expect(told).toMatch(/fd00:b::1 > fd00:b::13: ICMP6, packet too big, mtu 1400/);
  // What they were told they would remember.
  for (const family of ['-4', '-6']) ip(vm3.netns.name, family, 'route', 'flush', 'cache');
  await stage.apply({ ...spec, interfaces: [{ ...a, mtu: 1500 }, b] });
  expect((await vm3.ping('10.0.0.11', { size: 1472 })).answered).toHaveLength(3);
  expect((await vm1.ping('10.0.1.13', { size: 1472 })).answered).toHaveLength(3);
});

describe('extra routes with several next hops', () => {
  const spec = usual();
  const behind = ['192.0.2', 'fd00:c::'] as const;
  const hops = { v4: ['10.0.0.11', '10.0.0.12'], v6: ['fd00:a::11', 'fd00:a::12'] } as const;
  const routes = (...which: number[]): readonly ExtraRoute[] =>
    which.flatMap((at) => [
      { dst: '192.0.2.0/24', via: hops.v4[at] as string },
      { dst: 'fd00:c::/64', via: hops.v6[at] as string },
    ]);
  /** Who answers for 24 addresses of each network behind the next hops. */
  const answering = async (): Promise<string[][]> => {
    const ask = (addresses: readonly string[]) => Promise.all(addresses.map((to) => on.vm3.tcp(to, 80, inVain)));
    const numbers = Array.from({ length: 24 }, (_, n) => n + 1);
    const answers = [
      await ask(numbers.map((n) => `${behind[0]}.${n}`)),
      await ask(numbers.map((n) => `${behind[1]}${n}`)),
    ];
    return answers.map((those) => [...new Set(those.map(hostOf))].sort());
  };

  beforeAll(async () => {
    for (const { netns } of [on.vm1, on.vm2]) {
      for (const dst of ['192.0.2.0/24', 'fd00:c::/64']) await netns.routes.add({ dst, type: 'local', dev: 'lo' });
    }
  });

  test('share the traffic, and follow each change', async () => {
    await on.stage.router({ ...spec, routes: routes(0, 1) });
    expect(await answering()).toEqual([
      ['vm1', 'vm2'],
      ['vm1', 'vm2'],
    ]);
    await on.stage.apply({ ...spec, routes: routes(1) });
    expect(await answering()).toEqual([['vm2'], ['vm2']]);
    await on.stage.apply({ ...spec, routes: routes(1, 0) });
    expect(await answering()).toEqual([
      ['vm1', 'vm2'],
      ['vm1', 'vm2'],
    ]);
    await on.stage.apply({ ...spec, routes: routes(0) });
    expect(await answering()).toEqual([['vm1'], ['vm1']]);
    await on.stage.apply({ ...spec, routes: [] });
    expect(await on.vm3.tcp('192.0.2.1', 80, inVain)).not.toMatchObject({ host: 'vm1' });
    expect(ipJson(`qrouter-${spec.id}`, 'route').filter(({ dst }) => dst === '192.0.2.0/24')).toEqual([]);
  });
});

describe('a node whose agent was away', () => {
  const name = uniqueName();
  const first = usual();
  /** A second tenant's, on the same external network. */
  const second = (): RouterSpec => ({
    id: uniqueName(),
    gateway: { id: 'gateway2', bridge: 'br-ex', addresses: ['203.0.113.4/24'], nexthops: ['203.0.113.1'] },
    interfaces: [{ id: 'c', bridge: 'br-b', addresses: ['10.0.1.2/24'] }],
  });

  test('routers that were deleted meanwhile are removed, and the others go on carrying', async () => {
    const { stage, outside, vm1 } = on;
    const host = stage.node.netns;
    const gone = second();
    cleanUp(() => Node.apply({ name, routers: [] }, { host, announce: false }));
    await Node.apply({ name, routers: [first, gone] }, { host, announce: false });
    await stage.ready();
    expect(await outside.reaches('203.0.113.4')).toBe(true);
    const stream = await outside.stream('203.0.113.11', 80);
    expect(await stream.runs()).toBe(true);
    const report = await Node.apply({ name, routers: [first] }, { host, announce: false });
    const outcome = (id: string): string | undefined => report.units.find((unit) => unit.id === id)?.outcome;
    expect([outcome(first.id), outcome(gone.id)]).toEqual(['unchanged', 'deleted']);
    expect(await outside.arping('203.0.113.4')).toBeUndefined();
    expect(run('ip', 'netns', 'list')).not.toContain(gone.id);
    expect([await stream.runs(), stream.inOrder]).toEqual([true, true]);
    stream.close();
    expect(await vm1.reaches(beyond[0])).toBe(true);
  });

  test('what was altered behind its back is as described again', async () => {
    const { stage, outside, vm2 } = on;
    const spec = usual();
    await stage.router(spec);
    const namespace = `qrouter-${spec.id}`;
    ip(namespace, 'route', 'delete', 'default');
    ip(namespace, 'address', 'delete', '203.0.113.11/32', 'dev', 'qg-gateway');
    ip(namespace, 'link', 'set', 'qr-b', 'down');
    run('ip', 'netns', 'exec', namespace, 'nft', 'flush', 'ruleset');
    ip(stage.node.netns.name, 'link', 'set', 'tapa', 'nomaster');
    expect(await vm2.reaches('10.0.0.1', pingInVain)).toBe(false);
    await stage.apply(spec);
    expect(await vm2.tcp('198.51.100.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
    expect(await on.vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
    expect((await Router.plan(spec, { host: stage.node.netns })).changes).toEqual([]);
  });
});
