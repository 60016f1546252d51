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

/** What the kernel is sent for one operation of the compiler's. `echo`: it tells back what it has made. */
export function toRequest(
  op: Operation,
  source: unknown,
  subject: string | (() => string),
  { echo = false, index }: { readonly echo?: boolean; readonly index?: number } = {},
): Request {
  const name = messageOf(op);
  return {
    operation: operation(echo && op.op.startsWith('new') && op.op !== 'newsetelem' ? `${name}.echo` : name),
    wire: op.object as unknown as Wire,
    source,
    subject,
    ...(index === undefined ? {} : { index }),
  };
}

/** The native operation's name: 'nft.addrule', 'nft.createset', 'nft.destroychain'. */
function messageOf(op: Operation): string {
  if (op.op === 'newrule') return `nft.${op.mode}rule`;
  const verb = 'create' in op && op.create ? 'create' : 'destroy' in op && op.destroy ? 'destroy' : op.op.slice(0, 3);
  return `nft.${verb}${op.op.slice(3)}`;
}

/** What an operation does, in nft's words: 'add rule ip netloom postrouting'. */
export function describeOperation(op: Operation): string {
  const { object } = op;
  const kind = 'type' in object && op.op.endsWith('obj') ? object.type : op.op.slice(3).replace('setelem', 'element');
  const parts = ['family', 'table', 'chain', 'set', 'name'].map((key) => (object as Record<string, unknown>)[key]);
  return [verbOf(op), kind, ...parts.filter((part) => part !== undefined)].join(' ');
}

function verbOf(op: Operation): string {
  if (op.op === 'newchain' && op.rename === true) return 'rename';
  if (op.op.startsWith('new')) return 'add';
  return 'destroy' in op && op.destroy ? 'destroy' : 'delete';
}
