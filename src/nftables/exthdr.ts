/**
 * `{"exthdr": {"name": "frag", "field": "id"}}`, and its kin: `ip option`, `tcp option`, `sctp chunk`. Without a field, whether the
 * header is there, which is compared with true or false. A TCP option by number: `{"tcp option": {"base": 19, "offset": 16, "len": 8}}`.
 */

import type { RuleContext } from './context.js';
import { type Type, typeOf } from './datatypes.js';
import { requireProtocol } from './dependencies.js';
import { checkObject, checkString, checkUint, isObject, show, soleKey, wrongType, wrongValue } from './errors.js';
import { type Extension, type ExtensionField, type ExtensionOp, extensions } from './extensions.js';
import { protocolNamed } from './protocols.js';
import type { RuleReader } from './reader.js';
import { wordOf } from './registers.js';
import type { Selector } from './selector.js';
import type { Expression } from './wire.js';

type Exthdr = Extract<Expression, { type: 'exthdr' }>;

/** The JSON's word, and the protocol that a match must say first; the kernel looks by itself whether a packet is TCP or SCTP. */
const carriers: Readonly<Record<ExtensionOp, readonly [json: string, protocol?: string]>> = {
  ipv6: ['exthdr', 'ip6'],
  ipv4: ['ip option', 'ip'],
  tcpopt: ['tcp option'],
  sctp: ['sctp chunk'],
};

export const extensionWords: readonly (readonly [json: string, op: ExtensionOp])[] = (
  Object.keys(carriers) as ExtensionOp[]
).map((op) => [carriers[op][0], op]);

/** What stands where. */
interface Place {
  readonly kind: number;
  readonly offset: number;
  readonly bits: number;
  readonly type: Type;
  readonly present: boolean;
  readonly routing?: number;
}

export function compileExtension(op: ExtensionOp): (value: unknown, path: string) => Selector {
  return (value, path) => {
    const place = placeOf(op, value, path);
    const { start, length, shift } = bytesOf(place);
    const flags = place.present ? { flags: ['present' as const] } : {};
    return {
      type: place.type,
      bytes: length,
      shift,
      prepare: (context) => requireCarrier(context, op, path),
      load: (dreg) => [{ type: 'exthdr', dreg, kind: place.kind, offset: start, len: length, op, ...flags }],
    };
  };
}

function requireCarrier(context: RuleContext, op: ExtensionOp, path: string): void {
  const protocol = carriers[op][1];
  if (protocol !== undefined) requireProtocol(context, protocolNamed(protocol)!, path);
}

function bytesOf({ offset, bits }: Pick<Place, 'offset' | 'bits'>): {
  readonly start: number;
  readonly length: number;
  readonly shift: number;
} {
  const start = offset >> 3;
  const end = (offset + bits + 7) >> 3;
  return { start, length: end - start, shift: end * 8 - offset - bits };
}

function placeOf(op: ExtensionOp, value: unknown, path: string): Place {
  if (!isObject(value)) throw wrongType(path, 'must be an object', value);
  if (op === 'tcpopt' && 'base' in value) return rawOption(value, path);
  const object = checkObject(value, path, ['name', 'field', 'offset']);
  const name = checkString(object['name'], `${path}.name`);
  const block = op === 'tcpopt' ? (/^sack([0-3])$/.exec(name)?.[1] ?? '') : '';
  const known = block === '' ? name : 'sack';
  const found = extensions[op].find((item) => item.name === known);
  if (found === undefined)
    throw wrongValue(
      `${path}.name`,
      `${show(name)} is not one of ${extensions[op].map((item) => item.name).join(', ')}`,
    );
  if (object['field'] === undefined) return { ...presenceOf(found), present: true };
  const field = fieldOf(found, checkString(object['field'], `${path}.field`), block, object['offset'], path);
  return { kind: found.kind, offset: field.offset, bits: field.bits, type: field.type, present: false };
}

function fieldOf(found: Extension, name: string, block: string, index: unknown, path: string): ExtensionField {
  const wanted =
    found.routing === 0 && name === 'addr'
      ? `addr[${index === undefined ? 0 : checkUint(index, `${path}.offset`, 126)}]`
      : `${name}${block === '0' ? '' : block}`;
  const field = found.fields.find((item) => item.name === wanted) ?? found.fields.find((item) => item.name === name);
  if (field === undefined)
    throw wrongValue(
      `${path}.field`,
      `${found.name} has no field ${show(name)}; it has ${found.fields.map((item) => item.name).join(', ')}`,
    );
  return field;
}

