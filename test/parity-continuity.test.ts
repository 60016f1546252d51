/**
 * What does not change is not interrupted: a ping at 1 kHz and TCP streams through floating IPs that stay, while everything else of the
 * router is altered. Each ping and each number of a stream has to come back.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { FloatingIp, GatewaySpec, RouterSpec } from '../src/index.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import type { Stream } from './helpers/stream.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

const pools = { floatingPools: ['203.0.113.0/24', '198.18.0.0/16'] };
const kept: FloatingIp[] = [
  { floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' },
  { floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' },
];
const many = (count: number, shift: number): FloatingIp[] =>
  Array.from({ length: count }, (_, n) => ({
    floatingAddress: `198.18.${n >> 8}.${n & 255}`,
    fixedAddress: `10.9.${((n + shift) >> 8) & 255}.${(n + shift) & 255}`,
  }));

/** One change after the other, the last of them back to what it was. */
function changes(spec: RouterSpec): readonly (readonly [string, RouterSpec])[] {
  const [a, b] = spec.interfaces as [
    NonNullable<RouterSpec['interfaces']>[0],
    NonNullable<RouterSpec['interfaces']>[0],
  ];
  const with_ = (change: Partial<RouterSpec>): RouterSpec => ({ ...spec, ...change });
  const external = (change: Partial<GatewaySpec>): RouterSpec =>
    with_({ gateway: { ...gateway, ...pools, ...change } });
  const forwarded = { floatingAddress: '203.0.113.20', fixedAddress: '10.0.0.12', protocol: 'tcp' } as const;
  return [
    ['a thousand and a half more, for which the maps grow', with_({ floatingIps: [...kept, ...many(1500, 0)] })],
    ['all of those moved', with_({ floatingIps: [...kept, ...many(1500, 7)] })],
    ['all but some removed', with_({ floatingIps: [...kept, ...many(20, 7)] })],
    ['port forwardings', with_({ portForwardings: [{ ...forwarded, port: '8000-8100' }] })],
    ['others, and metadata', with_({ portForwardings: [{ ...forwarded, port: 22 }], metadata: {} })],
    ['no SNAT for the rest', external({ enableSnat: false })],
    ['another interface and routes', with_({ routes: [{ dst: '192.0.2.0/24', via: '10.0.0.12' }], interfaces: [a] })],
    ['an address more on the gateway', external({ addresses: [...gateway.addresses, '198.51.100.254/32'] })],
    ['another MTU inside', with_({ interfaces: [{ ...a, mtu: 1400 }, b] })],
    ['and all of it back', with_({ interfaces: [{ ...a, mtu: 1500 }, b] })],
  ];
}

/** Runs `work` while all of it is under way, and says what was lost. */
async function underTraffic(work: (check: (after: string) => Promise<void>) => Promise<void>): Promise<void> {
  const { outside, vm1, vm2 } = on;
  const pings = [await outside.pinging('203.0.113.11'), await vm2.pinging('203.0.113.1')];
  const streams: Stream[] = [
    await outside.stream('203.0.113.11', 80),
    await vm1.stream('203.0.113.1', 80),
    await vm2.stream('203.0.113.1', 80),
    await vm2.stream('203.0.113.11', 80),
  ];
  expect(streams.map(({ server }) => server.peer)).toEqual([
    '203.0.113.1',
    '203.0.113.11',
    '203.0.113.12',
    '203.0.113.12',
  ]);
  await work(async (after) => {
    const run = await Promise.all(streams.map((stream) => stream.runs()));
    // Who knows the MAC address already would not notice that nobody answers for it any more.
    const answered = await Promise.all(['203.0.113.11', '203.0.113.12'].map((address) => outside.arping(address)));
    expect([after, ...run, ...answered]).toEqual([after, true, true, true, true, gateway.mac, gateway.mac]);
  });
  for (const stream of streams) {
    expect(stream.inOrder).toBe(true);
    stream.close();
  }
  for (const pinging of pings) {
    const { answered } = await pinging.stop();
    const missing = answered.flatMap((number, at) => (number === (answered[at - 1] ?? 0) + 1 ? [] : [number]));
    expect(missing).toEqual([]);
    expect(answered.length).toBeGreaterThan(300);
  }
}

describe.each(bindings)('with the %s binding', (binding) => {
  test('nothing is lost while the rest of the router changes', async () => {
    const { stage } = on;
    const spec: RouterSpec = { ...usual(binding), gateway: { ...gateway, ...pools }, floatingIps: kept };
    await stage.router(spec);
    await underTraffic(async (check) => {
      for (const [what, changed] of changes(spec)) {
        await stage.apply(changed);
        await check(what);
      }
    });
  });
});

test('nothing is lost while the binding changes, or nothing changes', async () => {
  const { stage } = on;
  const spec: RouterSpec = { ...usual(), gateway: { ...gateway, ...pools }, floatingIps: kept };
  await stage.router(spec);
  await underTraffic(async (check) => {
    for (const floatingIpBinding of ['route', 'prefix', 'address', 'prefix', 'route', 'address', 'address'] as const) {
      await stage.apply({ ...spec, floatingIpBinding });
      await check(floatingIpBinding);
    }
  });
});
