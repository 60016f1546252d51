/** `{"mangle": {"key": ..., "value": ...}}`: writes a header field, a mark, a conntrack property. */

import { parseConstant } from './bitwise.js';
import { and, not, ones, shiftInto, shiftOut } from './bytes.js';
import type { RuleContext } from './context.js';
import { ctReference } from './ct.js';
import type { Type } from './datatypes.js';
import { requireMessage, requireProtocol } from './dependencies.js';
import { describeFieldAt } from './describe.js';
import { checkObject, isObject, soleKey, wrongValue } from './errors.js';
import { compileSelector } from './expressions.js';
import { extensionWords, extensionWrite } from './exthdr.js';
import { compileMap } from './lookup.js';
import { metaKey, metaType } from './meta.js';
import { compileReference } from './objref.js';
import { compileRaw, payloadField } from './payload.js';
import type { Field, Protocol } from './protocols.js';
import type { RuleReader } from './reader.js';
import { registerAt } from './registers.js';
import { loadSelector, type Selector, shiftDown } from './selector.js';
import type { Expression } from './wire.js';

/** NFT_PAYLOAD_CSUM_INET, NFT_PAYLOAD_CSUM_SCTP */
const CSUM_INET = 1;
const CSUM_SCTP = 2;
/** NFT_PAYLOAD_L4CSUM_PSEUDOHDR */
const CSUM_PSEUDO_HEADER = 1;

export function compileMangle(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['key', 'value']);
  const [kind, key] = soleKey(object['key'], `${path}.key`, 'payload, meta, ct, or an option');
  const at = `${path}.key.${kind}`;
  if (kind === 'payload') return manglePayload(context, key, object['value'], at, `${path}.value`);
  if (kind === 'meta') {
    const name = metaKey(key, at);
    context.act(...compileValue(context, object['value'], `${path}.value`, metaType(name), 0), {
      type: 'meta',
      key: name,
      sreg: 1,
    });
  } else if (kind === 'ct' && nameOf(key) === 'helper') {
    compileReference('ct helper')(context, object['value'], `${path}.value`);
  } else if (kind === 'ct') {
    if (nameOf(key) === 'secmark' && isConstant(object['value']))
      throw wrongValue(`${path}.value`, 'must be read from the packet, not a constant');
    const { wire, type, direction } = ctReference(key, at, context.family);
    const set: Expression = { type: 'ct', key: wire, sreg: 1, ...(direction === undefined ? {} : { direction }) };
    context.act(...compileValue(context, object['value'], `${path}.value`, type, 0), set);
  } else {
    const op = extensionWords.find(([word]) => word === kind)?.[1];
    if (op === undefined) throw wrongValue(`${path}.key`, 'must be payload, meta, ct, or an option');
    const { type, write } = extensionWrite(context, op, key, at);
    context.act(...compileValue(context, object['value'], `${path}.value`, type, 0), write);
  }
}

const nameOf = (key: unknown): unknown => (isObject(key) ? key['key'] : key);

/** Expressions that leave the value at register word `word`: a constant, a map's, or something read. `field`: of a header. */
export function compileValue(
  context: RuleContext,
  value: unknown,
  path: string,
  type: Type,
  word: number,
  field?: boolean,
): readonly Expression[] {
  const register = registerAt(word);
  if (isObject(value) && 'map' in value) {
    return compileMap(context, checkObject(value, path, ['map'])['map'], `${path}.map`, [type], word).expressions;
  }
  if (isConstant(value))
    return [{ type: 'immediate', dreg: register, data: { value: parseConstant(value, path, type, context) } }];
  const selector = compileSelector(value, path, context);
  if (!canBecome(selector, type))
    throw wrongValue(path, `is a value of type ${selector.type.datatype.name}; ${type.datatype.name} is wanted`);
  selector.prepare?.(context);
  const load = [...loadSelector(selector, register), ...shiftDown(selector, register, path)];
  // A number of the machine's into a field of the network's, or back: nft thinks of it there, and of what `rt` says.
  const { order } = selector.type;
  if ((field !== true && load[0]!.type !== 'rt') || order === type.order) return load;
  if (selector.bytes < 2 || selector.type.datatype.text === true) return load;
  const op = order === 'host' ? 'hton' : 'ntoh';
  return [
    ...load,
    { type: 'byteorder', sreg: register, dreg: register, op, len: selector.bytes, size: selector.bytes },
  ];
}

/** A value is of the type that is wanted, or a number: in a header one as long. */
function canBecome({ type, payload, mask }: Selector, wanted: Type): boolean {
  if (type.datatype.name !== 'integer') return type.datatype === wanted.datatype;
  if (payload?.aligned !== true || mask !== undefined) return true;
  return wanted.datatype.text !== true && wanted.datatype.flags === undefined && type.bits === wanted.bits;
}

