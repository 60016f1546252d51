/** Objects with a name that rules refer to: `{"counter": {"table": "t", "name": "c"}}`. */

import { counterData, counterJson, counterKeys } from './counter.js';
import {
  expectationData,
  expectationJson,
  expectationKeys,
  helperData,
  helperJson,
  helperKeys,
  timeoutData,
  timeoutJson,
  timeoutKeys,
} from './ct-objects.js';
import { checkName, checkObject, checkString, type JsonObject } from './errors.js';
import { compileExisting } from './existing.js';
import { limitData, limitJson, limitKeys } from './limit.js';
import { namedQuotaJson, quotaData, quotaKeys } from './quota.js';
import { synproxyData, synproxyJson, synproxyKeys } from './synproxy.js';
import { commentData, findComment } from './userdata.js';
import type { Family, NamedObject, ObjectKind, ObjectReference } from './wire.js';

/** What is particular to one kind. */
interface Kind {
  readonly keys: readonly string[];
  compile(object: JsonObject, path: string): object;
  json(object: NamedObject): JsonObject;
}

const HEAD = ['family', 'table', 'name', 'handle', 'comment'];

const kinds: Readonly<Record<ObjectKind, Kind>> = {
  counter: { keys: counterKeys, compile: counterData, json: (object) => counterJson(object as never) },
  quota: { keys: quotaKeys, compile: quotaData, json: (object) => namedQuotaJson(object as never) },
  limit: { keys: limitKeys, compile: limitData, json: (object) => limitJson(object as never, true) },
  'ct helper': { keys: helperKeys, compile: helperData, json: (object) => helperJson(object as never) },
  'ct timeout': { keys: timeoutKeys, compile: timeoutData, json: (object) => timeoutJson(asTimeout(object)) },
  'ct expectation': {
    keys: expectationKeys,
    compile: expectationData,
    json: (object) => expectationJson(object as never),
  },
  secmark: {
    keys: ['context'],
    compile: (object, path) => ({ context: checkString(object['context'], `${path}.context`) }),
    json: (object) => ({ context: (object as { readonly context?: string }).context ?? '' }),
  },
  synproxy: { keys: synproxyKeys, compile: synproxyData, json: (object) => synproxyJson(object as never, true) },
};

export const objectKinds: readonly ObjectKind[] = Object.keys(kinds) as ObjectKind[];

export const isObjectKind = (name: string): name is ObjectKind => Object.hasOwn(kinds, name);

/** Deleted by name, or by handle. */
export function compileObjectReference(
  kind: ObjectKind,
  value: unknown,
  path: string,
  family: Family,
): ObjectReference {
  return { type: kind, ...compileExisting(value, path, family, [...HEAD, ...kinds[kind].keys]) };
}

export function compileObject(kind: ObjectKind, value: unknown, path: string, family: Family): NamedObject {
  const object = checkObject(value, path, [...HEAD, ...kinds[kind].keys]);
  return {
    ...kinds[kind].compile(object, path),
    type: kind,
    family,
    table: checkName(object['table'], `${path}.table`),
    name: checkName(object['name'], `${path}.name`),
    ...commentData(object['comment'], path),
  } as NamedObject;
}

export function decompileObject(object: NamedObject): Readonly<Record<string, JsonObject>> {
  const text = findComment(object.userdata);
  const kind = isObjectKind(object.type) ? kinds[object.type] : undefined;
  return {
    [object.type]: {
      family: object.family,
      name: object.name,
      table: object.table,
      ...(object.handle === undefined ? {} : { handle: object.handle }),
      ...(text === undefined ? {} : { comment: text }),
      ...kind?.json(object),
    },
  };
}

/** Without the numbers that are not timeouts. */
function asTimeout(object: NamedObject): Parameters<typeof timeoutJson>[0] {
  const { handle: _, use: __, ...body } = object as NamedObject & { readonly use?: number };
  return body as never;
}
