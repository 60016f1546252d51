/**
 * `{"set": {"op": "add", "elem": ..., "set": "@name"}}`: the packet adds an element to a set, or updates or deletes one. To a map,
 * as nft 1.1 writes it: `{"map": {"op": "update", "elem": ..., "data": ..., "map": "@name"}}`. And meters, which are a set of their own.
 */

import type { RuleContext, SetInfo } from './context.js';
import { keyLength } from './datatypes.js';
import { checkName, checkObject, checkString, checkUint, isObject, oneOf, soleKey, wrongValue } from './errors.js';
import { compileKey, typeofKey } from './expressions.js';
import { keyLoad, lookupSet } from './lookup.js';
import { keyJson, keyTrees } from './lookups.js';
import type { RuleReader } from './reader.js';
import { nextRegister, registerAt, wordsFor } from './registers.js';
import { bytesOf, loadSelector, type Selector } from './selector.js';
import {
  compileStateful,
  compileStatefulList,
  expressionFields,
  statefulJson,
  statefulNames,
  statefulOf,
} from './stateful.js';
import { setAttribute } from './userdata.js';
import type { Expression } from './wire.js';

type Dynset = Extract<Expression, { type: 'dynset' }>;
type Written = Pick<Dynset, 'timeout' | 'expr' | 'expressions' | 'flags'>;

const operations = ['add', 'update', 'delete'] as const;

export function compileSetStatement(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['op', 'elem', 'set', 'stmt']);
  const { key, timeout } = compileElement(context, object['elem'], `${path}.elem`);
  const set = lookupSet(context, key, setName(object['set'], `${path}.set`), `${path}.set`, 'any');
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
  const { key, timeout } = compileElement(context, object['elem'], `${path}.elem`);
  const set = lookupSet(context, key, setName(object['map'], `${path}.map`), `${path}.map`, 'map');
  context.makeDynamic(set);
  const word = nextRegister(
    0,
    key.reduce((sum, field) => sum + wordsFor(bytesOf(field)), 0),
  );
  const data = compileKey(object['data'], `${path}.data`, context);
  if (keyLength(data.map((field) => field.type)) !== keyLength(set.data!))
    throw wrongValue(`${path}.data`, `is not what ${String(object['map'])} maps to`);
  context.act(...keyLoad(key, 0, set), ...fieldsAt(data, word), {
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
  ...(set.id === undefined ? {} : { setId: set.id }),
});

function setName(value: unknown, path: string): string {
  const name = checkString(value, path);
  if (!name.startsWith('@') || name.length < 2) throw wrongValue(path, 'must be "@" and the name of a set');
  return name;
}

/** An expression, or `{"elem": {"val": expression, "timeout": seconds}}`. */
function compileElement(
  context: RuleContext,
  value: unknown,
  path: string,
): { readonly key: readonly Selector[]; readonly timeout: { readonly timeout?: number } } {
  if (!isObject(value) || !('elem' in value)) return { key: compileKey(value, path, context), timeout: {} };
  const elem = checkObject(checkObject(value, path, ['elem'])['elem'], `${path}.elem`, ['val', 'timeout']);
  const seconds = elem['timeout'] === undefined ? 0 : checkUint(elem['timeout'], `${path}.elem.timeout`);
  return {
    key: compileKey(elem['val'], `${path}.elem.val`, context),
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
  const key = keyTrees(reader, dynset.sregKey, set?.definition.keyLen);
  if (key.length === 0) return reader.unknown('dynset');
  const json = keyJson(reader, key);
  const elem = dynset.timeout ? { elem: { val: json, timeout: Math.floor(dynset.timeout / 1000) } } : json;
  const stmt = statefulOf(dynset).map((expression) => statefulJson(expression, true));
  const body = { op: dynset.op, elem, ...(stmt.length === 0 ? {} : { stmt }) };
  if (dynset.sregData !== undefined) {
    const data = keyTrees(reader, dynset.sregData, set?.definition.dataLen);
    if (data.length === 0) return reader.unknown('dynset');
    return reader.act({ map: { ...body, data: keyJson(reader, data), map: `@${dynset.set}` } });
  }
  if (stmt.length > 0 && set?.definition.flags?.includes('anonymous') === true) {
    const size = set.definition.desc?.size ?? 0;
    return reader.act({ meter: { key: elem, stmt: stmt[0], size, name: dynset.set } });
  }
  reader.act({ set: { ...body, set: `@${dynset.set}` } });
}
