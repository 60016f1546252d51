/** What leaves by a channel, counted; and what several listings of one tick ask for together. */
import { expect, test } from 'vitest';
import { type Traffic, trafficOf } from '../src/netlink/traffic.js';
import { ipJson, type NamedNetns, namespace } from './helpers/namespaces.js';

const sent = async (work: () => Promise<unknown>): Promise<Traffic> => (await trafficOf(work)).sent;

/** Its sockets are open. */
async function ready(): Promise<NamedNetns> {
  const ns = await namespace();
  await ns.links.set('lo', { up: true });
  return ns;
}

test('a bulk change is one datagram of as many messages as it has rows', async () => {
  const ns = await ready();
  const destinations = Uint32Array.from({ length: 500 }, (_, row) => 0xc6120000 + row);
  const route = { destinations, type: 'local', dev: 1 } as const;
  expect(await sent(() => ns.routes.add(route))).toEqual({ datagrams: 1, reads: 0, changes: 500 });
  const seen = ipJson(ns.name, 'route', 'show', 'table', 'local').filter(({ dst }) => dst.startsWith('198.'));
  expect(seen).toHaveLength(500);
});

test('a dump is a datagram of its own', async () => {
  const ns = await ready();
  expect(await sent(() => ns.links.list())).toEqual({ datagrams: 1, reads: 1, changes: 0 });
  expect(await sent(() => Promise.all([ns.links.list(), ns.links.list()]))).toEqual({
    datagrams: 2,
    reads: 2,
    changes: 0,
  });
});

test('a transaction counts with the two messages that open and close it', async () => {
  const ns = await ready();
  const table = { family: 'inet', name: 't' } as const;
  expect(await sent(() => ns.nft.apply([{ add: { table } }]))).toEqual({ datagrams: 1, reads: 0, changes: 3 });
});

test('what is refused before it is sent does not count', async () => {
  const ns = await ready();
  const none = { datagrams: 0, reads: 0, changes: 0 };
  expect(await sent(() => ns.routes.add({ dst: 'nonsense', dev: 1 }).catch(() => {}))).toEqual(none);
});

test('listings of one tick ask for names of devices once', async () => {
  const ns = await ready();
  const { sent, result } = await trafficOf(() =>
    Promise.all([
      ns.addresses.list({ family: 'inet' }),
      ns.routes.list({ table: 'local', family: 'inet' }),
      ns.neighbours.list({ family: 'inet' }),
      ns.nexthops.list(),
    ]),
  );
  expect(sent).toEqual({ datagrams: 5, reads: 5, changes: 0 });
  const [addresses, routes] = result;
  expect(new Set([...addresses, ...routes].map(({ dev }) => dev))).toEqual(new Set(['lo']));
});

test('a listing behind a change in the same tick knows the names that came with it', async () => {
  const ns = await ready();
  const [before, , , after] = await Promise.all([
    ns.addresses.list({ family: 'inet' }),
    ns.links.add({ kind: 'veth', name: 'fresh', peer: { name: 'other' } }),
    ns.addresses.add({ dev: 'fresh', address: '192.0.2.1/24' }),
    ns.addresses.list({ family: 'inet' }),
  ]);
  expect(before.map(({ dev }) => dev)).toEqual(['lo']);
  expect(after.map(({ dev }) => dev)).toEqual(['lo', 'fresh']);
});

test('a listing behind a rename in the same tick has the new name', async () => {
  const ns = await ready();
  await ns.links.add({ kind: 'veth', name: 'before', peer: { name: 'other' } });
  await ns.addresses.add({ dev: 'before', address: '192.0.2.1/24' });
  const { index } = await ns.links.get('before');
  const [first, , second] = await Promise.all([
    ns.addresses.list({ dev: index }),
    ns.links.set(index, { name: 'after' }),
    ns.addresses.list({ dev: index }),
  ]);
  expect([first, second].map(([address]) => address?.dev)).toEqual(['before', 'after']);
});

test('a listing whose caller goes away leaves the others their names', async () => {
  const ns = await ready();
  const stop = new AbortController();
  const first = ns.addresses.list({ family: 'inet' }, { signal: stop.signal });
  const second = ns.addresses.list({ family: 'inet' });
  stop.abort();
  await expect(first).rejects.toThrow();
  expect((await second).map(({ dev, local }) => [dev, local])).toEqual([['lo', '127.0.0.1']]);
});
