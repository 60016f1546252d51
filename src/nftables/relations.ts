/** Comparisons and lookups back from expressions, as nft reads them. */

import { fromBig, onesBig, toBigNumber } from './bigs.js';
import type { Type } from './datatypes.js';
import {
  constantJson,
  type Described,
  leafOfMask,
  type Named,
  nameField,
  nameLeaf,
  nameRaw,
  withOperations,
} from './describe.js';
import type { MatchOperator } from './json.js';
import { expandPayload } from './payload.js';
import { above, isStacked, type Layer } from './preparations.js';
import type { RuleReader } from './reader.js';
import type { Leaf, Operation, Tree } from './tree.js';
import type { Expression } from './wire.js';

type CmpOp = Extract<Expression, { type: 'cmp' }>['op'];

const operatorOf: Readonly<Record<CmpOp, MatchOperator>> = {
  eq: '==',
  neq: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
};

/** What stands on the right: a number in network order, of so many bits. */
interface Constant {
  readonly value: bigint;
  readonly bits: number;
  /** The first bits of something longer. */
  readonly prefix?: number;
}

export function readCmp(reader: RuleReader, cmp: Extract<Expression, { type: 'cmp' }>): void {
  const tree = reader.registers.get(reader.wordOf(cmp.sreg));
  const data = cmp.data.value;
  if (tree?.kind !== 'tree' || data === undefined) return reader.unknown('cmp');
  const bits = data.length * 8;
  const value = toBigNumber(data, 'big');
  const { leaf, operations } = tree;
  const text =
    leaf.kind !== 'payload' && leaf.kind !== 'extension' && nameLeaf(reader, leaf).type.datatype.text === true;
  const constant =
    leaf.bits > bits && !text && leaf.unsized !== true
      ? { value: value << BigInt(leaf.bits - bits), bits: leaf.bits, prefix: bits }
      : { value, bits };
  const plain = operations.length === 0 && leaf.kind === 'payload' && constant.prefix === undefined;
  if (plain && (cmp.op === 'eq' || cmp.op === 'neq'))
    return readFields(reader, leaf, cmp.op === 'eq' ? '==' : '!=', constant);
  readConstant(reader, tree, operatorOf[cmp.op], constant);
}

/** A load of several fields is as many matches; of a part of one, its first bits. */
function readFields(
  reader: RuleReader,
  leaf: Extract<Leaf, { kind: 'payload' }>,
  op: '==' | '!=',
  { value, bits }: Constant,
): void {
  let left = bits;
  for (const { header, leaf: part } of expandPayload(reader.known, leaf)) {
    left -= part.bits;
    const number = (value >> BigInt(Math.max(left, 0))) & onesBig(part.bits);
    const named = header === undefined ? nameRaw(part) : nameField(header, part.bits);
    const whole = header?.field.bits ?? part.bits;
    const full = constantJson(reader, number << BigInt(whole - part.bits), whole, named, 'number');
    const right = part.bits < whole ? { prefix: { addr: full, len: part.bits } } : full;
    const index = reader.match(op, named.json, right);
    if (header === undefined) {
      // The type of an Ethernet frame, before anything says that there is one.
      if (op === '==' && part.base === 'link' && part.offset === 96 && part.bits === 16)
        reader.frameType = Number(number);
      continue;
    }
    const { protocol, field } = header;
    const known = Number(number);
    if (op === '==' && part.bits === whole) reader.known.learnField(protocol.base, field, known);
    const stacked = op === '==' && field.key && isStacked(reader.known, protocol.base, known);
    const before = reader.preparations.takeFor(protocol, field, true);
    if (before !== undefined) reader.remove(before);
    if (op === '==' && field.key)
      reader.preparations.store({ index, header, number: known, bits: whole }, stacked ? 'link' : above(protocol.base));
  }
}

