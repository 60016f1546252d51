/** `snat`, `dnat`, `masquerade`, `redirect`. */

import { rangePrefix } from './bytes.js';
import type { RuleContext } from './context.js';
import { byteLength, type Type, typeOf } from './datatypes.js';
import { checkObject, isObject, oneOf, stringList, wrongValue } from './errors.js';
import type { NatFlagJson } from './json.js';
import { parseLiteral, span } from './literals.js';
import { compileMap } from './lookup.js';
import { compileValue } from './mangle.js';
import { protocolNamed } from './protocols.js';
import type { RuleReader } from './reader.js';
import { registerAt, wordOf, wordsFor } from './registers.js';
import type { Expression, Mutable, NatFlag, Register } from './wire.js';

const flagNames: readonly (readonly [json: NatFlagJson, wire: NatFlag])[] = [
  ['random', 'random'],
  ['fully-random', 'random-fully'],
  ['persistent', 'persistent'],
  ['netmap', 'netmap'],
];

type Nat = Extract<Expression, { type: 'nat' }>;
type Port = Extract<Expression, { type: 'masq' | 'redir' }>;

/** What a map leaves where: an address, or the ends of a range of them; and the port or ports after it. */
interface MappedRegisters {
  readonly min: Register;
  readonly max?: Register;
  readonly port?: Register;
  readonly portMax?: Register;
}

/** Values in registers of 16 bytes, one after another. */
class Operands {
  readonly expressions: Expression[] = [];
  private register = 1;

  /** A value, the two ends of a range, or something that is read. */
  add(context: RuleContext, value: unknown, path: string, type: Type): readonly [min: Register, max?: Register] {
    if (isObject(value) && !('prefix' in value) && !('range' in value)) {
      this.expressions.push(...compileValue(context, value, path, type, wordOf(this.register)));
      return [this.register++];
    }
    const literal = parseLiteral(value, path, type, context.names);
    const ends = literal.kind === 'value' ? [literal.bytes] : span(literal, type);
    return ends.map((bytes) => {
      this.expressions.push({ type: 'immediate', dreg: this.register, data: { value: bytes } });
      return this.register++;
    }) as [Register, Register?];
  }

  /** What a map gives: an address, or an address and the port in the word after it. */
  map(context: RuleContext, value: unknown, path: string, types: readonly Type[]): MappedRegisters {
    const word = wordOf(this.register++);
    const { expressions, set } = compileMap(context, value, path, types, word);
    this.expressions.push(...expressions);
    const wide = (set.data?.length ?? 1) > 1;
    const first = wordsFor(byteLength(types[0]!));
    const [min, port] = [registerAt(word), registerAt(word + first)];
    if (set.dataInterval !== true) return wide ? { min, port } : { min };
    // The upper ends stand behind the lower ones.
    const upper = word + first + (wide ? 1 : 0);
    return { min, max: registerAt(upper), ...(wide ? { port, portMax: registerAt(upper + first) } : {}) };
  }
}

const isMap = (value: unknown): value is { readonly map: unknown } => isObject(value) && 'map' in value;

