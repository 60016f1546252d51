/** `{"match": {"left": ..., "op": "==", "right": ...}}`: the rule goes on only if this holds. */

import { bitwiseJson } from './bitwise.js';
import { isOnes, isZero, maskPrefix, shiftOut, toNumber, xor } from './bytes.js';
import type { RuleContext } from './context.js';
import type { Names, Type } from './datatypes.js';
import { type Described, describe } from './describe.js';
import { checkArray, checkObject, isObject, oneOf, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import { flagNames } from './flags.js';
import type { MatchOperator } from './json.js';
import { type Literal, literalMask, parseLiteral, span, toBig } from './literals.js';
import { keyLoad, lookupSet } from './lookup.js';
import type { Loaded, RuleReader } from './reader.js';
import { isField, loadSelector, orderForRange, place, placedKey, type Selector } from './selector.js';
import { setAttribute } from './userdata.js';
import type { Expression } from './wire.js';

const operators: readonly MatchOperator[] = ['==', '!=', '<', '>', '<=', '>=', 'in', '!'];

type CmpOp = Extract<Expression, { type: 'cmp' }>['op'];

const cmpOps: Readonly<Record<Exclude<MatchOperator, 'in' | '!'>, CmpOp>> = {
  '==': 'eq',
  '!=': 'neq',
  '<': 'lt',
  '<=': 'lte',
  '>': 'gt',
  '>=': 'gte',
};

export function compileMatch(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['op', 'left', 'right']);
  const right = object['right'];
  const left = compileKey(object['left'], `${path}.left`, context);
  const presence = typeof right === 'boolean' && left.length === 1 ? left[0]!.presence : undefined;
  const key = presence === undefined ? left : [presence];
  const single = key.length === 1 ? key[0]! : undefined;
  const flags = single?.type.datatype.flags !== undefined;
  let op: MatchOperator =
    object['op'] === undefined ? (flags ? 'in' : '==') : oneOf(object['op'], `${path}.op`, operators);
  if (isObject(right) && 'set' in right && single !== undefined) {
    const items = checkArray(right['set'], `${path}.right.set`);
    // nft makes no set of one value. Of flags, a set's one value is "any of these".
    if (items.length === 1 && !isElem(items[0])) {
      if (op === '==' && flags) op = 'in';
      return compileValue(context, single, op, items[0], `${path}.right.set[0]`);
    }
  }
  const set = setOf(context, key, right, `${path}.right`);
  if (set !== undefined) {
    if (op !== '==' && op !== '!=' && op !== 'in') throw wrongValue(`${path}.op`, `"${op}" cannot be used with a set`);
    const inverted = op === '!=' ? { flags: ['inv'] as const } : {};
    const id = set.id === undefined ? {} : { setId: set.id };
    context.match([
      ...keyLoad(key, 0, set, `${path}.left`),
      { type: 'lookup', set: set.name, ...id, sreg: 1, ...inverted },
    ]);
    if (op !== '!=' && single?.learnAny !== undefined && isObject(right))
      learnElements(context, single, right['set'], `${path}.right.set`);
    return;
  }
  if (single === undefined)
    throw wrongValue(`${path}.right`, 'a concatenation is matched against a set: "@name" or {"set": [...]}');
  compileValue(context, single, op, right, `${path}.right`);
}

function learnElements(context: RuleContext, selector: Selector, elements: unknown, path: string): void {
  const values = checkArray(elements, path).map((item, i) =>
    isElem(item) ? undefined : parseLiteral(item, `${path}[${i}]`, selector.type, context.names),
  );
  const bytes = values.flatMap((value) => (value?.kind === 'value' ? [value.bytes] : []));
  if (bytes.length === values.length) selector.learnAny!(context, bytes);
}

const isElem = (item: unknown): boolean => isObject(item) && 'elem' in item;

function setOf(
  context: RuleContext,
  key: readonly Selector[],
  right: unknown,
  path: string,
): ReturnType<typeof lookupSet> | undefined {
  if (typeof right === 'string' && right.startsWith('@')) return lookupSet(context, key, right, path, 'set');
  if (!isObject(right) || !('set' in right)) return undefined;
  const items = checkArray(checkObject(right, path, ['set'])['set'], `${path}.set`);
  if (items.length === 0) throw wrongValue(`${path}.set`, 'must have elements');
  for (const field of key) field.prepare?.(context);
  const keyTypeof = typeofKey(setAttribute.keyTypeof, key);
  return context.anonymousSet(
    {
      key: key.map((field) => field.type),
      elements: items,
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      ...placedKey(key),
    },
    `${path}.set`,
  );
}

