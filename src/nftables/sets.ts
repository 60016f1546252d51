/** Sets and maps: their definitions, and the user data by which nft knows what their bytes mean. */

import { type AnonymousSet, RuleContext, type SetInfo, type Transaction } from './context.js';
import { byteLength, datatypeNamed, keyLength, type Names, type Type, typeId, typeOf } from './datatypes.js';
import { decompileElements, givesRanges, wholeField } from './elements.js';
import {
  checkName,
  checkObject,
  checkString,
  checkUint,
  isObject,
  oneOf,
  show,
  stringList,
  wrongType,
  wrongValue,
} from './errors.js';
import { compileKey, typeofExpression } from './expressions.js';
import { isObjectKind } from './objects.js';
import { dataTypesOf, keyTypesOf } from './set-types.js';
import { compileStatefulList, expressionFields, statefulJson, statefulOf } from './stateful.js';
import { type Attribute, comment, encode, findComment, findNumber, nested, setAttribute, uint32 } from './userdata.js';
import type { Family, Mutable, SetDefinition, SetElement, SetFlag } from './wire.js';

export const SET_KEYS: readonly string[] = [
  'family',
  'table',
  'name',
  'handle',
  'type',
  'policy',
  'flags',
  'elem',
  'timeout',
  'gc-interval',
  'size',
  'comment',
  'auto-merge',
  'stmt',
];

/** JSON's names for flags that users set, and the kernel's. */
const flagNames: Readonly<Record<'constant' | 'interval' | 'timeout' | 'dynamic', SetFlag>> = {
  constant: 'constant',
  interval: 'interval',
  timeout: 'timeout',
  dynamic: 'eval',
};

export interface CompiledSet {
  readonly definition: SetDefinition;
  readonly info: SetInfo;
}

export function compileSet(
  kind: 'set' | 'map',
  value: unknown,
  path: string,
  family: Family,
  id: number,
  transaction: Transaction,
): CompiledSet {
  const object = checkObject(value, path, kind === 'map' ? [...SET_KEYS, 'map'] : SET_KEYS);
  const keyed = declaredTypes(object['type'], `${path}.type`, transaction, setAttribute.keyTypeof);
  const key = keyed.types;
  const mapped = object['map'];
  const target = kind === 'map' && typeof mapped === 'string' && isObjectKind(mapped) ? mapped : undefined;
  const valued =
    kind === 'map' && target === undefined
      ? declaredTypes(mapped, `${path}.map`, transaction, setAttribute.dataTypeof)
      : undefined;
  const data = valued?.types;
  const statements = object['stmt'] === undefined ? [] : compileStatefulList(object['stmt'], `${path}.stmt`);
  const said =
    object['flags'] === undefined
      ? []
      : stringList(object['flags'], `${path}.flags`, ['constant', 'interval', 'timeout', 'dynamic']);
  if (key.some((type) => type.datatype.name === 'verdict'))
    throw wrongValue(`${path}.type`, 'a verdict cannot be a key');
  const autoMerge = object['auto-merge'] === true;
  const timed = said.includes('timeout') || object['timeout'] !== undefined;
  const interval = said.includes('interval');
  const flags: SetFlag[] = [
    ...(said.includes('constant') ? (['constant'] as const) : []),
    ...(interval ? (['interval'] as const) : []),
    ...(interval && key.length > 1 ? (['concat'] as const) : []),
    ...(data === undefined ? [] : (['map'] as const)),
    ...(timed ? (['timeout'] as const) : []),
    ...(said.includes('dynamic') ? (['eval'] as const) : []),
    ...(target === undefined ? [] : (['object'] as const)),
    ...(statements.length > 1 ? (['expr'] as const) : []),
  ];
  const dataInterval = data !== undefined && givesRanges(object['elem']);
  const attributes = [
    ...describe(keyed, valued, dataInterval),
    ...(autoMerge ? [uint32(setAttribute.mergeElements, 1)] : []),
  ];
  const text = object['comment'];
  if (text !== undefined)
    attributes.push(comment(setAttribute.comment, checkString(text, `${path}.comment`), `${path}.comment`));
  const given = object['size'] === undefined ? undefined : checkUint(object['size'], `${path}.size`);
  // A constant set is as large as what it is given.
  const size = said.includes('constant') ? undefined : given;
  const name = checkName(object['name'], `${path}.name`);
  const seconds = (property: string): number => checkUint(object[property], `${path}["${property}"]`) * 1000;
  const definition: Mutable<SetDefinition> = {
    family,
    table: checkName(object['table'], `${path}.table`),
    name,
    id,
    ...(flags.length === 0 ? {} : { flags }),
    ...(object['policy'] === 'memory' || object['policy'] === 'performance'
      ? { policy: object['policy'] }
      : oneOfPolicy(object['policy'], path)),
    ...(object['timeout'] === undefined ? {} : { timeout: seconds('timeout') }),
    ...(object['gc-interval'] === undefined ? {} : { gcInterval: seconds('gc-interval') }),
    userdata: encode(attributes.sort((a, b) => a.type - b.type)),
    ...(target === undefined ? {} : { objectType: target }),
    ...expressionFields(statements),
  };
  setShape(definition, { key, data, dataInterval, size });
  return { definition, info: { name, key, data, object: target, dataInterval, flags, statements, autoMerge, id } };
}

