/** Tables. */

import { checkName, checkObject, stringList } from './errors.js';
import { commentData, findComment } from './userdata.js';
import type { Family, Table } from './wire.js';

export const TABLE_KEYS: readonly string[] = ['family', 'name', 'handle', 'flags', 'comment'];

const flags = ['dormant', 'owner', 'persist'] as const;

export function compileTable(value: unknown, path: string, family: Family): Table {
  const object = checkObject(value, path, TABLE_KEYS);
  return {
    family,
    name: checkName(object['name'], `${path}.name`),
    ...(object['flags'] === undefined ? {} : { flags: stringList(object['flags'], `${path}.flags`, flags) }),
    ...commentData(object['comment'], path),
  };
}

export function decompileTable(table: Table): { readonly table: Readonly<Record<string, unknown>> } {
  const text = findComment(table.userdata);
  return {
    table: {
      family: table.family,
      name: table.name,
      ...(table.handle === undefined ? {} : { handle: table.handle }),
      ...(table.flags === undefined || table.flags.length === 0 ? {} : { flags: table.flags }),
      ...(text === undefined ? {} : { comment: text }),
    },
  };
}