function compileValue(context: RuleContext, selector: Selector, op: MatchOperator, right: unknown, path: string): void {
  selector.prepare?.(context);
  const literal = parseLiteral(right, path, selector.type, context.names);
  if (op === 'in' || op === '!') {
    if (literal.kind !== 'value') throw wrongValue(path, `"${op}" takes flags`);
    if (selector.type.datatype.flags !== undefined || op === '!')
      return compileFlags(context, selector, op, literal.bytes);
    op = '==';
  }
  if (literal.kind === 'value') return compileCompare(context, selector, op, literal.bytes);
  if (op !== '==' && op !== '!=') throw wrongValue(path, `"${op}" cannot be used with a ${literal.kind}`);
  if (literal.kind === 'prefix') return compilePrefix(context, selector, op, literal);
  compileRange(context, selector, op, literal);
}

function compileFlags(context: RuleContext, selector: Selector, op: 'in' | '!', bits: Uint8Array): void {
  const masked = {
    ...selector,
    mask: selector.mask === undefined ? bits : selector.mask.map((byte, i) => byte & bits[i]!),
  };
  const zero = { value: new Uint8Array(selector.bytes) };
  context.match([...loadSelector(masked, 1), { type: 'cmp', sreg: 1, op: op === 'in' ? 'neq' : 'eq', data: zero }]);
}

function compileCompare(
  context: RuleContext,
  selector: Selector,
  op: Exclude<MatchOperator, 'in' | '!'>,
  bytes: Uint8Array,
): void {
  const { payload } = selector;
  // x ^ c == v is x == v ^ c.
  const flipped = (op === '==' || op === '!=') && selector.xor !== undefined && isZero(xorOutsideMask(selector));
  const value = place(selector, flipped ? xor(bytes, selector.xor!) : bytes);
  const { xor: _, ...plain } = selector;
  const load = loadSelector(flipped ? plain : selector, 1);
  const ordered = op === '==' || op === '!=' ? [] : orderForRange(selector, 1);
  const data = { value: ordered.length > 0 ? toBig(value, selector.type) : value };
  const mergeable = op === '==' && payload?.aligned === true && selector.mask === undefined;
  context.match(
    [...load, ...ordered, { type: 'cmp', sreg: 1, op: cmpOps[op], data }],
    mergeable ? { base: payload.base, offset: payload.offset, value } : undefined,
  );
  if (op === '==' && selector.mask === undefined) selector.learn?.(context, bytes);
}

/** Bits that were or-ed in cannot move to the other side. */
const xorOutsideMask = (selector: Selector): Uint8Array =>
  selector.mask === undefined ? new Uint8Array(0) : selector.xor!.map((byte, i) => byte & ~selector.mask![i]!);

function compilePrefix(
  context: RuleContext,
  selector: Selector,
  op: '==' | '!=',
  literal: Extract<Literal, { kind: 'prefix' }>,
): void {
  const { bits, bytes } = literal;
  const short = bits > 0 && bits % 8 === 0 && selector.mask === undefined;
  const cmp = (value: Uint8Array): Expression => ({ type: 'cmp', sreg: 1, op: cmpOps[op], data: { value } });
  if (short && selector.payload?.aligned === true) {
    const { base, offset } = selector.payload;
    return context.match([{ type: 'payload', dreg: 1, base, offset, len: bits / 8 }, cmp(bytes.subarray(0, bits / 8))]);
  }
  // Of a number in network order the first bytes are the prefix.
  if (short && !isField(selector) && (selector.type.datatype.text === true || selector.type.order === 'big'))
    return context.match([...selector.load(1), cmp(bytes.subarray(0, bits / 8))]);
  const mask = literalMask(bits, selector.type);
  const masked = {
    ...selector,
    mask: selector.mask === undefined ? mask : selector.mask.map((byte, i) => byte & mask[i]!),
  };
  context.match([...loadSelector(masked, 1), cmp(place(selector, bytes))]);
}

function compileRange(context: RuleContext, selector: Selector, op: '==' | '!=', literal: Literal): void {
  const ordered = orderForRange(selector, 1);
  const [from, to] = span(literal, selector.type).map((end) => ({ value: place(selector, end) })) as [
    { value: Uint8Array },
    { value: Uint8Array },
  ];
  const load = [...loadSelector(selector, 1), ...ordered];
  if (op === '!=') return context.match([...load, { type: 'range', sreg: 1, op: 'neq', fromData: from, toData: to }]);
  context.match([
    ...load,
    { type: 'cmp', sreg: 1, op: 'gte', data: from },
    { type: 'cmp', sreg: 1, op: 'lte', data: to },
  ]);
}

// Back from expressions.

const operatorOf: Readonly<Record<CmpOp, MatchOperator>> = {
  eq: '==',
  neq: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
};