/** Everything else: the left side with its operations, one constant on the right. */
function readConstant(reader: RuleReader, tree: Tree, op: MatchOperator, constant: Constant): void {
  const left = describeRelation(reader, tree);
  const top = left.operations.at(-1);
  const { flags, prefix } = left.type.datatype;
  if (constant.prefix !== undefined) {
    const addr = constantJson(reader, constant.value, constant.bits, left);
    const { json } = top?.op === '>>' ? unmask(reader, left).left : left;
    reader.match(op, json, { prefix: { addr, len: constant.prefix } });
    return;
  }
  if (top?.op === '&' && flags !== undefined && (op === '==' || op === '!='))
    return readFlags(reader, left, op, top, constant);
  if (top?.op === '&' && prefix === true) {
    const length = prefixLength(toNumberIn(top.value, top.bits, left), top.bits);
    if (length !== undefined) {
      const addr = constantJson(reader, constant.value, constant.bits, left);
      reader.match(op, without(reader, left).json, { prefix: { addr, len: length } });
      return;
    }
  }
  const moved = unmask(reader, left);
  const value = constant.value >> BigInt(moved.shift);
  const bits = moved.field ? moved.left.bits : constant.bits;
  if (
    moved.field &&
    moved.left.leaf.kind === 'payload' &&
    moved.left.operations.length === 0 &&
    (op === '==' || op === '!=')
  )
    return readFields(reader, moved.left.leaf, op, { value, bits });
  // What stands beside a header field alone nft writes as one number.
  const alone = moved.left.leaf.kind === 'payload' && moved.left.operations.length === 0;
  const right = constantJson(reader, value, bits, moved.left, alone ? 'number' : 'operation');
  matchRange(reader, op, moved.left, right, { value, bits });
}

/** A match that ends what the match before began is a range. */
function matchRange(reader: RuleReader, op: MatchOperator, left: Described, right: unknown, constant: Constant): void {
  const before = reader.previous;
  const kind =
    left.operations.at(-1)?.op === 'byteorder' || left.operations.length === 0 ? left.leaf.kind : 'operation';
  const end = rangeEnd(reader, constant, left) ?? right;
  const range = before?.kind === kind ? rangeOperator(before.op, op) : undefined;
  if (before !== undefined && range !== undefined) {
    reader.remove(before.index);
    reader.match(range, left.json, { range: [before.right, end] });
    return;
  }
  const index = reader.match(op, left.json, right);
  reader.previous = { index, op, kind, right: end };
  if (op === '==') learn(reader, left, index, constant);
}

const rangeOperator = (first: string, second: string): MatchOperator | undefined =>
  first === '>=' && second === '<=' ? '==' : first === '<' && second === '>' ? '!=' : undefined;

/** Protocols at the ends of a range are numbers. */
function rangeEnd(reader: RuleReader, { value, bits }: Constant, left: Named): unknown {
  const type = endType(left.type);
  return type === undefined ? undefined : constantJson(reader, value, bits, { type, order: left.order });
}

const endTypes: WeakMap<Type, Type> = new WeakMap();

/** The type that writes an end of a range, where that is another one. */
function endType(type: Type): Type | undefined {
  const { formatEnd } = type.datatype;
  if (formatEnd === undefined) return undefined;
  let end = endTypes.get(type);
  if (end === undefined) {
    end = { ...type, datatype: { ...type.datatype, format: formatEnd } };
    endTypes.set(type, end);
  }
  return end;
}

export function readRange(
  reader: RuleReader,
  { sreg, op, fromData, toData }: Extract<Expression, { type: 'range' }>,
): void {
  const tree = reader.registers.get(reader.wordOf(sreg));
  if (tree?.kind !== 'tree' || fromData.value === undefined || toData.value === undefined)
    return reader.unknown('range');
  const { left, shift, field } = unmask(reader, describeRelation(reader, tree));
  const ends = [fromData.value, toData.value].map((data) => {
    const constant = {
      value: toBigNumber(data, 'big') >> BigInt(shift),
      bits: field ? left.bits : data.length * 8,
    };
    return rangeEnd(reader, constant, left) ?? constantJson(reader, constant.value, constant.bits, left);
  });
  reader.match(op === 'eq' ? '==' : '!=', left.json, { range: ends });
}

/** What was matched says something of the packet, and may only prepare a later match. */
function learn(
  reader: RuleReader,
  { leaf, operations, order }: Described,
  index: number,
  { value, bits }: Constant,
): void {
  if (operations.length > 0 || (leaf.kind !== 'meta' && leaf.kind !== 'ct')) return;
  const number = Number(toNumberIn(value, bits, { order }));
  const { key } = leaf;
  if (leaf.kind === 'meta') {
    reader.known.learnMeta(key, number);
    const layer = metaLayers[key];
    if (layer === undefined) return;
    const before = layer === 'below' ? undefined : reader.preparations.takeForMeta(layer, key, number);
    if (before !== undefined) reader.remove(before);
    reader.preparations.store({ index, meta: key, number, bits }, layer === 'below' ? 'link' : above(layer));
    return;
  }
  reader.known.learnCt(key, number);
  const layer = ctLayers[key];
  if (layer === undefined) return;
  const before = reader.preparations.takeForMeta(layer, key, number);
  if (before !== undefined) reader.remove(before);
  if (key === 'l3proto' || key === 'protocol')
    reader.preparations.store({ index, ct: key, number, bits }, above(layer));
}

