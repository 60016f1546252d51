import { beforeEach, describe, expect, test } from 'vitest';
import { BatchError, NetlinkError, type RouteSpec } from '../src/index.js';
import { type IpObject, ip, ipJson, type NamedNetns, namespaceWithVeth, rejection } from './helpers/namespaces.js';

let netns: NamedNetns;
beforeEach(async () => {
  netns = await namespaceWithVeth();
  await netns.addresses.add([
    { dev: 'veth0', address: '192.0.2.1/24' },
    { dev: 'veth1', address: '198.51.100.1/24' },
    { dev: 'veth0', address: '2001:db8::1/64', nodad: true },
    { dev: 'veth1', address: '2001:db8:1::1/64', nodad: true },
  ]);
});

/** Routes that are not the kernel's own. */
function shown(family: 4 | 6 = 4, table = 'main'): IpObject[] {
  try {
    const routes = ipJson(netns.name, '-d', `-${family}`, 'route', 'show', 'table', table);
    return routes.filter(({ protocol }) => protocol !== 'kernel');
  } catch {
    // "FIB table does not exist": nothing was ever put into it.
    return [];
  }
}

describe('add', () => {
  test.each<[string, RouteSpec, object]>([
    ['a gateway', { dst: '10.0.0.0/8', via: '192.0.2.2' }, { dst: '10.0.0.0/8', gateway: '192.0.2.2', dev: 'veth0' }],
    ['a device', { dst: '10.0.0.0/8', dev: 'veth1' }, { dst: '10.0.0.0/8', dev: 'veth1', scope: 'link' }],
    ["a host's", { dst: '10.0.0.1', via: '192.0.2.2' }, { dst: '10.0.0.1' }],
    ['default', { dst: 'default', via: '192.0.2.2' }, { dst: 'default', gateway: '192.0.2.2', protocol: 'boot' }],
    ['0.0.0.0/0', { dst: '0.0.0.0/0', via: '192.0.2.2' }, { dst: 'default', gateway: '192.0.2.2' }],
    ['metric', { dst: '10.0.0.0/8', dev: 'veth0', metric: 42 }, { metric: 42 }],
    ['prefsrc', { dst: '10.0.0.0/8', dev: 'veth0', prefsrc: '198.51.100.1' }, { prefsrc: '198.51.100.1' }],
    ['protocol', { dst: '10.0.0.0/8', dev: 'veth0', protocol: 'static' }, { protocol: 'static' }],
    ['mtu', { dst: '10.0.0.0/8', dev: 'veth0', mtu: 1280 }, { metrics: [{ mtu: 1280 }] }],
    ['onlink', { dst: '10.0.0.0/8', via: '203.0.113.1', dev: 'veth0', onlink: true }, { flags: ['onlink'] }],
    ['blackhole', { dst: '10.0.0.0/8', type: 'blackhole' }, { type: 'blackhole', dst: '10.0.0.0/8' }],
    ['unreachable', { dst: '10.0.0.0/8', type: 'unreachable' }, { type: 'unreachable' }],
    ['IPv6, a gateway', { dst: 'fd00::/16', via: '2001:db8::2' }, { dst: 'fd00::/16', gateway: '2001:db8::2' }],
    ['IPv6, default', { dst: 'default', via: '2001:db8::2' }, { dst: 'default', dev: 'veth0' }],
    ['IPv6, a device', { dst: 'default', family: 'inet6', dev: 'veth1' }, { dst: 'default', dev: 'veth1' }],
    ['IPv6, prohibit', { dst: 'fd00::/16', type: 'prohibit' }, { type: 'prohibit', dst: 'fd00::/16' }],
    ['IPv6, metric', { dst: 'fd00::/16', dev: 'veth0', metric: 5 }, { metric: 5 }],
  ])('%s', async (name, spec, expected) => {
    await netns.routes.add(spec);
    expect(shown(name.startsWith('IPv6') ? 6 : 4)).toEqual([expect.objectContaining(expected)]);
    await netns.routes.delete(spec);
    expect(shown(name.startsWith('IPv6') ? 6 : 4)).toEqual([]);
  });

  test.each([[77], [100_000]])('to table %i', async (table) => {
    await netns.routes.add([
      { dst: '10.0.0.0/8', dev: 'veth0', table },
      { dst: 'fd00::/16', dev: 'veth0', table },
    ]);
    expect(shown(4, String(table))).toMatchObject([{ dst: '10.0.0.0/8' }]);
    expect(shown(6, String(table))).toMatchObject([{ dst: 'fd00::/16' }]);
    expect(shown()).toEqual([]);
    expect(await netns.routes.list({ table })).toMatchObject([{ table }, { table }]);
  });

  test('several next hops', async () => {
    const multipath = [
      { via: '192.0.2.2', weight: 3 },
      { via: '198.51.100.2', dev: 'veth1' },
    ];
    await netns.routes.add({ dst: '10.0.0.0/8', multipath });
    expect(shown()).toMatchObject([
      {
        nexthops: [
          { gateway: '192.0.2.2', dev: 'veth0', weight: 3 },
          { gateway: '198.51.100.2', dev: 'veth1', weight: 1 },
        ],
      },
    ]);
    const [route] = await netns.routes.list({ protocol: 'boot' });
    expect(route?.multipath).toMatchObject([
      { gateway: '192.0.2.2', dev: 'veth0', weight: 3 },
      { gateway: '198.51.100.2', dev: 'veth1', weight: 1 },
    ]);
  });
});

