/** Lookups back from expressions: a match against a set, a map's value, a verdict map. */

import { toNumber } from './bytes.js';
import { type Type, typesOfId } from './datatypes.js';
import { type Described, describe } from './describe.js';
import { decompileElements, type FieldView, wholeField } from './elements.js';
import { completeField } from './payload.js';
import type { Loaded, ReadableSet, RuleReader } from './reader.js';
import { REGISTER_WORDS, wordOf, wordsFor } from './registers.js';
import { unmask } from './relations.js';
import { dataTypesOf, presenceAsField } from './set-types.js';
import type { Tree } from './tree.js';
import { decode, findNumber, setAttribute } from './userdata.js';
import type { Expression, SetDefinition } from './wire.js';

export function readLookup(reader: RuleReader, lookup: Extract<Expression, { type: 'lookup' }>): void {
  const set = reader.findSet(lookup.set);
  const trees = keyTrees(reader, lookup.sreg, set?.definition.keyLen);
  if (trees.length === 0) return reader.unknown('lookup');
  if (lookup.dreg === undefined) {
    learnMessage(reader, trees, set);
    const { json, data } = readKey(reader, trees, lookup.set, set, 'match');
    reader.match(lookup.flags?.includes('inv') === true ? '!=' : '==', json, data);
    return;
  }
  const read = (): unknown => {
    const { json, data } = readKey(reader, trees, lookup.set, set, 'map');
    return { key: json, data };
  };
  if (lookup.dreg === 0) return reader.act({ vmap: read() });
  // The map's data may be wider than one word, and what was there is gone.
  const first = wordOf(lookup.dreg);
  const after = Math.min(REGISTER_WORDS, first + wordsFor(set?.definition.dataLen ?? 8));
  for (let word = first; word < after; word++) reader.registers.delete(word);
  reader.set(lookup.dreg, { kind: 'map', read });
}

/** The values that make up a key of `length` bytes, side by side from a register on. */
export function keyTrees(reader: RuleReader, register: number, length: number | undefined): readonly Tree[] {
  const trees: Tree[] = [];
  let word = wordOf(register);
  let bytes = 0;
  do {
    const loaded: Loaded | undefined = reader.registers.get(word);
    if (loaded?.kind !== 'tree' || loaded.leaf.bits === 0) return trees;
    trees.push(loaded);
    const words = wordsFor((loaded.leaf.bits + 7) >> 3);
    word += words;
    bytes += words * 4;
  } while (length !== undefined && bytes < length);
  return trees;
}

/** A key of what packets write to a set, or of what is hashed. */
export function keyJson(reader: RuleReader, trees: readonly Tree[], element: boolean = false): unknown {
  return joined(describeKey(reader, trees, element));
}

const describeKey = (reader: RuleReader, trees: readonly Tree[], element: boolean): readonly Described[] =>
  trees.map((tree) => describe(reader, tree, trees.length > 1 || element ? 'part' : 'value'));

const joined = (parts: readonly Described[]): unknown =>
  parts.length === 1 ? parts[0]!.json : { concat: parts.map(({ json }) => json) };

/** The key, and `@name` or what a set written in the rule holds. */
export function readKey(
  reader: RuleReader,
  trees: readonly Tree[],
  name: string,
  set: ReadableSet | undefined,
  use: 'match' | 'map',
): { readonly json: unknown; readonly data: unknown } {
  let parts = describeKey(reader, trees, false);
  let shift = 0;
  const [single] = parts;
  const [first] = trees;
  // Of maps nft takes no shift for a part of the mask.
  const masks = use === 'match' || first!.operations.length === 1;
  if (parts.length === 1 && masks && (use === 'match' || first!.leaf.kind === 'payload')) {
    const { left, shift: by } = unmask(reader, single!);
    parts = [left];
    shift = by;
  }
  const json = joined(parts);
  if (set?.definition.flags?.includes('anonymous') !== true) return { json, data: `@${name}` };
  const { definition, elements } = set;
  const data = dataTypesOf(definition);
  const interval = definition.flags?.includes('interval') === true;
  const fields = fieldViews(definition, parts, shift);
  return { json, data: { set: decompileElements(elements ?? [], fields, data, interval, reader.names) } };
}

/** How an anonymous set's keys are read: as the set says, or as what is looked up where nft says that in the set. */
function fieldViews(definition: SetDefinition, parts: readonly Described[], shift: number): readonly FieldView[] {
  const { keyType = 0, keyLen = 0, userdata } = definition;
  const types = typesOfId(keyType, keyLen);
  if (types.length === 1) {
    const [type] = presenceAsField(types, userdata) as [Type];
    const order = findNumber(userdata, setAttribute.keyByteorder);
    const said: Type = { ...type, order: order === 1 ? 'host' : order === 2 ? 'big' : type.order };
    const bits = shift > 0 ? parts[0]!.bits : said.bits;
    return [{ type: { ...said, bits }, bytes: keyLen, shift }];
  }
  const described = describedFields(userdata) === types.length;
  // Of a number that the set does not describe nft knows no length, and reads none of it.
  if (!described || parts.length !== types.length)
    return types.map((type) => wholeField(type.datatype.name === 'integer' ? { ...type, bits: 0 } : type));
  return presenceAsField(types, userdata).map((type, i) => {
    const { bits, order, type: said } = parts[i]!;
    return wholeField(
      type.datatype.name === 'integer'
        ? { datatype: said.datatype.name === 'boolean' ? type.datatype : said.datatype, bits, order }
        : { ...type, bits: Math.max(type.bits, 1) },
    );
  });
}

/** The fields of a concatenation that a set's user data describes: all, or those up to one that nft had no word for. */
function describedFields(userdata: Uint8Array | undefined): number {
  const description = decode(userdata).find(({ type }) => type === setAttribute.keyTypeof);
  const fields = decode(description?.value).find(({ type }) => type === 1);
  return decode(fields?.value).filter(({ value }) => decode(value).some(({ type }) => type === 1)).length;
}

/** `icmp type { echo-reply, echo-request }` says which fields the message has. */
function learnMessage(reader: RuleReader, trees: readonly Tree[], set: ReadableSet | undefined): void {
  const [tree] = trees;
  if (trees.length !== 1 || tree!.operations.length > 0 || tree!.leaf.kind !== 'payload') return;
  if (set?.definition.flags?.includes('anonymous') !== true || set.definition.flags.includes('interval')) return;
  const header = completeField(reader.known, tree!.leaf);
  const icmp = header?.protocol.name === 'icmp' || header?.protocol.name === 'icmpv6';
  const values = (set.elements ?? []).flatMap(({ key }) =>
    key?.value?.length === 1 ? [toNumber(key.value, 'big')] : [],
  );
  if (!icmp || header?.field.key !== true || values.length === 0 || reader.known.message) return;
  reader.known.message = Math.min(...values);
}
