/** What a rule reads from a packet into a register: the compiler's form of payload, meta, ct, and of operations on them. */

import { fromBig, onesBig } from './bigs.js';
import { fromNumber, type Order } from './bytes.js';
import type { Type } from './datatypes.js';
import type { Packet } from './packet.js';
import type { RawBase } from './protocols.js';
import type { Attribute } from './userdata.js';
import type { Expression, Family, Register } from './wire.js';

/** An operation on what was loaded. Constants are numbers; `bits` and `order` are of the outcome in the register. */
export type Step = BooleanStep | ShiftStep | OrderStep;

interface Outcome {
  readonly bits: number;
  readonly order: Order;
}
export interface BooleanStep extends Outcome {
  readonly op: '&' | '|' | '^';
  readonly value: bigint;
}
export interface ShiftStep extends Outcome {
  readonly op: '<<' | '>>';
  readonly by: number;
}
export interface OrderStep extends Outcome {
  readonly op: 'hton' | 'ntoh';
}

export interface Selector {
  /** What it is, for those that must be of one type. */
  readonly type: Type;
  /** How values beside it are read, where not as its own type. */
  readonly context?: Type | undefined;
  /** And in a set that is written in the rule, where otherwise. */
  readonly element?: Type | undefined;
  /** Done after loading, in this order. */
  readonly steps?: readonly Step[] | undefined;
  /** Of a plain header field. */
  readonly payload?: {
    readonly base: RawBase;
    readonly offset: number;
    readonly key: boolean;
  };
  /** How nft names it in a set's user data; absent, it has no name there. */
  readonly typeofData?: () => readonly Attribute[];
  /** What is loaded instead where only its being there is asked for: the match is with true or false. */
  readonly presence?: Selector;
  /** `bytes`: the first of them alone, where the kernel can load those. */
  load(register: Register, bytes?: number): readonly Expression[];
  /** What is known of the packet where this equals the value, which is in bytes of the type's order. */
  learn?(value: Uint8Array, known: Packet): void;
  /** It comes with every packet of the family if it has this value. */
  redundant?(value: Uint8Array, family: Family): boolean;
}

/** The same, of what is loaded again and again: as a rule all of it into register 1, which is made once. */
export function loads(load: Selector['load']): Selector['load'] {
  const first = load(1);
  return (register, bytes) => (register === 1 && bytes === undefined ? first : load(register, bytes));
}

const NONE: readonly Step[] = [];

export const stepsOf = (selector: Selector): readonly Step[] => selector.steps ?? NONE;

/** Bits of the outcome, as the kernel compares and looks it up. */
export const bitsOf = ({ steps, type }: Selector): number => steps?.at(-1)?.bits ?? type.bits;

/** Bytes of the outcome in the register. */
export const bytesOf = (selector: Selector): number => (bitsOf(selector) + 7) >> 3;

/** Byte order of the outcome. */
export const orderOf = ({ steps, type }: Selector): Order => steps?.at(-1)?.order ?? type.order;

/** How constants beside it are read. */
export const contextOf = ({ context, type }: Selector): Type => context ?? type;

export const isPlain = (selector: Selector): boolean => selector.steps === undefined || selector.steps.length === 0;

/** The steps that take a header field out of the bytes around it. */
export function fieldSteps(bits: number, shift: number): readonly Step[] {
  const place = { bits: bits + shift, order: 'big' } as const;
  const mask: Step = { op: '&', value: onesBig(bits) << BigInt(shift), ...place };
  return shift === 0 ? [mask] : [mask, { op: '>>', by: shift, ...place }];
}

/** The outcome of an operation is no header field any more, and says nothing of the packet. */
export const unnamed = ({ type, context, steps, load }: Selector): Selector => ({ type, context, steps, load });

export const withStep = (selector: Selector, step: Step): Selector => ({
  ...selector,
  steps: [...stepsOf(selector), step],
});

/** `short`: only the first bytes are to be compared. */
export function loadSelector(selector: Selector, register: Register, short?: number): readonly Expression[] {
  const steps = stepsOf(selector);
  if (steps.length === 0) return selector.load(register, short);
  const expressions = [...selector.load(register)];
  for (let i = 0; i < steps.length; ) {
    const run: BooleanStep[] = [];
    for (let step = steps[i]; step !== undefined && 'value' in step; step = steps[++i]) run.push(step);
    if (run.length > 0) {
      expressions.push(bitwise(run, register, i === steps.length ? short : undefined));
      continue;
    }
    const step = steps[i++]!;
    if ('by' in step) expressions.push(shift(step, register));
    else expressions.push(byteorder(step as OrderStep, register));
  }
  return expressions;
}

/** Any chain of `&`, `|` and `^` is one mask and one xor. */
function bitwise(steps: readonly BooleanStep[], register: Register, short: number | undefined): Expression {
  const { bits, order } = steps.at(-1)!;
  const all = onesBig(bits);
  let mask = all;
  let flip = 0n;
  for (const step of steps) {
    if (step.op === '^') flip ^= step.value;
    else if (step.op === '&') {
      mask &= step.value;
      flip &= step.value;
    } else {
      mask &= ~step.value;
      flip = (flip & ~step.value) | step.value;
    }
  }
  const len = short ?? (bits + 7) >> 3;
  return {
    type: 'bitwise',
    sreg: register,
    dreg: register,
    len,
    mask: { value: fromBig(mask, len, order) },
    xor: { value: fromBig(flip, len, order) },
  };
}

const shift = (step: ShiftStep, register: Register): Expression => ({
  type: 'bitwise',
  op: step.op === '<<' ? 'lshift' : 'rshift',
  sreg: register,
  dreg: register,
  len: (step.bits + 7) >> 3,
  data: { value: fromNumber(step.by, 4, 'host') },
});

const byteorder = ({ op, bits }: OrderStep, register: Register): Expression => ({
  type: 'byteorder',
  sreg: register,
  dreg: register,
  op,
  len: bits >> 3,
  size: bits % 64 === 0 ? 8 : bits % 32 === 0 ? 4 : 2,
});

/** The same in the other order; text has none, and a byte alone none that matters. */
export function inOrder(selector: Selector, order: Order): Selector {
  const bits = bitsOf(selector);
  if (selector.type.datatype.text === true || orderOf(selector) === order || bits < 16) return selector;
  return withStep(selector, { op: order === 'big' ? 'hton' : 'ntoh', bits, order });
}

/** A field of a concatenation of intervals; there nft turns single bytes, too. */
export function inNetworkOrder(selector: Selector): Selector {
  if (selector.type.datatype.text === true || orderOf(selector) === 'big') return selector;
  return withStep(selector, { op: 'hton', bits: bitsOf(selector), order: 'big' });
}
