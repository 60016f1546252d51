/** Flowtables: flows that skip the rules once `{"flow": {"op": "add", "flowtable": "@name"}}` has put them there. */

import { deviceName, parsePriority } from './chains.js';
import { checkName, checkObject, oneOf, stringList } from './errors.js';
import type { Family, Flowtable } from './wire.js';

export const FLOWTABLE_KEYS: readonly string[] = ['family', 'table', 'name', 'handle', 'hook', 'prio', 'dev', 'flags'];

/** NF_NETDEV_INGRESS */
const INGRESS = 0;

export function compileFlowtable(value: unknown, path: string, family: Family): Flowtable {
  const object = checkObject(value, path, FLOWTABLE_KEYS);
  const devices = object['dev'] === undefined ? [] : Array.isArray(object['dev']) ? object['dev'] : [object['dev']];
  oneOf(object['hook'], `${path}.hook`, ['ingress']);
  return {
    family,
    table: checkName(object['table'], `${path}.table`),
    name: checkName(object['name'], `${path}.name`),
    hook: {
      hooknum: INGRESS,
      priority: parsePriority(object['prio'], `${path}.prio`, 'netdev'),
      ...(devices.length === 0 ? {} : { devs: devices.map((item, i) => deviceName(item, `${path}.dev[${i}]`)) }),
    },
    ...(object['flags'] === undefined
      ? {}
      : { flags: stringList(object['flags'], `${path}.flags`, ['offload', 'counter'] as const) }),
  };
}

export function decompileFlowtable({ family, table, name, handle, hook }: Flowtable): {
  readonly flowtable: Readonly<Record<string, unknown>>;
} {
  const devices = hook?.devs ?? [];
  return {
    flowtable: {
      family,
      name,
      table,
      ...(handle === undefined ? {} : { handle }),
      hook: 'ingress',
      prio: hook?.priority ?? 0,
      ...(devices.length === 0 ? {} : { dev: devices.length === 1 ? devices[0] : devices }),
    },
  };
}
