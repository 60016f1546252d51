/**
 * Bad input: a TypeError with a code, and the place in the caller's commands in front: `nftables[3].add.rule.expr[1]...`.
 */

export type Json = unknown;
export type JsonObject = Readonly<Record<string, unknown>>;

export function wrongType(path: string, wanted: string, value: unknown): TypeError {
  return coded('ERR_INVALID_ARG_TYPE', `${path}: ${wanted}, not ${show(value)}`);
}

export function wrongValue(path: string, problem: string): TypeError {
  return coded('ERR_INVALID_ARG_VALUE', `${path}: ${problem}`);
}

export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (value === undefined) return 'undefined';
  try {
    const text = JSON.stringify(value);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  } catch {
    return 'an object that JSON cannot express';
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What has no arguments is null; an empty object says the same. */
export function checkNothing(value: unknown, path: string): void {
  const nothing = value === null || value === undefined || (isObject(value) && Object.keys(value).length === 0);
  if (!nothing) throw wrongValue(path, 'takes no value but null');
}

/** An object with no keys but these. */
export function checkObject(value: unknown, path: string, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw wrongType(path, `must be an object with ${keys.join(', ')}`, value);
  for (const key in value) {
    if (!keys.includes(key)) throw wrongValue(path, `unknown key ${show(key)}; known are ${keys.join(', ')}`);
  }
  return value;
}

/** The first key of an object. */
export function firstKey(value: unknown): string | undefined {
  if (isObject(value)) for (const key in value) return key;
  return undefined;
}

/** The one key of `{ "payload": ... }` and its value. */
export function soleKey(value: unknown, path: string, what: string): readonly [key: string, value: unknown] {
  if (!isObject(value)) throw wrongType(path, `must be ${what}`, value);
  let sole: string | undefined;
  let count = 0;
  for (const key in value) {
    sole = key;
    count++;
  }
  if (count !== 1) throw wrongValue(path, `must be ${what}: an object with exactly one key, not ${count}`);
  return [sole!, value[sole!]];
}

export function checkArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(path, 'must be an array', value);
  return dense(value);
}

/** `map` skips holes, and would leave them in what it makes. */
export function dense(value: readonly unknown[]): readonly unknown[] {
  return value.includes(undefined) ? Array.from(value) : value;
}

export function checkString(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrongType(path, 'must be a string', value);
  return value;
}

export function checkUint(value: unknown, path: string, max: number = 0xffff_ffff): number {
  if (typeof value !== 'number') throw wrongType(path, 'must be a number', value);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw wrongValue(path, `${value} is not an integer from 0 to ${max}`);
  return value;
}

export function checkBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(path, 'must be true or false', value);
  return value;
}

export function oneOf<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  if (typeof value !== 'string') throw wrongType(path, `must be one of ${allowed.join(', ')}`, value);
  if (!allowed.includes(value as T)) throw wrongValue(path, `${show(value)} is not one of ${allowed.join(', ')}`);
  return value as T;
}

/** A string or an array of them, as libnftables-json writes lists of one. */
export function stringList<T extends string>(value: unknown, path: string, allowed: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) return [oneOf(value, path, allowed)];
  return value.map((item, i) => oneOf(item, `${path}[${i}]`, allowed));
}

/** NFT_NAME_MAXLEN, and NFT_SET_MAXNAMELEN: 256 with the NUL. */
export function checkName(value: unknown, path: string): string {
  const name = checkString(value, path);
  if (name === '' || name.includes('\0')) throw wrongValue(path, 'must be a name, not empty and without NUL');
  // No more than three bytes for each.
  if (name.length > 85 && Buffer.byteLength(name) > 255) throw wrongValue(path, 'is longer than 255 bytes');
  return name;
}

/** Whether `checkName` takes it. */
export const isName = (name: string): boolean => name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= 255;

function coded(code: string, message: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}

const properties: Map<string, string> = new Map();

/** A key in a path: `.rule`, `["ct helper"]`. Few are known, and each is asked for often. */
export function property(name: string): string {
  let text = properties.get(name);
  if (text === undefined) {
    text = /^\w+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    if (properties.size < 1000) properties.set(name, text);
  }
  return text;
}
