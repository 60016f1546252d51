/** Named objects, elements with state, and packed rows, as nft(8) sees them. */
import { describe, expect, test } from 'vitest';
import type { Netns } from '../src/index.js';
import { namespace, run } from './helpers/namespaces.js';
import { asNft106, listed, load, nft, withoutHandle } from './helpers/nft-oracle.js';

const inTable = { family: 'inet', table: 't' } as const;
const table = { add: { table: { family: 'inet', name: 't' } } } as const;

async function withTable(): Promise<Netns & { readonly name: string }> {
  const netns = await namespace();
  await netns.nft.apply([table]);
  return netns;
}

const object = (netns: Netns, kind: string): unknown =>
  Object.values(listed(netns).find((item) => kind in item) ?? { none: undefined })[0];

describe('a named object', () => {
  test.each([
    ['counter', { packets: 5, bytes: 6, comment: 'why' }, { packets: 5, bytes: 6, comment: 'why' }],
    ['quota', { bytes: 5000, used: 10, inv: true }, { bytes: 5000, used: 10, inv: true }],
    ['limit', { rate: 5, per: 'minute' }, { rate: 5, per: 'minute', burst: 5 }],
    [
      'limit',
      { rate: 3, per: 'second', rate_unit: 'mbytes', burst: 2, burst_unit: 'kbytes', inv: true },
      { rate: 3, per: 'second', rate_unit: 'mbytes', burst: 2, burst_unit: 'kbytes', inv: true },
    ],
    ['ct helper', { type: 'ftp', protocol: 'tcp', l3proto: 'ip' }, { type: 'ftp', protocol: 'tcp', l3proto: 'ip' }],
    [
      'ct timeout',
      { protocol: 'udp', l3proto: 'ip', policy: { unreplied: 5 } },
      { protocol: 'udp', l3proto: 'ip', policy: { unreplied: 5 } },
    ],
    [
      'ct expectation',
      { protocol: 'tcp', l3proto: 'ip', dport: 5, timeout: 5000, size: 3 },
      { protocol: 'tcp', l3proto: 'ip', dport: 5, timeout: 5000, size: 3 },
    ],
    ['synproxy', { mss: 1460, wscale: 7, flags: ['timestamp'] }, { mss: 1460, wscale: 7, flags: ['timestamp'] }],
  ])('%s %j', async (kind, body, shown) => {
    const netns = await withTable();
    const named = { ...inTable, name: 'x' };
    await netns.nft.apply([{ create: { [kind]: { ...named, ...body } } }] as never);
    expect(object(netns, kind)).toEqual({ ...named, ...shown, handle: expect.any(Number) });
    expect((await netns.nft.list())[1]).toEqual({ [kind]: object(netns, kind) });

    const again = netns.nft.apply([{ create: { [kind]: { ...named, ...body } } }] as never);
    await expect(again).rejects.toMatchObject({ code: 'EEXIST', syscall: 'NFT_MSG_NEWOBJ' });
    const { handle } = object(netns, kind) as { handle: number };
    await netns.nft.apply([{ delete: { [kind]: { ...inTable, handle } } }] as never);
    expect(object(netns, kind)).toBeUndefined();
    const gone = netns.nft.apply([{ delete: { [kind]: named } }] as never);
    await expect(gone).rejects.toMatchObject({ code: 'ENOENT', syscall: 'NFT_MSG_DELOBJ' });
  });

  test('begins anew when it is reset, and says what it held', async () => {
    const netns = await withTable();
    load(
      netns,
      'table inet t { counter a { packets 5 bytes 6; }\n counter b { packets 1 bytes 2; }\n quota q { 9 kbytes used 1 kbytes; }\n}',
    );
    const [held] = await netns.nft.reset({ ...inTable, kind: 'counter', name: 'a' });
    expect(held).toMatchObject({ counter: { name: 'a', packets: 5, bytes: 6 } });
    const counters = (): unknown => listed(netns).flatMap(({ counter }) => (counter ? [counter['packets']] : []));
    expect(counters()).toEqual([0, 1]);
    expect(await netns.nft.reset({ ...inTable, kind: 'counter' })).toHaveLength(2);
    expect(counters()).toEqual([0, 0]);
    expect(await netns.nft.reset(inTable)).toHaveLength(3);
    expect(object(netns, 'quota')).toMatchObject({ used: 0 });
    const none = netns.nft.reset({ ...inTable, kind: 'counter', name: 'c' });
    await expect(none).rejects.toMatchObject({ code: 'ENOENT', syscall: 'NFT_MSG_GETOBJ_RESET' });
    await expect(netns.nft.reset({ family: 'inet', name: 'a' })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('is given by a map', async () => {
    const netns = await withTable();
    const map = { ...inTable, name: 'm', type: 'inet_service', map: 'ct helper', elem: [[21, 'ftp']] } as const;
    await netns.nft.apply([
      { add: { 'ct helper': { ...inTable, name: 'ftp', type: 'ftp', protocol: 'tcp' } } },
      { add: { map } },
    ]);
    expect(object(netns, 'map')).toMatchObject({ map: 'ct helper', elem: [[21, 'ftp']] });
    const handle = netns.nft.map('inet', 't', 'm');
    await handle.add([[2121, 'ftp']]);
    expect(await handle.list()).toEqual([
      [21, 'ftp'],
      [2121, 'ftp'],
    ]);
    await expect(handle.add([[69, 'tftp']])).rejects.toMatchObject({ code: 'ENOENT' });
    await handle.delete([21]);
    expect(object(netns, 'map')).toMatchObject({ elem: [[2121, 'ftp']] });
  });

  test.each<[string, object, string]>([
    ['limit', { rate: 5, per: 'fortnight' }, 'limit.per'],
    ['limit', { rate: 5, per: 'second', rate_unit: 'gbytes' }, 'limit.rate_unit'],
    ['quota', { bytes: -1 }, 'quota.bytes'],
    ['counter', { packets: 1, octets: 2 }, 'octets'],
    ['ct helper', { type: 'a-name-that-is-too-long', protocol: 'tcp' }, '["ct helper"].type'],
    ['ct timeout', { protocol: 'tcp', policy: { asleep: 5 } }, 'asleep'],
    ['ct expectation', { protocol: 'tcp', dport: 70_000, timeout: 5, size: 1 }, 'dport'],
    ['synproxy', { mss: 1460, wscale: 70 }, 'wscale'],
  ])('%s %j is refused before it is sent', async (kind, body, place) => {
    const netns = await withTable();
    const applied = netns.nft.apply([{ add: { [kind]: { ...inTable, name: 'x', ...body } } }] as never);
    await expect(applied).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_INVALID_ARG/),
      message: expect.stringContaining(place),
    });
  });
});