export function readCmp(reader: RuleReader, cmp: Extract<Expression, { type: 'cmp' }>): void {
  const loaded = reader.registers.get(reader.wordOf(cmp.sreg));
  const data = cmp.data.value;
  if (loaded === undefined || loaded.kind !== 'selector' || data === undefined) return reader.unknown('cmp');
  const next = reader.peek();
  if (
    cmp.op === 'gte' &&
    next?.type === 'cmp' &&
    next.op === 'lte' &&
    next.sreg === cmp.sreg &&
    next.data.value !== undefined
  ) {
    reader.skip();
    return readRange(reader, loaded, '==', data, next.data.value);
  }
  // Several fields may have been merged into one load.
  const merged = cmp.op === 'eq' && loaded.mask === undefined ? reader.expandPayload(loaded, data) : undefined;
  for (const part of merged ?? [{ loaded, data }]) readOne(reader, part.loaded, cmp.op, part.data);
}

function readOne(reader: RuleReader, loaded: Extract<Loaded, { kind: 'selector' }>, op: CmpOp, data: Uint8Array): void {
  const left = describe(reader, loaded);
  const { type } = left;
  const bytes = loaded.swapped === true ? toBig(data, type) : data;
  const value = left.field ? shiftOut(bytes, left.shift, type.bits) : bytes;
  reader.use(left);
  if (
    type.datatype.flags !== undefined &&
    left.mask !== undefined &&
    left.flip === undefined &&
    isZero(value) &&
    (op === 'eq' || op === 'neq')
  ) {
    return reader.match(op === 'eq' ? '!' : 'in', left.json, list(flagNames(left.mask, type, reader.names)));
  }
  const prefix = prefixOf(left, value);
  if (prefix !== undefined && (op === 'eq' || op === 'neq')) return reader.match(operatorOf[op], left.json, prefix);
  const json = masked(left);
  reader.match(operatorOf[op], json, valueJson(reader, left, value));
  if (op === 'eq' && left.mask === undefined && left.flip === undefined) reader.learn(left, value);
}

const list = (items: readonly unknown[]): unknown => (items.length === 1 ? items[0] : items);

export function masked(left: Described): unknown {
  if (left.mask === undefined && left.flip === undefined) return left.json;
  const length = left.mask?.length ?? left.flip!.length;
  return bitwiseJson(
    left.json,
    left.mask ?? new Uint8Array(length).fill(0xff),
    left.flip ?? new Uint8Array(length),
    (bytes) => left.show(bytes),
  );
}

/** `addr/len`, where fewer bytes were loaded or all bits but the first are masked off; `name*`. */
function prefixOf(left: Described, value: Uint8Array): unknown {
  const { type } = left;
  const bytes = (type.bits + 7) >> 3;
  if (type.datatype.text === true) return value.length < bytes ? `${Buffer.from(value).toString()}*` : undefined;
  if (value.length < bytes && !left.field) {
    const whole = new Uint8Array(bytes);
    whole.set(value);
    return { prefix: { addr: left.show(whole), len: value.length * 8 } };
  }
  if (left.mask === undefined || left.flip !== undefined || type.datatype.prefix !== true) return undefined;
  const bits = maskPrefix(toBig(left.mask, type));
  return bits < 0 || isOnes(left.mask) ? undefined : { prefix: { addr: left.show(value), len: bits } };
}

/** A word of several flags: among masked ones a list; else their "|", but of a header field the number. */
function valueJson(reader: RuleReader, left: Described, value: Uint8Array): unknown {
  const { type } = left;
  if (type.datatype.flags === undefined || isZero(value)) return type.datatype.format(value, type, reader.names);
  if (left.mask !== undefined) return list(flagNames(value, type, reader.names));
  return left.header === undefined
    ? type.datatype.format(value, type, reader.names)
    : toNumberOrName(value, type, reader.names);
}

function toNumberOrName(value: Uint8Array, type: Type, names: Names): unknown {
  const flags = flagNames(value, type, names);
  return flags.length === 1 ? flags[0] : toNumber(value, type.order);
}

export function readRange(
  reader: RuleReader,
  loaded: Extract<Loaded, { kind: 'selector' }>,
  op: '==' | '!=',
  from: Uint8Array,
  to: Uint8Array,
): void {
  const left = describe(reader, loaded);
  reader.use(left);
  const ends = [from, to].map((end) => {
    const bytes = loaded.swapped === true ? toBig(end, left.type) : end;
    const value = left.field ? shiftOut(bytes, left.shift, left.type.bits) : bytes;
    const { datatype } = left.type;
    return datatype.formatEnd?.(value, left.type) ?? datatype.format(value, left.type, reader.names);
  });
  reader.match(op, masked(left), { range: ends });
}
