/** Values as the protocol writes them: RFC 7047, section 5.1. */
import type { OvsdbAtom, OvsdbMap, OvsdbSet, OvsdbUuid, OvsdbValue } from './operations.js';

/** A reference to a row. */
export function ovsdbUuid(uuid: string): OvsdbUuid {
  return ['uuid', uuid];
}

/** A reference to a row that the same transaction inserts, by the insert's `'uuid-name'`. */
export function ovsdbNamedUuid(name: string): readonly ['named-uuid', string] {
  return ['named-uuid', name];
}

export function ovsdbSet(atoms: Iterable<OvsdbAtom>): OvsdbSet {
  return ['set', [...atoms]];
}

export function ovsdbMap(
  entries: Readonly<Record<string, OvsdbAtom>> | Iterable<readonly [OvsdbAtom, OvsdbAtom]>,
): OvsdbMap {
  return ['map', Symbol.iterator in entries ? [...entries] : Object.entries(entries)];
}

/** A set's atoms. One atom alone is how the protocol writes a set of one. References come as ['uuid', ...]. */
export function ovsdbAtoms(value: OvsdbValue | undefined): readonly OvsdbAtom[] {
  if (value === undefined) return [];
  return Array.isArray(value) && value[0] === 'set' ? (value as OvsdbSet)[1] : [value as OvsdbAtom];
}

/** A column that holds one atom or none. */
export function ovsdbOptional(value: OvsdbValue | undefined): OvsdbAtom | undefined {
  return ovsdbAtoms(value)[0];
}

/** A map whose keys are strings, which most are. */
export function ovsdbRecord(value: OvsdbValue | undefined): Readonly<Record<string, OvsdbAtom>> {
  if (value === undefined) return {};
  return Object.fromEntries((value as OvsdbMap)[1] as [string, OvsdbAtom][]);
}
