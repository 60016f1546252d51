import type { OvsdbAtom, OvsdbMutation, OvsdbOperation, OvsdbValue } from './operations.js';
import type { OvsKeys } from './port-spec.js';
import type { StringMap } from './tables.js';
import { ovsdbMap, ovsdbSet } from './values.js';

type Scalar = string | number;

/** A row's columns as they are and as they shall be. What shall be undefined stays as it is; null is for a column that becomes empty. */
export interface RowChange {
  readonly table: string;
  readonly uuid: string;
  readonly name: string;
  readonly columns?: Readonly<Record<string, readonly [before: Scalar | undefined, after: Scalar | null | undefined]>>;
  readonly maps?: Readonly<Record<string, readonly [before: StringMap, after: OvsKeys]>>;
}

/** Both ways, and empty where nothing differs. */
export interface Operations {
  readonly forward: readonly OvsdbOperation[];
  readonly backward: readonly OvsdbOperation[];
}

/** The fewest operations that change a row, key by key, so that what others write beside them stays. */
export function changeRow({ table, uuid, name, columns = {}, maps = {} }: RowChange): Operations {
  const where = [['_uuid', '==', ['uuid', uuid]]] as const;
  const row: Record<string, OvsdbValue> = {};
  const oldRow: Record<string, OvsdbValue> = {};
  for (const [column, [before, after]] of Object.entries(columns)) {
    if (after === undefined || (after ?? undefined) === before) continue;
    row[column] = after ?? ovsdbSet([]);
    oldRow[column] = before ?? ovsdbSet([]);
  }
  const mutations: OvsdbMutation[] = [];
  const oldMutations: OvsdbMutation[] = [];
  for (const [column, [before, after]] of Object.entries(maps)) {
    const keys = Object.keys(after).filter((key) => (after[key] ?? undefined) !== get(before, key));
    if (keys.length === 0) continue;
    mutations.push(...mapMutations(column, keys, (key) => after[key] ?? undefined));
    oldMutations.push(...mapMutations(column, keys, (key) => get(before, key)));
  }
  const operations = (values: Record<string, OvsdbValue>, changes: OvsdbMutation[]): OvsdbOperation[] => [
    ...(Object.keys(values).length > 0 ? [{ op: 'update', table, where, row: values } as const] : []),
    ...(changes.length > 0 ? [{ op: 'mutate', table, where, mutations: changes } as const] : []),
  ];
  const forward = operations(row, mutations);
  if (forward.length === 0) return { forward, backward: [] };
  return { forward: [stillThere(table, uuid, name), ...forward], backward: operations(oldRow, oldMutations) };
}

/** Fails the transaction when a row has been deleted meanwhile, which an update would pass over in silence. */
export function stillThere(table: string, uuid: string, name: string): OvsdbOperation {
  return {
    op: 'wait',
    table,
    where: [['_uuid', '==', ['uuid', uuid]]],
    columns: ['name'],
    until: '==',
    rows: [{ name }],
    timeout: 0,
  };
}

/** `insert` leaves a key that is there as it is, so it is deleted first. */
function mapMutations(
  column: string,
  keys: readonly string[],
  value: (key: string) => string | undefined,
): OvsdbMutation[] {
  const pairs = keys.flatMap((key): [string, OvsdbAtom][] => {
    const after = value(key);
    return after === undefined ? [] : [[key, after]];
  });
  const deletion: OvsdbMutation = [column, 'delete', ovsdbSet(keys)];
  return pairs.length === 0 ? [deletion] : [deletion, [column, 'insert', ovsdbMap(pairs)]];
}

function get(map: StringMap, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
