/** NDP proxy: the gateway port answers outside for addresses inside, and only those are reached. */
import { expect, test } from 'vitest';
import type { RouterSpec } from '../src/index.js';
import { pingInVain } from './helpers/host.js';
import { ip, ipJson, uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';

/** A proxy answers up to 0.8 seconds late (pneigh_enqueue, proxy_delay). */
const inVain = { ...pingInVain, wait: 1.2 };

test('an address inside is answered for, reached and left again', async () => {
  const s = await Stage.create(['br-in']);
  // Outside, tenants' addresses are on the link: nobody has a route by the router.
  const outside = await s.host('outside', 'br-ex', ['2001:db8::1/32']);
  const vm = await s.host('vm', 'br-in', ['2001:db8:1::11/64', '2001:db8:1::12/64'], ['2001:db8:1::1']);
  const id = uniqueName();
  const device = 'qg-gw';
  const spec: RouterSpec = {
    id,
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['2001:db8::2/32'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['2001:db8:1::1/64'] }],
  };
  await s.router({ ...spec, ndpProxies: ['2001:db8:1::11'] });
  expect(await outside.reaches('2001:db8:1::11')).toBe(true);
  expect(await outside.reaches('2001:db8:1::12', inVain)).toBe(false);
  // Not even where the sender knows the way.
  await outside.netns.routes.add({ dst: '2001:db8:1::12', via: '2001:db8::2' });
  expect(await outside.reaches('2001:db8:1::12', inVain)).toBe(false);
  expect(await vm.reaches('2001:db8:1::1')).toBe(true);
  expect(ipJson(`qrouter-${id}`, '-6', 'neigh', 'show', 'proxy')).toEqual([
    { dst: '2001:db8:1::11', dev: device, proxy: null, protocol: '78' },
  ]);
  expect(await s.plan({ ...spec, ndpProxies: ['2001:db8:1::11'] })).toEqual([]);

  // Another address: the one comes, the other goes; an entry of somebody else's stays.
  ip(`qrouter-${id}`, '-6', 'neigh', 'add', 'proxy', '2001:db8:1::99', 'dev', device);
  expect(await s.plan({ ...spec, ndpProxies: ['2001:db8:1::12'] })).toEqual([
    expect.stringMatching(/^~ nftables table ip6 netloom: elements of ndp_proxy$/),
    `+ neighbour proxy 2001:db8:1::12 on ${device}`,
    `- neighbour proxy 2001:db8:1::11 on ${device}`,
  ]);
  await s.router({ ...spec, ndpProxies: ['2001:db8:1::12'] });
  await outside.netns.routes.delete({ dst: '2001:db8:1::12' });
  expect(await outside.reaches('2001:db8:1::12')).toBe(true);
  expect(await outside.reaches('2001:db8:1::11', inVain)).toBe(false);

  // An empty list answers for none, and lets nothing in; no list lets in what has a route.
  await s.router({ ...spec, ndpProxies: [] });
  await outside.netns.routes.add({ dst: '2001:db8:1::12', via: '2001:db8::2' });
  expect(await outside.reaches('2001:db8:1::12', inVain)).toBe(false);
  const router = await s.router(spec);
  expect(await outside.reaches('2001:db8:1::12')).toBe(true);
  expect(await router.netns.sysctl.get(`net/ipv6/conf/${device}/proxy_ndp`)).toBe('0');
  expect(ipJson(`qrouter-${id}`, '-6', 'neigh', 'show', 'proxy').map(({ dst }) => dst)).toEqual(['2001:db8:1::99']);
  expect(await s.plan(spec)).toEqual([]);
});

test('an entry that a crash has left, or taken, is repaired', async () => {
  const s = await Stage.create(['br-in']);
  const id = uniqueName();
  const spec: RouterSpec = {
    id,
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['2001:db8::2/32'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['2001:db8:1::1/64'] }],
    ndpProxies: ['2001:db8:1::11', '2001:db8:1::12'],
  };
  const router = await s.router(spec);
  const dev = 'qg-gw';
  await router.netns.neighbours.delete({ dev, dst: '2001:db8:1::12', proxy: true });
  await router.netns.neighbours.add({ dev, dst: '2001:db8:1::13', proxy: true, protocol: 78 });
  await s.router(spec);
  const proxied = ipJson(`qrouter-${id}`, '-6', 'neigh', 'show', 'proxy').map(({ dst }) => dst);
  expect(proxied.sort()).toEqual(['2001:db8:1::11', '2001:db8:1::12']);
});

test('refuses what it cannot answer for', async () => {
  const s = await Stage.create(['br-in']);
  const gateway = { id: 'gw', bridge: 'br-ex', addresses: ['2001:db8::2/64'] };
  const interfaces = [{ id: 'in', bridge: 'br-in', addresses: ['2001:db8:1::1/64'] }];
  const refused = async (spec: Omit<RouterSpec, 'id'>, message: string): Promise<void> => {
    await expect(s.plan({ id: uniqueName(), ...spec })).rejects.toThrow(message);
  };
  await refused({ interfaces, ndpProxies: ['2001:db8:1::11'] }, 'need a gateway');
  await refused({ gateway, interfaces, ndpProxies: ['2001:db8:2::11'] }, 'ndpProxies[0]: "2001:db8:2::11" is on none');
  await refused({ gateway, interfaces, ndpProxies: ['2001:db8:1::11', '2001:db8:1:0::11'] }, 'is there twice');
  await refused({ gateway, interfaces, ndpProxies: ['10.0.0.1'] }, 'ndpProxies[0]');
});
