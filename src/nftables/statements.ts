/** The language, one line for each word: statements to compile, kernel expressions to read back. */

import { readBitwise } from './bitwise.js';
import type { RuleContext } from './context.js';
import { ctNamed } from './ct.js';
import { type Names, type Type, typeOf } from './datatypes.js';
import { compileMapStatement, compileMeter, compileSetStatement, readDynset } from './dynset.js';
import { checkNothing, property, show, soleKey, wrongValue } from './errors.js';
import { compileStrip, readExtension } from './exthdr.js';
import { readFib } from './fib.js';
import { flagNames } from './flags.js';
import { readHash } from './hash.js';
import { compileLog, readLog } from './log.js';
import { compileVmap } from './lookup.js';
import { readLookup } from './lookups.js';
import { compileMangle, readPayloadWrite } from './mangle.js';
import { compileMatch } from './match.js';
import { metaNamed, metaType } from './meta.js';
import { compileNat, compilePortNat, readNat, readPortNat } from './nat.js';
import { readNumgen } from './numgen.js';
import { compileReference, isReference, readReference } from './objref.js';
import { readOsf } from './osf.js';
import type { RuleReader } from './reader.js';
import {
  compileDup,
  compileFlow,
  compileFwd,
  compileQueue,
  compileTproxy,
  readDup,
  readFwd,
  readQueue,
  readTproxy,
} from './redirects.js';
import { compileReject, readReject } from './reject.js';
import { readCmp, readRange } from './relations.js';
import { readRt } from './rt.js';
import { readSocket } from './socket.js';
import { compileStateful, type Stateful, statefulJson } from './stateful.js';
import { compileSynproxy, readSynproxy } from './synproxy.js';
import { verdictJson, verdictStatement } from './verdict.js';
import type { Expression } from './wire.js';
import { readXfrm } from './xfrm.js';
import { compileXt, readXt } from './xt.js';

type Compile = (context: RuleContext, value: unknown, path: string) => void;

const compilers: ReadonlyMap<string, Compile> = new Map(
  Object.entries<Compile>({
    match: compileMatch,
    accept: verdictStatement('accept'),
    drop: verdictStatement('drop'),
    continue: verdictStatement('continue'),
    return: verdictStatement('return'),
    jump: verdictStatement('jump'),
    goto: verdictStatement('goto'),
    counter: statefulOrReference('counter'),
    limit: statefulOrReference('limit'),
    quota: statefulOrReference('quota'),
    'ct count': (context, value, path) => context.act(compileStateful('ct count', value, path)),
    last: (context, value, path) => context.act(compileStateful('last', value, path)),
    'ct helper': compileReference('ct helper'),
    'ct timeout': compileReference('ct timeout'),
    'ct expectation': compileReference('ct expectation'),
    secmark: compileReference('secmark'),
    synproxy: (context, value, path) =>
      (isReference(value) ? compileReference('synproxy') : compileSynproxy)(context, value, path),
    notrack: compileNotrack,
    set: compileSetStatement,
    map: compileMapStatement,
    meter: compileMeter,
    mangle: compileMangle,
    snat: compileNat('snat'),
    dnat: compileNat('dnat'),
    masquerade: compilePortNat('masq'),
    redirect: compilePortNat('redir'),
    vmap: (context, value, path) => compileVmap(context, value, path, typeOf('verdict')),
    log: compileLog,
    dup: compileDup,
    fwd: compileFwd,
    tproxy: compileTproxy,
    queue: compileQueue,
    flow: compileFlow,
    reset: compileStrip,
    reject: compileReject,
    xt: compileXt,
  }),
);

/** What comes after them never happens. */
const terminal: ReadonlySet<string> = new Set([
  ...['accept', 'drop', 'return', 'jump', 'goto', 'reject', 'queue', 'fwd'],
  ...['snat', 'dnat', 'masquerade', 'redirect'],
]);

export function compileStatements(context: RuleContext, statements: readonly unknown[], path: string): void {
  let last: string | undefined;
  for (let i = 0; i < statements.length; i++) {
    const statement = statements[i];
    const at = `${path}[${i}]`;
    const [name, operand] = soleKey(statement, at, 'a statement');
    const compile = compilers.get(name);
    if (compile === undefined)
      throw wrongValue(at, `unknown statement ${show(name)}; known are ${[...compilers.keys()].join(', ')}`);
    if (last !== undefined) throw wrongValue(at, `comes after ${last}, which nothing comes after`);
    compile(context, operand, at + property(name));
    if (terminal.has(name)) last = name;
  }
}

