/**
 * `{"exthdr": {"name": "frag", "field": "id"}}`, and its kin: `ip option`, `tcp option`, `sctp chunk`. Without a field, whether the
 * header is there, which is compared with true or false. A TCP option by number: `{"tcp option": {"base": 19, "offset": 16, "len": 8}}`.
 */

import type { RuleContext } from './context.js';
import { type Type, typeOf, untyped } from './datatypes.js';
import { requireCarrier } from './dependencies.js';
import { describeRaw } from './describe.js';
import { checkObject, checkString, checkUint, isObject, show, soleKey, wrongType, wrongValue } from './errors.js';
import { type Extension, type ExtensionField, type ExtensionOp, extensions } from './extensions.js';
import { bytesAround } from './payload.js';
import type { RuleReader } from './reader.js';
import { wordOf } from './registers.js';
import { fieldSteps, type Selector } from './selector.js';
import { boolean as booleans } from './symbols.js';
import type { Leaf } from './tree.js';
import { type Attribute, nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

type Exthdr = Extract<Expression, { type: 'exthdr' }>;

/** The JSON's word, and the protocol that a match must say first; the kernel looks by itself whether a packet is TCP or SCTP. */
const carriers: Readonly<Record<ExtensionOp, readonly [json: string, protocol?: 'ip' | 'ip6']>> = {
  ipv6: ['exthdr', 'ip6'],
  ipv4: ['ip option', 'ip'],
  tcpopt: ['tcp option'],
  sctp: ['sctp chunk'],
};

/** 15 words of header, of which five are no option's. */
const MAX_OPTION_BITS = 320;

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
  /** How nft reads whether it is there in a set: as the first field, or as a word for yes or no. */
  readonly element?: Type | undefined;
  /** nft's numbers for it in a set's user data: of the field in its list, of the header. */
  readonly typeofIds?: readonly [field: number, header: number];
}

const TYPEOF_EXTHDR = 8;
const ipOptionFields: readonly string[] = ['', 'type', 'length', 'value', 'ptr', 'addr'];
/** NFT_EXTHDR_OP_* */
const operations: Readonly<Record<ExtensionOp, number>> = { ipv6: 0, tcpopt: 1, ipv4: 2, sctp: 3 };

export function compileExtension(op: ExtensionOp): (value: unknown, path: string, context: RuleContext) => Selector {
  return (value, path, context) => {
    const place = placeOf(op, value, path);
    const carrier = carriers[op][1];
    if (carrier !== undefined) requireCarrier(context, carrier, path);
    return selectorOf(op, place);
  };
}

function selectorOf(op: ExtensionOp, { kind, offset: bit, bits, type, present, element, typeofIds }: Place): Selector {
  const { offset, length, shift, whole } = bytesAround(bit, bits);
  const flags = present ? { flags: ['present' as const] } : {};
  return {
    type,
    element,
    ...(whole ? {} : { steps: fieldSteps(bits, shift) }),
    ...(typeofIds === undefined ? {} : { typeofData: () => typeofExtension(op, typeofIds) }),
    load: (dreg, bytes) => [{ type: 'exthdr', dreg, kind, offset, len: bytes ?? length, op, ...flags }],
  };
}

const typeofExtension = (op: ExtensionOp, [field, header]: readonly [number, number]): readonly Attribute[] => [
  uint32(0, TYPEOF_EXTHDR),
  nested(1, [uint32(1, field), ...(op === 'ipv6' ? [] : [uint32(2, operations[op])]), uint32(0, header)]),
];

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
  if (object['field'] === undefined) return presenceOf(op, found);
  const field = fieldOf(found, checkString(object['field'], `${path}.field`), block, object['offset'], path);
  const { offset, bits, type } = field;
  return { kind: found.kind, offset, bits, type, present: false, typeofIds: typeofIdsOf(op, found, field) };
}

/** nft counts the fields of IPv6's headers from 1, and those of all IP options together. */
function typeofIdsOf(
  op: ExtensionOp,
  { kind, id, fields }: Extension,
  field: ExtensionField,
): readonly [number, number] {
  const index = op === 'ipv4' ? ipOptionFields.indexOf(field.name) : fields.indexOf(field) + (op === 'ipv6' ? 1 : 0);
  return [index, id ?? kind];
}

