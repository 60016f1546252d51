/** Kernel expressions: what a rule is made of in nf_tables. Fields are the kernel's attributes (native/nftables/expressions). */

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
      readonly setId?: number | undefined;
      readonly sreg: Register;
      readonly dreg?: Register | undefined;
      readonly flags?: readonly 'inv'[] | undefined;
    }
  | {
      readonly type: 'nat';
      readonly kind: 'snat' | 'dnat';
      /** `inet`: of ports alone. */
      readonly family: 'ip' | 'ip6' | 'inet';
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
  | {
      readonly type: 'limit';
      /** Packets or bytes in each `unit`, which is seconds. */
      readonly rate: number;
      readonly unit: number;
      readonly burst: number;
      readonly kind: 'packets' | 'bytes';
      readonly flags?: readonly 'inv'[];
    }
  | {
      readonly type: 'quota';
      readonly bytes: number;
      readonly consumed?: number;
      readonly flags?: readonly ('inv' | 'depleted')[];
    }
  | { readonly type: 'connlimit'; readonly count: number; readonly flags?: readonly 'inv'[] }
  /** `set`: 1 if it was reached; `msecs` ago then. */
  | { readonly type: 'last'; readonly set?: number; readonly msecs?: number }
  | { readonly type: 'notrack' }
  | {
      readonly type: 'objref';
      /** One by its kind and name ... */
      readonly object?: ObjectKind;
      readonly name?: string;
      /** ... or what a map says for a register. */
      readonly sreg?: Register;
      readonly set?: string;
      readonly setId?: number | undefined;
    }
  | {
      readonly type: 'dynset';
      readonly set: string;
      readonly setId?: number | undefined;
      readonly op: 'add' | 'update' | 'delete';
      readonly sregKey: Register;
      readonly sregData?: Register;
      /** Milliseconds. */
      readonly timeout?: number;
      readonly expr?: Expression;
      readonly expressions?: readonly Expression[];
      readonly flags?: readonly ('inv' | 'expr')[];
    }
  | {
      readonly type: 'synproxy';
      readonly mss?: number;
      readonly wscale?: number;
      readonly flags?: readonly ('mss' | 'wscale' | 'sack-perm' | 'timestamp')[];
    }
  | {
      readonly type: 'fib';
      readonly dreg: Register;
      readonly result: 'oif' | 'oifname' | 'type';
      readonly flags: readonly FibFlag[];
    }
  | {
      readonly type: 'exthdr';
      /** The number of the header, option or chunk. */
      readonly kind: number;
      /** Bytes; absent where it strips. */
      readonly offset?: number;
      readonly len?: number;
      readonly op?: 'ipv6' | 'tcpopt' | 'ipv4' | 'sctp';
      /** Loads, or writes; without both, strips. */
      readonly dreg?: Register;
      readonly sreg?: Register;
      readonly flags?: readonly 'present'[];
    }
  | {
      readonly type: 'rt';
      readonly key: 'classid' | 'nexthop4' | 'nexthop6' | 'tcpmss' | 'xfrm';
      readonly dreg: Register;
    }
  | {
      readonly type: 'socket';
      readonly key: 'transparent' | 'mark' | 'wildcard' | 'cgroupv2';
      readonly dreg: Register;
      /** Of the cgroup: which of its path. */
      readonly level?: number;
    }
  | { readonly type: 'osf'; readonly dreg: Register; readonly ttl?: number; readonly flags?: readonly 'version'[] }
  | {
      readonly type: 'numgen';
      readonly dreg: Register;
      readonly kind: 'inc' | 'random';
      readonly modulus: number;
      readonly offset?: number;
    }
  | {
      readonly type: 'hash';
      readonly kind: 'jenkins' | 'sym';
      readonly dreg: Register;
      readonly sreg?: Register;
      readonly len?: number;
      readonly modulus: number;
      readonly seed?: number;
      readonly offset?: number;
    }
  | {
      readonly type: 'xfrm';
      readonly dreg: Register;
      readonly key: 'daddr_ip4' | 'daddr_ip6' | 'saddr_ip4' | 'saddr_ip6' | 'reqid' | 'spi';
      readonly dir: 'in' | 'out';
      readonly spnum?: number;
    }
  | { readonly type: 'dup'; readonly sregAddr?: Register; readonly sregDev?: Register }
  | {
      readonly type: 'fwd';
      readonly sregDev: Register;
      readonly sregAddr?: Register;
      readonly family?: 'ip' | 'ip6';
    }
  | {
      readonly type: 'tproxy';
      readonly family?: 'ip' | 'ip6' | 'unspec';
      readonly regAddr?: Register;
      readonly regPort?: Register;
    }
  | {
      readonly type: 'queue';
      readonly num?: number;
      readonly total?: number;
      readonly flags?: readonly ('bypass' | 'fanout')[];
      readonly sregQnum?: Register;
    }
  | { readonly type: 'flow_offload'; readonly flowtable: string }
  /** What iptables-nft makes; `info` is the extension's own. */
  | { readonly type: 'match' | 'target'; readonly name: string; readonly rev?: number; readonly info?: Uint8Array }
  | { readonly type: 'reject'; readonly kind: number; readonly icmpCode?: number }
  /** One that netloom does not know: kept by name. */
  | { readonly type: 'unknown'; readonly name: string };

export type FibFlag = 'saddr' | 'daddr' | 'mark' | 'iif' | 'oif' | 'present';

/** Named objects, as libnftables-json calls them: `NFT_OBJECT_*`. */
export type ObjectKind =
  | 'counter'
  | 'quota'
  | 'limit'
  | 'ct helper'
  | 'ct timeout'
  | 'ct expectation'
  | 'secmark'
  | 'synproxy';

export type NatFlag =
  | 'map-ips'
  | 'proto-specified'
  | 'random'
  | 'persistent'
  | 'random-fully'
  | 'proto-offset'
  | 'netmap';
