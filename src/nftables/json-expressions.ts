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
export type Expression = PayloadExpression | MetaExpression | CtExpression | FibExpression | BitwiseExpression;

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
  /** Any transport protocol with ports. */
  | { readonly protocol: 'th'; readonly field: 'sport' | 'dport' };

/** Bits from the start of the link, network or transport header. */
export interface RawPayload {
  readonly base: 'll' | 'nh' | 'th';
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
  readonly ct: { readonly key: CtKey; readonly dir?: CtDirection };
}
export type CtKey =
  | 'state'
  | 'direction'
  | 'status'
  | 'mark'
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

export type BitwiseExpression =
  | { readonly '&': readonly [Expression, ...Constant[]] }
  | { readonly '|': readonly [Expression, ...Constant[]] }
  | { readonly '^': readonly [Expression, ...Constant[]] };
export type Constant = Value | readonly Value[];

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
  | { readonly '|': readonly unknown[] }
  | { readonly set: readonly SetElementJson[] }
  | SetReference;
export type SetReference = `@${string}`;
