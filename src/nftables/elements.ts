/** Elements of sets and maps: `"10.0.0.1"`, `["10.0.0.1", "203.0.113.5"]`, `{"elem": {"val": ..., "timeout": 5}}`. */

import { concat, pad4, shiftOut, swap } from './bytes.js';
import type { Placed } from './context.js';
import { byteLength, type Names, type Type } from './datatypes.js';
import { inOrderOfNft } from './element-order.js';
import {
  checkArray,
  checkName,
  checkObject,
  checkString,
  checkUint,
  dense,
  isObject,
  type JsonObject,
  wrongType,
  wrongValue,
} from './errors.js';
import { compileIntervals, decompileIntervals, type Interval } from './intervals.js';
import { joinFields, type Literal, parseLiteral, span, spanJson, toBig } from './literals.js';
import {
  compileStateful,
  expressionFields,
  type Stateful,
  statefulJson,
  statefulNames,
  statefulOf,
} from './stateful.js';
import { COMMENT, comment, encode, findComment } from './userdata.js';
import { compileVerdictData, verdictJson } from './verdict.js';
import type { Data, ObjectKind, SetElement } from './wire.js';

export interface ElementTypes {
  readonly key: readonly Type[];
  readonly data?: readonly Type[] | undefined;
  /** Data are ranges, both ends. */
  readonly dataInterval?: boolean | undefined;
  /** Of maps to objects: elements give names. */
  readonly object?: ObjectKind | undefined;
  /** What each element gets. */
  readonly statements?: readonly Stateful[] | undefined;
  readonly interval: boolean;
}

export interface CompileElements extends ElementTypes {
  readonly merge: boolean;
  readonly anonymous: boolean;
  readonly fresh: boolean;
  readonly names: Names;
  /** Moves a value to where it stands in what is loaded (header fields that are not whole bytes). */
  readonly placed?: Placed | undefined;
}

export interface CompiledElements {
  readonly elements: readonly SetElement[];
  /** What nft declares as the size of a constant set. */
  readonly size: number;
}

interface Parsed {
  /** `"*"`: what no other element is for. */
  readonly catchAll?: true;
  readonly key: readonly Literal[];
  readonly rest: Omit<SetElement, 'key'>;
  readonly path: string;
}

export function compileElements(value: unknown, path: string, options: CompileElements): CompiledElements {
  const mapping = options.data !== undefined || options.object !== undefined;
  const items = Array.isArray(value) && !(mapping && isPair(value)) ? dense(value) : [value];
  const parsed = items.map((item, i) => parseElement(item, Array.isArray(value) ? `${path}[${i}]` : path, options));
  const rest = parsed
    .filter((item) => item.catchAll === true)
    .map((item): SetElement => ({ ...item.rest, flags: ['catchall'] }));
  const keyed = rest.length === 0 ? parsed : parsed.filter((item) => item.catchAll !== true);
  if (options.key.length !== 1 || !options.interval)
    return { elements: [...keyed.map((item) => toElement(item, options)), ...rest], size: parsed.length };
  const intervals = compileIntervals(
    keyed.map((item) => toInterval(item, options)),
    { ...options, bits: options.placed?.bits ?? options.key[0]!.bits },
  );
  return { elements: [...intervals.elements, ...rest], size: intervals.size + rest.length };
}

/** One element of a map not wrapped in a list. */
const isPair = (value: readonly unknown[]): boolean =>
  value.length === 2 && !Array.isArray(value[0]) && !Array.isArray(value[1]);

/** Whether elements need a set of intervals. */
export function hasRanges(items: readonly unknown[]): boolean {
  const isRange = (value: unknown): boolean => {
    if (typeof value === 'string') return value.endsWith('*') && !value.endsWith('\\*') && value !== '*';
    if (!isObject(value)) return false;
    if ('prefix' in value || 'range' in value) return true;
    if ('concat' in value && Array.isArray(value['concat'])) return value['concat'].some(isRange);
    return 'elem' in value && isObject(value['elem']) && isRange(value['elem']['val']);
  };
  return items.some((item) => isRange(Array.isArray(item) ? item[0] : item));
}

