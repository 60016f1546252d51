/**
 * Keys and the sets they are looked up in: `{"map": {"key": ..., "data": "@name"}}` as a value, `vmap` as a statement.
 */

import type { RuleContext, SetInfo } from './context.js';
import { keyLength, type Type } from './datatypes.js';
import { givesRanges } from './elements.js';
import { checkArray, checkObject, isObject, wrongType, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import { fits, registerAt, wordsFor } from './registers.js';
import { loadSelector, orderForRange, placedKey, type Selector, shiftDown } from './selector.js';
import { setAttribute } from './userdata.js';
import type { Expression, ObjectKind } from './wire.js';

/** The named set or map, with a key like this one. */
export function lookupSet(
  context: RuleContext,
  key: readonly Selector[],
  reference: string,
  path: string,
  wanted: 'set' | 'map' | 'any' | ObjectKind,
): SetInfo {
  for (const field of key) field.prepare?.(context);
  const set = context.findSet(reference, path);
  const kind = set.object ?? (set.data === undefined ? 'set' : 'map');
  if (wanted !== 'any' && wanted !== kind)
    throw wrongValue(path, `${reference} is ${nameOf(kind)}, not ${nameOf(wanted)}`);
  const types = (list: readonly Type[]): string => list.map((type) => type.datatype.name).join(' . ');
  const given = key.map((field) => field.type);
  const fitting = set.key.length === given.length && keyLength(set.key) === keyLength(given);
  if (!fitting)
    throw wrongValue(path, `${reference} has keys of type ${types(set.key)}, the expression is ${types(given)}`);
  return set;
}

const nameOf = (kind: 'set' | 'map' | ObjectKind): string =>
  kind === 'set' || kind === 'map' ? `a ${kind}` : `a map of ${kind} objects`;

/** Loads the fields of a key side by side, from `word` on. */
export function keyLoad(key: readonly Selector[], word: number, set: SetInfo, path: string): readonly Expression[] {
  const placed = key.length === 1 && set.flags.includes('anonymous');
  let at = word;
  return key.flatMap((field) => {
    const register = registerAt(at);
    at += wordsFor(field.bytes);
    return [
      ...loadSelector(field, register),
      ...(placed ? [] : shiftDown(field, register, path)),
      ...(set.flags.includes('interval') ? orderForRange(field, register) : []),
    ];
  });
}

/** Loads a key and maps it: expressions that leave the map's data at `word`, or a verdict in register 0. */
export interface CompiledMap {
  readonly set: SetInfo;
  readonly expressions: readonly Expression[];
}

export function compileMap(
  context: RuleContext,
  value: unknown,
  path: string,
  data: readonly Type[],
  word: number | 'verdict',
): CompiledMap {
  const object = checkObject(value, path, ['key', 'data']);
  const key = compileKey(object['key'], `${path}.key`, context);
  const start = word === 'verdict' ? 0 : word;
  const words = key.reduce((sum, field) => sum + wordsFor(field.bytes), 0);
  if (!fits(start, words * 4)) throw wrongValue(`${path}.key`, 'does not fit in the registers');
  const set = mapOf(context, key, object['data'], `${path}.data`, data);
  const id = set.id === undefined ? {} : { setId: set.id };
  return {
    set,
    expressions: [
      ...keyLoad(key, start, set, `${path}.key`),
      {
        type: 'lookup',
        set: set.name,
        ...id,
        sreg: registerAt(start),
        dreg: word === 'verdict' ? 0 : registerAt(word),
      },
    ],
  };
}

/** The same of a map to named objects. */
export function compileObjectMap(
  context: RuleContext,
  value: unknown,
  path: string,
  kind: ObjectKind,
): readonly Expression[] {
  const object = checkObject(value, path, ['key', 'data']);
  const key = compileKey(object['key'], `${path}.key`, context);
  const data = object['data'];
  const set =
    typeof data === 'string' && data.startsWith('@')
      ? lookupSet(context, key, data, `${path}.data`, kind)
      : anonymousMap(context, key, data, `${path}.data`, { object: kind });
  const id = set.id === undefined ? {} : { setId: set.id };
  return [...keyLoad(key, 0, set, `${path}.key`), { type: 'objref', sreg: 1, set: set.name, ...id }];
}

function mapOf(
  context: RuleContext,
  key: readonly Selector[],
  data: unknown,
  path: string,
  types: readonly Type[],
): SetInfo {
  if (typeof data === 'string' && data.startsWith('@')) {
    const set = lookupSet(context, key, data, path, 'map');
    if (types.length > 0 && types[0]!.datatype !== set.data![0]!.datatype) {
      throw wrongValue(path, `${data} maps to ${set.data![0]!.datatype.name}; ${types[0]!.datatype.name} is wanted`);
    }
    return set;
  }
  return anonymousMap(context, key, data, path, { types });
}

/** A map that is written in the rule: of data, or of objects. */
function anonymousMap(
  context: RuleContext,
  key: readonly Selector[],
  data: unknown,
  path: string,
  value: { readonly types: readonly Type[] } | { readonly object: ObjectKind },
): SetInfo {
  if (!isObject(data)) throw wrongType(path, 'must be "@name" or {"set": [...]}', data);
  const elements = checkArray(checkObject(data, path, ['set'])['set'], `${path}.set`);
  if (elements.length === 0) throw wrongValue(`${path}.set`, 'must have elements');
  for (const field of key) field.prepare?.(context);
  const keyTypeof = key.length > 1 ? typeofKey(setAttribute.keyTypeof, key) : undefined;
  return context.anonymousSet(
    {
      key: key.map((field) => field.type),
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      ...('types' in value ? { data: inferData(elements, value.types), dataInterval: givesRanges(elements) } : value),
      elements,
      ...placedKey(key),
    },
    `${path}.set`,
  );
}

/** Whether a map gives one value or several side by side is said by its elements: `[key, {"concat": [...]}]`. */
function inferData(elements: readonly unknown[], types: readonly Type[]): readonly Type[] {
  const first = elements[0];
  const data: unknown = Array.isArray(first) ? first[1] : undefined;
  return isObject(data) && 'concat' in data ? types : types.slice(0, 1);
}

export function compileVmap(context: RuleContext, value: unknown, path: string, verdict: Type): void {
  context.act(...compileMap(context, value, path, [verdict], 'verdict').expressions);
}
