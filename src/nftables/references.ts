/** What commands refer to that the kernel has, seen before they are compiled. */

import { firstKey, isObject, type JsonObject } from './errors.js';
import type { Command } from './json.js';
import type { ChainNamed } from './rule-places.js';
import type { Family } from './wire.js';

const kinds: readonly unknown[] = ['rule', 'set', 'map', 'element'];

export interface SetReferenced {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
}

/** Sets that the commands refer to and do not define: fetch these first, and give them to `findSet`. */
export function setsNeeded(
  commands: readonly Command[] | { readonly nftables: readonly Command[] },
  options: { readonly family?: Family | undefined } = {},
): readonly SetReferenced[] {
  const list: unknown = isObject(commands) ? commands['nftables'] : commands;
  if (!Array.isArray(list)) return [];
  const defined = new Set<string>();
  const needed = new Map<string, SetReferenced>();
  for (const command of list) {
    const outer = firstOf(command);
    // A bare object stands for its addition.
    const [kind, object] = kinds.includes(outer[0]) ? outer : firstOf(outer[1]);
    if (!isObject(object) || typeof object['table'] !== 'string') continue;
    const family = (object['family'] ?? options.family ?? 'ip') as Family;
    const table = object['table'];
    const add = (name: string): void => {
      const key = `${family} ${table} ${name}`;
      if (!defined.has(key)) needed.set(key, { family, table, name });
    };
    if ((kind === 'set' || kind === 'map') && typeof object['name'] === 'string' && object['type'] !== undefined)
      defined.add(`${family} ${table} ${object['name']}`);
    if (kind === 'element' && typeof object['name'] === 'string') add(object['name']);
    if (kind === 'rule') eachReference(object['expr'], add);
  }
  return [...needed.values()];
}

/** Chains that are renamed: fetch their handles, and give them to `findChain`. */
export function chainsRenamed(commands: readonly unknown[], family: Family = 'ip'): readonly ChainNamed[] {
  return commands.flatMap((command) => {
    const renamed = isObject(command) ? command['rename'] : undefined;
    const chain = isObject(renamed) ? renamed['chain'] : undefined;
    if (!isObject(chain) || typeof chain['table'] !== 'string' || typeof chain['name'] !== 'string') return [];
    return [{ family: (chain['family'] ?? family) as Family, table: chain['table'], chain: chain['name'] }];
  });
}

function firstOf(value: unknown): [key?: string, value?: unknown] {
  const key = firstKey(value);
  return key === undefined ? [] : [key, (value as JsonObject)[key]];
}

/** Sees every value of every rule, so it makes nothing on its way: no generator, and no list of what an object holds. */
function eachReference(value: unknown, add: (name: string) => void): void {
  if (typeof value === 'string') {
    if (value.startsWith('@')) add(value.slice(1));
  } else if (Array.isArray(value)) {
    for (const item of value) eachReference(item, add);
  } else if (isObject(value)) {
    for (const key in value) eachReference(value[key], add);
  }
}
