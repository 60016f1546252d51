/** Sets of every datatype, and sets that are `typeof` an expression: read as nft reads them, and made so that nft reads the same. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Netns } from '../src/index.js';
import { namespace } from './helpers/namespaces.js';
import { asNft106, listed, load, type NftObject, nft } from './helpers/nft-oracle.js';

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** A set or a map a line, each named by its place. */
const declarations = linesOf(`
  set type ipv4_addr; elements = { 1.1.1.1, 2.2.2.2 }
  set type ipv6_addr; flags interval; elements = { fd00::/64, ::1, fd01::1-fd01::9 }
  set type inet_proto; elements = { tcp, udp, 77 }
  set type inet_service; flags interval; elements = { 22, 80-90, 1, 2, 3 }
  set type mark; flags interval; elements = { 0-10, 0x100/24, 0xffffffff }
  set type ifname; flags interval; elements = { "lo", "eth*" }
  set type iface_index; elements = { "lo" }
  set type icmp_type; elements = { echo-request, 5 }
  set type ct_state; elements = { new, established }
  set type tcp_flag; elements = { syn, ack }
  set type dscp; elements = { cs1, af11 }
  set type ether_type; elements = { ip, arp, 0x1234 }
  set type gid; flags interval; elements = { 5-9, root }
  set type classid; elements = { 1:2, none }
  set type realm; elements = { 1, cosmos }
  set type devgroup; elements = { default, 5 }
  set type boolean; elements = { exists }
  set type time; elements = { 30s }
  set type ipv4_addr; flags interval; elements = { 0.0.0.0-1.1.1.1, 255.255.255.255 }
  set type inet_service; flags interval; elements = { 0-65535 }
  set type ipv4_addr; flags constant; elements = { 1.1.1.1 }
  set type ipv4_addr; flags constant,interval; elements = { 1.1.1.0/24, 9.9.9.9 }
  set type ipv4_addr; policy memory; size 5; comment "hello world";
  set type ipv4_addr; flags timeout; timeout 1h; gc-interval 5m; size 100;
  set type ipv4_addr; flags interval; elements = { 1.1.1.0/24 comment "net", * }
  set type ipv4_addr; limit rate 10/second; elements = { 1.1.1.1 }
  set type ipv4_addr . inet_service; flags interval; elements = { 1.1.1.0/24 . 80-90, 2.2.2.2 . 5 }
  set type ipv4_addr . ipv4_addr . inet_proto . inet_service . mark; elements = { 1.1.1.1 . 2.2.2.2 . tcp . 80 . 5 }
  set type mark . mark; flags interval; elements = { 1-5 . 7, 9 . 0x100-0x1ff }
  set type dscp . inet_proto; elements = { cs1 . tcp }
  map type ipv4_addr : classid; elements = { 1.1.1.1 : 1:2 }
  map type ipv4_addr : inet_service; elements = { 1.1.1.1 : 80, * : 90 }
  map type ipv4_addr : verdict; flags interval; elements = { 1.1.1.0/24 : drop, * : accept }
  map type inet_service : inet_service; flags constant; elements = { 1 : 2, 3 : 4 }
  map type mark : ipv4_addr . inet_service; flags interval; elements = { 1-5 : 1.1.1.1 . 8080 }
  map type ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.0.0.0/8 : 11.0.0.0/8, 1.1.1.1 : 2.2.2.2-2.2.2.9 }`);

const typeofs = linesOf(`
  set typeof ip saddr; elements = { 1.1.1.1 }
  set typeof vlan id; elements = { 5, 6 }
  set typeof vlan id . ip saddr; elements = { 5 . 1.1.1.1 }
  set typeof ether saddr . vlan id; elements = { 00:11:22:33:44:55 . 5 }
  set typeof tcp option maxseg size; elements = { 1460, 1400 }
  set typeof ip version; elements = { 4 }
  set typeof meta length; flags interval; elements = { 5-9, 100 }
  set typeof ip id; flags interval; elements = { 5-9 }
  set typeof ct bytes; elements = { 5000 }
  set typeof ct id; elements = { 1 }
  set typeof osf name; elements = { "Linux" }
  set typeof frag frag-off; elements = { 5 }
  set typeof @nh,96,32; elements = { 0x01020304 }
  set typeof ip saddr . @nh,32,32; elements = { 1.1.1.1 . 0x14 }
  set typeof udp length . ip saddr; flags interval; elements = { 5-9 . 1.1.1.1 }
  set typeof meta cpu . meta length; elements = { 1 . 2 }
  set typeof ct zone . ct mark; elements = { 1 . 2 }
  set typeof tcp option maxseg size . tcp dport; elements = { 1400 . 80 }
  set typeof frag id . ip6 saddr; elements = { 5 . ::1 }
  set typeof ip option ra value . ip saddr; elements = { 5 . 1.1.1.1 }
  set typeof rt mtu . ip saddr; elements = { 1500 . 1.1.1.1 }
  set typeof numgen inc mod 10 . ip saddr; elements = { 5 . 1.1.1.1 }
  set typeof ipsec in spi . ip saddr; elements = { 5 . 1.1.1.1 }
  set typeof ip6 flowlabel; elements = { 5 }
  map typeof vlan id : meta mark; elements = { 5 : 5 }
  map typeof meta mark : ct zone; elements = { 1 : 2 }
  map typeof tcp dport : tcp option maxseg size; elements = { 80 : 1400 }
  map typeof ip saddr . vlan id : verdict; elements = { 1.1.1.1 . 5 : drop }`);

