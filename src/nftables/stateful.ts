/**
 * Statements that remember something: in rules, in the elements of sets, and in the definition of a set whose elements get them.
 */

import { connlimitExpression, connlimitJson } from './connlimit.js';
import { counterExpression, counterJson } from './counter.js';
import { checkArray, show, soleKey, wrongValue } from './errors.js';
import { lastExpression, lastJson } from './last.js';
import { limitExpression, limitJson } from './limit.js';
import { quotaExpression, quotaJson } from './quota.js';
import type { Expression } from './wire.js';

export type Stateful = Extract<Expression, { type: 'counter' | 'limit' | 'quota' | 'connlimit' | 'last' }>;

const compilers: Readonly<Record<string, (value: unknown, path: string) => Stateful>> = {
  counter: counterExpression,
  limit: limitExpression,
  quota: quotaExpression,
  'ct count': connlimitExpression,
  last: lastExpression,
};

export const statefulNames: readonly string[] = Object.keys(compilers);

export const compileStateful = (name: string, value: unknown, path: string): Stateful => compilers[name]!(value, path);

/** The value of a set's `stmt`. */
export function compileStatefulList(value: unknown, path: string): readonly Stateful[] {
  return checkArray(value, path).map((item, i) => {
    const [name, operand] = soleKey(item, `${path}[${i}]`, `a statement (${statefulNames.join(', ')})`);
    if (!statefulNames.includes(name))
      throw wrongValue(`${path}[${i}]`, `${show(name)} is not one of ${statefulNames.join(', ')}`);
    return compileStateful(name, operand, `${path}[${i}].${name}`);
  });
}

/** One is an attribute of its own in the kernel's messages, several are a list. */
export function expressionFields(list: readonly Stateful[]): {
  readonly expr?: Stateful;
  readonly expressions?: readonly Stateful[];
} {
  if (list.length === 0) return {};
  return list.length === 1 ? { expr: list[0]! } : { expressions: list };
}

export function statefulOf(object: {
  readonly expr?: Expression;
  readonly expressions?: readonly Expression[];
}): readonly Stateful[] {
  const list = object.expr === undefined ? (object.expressions ?? []) : [object.expr];
  return list.filter(isStateful);
}

const kinds: readonly string[] = ['counter', 'limit', 'quota', 'connlimit', 'last'];
const isStateful = (expression: Expression): expression is Stateful => kinds.includes(expression.type);

/** Without their state, as nft writes them in a definition: `{"counter": null}`. */
export function statefulJson(expression: Stateful, stateless: boolean = false): Readonly<Record<string, unknown>> {
  switch (expression.type) {
    case 'counter':
      return { counter: stateless ? null : counterJson(expression) };
    case 'limit':
      return { limit: limitJson(expression) };
    case 'quota':
      return { quota: quotaJson(expression, stateless) };
    case 'connlimit':
      return { 'ct count': connlimitJson(expression) };
    case 'last':
      return { last: stateless ? null : lastJson(expression) };
  }
}
