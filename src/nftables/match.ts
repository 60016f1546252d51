/** `{"match": {"left": ..., "op": "==", "right": ...}}`: the rule goes on only if this holds. */

import { fromBig, toBigNumber } from './bigs.js';
import type { Order } from './bytes.js';
import type { RuleContext, SetInfo } from './context.js';
import { byteLength } from './datatypes.js';
import { hasRanges } from './elements.js';
import { checkArray, checkObject, isObject, oneOf, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import type { MatchOperator } from './json.js';
import { type Literal, literalMask, parseLiteral } from './literals.js';
import { elementTypes, keyLoad, keyTypes, lookupSet } from './lookup.js';
import { contextOf, inOrder, isPlain, loadSelector, orderOf, type Selector } from './selector.js';
import { placeElements, transfer } from './transfer.js';
import { setAttribute } from './userdata.js';
import type { Data, Expression } from './wire.js';

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
  const flags = single !== undefined && contextOf(single).datatype.flags !== undefined;
  const op: MatchOperator =
    object['op'] === undefined ? (flags ? 'in' : '==') : oneOf(object['op'], `${path}.op`, operators);
  const elements = elementsOf(right, `${path}.right`);
  // nft makes no set of one value.
  if (elements?.length === 1 && single !== undefined)
    return compileValue(context, single, op, withoutElem(elements[0]), `${path}.right.set[0]`);
  const found = setOf(context, key, right, elements, `${path}.right`);
  if (found !== undefined) {
    if (op !== '==' && op !== '!=' && op !== 'in') throw wrongValue(`${path}.op`, `"${op}" cannot be used with a set`);
    const { set, loaded } = found;
    const flags = op === '!=' ? INVERTED : undefined;
    context.match([...keyLoad(loaded, 0, set), { type: 'lookup', set: set.name, setId: set.id, sreg: 1, flags }]);
    if (op !== '!=' && single?.learn !== undefined && elements !== undefined)
      learnElements(context, single, elements, `${path}.right.set`);
    return;
  }
  if (single === undefined)
    throw wrongValue(`${path}.right`, 'a concatenation is matched against a set: "@name" or {"set": [...]}');
  compileValue(context, single, op, right, `${path}.right`);
}

const INVERTED = ['inv'] as const;

/** Each value tells of the packet what it can tell. */
function learnElements(context: RuleContext, selector: Selector, elements: readonly unknown[], path: string): void {
  for (let i = 0; i < elements.length; i++) {
    const item = elements[i];
    if (item === '*') continue;
    const literal = parseLiteral(withoutElem(item), `${path}[${i}]`, selector.type, context.names);
    if (literal.kind === 'value') selector.learn!(literal.bytes, context.known);
  }
}

/** Of `{"elem": {"val": ...}}`, the value. */
const withoutElem = (item: unknown): unknown =>
  isObject(item) && isObject(item['elem']) && item['elem']['val'] !== undefined ? item['elem']['val'] : item;

/** What a set that is written in the rule holds: a list, or one value. */
function elementsOf(right: unknown, path: string): readonly unknown[] | undefined {
  if (!isObject(right) || !('set' in right)) return undefined;
  const { set } = checkObject(right, path, ['set']);
  if (isReference(set)) return undefined;
  const items = Array.isArray(set) || set === undefined || set === null ? checkArray(set, `${path}.set`) : [set];
  if (items.length === 0) throw wrongValue(`${path}.set`, 'must have elements');
  return items;
}

const isReference = (value: unknown): value is string => typeof value === 'string' && value.startsWith('@');

/** The set, and what is loaded to be looked up in it. */
function setOf(
  context: RuleContext,
  key: readonly Selector[],
  right: unknown,
  elements: readonly unknown[] | undefined,
  path: string,
): { readonly set: SetInfo; readonly loaded: readonly Selector[] } | undefined {
  // What is among a map's keys can be asked, too.
  const reference = isObject(right) ? right['set'] : right;
  if (isReference(reference)) return { set: lookupSet(context, key, reference, path, 'any'), loaded: key };
  return elements === undefined ? undefined : literalSet(context, key, elements, `${path}.set`);
}

