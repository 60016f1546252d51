/**
 * nft's datatypes: how a value is written in JSON and how its bytes stand in a register or a set key.
 *
 * The numbers are nft's own. The kernel keeps them for it and for us (NFTA_SET_KEY_TYPE), so that a listing knows what
 * the bytes mean; a concatenation's number is its fields' numbers, 6 bits each.
 */

import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac, readIpv4, writeIpv4 } from '../ip.js';
import { toBigNumber } from './bigs.js';
import { fromNumber, type Order, swap, toNumber } from './bytes.js';
import { show, wrongType, wrongValue } from './errors.js';
import { bitmask, ctLabel } from './flags.js';
import { REGISTER_WORDS } from './registers.js';
import * as symbols from './symbols.js';
import { date, hour, time } from './times.js';

/** Interface names and indexes belong to a namespace; a pure compiler asks. `lo` is 1 everywhere. */
export interface Names {
  readonly interfaceIndex?: ((name: string) => number | undefined) | undefined;
  readonly interfaceName?: ((index: number) => string | undefined) | undefined;
  /** What the machine's files say. Without it, names are the ones that are alike everywhere. */
  readonly system?: SystemNames | undefined;
}

/** Where a machine keeps names of numbers: protocols(5), services(5), /etc/iproute2, ... */
export type Database =
  | 'protocols'
  | 'services'
  | 'marks'
  | 'realms'
  | 'deviceGroups'
  | 'labels'
  | 'users'
  | 'groups'
  | 'cgroups';

export type SystemNames = (database: Database) => NumberNames;

export interface NumberNames {
  numberOf(name: string): number | undefined;
  nameOf(number: number): string | undefined;
}

export interface Datatype {
  readonly name: string;
  readonly id: number;
  readonly bits: number;
  readonly order: Order;
  /** nft prints an aligned range of it as a prefix. */
  readonly prefix?: boolean;
  /** Text: bytes as written, never swapped. */
  readonly text?: boolean;
  /** A word of flags: the value of each name. */
  readonly flags?: ReadonlyMap<string, number>;
  /** Names of numbers, which nft looks for in the bytes as they are. */
  readonly symbols?: boolean;
  /** nft keeps no byte order for it in a set's user data. */
  readonly unordered?: boolean;
  parse(value: unknown, path: string, type: Type, names: Names): Uint8Array;
  format(bytes: Uint8Array, type: Type, names: Names): unknown;
  /** Of the ends of a range, where those are written otherwise. */
  formatEnd?(bytes: Uint8Array, type: Type): unknown;
}

/** A datatype as it stands in one place: an `integer` of 13 bits in a header, a `mark` in host order. */
export interface Type {
  readonly datatype: Datatype;
  readonly bits: number;
  readonly order: Order;
  /** The largest number that can come, where that is less than the bits could say: of what counts up to a modulus. */
  readonly max?: number | undefined;
}

export const byteLength = (type: Type): number => (type.bits + 7) >> 3;

const DECIMAL_OR_HEX = /^(?:0x[0-9a-f]+|0|[1-9]\d*)$/i;

/** A number, or its text in decimal or hexadecimal; -1 for anything else. Beyond 2^53 JSON's numbers are not exact, in nft's listings neither. */
export function numeric(value: unknown): number {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : -1;
  return typeof value === 'string' && DECIMAL_OR_HEX.test(value) ? Number(value) : -1;
}

/** Of numbers that JSON cannot hold exactly, the text in hexadecimal. */
const BIG = /^0x[0-9a-f]{14,}$/i;

