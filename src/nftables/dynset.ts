/**
 * `{"set": {"op": "add", "elem": ..., "set": "@name"}}`: the packet adds an element to a set, or updates or deletes one. To a map,
 * as nft 1.1 writes it: `{"map": {"op": "update", "elem": ..., "data": ..., "map": "@name"}}`. And meters, which are a set of their own.
 */

import type { RuleContext, SetInfo } from './context.js';
import { byteLength, keyLength, type Type } from './datatypes.js';
import { parseData, split, wholeField } from './elements.js';
import { checkName, checkObject, checkString, checkUint, isObject, oneOf, soleKey, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import { keyLoad, lookupSet } from './lookup.js';
import { keyJson, keyTrees } from './lookups.js';
import type { ReadableSet, RuleReader } from './reader.js';
import { nextRegister, registerAt, wordOf, wordsFor } from './registers.js';
import { bytesOf, loadSelector, type Selector } from './selector.js';
import { dataTypesOf, keyTypesOf } from './set-types.js';
import {
  compileStateful,
  compileStatefulList,
  expressionFields,
  statefulJson,
  statefulNames,
  statefulOf,
} from './stateful.js';
import { setAttribute } from './userdata.js';
import type { Expression, Register } from './wire.js';

type Dynset = Extract<Expression, { type: 'dynset' }>;
type Written = Pick<Dynset, 'timeout' | 'expr' | 'expressions' | 'flags'>;

const operations = ['add', 'update', 'delete'] as const;

export function compileSetStatement(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['op', 'elem', 'set', 'stmt']);
  const name = setName(object['set'], `${path}.set`);
  const { key: types } = context.findSet(name, `${path}.set`);
  const { key, timeout } = compileElement(context, object['elem'], `${path}.elem`, types);
  const set = lookupSet(context, key, name, `${path}.set`, 'any');
  context.makeDynamic(set);
  context.act(...keyLoad(key, 0, set), {
    type: 'dynset',
    ...target(set),
    op: oneOf(object['op'], `${path}.op`, operations),
    sregKey: 1,
    ...timeout,
    ...statements(object['stmt'], `${path}.stmt`),
  });
}

export function compileMapStatement(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['op', 'elem', 'data', 'map', 'stmt']);
  const name = setName(object['map'], `${path}.map`);
  const { key: types } = context.findSet(name, `${path}.map`);
  const { key, timeout } = compileElement(context, object['elem'], `${path}.elem`, types);
  const set = lookupSet(context, key, name, `${path}.map`, 'map');
  context.makeDynamic(set);
  const word = nextRegister(
    0,
    key.reduce((sum, field) => sum + wordsFor(bytesOf(field)), 0),
  );
  const data = compileData(context, object['data'], `${path}.data`, set, word);
  context.act(...keyLoad(key, 0, set), ...data, {
    type: 'dynset',
    ...target(set),
    op: oneOf(object['op'], `${path}.op`, operations),
    sregKey: 1,
    sregData: registerAt(word),
    ...timeout,
    ...statements(object['stmt'], `${path}.stmt`),
  });
}

/** Elements of a meter that nft leaves to the kernel to count. */
const METER_SIZE = 0xffff;

export function compileMeter(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['name', 'key', 'stmt', 'size']);
  const { key, timeout } = compileElement(context, object['key'], `${path}.key`);
  const [name, operand] = soleKey(object['stmt'], `${path}.stmt`, `a statement (${statefulNames.join(', ')})`);
  if (!statefulNames.includes(name)) throw wrongValue(`${path}.stmt`, `must be one of ${statefulNames.join(', ')}`);
  const keyTypeof = typeofKey(setAttribute.keyTypeof, key);
  const timed = timeout.timeout !== undefined;
  const set = context.anonymousSet(
    {
      key: key.map((field) => field.type),
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      elements: [],
      meter: {
        name: checkName(object['name'], `${path}.name`),
        size: object['size'] === undefined ? METER_SIZE : checkUint(object['size'], `${path}.size`),
        timed,
      },
    },
    path,
  );
  context.act(...keyLoad(key, 0, set), {
    type: 'dynset',
    ...target(set),
    op: timed ? 'update' : 'add',
    sregKey: 1,
    ...timeout,
    expr: compileStateful(name, operand, `${path}.stmt`),
  });
}

/** What is mapped to: something read, or a constant. */
function compileData(
  context: RuleContext,
  value: unknown,
  path: string,
  set: SetInfo,
  word: number,
): readonly Expression[] {
  const types = set.data!;
  if (types[0]!.datatype.name === 'verdict') throw wrongValue(path, 'packets cannot add verdicts');
  if (isConstant(value)) {
    const { value: bytes } = parseData(value, path, types, { names: context.names });
    return split(bytes!, types.map(wholeField)).map((part, i) => ({
      type: 'immediate',
      dreg: registerAt(word + wordsBefore(types, i)),
      data: { value: part.subarray(0, byteLength(types[i]!)) },
    }));
  }
  const data = compileKey(value, path, context);
  if (keyLength(data.map((field) => field.type)) !== keyLength(types))
    throw wrongValue(path, 'is not what the map gives');
  return fieldsAt(data, word);
}

