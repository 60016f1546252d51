/** `{"accept": null}`, `{"jump": {"target": "chain"}}`: what becomes of the packet. */

import type { RuleContext } from './context.js';
import { checkName, checkNothing, checkObject, isObject, wrongValue } from './errors.js';
import type { Data, Expression, VerdictCode } from './wire.js';

type VerdictName = 'accept' | 'drop' | 'continue' | 'return' | 'jump' | 'goto';

const verdictNames: readonly VerdictName[] = ['accept', 'drop', 'continue', 'return', 'jump', 'goto'];

export const isVerdict = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length === 1 && verdictNames.includes(Object.keys(value)[0] as VerdictName);

export function compileVerdict(name: VerdictName, value: unknown, path: string): Data {
  if (name === 'jump' || name === 'goto') {
    const chain = checkName(checkObject(value, path, ['target'])['target'], `${path}.target`);
    return { verdict: { code: name, chain } };
  }
  checkNothing(value, path);
  return { verdict: { code: name } };
}

export function verdictStatement(name: VerdictName): (context: RuleContext, value: unknown, path: string) => void {
  if (name === 'jump' || name === 'goto')
    return (context, value, path) =>
      context.act({ type: 'immediate', dreg: 0, data: compileVerdict(name, value, path) });
  const statement: Expression = { type: 'immediate', dreg: 0, data: { verdict: { code: name } } };
  return (context, value, path) => {
    checkNothing(value, path);
    context.act(statement);
  };
}

/** The verdict of a map's element. */
export function compileVerdictData(value: unknown, path: string): Data {
  const entry = isObject(value) ? Object.entries(value) : [];
  if (entry.length !== 1 || !isVerdict(value)) throw wrongValue(path, `must be a verdict: ${verdictNames.join(', ')}`);
  const [name, operand] = entry[0] as [VerdictName, unknown];
  return compileVerdict(name, operand, `${path}.${name}`);
}

export function verdictJson(verdict: { readonly code: VerdictCode; readonly chain?: string }): unknown {
  return { [verdict.code]: verdict.chain === undefined ? null : { target: verdict.chain } };
}
