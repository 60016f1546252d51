/** Floating IPs of an ordinary user, whose socket's buffer cannot hold one transaction: they go in parts, and are taken back in parts. */
import { expect, test } from 'vitest';
import { ordinaryUser, resultOf } from './helpers/programs.js';

/** In a namespace of that user's: a router, and more floating IPs than a socket holds, which is twice net.core.wmem_max. */
const story = `
  import { Router } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
  import { readFileSync } from 'node:fs';
  let most = 4 << 20;
  try {
    most = Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8'));
  } catch {}
  // An element of a map has 28 bytes: the maps and sets together do not fit, and of the larger number not even one map.
  const many = Math.max(100_000, Math.ceil((0.8 * most) / 28));
  const tooMany = Math.max(100_000, Math.ceil((2.2 * most) / 28));
  const host = await Netns.current();
  await host.links.set('lo', { up: true });
  await host.links.add([
    { kind: 'bridge', name: 'br-ex', up: true },
    { kind: 'bridge', name: 'br-int', up: true },
  ]);
  const dotted = (key) => [key >>> 24, (key >> 16) & 255, (key >> 8) & 255, key & 255].join('.');
  /** Of the first, those in the middle lead elsewhere from time to time. */
  const floatingIps = (from, to, moved = 0) =>
    Array.from({ length: to - from }, (_, at) => ({
      floatingAddress: dotted(0x0b000000 + from + at),
      fixedAddress: dotted(0x0a000002 + from + at + (at > 9 && at < 20 ? moved : 0)),
    }));
  const spec = (floatingIps, more = {}) => ({
    id: 'many',
    floatingIpBinding: 'prefix',
    gateway: {
      id: 'gateway',
      bridge: 'br-ex',
      addresses: ['192.0.2.2/24'],
      nexthops: ['192.0.2.1'],
      floatingPools: ['11.0.0.0/8'],
    },
    interfaces: [{ id: 'tenants', bridge: 'br-int', addresses: ['10.0.0.1/8'] }],
    floatingIps,
    ...more,
  });
  const apply = async (wanted) => {
    const router = await Router.apply(wanted, { host, announce: false });
    await router.close();
  };
  const outcome = (promise) => promise.then(() => 'done', ({ code }) => code);
  const planned = async (wanted) => (await Router.plan(wanted, { host })).changes.length;
  const print = (value) => console.log(JSON.stringify(value));
`;

/** Makes sets anew with room for so many, as some other program may, with the rules that use them. */
const resize = `
  const resize = async (sizes) => {
    const netns = await Netns.open('qrouter-many');
    const objects = await netns.nft.list({ table: 'netloom' });
    await netns.nft.apply([
      { delete: { table: { family: 'ip', name: 'netloom' } } },
      { delete: { table: { family: 'arp', name: 'netloom' } } },
      ...objects
        .filter((object) => Object.values(object)[0].family !== 'ip6')
        .map((object) => {
          const [kind, { handle, ...body }] = Object.entries(object)[0];
          return { add: { [kind]: body.name in sizes ? { ...body, size: sizes[body.name] } : body } };
        }),
    ]);
    await netns.close();
  };
`;

test('many are made and removed', async () => {
  const result = await resultOf(
    `${story}
    const all = floatingIps(0, many);
    await apply(spec(all));
    const left = await planned(spec(all));
    await apply(spec([]));
    print({ left, none: await planned(spec([])) });`,
    ...ordinaryUser,
  );
  expect(result).toEqual({ left: 0, none: 0 });
}, 120_000);

test.each([
  ['fip_snat', 'tooMany'],
  ['fip_arp', 'many'],
  ['fip_in', 'many'],
])(
  'a late part that fails takes back those before it: %s',
  async (set, count) => {
    const result = await resultOf(
      `${story}${resize}
    const before = spec(floatingIps(0, 50), { counters: true });
    await apply(before);
    // The map that is looked at has room for all of them.
    await resize({ fip_dnat: 1 << 21, ${set}: ${count} - 1000 });
    const had = await planned(before);
    const failed = await outcome(apply(spec(floatingIps(20, ${count}, 0x800000), { counters: true })));
    const left = (await Router.plan(before, { host })).toString();
    const router = await Router.open('many', { host });
    const list = await router.floatingIps.list();
    await router.close();
    print({ had, failed, left: left.slice(0, 500), same: JSON.stringify(list) === JSON.stringify(before.floatingIps) });`,
      ...ordinaryUser,
    );
    expect(result).toEqual({ had: 0, failed: 'ENFILE', left: '', same: true });
  },
  120_000,
);

test('a step that fails behind them takes them back as well, tables that were made anew included', async () => {
  const result = await resultOf(
    `${story}
    const before = spec(floatingIps(0, many), { counters: true });
    await apply(before);
    const after = spec(floatingIps(20, 2 * many, 0x800000), {
      floatingIpBinding: 'route',
      routes: [{ dst: '198.51.100.0/24', via: '172.16.0.1' }],
    });
    const failed = await outcome(apply(after));
    print({ failed, left: (await Router.plan(before, { host })).toString().slice(0, 500) });`,
    ...ordinaryUser,
  );
  expect(result).toEqual({ failed: 'ENETUNREACH', left: '' });
}, 120_000);
