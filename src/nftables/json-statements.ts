/** Statements of libnftables-json(5): what a rule is made of. */

import type {
  Concat,
  Constant,
  CtExpression,
  Expression,
  ExtensionExpression,
  Key,
  MapExpression,
  MetaExpression,
  PayloadExpression,
  Prefix,
  Range,
  Right,
  SetReference,
  TcpOptionExpression,
  Value,
} from './json-expressions.js';

/** What a rule is made of, in order. */
export type Statement =
  | Verdict
  | MatchStatement
  | VmapStatement
  | MangleStatement
  | NatStatement
  | StatefulStatement
  | ReferenceStatement
  | LogStatement
  | RejectStatement
  | SynproxyStatement
  | SetStatement
  | MeterStatement
  | RedirectingStatement
  /** Strips the option. */
  | { readonly reset: TcpOptionExpression }
  | { readonly notrack: null }
  | { readonly xt: XtJson };

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

export interface VmapStatement {
  readonly vmap: MapExpression<Verdict>['map'];
}

/** Writes a header field, a mark, a conntrack property. */
export interface MangleStatement {
  readonly mangle: {
    readonly key: PayloadExpression | MetaExpression | CtExpression | ExtensionExpression;
    readonly value: Constant | Expression | MapExpression<Value>;
  };
}

export type NatStatement =
  | { readonly snat: NatJson }
  | { readonly dnat: NatJson }
  | { readonly masquerade: null | PortNatJson }
  | { readonly redirect: null | PortNatJson };

export interface NatJson extends PortNatJson {
  /** An address, several, what is read from the packet, or a map's; a map may give address and port. */
  readonly addr?: Translated | Expression | MapExpression<Translated | Concat<Translated>>;
  /** Needed in `inet`, where nothing else says it. */
  readonly family?: 'ip' | 'ip6';
  readonly type_flags?: NatTypeFlag | readonly NatTypeFlag[];
}
type Translated = Value | Prefix | Range;
export type NatTypeFlag = 'prefix' | 'interval' | 'concat';
export interface PortNatJson {
  readonly port?: Value | Range | Expression | MapExpression<Value>;
  readonly flags?: NatFlagJson | readonly NatFlagJson[];
}
export type NatFlagJson = 'random' | 'fully-random' | 'persistent' | 'netmap';

/** Statements that remember something; elements of sets can have them too. */
export type StatefulStatement =
  | CounterStatement
  | { readonly limit: LimitJson }
  | { readonly quota: QuotaJson }
  /** Goes on while there are no more connections; inverted: once there are more. */
  | { readonly 'ct count': { readonly val: number; readonly inv?: boolean } }
  /** When it was reached last; `used` in milliseconds ago. */
  | { readonly last: null | { readonly used?: number } };

export interface CounterStatement {
  readonly counter: null | { readonly packets: number; readonly bytes: number };
}

export type DataUnit = 'bytes' | 'kbytes' | 'mbytes';

/** Goes on while no more comes than `rate` in each `per`; inverted: once more comes. */
export interface LimitJson {
  readonly rate: number;
  readonly per: 'second' | 'minute' | 'hour' | 'day' | 'week';
  readonly rate_unit?: 'packets' | DataUnit;
  /** 5 packets where none is said. */
  readonly burst?: number;
  readonly burst_unit?: 'packets' | DataUnit;
  readonly inv?: boolean;
}

/** Goes on until so much has passed; inverted: once it has. */
export interface QuotaJson {
  readonly val: number;
  readonly val_unit?: DataUnit;
  readonly used?: number;
  readonly used_unit?: DataUnit;
  readonly inv?: boolean;
}

/** A named object: by its name, or by what a map says. */
export type Reference = string | MapExpression<string>;
export type ReferenceStatement =
  | { readonly counter: Reference }
  | { readonly limit: Reference }
  | { readonly quota: Reference }
  | { readonly 'ct helper': Reference }
  | { readonly 'ct timeout': Reference }
  | { readonly 'ct expectation': Reference }
  | { readonly secmark: Reference }
  | { readonly synproxy: Reference };

export interface SynproxyStatement {
  readonly synproxy: null | SynproxyJson;
}
export interface SynproxyJson {
  readonly mss?: number;
  readonly wscale?: number;
  readonly flags?: SynproxyFlag | readonly SynproxyFlag[];
}
export type SynproxyFlag = 'timestamp' | 'sack-perm';

/** An expression, or several and constants side by side; and seconds until the element goes. */
export type DynamicElement = DynamicKey | { readonly elem: { readonly val: DynamicKey; readonly timeout?: number } };
type DynamicKey = Key | Concat<Expression | string | number>;

/** The packet adds an element to a set, or to a map. */
export type SetStatement =
  | {
      readonly set: {
        readonly op: 'add' | 'update' | 'delete';
        readonly elem: DynamicElement;
        readonly set: SetReference;
        readonly stmt?: readonly StatefulStatement[];
      };
    }
  | {
      readonly map: {
        readonly op: 'add' | 'update' | 'delete';
        readonly elem: DynamicElement;
        /** Something read, or a constant. */
        readonly data: Key | Value | Concat<Value>;
        readonly map: SetReference;
        readonly stmt?: readonly StatefulStatement[];
      };
    };

/** An extension of iptables, as iptables-nft makes it. nft lists `type` and `name` only, and cannot make it. */
export interface XtJson {
  /** `watcher`: a target of the family bridge that goes on; `expression`: an expression that has no JSON form here, which cannot be made. */
  readonly type: 'match' | 'target' | 'watcher' | 'expression';
  readonly name: string;
  /** Of the extension; 0 where none is said. */
  readonly rev?: number;
  /** Its own bytes, in base64: what the kernel is given and gives back, in this machine's byte order. */
  readonly info?: string;
}

/** A statement for each key that packets have. */
export interface MeterStatement {
  readonly meter: {
    readonly name: string;
    readonly key: DynamicElement;
    readonly stmt: StatefulStatement;
    /** Of keys; 65535 where none is said. */
    readonly size?: number;
  };
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

type Target = Constant | Expression | MapExpression<Value>;

/** Sends the packet, or a copy of it, elsewhere. */
export type RedirectingStatement =
  /** A copy: to an address, by a device if one is named; in netdev `addr` is the device. */
  | { readonly dup: { readonly addr: Target; readonly dev?: Target } }
  | { readonly fwd: { readonly dev: Target; readonly family?: 'ip' | 'ip6'; readonly addr?: Target } }
  | { readonly tproxy: { readonly family?: 'ip' | 'ip6'; readonly addr?: Target; readonly port?: Target } }
  | {
      readonly queue: null | {
        readonly num?: Value | Range | Expression | MapExpression<Value>;
        readonly flags?: QueueFlag | readonly QueueFlag[];
      };
    }
  | { readonly flow: { readonly op: 'add'; readonly flowtable: SetReference } };
export type QueueFlag = 'bypass' | 'fanout';