/** Whether a map's elements give ranges. */
export const givesRanges = (items: unknown): boolean =>
  Array.isArray(items) && hasRanges(items.map((item) => (Array.isArray(item) ? item[1] : undefined)));

function parseElement(item: unknown, path: string, options: CompileElements): Parsed {
  if (options.data === undefined && options.object === undefined) return parseKey(item, path, options);
  const pair = checkArray(item, path);
  if (pair.length !== 2) throw wrongValue(path, 'must be [key, value]');
  const parsed = parseKey(pair[0], `${path}[0]`, options);
  const value =
    options.data === undefined
      ? { object: checkName(pair[1], `${path}[1]`) }
      : { data: parseData(pair[1], `${path}[1]`, options.data, options) };
  return { ...parsed, rest: { ...parsed.rest, ...value } };
}

/** As nft's language: the kernel counts what an element holds in a byte, and loses what is beyond (nft_set_ext_add_length). */
const COMMENT_MAX = 128;

/** Most elements have nothing but a key. */
const NOTHING: Parsed['rest'] = {};

function parseKey(item: unknown, path: string, options: CompileElements): Parsed {
  if (item === '*') return { key: [], rest: {}, path, catchAll: true };
  if (!isObject(item) || !('elem' in item))
    return { key: parseFields(item, path, options.key, options.names), rest: NOTHING, path };
  const elem = checkObject(checkObject(item, path, ['elem'])['elem'], `${path}.elem`, [
    'val',
    'timeout',
    'expires',
    'comment',
    ...statefulNames,
  ]);
  const at = `${path}.elem`;
  const text = elem['comment'] === undefined ? undefined : checkString(elem['comment'], `${at}.comment`);
  return {
    ...(elem['val'] === '*'
      ? { key: [], catchAll: true }
      : { key: parseFields(elem['val'], `${at}.val`, options.key, options.names) }),
    rest: {
      ...(elem['timeout'] === undefined ? {} : { timeout: checkUint(elem['timeout'], `${at}.timeout`) * 1000 }),
      ...(elem['expires'] === undefined ? {} : { expiration: checkUint(elem['expires'], `${at}.expires`) * 1000 }),
      ...(text === undefined ? {} : { userdata: encode([comment(COMMENT, text, `${at}.comment`, COMMENT_MAX)]) }),
      ...expressionFields(parseStatements(elem, at, options.statements ?? [])),
    },
    path: at,
  };
}

/**
 * As the set's definition orders them, which the kernel wants; what the element does not say of them is as in the definition. Of what the
 * definition does not have they are left as they are said.
 */
function parseStatements(elem: JsonObject, path: string, defined: readonly Stateful[]): readonly Stateful[] {
  const said = Object.keys(elem)
    .filter((name) => statefulNames.includes(name) && elem[name] !== undefined)
    .map((name) => compileStateful(name, elem[name], `${path}["${name}"]`));
  const isDefined = ({ type }: Stateful): boolean => defined.some((statement) => statement.type === type);
  if (said.length === 0 || !said.every(isDefined)) return said;
  return defined.map((statement) => said.find(({ type }) => type === statement.type) ?? statement);
}

function parseFields(value: unknown, path: string, types: readonly Type[], names: Names): readonly Literal[] {
  if (types.length === 1) return [parseLiteral(value, path, types[0]!, names)];
  if (!isObject(value) || !('concat' in value))
    throw wrongType(path, `must be {"concat": [...]} of ${types.length} fields`, value);
  const fields = checkArray(checkObject(value, path, ['concat'])['concat'], `${path}.concat`);
  if (fields.length !== types.length)
    throw wrongValue(`${path}.concat`, `has ${fields.length} fields; the set's key has ${types.length}`);
  return fields.map((field, i) => parseLiteral(field, `${path}.concat[${i}]`, types[i]!, names));
}

