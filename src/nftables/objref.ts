/**
 * References to named objects: `{"counter": "name"}`, or by what a map says of the packet:
 * `{"limit": {"map": {"key": ..., "data": "@name"}}}`.
 */

import type { RuleContext } from './context.js';
import { checkName, checkObject, isObject } from './errors.js';
import { compileObjectMap } from './lookup.js';
import { keyTrees, readKey } from './lookups.js';
import type { RuleReader } from './reader.js';
import type { Expression, ObjectKind } from './wire.js';

/** Whether a statement's value refers to an object, rather than being one of the rule's own. */
export const isReference = (value: unknown): boolean =>
  typeof value === 'string' || (isObject(value) && 'map' in value);

export function compileReference(kind: ObjectKind): (context: RuleContext, value: unknown, path: string) => void {
  return (context, value, path) => {
    if (isObject(value)) {
      const map = checkObject(value, path, ['map'])['map'];
      return context.act(...compileObjectMap(context, map, `${path}.map`, kind));
    }
    context.act({ type: 'objref', object: kind, name: checkName(value, path) });
  };
}

export function readReference(reader: RuleReader, reference: Extract<Expression, { type: 'objref' }>): void {
  if (reference.object !== undefined) return reader.act({ [reference.object]: reference.name ?? '' });
  const set = reader.findSet(reference.set ?? '');
  const key = keyTrees(reader, reference.sreg ?? 1, set?.definition.keyLen);
  const kind = set?.definition.objectType;
  if (key.length === 0 || kind === undefined) return reader.unknown('objref');
  const { json, data } = readKey(reader, key, reference.set ?? '', set, 'map');
  reader.act({ [kind]: { map: { key: json, data } } });
}
