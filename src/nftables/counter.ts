/** `{"counter": null}`, or with the numbers to start from. And counters with a name. */

import { checkObject, checkUint, type JsonObject } from './errors.js';
import type { Expression } from './wire.js';

type Counter = Extract<Expression, { type: 'counter' }>;

export const counterKeys: readonly string[] = ['packets', 'bytes'];

export function counterExpression(value: unknown, path: string): Counter {
  if (value === null || value === undefined) return { type: 'counter', packets: 0, bytes: 0 };
  return { type: 'counter', ...counterData(checkObject(value, path, counterKeys), path) };
}

/** A named counter's body. */
export function counterData(object: JsonObject, path: string): Omit<Counter, 'type'> {
  const number = (key: string): number =>
    object[key] === undefined ? 0 : checkUint(object[key], `${path}.${key}`, Number.MAX_SAFE_INTEGER);
  return { packets: number('packets'), bytes: number('bytes') };
}

export function counterJson(counter: Omit<Counter, 'type'>): JsonObject {
  return { packets: counter.packets ?? 0, bytes: counter.bytes ?? 0 };
}