export function compileNat(kind: 'snat' | 'dnat'): (context: RuleContext, value: unknown, path: string) => void {
  return (context, value, path) => {
    const object = checkObject(value, path, ['addr', 'family', 'port', 'flags', 'type_flags']);
    const operands = new Operands();
    const nat: Mutable<Nat> = { type: 'nat', kind, family: 'ip' };
    if (object['addr'] === undefined && object['port'] === undefined) throw wrongValue(path, 'needs an addr or a port');
    const addr = object['addr'];
    nat.family = natFamily(context, object['family'], addr, path);
    const address = typeOf(nat.family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr');
    if (isMap(addr)) {
      const mapped = operands.map(context, checkObject(addr, `${path}.addr`, ['map'])['map'], `${path}.addr.map`, [
        address,
        typeOf('inet_service'),
      ]);
      nat.regAddrMin = mapped.min;
      if (mapped.max !== undefined) nat.regAddrMax = mapped.max;
      if (mapped.port !== undefined) nat.regProtoMin = mapped.port;
      if (mapped.portMax !== undefined) nat.regProtoMax = mapped.portMax;
      if (mapped.port !== undefined) checkTransport(context, `${path}.addr`, addr.map);
    } else if (addr !== undefined) {
      const [min, max] = operands.add(context, addr, `${path}.addr`, address);
      nat.regAddrMin = min;
      if (max !== undefined) nat.regAddrMax = max;
    }
    if (object['port'] !== undefined)
      Object.assign(
        nat,
        compilePort(context, operands, object['port'], `${path}.port`, isMap(addr) ? addr.map : undefined),
      );
    const flags = compileFlags(object, path, object['port'] !== undefined);
    context.act(...operands.expressions, { ...nat, ...(flags.length === 0 ? {} : { flags }) });
  };
}

/** In inet the family is said, or known from a match before, or seen from the address. */
function natFamily(context: RuleContext, family: unknown, addr: unknown, path: string): Nat['family'] {
  const known = context.family === 'ip' || context.family === 'ip6' ? context.family : context.known.network?.name;
  // Of ports alone the packet's own is meant.
  if (addr === undefined && context.family === 'inet') return 'inet';
  if (family !== undefined) {
    const said = oneOf(family, `${path}.family`, ['ip', 'ip6']);
    if ((known === 'ip' || known === 'ip6') && known !== said)
      throw wrongValue(`${path}.family`, `is ${said}, but the rule matches ${known}`);
    return said;
  }
  if (known === 'ip' || known === 'ip6') return known;
  if (typeof addr === 'string') return addr.includes(':') ? 'ip6' : 'ip';
  throw wrongValue(path, `needs "family": "ip" or "ip6" in family ${context.family}`);
}

export function compilePortNat(type: 'masq' | 'redir'): (context: RuleContext, value: unknown, path: string) => void {
  return (context, value, path) => {
    const object = value === null || value === undefined ? {} : checkObject(value, path, ['port', 'flags']);
    const operands = new Operands();
    const ports = object['port'] === undefined ? {} : compilePort(context, operands, object['port'], `${path}.port`);
    const flags = compileFlags(object, path, object['port'] !== undefined);
    context.act(...operands.expressions, { type, ...ports, ...(flags.length === 0 ? {} : { flags }) });
  };
}

function compilePort(
  context: RuleContext,
  operands: Operands,
  value: unknown,
  path: string,
  addresses?: unknown,
): { readonly regProtoMin: Register; readonly regProtoMax?: Register } {
  checkTransport(context, path, addresses);
  const service = typeOf('inet_service');
  if (isMap(value))
    return {
      regProtoMin: operands.map(context, checkObject(value, path, ['map'])['map'], `${path}.map`, [service]).min,
    };
  const [min, max] = operands.add(context, value, path, service);
  return { regProtoMin: min, ...(max === undefined ? {} : { regProtoMax: max }) };
}

/** Ports are those of some protocol: one that was matched, or that is in the key of a map of addresses. */
function checkTransport(context: RuleContext, path: string, addresses: unknown): void {
  if (context.known.transport !== undefined || namesTransport(addresses)) return;
  throw wrongValue(path, 'is of ports, and no protocol that has ports is matched before: match l4proto, or a port');
}

/** A field of a concatenation is of a protocol that has ports, or says which one comes. */
function namesTransport(map: unknown): boolean {
  const key = isObject(map) ? map['key'] : undefined;
  const fields = isObject(key) ? key['concat'] : undefined;
  if (!Array.isArray(fields)) return false;
  return fields.some((field) => {
    if (!isObject(field)) return false;
    const { payload, meta } = field;
    if (isObject(meta)) return meta['key'] === 'l4proto';
    if (!isObject(payload)) return false;
    const protocol = protocolNamed(String(payload['protocol']));
    if (protocol === undefined) return false;
    if (protocol.base === 'network') return protocol.keys?.includes(String(payload['field'])) === true;
    return protocol.base === 'transport' && protocol.name !== 'th';
  });
}

function compileFlags(object: Readonly<Record<string, unknown>>, path: string, port: boolean): readonly NatFlag[] {
  const said =
    object['flags'] === undefined
      ? []
      : stringList(
          object['flags'],
          `${path}.flags`,
          flagNames.map(([json]) => json),
        );
  const prefix =
    object['type_flags'] === undefined
      ? []
      : stringList(object['type_flags'], `${path}.type_flags`, ['prefix', 'interval', 'concat'] as const);
  const named = flagNames
    .filter(([json]) => said.includes(json) || (json === 'netmap' && prefix.includes('prefix')))
    .map(([, wire]) => wire);
  return port ? ['proto-specified', ...named] : named;
}

// Back from expressions.

export function readNat(reader: RuleReader, nat: Nat): void {
  const address = typeOf(nat.family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr');
  const addr = nat.regAddrMin === undefined ? undefined : readRange(reader, nat.regAddrMin, nat.regAddrMax, address);
  const mapped = nat.regAddrMin !== undefined && reader.registers.get(wordOf(nat.regAddrMin))?.kind === 'map';
  // A map may give address and port side by side.
  const inside =
    mapped &&
    nat.regProtoMin !== undefined &&
    wordOf(nat.regProtoMin) === wordOf(nat.regAddrMin!) + wordsFor(byteLength(address)) &&
    !reader.registers.has(wordOf(nat.regProtoMin));
  const wide = inside || (mapped && nat.regAddrMax !== undefined && nat.regAddrMax !== nat.regAddrMin);
  // nft keeps what a port's map depends on.
  if (nat.regProtoMin !== undefined && !inside) reader.keep();
  const port =
    nat.regProtoMin === undefined || inside
      ? undefined
      : readRange(reader, nat.regProtoMin, nat.regProtoMax, typeOf('inet_service'));
  const flags = readFlags(nat.flags);
  reader.act({
    [nat.kind]: {
      ...((reader.family === 'inet' || wide) && nat.family !== 'inet' ? { family: nat.family } : {}),
      ...(addr === undefined ? {} : { addr }),
      ...(port === undefined ? {} : { port }),
      ...flags,
      ...(nat.flags?.includes('netmap') === true ? { type_flags: 'prefix' } : {}),
    },
  });
}

export function readPortNat(reader: RuleReader, expression: Port): void {
  if (expression.regProtoMin !== undefined) reader.keep();
  const port =
    expression.regProtoMin === undefined
      ? undefined
      : readRange(reader, expression.regProtoMin, expression.regProtoMax, typeOf('inet_service'));
  const body = { ...(port === undefined ? {} : { port }), ...readFlags(expression.flags) };
  reader.act({
    [expression.type === 'masq' ? 'masquerade' : 'redirect']: Object.keys(body).length === 0 ? null : body,
  });
}

function readRange(reader: RuleReader, min: Register, max: Register | undefined, type: Type): unknown {
  const low = reader.registers.get(wordOf(min));
  // The kernel lists one value as a range from it to itself.
  const high = max === undefined || max === min ? undefined : reader.registers.get(wordOf(max));
  const from = low === undefined ? undefined : reader.value(low, type);
  if (low?.kind !== 'immediate' || high?.kind !== 'immediate') return from;
  const bits = type.datatype.prefix === true ? rangePrefix(low.bytes, high.bytes) : -1;
  if (bits >= 0) return { prefix: { addr: from, len: bits } };
  return { range: [from, reader.value(high, type)] };
}

function readFlags(flags: readonly NatFlag[] | undefined): { readonly flags?: unknown } {
  const names = flagNames.filter(([, wire]) => flags?.includes(wire)).map(([json]) => json);
  return names.length === 0 ? {} : { flags: names.length === 1 ? names[0] : names };
}