function oneOfPolicy(value: unknown, path: string): { readonly policy?: never } {
  if (value !== undefined) oneOf(value, `${path}.policy`, ['performance', 'memory']);
  return {};
}

export function compileAnonymousSet(
  set: AnonymousSet,
  family: Family,
  table: string,
  id: number,
  interval: boolean,
  size: number,
): CompiledSet {
  const { key, data, object, meter, dataInterval = false } = set;
  const flags: SetFlag[] = [
    'anonymous',
    ...(meter === undefined ? (['constant'] as const) : (['eval'] as const)),
    ...(meter?.timed === true ? (['timeout'] as const) : []),
    ...(object === undefined ? [] : (['object'] as const)),
    ...(interval ? (['interval'] as const) : []),
    ...(interval && key.length > 1 ? (['concat'] as const) : []),
    ...(data === undefined ? [] : (['map'] as const)),
  ];
  const verdict =
    data?.[0]?.datatype.name === 'verdict'
      ? [nested(setAttribute.dataTypeof, [uint32(0, TYPEOF_VERDICT), nested(1, [])])]
      : [];
  const merged = interval && data === undefined ? [uint32(setAttribute.mergeElements, 1)] : [];
  const valued = data === undefined ? undefined : { types: data, declared: true };
  const described = describe({ types: key, declared: false }, valued, dataInterval).filter(
    (attribute) => attribute.type !== setAttribute.keyTypeof || set.keyTypeof === undefined,
  );
  const attributes = [...described, ...merged, ...(set.keyTypeof === undefined ? [] : [set.keyTypeof]), ...verdict];
  const name = meter?.name ?? (object !== undefined ? '__objmap%d' : data === undefined ? '__set%d' : '__map%d');
  const userdata = encode(attributes.sort((a, b) => a.type - b.type));
  const definition: Mutable<SetDefinition> = { family, table, name, id, flags, userdata };
  setShape(definition, { key, data, dataInterval, size: meter?.size ?? size });
  if (object !== undefined) definition.objectType = object;
  if (set.placed !== undefined) definition.keyLen = (set.placed.bits + 7) >> 3;
  return { definition, info: { name, key, data, object, dataInterval, flags, id } };
}

const TYPEOF_VERDICT = 1;
const TYPEOF_CONCAT = 13;

interface Shape {
  readonly key: readonly Type[];
  readonly data: readonly Type[] | undefined;
  readonly dataInterval: boolean;
  readonly size: number | undefined;
}

/** Says the lengths of what a set holds, and nft's numbers for its types. */
function setShape(definition: Mutable<SetDefinition>, { key, data, dataInterval, size }: Shape): void {
  definition.keyType = typeId(key);
  definition.keyLen = keyLength(key);
  if (data !== undefined) {
    definition.dataType = typeId(data);
    definition.dataLen = dataInterval ? pad4Length(data) * 2 : keyLength(data);
  }
  // The kernel wants the fields' lengths where it searches each by itself.
  const concat = definition.flags?.includes('concat') ? key.map((type) => ({ len: byteLength(type) })) : undefined;
  if (concat !== undefined) definition.desc = size === undefined ? { concat } : { size, concat };
  else if (size !== undefined) definition.desc = { size };
}

const pad4Length = (types: readonly Type[]): number => (keyLength(types) + 3) & ~3;

/** nft's byte orders: 0 unknown, 1 host, 2 network. An expression's is known even where its datatype's is not. */
function byteorder(types: readonly Type[], declared: boolean): number {
  const [type] = types;
  if (types.length > 1 || type === undefined || type.bits === 0 || (declared && type.datatype.unordered === true))
    return 0;
  return type.order === 'big' ? 2 : 1;
}

/** Of a key or of data: by their types, or by expressions, which nft writes down. */
interface Described {
  readonly types: readonly Type[];
  readonly declared: boolean;
  readonly expression?: Attribute;
}