function fieldOf(found: Extension, name: string, block: string, index: unknown, path: string): ExtensionField {
  const field = found.fields.find((item) => item.name === wantedName(found, name, block, index, path));
  if (field !== undefined) return field;
  const names = found.fields.map((item) => item.name).filter((item) => !/\[(?!1\])/.test(item));
  throw wrongValue(`${path}.field`, `${found.name} has no field ${show(name)}; it has ${names.join(', ')}`);
}

/** nft counts the addresses of a routing header from 1, and `offset` on from there. */
function wantedName(found: Extension, name: string, block: string, index: unknown, path: string): string {
  if (found.routing === 0 && name.startsWith('addr')) {
    const first = name === 'addr' ? 1 : Number(/^addr\[(\d+)\]$/.exec(name)?.[1]);
    return `addr[${first + (index === undefined ? 0 : checkUint(index, `${path}.offset`, 126))}]`;
  }
  // Kind and length are the option's, whichever block is meant.
  return block === '' || block === '0' || name === 'kind' || name === 'length' ? name : `${name}${block}`;
}

/** The kernel is asked for the first field that nft knows of the header, and answers whether there is one. */
function presenceOf(op: ExtensionOp, found: Extension): Place {
  const { kind, fields } = found;
  const { offset, bits, type } = fields[0]!;
  const boolean = typeOf('boolean', bits, 'big');
  const element = type.datatype.name === 'inet_proto' ? protocolOrPresence : boolean;
  const typeofIds = typeofIdsOf(op, found, fields[0]!);
  return { kind, offset, bits, type: boolean, present: true, element, typeofIds };
}

const presence = typeOf('boolean', 8, 'big');
const protocol = typeOf('inet_proto');

/** A listing names protocols, whose first field is the next one. */
const protocolOrPresence: Type = {
  ...presence,
  datatype: {
    ...presence.datatype,
    parse: (value, path, type, names) =>
      (typeof value === 'string' && !booleans.has(value) ? protocol : presence).datatype.parse(
        value,
        path,
        type,
        names,
      ),
  },
};

function rawOption(value: Readonly<Record<string, unknown>>, path: string): Place {
  const object = checkObject(value, path, ['base', 'offset', 'len']);
  const kind = checkUint(object['base'], `${path}.base`, 0xff);
  const offset = checkUint(object['offset'], `${path}.offset`, 0xffff);
  // Without bits the option itself is meant.
  const bits = checkUint(object['len'], `${path}.len`, 128);
  if (offset + bits > MAX_OPTION_BITS) throw wrongValue(path, 'is behind the longest header that TCP can have');
  if (offset === 0 && (bits === 8 || bits === 0))
    return { kind, offset, bits: 8, type: presence, present: true, element: presence, typeofIds: [0, kind] };
  return { kind, offset, bits, type: typeOf('integer', bits, 'big'), present: false };
}

/** The expression that writes what is in register 1, and what it may be. nft asks for no header before. */
export function extensionWrite(
  op: ExtensionOp,
  value: unknown,
  path: string,
): { readonly type: Type; readonly write: Exthdr } {
  const { kind, offset: bit, bits, type, present } = placeOf(op, value, path);
  if (present) throw wrongValue(path, 'whether an option is there cannot be written');
  const { offset, length } = bytesAround(bit, bits);
  return { type, write: { type: 'exthdr', sreg: 1, kind, offset, len: length, op } };
}

/** `{"reset": {"tcp option": {"name": "mptcp"}}}`: strips the option. */
export function compileStrip(context: RuleContext, value: unknown, path: string): void {
  const [word, operand] = soleKey(value, path, '{"tcp option": {"name": ...}}');
  if (word !== 'tcp option') throw wrongValue(path, 'only a TCP option can be stripped');
  const { kind } = placeOf('tcpopt', operand, `${path}["tcp option"]`);
  context.act({ type: 'exthdr', kind, op: 'tcpopt' });
}

// Back from expressions.

