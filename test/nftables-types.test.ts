/** The types of the JSON say what the compiler takes: an editor completes rules by them. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Nft } from '../src/index.js';
import { compileCommands } from '../src/nftables/compile.js';
import { type ExtensionOp, extensions } from '../src/nftables/extensions.js';
import type {
  Command,
  CtKey,
  ExtensionExpression,
  IpOptions,
  Ipv6Extensions,
  Listed,
  MapElementJson,
  MetaKey,
  NamedPayload,
  SctpChunks,
  Statement,
  TcpOptions,
} from '../src/nftables/json.js';
import { protocols } from '../src/nftables/protocols.js';

/** Each key of T, so that none is forgotten; values say nothing. */
type Every<T extends string> = Readonly<Record<T, 0>>;
type FieldsOf<P extends NamedPayload['protocol']> = Extract<NamedPayload, { protocol: P }>['field'];

const payloads: { readonly [P in NamedPayload['protocol']]: Every<FieldsOf<P>> } = {
  ether: { daddr: 0, saddr: 0, type: 0 },
  vlan: { pcp: 0, dei: 0, cfi: 0, id: 0, type: 0 },
  ip: {
    ...{ version: 0, hdrlength: 0, dscp: 0, ecn: 0, length: 0, id: 0 },
    ...{ 'frag-off': 0, ttl: 0, protocol: 0, checksum: 0, saddr: 0, daddr: 0 },
  },
  ip6: { version: 0, dscp: 0, ecn: 0, flowlabel: 0, length: 0, nexthdr: 0, hoplimit: 0, saddr: 0, daddr: 0 },
  arp: {
    ...{ htype: 0, ptype: 0, hlen: 0, plen: 0, operation: 0 },
    ...{ 'saddr ether': 0, 'saddr ip': 0, 'daddr ether': 0, 'daddr ip': 0 },
  },
  tcp: {
    ...{ sport: 0, dport: 0, sequence: 0, ackseq: 0, doff: 0 },
    ...{ reserved: 0, flags: 0, window: 0, checksum: 0, urgptr: 0 },
  },
  udp: { sport: 0, dport: 0, length: 0, checksum: 0 },
  icmp: { type: 0, code: 0, checksum: 0, id: 0, sequence: 0, gateway: 0, mtu: 0 },
  icmpv6: {
    ...{ type: 0, code: 0, checksum: 0, 'parameter-problem': 0 },
    ...{ mtu: 0, id: 0, sequence: 0, 'max-delay': 0 },
  },
  udplite: { sport: 0, dport: 0, csumcov: 0, checksum: 0 },
  sctp: { sport: 0, dport: 0, vtag: 0, checksum: 0 },
  dccp: { sport: 0, dport: 0, type: 0 },
  ah: { nexthdr: 0, hdrlength: 0, reserved: 0, spi: 0, sequence: 0 },
  esp: { spi: 0, sequence: 0 },
  comp: { nexthdr: 0, flags: 0, cpi: 0 },
  igmp: { type: 0, mrt: 0, checksum: 0, group: 0 },
  th: { sport: 0, dport: 0 },
};

test('fields of headers', () => {
  const typed = Object.entries(payloads).map(([name, fields]) => [name, Object.keys(fields).sort()]);
  expect(Object.fromEntries(typed)).toEqual(
    Object.fromEntries(protocols.map(({ name, fields }) => [name, fields.map((field) => field.name).sort()])),
  );
});

const headers: { readonly [Op in ExtensionOp]: readonly string[] } = {
  ipv6: Object.keys({ hbh: 0, rt: 0, rt0: 0, rt2: 0, srh: 0, frag: 0, dst: 0, mh: 0 } satisfies Every<
    keyof Ipv6Extensions
  >),
  ipv4: Object.keys({ lsrr: 0, rr: 0, ssrr: 0, ra: 0 } satisfies Every<keyof IpOptions>),
  tcpopt: Object.keys({
    ...{
      eol: 0,
      nop: 0,
      maxseg: 0,
      window: 0,
      'sack-perm': 0,
      sack: 0,
      timestamp: 0,
      md5sig: 0,
      mptcp: 0,
      fastopen: 0,
    },
  } satisfies Every<Exclude<keyof TcpOptions, `sack${number}`>>),
  sctp: Object.keys({
    ...{ data: 0, init: 0, 'init-ack': 0, sack: 0, heartbeat: 0, 'heartbeat-ack': 0, abort: 0, shutdown: 0 },
    ...{ 'shutdown-ack': 0, error: 0, 'cookie-echo': 0, 'cookie-ack': 0, ecne: 0, cwr: 0, 'shutdown-complete': 0 },
    ...{ asconf: 0, 'asconf-ack': 0, 'forward-tsn': 0 },
  } satisfies Every<keyof SctpChunks>),
};

test.each(Object.entries(headers))('extension headers of %s', (op, names) => {
  expect([...names].sort()).toEqual(extensions[op as ExtensionOp].map(({ name }) => name).sort());
});

