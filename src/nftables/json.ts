/**
 * Commands, objects, statements and expressions as libnftables-json(5) writes them: what `ns.nft.apply` takes and
 * `ns.nft.list` gives. One member of a union for each word, so that an editor completes them.
 */

import type { ListKind, ListOne } from './filter.js';
import type { Concat, JoinedConstants, Key, Prefix, Range, Value } from './json-expressions.js';
import type { LimitJson, QuotaJson, StatefulStatement, Statement, SynproxyFlag, Verdict } from './json-statements.js';
import type { Family, ObjectKind } from './wire.js';

export type * from './json-expressions.js';
export type * from './json-statements.js';
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
        | { readonly element: ElementJson }
        | { readonly rule: RuleJson }
        | { readonly flowtable: FlowtableJson }
        | NamedObjectJson;
    }
  /** Before the rule with the given handle or index, or first. */
  | { readonly insert: { readonly rule: RuleJson } }
  | { readonly replace: { readonly rule: Omit<RuleJson, 'index'> & { readonly handle: number } } }
  | { readonly delete: Deletable }
  /** The same, and no error where there is none (Linux 6.3). */
  | { readonly destroy: Deletable }
  | { readonly flush: Flushable }
  | { readonly rename: { readonly chain: InTable & ObjectName & { readonly newname: string } } }
  /** After the transaction: `apply` resolves to what there is then. */
  | { readonly list: Listable }
  | { readonly reset: Resettable }
  | Addable
  /** What `nft -j` prints first; skipped. */
  | { readonly metainfo: Readonly<Record<string, unknown>> };

export type Addable =
  | { readonly table: TableJson }
  | { readonly chain: ChainJson }
  | { readonly rule: RuleJson }
  | { readonly set: SetJson }
  | { readonly map: MapJson }
  | { readonly element: ElementJson }
  | { readonly flowtable: FlowtableJson }
  | NamedObjectJson;

/** What `list` gives: one object by its kind, with its handle, in a form that `apply` takes. */
export type Listed = {
  readonly [Kind in ListedKind]: { readonly [Key in Kind]: Body<Kind> & { readonly handle: number } } & {
    readonly [Other in Exclude<ListedKind, Kind>]?: undefined;
  };
}[ListedKind];

type ListedKind = Exclude<KeyOf<Addable>, 'element'>;
type KeyOf<Union> = Union extends unknown ? keyof Union : never;
type Body<Kind extends string> = Extract<Addable, { readonly [Key in Kind]: unknown }>[Kind];

/** What a rule's `meter` statement has made: it can be listed and flushed, not added. */
export interface ListedMeter {
  readonly meter: SetJson & { readonly handle: number };
}

export type Deletable =
  | { readonly table: ObjectName }
  | { readonly chain: InTable & ObjectName }
  | { readonly rule: Omit<RuleJson, 'expr' | 'handle' | 'index'> & { readonly handle: number } }
  | { readonly set: InTable & ObjectName }
  | { readonly map: InTable & ObjectName }
  | { readonly element: ElementJson }
  | { readonly flowtable: InTable & ObjectName }
  | { readonly [Kind in ObjectKind]: { readonly [Key in Kind]: InTable & ObjectName } }[ObjectKind];

export type Flushable =
  | { readonly ruleset: null | { readonly family?: Family } }
  | { readonly table: Named }
  | { readonly chain: Named & InTable }
  | { readonly set: Named & InTable }
  | { readonly map: Named & InTable }
  | { readonly meter: Named & InTable };

/** What is listed: many of a kind, or one by its name. */
export type Listable =
  | { readonly [Kind in ListKind]: { readonly [Key in Kind]: null | Scope } }[ListKind]
  | { readonly table: Named }
  | { readonly [Kind in Exclude<ListOne, 'table'>]: { readonly [Key in Kind]: Named & InTable } }[Exclude<
      ListOne,
      'table'
    >];

interface Scope {
  readonly family?: Family;
  readonly table?: string;
}

