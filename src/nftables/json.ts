/**
 * Commands, objects, statements and expressions as libnftables-json(5) writes them: what `ns.nft.apply` takes and
 * `ns.nft.list` gives. One member of a union for each word, so that an editor completes them.
 */

import type { Family } from './wire.js';

export type { Family };

/** One object with the name of what is done to it. An object alone is added. */
export type Command =
  | { readonly add: Addable }
  | {
      readonly create:
        | { readonly table: TableJson }
        | { readonly chain: ChainJson }
        | { readonly set: SetJson }
        | { readonly map: MapJson }
        | { readonly element: ElementJson };
    }
  /** Before the rule with the given handle, or first. */
  | { readonly insert: { readonly rule: RuleJson } }
  | { readonly replace: { readonly rule: RuleJson & { readonly handle: number } } }
  | { readonly delete: Deletable }
  | { readonly flush: Flushable }
  | Addable
  /** What `nft -j` prints first; skipped. */
  | { readonly metainfo: Readonly<Record<string, unknown>> };

export type Addable =
  | { readonly table: TableJson }
  | { readonly chain: ChainJson }
  | { readonly rule: RuleJson }
  | { readonly set: SetJson }
  | { readonly map: MapJson }
  | { readonly element: ElementJson };

export type Deletable =
  | { readonly table: Named }
  | { readonly chain: Named & InTable }
  | { readonly rule: Omit<RuleJson, 'expr' | 'handle'> & { readonly handle: number } }
  | { readonly set: Named & InTable }
  | { readonly map: Named & InTable }
  | { readonly element: ElementJson };

export type Flushable =
  | { readonly ruleset: null | { readonly family?: Family } }
  | { readonly table: Named }
  | { readonly chain: Named & InTable }
  | { readonly set: Named & InTable }
  | { readonly map: Named & InTable };

interface Named {
  /** `ip` where none is said. */
  readonly family?: Family;
  readonly name: string;
}

interface InTable {
  readonly table: string;
}

export interface TableJson extends Named {
  readonly handle?: number;
  readonly flags?: TableFlag | readonly TableFlag[];
  readonly comment?: string;
}

export type TableFlag = 'dormant' | 'owner' | 'persist';

/** With `type`, `hook` and `prio` a base chain, else one to jump to. */
export interface ChainJson extends Named, InTable {
  readonly handle?: number;
  readonly type?: 'filter' | 'nat' | 'route';
  readonly hook?: Hook;
  /** A number, a name (`filter`, `dstnat`, ...), or a name with an offset: `filter - 5`. */
  readonly prio?: number | string;
  /** Of the hooks `ingress` and `egress`. */
  readonly dev?: string;
  readonly policy?: 'accept' | 'drop';
  readonly comment?: string;
}

// Which hooks there are depends on the family; the union is for completion.
export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress' | 'egress' | (string & {});

export interface RuleJson extends InTable {
  readonly family?: Family;
  readonly chain: string;
  readonly expr: readonly Statement[];
  /** Listed: the rule's own. To add or insert: that of the rule to stand next to. */
  readonly handle?: number;
  readonly comment?: string;
}

/** A datatype, or the fields of a concatenation: `['ipv4_addr', 'inet_service']`, `'ipv4_addr . inet_service'`. */
export type TypeJson = string | readonly string[];

export interface SetJson extends Named, InTable {
  readonly handle?: number;
  readonly type: TypeJson;
  readonly policy?: 'performance' | 'memory';
  readonly flags?: SetFlagJson | readonly SetFlagJson[];
  readonly elem?: SetElementJson | readonly SetElementJson[];
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds. */
  readonly 'gc-interval'?: number;
  readonly size?: number;
  readonly comment?: string;
  readonly 'auto-merge'?: boolean;
}

export interface MapJson extends Omit<SetJson, 'elem'> {
  /** What it maps to; `verdict` for a verdict map. */
  readonly map: TypeJson;
  readonly elem?: readonly MapElementJson[];
}

