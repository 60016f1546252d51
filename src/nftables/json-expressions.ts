/** Expressions of libnftables-json(5): what rules read, compare with and look up. */

import type { SetElementJson } from './json.js';

/** A constant: an address, a name, a number. */
export type Value = string | number | boolean;
export interface Prefix {
  readonly prefix: { readonly addr: Value; readonly len: number };
}
export interface Range {
  readonly range: readonly [from: Value, to: Value];
}
export interface Concat<Field> {
  readonly concat: readonly Field[];
}

/** Something read from the packet, or several such things side by side. */
export type Key = Expression | Concat<Expression>;
export type Expression =
  | PayloadExpression
  | MetaExpression
  | CtExpression
  | FibExpression
  | RouteExpression
  | SocketExpression
  | FingerprintExpression
  | NumberExpression
  | IpsecExpression
  | ExtensionExpression
  | BitwiseExpression;

export interface PayloadExpression {
  readonly payload: NamedPayload | RawPayload;
}
export type NamedPayload =
  | { readonly protocol: 'ether'; readonly field: 'daddr' | 'saddr' | 'type' }
  | {
      readonly protocol: 'ip';
      readonly field:
        | 'version'
        | 'hdrlength'
        | 'dscp'
        | 'ecn'
        | 'length'
        | 'id'
        | 'frag-off'
        | 'ttl'
        | 'protocol'
        | 'checksum'
        | 'saddr'
        | 'daddr';
    }
  | {
      readonly protocol: 'ip6';
      readonly field: 'version' | 'dscp' | 'ecn' | 'flowlabel' | 'length' | 'nexthdr' | 'hoplimit' | 'saddr' | 'daddr';
    }
  | {
      readonly protocol: 'arp';
      readonly field:
        | 'htype'
        | 'ptype'
        | 'hlen'
        | 'plen'
        | 'operation'
        | 'saddr ether'
        | 'daddr ether'
        | 'saddr ip'
        | 'daddr ip';
    }
  | {
      readonly protocol: 'tcp';
      readonly field:
        | 'sport'
        | 'dport'
        | 'sequence'
        | 'ackseq'
        | 'doff'
        | 'reserved'
        | 'flags'
        | 'window'
        | 'checksum'
        | 'urgptr';
    }
  | { readonly protocol: 'udp'; readonly field: 'sport' | 'dport' | 'length' | 'checksum' }
  | { readonly protocol: 'icmp'; readonly field: 'type' | 'code' | 'checksum' | 'id' | 'sequence' | 'gateway' | 'mtu' }
  | {
      readonly protocol: 'icmpv6';
      readonly field: 'type' | 'code' | 'checksum' | 'parameter-problem' | 'mtu' | 'id' | 'sequence' | 'max-delay';
    }
  | { readonly protocol: 'vlan'; readonly field: 'pcp' | 'dei' | 'cfi' | 'id' | 'type' }
  | { readonly protocol: 'udplite'; readonly field: 'sport' | 'dport' | 'csumcov' | 'checksum' }
  | { readonly protocol: 'sctp'; readonly field: 'sport' | 'dport' | 'vtag' | 'checksum' }
  | { readonly protocol: 'dccp'; readonly field: 'sport' | 'dport' | 'type' }
  | { readonly protocol: 'ah'; readonly field: 'nexthdr' | 'hdrlength' | 'reserved' | 'spi' | 'sequence' }
  | { readonly protocol: 'esp'; readonly field: 'spi' | 'sequence' }
  | { readonly protocol: 'comp'; readonly field: 'nexthdr' | 'flags' | 'cpi' }
  | { readonly protocol: 'igmp'; readonly field: 'type' | 'mrt' | 'checksum' | 'group' }
  /** Any transport protocol with ports. */
  | { readonly protocol: 'th'; readonly field: 'sport' | 'dport' };

/** Bits from the start of the link, network or transport header, or of what the transport header carries. */
export interface RawPayload {
  readonly base: 'll' | 'nh' | 'th' | 'ih';
  readonly offset: number;
  readonly len: number;
}

