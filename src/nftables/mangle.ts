/** `{"mangle": {"key": ..., "value": ...}}`: writes a header field, a mark, a conntrack property. */

import { onesBig, toBigNumber } from './bigs.js';
import { isBitwise, parseConstant } from './bitwise.js';
import type { RuleContext } from './context.js';
import { ctReference } from './ct.js';
import { type Type, typeOf } from './datatypes.js';
import { constantJson, nameLeaf } from './describe.js';
import { checkObject, isObject, soleKey, wrongValue } from './errors.js';
import { compileSelector } from './expressions.js';
import { extensionWords, extensionWrite } from './exthdr.js';
import { compileMap } from './lookup.js';
import { metaKey, metaType } from './meta.js';
import { compileReference } from './objref.js';
import {
  bytesAround,
  completeField,
  fieldsOfMask,
  payloadField,
  rawPlace,
  rawType,
  requireField,
  type Span,
} from './payload.js';
import type { RawBase } from './protocols.js';
import type { Loaded, RuleReader } from './reader.js';
import { registerAt } from './registers.js';
import { inOrder, isPlain, loadSelector, type Selector } from './selector.js';
import type { Leaf, Tree } from './tree.js';
import type { Expression } from './wire.js';

/** NFT_PAYLOAD_CSUM_INET, NFT_PAYLOAD_CSUM_SCTP */
const CSUM_INET = 1;
const CSUM_SCTP = 2;
/** NFT_PAYLOAD_L4CSUM_PSEUDOHDR */
const CSUM_PSEUDO_HEADER = 1;

export function compileMangle(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['key', 'value']);
  const [kind, key] = soleKey(object['key'], `${path}.key`, 'payload, meta, ct, or an option');
  const at = `${path}.key.${kind}`;
  if (kind === 'payload') return manglePayload(context, key, object['value'], at, `${path}.value`);
  if (kind === 'meta') {
    const name = metaKey(key, at);
    context.act(...compileValue(context, object['value'], `${path}.value`, metaType(name), 0), {
      type: 'meta',
      key: name,
      sreg: 1,
    });
  } else if (kind === 'ct' && nameOf(key) === 'helper') {
    compileReference('ct helper')(context, object['value'], `${path}.value`);
  } else if (kind === 'ct') {
    if (nameOf(key) === 'secmark' && isConstant(object['value']))
      throw wrongValue(`${path}.value`, 'must be read from the packet, not a constant');
    const { wire, type, direction } = ctReference(key, at, context.family);
    const set: Expression = { type: 'ct', key: wire, sreg: 1, ...(direction === undefined ? {} : { direction }) };
    context.act(...compileValue(context, object['value'], `${path}.value`, type, 0), set);
  } else {
    const op = extensionWords.find(([word]) => word === kind)?.[1];
    if (op === undefined) throw wrongValue(`${path}.key`, 'must be payload, meta, ct, or an option');
    const { type, write } = extensionWrite(op, key, at);
    context.act(...compileValue(context, object['value'], `${path}.value`, type, 0), write);
  }
}

const nameOf = (key: unknown): unknown => (isObject(key) ? key['key'] : key);

/** Expressions that leave the value at register word `word`: a constant, a map's, or something read. */
export function compileValue(
  context: RuleContext,
  value: unknown,
  path: string,
  type: Type,
  word: number,
  target: 'payload' | 'other' = 'other',
): readonly Expression[] {
  const register = registerAt(word);
  if (isObject(value) && 'map' in value) {
    return compileMap(context, checkObject(value, path, ['map'])['map'], `${path}.map`, [type], word).expressions;
  }
  if (isConstant(value))
    return [{ type: 'immediate', dreg: register, data: { value: parseConstant(value, path, type, context) } }];
  return loadSelector(valueSelector(context, value, path, type, target), register);
}

/** Something read, of a type that can be written there. */
function valueSelector(
  context: RuleContext,
  value: unknown,
  path: string,
  type: Type,
  target: 'payload' | 'other',
): Selector {
  const selector = compileSelector(value, path, context);
  if (!canBecome(selector, type))
    throw wrongValue(path, `is a value of type ${selector.type.datatype.name}; ${type.datatype.name} is wanted`);
  // A number of the machine's into a field of the network's; elsewhere nft turns only what the route says.
  const turned = target === 'payload' || (isObject(value) && 'rt' in value);
  return turned ? inOrder(selector, type.order) : selector;
}

/** A value is of the type that is wanted, or a number: in a header one as long. */
function canBecome(selector: Selector, wanted: Type): boolean {
  const { datatype, bits } = selector.type;
  if (datatype.name !== 'integer') return datatype === wanted.datatype;
  if (selector.payload === undefined || !isPlain(selector)) return true;
  return wanted.datatype.text !== true && wanted.datatype.flags === undefined && bits === wanted.bits;
}

/** No packet is read for it: a value, or an operation on values. */
function isConstant(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isConstant);
  if (!isObject(value)) return true;
  return isBitwise(value) && isConstant(Object.values(value)[0]);
}

