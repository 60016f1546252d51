/** Commands that change nothing of the rules: `{"list": {"chains": null}}`, `{"reset": {"counter": {...}}}`. */

import {
  checkObject,
  firstKey,
  isObject,
  type JsonObject,
  property,
  show,
  soleKey,
  wrongType,
  wrongValue,
} from './errors.js';
import { checkFilter, listKinds, type NftFilter, type Selection } from './filter.js';
import { checkReset, type Reset, type ResetFilter, resetKinds } from './resets.js';
import type { Family } from './wire.js';

export type Query =
  | { readonly command: number; readonly list: Selection }
  | { readonly command: number; readonly reset: Reset };

export const isQuery = (verb: string): verb is 'list' | 'reset' => verb === 'list' || verb === 'reset';

/** What of the commands is to be listed or reset. */
export function compileQueries(commands: readonly unknown[], family?: Family): readonly Query[] {
  const queries: Query[] = [];
  commands.forEach((command, i) => {
    const verb = firstKey(command);
    if (verb === undefined || !isQuery(verb)) return;
    const path = `nftables[${i}]`;
    const [, value] = soleKey(command, path, 'a command');
    queries.push(compileQuery(verb, value, `${path}.${verb}`, i, family));
  });
  return queries;
}

const KEYS = ['family', 'table', 'chain', 'name', 'handle', 'elem'];
/** nft's own words with a space. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['flow tables', 'flowtables'],
  ['flow table', 'flowtable'],
]);

function compileQuery(verb: 'list' | 'reset', value: unknown, path: string, command: number, family?: Family): Query {
  const [word, body] = soleKey(value, path, `what to ${verb}`);
  const kind = synonyms.get(word) ?? word;
  const known: readonly string[] = verb === 'list' ? listKinds : resetKinds;
  if (!known.includes(kind))
    throw wrongValue(path, `there is no ${show(word)} to ${verb}; known are ${known.join(', ')}`);
  const at = `${path}${property(word)}`;
  if (body !== null && !isObject(body)) throw wrongType(at, 'must be an object or null', body);
  const said: JsonObject = body === null ? {} : checkObject(body, at, KEYS);
  const filter = { ...(kind.endsWith('s') || family === undefined ? {} : { family }), ...said, kind };
  if (verb === 'reset') return { command, reset: checkReset(filter as ResetFilter, at) };
  const { elem: _, handle: __, ...listed } = filter as JsonObject;
  return { command, list: checkFilter(listed as NftFilter, at) };
}
