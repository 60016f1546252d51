/** What nft refuses, and so does netloom: by a TypeError that says where, before anything is sent. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Family, Netns } from '../src/index.js';
import { namespace } from './helpers/namespaces.js';
import { load } from './helpers/nft-oracle.js';

const meta = (key: string): object => ({ meta: { key } });
const ct = (key: string): object => ({ ct: { key } });
const field = (protocol: string, name: string): object => ({ payload: { protocol, field: name } });
const raw = (base: string, offset: number, len: number): object => ({ payload: { base, offset, len } });
const mangle = (key: object, value: unknown): object => ({ mangle: { key, value } });
const match = (left: object, right: unknown, op: string = '=='): object => ({ match: { op, left, right } });
const flow = (key: string): object => ({ ct: { key, dir: 'original' } });
const nexthop = (version: string): object => ({ rt: { key: 'nexthop', family: version } });
const set = (elem: object): object => ({ set: { op: 'add', elem, set: '@marks' } });

type Case = readonly [what: string, family: Family, path: string, ...expr: object[]];

const cases: readonly Case[] = [
  ['an address as a mark', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), field('ip', 'saddr'))],
  ['a port as a zone', 'inet', 'expr[0].mangle.value', mangle(ct('zone'), field('tcp', 'sport'))],
  ['a device as a mark', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), meta('iif'))],
  ['a class as a mark', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), meta('priority'))],
  ['a mark as an address', 'ip', 'expr[0].mangle.value', mangle(field('ip', 'saddr'), meta('mark'))],
  ['16 bits of a header as a mark', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), field('ip', 'id'))],
  ['raw bits of another length', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), raw('nh', 64, 8))],
  ['bits of a header as events', 'inet', 'expr[0].mangle.value', mangle(ct('event'), raw('nh', 96, 32))],
  ['a constant as a security mark', 'inet', 'expr[0].mangle.value', mangle(ct('secmark'), 5)],
  ['a number as an IPv6 address', 'inet', 'expr[0].mangle.value', mangle(field('ip6', 'saddr'), 5)],
  ['a set as a value', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), { set: [1, 2] })],
  ['a range as a value', 'inet', 'expr[0].mangle.value', mangle(meta('mark'), { range: [1, 5] })],
  ['a number too large', 'inet', 'expr[0].mangle.value', mangle(field('ip', 'ttl'), 300)],
  ['audit with a prefix', 'inet', 'expr[0].log.level', { log: { level: 'audit', prefix: 'x' } }],
  ['a level for a group', 'inet', 'expr[0].log', { log: { level: 'err', group: 1 } }],
  ['flags for a group', 'inet', 'expr[0].log', { log: { flags: 'skuid', group: 1 } }],
  ['icmpx in ip', 'ip', 'expr[0].reject.type', { reject: { type: 'icmpx', expr: 1 } }],
  ['icmp in ip6', 'ip6', 'expr[0].reject', { reject: { type: 'icmp', expr: 1 } }],
  [
    'icmpv6 of IPv4',
    'inet',
    'expr[1].reject',
    match(meta('nfproto'), 'ipv4'),
    { reject: { type: 'icmpv6', expr: 'no-route' } },
  ],
  ['a reset of UDP', 'inet', 'expr[1].reject', match(meta('l4proto'), 'udp'), { reject: { type: 'tcp reset' } }],
  ['rejecting ARP', 'arp', 'expr[0].reject', { reject: null }],
  ['a port of no protocol', 'ip', 'expr[0].dnat.port', { dnat: { addr: '10.0.0.1', port: 80 } }],
  ['ports of no protocol', 'ip6', 'expr[0].redirect.port', { redirect: { port: { range: [1, 9] } } }],
  [
    'a map to ports of no protocol',
    'ip',
    'expr[0].dnat.addr',
    { dnat: { addr: { map: { key: meta('mark'), data: { set: [[1, { concat: ['10.0.0.1', 80] }]] } } } } },
  ],
  ['what comes after a verdict', 'ip', 'expr[1]', { drop: null }, { counter: null }],
  ['what comes after a rejection', 'inet', 'expr[1]', { reject: null }, { accept: null }],
  ['what comes after masquerading', 'ip', 'expr[1]', { masquerade: null }, { counter: null }],
  ['an address in a set of marks', 'ip', 'expr[0].match.right', match(field('ip', 'saddr'), '@marks')],
  ['an address added to a set of marks', 'ip', 'expr[0].set', set(field('ip', 'saddr'))],
  ["a flow's IPv6 address in ip", 'ip', 'expr[0].match.left', match(flow('ip6 saddr'), 'fd00::1')],
  ["a flow's IPv4 address in ip6", 'ip6', 'expr[0].match.left', match(flow('ip daddr'), '10.0.0.1')],
  ['a next hop of IPv6 in ip', 'ip', 'expr[0].match.left', match(nexthop('ip6'), 'fd00::1')],
  ['a port of ARP', 'arp', 'expr[0].match.left.payload', match(field('tcp', 'dport'), 22)],
  ['ARP in inet', 'inet', 'expr[0].match.left.payload', match(field('arp', 'operation'), 'request')],
  ['IPv6 in ip', 'ip', 'expr[0].match.left.payload', match(field('ip6', 'saddr'), 'fd00::1')],
  [
    'a port of one of two protocols',
    'inet',
    'expr[1].match.left.payload',
    match(meta('l4proto'), { set: ['tcp', 'udp'] }),
    match(field('tcp', 'dport'), 22),
  ],
  [
    'a port of a protocol that has none',
    'ip',
    'expr[1].match.left.payload',
    match(meta('l4proto'), 200),
    match(field('tcp', 'dport'), 22),
  ],
  [
    'a VLAN behind an address',
    'bridge',
    'expr[1].match.left.payload',
    match(field('ip', 'saddr'), '10.0.0.1'),
    match(field('vlan', 'id'), 5),
  ],
  [
    'a field of another message',
    'ip',
    'expr[1].match.left.payload',
    match(field('icmp', 'type'), 'redirect'),
    match(field('icmp', 'id'), 5),
  ],
  ['the network protocol of ip', 'ip', 'expr[0].match.left.meta', match(meta('nfproto'), 'ipv4')],
  ['an option of IPv4 in ip6', 'ip6', 'expr[0].match.left', match({ 'ip option': { name: 'rr' } }, true)],
  ['a header of IPv6 in ip', 'ip', 'expr[0].match.left', match({ exthdr: { name: 'frag', field: 'id' } }, 5)],
  ['a shift by all bits', 'inet', 'expr[0].match.left["<<"][1]', match({ '<<': [field('ip', 'length'), 16] }, 5)],
  ['a moved code point as one', 'ip', 'expr[0].match.right', match({ '<<': [field('ip', 'dscp'), 1] }, 2)],
  ['what a shift makes impossible', 'ip', 'expr[0].match.right', match({ '<<': [field('ip', 'length'), 2] }, 5)],
  [
    'no flags after an operation',
    'inet',
    'expr[0].match.right',
    match({ '&': [field('tcp', 'flags'), 'syn'] }, 'syn', '!'),
  ],
  ['more than what counts to a modulus', 'ip', 'expr[0].match.right', match({ numgen: { mode: 'inc', mod: 4 } }, 4)],
  [
    'more than an offset and a modulus',
    'ip',
    'expr[0].match.right.set[1]',
    match({ symhash: { mod: 4, offset: 10 } }, { set: [13, 14] }),
  ],
  [
    'a range beyond a modulus',
    'inet',
    'expr[0].match.right.range[1]',
    match({ jhash: { mod: 8, expr: meta('mark') } }, { range: [1, 8] }),
  ],
  [
    'a mask of more than a modulus',
    'ip6',
    'expr[0].match.left["&"][1]',
    match({ '&': [{ numgen: { mode: 'random', mod: 4 } }, 7] }, 1),
  ],
  ['an eighth day', 'ip', 'expr[0].match.right.set[1]', match(meta('day'), { set: ['Monday', 7] })],
  ['neither yes nor no', 'inet', 'expr[0].match.right', match({ socket: { key: 'transparent' } }, 2)],
  [
    'a range of yes and no',
    'inet',
    'expr[0].match.right.range[1]',
    match({ socket: { key: 'wildcard' } }, { range: [1, 2] }),
  ],
  [
    'a range of versions',
    'ip',
    'expr[0].match.right.range',
    match({ osf: { key: 'version', ttl: 'skip' } }, { range: ['a', 'b'] }),
  ],
  ['a range of names', 'inet', 'expr[0].match.right.range', match(meta('iifname'), { range: ['a', 'b'] }, '!=')],
  [
    'a range of names in a set',
    'netdev',
    'expr[0].match.right.set[1].range',
    match(meta('iifname'), { set: ['c', { range: ['a', 'b'] }] }),
  ],
  ['an index that no interface has', 'inet', 'expr[0].match.right', match(meta('iif'), 0x8000_0000)],
  [
    'an index that no route leads to',
    'inet',
    'expr[0].match.right',
    match({ fib: { result: 'oif', flags: ['daddr'] } }, 0xffff_ffff, '!='),
  ],
  ['a number as an Ethernet address', 'bridge', 'expr[0].match.right', match(field('ether', 'daddr'), 2863311530)],
  ['an Ethernet address of seven bytes', 'arp', 'expr[0].match.right', match(field('ether', 'saddr'), '1:2:3:4:5:6:7')],
  [
    'a prefix of all bits compared',
    'netdev',
    'expr[0].match.right',
    match(field('ip', 'saddr'), { prefix: { addr: '10.0.0.1', len: 32 } }, '<'),
  ],
  ['a range of one value compared', 'ip', 'expr[0].match.right', match(field('ip', 'ttl'), { range: [5, 5] }, '>=')],
  ['no flags of a range', 'ip', 'expr[0].match.right', match(field('tcp', 'flags'), { range: [5, 5] }, '!')],
  ['a range compared', 'ip', 'expr[0].match.right', match(field('ip', 'ttl'), { range: [1, 5] }, '<')],
  ['a read value for parts of bytes', 'ip', 'expr[0].mangle.value', mangle(field('ip', 'version'), raw('nh', 0, 4))],
];

describe.each(cases)('%s', (_, family, path, ...expr) => {
  let netns: Netns;
  const table = { family, name: 't' };
  const commands = [
    { add: { table } },
    { add: { chain: { family, table: 't', name: 'c' } } },
    { add: { set: { family, table: 't', name: 'marks', type: 'mark' } } },
    { add: { rule: { family, table: 't', chain: 'c', expr } } },
  ];

  beforeAll(async () => {
    netns = await namespace({}, 'file');
  });

  test('is refused by nft', () => {
    expect(() => load(netns, commands)).toThrow();
  });

  test('is refused by netloom, which says where', async () => {
    const error: unknown = await netns.nft.apply(commands as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as { code?: string }).code).toMatch(/^ERR_INVALID_ARG_/);
    expect((error as Error).message).toContain(`nftables[3].add.rule.${path}`);
    expect(await netns.nft.list()).toEqual([]);
  });
});
