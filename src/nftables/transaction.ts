import type { Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import type { CompiledOperation } from './compile.js';
import type { Operation } from './wire.js';

const batch: Wire = { subsystem: 10 };
const begin: Request = { operation: operation('nft.begin'), wire: batch };
const end: Request = { operation: operation('nft.end'), wire: batch };

/** The requests of one transaction: all of it happens, or nothing. With a generation: ERESTART when that is past. */
export function transaction(requests: readonly Request[], generation?: number): Request[] {
  return [generation === undefined ? begin : { ...begin, wire: { ...batch, generation } }, ...requests, end];
}

/** What the kernel is sent for one operation of the compiler's, which came of the command `source`. `echo`: it tells back what it has made. */
export function toRequest(op: CompiledOperation, source: unknown, echo: boolean): Request {
  const name = messageOf(op);
  return {
    operation: operation(echo && op.op.startsWith('new') && op.op !== 'newsetelem' ? `${name}.echo` : name),
    wire: op.object as unknown as Wire,
    source,
    subject: subjectOf(op),
    index: op.command,
  };
}

/** The native operation's name: 'nft.addrule', 'nft.createset', 'nft.destroychain'. */
function messageOf(op: Operation): string {
  if (op.op === 'newrule') return ruleMessages[op.mode];
  const verb = 'create' in op && op.create ? 'create' : 'destroy' in op && op.destroy ? 'destroy' : op.op.slice(0, 3);
  return `nft.${verb}${op.op.slice(3)}`;
}

const ruleMessages = { add: 'nft.addrule', insert: 'nft.insertrule', replace: 'nft.replacerule' } as const;

type Subject = (request: Request) => string;

/** Each is for all operations that do the same. */
const subjects: Map<string, Subject> = new Map();

/** What an operation does, in nft's words: 'add rule ip netloom postrouting'. */
function subjectOf(op: Operation): Subject {
  const what = op.op === 'newrule' ? 'add rule' : `${verbOf(op)} ${kindOf(op)}`;
  let subject = subjects.get(what);
  if (subject === undefined) {
    subject = ({ wire }) => [what, ...places.map((key) => (wire as Wire)[key] ?? [])].flat().join(' ');
    subjects.set(what, subject);
  }
  return subject;
}

const places = ['family', 'table', 'chain', 'set', 'name'] as const;

function verbOf(op: Operation): string {
  if (op.op === 'newchain' && op.rename === true) return 'rename';
  if (op.op.startsWith('new')) return 'add';
  return 'destroy' in op && op.destroy ? 'destroy' : 'delete';
}

function kindOf({ op, object }: Operation): string {
  return op.endsWith('obj') && 'type' in object ? object.type : op.slice(3).replace('setelem', 'element');
}