describe('list', () => {
  test.each(['inet', 'inet6'] as const)('agrees with ip on every table (%s)', async (family) => {
    ip(netns.name, 'route', 'add', '10.0.0.0/8', 'via', '192.0.2.2', 'metric', '7', 'mtu', '1300', 'proto', 'static');
    ip(netns.name, 'route', 'add', 'blackhole', '10.9.0.0/16', 'table', '77');
    ip(netns.name, '-6', 'route', 'add', 'fd00::/16', 'via', '2001:db8::2', 'table', '77');
    const theirs = ipJson(netns.name, '-d', family === 'inet' ? '-4' : '-6', 'route', 'show', 'table', 'all');
    const listed = await netns.routes.list({ table: 'all', family });
    expect(listed).toHaveLength(theirs.length);
    for (const [at, route] of listed.entries()) {
      const { dst, gateway, dev, type, prefsrc, metric, scope, table } = theirs[at]!;
      expect(route).toMatchObject({ dst, type, scope, table: table === '77' ? 77 : (table ?? 'main') });
      expect(route).toMatchObject({ protocol: theirs[at]!.protocol, family });
      expect([route.gateway, route.dev, route.prefsrc, route.metric]).toEqual([gateway, dev, prefsrc, metric]);
      expect(route.mtu).toBe(theirs[at]!.metrics?.[0]?.mtu);
    }
  });

  test('filters', async () => {
    await netns.routes.add([
      { dst: '10.0.0.0/8', dev: 'veth1', protocol: 'static' },
      { dst: '10.9.0.0/16', type: 'blackhole' },
    ]);
    const found = async (filter: Parameters<typeof netns.routes.list>[0]) =>
      (await netns.routes.list({ family: 'inet', ...filter })).map(({ dst }) => dst);
    expect(await found({ type: 'blackhole' })).toEqual(['10.9.0.0/16']);
    expect(await found({ protocol: 'static' })).toEqual(['10.0.0.0/8']);
    expect(await found({ dev: 'veth1' })).toEqual(['10.0.0.0/8', '198.51.100.0/24']);
    expect(await found({ table: 4242 })).toEqual([]);
  });
});

test('get is the route that a packet takes', async () => {
  await netns.routes.add({ dst: '10.0.0.0/8', via: '198.51.100.2' });
  const [theirs] = ipJson(netns.name, 'route', 'get', '10.1.2.3');
  const { dst, gateway, dev, prefsrc } = theirs!;
  expect(await netns.routes.get('10.1.2.3')).toMatchObject({ dst, gateway, dev, prefsrc });
  expect(await netns.routes.get('2001:db8:1::9')).toMatchObject({ dev: 'veth1', family: 'inet6' });
  const none = await rejection(netns.routes.get('203.0.113.1'), NetlinkError);
  expect(none).toMatchObject({ code: 'ENETUNREACH', syscall: 'RTM_GETROUTE' });
});