/** Rules that an editor must take as they stand; it is the compiler of TypeScript that tests them. */
const rules: readonly (readonly Statement[])[] = [
  [{ match: { left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [22, { range: [80, 90] }] } } }],
  [{ match: { op: 'in', left: { ct: { key: 'state' } }, right: ['established', 'related'] } }, { accept: null }],
  [{ match: { op: '==', left: { exthdr: { name: 'rt0', field: 'addr[2]' } }, right: 'fd00::1' } }],
  [{ match: { op: '==', left: { 'tcp option': { name: 'sack1', field: 'left' } }, right: 5 } }],
  [{ mangle: { key: { 'tcp option': { name: 'maxseg', field: 'size' } }, value: { rt: { key: 'mtu' } } } }],
  [{ mangle: { key: { ct: { key: 'label' } }, value: { '|': ['bit', { '|': ['other', 5] }] } } }],
  [{ mangle: { key: { meta: { key: 'mark' } }, value: { '&': [{ meta: { key: 'mark' } }, 0xff] } } }],
  [{ dnat: { addr: { map: { key: { meta: { key: 'iifname' } }, data: '@m' } }, family: 'ip', flags: ['random'] } }],
  [{ limit: { rate: 5, per: 'minute', burst: 10, inv: true } }, { log: { prefix: 'x', flags: 'all' } }, { drop: null }],
  [{ reject: { type: 'icmpx', expr: 'admin-prohibited' } }],
  [{ queue: { num: { range: [1, 4] }, flags: ['bypass', 'fanout'] } }],
  [{ set: { op: 'update', elem: { elem: { val: { meta: { key: 'mark' } }, timeout: 5 } }, set: '@s' } }],
  [{ map: { op: 'add', elem: { payload: { protocol: 'ip', field: 'saddr' } }, data: 5, map: '@m' } }],
  [
    {
      vmap: { key: { fib: { result: 'type', flags: 'daddr' } }, data: { set: [['local', { jump: { target: 'c' } }]] } },
    },
  ],
  [{ xt: { type: 'match', name: 'comment', rev: 0, info: '' } }],
];

describe('a rule', () => {
  test('takes each statement', () => {
    expectTypeOf(rules[0]!).toExtend<readonly Statement[]>();
    expectTypeOf<{ add: { rule: { table: string; chain: string; expr: (typeof rules)[0] } } }>().toExtend<Command>();
  });

  test('takes no word that there is not', () => {
    expectTypeOf<'marks'>().not.toExtend<MetaKey>();
    expectTypeOf<'src'>().not.toExtend<CtKey>();
    expectTypeOf<{ payload: { protocol: 'udp'; field: 'flags' } }>().not.toExtend<{ payload: NamedPayload }>();
    expectTypeOf<{ 'tcp option': { name: 'nop'; field: 'size' } }>().not.toExtend<ExtensionExpression>();
    expectTypeOf<{ accepts: null }>().not.toExtend<Statement>();
    expectTypeOf<{ reject: { type: 'tcp' } }>().not.toExtend<Statement>();
  });
});

test('what is listed can be applied, and is told apart by its kind', () => {
  expectTypeOf<Listed[]>().toExtend<readonly Command[]>();
  const ruleOf = ({ rule }: Listed): number | undefined => rule?.handle;
  expectTypeOf(ruleOf).returns.toEqualTypeOf<number | undefined>();
  expectTypeOf<NonNullable<Listed['map']>['elem']>().toEqualTypeOf<readonly MapElementJson[] | undefined>();
  expectTypeOf<Nft['list']>().toBeCallableWith({ kind: 'meters' });
  // @ts-expect-error: a meter can be listed, not added.
  const meter: Command = { meter: { family: 'ip', table: 't', name: 'm', type: 'ipv4_addr' } };
  expect(() => compileCommands([meter])).toThrow('a rule makes it');
});

test('of constants that are joined, and of what translates addresses', () => {
  const flags = { payload: { protocol: 'tcp', field: 'flags' } } as const;
  const saddr = { payload: { protocol: 'ip', field: 'saddr' } } as const;
  const dport = { payload: { protocol: 'tcp', field: 'dport' } } as const;
  const joined = { '|': [{ '|': ['syn', 'ack'] }, 'rst'] } as const;
  const addresses = { prefix: { addr: '10.0.1.0', len: 24 } } as const;
  const to = { concat: [addresses, { range: [8000, 8009] }] } as const;
  const rules: readonly (readonly Statement[])[] = [
    [{ match: { op: '==', left: { '&': [flags, joined] }, right: { set: ['syn', joined] } } }],
    [{ mangle: { key: { ct: { key: 'mark' } }, value: { '^': ['0x11', { '&': [7, 3] }] } } }],
    [
      {
        dnat: {
          addr: { map: { key: { concat: [saddr, dport] }, data: { set: [[{ concat: ['10.0.0.1', 80] }, to]] } } },
        },
      },
    ],
    [{ snat: { addr: { map: { key: saddr, data: { set: [['10.0.0.1', { range: ['10.0.1.1', '10.0.1.9'] }]] } } } } }],
    [
      { match: { op: '==', left: dport, right: 80 } },
      { redirect: { port: { numgen: { mode: 'inc', mod: 10, offset: 8000 } } } },
    ],
  ];
  const commands = rules.map((expr): Command => ({ add: { rule: { family: 'ip', table: 't', chain: 'c', expr } } }));
  expect(compileCommands(commands).filter(({ op }) => op === 'newrule')).toHaveLength(rules.length);
});