/** Without what depends on the order in which things are made, and what nft 1.0.6 leaves out. */
const setsOf = (list: readonly object[]): NftObject[] =>
  asNft106(list).filter((object) => 'set' in object || 'map' in object);

const ruleset = (lines: readonly string[]): string =>
  `table inet t {\n${lines.map((line, i) => line.replace(/^(set|map) (.*)$/, `$1 s${i} { $2 }`)).join('\n')}\n}\n`;

describe.each([
  ['by datatype', declarations],
  ['typeof', typeofs],
] as const)('%s', (_, lines) => {
  let theirs: readonly NftObject[];
  let ours: readonly NftObject[];

  beforeAll(async () => {
    const netns = await namespace({}, 'file');
    load(netns, ruleset(lines));
    theirs = setsOf(listed(netns));
    ours = setsOf(await netns.nft.list());
  });

  test.each(lines.map((line, i) => [line, i] as const))('%s', (_, i) => {
    expect(theirs[i]).toBeDefined();
    expect(ours[i]).toEqual(theirs[i]);
  });
});

const field = (protocol: string, name: string): object => ({ payload: { protocol, field: name } });

describe('made by netloom', () => {
  let netns: Netns;
  /** What nft makes of the same in its own language, in its own words. */
  let printed: (set: string) => Promise<string>;

  beforeAll(async () => {
    netns = await namespace({}, 'file');
    const other = await namespace({}, 'file');
    printed = async (set) => {
      load(other, `flush ruleset\ntable inet t {\n${set}\n}\n`);
      return nft(other, 'list', 'ruleset');
    };
  });

  test.each<readonly [text: string, kind: 'set' | 'map', definition: object]>([
    [
      'set s { typeof ip saddr; elements = { 1.1.1.1 } }',
      'set',
      { type: { typeof: field('ip', 'saddr') }, elem: ['1.1.1.1'] },
    ],
    ['set s { typeof meta mark; }', 'set', { type: { typeof: { meta: { key: 'mark' } } } }],
    [
      'set s { typeof ct original ip saddr; }',
      'set',
      { type: { typeof: { ct: { key: 'ip saddr', dir: 'original' } } } },
    ],
    [
      'set s { typeof udp length; flags interval; elements = { 5-9 } }',
      'set',
      { type: { typeof: field('udp', 'length') }, flags: ['interval'], elem: [{ range: [5, 9] }] },
    ],
    [
      'set s { typeof udp length . meta length; elements = { 5 . 6 } }',
      'set',
      {
        type: { typeof: { concat: [field('udp', 'length'), { meta: { key: 'length' } }] } },
        elem: [{ concat: [5, 6] }],
      },
    ],
    [
      'map s { typeof ip saddr : udp length; elements = { 1.1.1.1 : 5 } }',
      'map',
      { type: { typeof: field('ip', 'saddr') }, map: { typeof: field('udp', 'length') }, elem: [['1.1.1.1', 5]] },
    ],
    [
      'set s { type ipv4_addr; flags constant; elements = { 1.1.1.1, 2.2.2.2 } }',
      'set',
      { type: 'ipv4_addr', flags: ['constant'], size: 100, elem: ['1.1.1.1', '2.2.2.2'] },
    ],
  ])('%s', async (text, kind, definition) => {
    const body = { family: 'inet', table: 't', name: 's', ...definition };
    await netns.nft.flush();
    await netns.nft.apply([{ add: { table: { family: 'inet', name: 't' } } }, { add: { [kind]: body } }] as never);
    expect(nft(netns, 'list', 'ruleset')).toBe(await printed(text));
  });
});