export function parseInteger(value: unknown, path: string, type: Type): Uint8Array {
  if (typeof value === 'string' && type.max === undefined && BIG.test(value)) return parseBig(value, path, type);
  if (type.bits === 64 && typeof value === 'number' && isLarge(value)) return parseLarge(value, path, type);
  const number = numeric(value);
  if (number < 0) throw wrongValue(path, `${show(value)} is not ${article(type.datatype.name)}`);
  if (number >= limits[type.bits]!) throw wrongValue(path, `${show(value)} does not fit in ${type.bits} bits`);
  if (type.max !== undefined && number > type.max)
    throw wrongValue(path, `${show(value)} never comes: ${type.max} is the largest that can`);
  return fromNumber(number, byteLength(type), type.order);
}

/** What does not fit in so many bits begins here. */
const limits: readonly number[] = Array.from({ length: REGISTER_WORDS * 32 + 1 }, (_, bits) => 2 ** bits);

const isLarge = (value: number): boolean => Number.isInteger(value) && (value < 0 || value > Number.MAX_SAFE_INTEGER);

/** 64 bits: the number that its digits say. nft lists the upper half of them as negative numbers. */
function parseLarge(value: number, path: string, type: Type): Uint8Array {
  if (value < -(2 ** 63) || value >= 2 ** 64) throw wrongValue(path, `${value} does not fit in 64 bits`);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(String(value))));
  return swap(Uint8Array.from(bytes), type.order);
}

const article = (name: string): string => (name === 'integer' ? 'an integer' : `a value of type ${name}`);

function parseBig(value: string, path: string, type: Type): Uint8Array {
  const digits = value.slice(2).replace(/^0+/, '');
  const length = byteLength(type);
  if (digits.length > length * 2 || BigInt(`0x0${digits}`) >= 1n << BigInt(type.bits))
    throw wrongValue(path, `${show(value)} does not fit in ${type.bits} bits`);
  return swap(Uint8Array.from(Buffer.from(digits.padStart(length * 2, '0'), 'hex')), type.order);
}

/** As nft writes it: 64 bits signed; of more, what a number of JSON does not hold exactly in hexadecimal. */
function formatInteger(bytes: Uint8Array, type: Type): unknown {
  if (bytes.length === 8) return Number(Buffer.from(swap(bytes, type.order)).readBigInt64BE());
  if (bytes.length < 8) return toNumber(bytes, type.order);
  const value = toBigNumber(bytes, type.order);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : `0x${value.toString(16)}`;
}

function integer(name: string, id: number, bits: number, order: Order): Datatype {
  return { name, id, bits, order, parse: parseInteger, format: formatInteger };
}

function symbolic(
  name: string,
  id: number,
  bits: number,
  order: Order,
  table: symbols.SymbolTable,
  extra: Partial<Datatype> = {},
): Datatype {
  const names = new Map([...table].reverse().map(([text, number]) => [number, text]));
  return {
    name,
    id,
    bits,
    order,
    symbols: true,
    ...extra,
    parse(value, path, type) {
      const number = typeof value === 'string' ? table.get(value) : undefined;
      return number === undefined ? parseInteger(value, path, type) : fromNumber(number, byteLength(type), type.order);
    },
    format(bytes, type) {
      const number = toNumber(bytes, type.order);
      return names.get(number) ?? number;
    },
  };
}

const ipv4: Datatype = {
  name: 'ipv4_addr',
  id: 7,
  bits: 32,
  order: 'big',
  prefix: true,
  parse(value, path) {
    const bytes = new Uint8Array(4);
    let number = typeof value === 'string' ? parseIpv4(value) : -1;
    // `0x0a000001`, but not `10`.
    if (number < 0 && (typeof value !== 'string' || /^0x/i.test(value))) number = numeric(value);
    if (number < 0 || number > 0xffff_ffff) throw wrongValue(path, `${show(value)} is not an IPv4 address`);
    writeIpv4(bytes, 0, number);
    return bytes;
  },
  format: (bytes) => formatIpv4(readIpv4(bytes)),
};

const ipv6: Datatype = {
  name: 'ipv6_addr',
  id: 8,
  bits: 128,
  order: 'big',
  prefix: true,
  parse: (value, path) => parseAddress(value, path, parseIpv6, 'an IPv6 address'),
  format: (bytes) => formatIpv6(bytes),
};

