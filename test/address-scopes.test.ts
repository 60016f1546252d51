/** Address scopes: who reaches whom, by packets. As Neutron's functional tests have them: test_legacy_router.py, *_address_scope*. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { RouterSpec } from '../src/index.js';
import { type Host, pingInVain } from './helpers/host.js';
import { runIn, uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';

describe('IPv4, the gateway in the scope of one tenant network', () => {
  let s: Stage;
  let outside: Host;
  let same: Host;
  let other: Host;
  let spec: RouterSpec;

  beforeEach(async () => {
    s = await Stage.create(['br-same', 'br-other']);
    outside = await s.host('outside', 'br-ex', ['203.0.113.1/24']);
    same = await s.host('same', 'br-same', ['10.0.1.11/24'], ['10.0.1.1']);
    other = await s.host('other', 'br-other', ['10.0.2.11/24'], ['10.0.2.1']);
    // So that it can send to fixed addresses at all.
    await outside.netns.routes.add({ dst: '10.0.0.0/16', via: '203.0.113.2' });
    spec = {
      id: uniqueName(),
      gateway: {
        id: 'gw',
        bridge: 'br-ex',
        addresses: ['203.0.113.2/24'],
        nexthops: ['203.0.113.1'],
        addressScopes: { ipv4: 'scope1' },
      },
      interfaces: [
        { id: 'sa', bridge: 'br-same', addresses: ['10.0.1.1/24'], addressScopes: { ipv4: 'scope1' } },
        { id: 'ot', bridge: 'br-other', addresses: ['10.0.2.1/24'], addressScopes: { ipv4: 'scope2' } },
      ],
    };
  });

  test('within the scope addresses are routed as they are, to another nothing goes but out by SNAT', async () => {
    const router = await s.router(spec);
    expect(await outside.reaches('10.0.1.11')).toBe(true);
    expect(await outside.reaches('10.0.2.11', pingInVain)).toBe(false);
    expect(await same.reaches('10.0.2.11', pingInVain)).toBe(false);
    expect(await other.reaches('10.0.1.11', pingInVain)).toBe(false);
    // Both reach the outside; what of them it sees is their own address, and the gateway's.
    const seen = async (from: Host): Promise<string | undefined> => {
      await router.netns.conntrack.flush();
      expect(await from.reaches('203.0.113.1')).toBe(true);
      const [flow] = await router.netns.conntrack.list({ originalDst: '203.0.113.1' });
      return flow?.reply.dst;
    };
    expect(await seen(same)).toBe('10.0.1.11');
    expect(await seen(other)).toBe('203.0.113.2');
    expect(await s.plan(spec)).toEqual([]);
  });

  test('floating IPs cross scopes, in both directions', async () => {
    await s.router({
      ...spec,
      floatingIps: [
        { floatingAddress: '203.0.113.10', fixedAddress: '10.0.1.11' },
        { floatingAddress: '203.0.113.11', fixedAddress: '10.0.2.11' },
      ],
    });
    expect(await outside.reaches('203.0.113.10')).toBe(true);
    expect(await outside.reaches('203.0.113.11')).toBe(true);
    // From the gateway's scope to a floating IP of another; and from a port with a floating IP to the gateway's scope.
    expect(await same.reaches('203.0.113.11')).toBe(true);
    expect(await other.reaches('10.0.1.11')).toBe(true);
    // But not the other way round without it.
    expect(await same.reaches('10.0.2.11', pingInVain)).toBe(false);
    expect(await outside.reaches('10.0.2.11', pingInVain)).toBe(false);
  });

  test('a floating IP that comes and goes takes the passage with it', async () => {
    const router = await s.router(spec);
    const pair = { floatingAddress: '203.0.113.11', fixedAddress: '10.0.2.11' };
    await router.floatingIps.associate([pair]);
    expect(await other.reaches('10.0.1.11')).toBe(true);
    expect(await s.plan({ ...spec, floatingIps: [pair] })).toEqual([]);
    await router.floatingIps.disassociate(['203.0.113.11']);
    expect(await other.reaches('10.0.1.11', pingInVain)).toBe(false);
    expect(await s.plan(spec)).toEqual([]);
  });

  test('without SNAT another scope does not get out, but by a floating IP', async () => {
    const closed: RouterSpec = { ...spec, gateway: { ...(spec.gateway as object), enableSnat: false } as never };
    const router = await s.router(closed);
    expect(await same.reaches('203.0.113.1')).toBe(true);
    expect(await other.reaches('203.0.113.1', pingInVain)).toBe(false);
    await router.floatingIps.associate([{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.2.11' }]);
    expect(await other.reaches('203.0.113.1')).toBe(true);
    expect(await outside.reaches('203.0.113.11')).toBe(true);
  });

  test('scopes that go from the description go from the router', async () => {
    await s.router(spec);
    const { gateway, interfaces = [], ...rest } = spec;
    const { addressScopes: _, ...plainGateway } = gateway as NonNullable<RouterSpec['gateway']>;
    const plain = { ...rest, gateway: plainGateway, interfaces: interfaces.map(({ addressScopes: _, ...one }) => one) };
    const router = await s.router(plain);
    expect(await same.reaches('10.0.2.11')).toBe(true);
    expect(await s.plan(plain)).toEqual([]);
    const rules = runIn(router.netns, 'nft', 'list', 'ruleset');
    expect(rules).not.toContain('scope');
    expect(rules).not.toContain('forward');
  });
});

test('IPv6: a scope is reached from itself alone, and there is no way round', async () => {
  const s = await Stage.create(['br-same', 'br-other']);
  const outside = await s.host('outside', 'br-ex', ['2001:db8::1/64']);
  const same = await s.host('same', 'br-same', ['2001:db8:1::11/64'], ['2001:db8:1::1']);
  const other = await s.host('other', 'br-other', ['2001:db8:2::11/64'], ['2001:db8:2::1']);
  await outside.netns.routes.add({ dst: '2001:db8::/32', via: '2001:db8::2' });
  const ports = (id: string, bridge: string, network: string, scope: string) => ({
    id,
    bridge,
    addresses: [`${network}::1/64`],
    addressScopes: { ipv6: scope },
  });
  const spec: RouterSpec = {
    id: uniqueName(),
    gateway: {
      id: 'gw',
      bridge: 'br-ex',
      addresses: ['2001:db8::2/64'],
      nexthops: ['2001:db8::1'],
      addressScopes: { ipv6: 'scope1' },
    },
    interfaces: [ports('sa', 'br-same', '2001:db8:1', 'scope1'), ports('ot', 'br-other', '2001:db8:2', 'scope2')],
  };
  await s.router(spec);
  expect(await outside.reaches('2001:db8:1::11')).toBe(true);
  expect(await same.reaches('2001:db8::1')).toBe(true);
  expect(await outside.reaches('2001:db8:2::11', pingInVain)).toBe(false);
  expect(await other.reaches('2001:db8::1', pingInVain)).toBe(false);
  expect(await same.reaches('2001:db8:2::11', pingInVain)).toBe(false);
  expect(await s.plan(spec)).toEqual([]);
});
