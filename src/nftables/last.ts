/** `{"last": null}`: remembers when it was reached. nft 1.0.6 does not know it; later ones write it like this. */

import { checkObject, checkUint, type JsonObject } from './errors.js';
import type { Expression } from './wire.js';

type Last = Extract<Expression, { type: 'last' }>;

export function lastExpression(value: unknown, path: string): Last {
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['used']);
  if (object['used'] === undefined) return { type: 'last' };
  return { type: 'last', set: 1, msecs: checkUint(object['used'], `${path}.used`, Number.MAX_SAFE_INTEGER) };
}

/** `used`: milliseconds ago. */
export function lastJson({ set, msecs }: Last): JsonObject | null {
  return set === 1 ? { used: msecs ?? 0 } : null;
}