/** A set that is written in the rule. */
function literalSet(
  context: RuleContext,
  key: readonly Selector[],
  elements: readonly unknown[],
  path: string,
): { readonly set: SetInfo; readonly loaded: readonly Selector[] } {
  const interval = hasRanges(elements);
  const keyTypeof = typeofKey(setAttribute.keyTypeof, key, interval);
  // Numbers of the machine's are turned for intervals, and what is turned stays on the left.
  const turned = key.length === 1 && interval ? inOrder(key[0]!, 'big') : key[0]!;
  const { selector, placed } = key.length === 1 ? placeElements(turned, path, false) : {};
  const set = context.anonymousSet(
    {
      key: keyTypes(key),
      values: elementTypes(key),
      elements,
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      ...(placed === undefined ? {} : { placed }),
    },
    path,
  );
  return { set, loaded: selector === undefined ? key : [selector] };
}

function compileValue(context: RuleContext, selector: Selector, op: MatchOperator, right: unknown, path: string): void {
  const type = contextOf(selector);
  if (type.datatype !== selector.type.datatype && selector.type.datatype.name !== 'integer')
    throw wrongValue(path, `is a plain number beside something moved; ${selector.type.datatype.name} is wanted`);
  const literal = parseLiteral(right, path, type, context.names, isCircular(selector));
  const kind = writtenAs(right, literal);
  if (kind === 'value') {
    if (op === '!' || (op === 'in' && type.datatype.flags !== undefined))
      return compileFlags(context, selector, op, (literal as ValueLiteral).bytes, path);
    return compileCompare(context, selector, op === 'in' ? '==' : op, (literal as ValueLiteral).bytes, path);
  }
  if (op !== '==' && op !== '!=' && op !== 'in') throw wrongValue(path, `"${op}" cannot be used with a ${kind}`);
  const equality = op === '!=' ? '!=' : '==';
  if (literal.kind === 'prefix') return compilePrefix(context, selector, equality, literal);
  if (literal.kind === 'range') return compileRange(context, selector, equality, literal, path);
  const { bytes } = literal;
  if (kind === 'prefix') return compileCompare(context, selector, equality, bytes, path);
  compileRange(context, selector, equality, { kind, from: bytes, to: bytes }, path);
}

type ValueLiteral = Extract<Literal, { kind: 'value' }>;

/** A prefix of all bits, and a range of one value, are a value, but not compared as one. */
function writtenAs(right: unknown, literal: Literal): Literal['kind'] {
  if (literal.kind !== 'value' || !isObject(right)) return literal.kind;
  return 'range' in right ? 'range' : 'prefix' in right ? 'prefix' : 'value';
}

function compileFlags(context: RuleContext, selector: Selector, op: 'in' | '!', bits: Uint8Array, path: string): void {
  const { datatype } = contextOf(selector);
  if (op === '!' && (datatype.flags === undefined || !isPlain(selector)))
    throw wrongValue(path, '"!" is for flags that nothing was done to');
  const moved = transfer(selector, path);
  if (moved !== undefined || !isPlain(selector)) {
    // After an operation nft compares with the flags themselves.
    return compileCompare(context, selector, '==', bits, path);
  }
  const zero = { value: new Uint8Array(bits.length) };
  const mask = { type: 'bitwise', sreg: 1, dreg: 1, len: bits.length, mask: { value: bits }, xor: zero } as const;
  context.match([
    ...loadSelector(selector, 1),
    mask,
    { type: 'cmp', sreg: 1, op: op === 'in' ? 'neq' : 'eq', data: zero },
  ]);
}