describe('elements', () => {
  test('have counters of their own, which can be set', async () => {
    const netns = await withTable();
    const set = { ...inTable, name: 's', type: 'ipv4_addr', stmt: [{ counter: null }] } as const;
    await netns.nft.apply([{ add: { set } }]);
    const counted = { elem: { val: '1.1.1.1', counter: { packets: 3, bytes: 4 } } };
    await netns.nft.set('inet', 't', 's').add([counted, '1.1.1.2']);
    const elements = [counted, { elem: { val: '1.1.1.2', counter: { packets: 0, bytes: 0 } } }];
    expect(object(netns, 'set')).toMatchObject({ elem: elements, stmt: [{ counter: null }] });
    expect(await netns.nft.set('inet', 't', 's').list()).toEqual(elements);
  });

  test.each([
    ['limit rate 1/second counter', 'limit rate 1/second counter packets 3 bytes 4'],
    ['counter limit rate 1/second', 'counter packets 3 bytes 4 limit rate 1/second'],
    // Of packets: the set itself has none.
    ['size 10\nflags dynamic', 'limit rate 1/second counter packets 3 bytes 4'],
  ])('of a set with %j keep the order of their statements', async (stmt, state) => {
    const [theirs, ours] = [await namespace(), await namespace()];
    load(theirs, `table ip t {\nset s {\ntype ipv4_addr\n${stmt}\nelements = { 1.1.1.1 ${state} }\n}\n}\n`);
    await ours.nft.apply(await theirs.nft.list());
    expect(nft(ours, 'list', 'ruleset')).toBe(nft(theirs, 'list', 'ruleset'));
    expect(nft(ours, 'list', 'ruleset')).toContain(state);
  });

  test('and rules have comments as long as nft takes them', async () => {
    const [theirs, ours] = [await namespace(), await namespace()];
    const comment = `${'ü'.repeat(126)}x`;
    const short = 'x'.repeat(128);
    const commands = [
      table,
      {
        add: {
          set: { ...inTable, name: 's', type: 'ipv4_addr', elem: [{ elem: { val: '1.1.1.1', comment: short } }] },
        },
      },
      { add: { chain: { ...inTable, name: 'c' } } },
      { add: { rule: { ...inTable, chain: 'c', expr: [{ accept: null }], comment } } },
    ] as const;
    load(theirs, commands);
    await ours.nft.apply(commands);
    expect(listed(ours)).toEqual(listed(theirs));
    expect(asNft106(await ours.nft.list())).toEqual(listed(theirs));
    for (const text of [comment, short]) expect(JSON.stringify(listed(ours)).split(text)).toHaveLength(2);
  });

  test('are added by packets', async () => {
    const netns = await withTable();
    await netns.links.set('lo', { up: true });
    const chain = { ...inTable, name: 'c', type: 'filter', hook: 'output', prio: 0 } as const;
    const daddr = { payload: { protocol: 'ip', field: 'daddr' } } as const;
    // Without "dynamic": the rule says it.
    const set = { ...inTable, name: 's', type: 'ipv4_addr', size: 10 } as const;
    const statement = { set: { op: 'add', elem: daddr, set: '@s', stmt: [{ counter: null }] } } as const;
    await netns.nft.apply([
      { add: { set } },
      { add: { chain } },
      { add: { rule: { ...inTable, chain: 'c', expr: [statement] } } },
    ]);
    run('ip', 'netns', 'exec', netns.name, 'ping', '-c', '1', '-W', '1', '127.0.0.7');
    const elements = await netns.nft.set('inet', 't', 's').list();
    expect(elements).toContainEqual({ elem: { val: '127.0.0.7', counter: { packets: 1, bytes: 84 } } });
    expect(object(netns, 'set')).toMatchObject({ elem: elements });
  });

  test('of concatenations and IPv6 addresses go in and out packed', async () => {
    const netns = await withTable();
    const type = ['ipv4_addr', 'inet_proto', 'inet_service'] as const;
    const forward = { ...inTable, name: 'f', type, map: ['ipv4_addr', 'inet_service'] } as const;
    const six = { ...inTable, name: 'six', type: 'ipv6_addr' } as const;
    await netns.nft.apply([{ add: { map: forward } }, { add: { set: six } }]);
    const rows = Buffer.alloc(40);
    rows.set([203, 0, 113, 5, 6, 0, 0, 0, 0, 80, 0, 0, 10, 0, 0, 5, 0x1f, 0x90, 0, 0]);
    rows.set([203, 0, 113, 6, 17, 0, 0, 0, 0, 53, 0, 0, 10, 0, 0, 6, 0, 53, 0, 0], 20);
    const map = netns.nft.map('inet', 't', 'f');
    await map.add({ bytes: rows });
    const entries = [
      [{ concat: ['203.0.113.5', 'tcp', 80] }, { concat: ['10.0.0.5', 8080] }],
      [{ concat: ['203.0.113.6', 'udp', 53] }, { concat: ['10.0.0.6', 53] }],
    ];
    expect(object(netns, 'map')).toMatchObject({ elem: expect.arrayContaining(entries) });
    expect(await map.list()).toEqual(expect.arrayContaining(entries));
    await map.delete({ bytes: rows.subarray(0, 12) });
    expect(await map.list()).toEqual([entries[1]]);

    const addresses = Buffer.alloc(32);
    addresses.set([0x20, 1, 0xd, 0xb8], 0);
    addresses[15] = 1;
    addresses[31] = 1;
    const set = netns.nft.set('inet', 't', 'six');
    await set.add({ bytes: addresses });
    expect(object(netns, 'set')).toMatchObject({ elem: expect.arrayContaining(['::1', '2001:db8::1']) });
    expect([...(await set.list())].sort()).toEqual(['2001:db8::1', '::1']);
    await expect(set.add({ bytes: addresses.subarray(1) })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

test('what netloom lists makes the same again', async () => {
  const [first, second] = [await namespace(), await namespace()];
  load(
    first,
    `table inet t {
      counter c { packets 5 bytes 6; }
      map m { type ipv4_addr : verdict
        counter
        elements = { 1.1.1.1 counter packets 1 bytes 2 : jump later } }
      set d { type ipv4_addr; flags dynamic,timeout; timeout 5s; limit rate 3/second; }
      chain c { type filter hook input priority 0
        counter name "c"
        ip saddr vmap @m
        update @d { ip saddr timeout 3s limit rate 3/second }
      }
      chain later { }
    }`,
  );
  const objects = await first.nft.list();
  await second.nft.apply(objects as never);
  expect(listed(second).map(withoutHandle)).toEqual(listed(first).map(withoutHandle));
  expect(nft(second, 'list', 'ruleset')).toBe(nft(first, 'list', 'ruleset'));
  expect(asNft106(objects)).toEqual(listed(first));
});
