/** Objects that are there already, as commands name them: `{"delete": {"chain": {"table": "t", "name": "c"}}}`, or by a handle. */

import { checkName, checkObject, checkUint, type JsonObject, wrongValue } from './errors.js';
import type { Family } from './wire.js';

/** Handles are 64 bits; numbers of JSON are exact up to this. */
export const MAX_HANDLE: number = Number.MAX_SAFE_INTEGER;

/** What stands in a table, for maps: no name has a NUL in it. */
export const keyOf = (family: Family, table: string, name: string): string => `${family}\0${table}\0${name}`;

/** One of the two. */
export interface Existing {
  readonly name?: string;
  readonly handle?: number;
}

/** A table. Of what else it says nothing is asked, so that what is listed can be deleted. */
export function compileExistingTable(value: unknown, path: string, keys: readonly string[]): Existing {
  return nameOrHandle(checkObject(value, path, keys), path);
}

/** What stands in a table. */
export function compileExisting(
  value: unknown,
  path: string,
  family: Family,
  keys: readonly string[],
): Existing & { readonly family: Family; readonly table: string } {
  const object = checkObject(value, path, keys);
  return { family, table: checkName(object['table'], `${path}.table`), ...nameOrHandle(object, path) };
}

function nameOrHandle(object: JsonObject, path: string): Existing {
  if (object['name'] !== undefined) return { name: checkName(object['name'], `${path}.name`) };
  if (object['handle'] === undefined) throw wrongValue(path, 'needs a name or a handle');
  return { handle: checkUint(object['handle'], `${path}.handle`, MAX_HANDLE) };
}