const ether: Datatype = {
  name: 'ether_addr',
  id: 9,
  bits: 48,
  order: 'big',
  parse: (value, path) =>
    parseAddress(typeof value === 'number' ? String(value) : value, path, parseEther, 'a MAC address'),
  format: (bytes) => formatMac(bytes),
};

const SHORT_ETHER = /^(?:0x)?[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){0,4}$/i;

/** Of fewer than six bytes, the last; as nft reads it, digits are hexadecimal, those of a number of JSON, too. */
function parseEther(text: string): Uint8Array | undefined {
  const whole = parseMac(text);
  if (whole !== undefined || !SHORT_ETHER.test(text)) return whole;
  const bytes = text.split(':').map((part) => Number.parseInt(part, 16));
  const address = new Uint8Array(6);
  address.set(bytes, 6 - bytes.length);
  return address;
}

function parseAddress(
  value: unknown,
  path: string,
  parse: (text: string) => Uint8Array | undefined,
  what: string,
): Uint8Array {
  const bytes = typeof value === 'string' ? parse(value) : undefined;
  if (bytes === undefined) throw wrongValue(path, `${show(value)} is not ${what}`);
  return bytes;
}

function text(name: string, id: number, bits: number): Datatype {
  return {
    name,
    id,
    bits,
    order: 'host',
    text: true,
    parse(value, path, type) {
      if (typeof value !== 'string') throw wrongType(path, `must be ${article(name)}, a string`, value);
      const bytes = new Uint8Array(byteLength(type));
      const length = Buffer.byteLength(value);
      if (length === 0 || length >= bytes.length || value.includes('\0'))
        throw wrongValue(path, `${show(value)} is not a name of 1 to ${bytes.length - 1} bytes`);
      // Nearly always ASCII, of which a Buffer would be a detour.
      if (length === value.length) for (let i = 0; i < length; i++) bytes[i] = value.charCodeAt(i);
      else bytes.set(Buffer.from(value));
      return bytes;
    },
    format(bytes) {
      const end = bytes.indexOf(0);
      const shown = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString();
      // A name's own asterisk at the end is no wildcard.
      return shown.endsWith('*') ? `${shown.slice(0, -1)}\\*` : shown;
    },
  };
}

/** An int in the kernel. */
const MAX_INDEX = 0x7fff_ffff;

const interfaceIndex: Datatype = {
  name: 'iface_index',
  id: 20,
  bits: 32,
  order: 'host',
  parse(value, path, type, names) {
    const number = numeric(value);
    if (number > MAX_INDEX) throw wrongValue(path, `${show(value)} is more than an interface's index can be`);
    if (number >= 0 || typeof value !== 'string') return parseInteger(value, path, type);
    const index = value === 'lo' ? 1 : names.interfaceIndex?.(value);
    if (index === undefined) throw wrongValue(path, `there is no interface ${show(value)} whose index could be taken`);
    return fromNumber(index, 4, 'host');
  },
  format(bytes, _type, names) {
    const index = toNumber(bytes, 'host');
    return index === 1 ? 'lo' : (names.interfaceName?.(index) ?? String(index));
  },
};

/** A traffic class handle: `major:minor` in hexadecimal. */
const classid: Datatype = {
  name: 'classid',
  id: 23,
  bits: 32,
  order: 'host',
  parse(value, path, type) {
    if (value === 'none') return fromNumber(0, 4, 'host');
    if (value === 'root') return fromNumber(0xffff_ffff, 4, 'host');
    const match = typeof value === 'string' ? /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i.exec(value) : null;
    if (match === null) return parseInteger(value, path, type);
    return fromNumber(parseInt(match[1] || '0', 16) * 65536 + parseInt(match[2] || '0', 16), 4, 'host');
  },
  format(bytes) {
    const handle = toNumber(bytes, 'host');
    if (handle === 0) return 'none';
    if (handle === 0xffff_ffff) return 'root';
    return `${(handle >>> 16).toString(16)}:${(handle & 0xffff).toString(16)}`;
  },
};