/** No packet is read for it: a value, or an operation on values. */
function isConstant(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isConstant);
  if (!isObject(value)) return true;
  const [name, operand] = Object.entries(value)[0] ?? [];
  return (name === '&' || name === '|' || name === '^') && isConstant(operand);
}

function manglePayload(context: RuleContext, key: unknown, value: unknown, path: string, valuePath: string): void {
  if (isObject(key) && 'base' in key) return mangleRaw(context, key, value, path, valuePath);
  const [protocol, field] = payloadField(key, path);
  requireProtocol(context, protocol, path);
  requireMessage(context, protocol, field, path);
  const span = writable(protocol, field);
  const write: PayloadWrite = {
    type: 'payload',
    sreg: 1,
    base: protocol.base,
    offset: span.start,
    len: span.length,
    ...checksum(protocol, field),
  };
  if (span.length * 8 === field.bits)
    return context.act(...compileValue(context, value, valuePath, field.type, 0, true), write);
  if (!isConstant(value))
    throw wrongValue(
      valuePath,
      `must be a constant: ${protocol.name} ${field.name} shares its bytes with other fields`,
    );
  context.act(...among(parseConstant(value, valuePath, field.type, context), field.bits, span.shift, write), write);
}

/** Bits among others: the bytes around them are read, and written back. */
function among(bits: Uint8Array, length: number, shift: number, write: PayloadWrite): readonly Expression[] {
  const { base, offset, len } = write;
  const mask = { value: not(shiftInto(ofBits(length), shift, len)) };
  const xor = { value: shiftInto(bits, shift, len) };
  return [
    { type: 'payload', dreg: 1, base, offset, len },
    { type: 'bitwise', sreg: 1, dreg: 1, len, mask, xor },
  ];
}

type PayloadWrite = Extract<Expression, { type: 'payload' }>;

/** Raw bits are written as they are: nft mends no checksum then. */
function mangleRaw(context: RuleContext, key: unknown, value: unknown, path: string, valuePath: string): void {
  const { type, payload, bytes, shift } = compileRaw(key, path);
  const { base, offset } = payload!;
  const write: PayloadWrite = {
    type: 'payload',
    sreg: 1,
    base,
    offset,
    len: bytes,
    csumType: 0,
    csumOffset: 0,
    csumFlags: 0,
  };
  if (payload!.aligned) return context.act(...compileValue(context, value, valuePath, type, 0, true), write);
  if (!isConstant(value)) throw wrongValue(valuePath, 'must be a constant: the bits share their bytes with others');
  context.act(...among(parseConstant(value, valuePath, type, context), type.bits, shift, write), write);
}

function ofBits(bits: number): Uint8Array {
  const bytes = ones((bits + 7) >> 3);
  if (bits % 8 !== 0) bytes[0] = 0xff >> (8 - (bits % 8));
  return bytes;
}

/** The bytes to write: whole ones, and 16-bit words where a checksum must follow. */
function writable(
  protocol: Protocol,
  field: Field,
): { readonly start: number; readonly length: number; readonly shift: number } {
  const unit = protocol.checksum === undefined ? 8 : 16;
  const start = Math.floor(field.offset / unit) * unit;
  const end = Math.ceil((field.offset + field.bits) / unit) * unit;
  return { start: start / 8, length: (end - start) / 8, shift: end - field.offset - field.bits };
}

function checksum(
  protocol: Protocol,
  field: Field,
): { readonly csumType: number; readonly csumOffset: number; readonly csumFlags: number } {
  return {
    csumType: protocol.checksum === undefined ? 0 : protocol.crc === true ? CSUM_SCTP : CSUM_INET,
    csumOffset: protocol.checksum ?? 0,
    csumFlags: protocol.pseudo?.includes(field.name) === true ? CSUM_PSEUDO_HEADER : 0,
  };
}

// Back from expressions.

export function readPayloadWrite(reader: RuleReader, write: Extract<Expression, { type: 'payload' }>): void {
  const loaded = reader.registers.get(reader.wordOf(write.sreg!));
  if (loaded === undefined) return reader.unknown('payload');
  // Load, mask and write of the same bytes: one field among them.
  if (
    loaded.kind === 'selector' &&
    loaded.source === 'payload' &&
    loaded.mask !== undefined &&
    loaded.base === write.base &&
    loaded.offset === write.offset
  ) {
    const bits = not(loaded.mask);
    const field = reader.fieldOfMask(write.base, write.offset * 8, bits);
    if (field !== undefined && loaded.xor !== undefined) {
      reader.use(field);
      const value = shiftOut(and(loaded.xor, bits), field.shift, field.type.bits);
      return reader.mangle(field.json, field.type.datatype.format(value, field.type, reader.names));
    }
  }
  const target = describeFieldAt(reader, write.base, write.offset * 8, write.len * 8, true);
  reader.use(target);
  reader.mangle(target.json, reader.value(loaded, target.type));
}
