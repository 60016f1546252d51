/** Commands about what is there already: `delete`, `destroy`, `flush`, `rename`. */

import { CHAIN_KEYS } from './chains.js';
import { checkName, checkObject, type JsonObject, show, wrongValue } from './errors.js';
import { compileExisting, compileExistingTable } from './existing.js';
import { FLOWTABLE_KEYS } from './flowtables.js';
import { compileObjectReference, isObjectKind } from './objects.js';
import type { ChainNamed } from './rule-places.js';
import { SET_KEYS } from './sets.js';
import { TABLE_KEYS } from './tables.js';
import type { Family, Operation } from './wire.js';

const MAP_KEYS: readonly string[] = [...SET_KEYS, 'map'];
const RENAME_KEYS: readonly string[] = [...CHAIN_KEYS, 'newname'];

/** All but rules and elements. */
export function compileDelete(
  verb: 'delete' | 'destroy',
  kind: string,
  object: JsonObject,
  path: string,
  family: Family,
): Operation {
  const how = verb === 'destroy' ? { destroy: true } : {};
  if (isObjectKind(kind)) return { op: 'delobj', object: compileObjectReference(kind, object, path, family), ...how };
  switch (kind) {
    case 'table':
      return { op: 'deltable', object: { family, ...compileExistingTable(object, path, TABLE_KEYS) }, ...how };
    case 'chain':
      return { op: 'delchain', object: compileExisting(object, path, family, CHAIN_KEYS), ...how };
    case 'flowtable':
      return { op: 'delflowtable', object: compileExisting(object, path, family, FLOWTABLE_KEYS), ...how };
    default:
      return { op: 'delset', object: compileExisting(object, path, family, MAP_KEYS), ...how };
  }
}

export function compileFlush(kind: string, object: JsonObject, path: string, family: Family): Operation {
  switch (kind) {
    case 'table': {
      const table = checkName(checkObject(object, path, TABLE_KEYS)['name'], `${path}.name`);
      return { op: 'delrule', object: { family, table } };
    }
    case 'chain': {
      const { table, name } = named(object, path, CHAIN_KEYS);
      return { op: 'delrule', object: { family, table, chain: name } };
    }
    case 'set':
    case 'map':
    case 'meter': {
      const { table, name } = named(object, path, MAP_KEYS);
      return { op: 'delsetelem', object: { family, table, set: name, elements: [] } };
    }
    default:
      throw wrongValue(path, `a ${kind} cannot be flushed`);
  }
}

function named(
  value: unknown,
  path: string,
  keys: readonly string[],
): { readonly table: string; readonly name: string } {
  const object = checkObject(value, path, keys);
  return { table: checkName(object['table'], `${path}.table`), name: checkName(object['name'], `${path}.name`) };
}

/** The kernel wants the handle of the chain that is to have another name. */
export function compileRename(
  value: unknown,
  path: string,
  family: Family,
  findChain?: (chain: ChainNamed) => number | undefined,
): Operation {
  const chain = compileExisting(value, path, family, RENAME_KEYS);
  const { table, name } = chain;
  const newname = checkName((value as JsonObject)['newname'], `${path}.newname`);
  const handle = chain.handle ?? (name === undefined ? undefined : findChain?.({ family, table, chain: name }));
  if (handle === undefined)
    throw wrongValue(
      `${path}.name`,
      `the kernel has no chain ${show(name)} in table ${family} ${show(table)} to rename`,
    );
  return { op: 'newchain', object: { family, table, handle, name: newname }, rename: true };
}
