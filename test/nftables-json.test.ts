/** JSON that nft reads otherwise than it might be thought to, or that its own language has no words for: netloom reads it alike. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Family } from '../src/index.js';
import { namespace } from './helpers/namespaces.js';
import { asNft106, listed, load, type View, view, withoutHandle } from './helpers/nft-oracle.js';

const meta = (key: string): object => ({ meta: { key } });
const field = (protocol: string, name: string): object => ({ payload: { protocol, field: name } });
const match = (left: object, right: unknown, op: string = '=='): object => ({ match: { op, left, right } });
const one = (value: number): object => ({ range: [value, value] });
const option = (name: string): object => ({ 'tcp option': { name } });
const size = { 'tcp option': { name: 'maxseg', field: 'size' } };
const tcp = match(meta('l4proto'), 'tcp');
const inc = { numgen: { mode: 'inc', mod: 4 } };
const whole = { prefix: { addr: '10.0.0.1', len: 32 } };

type Case = readonly [what: string, ...expr: object[]];

const cases: Readonly<Partial<Record<Family, readonly Case[]>>> = {
  ip: [
    ['a number for an Ethernet address is its digits', match(field('ether', 'saddr'), 22)],
    ['of an Ethernet address the last bytes', match(field('ether', 'saddr'), '1:a')],
    ['one byte of it in hexadecimal', match(field('ether', 'saddr'), '0x12', '!=')],
    ['a range of such', match(field('ether', 'daddr'), { range: [22, 53] })],
    ['a set of such', match(field('ether', 'daddr'), { set: [22, '1:1'] })],
    ['a mask of such', match({ '&': [field('ether', 'daddr'), 16] }, 16)],
    ['a range of one value', match(field('ip', 'ttl'), one(5))],
    ['all but a range of one value', match(field('ip', 'dscp'), one(5), '!=')],
    ['a range of one value, in the order of the machine', match(meta('mark'), one(5))],
    ['a range of one value in a set', match(field('ip', 'ttl'), { set: [1, one(5)] })],
    ['flags between two', match(field('tcp', 'flags'), one(5), 'in')],
    ['flags that are a prefix of all bits', match(field('tcp', 'flags'), { prefix: { addr: 1, len: 8 } }, 'in')],
    ['a prefix of all bits', match(field('ip', 'saddr'), whole, 'in')],
    ['the largest that a modulus leaves', match(inc, 3)],
    ['any number where there is only one', match({ numgen: { mode: 'inc', mod: 1 } }, 14)],
    ['what counts, moved', match({ '<<': [inc, 2] }, 8)],
    ['a map of more than can come', { vmap: { key: inc, data: { set: [[4, { drop: null }]] } } }],
    ['more than can come beside another field', match({ concat: [inc, meta('mark')] }, { set: [{ concat: [4, 1] }] })],
    ['a week that goes round', match(meta('day'), { range: [6, 1] })],
    ['seconds of a day, as text', match(meta('hour'), '3600')],
    ['the largest index', match(meta('iif'), 0x7fff_ffff)],
    ['options by number in a set', match(option('sack'), { set: [2, 22] })],
    ['options that are there or not in a set', match(option('sack'), { set: [true, false] })],
    ['options in a concatenation', match({ concat: [option('sack'), meta('mark')] }, { set: [{ concat: [7, 1] }] })],
    ['options of IPv4 in a set', match({ 'ip option': { name: 'rr' } }, { set: ['exists', 'missing'] })],
    ['chunks in a set', match({ 'sctp chunk': { name: 'error' } }, { set: [22, 53] }, '!=')],
    ['an option of TCP', tcp, match(option('sack'), true)],
    ['a set of options of TCP', tcp, match(size, { set: [1400, 1460] })],
    ['an option of what IP says is TCP', match(field('ip', 'protocol'), 'tcp'), match(size, 1400)],
    ['an option of TCP, counted before', tcp, { counter: null }, match(size, 1400)],
    ['a reset of what is TCP after all', match(meta('l4proto'), 'udp'), tcp, { reject: { type: 'tcp reset' } }],
  ],
  ip6: [
    ['headers in a set are protocols', match({ exthdr: { name: 'dst' } }, { set: [1, 2] })],
    ['headers by the names of protocols', match({ exthdr: { name: 'hbh' } }, { set: ['tcp', 'udp'] })],
    ['headers that are there or not in a set', match({ exthdr: { name: 'frag' } }, { set: ['exists', false] })],
    ['headers in intervals', match({ exthdr: { name: 'dst' } }, { set: [{ range: [1, 3] }, 7] })],
    [
      'headers beside an interval',
      match({ concat: [{ exthdr: { name: 'dst' } }, meta('mark')] }, { set: [{ concat: [true, { range: [1, 3] }] }] }),
    ],
    ['an option by its number in a set', match({ 'tcp option': { base: 19, offset: 0, len: 8 } }, { set: [1, 2] })],
    ['a routing header in a set', match({ exthdr: { name: 'rt0' } }, { set: [1, 2] })],
    [
      'headers in a map',
      {
        vmap: {
          key: { exthdr: { name: 'dst' } },
          data: {
            set: [
              [true, { accept: null }],
              [false, { drop: null }],
            ],
          },
        },
      },
    ],
    [
      'headers in a concatenation',
      match({ concat: [{ exthdr: { name: 'dst' } }, meta('mark')] }, { set: [{ concat: [6, 1] }] }),
    ],
    ['an option of what IPv6 says is TCP', match(field('ip6', 'nexthdr'), 'tcp'), match(size, 1400)],
  ],
  inet: [['an option of TCP over either', tcp, match(option('sack'), true)]],
  bridge: [['an option of TCP on a bridge', tcp, match(size, 1400)]],
};

describe.each(Object.entries(cases))('%s', (family, rules) => {
  let theirs: View;
  let ours: View;
  let listing: object[];
  const commands = [
    { add: { table: { family, name: 't' } } },
    { add: { chain: { family, table: 't', name: 'c' } } },
    ...rules.map(([, ...expr]) => ({ add: { rule: { family, table: 't', chain: 'c', expr } } })),
  ];

  beforeAll(async () => {
    const [first, second] = [await namespace({}, 'file'), await namespace({}, 'file')];
    load(first, commands);
    await second.nft.apply(commands as never);
    [theirs, ours] = [view(first), view(second)];
    expect(ours.rules).toHaveLength(rules.length);
    listing = asNft106(await first.nft.list()).filter((object) => 'rule' in object);
    expect(listing).toHaveLength(listed(first).filter((object) => 'rule' in object).length);
  });

  test.each(rules.map(([what], i) => [what, i] as const))('%s', (_, i) => {
    expect(ours.rules[i]?.code).toBe(theirs.rules[i]?.code);
    expect(ours.rules[i]?.json).toEqual(theirs.rules[i]?.json);
    expect(withoutHandle(listing[i] as never)).toEqual(theirs.rules[i]?.json);
  });

  test('sets', () => {
    expect(ours.sets).toEqual(theirs.sets);
  });
});

describe('what a listing says, where nft leaves it out', () => {
  const kept: readonly Case[] = [
    ['that a packet is IPv6', match(field('ip6', 'nexthdr'), 'tcp'), match(size, 1400)],
    [
      'masks whose digits JSON would lose',
      match({ '&': [{ payload: { base: 'th', offset: 160, len: 128 } }, '0xffe0000000000000'] }, 5),
    ],
    ['that a packet is none of TCP', match(meta('l4proto'), 'udp'), match(size, 1400)],
    [
      'masks that a double does not hold',
      match({ '&': [{ payload: { base: 'th', offset: 160, len: 128 } }, '0xffffffffffffffff'] }, 5),
    ],
  ];

  test.each(kept)('%s', async (_, ...expr) => {
    const netns = await namespace({}, 'file');
    const family = 'inet';
    const rule = { family, table: 't', chain: 'c', expr };
    await netns.nft.apply([
      { add: { table: { family, name: 't' } } },
      { add: { chain: { family, table: 't', name: 'c' } } },
      { add: { rule } },
    ] as never);
    const [found] = (await netns.nft.list()).flatMap((object) => object.rule ?? []);
    expect(found?.expr).toEqual(expr);
    await netns.nft.apply([{ flush: { ruleset: null } }]);
  });

  test.each([
    ['icmp', 'host-unreachable'],
    ['icmpv6', 'admin-prohibited'],
  ])('that %s is rejected, which only its frame says', async (type, code) => {
    const netns = await namespace({}, 'file');
    const place = { family: 'netdev', table: 't' };
    const reject = { reject: { type, expr: code } };
    const expr = [match(field('ether', 'daddr'), '00:11:22:33:44:55'), reject];
    await netns.nft.apply([
      { add: { table: { family: 'netdev', name: 't' } } },
      { add: { chain: { ...place, name: 'c' } } },
      { add: { rule: { ...place, chain: 'c', expr } } },
    ] as never);
    const [found] = (await netns.nft.list()).flatMap((object) => object.rule ?? []);
    expect(found?.expr.at(-1)).toEqual(reject);
  });
});
