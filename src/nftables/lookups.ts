/** Lookups back from expressions: a match against a set, a map's value, a verdict map. */

import { concat, toNumber } from './bytes.js';
import { type Type, typesOfId } from './datatypes.js';
import { type Described, describe } from './describe.js';
import { decompileElements } from './elements.js';
import { masked } from './match.js';
import { isMessageType } from './payload.js';
import type { Loaded, ReadableSet, RuleReader } from './reader.js';
import { REGISTER_WORDS, wordOf, wordsFor } from './registers.js';
import type { Expression } from './wire.js';

export function readLookup(reader: RuleReader, lookup: Extract<Expression, { type: 'lookup' }>): void {
  const set = reader.findSet(lookup.set);
  const key = keyFields(reader, lookup.sreg, set?.definition.keyLen);
  if (key.length === 0) return reader.unknown('lookup');
  const json = keyJson(key);
  const data = setJson(reader, lookup.set, set, key);
  if (lookup.dreg === undefined || lookup.dreg === 0) for (const field of key) reader.use(field);
  if (lookup.dreg === undefined) {
    learnMessages(reader, key, set);
    return reader.match(lookup.flags?.includes('inv') === true ? '!=' : '==', json, data);
  }
  if (lookup.dreg === 0) return reader.act({ vmap: { key: json, data } });
  // The map's data may be wider than one word, and what was there is gone.
  const first = wordOf(lookup.dreg);
  const after = Math.min(REGISTER_WORDS, first + wordsFor(set?.definition.dataLen ?? 8));
  for (let word = first; word < after; word++) reader.registers.delete(word);
  reader.set(lookup.dreg, { kind: 'map', json: { key: json, data }, uses: key });
}

/** The values that make up a key of `length` bytes, side by side from a register on. */
export function keyFields(reader: RuleReader, register: number, length: number | undefined): readonly Described[] {
  const fields: Described[] = [];
  let word = wordOf(register);
  let bytes = 0;
  do {
    const loaded: Loaded | undefined = reader.registers.get(word);
    if (loaded?.kind !== 'selector' || loaded.length === 0) return fields;
    fields.push(describe(reader, loaded));
    word += wordsFor(loaded.length);
    bytes += wordsFor(loaded.length) * 4;
  } while (length !== undefined && bytes < length);
  return fields;
}

export function keyJson(key: readonly Described[]): unknown {
  const parts = key.map(masked);
  return parts.length === 1 ? parts[0] : { concat: parts };
}

/** `@name`, or what an anonymous set holds. */
export function setJson(
  reader: RuleReader,
  name: string,
  set: ReadableSet | undefined,
  key: readonly Described[],
): unknown {
  if (set?.definition.flags?.includes('anonymous') !== true) return `@${name}`;
  const { definition, elements } = set;
  const data: readonly Type[] | undefined =
    definition.flags?.includes('map') === true
      ? typesOfId(definition.dataType ?? 0, definition.dataLen ?? 0)
      : undefined;
  return {
    set: decompileElements(elements ?? [], key, data, definition.flags?.includes('interval') === true, reader.names),
  };
}

/** `icmp type { echo-reply, echo-request }` says which fields the message has. */
function learnMessages(reader: RuleReader, key: readonly Described[], set: ReadableSet | undefined): void {
  const header = key.length === 1 ? key[0]!.header : undefined;
  if (header === undefined || !isMessageType(header.protocol, header.field) || set?.elements === undefined) return;
  reader.messages = set.elements.map((element) => toNumber(element.key?.value ?? concat([]), 'big'));
}