export interface MetaExpression {
  readonly meta: { readonly key: MetaKey };
}
export type MetaKey =
  | 'length'
  | 'protocol'
  | 'priority'
  | 'mark'
  | 'iif'
  | 'oif'
  | 'iifname'
  | 'oifname'
  | 'iiftype'
  | 'oiftype'
  | 'skuid'
  | 'skgid'
  | 'nftrace'
  | 'rtclassid'
  | 'secmark'
  | 'nfproto'
  | 'l4proto'
  | 'ibrname'
  | 'obrname'
  | 'pkttype'
  | 'cpu'
  | 'iifgroup'
  | 'oifgroup'
  | 'cgroup'
  | 'random'
  | 'ipsec'
  | 'iifkind'
  | 'oifkind'
  | 'ibrpvid'
  | 'ibrvproto'
  | 'time'
  | 'day'
  | 'hour'
  | 'sdif'
  | 'sdifname';

export interface CtExpression {
  /** `family`: of the addresses `saddr` and `daddr`, where nothing else says it. */
  readonly ct: { readonly key: CtKey; readonly dir?: CtDirection; readonly family?: 'ip' | 'ip6' };
}
export type CtKey =
  | 'state'
  | 'direction'
  | 'status'
  | 'mark'
  | 'secmark'
  | 'expiration'
  | 'helper'
  | 'l3proto'
  | 'saddr'
  | 'daddr'
  | 'protocol'
  | 'proto-src'
  | 'proto-dst'
  | 'label'
  | 'packets'
  | 'bytes'
  | 'avgpkt'
  | 'zone'
  | 'event'
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'id';
export type CtDirection = 'original' | 'reply';

/** What the routing tables say of one of the packet's addresses, which `flags` names. Against true or false: whether they know it. */
export interface FibExpression {
  readonly fib: { readonly result: 'oif' | 'oifname' | 'type'; readonly flags: FibFlagJson | readonly FibFlagJson[] };
}
export type FibFlagJson = 'saddr' | 'daddr' | 'mark' | 'iif' | 'oif';

/** The route that the packet takes. */
export interface RouteExpression {
  readonly rt: { readonly key: 'classid' | 'nexthop' | 'mtu' | 'ipsec'; readonly family?: 'ip' | 'ip6' };
}

/** The local socket that the packet belongs to. */
export interface SocketExpression {
  readonly socket: { readonly key: 'transparent' | 'mark' | 'wildcard' | 'cgroupv2'; readonly level?: number };
}

/** The sender's operating system. `ttl`: how the packet's is compared; exactly where nothing is said. */
export interface FingerprintExpression {
  readonly osf: { readonly key: 'name' | 'version'; readonly ttl?: 'loose' | 'skip' };
}

/** A number from `offset` to `offset + mod - 1`: counted, thrown, or made of what is read. */
export type NumberExpression =
  | { readonly numgen: { readonly mode: 'inc' | 'random'; readonly mod: number; readonly offset?: number } }
  | {
      readonly jhash: { readonly mod: number; readonly expr: Key; readonly seed?: number; readonly offset?: number };
    }
  | { readonly symhash: { readonly mod: number; readonly offset?: number } };

/** The IPsec state that the packet came by, or goes by. */
export interface IpsecExpression {
  readonly ipsec: {
    readonly key: 'saddr' | 'daddr' | 'reqid' | 'spi';
    readonly family?: 'ip' | 'ip6';
    readonly dir: 'in' | 'out';
    readonly spnum?: number;
  };
}

/** A field of a header that need not be there; without `field`, whether it is: compared with true or false. */
export type ExtensionExpression =
  | { readonly exthdr: NamedField<Ipv6Extensions> & { readonly offset?: number } }
  | { readonly 'ip option': NamedField<IpOptions> }
  | TcpOptionExpression
  | { readonly 'sctp chunk': NamedField<SctpChunks> };
/** By name, or by number with bits from its start. */
export interface TcpOptionExpression {
  readonly 'tcp option':
    | NamedField<TcpOptions>
    | { readonly base: number; readonly offset: number; readonly len: number };
}

type NamedField<Headers> = {
  readonly [Name in keyof Headers]: { readonly name: Name; readonly field?: Headers[Name] };
}[keyof Headers];