function describe(key: Described, data: Described | undefined, dataInterval: boolean): Attribute[] {
  // nft writes an empty description for a concatenation declared by type.
  const fields = (attribute: number, { types, expression }: Described): readonly Attribute[] =>
    expression !== undefined
      ? [expression]
      : types.length > 1
        ? [nested(attribute, [uint32(0, TYPEOF_CONCAT), nested(1, [])])]
        : [];
  return [
    uint32(setAttribute.keyByteorder, byteorder(key.types, key.declared)),
    ...fields(setAttribute.keyTypeof, key),
    ...(data === undefined
      ? []
      : [
          uint32(setAttribute.dataByteorder, byteorder(data.types, data.declared)),
          ...fields(setAttribute.dataTypeof, data),
          uint32(setAttribute.dataInterval, Number(dataInterval)),
        ]),
  ];
}

/** Types by name, or `{"typeof": expression}`: what is looked up. */
function declaredTypes(value: unknown, path: string, transaction: Transaction, attribute: number): Described {
  if (!isObject(value) || !('typeof' in value)) return { types: parseTypes(value, path), declared: true };
  const expression = checkObject(value, path, ['typeof'])['typeof'];
  // Nothing is known of the packets yet: any header may be there.
  const key = compileKey(expression, `${path}.typeof`, new RuleContext(transaction, 'inet', '', true));
  const named = typeofExpression(attribute, key);
  return {
    types: key.map((field) => field.type),
    declared: false,
    ...(named === undefined ? {} : { expression: named }),
  };
}

/** `"ipv4_addr"`, `"ipv4_addr . inet_service"` or `["ipv4_addr", "inet_service"]`. */
export function parseTypes(value: unknown, path: string): readonly Type[] {
  const names: readonly unknown[] =
    typeof value === 'string' ? value.split('.').map((name) => name.trim()) : Array.isArray(value) ? value : [];
  if (names.length === 0) throw wrongType(path, 'must be a datatype or a list of them', value);
  if (names.length > 5) throw wrongValue(path, 'has more fields than a datatype number holds (5)');
  return names.map((name) => {
    const datatype = typeof name === 'string' ? datatypeNamed(name) : undefined;
    if (datatype === undefined) throw wrongValue(path, `${show(name)} is not a datatype`);
    if (datatype.name === 'integer' || datatype.name === 'string')
      throw wrongValue(path, `${datatype.name} has no length of its own; use a typed name`);
    return typeOf(datatype.name);
  });
}

/** What rules and elements need to know of a set that the kernel lists. */
export function setInfo(definition: SetDefinition): SetInfo {
  const data = dataTypesOf(definition);
  return {
    name: definition.name,
    key: keyTypesOf(definition),
    ...(data === undefined ? {} : { data }),
    ...(definition.objectType === undefined ? {} : { object: definition.objectType }),
    dataInterval: findNumber(definition.userdata, setAttribute.dataInterval) === 1,
    flags: definition.flags ?? [],
    statements: statefulOf(definition),
    autoMerge: findNumber(definition.userdata, setAttribute.mergeElements) === 1,
  };
}

export function decompileSet(
  definition: SetDefinition,
  elements: readonly SetElement[] | undefined,
  names: Names,
): Readonly<Record<'set' | 'map' | 'meter', Readonly<Record<string, unknown>>>> | object {
  const { key, data, object, flags, statements = [], autoMerge } = setInfo(definition);
  const typeNames = (types: readonly Type[]): readonly string[] => types.map((type) => type.datatype.name);
  const types = typeNames(key);
  // The size of a constant set is that of its elements.
  const constant = flags.includes('constant');
  const said = Object.entries(flagNames)
    .filter(([, wire]) => flags.includes(wire))
    .map(([name]) => name);
  const text = findComment(definition.userdata, setAttribute.comment);
  const listed =
    elements === undefined || elements.length === 0
      ? []
      : decompileElements(elements, key.map(wholeField), data, flags.includes('interval'), names);
  const body = {
    family: definition.family,
    name: definition.name,
    table: definition.table,
    type: types.length === 1 ? types[0] : types,
    ...(definition.handle === undefined ? {} : { handle: definition.handle }),
    ...(text === undefined ? {} : { comment: text }),
    ...(data === undefined ? {} : { map: typeNames(data).join(' . ') }),
    ...(object === undefined ? {} : { map: object }),
    ...(!constant && definition.policy === 'memory' ? { policy: 'memory' } : {}),
    ...(!constant && definition.desc?.size ? { size: definition.desc.size } : {}),
    ...(said.length === 0 ? {} : { flags: said }),
    ...(definition.timeout ? { timeout: Math.floor(definition.timeout / 1000) } : {}),
    ...(definition.gcInterval ? { 'gc-interval': Math.floor(definition.gcInterval / 1000) } : {}),
    ...(autoMerge === true ? { 'auto-merge': true } : {}),
    ...(listed.length === 0 ? {} : { elem: listed }),
    ...(statements.length === 0 ? {} : { stmt: statements.map((statement) => statefulJson(statement, true)) }),
  };
  if (data !== undefined || object !== undefined) return { map: body };
  return flags.includes('anonymous') && flags.includes('eval') ? { meter: body } : { set: body };
}