/** The machine names numbers of it; a few names are alike everywhere. */
function systemNamed(
  name: string,
  id: number,
  bits: number,
  order: Order,
  database: Database,
  extra: Partial<Datatype> = {},
  known: symbols.SymbolTable = new Map(),
): Datatype {
  const everywhere = symbolic(name, id, bits, order, known);
  return {
    ...everywhere,
    parse(value, path, type, names) {
      const name = typeof value === 'string' && numeric(value) < 0 ? value : undefined;
      const number = name === undefined ? undefined : names.system?.(database).numberOf(name);
      return number === undefined ? everywhere.parse(value, path, type, names) : parseInteger(number, path, type);
    },
    format(bytes, type, names) {
      if (names.system === undefined) return everywhere.format(bytes, type, names);
      const number = toNumber(bytes, type.order);
      return names.system(database).nameOf(number) ?? number;
    },
    ...extra,
  };
}

/** Some are read by name, and yet printed by number. */
const byNumber = { format: formatInteger };

/** nft prints these as text, numbers too. */
function asText(datatype: Datatype): Datatype {
  return { ...datatype, format: (bytes, type, names) => String(datatype.format(bytes, type, names)) };
}

const boolean: Datatype = {
  ...symbolic('boolean', 39, 8, 'host', symbols.boolean, { unordered: true }),
  parse: (value, path, type) => {
    if (typeof value === 'boolean') return fromNumber(Number(value), byteLength(type), type.order);
    const named = typeof value === 'string' ? symbols.boolean.get(value) : undefined;
    return parseInteger(named ?? value, path, type);
  },
  format: (bytes, type) => toNumber(bytes, type.order) !== 0,
};

export const verdict: Datatype = {
  name: 'verdict',
  id: 0xffff_ff00,
  bits: 0,
  order: 'host',
  unordered: true,
  parse: (value, path) => {
    throw wrongType(path, 'must be a verdict', value);
  },
  format: () => null,
};

const ROOT: symbols.SymbolTable = new Map([['root', 0]]);

const datatypes: readonly Datatype[] = [
  verdict,
  symbolic('nf_proto', 2, 8, 'host', symbols.nfProto, { unordered: true }),
  integer('integer', 4, 32, 'host'),
  text('string', 5, 128),
  ipv4,
  ipv6,
  ether,
  symbolic('ether_type', 10, 16, 'big', symbols.etherType),
  symbolic('arp_op', 11, 16, 'big', symbols.arpOperation),
  // nft prints the ends of a range of protocols as numbers.
  systemNamed(
    'inet_proto',
    12,
    8,
    'big',
    'protocols',
    { unordered: true, formatEnd: formatInteger },
    symbols.inetProtocol,
  ),
  systemNamed('inet_service', 13, 16, 'big', 'services', byNumber, symbols.inetService),
  symbolic('icmp_type', 14, 8, 'big', symbols.icmpType),
  bitmask('tcp_flag', 15, 8, 'big', symbols.tcpFlag),
  time,
  systemNamed('mark', 19, 32, 'host', 'marks', { prefix: true }),
  interfaceIndex,
  symbolic('iface_type', 21, 16, 'host', symbols.interfaceType),
  asText(systemNamed('realm', 22, 32, 'host', 'realms', { prefix: true })),
  classid,
  systemNamed('uid', 24, 32, 'host', 'users', byNumber, ROOT),
  systemNamed('gid', 25, 32, 'host', 'groups', byNumber, ROOT),
  bitmask('ct_state', 26, 32, 'host', symbols.ctState),
  symbolic('ct_dir', 27, 8, 'host', symbols.ctDirection, { unordered: true }),
  bitmask('ct_status', 28, 32, 'host', symbols.ctStatus),
  symbolic('icmpv6_type', 29, 8, 'big', symbols.icmpv6Type),
  ctLabel,
  symbolic('pkt_type', 31, 8, 'host', symbols.packetType),
  symbolic('icmp_code', 32, 8, 'big', symbols.icmpCode),
  symbolic('icmpv6_code', 33, 8, 'big', symbols.icmpv6Code),
  symbolic('icmpx_code', 34, 8, 'big', symbols.icmpxCode),
  systemNamed('devgroup', 35, 32, 'host', 'deviceGroups', { prefix: true }, new Map([['default', 0]])),
  symbolic('mh_type', 17, 8, 'big', symbols.mhType),
  symbolic('igmp_type', 42, 8, 'big', symbols.igmpType),
  symbolic('dccp_pkttype', 16, 4, 'big', symbols.dccpPacketType),
  symbolic('dscp', 36, 6, 'big', symbols.dscp),
  symbolic('ecn', 37, 2, 'big', symbols.ecn),
  symbolic('fib_addrtype', 38, 32, 'host', symbols.fibAddressType),
  boolean,
  bitmask('ct_event', 40, 32, 'host', symbols.ctEvent),
  text('ifname', 41, 128),
  symbolic('day', 45, 8, 'host', symbols.day),
  hour,
  // nft has two types of this name: looked up by name, it is the duration.
  date,
  asText(systemNamed('cgroupsv2', 46, 64, 'host', 'cgroups')),
];

