/**
 * Stage two of the nftables pipeline: what the kernel's nf_tables API holds, as plain objects.
 *
 * The compiler turns libnftables-json into these, the decompiler turns these back; native/nftables writes and reads
 * them as netlink attributes. Field names are the kernel's attribute names (`NFTA_RULE_POSITION` -> `position`).
 * Byte strings are in network order unless a comment says otherwise. Source: linux/netfilter/nf_tables.h.
 */

export type Family = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

export type VerdictCode = 'accept' | 'drop' | 'queue' | 'continue' | 'break' | 'jump' | 'goto' | 'return';

/** `NFTA_DATA_*`: what a register can be given: bytes, or a verdict in register 0. */
export interface Data {
  readonly value?: Uint8Array;
  readonly verdict?: { readonly code: VerdictCode; readonly chain?: string };
}

/**
 * A register: 0 is the verdict; 1 to 4 are 16 bytes each; 8 to 23 are 4 bytes each, 8-11 being the four words of
 * register 1 and so on (`NFT_REG_1`, `NFT_REG32_00`).
 */
export type Register = number;

export type Expression =
  | { readonly type: 'immediate'; readonly dreg: Register; readonly data: Data }
  | {
      readonly type: 'payload';
      readonly dreg?: Register;
      readonly sreg?: Register;
      readonly base: 'link' | 'network' | 'transport' | 'inner';
      /** Bytes from the base. */
      readonly offset: number;
      /** Bytes. */
      readonly len: number;
      readonly csumType?: number;
      readonly csumOffset?: number;
      readonly csumFlags?: number;
    }
  | { readonly type: 'meta'; readonly key: string; readonly dreg?: Register; readonly sreg?: Register }
  | {
      readonly type: 'ct';
      readonly key: string;
      readonly dreg?: Register;
      readonly sreg?: Register;
      readonly direction?: 'original' | 'reply';
    }
  | {
      readonly type: 'cmp';
      readonly sreg: Register;
      readonly op: 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte';
      readonly data: Data;
    }
  | {
      readonly type: 'range';
      readonly sreg: Register;
      readonly op: 'eq' | 'neq';
      readonly fromData: Data;
      readonly toData: Data;
    }
  | {
      readonly type: 'bitwise';
      readonly sreg: Register;
      readonly dreg: Register;
      /** Bytes. */
      readonly len: number;
      /** Absent is `mask-xor`. */
      readonly op?: 'mask-xor' | 'lshift' | 'rshift';
      readonly mask?: Data;
      readonly xor?: Data;
      readonly data?: Data;
    }
  | {
      readonly type: 'byteorder';
      readonly sreg: Register;
      readonly dreg: Register;
      readonly op: 'ntoh' | 'hton';
      readonly len: number;
      readonly size: number;
    }
  | {
      readonly type: 'lookup';
      readonly set: string;
      /** Of an anonymous set made in the same transaction. */
      readonly setId?: number;
      readonly sreg: Register;
      readonly dreg?: Register;
      readonly flags?: readonly 'inv'[];
    }
  | {
      readonly type: 'nat';
      readonly kind: 'snat' | 'dnat';
      readonly family: 'ip' | 'ip6';
      readonly regAddrMin?: Register;
      readonly regAddrMax?: Register;
      readonly regProtoMin?: Register;
      readonly regProtoMax?: Register;
      /** `NF_NAT_RANGE_*` names. */
      readonly flags?: readonly NatFlag[];
    }
  | {
      readonly type: 'masq' | 'redir';
      readonly flags?: readonly NatFlag[];
      readonly regProtoMin?: Register;
      readonly regProtoMax?: Register;
    }
  | { readonly type: 'counter'; readonly packets?: number; readonly bytes?: number }
  | {
      readonly type: 'log';
      readonly prefix?: string;
      readonly group?: number;
      readonly snaplen?: number;
      readonly qthreshold?: number;
      readonly level?: number;
      readonly flags?: number;
    }
  | { readonly type: 'reject'; readonly kind: number; readonly icmpCode?: number }
  /** One that netloom does not know: kept by name. */
  | { readonly type: 'unknown'; readonly name: string };

export type NatFlag =
  | 'map-ips'
  | 'proto-specified'
  | 'random'
  | 'persistent'
  | 'random-fully'
  | 'proto-offset'
  | 'netmap';

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
  readonly hook?: { readonly hooknum: number; readonly priority: number; readonly dev?: string };
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
  readonly position?: number;
  readonly expressions?: readonly Expression[];
  readonly userdata?: Uint8Array;
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
}

export interface SetElements {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  readonly setId?: number;
  readonly elements: readonly SetElement[];
}

/** One message of a transaction. `create` fails if the object is there (`NLM_F_EXCL`). */
export type Operation =
  | { readonly op: 'newtable'; readonly object: Table; readonly create?: boolean }
  /** Without a name all tables of the family; of `unspec`, all there are (`flush ruleset`). */
  | { readonly op: 'deltable'; readonly object: { readonly family: Family | 'unspec'; readonly name?: string } }
  | { readonly op: 'newchain' | 'delchain'; readonly object: Chain; readonly create?: boolean }
  | { readonly op: 'newrule'; readonly object: Rule; readonly mode: 'add' | 'insert' | 'replace' }
  /** Without `handle` all rules of the chain, without `chain` all of the table. */
  | { readonly op: 'delrule'; readonly object: Omit<Rule, 'chain'> & { readonly chain?: string } }
  | { readonly op: 'newset' | 'delset'; readonly object: SetDefinition; readonly create?: boolean }
  | { readonly op: 'newsetelem' | 'delsetelem'; readonly object: SetElements; readonly create?: boolean };