/** One of the rule's own, or a named one. */
function statefulOrReference(kind: 'counter' | 'limit' | 'quota'): Compile {
  const reference = compileReference(kind);
  return (context, value, path) =>
    isReference(value) ? reference(context, value, path) : context.act(compileStateful(kind, value, path));
}

function compileNotrack(context: RuleContext, value: unknown, path: string): void {
  checkNothing(value, path);
  context.act({ type: 'notrack' });
}

const readStateful = (reader: RuleReader, expression: Stateful): void => reader.act(statefulJson(expression));

type Readers = {
  readonly [K in Expression['type']]: (reader: RuleReader, expression: Extract<Expression, { type: K }>) => void;
};

const readers: Readers = {
  immediate(reader, { dreg, data }) {
    if (data.verdict !== undefined) reader.act(verdictJson(data.verdict) as object);
    else if (data.value !== undefined) reader.set(dreg, { kind: 'immediate', bytes: data.value });
  },
  payload(reader, payload) {
    if (payload.dreg === undefined) return readPayloadWrite(reader, payload);
    reader.load(payload.dreg, {
      kind: 'payload',
      base: payload.base,
      offset: payload.offset * 8,
      bits: payload.len * 8,
    });
  },
  meta(reader, { key, dreg, sreg }) {
    const name = metaNamed(key);
    const type = name === undefined ? typeOf('integer') : metaType(name);
    if (dreg !== undefined) return reader.load(dreg, { kind: 'meta', key, bits: type.bits });
    const value = reader.registers.get(reader.wordOf(sreg!));
    if (value === undefined) return reader.unknown('meta');
    reader.mangle({ meta: { key: name ?? key } }, reader.value(value, type));
  },
  ct(reader, { key, dreg, sreg, direction }) {
    const named = ctNamed(key, reader.family, reader.known.network?.name);
    const type = named?.type ?? typeOf('integer');
    const dir = direction === undefined ? {} : { direction };
    if (dreg !== undefined)
      return reader.load(dreg, {
        kind: 'ct',
        key,
        bits: type.bits,
        ...dir,
        ...(key === 'src' || key === 'dst' ? { unsized: true } : {}),
      });
    const value = reader.registers.get(reader.wordOf(sreg!));
    if (value === undefined) return reader.unknown('ct');
    const flags = value.kind === 'immediate' && type.datatype.flags !== undefined;
    reader.mangle(
      { ct: { key: named?.name ?? key, ...(direction === undefined ? {} : { dir: direction }) } },
      flags ? writtenFlags(value.bytes, type, reader.names) : reader.value(value, type),
    );
  },
  fib: readFib,
  bitwise: readBitwise,
  byteorder(reader, { sreg, dreg }) {
    const loaded = reader.registers.get(reader.wordOf(sreg));
    if (loaded?.kind !== 'tree') return reader.unknown('byteorder');
    reader.set(dreg, { ...loaded, operations: [...loaded.operations, { op: 'byteorder' }] });
  },
  cmp: readCmp,
  range: readRange,
  lookup: readLookup,
  nat: readNat,
  masq: readPortNat,
  redir: readPortNat,
  counter: readStateful,
  limit: readStateful,
  quota: readStateful,
  connlimit: readStateful,
  last: readStateful,
  notrack: (reader) => reader.act({ notrack: null }),
  objref: readReference,
  dynset: readDynset,
  synproxy: readSynproxy,
  exthdr: readExtension,
  rt: readRt,
  socket: readSocket,
  osf: readOsf,
  numgen: readNumgen,
  hash: readHash,
  xfrm: readXfrm,
  dup: readDup,
  fwd: readFwd,
  tproxy: readTproxy,
  queue: readQueue,
  flow_offload: (reader, { flowtable }) => reader.act({ flow: { op: 'add', flowtable: `@${flowtable}` } }),
  match: readXt,
  target: readXt,
  log: readLog,
  reject: readReject,
  unknown: (reader, { name }) => reader.unknown(name),
};

/** nft lists several events as a list, several labels joined by "|". */
function writtenFlags(bytes: Uint8Array, type: Type, names: Names): unknown {
  const flags = flagNames(bytes, type, names);
  if (flags.length === 1) return flags[0];
  if (type.datatype.name === 'ct_event') return flags;
  return flags.slice(1).reduce<unknown>((json, flag) => ({ '|': [json, flag] }), flags[0]);
}

export function readExpression(reader: RuleReader, expression: Expression): void {
  const { type } = expression;
  if (type === undefined || !Object.hasOwn(readers, type)) return reader.unknown(type ?? '');
  try {
    (readers[type] as (reader: RuleReader, expression: Expression) => void)(reader, expression);
  } catch {
    // It lacks what every kernel so far has sent, or has something that none has.
    reader.unknown(type);
  }
}
