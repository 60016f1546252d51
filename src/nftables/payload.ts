/** `{"payload": {"protocol": "tcp", "field": "dport"}}`, and raw: `{"payload": {"base": "th", "offset": 16, "len": 16}}`. */

import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { type Type, typeOf } from './datatypes.js';
import { requireMessage, requireProtocol } from './dependencies.js';
import { checkObject, checkString, checkUint, isObject, oneOf, show, wrongType, wrongValue } from './errors.js';
import { messageOf, type Packet } from './packet.js';
import { type Field, fieldNamed, type Protocol, protocolNamed, protocols, type RawBase } from './protocols.js';
import { fieldSteps, loads, type Selector } from './selector.js';
import type { Leaf } from './tree.js';
import { type Attribute, nested, uint32 } from './userdata.js';

const bases: Readonly<Record<'ll' | 'nh' | 'th' | 'ih', RawBase>> = {
  ll: 'link',
  nh: 'network',
  th: 'transport',
  ih: 'inner',
};
export const rawBase: Readonly<Record<RawBase, 'll' | 'nh' | 'th' | 'ih'>> = {
  link: 'll',
  network: 'nh',
  transport: 'th',
  inner: 'ih',
};

/** nft's numbers for expressions in `typeof` user data. */
const TYPEOF_PAYLOAD = 7;

export function compilePayload(value: unknown, path: string, context: RuleContext): Selector {
  if (!isObject(value)) throw wrongType(path, 'must be an object', value);
  if ('base' in value) return compileRaw(value, path);
  const [protocol, field] = payloadField(value, path);
  return compileField(protocol, field, path, context);
}

/** The protocol and field that a named payload expression means. */
export function payloadField(value: unknown, path: string): [Protocol, Field] {
  const object = checkObject(value, path, FIELD_KEYS);
  const protocol = protocolNamed(object['protocol']);
  if (protocol === undefined) {
    const name = checkString(object['protocol'], `${path}.protocol`);
    throw wrongValue(`${path}.protocol`, `${show(name)} is not one of ${namesOf(protocols)}`);
  }
  const field = fieldNamed(protocol, object['field']);
  if (field === undefined) {
    const name = checkString(object['field'], `${path}.field`);
    throw wrongValue(
      `${path}.field`,
      `${protocol.name} has no field ${show(name)}; it has ${namesOf(protocol.fields)}`,
    );
  }
  return [protocol, field];
}

const FIELD_KEYS = ['protocol', 'field'];

const namesOf = (list: readonly { readonly name: string }[]): string => list.map(({ name }) => name).join(', ');

function compileField(protocol: Protocol, field: Field, path: string, context: RuleContext): Selector {
  const start = requireField(context, protocol, field, path);
  if (start > 0) return fieldSelector(protocol, field, start >> 3);
  let selector = selectors.get(field);
  if (selector === undefined) {
    selector = fieldSelector(protocol, field, 0);
    selectors.set(field, selector);
  }
  return selector;
}

/** Of fields of headers that begin where their layer does: made once. */
const selectors: Map<Field, Selector> = new Map();

/** `start`: bytes from its layer's start. */
function fieldSelector(protocol: Protocol, field: Field, start: number): Selector {
  const { base } = protocol;
  const { type } = field;
  const span = bytesAround(field.offset, field.bits);
  const offset = start + span.offset;
  const load = loads((dreg, bytes) => [{ type: 'payload', dreg, base, offset, len: bytes ?? span.length }]);
  const typeofData: Selector['typeofData'] = () => {
    const length = type.datatype.name === 'integer' ? [uint32(4, field.bits)] : [];
    return [uint32(0, TYPEOF_PAYLOAD), nested(1, [uint32(0, protocol.id), uint32(1, field.index), ...length])];
  };
  if (!span.whole) return { type, steps: fieldSteps(field.bits, span.shift), load, typeofData };
  return {
    type,
    payload: { base, offset, key: field.key },
    load,
    typeofData,
    learn: (value, known) => known.learnField(base, field, toNumber(value, 'big')),
  };
}

/** Where the field's header begins: bits from its layer's start. */
export function requireField(context: RuleContext, protocol: Protocol, field: Field, path: string): number {
  const start = requireProtocol(context, protocol, path);
  requireMessage(context, protocol, field, path);
  return start;
}

/** Bits of a raw load; those of the ports, wherever they are read, are ports. */
export function rawType(base: RawBase, offset: number, bits: number): Type {
  const port = base === 'transport' && bits === 16 && (offset === 0 || offset === 16);
  return port ? typeOf('inet_service') : typeOf('integer', bits, 'big');
}

/** `{"base": "th", "offset": 16, "len": 16}`: in bits. */
export function rawPlace(value: unknown, path: string): { base: RawBase; offset: number; length: number } {
  const object = checkObject(value, path, ['base', 'offset', 'len']);
  const base = bases[oneOf(object['base'], `${path}.base`, ['ll', 'nh', 'th', 'ih'])];
  const offset = checkUint(object['offset'], `${path}.offset`, 0xffff);
  const length = checkUint(object['len'], `${path}.len`, 128);
  if (length === 0) throw wrongValue(`${path}.len`, 'must be at least 1 bit');
  return { base, offset, length };
}

function compileRaw(value: unknown, path: string): Selector {
  const { base, offset: bit, length: bits } = rawPlace(value, path);
  const { offset, length, shift, whole } = bytesAround(bit, bits);
  const type = rawType(base, bit, bits);
  const load: Selector['load'] = (dreg, bytes) => [{ type: 'payload', dreg, base, offset, len: bytes ?? length }];
  const typeofData: Selector['typeofData'] = () => [uint32(0, TYPEOF_PAYLOAD), nested(1, rawTypeof(base, bit, bits))];
  if (!whole) return { type, steps: fieldSteps(bits, shift), load, typeofData };
  return { type, payload: { base, offset, key: false }, load, typeofData };
}