export type Resettable =
  | { readonly counters: null | Scope }
  | { readonly quotas: null | Scope }
  | { readonly counter: Named & InTable }
  | { readonly quota: Named & InTable }
  | { readonly rules: null | (Scope & { readonly chain?: string }) }
  | { readonly rule: InTable & { readonly family?: Family; readonly chain: string; readonly handle: number } }
  | { readonly set: Named & InTable }
  | { readonly map: Named & InTable }
  | { readonly element: ElementJson };

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
  readonly dev?: string | readonly string[];
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
  /** To add or insert: the rule to stand next to, by its place in the chain as it is by then; the first is 0. */
  readonly index?: number;
  readonly comment?: string;
}

/**
 * A datatype, or the fields of a concatenation: `['ipv4_addr', 'inet_service']`, `'ipv4_addr . inet_service'`; or what is looked up, as
 * nft 1.1 writes it: `{ typeof: { payload: { protocol: 'vlan', field: 'id' } } }`. Listed are datatypes always, as by nft 1.0.6.
 */
export type TypeJson = string | readonly string[] | { readonly typeof: Key };

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
  /** What each element gets: a counter, a limit, ... */
  readonly stmt?: readonly StatefulStatement[];
}

export interface MapJson extends Omit<SetJson, 'elem'> {
  /** What it maps to: a type, `verdict` for a verdict map, or named objects of a kind. */
  readonly map: TypeJson | ObjectKind;
  readonly elem?: readonly MapElementJson[];
}

export type SetFlagJson = 'constant' | 'interval' | 'timeout' | 'dynamic';

export interface ElementJson extends Named, InTable {
  readonly elem: SetElementJson | readonly SetElementJson[] | readonly MapElementJson[];
}

export type SetElementJson = ElementKey | { readonly elem: ElementProperties };
export type MapElementJson = readonly [key: SetElementJson, value: ElementKey | Verdict];

export interface ElementProperties {
  readonly val: ElementKey;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds left. */
  readonly expires?: number;
  readonly comment?: string;
  readonly counter?: null | { readonly packets: number; readonly bytes: number };
  readonly limit?: LimitJson;
  readonly quota?: QuotaJson;
  readonly 'ct count'?: { readonly val: number; readonly inv?: boolean };
  readonly last?: null | { readonly used?: number };
}

export type ElementKey = ElementField | Concat<ElementField>;
type ElementField = Value | Prefix | Range | JoinedConstants;

/** Flows that skip the rules. */
export interface FlowtableJson extends Named, InTable {
  readonly handle?: number;
  readonly hook: 'ingress';
  readonly prio: number | string;
  readonly dev?: string | readonly string[];
  readonly flags?: 'offload' | 'counter' | readonly ('offload' | 'counter')[];
}

/** One of the two, to delete it. */
type ObjectName = { readonly family?: Family } & ({ readonly name: string } | { readonly handle: number });

/** What rules refer to by name. */
export type NamedObjectJson =
  | { readonly counter: ObjectHead & { readonly packets?: number; readonly bytes?: number } }
  | { readonly quota: ObjectHead & { readonly bytes: number; readonly used?: number; readonly inv?: boolean } }
  | { readonly limit: ObjectHead & LimitJson }
  | { readonly 'ct helper': ObjectHead & CtProtocols & { readonly type: string } }
  /** Seconds for each state that is not to have nft's default. */
  | { readonly 'ct timeout': ObjectHead & CtProtocols & { readonly policy?: null | Readonly<Record<string, number>> } }
  | {
      readonly 'ct expectation': ObjectHead &
        CtProtocols & {
          readonly dport: number;
          /** Milliseconds. */
          readonly timeout: number;
          readonly size: number;
        };
    }
  | { readonly secmark: ObjectHead & { readonly context: string } }
  | {
      readonly synproxy: ObjectHead & {
        readonly mss: number;
        readonly wscale: number;
        readonly flags?: SynproxyFlag | readonly SynproxyFlag[];
      };
    };

interface ObjectHead extends Named, InTable {
  readonly handle?: number;
  readonly comment?: string;
}
interface CtProtocols {
  readonly protocol: 'tcp' | 'udp' | (string & {});
  /** The table's family where none is said. */
  readonly l3proto?: 'ip' | 'ip6' | 'inet';
}
