/** What a register holds, as a JSON expression: the decompiler's form of payload, meta, ct, and of operations on them. */

import { fromBig } from './bigs.js';
import { type Order, toNumber } from './bytes.js';
import { ctNamed } from './ct.js';
import { type Type, typeOf, untyped } from './datatypes.js';
import { describeExtension, extensionOfMask } from './exthdr.js';
import { flagsOf } from './flags.js';
import { metaNamed, metaType } from './meta.js';
import { completeField, fieldsOfMask, rawBase, rawPort } from './payload.js';
import type { Field, Protocol } from './protocols.js';
import type { RuleReader } from './reader.js';
import type { Leaf, Operation, Tree } from './tree.js';

/** A leaf by its name. */
export interface Named {
  readonly json: unknown;
  readonly type: Type;
  /** How constants beside it are written; of things read in network order always that. */
  readonly order: Order;
  readonly bits: number;
  readonly header?: { readonly protocol: Protocol; readonly field: Field } | undefined;
}

export interface Described extends Named {
  readonly leaf: Leaf;
  readonly operations: readonly Operation[];
}

/** With all its operations, as a value or a part of a key: nft leaves those out that take a field from its bytes, where it is a part: of a concatenation, or an element. */
export function describe(reader: RuleReader, tree: Tree, place: 'value' | 'part' = 'value'): Described {
  const named = nameLeaf(reader, tree.leaf);
  const [first] = tree.operations;
  if (place === 'part' && tree.leaf.kind === 'payload' && first?.op === '&') {
    const [field] = fieldsOfMask(reader.known, tree.leaf, first);
    if (field !== undefined) {
      const part = nameLeaf(reader, field.leaf);
      return withOperations(reader, part, field.leaf, tree.operations.slice(1));
    }
  }
  return withOperations(reader, named, tree.leaf, tree.operations);
}

export function withOperations(
  reader: RuleReader,
  named: Named,
  leaf: Leaf,
  operations: readonly Operation[],
): Described {
  let { json, order } = named;
  // nft gives what it reads of a header no order; what is turned has none if it had one, and else the machine's.
  let ordered = leaf.kind !== 'payload';
  for (const operation of operations) {
    if (operation.op === 'byteorder') {
      order = ordered ? 'big' : 'host';
      ordered = !ordered;
    } else if ('by' in operation) json = { [operation.op]: [json, operation.by] };
    else json = { [operation.op]: [json, constantJson(reader, operation.value, operation.bits, { ...named, order })] };
  }
  return { json, type: named.type, order, bits: named.bits, header: named.header, leaf, operations };
}

/** Without names: header fields as raw bytes, constants without a type. */
export function describeRaw(reader: RuleReader, tree: Tree): unknown {
  const { leaf } = tree;
  const named = leaf.kind === 'payload' ? nameUnknown(leaf) : nameLeaf(reader, leaf, false);
  const type = untyped(leaf.bits);
  return withOperations(reader, { ...named, type, order: 'big' }, leaf, tree.operations).json;
}

function nameUnknown(leaf: Extract<Leaf, { kind: 'payload' }>): Named {
  const port = rawPort(leaf);
  return port === undefined ? nameRaw(leaf) : nameField(port, leaf.bits);
}

/** A number as it stands in the bytes, as its type writes it: flags as the `|` of them, as a list, or several as their number. */
export function constantJson(
  reader: RuleReader,
  value: bigint,
  bits: number,
  { type, order }: Pick<Named, 'type' | 'order'>,
  flags: 'operation' | 'list' | 'number' = 'operation',
): unknown {
  const address = type.datatype.order === 'big' && type.datatype.prefix === true;
  const length = (Math.max(bits, address ? type.datatype.bits : 0) + 7) >> 3;
  const bytes = fromBig(value, length, 'big');
  // A name without its end is the beginning of names.
  if (type.datatype.text === true && bytes.at(-1) !== 0) return `${Buffer.from(bytes).toString()}*`;
  // What was turned is written as if it had not been; but names are looked for in the bytes as they are.
  const turned = type.datatype.text !== true && order !== type.order && length > 1;
  const own = turned ? bytes.toReversed() : bytes;
  const as: Type = type.bits === length * 8 ? type : { datatype: type.datatype, bits: length * 8, order: type.order };
  if (turned && type.datatype.symbols === true) {
    const name = type.datatype.format(bytes, as, reader.names);
    if (typeof name === 'boolean') return name;
    const number = toNumber(own, type.order);
    if (typeof name === 'number') return number;
    // Of realms the number is text, too.
    return /^\d+$/.test(String(name)) ? String(number) : name;
  }
  if (turned && type.datatype.flags !== undefined && type.datatype.name !== 'ct_label' && value !== 0n)
    return bitNumbers(value).reduce<unknown>(
      (json, bit) => (json === undefined ? bit : { '|': [json, bit] }),
      undefined,
    );
  if (type.datatype.flags === undefined || value === 0n) return type.datatype.format(own, as, reader.names);
  const names = flagsOf(own, as, reader.names);
  if (flags === 'number') return names.length === 1 ? names[0] : toNumber(own, type.order);
  if (flags === 'list') return names.length === 1 ? names[0] : names;
  return names.slice(1).reduce<unknown>((json, name) => ({ '|': [json, name] }), names[0]);
}