/** nft's numbers of the layers, from 1. */
const baseNumbers: Readonly<Record<RawBase, number>> = { link: 1, network: 2, transport: 3, inner: 4 };

function rawTypeof(base: RawBase, bit: number, bits: number): readonly Attribute[] {
  if (rawType(base, bit, bits).datatype.name === 'inet_service') {
    const th = protocolNamed('th')!;
    return [uint32(0, th.id), uint32(1, bit === 0 ? 1 : 2)];
  }
  return [uint32(0, 0), uint32(1, 0), uint32(2, baseNumbers[base]), uint32(3, bit), uint32(4, bits)];
}

export interface Span {
  /** Bytes from the header's start, and how many. */
  readonly offset: number;
  readonly length: number;
  /** Bits below the field in those bytes. */
  readonly shift: number;
  /** Nothing else is in those bytes. */
  readonly whole: boolean;
}

/** Whole bytes around a run of bits. */
export function bytesAround(bit: number, bits: number): Span {
  const offset = bit >> 3;
  const end = (bit + bits + 7) >> 3;
  return { offset, length: end - offset, shift: end * 8 - bit - bits, whole: bit % 8 === 0 && bits % 8 === 0 };
}

// Back from expressions.

type PayloadLeaf = Extract<Leaf, { kind: 'payload' }>;

export interface Header {
  readonly protocol: Protocol;
  readonly field: Field;
}

/** The headers that can hold these bits: of stacked ones the one that does; and how far from the base it begins. */
function headerAt(
  known: Packet,
  { base, offset }: PayloadLeaf,
): readonly [protocol: Protocol, start: number] | undefined {
  const protocol = known.at(base);
  if (protocol === undefined || protocol.base !== base || protocol.name === 'inet') return undefined;
  if (base !== 'link' || offset < (protocol.length ?? 0)) return [protocol, 0];
  let start = 0;
  for (const before of known.links) {
    if (offset - start < before.length!) return [before, start];
    start += before.length!;
  }
  return [protocol, start];
}

/** Of fields in the same place the one that such a message has. */
const inMessage = (known: Packet, field: Field): boolean =>
  field.messages === undefined || !known.message || known.message === messageOf(field);

/** The field that is exactly these bits. */
export function completeField(known: Packet, leaf: PayloadLeaf): Header | undefined {
  const [protocol, start] = headerAt(known, leaf) ?? [];
  const field = protocol?.fields.find(
    (item) => item.offset === leaf.offset - start! && item.bits === leaf.bits && inMessage(known, item),
  );
  if (field !== undefined) return { protocol: protocol!, field };
  return rawPort(leaf);
}

/** Ports, whatever the protocol. */
export function rawPort({ base, offset, bits }: PayloadLeaf): Header | undefined {
  const th = protocolNamed('th')!;
  const port = rawType(base, offset, bits).datatype.name === 'inet_service';
  return port ? { protocol: th, field: th.fields[offset === 0 ? 0 : 1]! } : undefined;
}

/** A part of what was loaded. */
export interface Part {
  readonly leaf: PayloadLeaf;
  /** Bits below it. */
  readonly shift: number;
}

/** The fields, side by side, that a mask leaves of what was loaded: one run of ones that is theirs exactly. */
export function fieldsOfMask(
  known: Packet,
  leaf: PayloadLeaf,
  { value, bits }: { readonly value: bigint; readonly bits: number },
): readonly Part[] {
  const [protocol, start] = headerAt(known, leaf) ?? [];
  if (protocol === undefined) return [];
  const low = lowestOne(value);
  const high = low + runLength(value >> BigInt(low));
  const first = leaf.offset + bits - high;
  let left = leaf.bits;
  let at = first - start!;
  let length = 0;
  for (const field of protocol.fields) {
    if (field.offset !== at) continue;
    if (field.bits > left) return [];
    left -= field.bits;
    at += field.bits;
    length += field.bits;
    if (left === 0) return [];
    if (low + length === high) return [{ leaf: { ...leaf, offset: first, bits: length }, shift: low }];
  }
  return [];
}

function lowestOne(value: bigint): number {
  let bit = 0;
  while (value !== 0n && ((value >> BigInt(bit)) & 1n) === 0n) bit++;
  return bit;
}

function runLength(value: bigint): number {
  let bits = 0;
  while (((value >> BigInt(bits)) & 1n) === 1n) bits++;
  return bits;
}

/** The fields of which a load consists, the last perhaps in part; the rest is raw. */
export function expandPayload(
  known: Packet,
  leaf: PayloadLeaf,
): readonly { readonly header?: Header; readonly leaf: PayloadLeaf }[] {
  const [protocol, start] = headerAt(known, leaf) ?? [];
  const parts: { header?: Header; leaf: PayloadLeaf }[] = [];
  let { offset, bits } = leaf;
  for (const field of protocol?.fields ?? []) {
    if (field.offset !== offset - start! || !inMessage(known, field)) continue;
    const taken = Math.min(field.bits, bits);
    parts.push({ header: { protocol: protocol!, field }, leaf: { ...leaf, offset, bits: taken } });
    offset += taken;
    bits -= taken;
    if (bits === 0) return parts;
  }
  const rest: PayloadLeaf = { ...leaf, offset, bits };
  const port = rawPort(rest);
  return [...parts, { leaf: rest, ...(port === undefined ? {} : { header: port }) }];
}
