/** `{"quota": {"val": 5, "val_unit": "mbytes"}}`: goes on until so much has passed. And quotas with a name. */

import { checkBoolean, checkObject, checkUint, type JsonObject, oneOf } from './errors.js';
import { bytesIn, dataUnits, inUnits } from './units.js';
import type { Expression } from './wire.js';

type Quota = Extract<Expression, { type: 'quota' }>;

export function quotaExpression(value: unknown, path: string): Quota {
  const object = checkObject(value, path, ['val', 'val_unit', 'used', 'used_unit', 'inv']);
  const amount = (key: 'val' | 'used'): number => {
    const unit = object[`${key}_unit`];
    const number = checkUint(object[key], `${path}.${key}`, Number.MAX_SAFE_INTEGER);
    return bytesIn(number, unit === undefined ? 'bytes' : oneOf(unit, `${path}.${key}_unit`, dataUnits));
  };
  return {
    type: 'quota',
    bytes: amount('val'),
    consumed: object['used'] === undefined ? 0 : amount('used'),
    ...flags(object, path),
  };
}

export const quotaKeys: readonly string[] = ['bytes', 'used', 'inv'];

/** A named quota's body. */
export function quotaData(object: JsonObject, path: string): Omit<Quota, 'type'> {
  const number = (key: string): number =>
    object[key] === undefined ? 0 : checkUint(object[key], `${path}.${key}`, Number.MAX_SAFE_INTEGER);
  return { bytes: number('bytes'), consumed: number('used'), ...flags(object, path) };
}

function flags(object: JsonObject, path: string): Pick<Quota, 'flags'> {
  const inverted = object['inv'] !== undefined && checkBoolean(object['inv'], `${path}.inv`);
  return inverted ? { flags: ['inv'] } : {};
}

/** `used` is state: left out where nft shows none. */
export function quotaJson(quota: Quota, stateless: boolean = false): JsonObject {
  const [val, valUnit] = inUnits(quota.bytes);
  const [used, usedUnit] = inUnits(stateless ? 0 : (quota.consumed ?? 0));
  return {
    val,
    val_unit: valUnit,
    ...(quota.flags?.includes('inv') === true ? { inv: true } : {}),
    ...(used === 0 ? {} : { used, used_unit: usedUnit }),
  };
}

export function namedQuotaJson(quota: Omit<Quota, 'type'>): JsonObject {
  return { bytes: quota.bytes, used: quota.consumed ?? 0, inv: quota.flags?.includes('inv') === true };
}