/** What a map's element gives. */
export function parseData(
  value: unknown,
  path: string,
  types: readonly Type[],
  options: Pick<CompileElements, 'names' | 'dataInterval'>,
): Data {
  if (types[0]!.datatype.name === 'verdict') return compileVerdictData(value, path);
  const literals = parseFields(value, path, types, options.names);
  if (options.dataInterval === true) {
    const spans = literals.map((literal, i) => span(literal, types[i]!));
    const end = (which: 0 | 1): Uint8Array => pad4(joinFields(spans.map((ends) => ends[which])));
    return { value: concat([end(0), end(1)]) };
  }
  const fields = literals.map((literal) => {
    if (literal.kind !== 'value') throw wrongValue(path, 'is a range, and the map was not made for ranges');
    return literal.bytes;
  });
  return { value: joinFields(fields) };
}

function toElement({ key, rest, path }: Parsed, options: CompileElements): SetElement {
  if (!options.interval) {
    const fields = key.map((literal) => {
      if (literal.kind !== 'value') throw wrongValue(path, `is a ${literal.kind}, and the set has no "interval" flag`);
      return options.placed === undefined ? literal.bytes : placedBytes(literal.bytes, options.key[0]!, options.placed);
    });
    const value = { value: joinFields(fields) };
    return rest === NOTHING ? { key: value } : { key: value, ...rest };
  }
  const spans = key.map((literal, i) => span(literal, options.key[i]!));
  return {
    key: { value: joinFields(spans.map(([from]) => from)) },
    keyEnd: { value: joinFields(spans.map(([, to]) => to)) },
    ...rest,
  };
}

const placedBytes = (bytes: Uint8Array, type: Type, { move, order }: Placed): Uint8Array =>
  swap(move(toBig(bytes, type)), order);

function toInterval({ key, rest, path }: Parsed, options: CompileElements): Interval {
  const [from, to] = span(key[0]!, options.key[0]!);
  const place = options.placed?.move ?? ((bytes: Uint8Array): Uint8Array => bytes);
  return { from: place(from), to: place(to), element: rest, path };
}

/** A set's key field as it stands in the loaded bytes. */
export interface FieldView {
  readonly type: Type;
  readonly bytes: number;
  readonly shift: number;
}

export const wholeField = (type: Type): FieldView => ({ type, bytes: byteLength(type), shift: 0 });

/** Elements as `nft -j` lists them, in its order. */
export function decompileElements(
  elements: readonly SetElement[],
  fields: readonly FieldView[],
  data: readonly Type[] | undefined,
  interval: boolean,
  names: Names,
): readonly unknown[] {
  const catchAll = elements.filter((element) => element.flags?.includes('catchall') === true);
  const withData = (key: unknown, element: SetElement): unknown =>
    element.object !== undefined
      ? [wrap(key, element), element.object]
      : data === undefined
        ? wrap(key, element)
        : [wrap(key, element), dataJson(element.data, data, names)];
  const rest = catchAll.map((element) => withData('*', element));
  if (interval && fields.length === 1) {
    const field = fields[0]!;
    const intervals = decompileIntervals(elements);
    const spans = field.type.datatype.text === true ? intervals.flatMap(wildcardsOf) : intervals;
    const listed = spans.map(({ from, to, element }) =>
      withData(spanJson(unplace(from, field), unplace(to, field), field.type, names), element),
    );
    return [...listed, ...rest];
  }
  const keyed = elements.filter((element) => element.key?.value !== undefined);
  // Intervals of several fields stay as the kernel has them.
  const sorted = interval
    ? keyed
    : inOrderOfNft(
        keyed,
        fields.map(({ type }) => type),
      );
  return [...sorted.map((element) => withData(keyJson(element, fields, interval, names), element)), ...rest];
}

/**
 * Of names: "d*" and "e*" make one interval, which neither is a name nor ends with one. (nft writes it as a prefix of
 * fewer than eight bits.)
 */
