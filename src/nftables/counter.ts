/** `{"counter": null}`, or with the numbers to start from. */

import type { RuleContext } from './context.js';
import { checkObject, checkUint, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

export function compileCounter(context: RuleContext, value: unknown, path: string): void {
  if (typeof value === 'string') throw wrongValue(path, 'named counters are not supported yet');
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['packets', 'bytes']);
  const number = (key: string): number =>
    object[key] === undefined ? 0 : checkUint(object[key], `${path}.${key}`, Number.MAX_SAFE_INTEGER);
  context.act({ type: 'counter', packets: number('packets'), bytes: number('bytes') });
}

export function readCounter(reader: RuleReader, counter: Extract<Expression, { type: 'counter' }>): void {
  reader.act({ counter: { packets: counter.packets ?? 0, bytes: counter.bytes ?? 0 } });
}