const byName: ReadonlyMap<string, Datatype> = new Map(
  datatypes.filter((datatype) => datatype !== date).map((datatype) => [datatype.name, datatype]),
);
const byId: ReadonlyMap<number, Datatype> = new Map(datatypes.map((datatype) => [datatype.id, datatype]));

export function datatypeNamed(name: string): Datatype | undefined {
  return byName.get(name);
}

/** A datatype in its usual width and order, or in the ones given. */
export function typeOf(name: string, bits?: number, order?: Order): Type {
  const datatype = byName.get(name)!;
  return { datatype, bits: bits ?? datatype.bits, order: order ?? datatype.order };
}

const withoutType: Datatype = {
  ...integer('integer', 4, 32, 'host'),
  format: (bytes, type) => `0x${toBigNumber(bytes, type.order).toString(16)} [invalid type]`,
};

/** Of what nft has no type for: as it writes constants beside it. */
export const untyped = (bits: number): Type => ({ datatype: withoutType, bits, order: 'big' });

/** Dates share their name with durations. */
export const dateType: Type = { datatype: date, bits: 64, order: 'host' };

/** The fields of a set's key or data, from NFTA_SET_KEY_TYPE. */
export function typesOfId(id: number, bytes: number): readonly Type[] {
  const length = Math.min(bytes, REGISTER_WORDS * 4);
  if (id === verdict.id) return [typeOf('verdict')];
  const ids: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 64)) ids.unshift(rest % 64);
  if (ids.length <= 1) {
    const datatype = byId.get(id) ?? byName.get('integer')!;
    return [
      {
        datatype,
        bits: datatype.bits > length * 8 || datatype.id === 4 ? length * 8 : datatype.bits,
        order: datatype.order,
      },
    ];
  }
  return ids.map((part) => {
    const datatype = byId.get(part) ?? byName.get('integer')!;
    return { datatype, bits: datatype.bits, order: datatype.order };
  });
}

export function typeId(types: readonly Type[]): number {
  return types.reduce((id, type) => id * 64 + type.datatype.id, 0);
}

/** Bytes of a key: one field as it is, several each padded to a register word. */
export function keyLength(types: readonly Type[]): number {
  if (types.length === 1) return byteLength(types[0]!);
  return types.reduce((sum, type) => sum + ((byteLength(type) + 3) & ~3), 0);
}