export type SetFlagJson = 'constant' | 'interval' | 'timeout' | 'dynamic';

export interface ElementJson extends Named, InTable {
  readonly elem: SetElementJson | readonly SetElementJson[] | readonly MapElementJson[];
}

export type SetElementJson = ElementKey | { readonly elem: ElementProperties };
export type MapElementJson = readonly [key: SetElementJson, value: Value | Concat<Value> | Verdict];

export interface ElementProperties {
  readonly val: ElementKey;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds left. */
  readonly expires?: number;
  readonly comment?: string;
}

export type ElementKey = Value | Prefix | Range | Concat<Value | Prefix | Range>;

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

/** What a rule is made of, in order. */
export type Statement =
  | Verdict
  | MatchStatement
  | VmapStatement
  | MangleStatement
  | NatStatement
  | CounterStatement
  | LogStatement
  | RejectStatement;

export type Verdict =
  | { readonly accept: null }
  | { readonly drop: null }
  | { readonly continue: null }
  | { readonly return: null }
  | { readonly jump: { readonly target: string } }
  | { readonly goto: { readonly target: string } };

/** The rule goes on only if this holds. Without `op`, flags are tested and everything else compared. */
export interface MatchStatement {
  readonly match: { readonly op?: MatchOperator; readonly left: Key; readonly right: Right };
}

/** `in`: any of these flags; `!`: none of them. */
export type MatchOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in' | '!';

export type Right =
  | Value
  | readonly Value[]
  | Prefix
  | Range
  | { readonly '|': readonly unknown[] }
  | { readonly set: readonly SetElementJson[] }
  | SetReference;
export type SetReference = `@${string}`;

/** Something read from the packet, or several such things side by side. */
export type Key = Expression | Concat<Expression>;
export type Expression = PayloadExpression | MetaExpression | CtExpression | BitwiseExpression;

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

export interface VmapStatement {
  readonly vmap: MapExpression<Verdict>['map'];
}

/** Writes a header field, a mark, a conntrack property. */
export interface MangleStatement {
  readonly mangle: {
    readonly key: PayloadExpression | MetaExpression | CtExpression;
    readonly value: Constant | Expression | MapExpression<Value>;
  };
}

export type NatStatement =
  | { readonly snat: NatJson }
  | { readonly dnat: NatJson }
  | { readonly masquerade: null | PortNatJson }
  | { readonly redirect: null | PortNatJson };

export interface NatJson extends PortNatJson {
  /** An address, several, or a map's; a map may give address and port. */
  readonly addr?: Value | Prefix | Range | MapExpression<Value | Concat<Value>>;
  /** Needed in `inet`, where nothing else says it. */
  readonly family?: 'ip' | 'ip6';
  readonly type_flags?: 'prefix' | readonly 'prefix'[];
}
export interface PortNatJson {
  readonly port?: Value | Range | MapExpression<Value>;
  readonly flags?: NatFlagJson | readonly NatFlagJson[];
}
export type NatFlagJson = 'random' | 'fully-random' | 'persistent' | 'netmap';

export interface CounterStatement {
  readonly counter: null | { readonly packets: number; readonly bytes: number };
}

export interface LogStatement {
  readonly log: null | LogJson;
}
export interface LogJson {
  readonly prefix?: string;
  /** To listeners of nfnetlink_log instead of the kernel's log. */
  readonly group?: number;
  readonly snaplen?: number;
  readonly 'queue-threshold'?: number;
  readonly level?: LogLevel;
  readonly flags?: LogFlag | readonly LogFlag[];
}
export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warn' | 'notice' | 'info' | 'debug' | 'audit';
export type LogFlag = 'tcp sequence' | 'tcp options' | 'ip options' | 'skuid' | 'ether' | 'all';

/** Drops the packet and tells its sender; null takes what fits the packet's family. */
export interface RejectStatement {
  readonly reject: null | { readonly type?: RejectType; readonly expr?: string | number };
}
export type RejectType = 'tcp reset' | 'icmp' | 'icmpv6' | 'icmpx';
