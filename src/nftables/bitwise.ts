/** `{"&": [left, right]}`, `|`, `^`, `<<`, `>>`: operations with constants, on what was read or on other constants. */

import { fromBig, onesBig, toBigNumber } from './bigs.js';
import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { byteLength, type Type, typeOf } from './datatypes.js';
import { checkArray, checkUint, isObject, wrongValue } from './errors.js';
import { compileSelector } from './expressions.js';
import type { RuleReader } from './reader.js';
import { bitsOf, contextOf, inOrder, orderOf, type Selector, stepsOf, unnamed, withStep } from './selector.js';
import type { Operation } from './tree.js';
import type { Expression } from './wire.js';

type BooleanOperator = '&' | '|' | '^';
type ShiftOperator = '<<' | '>>';

const operators: readonly string[] = ['&', '|', '^', '<<', '>>'];

export function isBitwise(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.keys(value).length === 1 && operators.includes(Object.keys(value)[0]!);
}

export function compileBitwise(value: unknown, op: BooleanOperator, path: string, context: RuleContext): Selector {
  const operands = checkArray(value, path);
  if (operands.length < 2) throw wrongValue(path, 'needs at least two operands');
  const left = unnamed(compileSelector(operands[0], `${path}[0]`, context));
  const type = contextOf(left);
  const [bits, order] = [bitsOf(left), orderOf(left)];
  const steps = [...stepsOf(left)];
  for (let i = 1; i < operands.length; i++) {
    const value = toBigNumber(parseConstant(operands[i], `${path}[${i}]`, type, context), type.order);
    steps.push({ op, value, bits, order });
  }
  return { type: left.type, context: left.context, steps, load: left.load };
}

/** `{"<<": [left, bits]}`, `>>`: moves what was read, in the machine's order. */
export function compileShift(value: unknown, op: ShiftOperator, path: string, context: RuleContext): Selector {
  const operands = checkArray(value, path);
  if (operands.length !== 2) throw wrongValue(path, 'needs two operands');
  const left = unnamed(compileSelector(operands[0], `${path}[0]`, context));
  const by = checkUint(operands[1], `${path}[1]`, bitsOf(left) - 1);
  const { bits } = contextOf(left);
  // What stands beside a number that was moved is a plain number.
  const type = typeOf('integer', bits, orderOf(left));
  const host = inOrder(left, 'host');
  return withStep({ ...host, context: type }, { op, by, bits: bitsOf(left), order: 'host' });
}

/** A constant operand: a value, or an expression of values. */
export function parseConstant(
  value: unknown,
  path: string,
  type: Type,
  context: Pick<RuleContext, 'names'>,
): Uint8Array {
  if (!isBitwise(value) || ('|' in value && type.datatype.flags !== undefined && isPlainList(value['|'])))
    return type.datatype.parse(value, path, type, context.names);
  const [op, operands] = Object.entries(value)[0]!;
  const at = `${path}["${op}"]`;
  const parts = checkArray(operands, at);
  if (parts.length === 0) throw wrongValue(path, 'needs operands');
  const [first, ...rest] = parts.map((part, i) =>
    i > 0 && (op === '<<' || op === '>>')
      ? BigInt(checkUint(part, `${at}[${i}]`, type.bits - 1))
      : toBigNumber(parseConstant(part, `${at}[${i}]`, type, context), type.order),
  );
  const all = onesBig(type.bits);
  const outcome = rest.reduce((left, right) => operate(op, left, right) & all, first!);
  return fromBig(outcome, byteLength(type), type.order);
}

const isPlainList = (value: unknown): boolean => Array.isArray(value) && !value.some(isObject);

function operate(op: string, left: bigint, right: bigint): bigint {
  if (op === '&') return left & right;
  if (op === '|') return left | right;
  if (op === '^') return left ^ right;
  return op === '<<' ? left << right : left >> right;
}

// Back from expressions.

export function readBitwise(reader: RuleReader, expression: Extract<Expression, { type: 'bitwise' }>): void {
  const { sreg, dreg, op = 'mask-xor', mask, xor: flip, data } = expression;
  const loaded = reader.registers.get(reader.wordOf(sreg));
  if (loaded?.kind !== 'tree') return reader.unknown('bitwise');
  const add = (...operations: readonly Operation[]): void =>
    reader.set(dreg, { ...loaded, operations: [...loaded.operations, ...operations] });
  if (op !== 'mask-xor') {
    if (data?.value === undefined) return reader.unknown('bitwise');
    return add({ op: op === 'lshift' ? '<<' : '>>', by: toNumber(data.value, 'host') });
  }
  if (mask?.value === undefined || flip?.value === undefined) return reader.unknown('bitwise');
  const bits = mask.value.length * 8;
  const cleared = toBigNumber(mask.value, 'big');
  const flipped = toBigNumber(flip.value, 'big');
  // Bits that are cleared and then set were or-ed in; the others that are flipped were xor-ed.
  const set = flipped & ~cleared;
  const toggled = flipped & cleared;
  const kept = cleared | set;
  const part = (wanted: boolean, operator: BooleanOperator, value: bigint): readonly Operation[] =>
    wanted ? [{ op: operator, value, bits }] : [];
  add(
    ...part(loaded.leaf.unsized === true || kept !== onesBig(loaded.leaf.bits), '&', kept),
    ...part(toggled !== 0n, '^', toggled),
    ...part(set !== 0n, '|', set),
  );
}