function compileCompare(
  context: RuleContext,
  selector: Selector,
  op: Exclude<MatchOperator, 'in' | '!'>,
  bytes: Uint8Array,
  path: string,
): void {
  const equality = op === '==' || op === '!=';
  const text = contextOf(selector).datatype.text === true;
  if (isPlain(selector) && (equality || text || orderOf(selector) === 'big')) {
    const { payload } = selector;
    const mergeable =
      op === '==' && payload !== undefined
        ? { base: payload.base, offset: payload.offset, value: bytes, key: payload.key }
        : undefined;
    const redundant = op === '==' && selector.redundant?.(bytes, context.family) === true;
    const cmp = { type: 'cmp', sreg: 1, op: cmpOps[op], data: { value: bytes } } as const;
    context.match([...selector.load(1), cmp], mergeable, redundant);
    if (op === '==') selector.learn?.(bytes, context.known);
    return;
  }
  const ordered = equality ? selector : inOrder(selector, 'big');
  const { order } = contextOf(selector);
  const { loaded, write } = movedValues(ordered, path, equality ? orderOf(selector) : 'big');
  const value = write(toBigNumber(bytes, order));
  context.match([...loadSelector(loaded, 1), { type: 'cmp', sreg: 1, op: cmpOps[op], data: { value } }]);
}

/** What is loaded, and how constants beside it are written. */
function movedValues(
  selector: Selector,
  path: string,
  order: Order,
): { readonly loaded: Selector; readonly write: (value: bigint) => Uint8Array } {
  const moved = transfer(selector, path);
  if (moved === undefined) {
    const length = byteLength(contextOf(selector));
    return { loaded: selector, write: (value) => fromBig(value, length, order) };
  }
  const length = (moved.bits + 7) >> 3;
  return { loaded: moved.selector, write: (value) => fromBig(moved.move(value), length, moved.order) };
}

function compilePrefix(
  context: RuleContext,
  selector: Selector,
  op: '==' | '!=',
  literal: Extract<Literal, { kind: 'prefix' }>,
): void {
  const { bits, bytes } = literal;
  const type = contextOf(selector);
  const cmp = (value: Uint8Array): Expression => ({ type: 'cmp', sreg: 1, op: cmpOps[op], data: { value } });
  const length = byteLength(type);
  const text = type.datatype.text === true;
  const order = orderOf(selector);
  const value = text || order === type.order ? bytes : fromBig(toBigNumber(bytes, type.order), length, order);
  // Of a number in network order the first bytes are the prefix.
  if (bits > 0 && bits % 8 === 0 && (text || type.order === 'big'))
    return context.match([...loadSelector(selector, 1, bits / 8), cmp(value.subarray(0, bits / 8))]);
  const mask = {
    type: 'bitwise',
    sreg: 1,
    dreg: 1,
    len: length,
    mask: { value: literalMask(bits, type) },
    xor: { value: new Uint8Array(length) },
  } as const;
  context.match([...loadSelector(selector, 1), mask, cmp(value)]);
}

function compileRange(
  context: RuleContext,
  selector: Selector,
  op: '==' | '!=',
  literal: Extract<Literal, { kind: 'range' }>,
  path: string,
): void {
  const type = contextOf(selector);
  const { loaded, write } = movedValues(inOrder(selector, 'big'), path, 'big');
  const [first, last] = [literal.from, literal.to].map((end) => toBigNumber(end, type.order)) as [bigint, bigint];
  // Over midnight, or over the end of the week: all but what lies between.
  const wraps = first > last;
  const [from, to] = (wraps ? [last, first] : [first, last]).map((end) => ({ value: write(end) })) as [Data, Data];
  const load = loadSelector(loaded, 1);
  if ((op === '!=') !== wraps)
    return context.match([...load, { type: 'range', sreg: 1, op: 'neq', fromData: from, toData: to }]);
  context.match([
    ...load,
    { type: 'cmp', sreg: 1, op: 'gte', data: from },
    { type: 'cmp', sreg: 1, op: 'lte', data: to },
  ]);
}

/** Hours and days go round. */
const isCircular = ({ type }: Selector): boolean => type.datatype.name === 'hour' || type.datatype.name === 'day';
