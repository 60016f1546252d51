import { expect, test } from 'vitest';
import { NetlinkError } from '../src/index.js';
import { ip, ipJson, namespaceWithVeth, rejection } from './helpers/namespaces.js';

test('makes nexthop objects as ip does, and lists them', async () => {
  const netns = await namespaceWithVeth();
  await netns.addresses.add({ dev: 'veth0', address: '10.0.0.1/24' });
  // A black hole is on the loopback device.
  await netns.links.set('lo', { up: true });
  await netns.nexthops.add([
    { id: 1, dev: 'veth0' },
    { id: 2, dev: 'veth0', via: '10.0.0.9', protocol: 78 },
    { id: 3, blackhole: true },
    { id: 4, dev: 'veth0', via: 'fe80::9' },
    { id: 5, group: [{ id: 1, weight: 10 }, { id: 2 }] },
  ]);
  const shown = ipJson(netns.name, 'nexthop');
  expect(shown.map(({ id, dev, gateway, blackhole, group }) => ({ id, dev, gateway, blackhole, group }))).toEqual([
    { id: 1, dev: 'veth0' },
    { id: 2, dev: 'veth0', gateway: '10.0.0.9' },
    { id: 3, blackhole: null },
    { id: 4, dev: 'veth0', gateway: 'fe80::9' },
    { id: 5, group: [{ id: 1, weight: 10 }, { id: 2 }] },
  ]);
  ip(netns.name, 'nexthop', 'add', 'id', '6', 'via', '10.0.0.8', 'dev', 'veth0', 'onlink');
  const listed = await netns.nexthops.list();
  expect(listed).toHaveLength(6);
  expect(listed[4]).toMatchObject({
    id: 5,
    group: [
      { id: 1, weight: 10 },
      { id: 2, weight: 1 },
    ],
    blackhole: false,
  });
  expect(listed[5]).toMatchObject({ id: 6, dev: 'veth0', gateway: '10.0.0.8', flags: ['onlink'] });
  expect(listed[2]).toMatchObject({ id: 3, blackhole: true });
});

test('routes share one, move with it, and go with it', async () => {
  const netns = await namespaceWithVeth();
  await netns.addresses.add({ dev: 'veth0', address: '10.0.0.1/24' });
  await netns.nexthops.add({ id: 7, dev: 'veth0', via: '10.0.0.7' });
  await netns.routes.add([
    { dst: '192.0.2.0/24', nhid: 7 },
    { dst: '198.51.100.0/24', nhid: 7 },
  ]);
  const routes = (): unknown[] =>
    ipJson(netns.name, 'route').flatMap(({ dst, nhid, gateway }) => (nhid ? [[dst, nhid, gateway]] : []));
  expect(routes()).toEqual([
    ['192.0.2.0/24', 7, '10.0.0.7'],
    ['198.51.100.0/24', 7, '10.0.0.7'],
  ]);
  expect((await netns.routes.list()).filter(({ nhid }) => nhid === 7)).toHaveLength(2);
  await netns.nexthops.replace({ id: 7, dev: 'veth0', via: '10.0.0.8' });
  expect(routes().map((route) => (route as string[])[2])).toEqual(['10.0.0.8', '10.0.0.8']);
  await netns.nexthops.delete({ id: 7 });
  expect(routes()).toEqual([]);
});

test('refuses what cannot be, and gives the words of the kernel for the rest', async () => {
  const netns = await namespaceWithVeth();
  const refuse = (spec: object): Promise<TypeError> =>
    rejection(netns.nexthops.add(spec as never), TypeError).catch(() =>
      rejection(netns.nexthops.add(spec as never), RangeError),
    );
  await refuse({ id: 1 });
  await refuse({ id: 0, dev: 'veth0' });
  await refuse({ id: 1, dev: 'veth0', blackhole: true });
  await refuse({ id: 1, dev: 'veth0', gateway: '10.0.0.1' });
  await refuse({ id: 1, group: [{ id: 1, weight: 0 }] });
  expect((await rejection(netns.routes.add({ dst: '192.0.2.1', nhid: 1, dev: 'veth0' }), TypeError)).message).toContain(
    'nhid',
  );
  await netns.nexthops.add({ id: 1, dev: 'veth0' });
  expect(await rejection(netns.nexthops.add({ id: 1, dev: 'veth0' }), NetlinkError)).toMatchObject({ code: 'EEXIST' });
  expect(await rejection(netns.nexthops.delete({ id: 2 }), NetlinkError)).toMatchObject({ code: 'ENOENT' });
  expect(await rejection(netns.nexthops.add({ id: 2, dev: 'none0' }), NetlinkError)).toMatchObject({ code: 'ENODEV' });
});
