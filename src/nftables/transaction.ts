import type { Request } from '../netlink/channel.js';
import { Encoder, namesOf, operation, type Wire } from '../netlink/codec.js';
import type { Family, Operation } from './wire.js';

/** Packed elements: fixed-size rows of key and data, for `nft.*rows` (native/nftables/rows.h). */
export interface Rows {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  /** Of a set made in the same transaction. */
  readonly setId?: number;
  /** Bytes. */
  readonly keyLen: number;
  /** Bytes; 0 for a set. */
  readonly dataLen: number;
  readonly rows: Uint8Array;
}

const batch: Wire = { subsystem: 10 };
const begin: Request = { operation: operation('nft.begin'), wire: batch };
const end: Request = { operation: operation('nft.end'), wire: batch };

/** The requests of one transaction: all of it happens, or nothing. */
export function transaction(requests: readonly Request[]): Request[] {
  return [begin, ...requests, end];
}

const messages = {
  newtable: ['nft.newtable', 'nft.createtable'],
  deltable: ['nft.deltable', 'nft.deltable'],
  delruleset: ['nft.deltable', 'nft.deltable'],
  newchain: ['nft.newchain', 'nft.createchain'],
  delchain: ['nft.delchain', 'nft.delchain'],
  delrule: ['nft.delrule', 'nft.delrule'],
  newset: ['nft.newset', 'nft.createset'],
  delset: ['nft.delset', 'nft.delset'],
  newsetelem: ['nft.newsetelem', 'nft.createsetelem'],
  delsetelem: ['nft.delsetelem', 'nft.delsetelem'],
} as const;

const ruleMessages = { add: 'nft.addrule', insert: 'nft.insertrule', replace: 'nft.replacerule' } as const;

/** What the kernel is sent for one operation of the compiler's. */
export function toRequest(op: Operation, source: unknown, subject: string | (() => string)): Request {
  const name = op.op === 'newrule' ? ruleMessages[op.mode] : messages[op.op]['create' in op && op.create ? 1 : 0];
  return { operation: operation(name), wire: op.object as unknown as Wire, source, subject };
}

export function rowsRequest(verb: 'new' | 'create' | 'del', rows: Rows, source: unknown): Request {
  const encoder = new Encoder();
  encoder.u8(namesOf('nftFamily').get(rows.family) as number);
  encoder.string(rows.table);
  encoder.string(rows.set);
  encoder.u32(rows.setId ?? 0);
  encoder.u32(rows.keyLen);
  encoder.u32(rows.dataLen);
  encoder.raw(rows.rows);
  return {
    operation: operation(`nft.${verb}rows`),
    wire: encoder.written,
    source,
    subject: `${rows.family} ${rows.table} ${rows.set}`,
  };
}

const verbs = { new: 'add', del: 'delete' } as const;

/** What an operation does, in nft's words: 'add rule ip netloom postrouting'. */
export function describeOperation({ op, object }: Operation): string {
  const verb = verbs[op.slice(0, 3) as 'new' | 'del'];
  const kind = op.slice(3).replace('setelem', 'element');
  const parts = ['family', 'table', 'chain', 'set', 'name'].map((key) => (object as Record<string, unknown>)[key]);
  return [verb, kind, ...parts.filter((part) => part !== undefined)].join(' ');
}