function manglePayload(context: RuleContext, key: unknown, value: unknown, path: string, valuePath: string): void {
  const target = isObject(key) && 'base' in key ? rawTarget(key, path) : namedTarget(context, key, path);
  const { type, base, checksum } = target;
  const around = bytesAround(target.bit, type.bits);
  const write = (offset: number, len: number): Expression => ({
    type: 'payload',
    sreg: 1,
    base,
    offset,
    len,
    csumType: checksum?.type ?? 0,
    csumOffset: checksum?.offset ?? 0,
    csumFlags: target.pseudo ? CSUM_PSEUDO_HEADER : 0,
  });
  // The kernel mends checksums over an even number of bytes only.
  const even = checksum !== undefined || base === 'inner';
  if (around.whole && !(even && around.length % 2 === 1))
    return context.act(
      ...compileValue(context, value, valuePath, type, 0, 'payload'),
      write(around.offset, around.length),
    );
  const span = even ? evenSpan(around) : around;
  const bits = span.length * 8;
  const constant = isConstant(value)
    ? toBigNumber(parseConstant(value, valuePath, type, context), type.order)
    : undefined;
  if (constant === undefined)
    throw wrongValue(valuePath, 'must be a constant: what is written shares its bytes with something else');
  const cleared = onesBig(bits) ^ (onesBig(type.bits) << BigInt(span.shift));
  const step = { bits, order: 'big' } as const;
  const changed: Selector = {
    type: typeOf('integer', bits, 'big'),
    steps: [
      { op: '&', value: cleared, ...step },
      { op: '^', value: constant << BigInt(span.shift), ...step },
    ],
    load: (dreg) => [{ type: 'payload', dreg, base, offset: span.offset, len: span.length }],
  };
  context.act(...loadSelector(changed, 1), write(span.offset, span.length));
}

interface Target {
  readonly type: Type;
  readonly base: RawBase;
  /** From the base. */
  readonly bit: number;
  readonly checksum?: { readonly type: number; readonly offset: number };
  /** The transport protocol's checksum covers it, too. */
  readonly pseudo: boolean;
}

function namedTarget(context: RuleContext, key: unknown, path: string): Target {
  const [protocol, field] = payloadField(key, path);
  const start = requireField(context, protocol, field, path);
  const { base, checksum, crc, pseudo } = protocol;
  return {
    type: field.type,
    base,
    bit: start + field.offset,
    ...(checksum === undefined ? {} : { checksum: { type: crc === true ? CSUM_SCTP : CSUM_INET, offset: checksum } }),
    pseudo: pseudo?.includes(field.name) === true,
  };
}

/** Of raw bytes nft knows no checksum; of what the transport header carries it mends the transport protocol's. */
function rawTarget(key: unknown, path: string): Target {
  const { base, offset, length } = rawPlace(key, path);
  return { type: rawType(base, offset, length), base, bit: offset, pseudo: base === 'inner' };
}

/** One byte more: the one in front, where that makes the load an aligned one. */
function evenSpan(span: Span): Span {
  if (span.length % 2 === 0) return span;
  const length = span.length + 1;
  return span.offset % 2 === 1
    ? { ...span, offset: span.offset - 1, length }
    : { ...span, length, shift: span.shift + 8 };
}

// Back from expressions.

export function readPayloadWrite(reader: RuleReader, write: Extract<Expression, { type: 'payload' }>): void {
  const loaded = reader.registers.get(reader.wordOf(write.sreg!));
  if (loaded === undefined) return reader.unknown('payload');
  const leaf = { kind: 'payload', base: write.base, offset: write.offset * 8, bits: write.len * 8 } as const;
  const known = completeField(reader.known, leaf) !== undefined;
  const part = known || loaded.kind !== 'tree' ? undefined : partWritten(reader, leaf, loaded);
  const target = nameLeaf(reader, part?.leaf ?? leaf);
  if (part !== undefined) return reader.mangle(target.json, constantJson(reader, part.value, target.bits, target));
  reader.mangle(
    target.json,
    reader.value(known ? loaded : withoutMask(loaded), { ...target.type, order: target.order }),
  );
}

/** A mask that clears what nft then finds no name for: it lists what it cleared. */
function withoutMask(loaded: Loaded): Loaded {
  if (loaded.kind !== 'tree' || loaded.leaf.kind !== 'payload') return loaded;
  const [mask, ...rest] = loaded.operations;
  if (mask?.op !== '&' || rest.length > 0) return loaded;
  return { ...loaded, operations: [{ ...mask, value: onesBig(loaded.leaf.bits) ^ mask.value }] };
}

/** Load, mask and write of the same bytes: one field among them, and what it is set to. */
function partWritten(
  reader: RuleReader,
  leaf: Extract<Leaf, { kind: 'payload' }>,
  { leaf: source, operations }: Tree,
): { readonly leaf: Leaf; readonly value: bigint } | undefined {
  const same = source.kind === 'payload' && source.base === leaf.base && source.offset === leaf.offset;
  const [first, second] = operations;
  if (!same || first === undefined || operations.length > 2) return undefined;
  const all = onesBig(leaf.bits);
  const masked = first.op === '&' ? first.value : all;
  const set = first.op === '|' ? first : second;
  if (set !== undefined && set.op !== '|') return undefined;
  const value = set?.value ?? 0n;
  // Of the mask those bits are kept that are set anyway.
  const mask =
    second === undefined && first.op === '|' ? value : (all ^ masked) | (first.op === '&' ? value & ~masked : 0n);
  const [part] = fieldsOfMask(reader.known, leaf, {
    value: second === undefined ? mask : all ^ masked ^ value,
    bits: leaf.bits,
  });
  if (part === undefined || completeField(reader.known, part.leaf) === undefined) return undefined;
  return { leaf: part.leaf, value: value >> BigInt(part.shift) };
}
