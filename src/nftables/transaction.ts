import type { Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import type { Operation } from './wire.js';

const batch: Wire = { subsystem: 10 };
const begin: Request = { operation: operation('nft.begin'), wire: batch };
const end: Request = { operation: operation('nft.end'), wire: batch };

/** The requests of one transaction: all of it happens, or nothing. With a generation: ERESTART when that is past. */
export function transaction(requests: readonly Request[], generation?: number): Request[] {
  return [generation === undefined ? begin : { ...begin, wire: { ...batch, generation } }, ...requests, end];
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
  newobj: ['nft.newobj', 'nft.createobj'],
  delobj: ['nft.delobj', 'nft.delobj'],
  newflowtable: ['nft.newflowtable', 'nft.createflowtable'],
  delflowtable: ['nft.delflowtable', 'nft.delflowtable'],
  newsetelem: ['nft.newsetelem', 'nft.createsetelem'],
  delsetelem: ['nft.delsetelem', 'nft.delsetelem'],
} as const;

const ruleMessages = { add: 'nft.addrule', insert: 'nft.insertrule', replace: 'nft.replacerule' } as const;

/** What the kernel is sent for one operation of the compiler's. */
export function toRequest(op: Operation, source: unknown, subject: string | (() => string)): Request {
  const name = op.op === 'newrule' ? ruleMessages[op.mode] : messages[op.op]['create' in op && op.create ? 1 : 0];
  return { operation: operation(name), wire: op.object as unknown as Wire, source, subject };
}

const verbs = { new: 'add', del: 'delete' } as const;

/** What an operation does, in nft's words: 'add rule ip netloom postrouting'. */
export function describeOperation({ op, object }: Operation): string {
  const verb = verbs[op.slice(0, 3) as 'new' | 'del'];
  const kind = 'type' in object && op.endsWith('obj') ? object.type : op.slice(3).replace('setelem', 'element');
  const parts = ['family', 'table', 'chain', 'set', 'name'].map((key) => (object as Record<string, unknown>)[key]);
  return [verb, kind, ...parts.filter((part) => part !== undefined)].join(' ');
}