function wildcardsOf<T extends Span>(span: T): readonly T[] {
  const { from, to } = span;
  const differs = from.findIndex((byte, i) => byte !== to[i]);
  const whole = (byte: number, i: number): boolean => byte === 0 && to[i + differs + 1] === 0xff;
  if (differs < 0 || !from.subarray(differs + 1).every(whole)) return [span];
  const [first, last] = [from[differs]!, to[differs]!];
  if (first === 0 && last === 0xff) return [span];
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const ends = [new Uint8Array(from), new Uint8Array(to)] as const;
    for (const end of ends) end[differs] = first + i;
    return { ...span, from: ends[0], to: ends[1] };
  });
}

interface Span {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

const unplace = (bytes: Uint8Array, field: FieldView): Uint8Array =>
  field.shift === 0 && field.bytes * 8 === field.type.bits ? bytes : shiftOut(bytes, field.shift, field.type.bits);

function keyJson(element: SetElement, fields: readonly FieldView[], interval: boolean, names: Names): unknown {
  const from = split(element.key!.value!, fields);
  const to = element.keyEnd?.value === undefined ? from : split(element.keyEnd.value, fields);
  const parts = fields.map((field, i) => {
    const ends = [from[i]!, to[i]!].map((end) => (interval ? end : toBig(end, field.type))) as [Uint8Array, Uint8Array];
    return spanJson(unplace(ends[0], field), unplace(ends[1], field), field.type, names);
  });
  return parts.length === 1 ? parts[0] : { concat: parts };
}

export function dataJson(data: Data | undefined, types: readonly Type[], names: Names): unknown {
  if (data?.verdict !== undefined) return verdictJson(data.verdict);
  if (data?.value === undefined) return null;
  // Twice as long as a value: the two ends of a range.
  const length = types.reduce((sum, type) => sum + pad4(new Uint8Array(byteLength(type))).length, 0);
  if (data.value.length === length * 2) return rangeJson(data.value, types, names);
  return valuesJson(data.value, types, names);
}

function rangeJson(bytes: Uint8Array, types: readonly Type[], names: Names): unknown {
  const fields = types.map(wholeField);
  const from = split(bytes.subarray(0, bytes.length / 2), fields);
  const to = split(bytes.subarray(bytes.length / 2), fields);
  const parts = types.map((type, i) => {
    const ends = [from[i]!, to[i]!].map((end) => end.subarray(0, byteLength(type))) as [Uint8Array, Uint8Array];
    return spanJson(ends[0], ends[1], type, names);
  });
  return parts.length === 1 ? parts[0] : { concat: parts };
}

/** A value, or the fields of a concatenation. */
export function valuesJson(bytes: Uint8Array, types: readonly Type[], names: Names): unknown {
  const parts = split(bytes, types.map(wholeField)).map((part, i) => types[i]!.datatype.format(part, types[i]!, names));
  return parts.length === 1 ? parts[0] : { concat: parts };
}

/** The fields of a concatenation. */
export function split(bytes: Uint8Array, fields: readonly FieldView[]): readonly Uint8Array[] {
  if (fields.length === 1) return [bytes];
  let at = 0;
  return fields.map((field) => {
    const part = bytes.subarray(at, at + field.bytes);
    at += (field.bytes + 3) & ~3;
    return part;
  });
}

function wrap(key: unknown, element: SetElement): unknown {
  const text = findComment(element.userdata);
  const statements = statefulOf(element);
  const plain = element.timeout === undefined && element.expiration === undefined && text === undefined;
  if (plain && statements.length === 0) return key;
  return {
    elem: {
      val: key,
      ...(element.timeout === undefined ? {} : { timeout: Math.floor(element.timeout / 1000) }),
      ...(element.expiration === undefined ? {} : { expires: Math.floor(element.expiration / 1000) }),
      ...(text === undefined ? {} : { comment: text }),
      ...Object.assign({}, ...statements.map((statement) => statefulJson(statement))),
    },
  };
}
