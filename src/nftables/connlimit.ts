/** `{"ct count": {"val": 20, "inv": true}}`: goes on while there are no more connections than this. */

import { checkBoolean, checkObject, checkUint, type JsonObject } from './errors.js';
import type { Expression } from './wire.js';

type Connlimit = Extract<Expression, { type: 'connlimit' }>;

export function connlimitExpression(value: unknown, path: string): Connlimit {
  const object = checkObject(value, path, ['val', 'inv']);
  const inverted = object['inv'] !== undefined && checkBoolean(object['inv'], `${path}.inv`);
  return {
    type: 'connlimit',
    count: checkUint(object['val'], `${path}.val`),
    ...(inverted ? { flags: ['inv'] } : {}),
  };
}

export function connlimitJson({ count, flags }: Connlimit): JsonObject {
  return { val: count, ...(flags?.includes('inv') === true ? { inv: true } : {}) };
}