test('replace puts one in the place of another', async () => {
  for (const [family, dst, first, second] of [
    [4, '10.0.0.0/8', '192.0.2.2', '192.0.2.3'],
    [6, 'fd00::/16', '2001:db8::2', '2001:db8::3'],
  ] as const) {
    await netns.routes.replace({ dst, via: first });
    await netns.routes.replace({ dst, via: second });
    expect(shown(family)).toEqual([expect.objectContaining({ dst, gateway: second })]);
  }
});

describe('errors', () => {
  test('one that is there, one that is not', async () => {
    for (const dst of ['10.0.0.0/8', 'fd00::/16']) {
      const spec = { dst, dev: 'veth0' };
      await netns.routes.add(spec);
      const taken = await rejection(netns.routes.add(spec), NetlinkError);
      expect(taken).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWROUTE', request: spec });
      expect(taken.message).toContain(`${dst} dev veth0`);
      await netns.routes.delete(spec);
      expect(await rejection(netns.routes.delete(spec), NetlinkError)).toMatchObject({ code: 'ESRCH' });
    }
  });

  test('a gateway that is nowhere, in the words of the kernel', async () => {
    const lost = await rejection(netns.routes.add({ dst: '10.0.0.0/8', via: '203.0.113.1' }), NetlinkError);
    expect(lost).toMatchObject({ code: 'ENETUNREACH', kernelMessage: 'Nexthop has invalid gateway' });
    const nowhere = netns.routes.add({ dst: '10.0.0.0/8', dev: 'nosuch' });
    expect(await rejection(nowhere, NetlinkError)).toMatchObject({ code: 'ENODEV' });
  });

  test.each<[object]>([
    [{ dst: '10.0.0.1/8', dev: 'veth0' }],
    [{ dst: 'fd00::1/16', dev: 'veth0' }],
    [{ dst: '10.0.0.0/40', dev: 'veth0' }],
    [{ dst: 'everywhere', dev: 'veth0' }],
    [{ dst: '10.0.0.0/8', via: '192.0.2' }],
    [{ dst: 'fd00::/16', via: '192.0.2.2' }],
    [{ dst: '10.0.0.0/8', dev: 'veth0', type: 'wormhole' }],
    [{ dst: '10.0.0.0/8', dev: 'veth0', table: 'mine' }],
    [{ dst: '10.0.0.0/8', device: 'veth0' }],
  ])('%j is refused before anything is sent', async (spec) => {
    const good = { dst: '10.77.0.0/16', dev: 'veth0' };
    const error = await rejection(netns.routes.add([good, spec as RouteSpec]), TypeError);
    expect(error.message).toMatch(/^specs\[1\]\./);
    expect(shown()).toEqual([]);
  });

  test('a batch that fails in part keeps the rest, or undoes it', async () => {
    const specs = [1, 2, 1, 3].map((at) => ({ dst: `10.${at}.0.0/16`, dev: 'veth0' }));
    const undone = await rejection(netns.routes.add(specs, { rollback: true }), BatchError);
    expect(undone).toMatchObject({ rolledBack: true, code: 'EEXIST', failures: [{ index: 2 }] });
    expect(shown()).toEqual([]);
    expect(await rejection(netns.routes.add(specs), BatchError)).toMatchObject({ rolledBack: false });
    expect(shown().map(({ dst }) => dst)).toEqual(['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16']);
  });
});

test('1,000 calls in one tick', async () => {
  const destinations = Array.from({ length: 1000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
  await Promise.all(destinations.map((dst) => netns.routes.add({ dst, via: '192.0.2.2' })));
  expect(shown().map(({ dst }) => dst)).toEqual(destinations);
});