const wordsBefore = (types: readonly Type[], count: number): number =>
  types.slice(0, count).reduce((sum, type) => sum + wordsFor(byteLength(type)), 0);

/** A value, or several side by side. */
function isConstant(value: unknown): boolean {
  if (!isObject(value)) return true;
  return Array.isArray(value['concat']) && value['concat'].every((field) => !isObject(field));
}

function fieldsAt(fields: readonly Selector[], word: number): readonly Expression[] {
  let at = word;
  return fields.flatMap((field) => {
    const register = registerAt(at);
    at += wordsFor(bytesOf(field));
    return loadSelector(field, register);
  });
}

const target = (set: SetInfo): Pick<Dynset, 'set' | 'setId'> => ({
  set: set.name,
  setId: set.id,
});

function setName(value: unknown, path: string): string {
  const name = checkString(value, path);
  if (!name.startsWith('@') || name.length < 2) throw wrongValue(path, 'must be "@" and the name of a set');
  return name;
}

/** An expression, or `{"elem": {"val": expression, "timeout": seconds}}`. `types`: of the set's key, by which constants in a concatenation are read. */
function compileElement(
  context: RuleContext,
  value: unknown,
  path: string,
  types?: readonly Type[],
): { readonly key: readonly Selector[]; readonly timeout: { readonly timeout?: number } } {
  if (!isObject(value) || !('elem' in value)) return { key: compileKey(value, path, context, types), timeout: {} };
  const elem = checkObject(checkObject(value, path, ['elem'])['elem'], `${path}.elem`, ['val', 'timeout']);
  const seconds = elem['timeout'] === undefined ? 0 : checkUint(elem['timeout'], `${path}.elem.timeout`);
  return {
    key: compileKey(elem['val'], `${path}.elem.val`, context, types),
    timeout: seconds === 0 ? {} : { timeout: seconds * 1000 },
  };
}

function statements(value: unknown, path: string): Written {
  if (value === undefined) return {};
  const list = compileStatefulList(value, path);
  return { ...expressionFields(list), ...(list.length > 1 ? { flags: ['expr'] } : {}) };
}

// Back from expressions.

export function readDynset(reader: RuleReader, dynset: Dynset): void {
  const set = reader.findSet(dynset.set);
  const json = elementKey(reader, dynset.sregKey, set);
  if (json === undefined) return reader.unknown('dynset');
  const elem = dynset.timeout ? { elem: { val: json, timeout: Math.floor(dynset.timeout / 1000) } } : json;
  const stmt = statefulOf(dynset).map((expression) => statefulJson(expression, true));
  const body = { op: dynset.op, elem, ...(stmt.length === 0 ? {} : { stmt }) };
  if (dynset.sregData !== undefined) {
    const data = constantData(reader, dynset.sregData, set) ?? readData(reader, dynset.sregData, set);
    if (data === undefined) return reader.unknown('dynset');
    return reader.act({ map: { ...body, data, map: `@${dynset.set}` } });
  }
  if (stmt.length > 0 && set?.definition.flags?.includes('anonymous') === true) {
    const size = set.definition.desc?.size ?? 0;
    return reader.act({ meter: { key: elem, stmt: stmt[0], size, name: dynset.set } });
  }
  reader.act({ set: { ...body, set: `@${dynset.set}` } });
}

/** Fields that were read, and constants among them. */
function elementKey(reader: RuleReader, register: Register, set: ReadableSet | undefined): unknown {
  const types = (set && keyTypesOf(set.definition)) ?? [];
  const loaded = types.map((_, i) => reader.registers.get(wordOf(register) + wordsBefore(types, i)));
  if (types.length > 1 && loaded.some((field) => field?.kind === 'immediate')) {
    const fields = loaded.map((field, i) => {
      if (field?.kind === 'immediate') return reader.value(field, types[i]!);
      return field?.kind === 'tree' ? keyJson(reader, [field], true) : undefined;
    });
    return fields.includes(undefined) ? undefined : { concat: fields };
  }
  const key = keyTrees(reader, register, set?.definition.keyLen);
  return key.length === 0 ? undefined : keyJson(reader, key, true);
}

function readData(reader: RuleReader, register: Register, set: ReadableSet | undefined): unknown {
  const data = keyTrees(reader, register, set?.definition.dataLen);
  return data.length === 0 ? undefined : keyJson(reader, data);
}

function constantData(reader: RuleReader, register: Register, set: ReadableSet | undefined): unknown {
  const types = (set && dataTypesOf(set.definition)) ?? [];
  const parts = types.map((type, i) => {
    const loaded = reader.registers.get(wordOf(register) + wordsBefore(types, i));
    return loaded?.kind === 'immediate' ? reader.value(loaded, type) : undefined;
  });
  if (parts.length === 0 || parts.includes(undefined)) return undefined;
  return parts.length === 1 ? parts[0] : { concat: parts };
}