export function readExtension(reader: RuleReader, exthdr: Exthdr): void {
  if (carriers[exthdr.op ?? 'ipv6'] === undefined) return reader.unknown('exthdr');
  if (exthdr.dreg !== undefined)
    return reader.load(exthdr.dreg, { kind: 'extension', exthdr, bits: (exthdr.len ?? 0) * 8 });
  const { json, type } = describeExtension(exthdr.sreg === undefined ? { ...exthdr, flags: ['present'] } : exthdr);
  if (exthdr.sreg === undefined) return reader.act({ reset: json });
  const value = reader.registers.get(wordOf(exthdr.sreg));
  if (value === undefined) return reader.unknown('exthdr');
  // What is written nft lists as it stands in the expressions, not by name.
  reader.mangle(json, value.kind === 'tree' ? describeRaw(reader, value) : reader.value(value, type));
}

export interface DescribedExtension {
  readonly json: unknown;
  readonly type: Type;
  /** A network protocol's header or option. */
  readonly carrier?: 'ip' | 'ip6';
}

/** By name where it has one. `offset` and `bits`: of a part, not of all that is loaded. */
export function describeExtension(
  exthdr: Exthdr,
  offset: number = (exthdr.offset ?? 0) * 8,
  bits: number = (exthdr.len ?? 0) * 8,
): DescribedExtension {
  const op = (exthdr.op ?? 'ipv6') as ExtensionOp;
  const [word, protocol] = carriers[op];
  const carrier = protocol === undefined ? {} : { carrier: protocol };
  const found = findExtension(op, exthdr.kind, offset, bits);
  if (found === undefined) {
    const type = exthdr.flags?.includes('present') === true ? typeOf('boolean') : typeOf('integer', bits, 'big');
    return { json: { [word]: { base: exthdr.kind, offset, len: bits } }, type, ...carrier };
  }
  // What lies in a later block of selective acknowledgements.
  const block = op === 'tcpopt' ? offset >> 6 : 0;
  const name = `${found.extension.name}${block > 0 && block < 4 ? block : ''}`;
  if (exthdr.flags?.includes('present') === true)
    return { json: { [word]: { name } }, type: typeOf('boolean'), ...carrier };
  const { field } = found;
  const json = { [word]: { name, field: field?.name.replace(/^(left|right)[1-3]$/, '$1') ?? 'unknown' } };
  // Of what it does not know of headers and options of IP nft has no type.
  const unknown = carrier.carrier === undefined ? typeOf('integer', bits, 'big') : untyped(bits);
  return { json, type: field?.type ?? unknown, ...carrier };
}

function findExtension(
  op: ExtensionOp,
  kind: number,
  offset: number,
  bits: number,
): { readonly extension: Extension; readonly field?: ExtensionField } | undefined {
  const candidates = extensions[op].filter((item) => item.kind === kind);
  for (const extension of candidates) {
    const field = extension.fields.find((item) => item.offset === offset && item.bits === bits);
    if (field !== undefined) return { extension, field };
  }
  return candidates[0] === undefined ? undefined : { extension: candidates[0] };
}

/**
 * The field that a mask leaves. Of what nft does not know it forgets what it was before; of TCP and IP options it looks only if
 * the whole was none of their fields.
 */
export function extensionOfMask(
  leaf: Extract<Leaf, { kind: 'extension' }>,
  { value, bits }: { readonly value: bigint; readonly bits: number },
): { readonly leaf: Leaf; readonly shift: number; readonly found: boolean } | undefined {
  const { exthdr } = leaf;
  const op = (exthdr.op ?? 'ipv6') as ExtensionOp;
  const text = value.toString(2);
  const shift = /0*$/.exec(text)![0].length;
  const whole = (exthdr.offset ?? 0) * 8;
  if (op === 'sctp' || value === 0n) return undefined;
  if (op !== 'ipv6' && findExtension(op, exthdr.kind, whole, leaf.bits)?.field !== undefined) return undefined;
  const lowRun = /1+(?=0*$)/.exec(text)![0].length;
  const part = { offset: whole + bits - shift - lowRun, bits: lowRun };
  const found = findExtension(op, exthdr.kind, part.offset, part.bits)?.field !== undefined;
  return { leaf: { ...leaf, part, bits: part.bits }, shift, found };
}
