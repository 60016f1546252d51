/** The kernel's objects to libnftables-json, as `nft -j list ruleset` prints them. */

import type { Names } from './datatypes.js';
import { type ReadableSet, RuleReader } from './reader.js';
import { readExpression } from './statements.js';
import { findComment } from './userdata.js';
import type { Rule } from './wire.js';

export { decompileChain } from './chains.js';
export { decompileFlowtable } from './flowtables.js';
export { decompileObject } from './objects.js';
export { decompileSet } from './sets.js';
export { decompileTable } from './tables.js';

export interface DecompileOptions extends Names {
  /** A set of the rule's table: needed for anonymous sets, with their elements, and for concatenated keys. */
  readonly findSet?: ((name: string) => ReadableSet | undefined) | undefined;
}

export function decompileRule(
  rule: Rule,
  options: DecompileOptions = {},
): { readonly rule: Readonly<Record<string, unknown>> } {
  const text = findComment(rule.userdata);
  const reader = new RuleReader(rule.family, rule.expressions ?? [], options, options.findSet ?? (() => undefined));
  const { family, table, chain, handle } = rule;
  // In nft's order; a spread for each part would cost as much as the rest.
  const listed: Record<string, unknown> = { family, table, chain };
  if (handle !== undefined) listed['handle'] = handle;
  if (text !== undefined) listed['comment'] = text;
  listed['expr'] = reader.read(readExpression);
  return { rule: listed };
}
