/** `{"&": [left, right]}`, `|`, `^`: any chain of them with constants is one mask and one xor in the kernel. */

import { and, fromNumber, isOnes, isZero, not, ones, or, toNumber, xor } from './bytes.js';
import type { RuleContext } from './context.js';
import { byteLength, type Names, type Type } from './datatypes.js';
import { describe } from './describe.js';
import { checkArray, checkUint, isObject, wrongValue } from './errors.js';
import { compileSelector } from './expressions.js';
import { flagNames } from './flags.js';
import { masked } from './match.js';
import type { RuleReader } from './reader.js';
import { loadSelector, type Selector } from './selector.js';
import type { Expression } from './wire.js';

type BitwiseOperator = '&' | '|' | '^';

export function isBitwise(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.keys(value).length === 1 && ['&', '|', '^'].includes(Object.keys(value)[0]!);
}

export function compileBitwise(
  value: unknown,
  operator: BitwiseOperator,
  path: string,
  context: RuleContext,
): Selector {
  const operands = checkArray(value, path);
  if (operands.length < 2) throw wrongValue(path, 'needs at least two operands');
  const left = compileSelector(operands[0], `${path}[0]`, context);
  let selector = left;
  for (const [i, operand] of operands.slice(1).entries()) {
    const constant = parseConstant(operand, `${path}[${i + 1}]`, left.type, context);
    selector = { ...left, ...apply(operator, selector, constant) };
  }
  return selector;
}

/** `{"<<": [left, bits]}`, `>>`: moves what was read, in the machine's order. */
export function compileShift(value: unknown, operator: '<<' | '>>', path: string, context: RuleContext): Selector {
  const operands = checkArray(value, path);
  if (operands.length !== 2) throw wrongValue(path, 'needs two operands');
  const left = compileSelector(operands[0], `${path}[0]`, context);
  const bits = checkUint(operands[1], `${path}[1]`, left.bytes * 8 - 1);
  const { mask: _, xor: __, payload: ___, ...plain } = left;
  const op = operator === '<<' ? 'lshift' : 'rshift';
  const data = { value: fromNumber(bits, 4, 'host') };
  return {
    ...plain,
    load: (register) => [
      ...loadSelector(left, register),
      { type: 'bitwise', op, sreg: register, dreg: register, len: left.bytes, data },
    ],
  };
}

function apply(
  operator: BitwiseOperator,
  selector: Selector,
  constant: Uint8Array,
): { readonly mask?: Uint8Array; readonly xor: Uint8Array } {
  const mask = selector.mask ?? ones(constant.length);
  const flip = selector.xor ?? new Uint8Array(constant.length);
  if (operator === '&') return { mask: and(mask, constant), xor: and(flip, constant) };
  if (operator === '^')
    return { ...(selector.mask === undefined ? {} : { mask: selector.mask }), xor: xor(flip, constant) };
  return { mask: and(mask, not(constant)), xor: or(and(flip, not(constant)), constant) };
}

/** A constant operand: a value, or an expression of values. */
export function parseConstant(
  value: unknown,
  path: string,
  type: Type,
  context: Pick<RuleContext, 'names'>,
): Uint8Array {
  if (isBitwise(value) && !('|' in value && type.datatype.flags !== undefined)) {
    const [operator, operands] = Object.entries(value)[0]!;
    const parts = checkArray(operands, `${path}["${operator}"]`).map((part, i) =>
      parseConstant(part, `${path}["${operator}"][${i}]`, type, context),
    );
    if (parts.length === 0) throw wrongValue(path, 'needs operands');
    return parts.reduce(operator === '&' ? and : operator === '|' ? or : xor);
  }
  return type.datatype.parse(value, path, type, context.names);
}

/** What `(left & mask) ^ xor` says in JSON. */
export function bitwiseJson(
  left: unknown,
  mask: Uint8Array,
  flip: Uint8Array,
  show: (bytes: Uint8Array) => unknown,
): unknown {
  // Bits that are cleared and then set were or-ed in; the others that are flipped were xor-ed.
  const set = and(flip, not(mask));
  const keep = or(mask, set);
  const toggled = and(flip, mask);
  let json = left;
  if (!isOnes(keep)) json = { '&': [json, show(keep)] };
  if (!isZero(toggled)) json = { '^': [json, show(toggled)] };
  if (!isZero(set)) json = { '|': [json, show(set)] };
  return json;
}

/** A constant beside an operator: flags by name, everything else as its datatype writes it. */
export function constantJson(bytes: Uint8Array, type: Type, names: Names): unknown {
  if (type.datatype.flags !== undefined && !isZero(bytes)) {
    const flags = flagNames(bytes, type, names);
    return flags.length === 1 ? flags[0] : flags;
  }
  if (type.datatype.flags !== undefined) return 0;
  return type.datatype.format(bytes.subarray(0, byteLength(type)), type, names);
}

// Back from expressions.

export function readBitwise(reader: RuleReader, expression: Extract<Expression, { type: 'bitwise' }>): void {
  const { sreg, dreg, op, mask, xor: flip, data } = expression;
  const loaded = reader.registers.get(reader.wordOf(sreg));
  if (loaded?.kind !== 'selector') return reader.unknown('bitwise');
  // A header field moved to the end of its byte.
  if (op === 'rshift' && data?.value !== undefined && loaded.length === 1 && loaded.source === 'payload') {
    return reader.set(dreg, { ...loaded, shifted: toNumber(data.value, 'host') });
  }
  if ((op === 'lshift' || op === 'rshift') && data?.value !== undefined) {
    const described = describe(reader, loaded);
    const json = { [op === 'lshift' ? '<<' : '>>']: [masked(described), toNumber(data.value, 'host')] };
    return reader.setNamed(dreg, json, described.type);
  }
  if ((op !== undefined && op !== 'mask-xor') || mask?.value === undefined || flip?.value === undefined) {
    return reader.unknown('bitwise');
  }
  const kept = loaded.mask === undefined ? mask.value : and(loaded.mask, mask.value);
  const flipped = loaded.xor === undefined ? flip.value : xor(and(loaded.xor, mask.value), flip.value);
  reader.set(dreg, { ...loaded, mask: kept, xor: flipped });
}
