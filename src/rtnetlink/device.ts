/** How a call names a device. */
import { checkDeviceName, checkInteger } from '../errors.js';
import type { Wire } from '../netlink/codec.js';

/** A device, by name or by index. */
export type DeviceReference = string | number;

export function checkReference(reference: unknown, path: string, key?: string): void {
  if (typeof reference === 'number') checkInteger(reference, path, 1, 0x7fffffff, key);
  else checkDeviceName(reference, key === undefined ? path : `${path}.${key}`);
}

export function referenceWire(reference: DeviceReference): Wire {
  return typeof reference === 'number' ? { index: reference } : { name: reference };
}
