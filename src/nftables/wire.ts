/**
 * Stage two of the nftables pipeline: what the kernel's nf_tables API holds, as plain objects.
 *
 * The compiler turns libnftables-json into these, the decompiler turns these back; native/nftables writes and reads
 * them as netlink attributes. Field names are the kernel's attribute names (`NFTA_RULE_POSITION` -> `position`).
 * Byte strings are in network order unless a comment says otherwise. Source: linux/netfilter/nf_tables.h.
 */

import type { Data, Expression, ObjectKind } from './wire-expressions.js';

export type { Data, Expression, FibFlag, NatFlag, ObjectKind, Register, VerdictCode } from './wire-expressions.js';

/** An object while it is made. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type Family = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

export interface Table {
  readonly family: Family;
  readonly name: string;
  readonly flags?: readonly ('dormant' | 'owner' | 'persist')[];
  readonly userdata?: Uint8Array;
  readonly handle?: number;
}

export interface Chain {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly handle?: number;
  /** Base chains only. `hooknum` is the kernel's number in this family; `priority` is signed. */
  readonly hook?: {
    readonly hooknum: number;
    readonly priority: number;
    readonly dev?: string;
    readonly devs?: readonly string[];
  };
  readonly policy?: 'accept' | 'drop';
  /** `filter`, `nat`, `route`. */
  readonly kind?: string;
  readonly userdata?: Uint8Array;
}

export interface Rule {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly handle?: number;
  /** The handle of the rule that it stands next to; or, of one that the same transaction makes, its `id`. */
  readonly position?: number;
  readonly positionId?: number;
  /** Ties it to rules of the same transaction that stand next to it. */
  readonly id?: number;
  readonly expressions?: readonly Expression[];
  readonly userdata?: Uint8Array;
  /** Only asked for, of rules with xtables' matches and targets: the protocol that they are checked against. */
  readonly compat?: { readonly proto: number; readonly flags: number };
}

export type SetFlag = 'anonymous' | 'constant' | 'interval' | 'map' | 'timeout' | 'eval' | 'object' | 'concat' | 'expr';

export interface SetDefinition {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly flags?: readonly SetFlag[];
  /** nft's own datatype numbers, opaque to the kernel. */
  readonly keyType?: number;
  readonly keyLen?: number;
  readonly dataType?: number;
  readonly dataLen?: number;
  readonly policy?: 'performance' | 'memory';
  readonly desc?: { readonly size?: number; readonly concat?: readonly { readonly len: number }[] };
  /** Ties elements and lookups to a set made in the same transaction. */
  readonly id?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds. */
  readonly gcInterval?: number;
  readonly userdata?: Uint8Array;
  readonly handle?: number;
  /** Of elements; Linux 6.16 and later say it. */
  readonly count?: number;
  /** Of what objects a map gives (flag `object`). */
  readonly objectType?: ObjectKind;
  /** What each element gets: one, or several (flag `expr`). */
  readonly expr?: Expression;
  readonly expressions?: readonly Expression[];
}

export interface SetElement {
  readonly key?: Data;
  readonly keyEnd?: Data;
  readonly data?: Data;
  readonly flags?: readonly ('interval-end' | 'catchall')[];
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds. */
  readonly expiration?: number;
  readonly userdata?: Uint8Array;
  /** The name of the object that a map gives. */
  readonly object?: string;
  readonly expr?: Expression;
  readonly expressions?: readonly Expression[];
}

export interface SetElements {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  readonly setId?: number | undefined;
  readonly elements: readonly SetElement[];
}

type L3Protocol = 'ip' | 'ip6' | 'inet';

/** A named object: what all have, and what is its kind's own. */
export type NamedObject = {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly handle?: number;
  readonly userdata?: Uint8Array;
} & (
  | Extract<Expression, { type: 'counter' | 'quota' | 'limit' | 'synproxy' }>
  | { readonly type: 'ct helper'; readonly helper: string; readonly l4proto: string; readonly l3proto?: L3Protocol }
  /** And seconds for each state, under its name. */
  | { readonly type: 'ct timeout'; readonly l4proto: string; readonly l3proto?: L3Protocol }
  | {
      readonly type: 'ct expectation';
      readonly l4proto: string;
      readonly l3proto?: L3Protocol;
      readonly dport: number;
      /** Milliseconds. */
      readonly timeout: number;
      readonly size: number;
    }
  | { readonly type: 'secmark'; readonly context: string }
);

/** What is to be deleted: by its name, or by its handle. */
export interface Reference {
  readonly family: Family;
  readonly table: string;
  readonly name?: string;
  readonly handle?: number;
}

export interface ObjectReference extends Reference {
  readonly type: ObjectKind;
}

export interface Flowtable {
  readonly family: Family;
  readonly table: string;
  readonly name?: string;
  readonly handle?: number;
  readonly hook?: { readonly hooknum: number; readonly priority: number; readonly devs?: readonly string[] };
  readonly flags?: readonly ('offload' | 'counter')[];
}

/**
 * One message of a transaction. `create` fails if the object is there (`NLM_F_EXCL`), `destroy` does not fail if it is not
 * (`NFT_MSG_DESTROY*`, Linux 6.3).
 */
export type Operation =
  | { readonly op: 'newtable'; readonly object: Table; readonly create?: boolean }
  /** Without a name or a handle all tables of the family; of `unspec`, all there are (`flush ruleset`). */
  | { readonly op: 'deltable'; readonly object: TableReference; readonly destroy?: boolean }
  /** `rename`: the chain with this handle has this name from then on. */
  | { readonly op: 'newchain'; readonly object: Chain; readonly create?: boolean; readonly rename?: boolean }
  | { readonly op: 'delchain'; readonly object: Reference; readonly destroy?: boolean }
  | { readonly op: 'newrule'; readonly object: Rule; readonly mode: 'add' | 'insert' | 'replace' }
  /** Without `handle` all rules of the chain, without `chain` all of the table. */
  | { readonly op: 'delrule'; readonly object: RuleReference; readonly destroy?: boolean }
  | { readonly op: 'newset'; readonly object: SetDefinition; readonly create?: boolean }
  | { readonly op: 'delset'; readonly object: Reference; readonly destroy?: boolean }
  | { readonly op: 'newobj'; readonly object: NamedObject; readonly create?: boolean }
  | { readonly op: 'delobj'; readonly object: ObjectReference; readonly destroy?: boolean }
  | { readonly op: 'newflowtable'; readonly object: Flowtable; readonly create?: boolean }
  | { readonly op: 'delflowtable'; readonly object: Reference; readonly destroy?: boolean }
  | { readonly op: 'newsetelem'; readonly object: SetElements; readonly create?: boolean }
  | { readonly op: 'delsetelem'; readonly object: SetElements; readonly destroy?: boolean };

interface TableReference {
  readonly family: Family | 'unspec';
  readonly name?: string;
  readonly handle?: number;
}

interface RuleReference {
  readonly family: Family;
  readonly table: string;
  readonly chain?: string;
  readonly handle?: number;
}