/** The kernel is asked for the first byte, and answers whether there is one. */
function presenceOf({ kind }: Extension): Omit<Place, 'present'> {
  return { kind, offset: 0, bits: 8, type: typeOf('boolean') };
}

function rawOption(value: Readonly<Record<string, unknown>>, path: string): Place {
  const object = checkObject(value, path, ['base', 'offset', 'len']);
  const kind = checkUint(object['base'], `${path}.base`, 0xff);
  const offset = checkUint(object['offset'], `${path}.offset`, 0xffff);
  // Without bits the option itself is meant.
  const bits = checkUint(object['len'], `${path}.len`, 128);
  const present = offset === 0 && (bits === 8 || bits === 0);
  return { kind, offset, bits: bits || 8, type: present ? typeOf('boolean') : typeOf('integer', bits, 'big'), present };
}

/** The expression that writes what is in register 1, and what it may be. */
export function extensionWrite(
  context: RuleContext,
  op: ExtensionOp,
  value: unknown,
  path: string,
): { readonly type: Type; readonly write: Exthdr } {
  const place = placeOf(op, value, path);
  requireCarrier(context, op, path);
  const { start, length, shift } = bytesOf(place);
  if (place.present || shift !== 0 || length * 8 !== place.bits) throw wrongValue(path, 'cannot be written');
  return { type: place.type, write: { type: 'exthdr', sreg: 1, kind: place.kind, offset: start, len: length, op } };
}

/** `{"reset": {"tcp option": {"name": "mptcp"}}}`: strips the option. */
export function compileStrip(context: RuleContext, value: unknown, path: string): void {
  const [word, operand] = soleKey(value, path, '{"tcp option": {"name": ...}}');
  if (word !== 'tcp option') throw wrongValue(path, 'only a TCP option can be stripped');
  const { kind } = placeOf('tcpopt', operand, `${path}["tcp option"]`);
  requireCarrier(context, 'tcpopt', path);
  context.act({ type: 'exthdr', kind, op: 'tcpopt' });
}

// Back from expressions.

export function readExtension(reader: RuleReader, exthdr: Exthdr): void {
  const carrier = carriers[exthdr.op ?? 'ipv6'];
  if (carrier === undefined) return reader.unknown('exthdr');
  const { offset = 0, len = 0 } = exthdr;
  const base = carrier[1] === undefined ? {} : { base: protocolNamed(carrier[1])!.base };
  if (exthdr.dreg !== undefined) {
    const { json, type } = describeExtension(exthdr, offset * 8, len * 8);
    return reader.setNamed(exthdr.dreg, json, type, { ...base, exthdr });
  }
  if (exthdr.sreg === undefined) {
    return reader.act({ reset: describeExtension({ ...exthdr, flags: ['present'] }, 0, 8).json });
  }
  const value = reader.registers.get(wordOf(exthdr.sreg));
  if (value === undefined) return reader.unknown('exthdr');
  const { json, type } = describeExtension(exthdr, offset * 8, len * 8);
  if (base.base !== undefined) reader.drop(base.base);
  reader.mangle(json, reader.value(value, type));
}

/** These bits of the header, by name where they have one. */
export function describeExtension(
  exthdr: Exthdr,
  offset: number,
  bits: number,
): { readonly json: unknown; readonly type: Type; readonly field?: ExtensionField } {
  const op = exthdr.op ?? 'ipv6';
  const [word] = carriers[op as ExtensionOp];
  const present = exthdr.flags?.includes('present') === true;
  const candidates = extensions[op as ExtensionOp].filter((item) => item.kind === exthdr.kind);
  if (present) {
    const [found] = candidates;
    if (found !== undefined) return { json: { [word]: { name: found.name } }, type: typeOf('boolean') };
    return { json: { [word]: { base: exthdr.kind, offset: 0, len: 8 } }, type: typeOf('boolean') };
  }
  for (const found of candidates) {
    const field = found.fields.find((item) => item.offset === offset && item.bits === bits);
    if (field !== undefined)
      return { json: { [word]: nameJson(op as ExtensionOp, found, field) }, type: field.type, field };
  }
  return { json: { [word]: { base: exthdr.kind, offset, len: bits } }, type: typeOf('integer', bits, 'big') };
}

function nameJson(op: ExtensionOp, found: Extension, field: ExtensionField): object {
  const block = op === 'tcpopt' ? field.offset >> 6 : 0;
  const name = `${found.name}${block === 0 ? '' : block}`;
  return { name, field: op === 'tcpopt' ? field.name.replace(/[1-3]$/, '') : field.name };
}
