/**
 * Keys and the sets they are looked up in: `{"map": {"key": ..., "data": "@name"}}` as a value, `vmap` as a statement.
 */

import type { RuleContext, SetInfo } from './context.js';
import { keyLength, type Type } from './datatypes.js';
import { givesRanges, hasRanges } from './elements.js';
import { checkArray, checkObject, isObject, wrongType, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import { fits, registerAt, wordsFor } from './registers.js';
import {
  bitsOf,
  bytesOf,
  contextOf,
  inNetworkOrder,
  inOrder,
  isPlain,
  loadSelector,
  orderOf,
  type Selector,
} from './selector.js';
import { placeElements } from './transfer.js';
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
  const set = context.findSet(reference, path);
  const kind = set.object ?? (set.data === undefined ? 'set' : 'map');
  if (wanted !== 'any' && wanted !== kind)
    throw wrongValue(path, `${reference} is ${nameOf(kind)}, not ${nameOf(wanted)}`);
  const types = (list: readonly Type[]): string => list.map((type) => type.datatype.name).join(' . ');
  const given = key.map((field) => field.type);
  const alike = given.every((type, i) => type.datatype.id === set.key[i]?.datatype.id);
  const fitting = alike && set.key.length === given.length && keyLength(set.key) === keyLength(given);
  if (!fitting)
    throw wrongValue(path, `${reference} has keys of type ${types(set.key)}, the expression is ${types(given)}`);
  return set;
}

const nameOf = (kind: 'set' | 'map' | ObjectKind): string =>
  kind === 'set' || kind === 'map' ? `a ${kind}` : `a map of ${kind} objects`;

/** Loads the fields of a key side by side, from `word` on. */
export function keyLoad(key: readonly Selector[], word: number, set: SetInfo): readonly Expression[] {
  const interval = set.flags.includes('interval');
  if (key.length === 1) return loadSelector(interval ? inOrder(key[0]!, 'big') : key[0]!, registerAt(word));
  let at = word;
  return key.flatMap((field) => {
    const register = registerAt(at);
    at += wordsFor(bytesOf(field));
    return loadSelector(interval ? inNetworkOrder(field) : field, register);
  });
}

/** The key's types as the set says them. */
export const keyTypes = (key: readonly Selector[]): readonly Type[] =>
  key.map((field) => (isPlain(field) ? field.type : { ...field.type, order: orderOf(field) }));

/** How the elements of a set written in a rule are read: of several fields as what is loaded, of one as what stands beside it. */
export function elementTypes(key: readonly Selector[]): readonly Type[] {
  const [single] = key;
  if (key.length === 1) return [single!.element ?? contextOf(single!)];
  return key.map((field) => ({
    datatype: (field.element ?? field.type).datatype,
    bits: bitsOf(field),
    order: orderOf(field),
  }));
}

/** The same of a map, where nft takes one value as what it is, and bounds no number. */
function mapKeyTypes(key: readonly Selector[]): readonly Type[] {
  if (key.length > 1) return elementTypes(key);
  const type = contextOf(key[0]!);
  return [type.max === undefined ? type : { datatype: type.datatype, bits: type.bits, order: type.order }];
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
  const words = key.reduce((sum, field) => sum + wordsFor(bytesOf(field)), 0);
  if (!fits(start, words * 4)) throw wrongValue(`${path}.key`, 'does not fit in the registers');
  const { set, loaded } = mapOf(context, key, object['data'], `${path}.data`, data);
  return {
    set,
    expressions: [
      ...keyLoad(loaded, start, set),
      {
        type: 'lookup',
        set: set.name,
        setId: set.id,
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
  const { set, loaded } =
    typeof data === 'string' && data.startsWith('@')
      ? { set: lookupSet(context, key, data, `${path}.data`, kind), loaded: key }
      : anonymousMap(context, key, data, `${path}.data`, { object: kind });
  return [...keyLoad(loaded, 0, set), { type: 'objref', sreg: 1, set: set.name, setId: set.id }];
}

/** A map, and what is loaded to be looked up in it. */
interface FoundMap {
  readonly set: SetInfo;
  readonly loaded: readonly Selector[];
}

function mapOf(
  context: RuleContext,
  key: readonly Selector[],
  data: unknown,
  path: string,
  types: readonly Type[],
): FoundMap {
  if (typeof data === 'string' && data.startsWith('@')) {
    const set = lookupSet(context, key, data, path, 'map');
    if (types.length > 0 && types[0]!.datatype !== set.data![0]!.datatype) {
      throw wrongValue(path, `${data} maps to ${set.data![0]!.datatype.name}; ${types[0]!.datatype.name} is wanted`);
    }
    return { set, loaded: key };
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
): FoundMap {
  if (!isObject(data)) throw wrongType(path, 'must be "@name" or {"set": [...]}', data);
  const elements = checkArray(checkObject(data, path, ['set'])['set'], `${path}.set`);
  if (elements.length === 0) throw wrongValue(`${path}.set`, 'must have elements');
  const keyTypeof = key.length > 1 ? typeofKey(setAttribute.keyTypeof, key, hasRanges(elements)) : undefined;
  // Of maps to objects nft moves nothing.
  const { selector, placed } = key.length === 1 && 'types' in value ? placeElements(key[0]!, path, true) : {};
  const set = context.anonymousSet(
    {
      key: keyTypes(key),
      values: mapKeyTypes(key),
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      ...('types' in value ? { data: inferData(elements, value.types), dataInterval: givesRanges(elements) } : value),
      elements,
      ...(placed === undefined ? {} : { placed }),
    },
    `${path}.set`,
  );
  return { set, loaded: selector === undefined ? key : [selector] };
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