/** The bits of a number, each as its own. */
function bitNumbers(value: bigint): readonly number[] {
  const bits: number[] = [];
  for (let bit = 1n; bit <= value; bit <<= 1n) if ((value & bit) !== 0n) bits.push(Number(bit));
  return bits;
}

/** Names a leaf; what was matched only to prepare it is dropped, unless not `used`. */
export function nameLeaf(reader: RuleReader, leaf: Leaf, used: boolean = true): Named {
  switch (leaf.kind) {
    case 'payload':
      return namePayload(reader, leaf);
    case 'extension': {
      const { carrier, json, type } = describeExtension(leaf.exthdr, leaf.part?.offset, leaf.part?.bits);
      if (carrier !== undefined && used) reader.drop('network');
      const index = leaf.exthdr.op === 'tcpopt' && used ? reader.preparations.takeForOption() : undefined;
      if (index !== undefined) reader.remove(index);
      return { json, type, order: 'big', bits: leaf.bits };
    }
    case 'meta': {
      const name = metaNamed(leaf.key);
      const type = name === undefined ? typeOf('integer') : metaType(name);
      return { json: { meta: { key: name ?? leaf.key } }, type, order: type.order, bits: leaf.bits };
    }
    case 'ct': {
      const named = ctNamed(leaf.key, reader.family, reader.known.network?.name);
      const direction = leaf.direction === undefined ? {} : { dir: leaf.direction };
      const type = named?.type ?? typeOf('integer', leaf.bits);
      return { json: { ct: { key: named?.name ?? leaf.key, ...direction } }, type, order: type.order, bits: leaf.bits };
    }
    case 'named':
      return { json: leaf.json, type: leaf.type, order: leaf.type.order, bits: leaf.bits };
  }
}

function namePayload(reader: RuleReader, leaf: Extract<Leaf, { kind: 'payload' }>): Named {
  const header = completeField(reader.known, leaf);
  if (header === undefined) return nameRaw(leaf);
  const index = reader.preparations.takeFor(header.protocol, header.field, false);
  if (index !== undefined) reader.remove(index);
  return nameField(header, leaf.bits);
}

export function nameField(header: NonNullable<Named['header']>, bits: number): Named {
  const { protocol, field } = header;
  const json = { payload: { protocol: protocol.name, field: field.name } };
  return { json, type: field.type, order: 'big', bits, header };
}

export function nameRaw({ base, offset, bits }: Extract<Leaf, { kind: 'payload' }>): Named {
  const json = { payload: { base: rawBase[base], offset, len: bits } };
  return { json, type: typeOf('integer', bits, 'big'), order: 'big', bits };
}

/** The leaf that a mask of it means, if it is one part of it by name; and by how much values stand higher. */
export function leafOfMask(
  reader: RuleReader,
  leaf: Leaf,
  mask: Extract<Operation, { value: bigint }>,
): { readonly leaf: Leaf; readonly shift: number; readonly found: boolean } | undefined {
  if (leaf.kind === 'payload') {
    const [part] = fieldsOfMask(reader.known, leaf, mask);
    return part === undefined ? undefined : { ...part, found: true };
  }
  return leaf.kind === 'extension' ? extensionOfMask(leaf, mask) : undefined;
}