/** The fields of each header. */
export interface Ipv6Extensions {
  readonly hbh: 'nexthdr' | 'hdrlength';
  readonly rt: 'nexthdr' | 'hdrlength' | 'type' | 'seg-left';
  /** `offset`: addresses from this one on. */
  readonly rt0: 'reserved' | 'addr' | `addr[${number}]`;
  readonly rt2: 'addr';
  readonly srh: 'last-entry' | 'flags' | 'tag' | `sid[${number}]`;
  readonly frag: 'nexthdr' | 'reserved' | 'frag-off' | 'reserved2' | 'more-fragments' | 'id';
  readonly dst: 'nexthdr' | 'hdrlength';
  readonly mh: 'nexthdr' | 'hdrlength' | 'type' | 'reserved' | 'checksum';
}

type RouteOption = 'type' | 'length' | 'ptr' | 'addr';
export interface IpOptions {
  readonly lsrr: RouteOption;
  readonly rr: RouteOption;
  readonly ssrr: RouteOption;
  readonly ra: 'type' | 'length' | 'value';
}

type TcpOption = 'kind' | 'length';
type Acknowledged = TcpOption | 'left' | 'right';
export interface TcpOptions {
  readonly eol: 'kind';
  readonly nop: 'kind';
  readonly maxseg: TcpOption | 'size';
  readonly window: TcpOption | 'count';
  readonly 'sack-perm': TcpOption;
  readonly sack: Acknowledged;
  /** The blocks of `sack`. */
  readonly sack0: Acknowledged;
  readonly sack1: Acknowledged;
  readonly sack2: Acknowledged;
  readonly sack3: Acknowledged;
  readonly timestamp: TcpOption | 'tsval' | 'tsecr';
  readonly md5sig: TcpOption;
  readonly mptcp: TcpOption | 'subtype';
  readonly fastopen: TcpOption;
}

type Chunk = 'type' | 'flags' | 'length';
type InitChunk = Chunk | 'init-tag' | 'a-rwnd' | 'num-outbound-streams' | 'num-inbound-streams' | 'initial-tsn';
export interface SctpChunks {
  readonly data: Chunk | 'tsn' | 'stream' | 'ssn' | 'ppid';
  readonly init: InitChunk;
  readonly 'init-ack': InitChunk;
  readonly sack: Chunk | 'cum-tsn-ack' | 'a-rwnd' | 'num-gap-ack-blocks' | 'num-dup-tsns';
  readonly heartbeat: Chunk;
  readonly 'heartbeat-ack': Chunk;
  readonly abort: Chunk;
  readonly shutdown: Chunk | 'cum-tsn-ack';
  readonly 'shutdown-ack': Chunk;
  readonly error: Chunk;
  readonly 'cookie-echo': Chunk;
  readonly 'cookie-ack': Chunk;
  readonly ecne: Chunk | 'lowest-tsn';
  readonly cwr: Chunk | 'lowest-tsn';
  readonly 'shutdown-complete': Chunk;
  readonly asconf: Chunk | 'seqno';
  readonly 'asconf-ack': Chunk | 'seqno';
  readonly 'forward-tsn': Chunk | 'new-cum-tsn';
}

export type BitwiseExpression =
  | { readonly '<<': readonly [Expression, number] }
  | { readonly '>>': readonly [Expression, number] }
  | { readonly '&': readonly [Expression, ...Constant[]] }
  | { readonly '|': readonly [Expression, ...Constant[]] }
  | { readonly '^': readonly [Expression, ...Constant[]] };
export type Constant = Value | readonly Value[] | JoinedConstants;

/** Looks a key up: its value in a map. */
export interface MapExpression<Data> {
  readonly map: {
    readonly key: Key;
    readonly data: SetReference | { readonly set: readonly (readonly [key: SetElementJson, value: Data])[] };
  };
}

export type Right =
  | Value
  | readonly Value[]
  | Prefix
  | Range
  | JoinedConstants
  | { readonly set: readonly SetElementJson[] }
  | SetReference;
/** Constants that operators make one of, as nft writes flags together: `{"|": [{"|": ["syn", "ack"]}, "rst"]}`. */
export type JoinedConstants =
  | { readonly '|': readonly Joined[] }
  | { readonly '&': readonly Joined[] }
  | { readonly '^': readonly Joined[] }
  | { readonly '<<': readonly [Joined, number] }
  | { readonly '>>': readonly [Joined, number] };
type Joined = Value | JoinedConstants;
export type SetReference = `@${string}`;
