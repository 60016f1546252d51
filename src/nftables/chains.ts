/** Chains: the hooks and priorities of each family. */

import { checkName, checkObject, checkString, oneOf, show, wrongType, wrongValue } from './errors.js';
import { commentData, findComment } from './userdata.js';
import type { Chain, Family } from './wire.js';

/** A hook's place is its number in the family: NF_INET_*, NF_ARP_*, NF_BR_*, NF_NETDEV_*. */
const inetHooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

export const hooks: Readonly<Record<Family, readonly string[]>> = {
  ip: inetHooks,
  ip6: inetHooks,
  inet: [...inetHooks, 'ingress'],
  bridge: inetHooks,
  arp: ['input', 'output'],
  netdev: ['ingress', 'egress'],
};

/** NF_IP_PRI_*, and NF_BR_PRI_* for bridges. */
const inetPriorities: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
]);
const bridgePriorities: ReadonlyMap<string, number> = new Map([
  ['dstnat', -300],
  ['filter', -200],
  ['out', 100],
  ['srcnat', 300],
]);
const onlyFilter: ReadonlyMap<string, number> = new Map([['filter', 0]]);

export const priorities: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  ip: inetPriorities,
  ip6: inetPriorities,
  inet: inetPriorities,
  bridge: bridgePriorities,
  arp: onlyFilter,
  netdev: onlyFilter,
};

export const CHAIN_KEYS: readonly string[] = [
  'family',
  'table',
  'name',
  'handle',
  'type',
  'hook',
  'prio',
  'dev',
  'policy',
  'comment',
];

export function compileChain(value: unknown, path: string, family: Family): Chain {
  const object = checkObject(value, path, CHAIN_KEYS);
  const chain = {
    family,
    table: checkName(object['table'], `${path}.table`),
    name: checkName(object['name'], `${path}.name`),
  };
  const base = ['type', 'hook', 'prio', 'dev', 'policy'].filter((key) => object[key] !== undefined);
  const comment = commentData(object['comment'], path);
  if (base.length === 0) return { ...chain, ...comment };
  // An existing chain's policy can be changed alone.
  if (base.length === 1 && base[0] === 'policy')
    return { ...chain, policy: policy(object['policy'], path), ...comment };
  for (const key of ['type', 'hook', 'prio'])
    if (object[key] === undefined)
      throw wrongValue(path, `has ${base.join(', ')}, but no ${key}: a base chain needs type, hook and prio`);
  const hook = oneOf(object['hook'], `${path}.hook`, hooks[family]);
  const device = hook === 'ingress' || hook === 'egress';
  if (device !== (object['dev'] !== undefined))
    throw wrongValue(`${path}.dev`, device ? `is needed by the ${hook} hook` : `is not for the ${hook} hook`);
  const dev = device ? devices(object['dev'], `${path}.dev`) : {};
  return {
    ...chain,
    kind: oneOf(object['type'], `${path}.type`, ['filter', 'nat', 'route']),
    hook: {
      hooknum: hooks[family].indexOf(hook),
      priority: parsePriority(object['prio'], `${path}.prio`, family),
      ...dev,
    },
    ...(object['policy'] === undefined ? {} : { policy: policy(object['policy'], path) }),
    ...comment,
  };
}

const policy = (value: unknown, path: string): 'accept' | 'drop' => oneOf(value, `${path}.policy`, ['accept', 'drop']);

/** One is an attribute of its own, several are a list. */
function devices(value: unknown, path: string): { readonly dev: string } | { readonly devs: readonly string[] } {
  if (!Array.isArray(value)) return { dev: deviceName(value, path) };
  if (value.length === 0) throw wrongValue(path, 'must name a device');
  const names = value.map((item, i) => deviceName(item, `${path}[${i}]`));
  return names.length === 1 ? { dev: names[0]! } : { devs: names };
}

export function deviceName(value: unknown, path: string): string {
  const name = checkString(value, path);
  if (name === '' || Buffer.byteLength(name) > 15)
    throw wrongValue(path, `${show(name)} is not a device name of 1 to 15 bytes`);
  return name;
}

/** A number, a name, or a name with an offset: `filter + 10`. */
export function parsePriority(value: unknown, path: string, family: Family): number {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0x7fff_ffff)
      throw wrongValue(path, `${value} is not a 32-bit integer`);
    return value;
  }
  if (typeof value !== 'string') throw wrongType(path, 'must be a number or a name', value);
  const match = /^([a-z]+)(?:\s*([+-])\s*(\d{1,9}))?$/.exec(value.trim());
  const base = match === null ? undefined : priorities[family].get(match[1]!);
  if (match !== null && base !== undefined) return base + (match[2] === '-' ? -1 : 1) * Number(match[3] ?? 0);
  if (/^-?\d{1,9}$/.test(value)) return Number(value);
  throw wrongValue(
    path,
    `${show(value)} is not a priority; names in family ${family} are ${[...priorities[family].keys()].join(', ')}`,
  );
}

const deviceJson = (names: readonly string[]): { readonly dev?: unknown } =>
  names.length === 0 ? {} : { dev: names.length === 1 ? names[0] : names };

export function decompileChain(chain: Chain): { readonly chain: Readonly<Record<string, unknown>> } {
  const { family, table, name, handle, hook, kind } = chain;
  const text = findComment(chain.userdata);
  return {
    chain: {
      family,
      table,
      name,
      ...(handle === undefined ? {} : { handle }),
      ...(hook === undefined
        ? {}
        : {
            type: kind ?? 'filter',
            hook: hooks[family][hook.hooknum] ?? `unknown-${hook.hooknum}`,
            prio: hook.priority,
            ...deviceJson(hook.devs ?? (hook.dev === undefined ? [] : [hook.dev])),
            policy: chain.policy ?? 'accept',
          }),
      ...(text === undefined ? {} : { comment: text }),
    },
  };
}