/** The layer that speaks of the next. */
const metaLayers: Readonly<Record<string, Layer | 'below'>> = {
  iiftype: 'below',
  nfproto: 'link',
  protocol: 'link',
  l4proto: 'network',
};
const ctLayers: Readonly<Record<string, Layer>> = {
  l3proto: 'link',
  protocol: 'network',
  src: 'network',
  dst: 'network',
};

/** `flags & mask`: any of them, none of them, or these of them. */
function readFlags(
  reader: RuleReader,
  left: Described,
  op: '==' | '!=',
  mask: Extract<Operation, { value: bigint }>,
  { value, bits }: Constant,
): void {
  const rest = without(reader, left);
  const list = (number: bigint): unknown => constantJson(reader, number, bits, left, 'list');
  if (value === 0n) {
    reader.match(op === '!=' ? 'in' : '!', rest.json, list(mask.value));
  } else if (value === mask.value && (value & (value - 1n)) === 0n) {
    reader.match(op, left.json, list(value));
  } else {
    reader.match(op, { '&': [rest.json, list(mask.value)] }, list(value));
  }
}

/** Without its last operation. */
const without = (reader: RuleReader, left: Described): Described => {
  const operations = left.operations.slice(0, -1);
  return withOperations(reader, nameAgain(reader, left), left.leaf, operations);
};

const nameAgain = (reader: RuleReader, { leaf }: Described): Named => nameLeaf(reader, leaf);

/** The left side of a comparison. */
const describeRelation = (reader: RuleReader, { leaf, operations }: Tree): Described =>
  withOperations(reader, nameLeaf(reader, leaf), leaf, operations);

export interface Unmasked {
  readonly left: Described;
  /** Bits that values stand higher. */
  readonly shift: number;
  /** A mask was taken for a field. */
  readonly field: boolean;
}

/** A mask that only takes a field out of the bytes around it is none that anyone wrote. */
export function unmask(reader: RuleReader, left: Described): Unmasked {
  const { leaf, operations } = left;
  const none = { left, shift: 0, field: false };
  const top = operations.at(-1);
  const [mask] = operations;
  if (mask?.op !== '&') return none;
  if (operations.length === 1) {
    const part = leafOfMask(reader, leaf, mask);
    if (part === undefined) return none;
    // What has no name for itself keeps that of the whole.
    const own = nameLeaf(reader, part.leaf);
    const name =
      part.found && own.header === undefined && left.header !== undefined ? { ...left, bits: own.bits } : own;
    if (part.found) return { left: withOperations(reader, name, part.leaf, []), shift: part.shift, field: true };
    // Constants stay what they were beside the whole.
    const unnamed = withOperations(reader, { ...name, type: left.type }, part.leaf, operations);
    return { left: unnamed, shift: 0, field: false };
  }
  if (operations.length !== 2 || top?.op !== '>>') return none;
  const part = leafOfMask(reader, leaf, mask);
  if (part?.found !== true) return none;
  // What is left of the shift, as nft counts it.
  const by = top.by >> part.shift;
  const rest: readonly Operation[] = by === 0 ? [] : [{ op: '>>', by }];
  // Constants beside it keep the type that the whole has.
  const named = { ...nameLeaf(reader, part.leaf), type: left.type };
  return { left: withOperations(reader, named, part.leaf, rest), shift: 0, field: false };
}

/** A number that stands in network order, read in its own. */
function toNumberIn(value: bigint, bits: number, { order }: Pick<Named, 'order'>): bigint {
  if (order === 'big') return value;
  return toBigNumber(fromBig(value, bits >> 3, 'big'), order);
}

/** Ones from the first bit on: how many. */
function prefixLength(mask: bigint, bits: number): number | undefined {
  if (mask === 0n) return 0;
  const text = mask.toString(2).padStart(bits, '0');
  const found = /^(1+)0*$/.exec(text);
  return found === null ? undefined : found[1]!.length;
}
