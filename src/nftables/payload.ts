/** `{"payload": {"protocol": "tcp", "field": "dport"}}`, and raw: `{"payload": {"base": "th", "offset": 16, "len": 16}}`. */

import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { requireMessage, requireProtocol } from './dependencies.js';
import { checkObject, checkString, checkUint, isObject, oneOf, show, wrongType, wrongValue } from './errors.js';
import {
  type Base,
  type Field,
  fieldNamed,
  isVlanType,
  networkOfEtherType,
  type Protocol,
  protocolNamed,
  protocols,
  type RawBase,
  transportOf,
} from './protocols.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';

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

export function compilePayload(value: unknown, path: string): Selector {
  if (!isObject(value)) throw wrongType(path, 'must be an object', value);
  return 'base' in value ? compileRaw(value, path) : compileField(...payloadField(value, path), path);
}

/** The protocol and field that a named payload expression means. */
export function payloadField(value: unknown, path: string): [Protocol, Field] {
  const object = checkObject(value, path, ['protocol', 'field']);
  const protocol = protocolNamed(checkString(object['protocol'], `${path}.protocol`));
  if (protocol === undefined)
    throw wrongValue(
      `${path}.protocol`,
      `${show(object['protocol'])} is not one of ${protocols.map((p) => p.name).join(', ')}`,
    );
  const field = fieldNamed(protocol, checkString(object['field'], `${path}.field`));
  if (field === undefined) {
    throw wrongValue(
      `${path}.field`,
      `${protocol.name} has no field ${show(object['field'])}; it has ${protocol.fields.map((f) => f.name).join(', ')}`,
    );
  }
  return [protocol, field];
}

function compileField(protocol: Protocol, field: Field, path: string): Selector {
  const { bytes, shift, payload, load, typeofData, learn, learnAny } = fixedParts(protocol, field);
  return {
    type: field.type,
    bytes,
    shift,
    payload: payload!,
    load,
    typeofData,
    prepare(context) {
      requireProtocol(context, protocol, path);
      requireMessage(context, protocol, field, path);
    },
    learn,
    learnAny,
  };
}

type FixedParts = ReturnType<typeof bits> & Required<Pick<Selector, 'typeofData' | 'learn' | 'learnAny'>>;

/** What is the same wherever the field is read: made once. */
const fixed: Map<Field, FixedParts> = new Map();

function fixedParts(protocol: Protocol, field: Field): FixedParts {
  let parts = fixed.get(field);
  if (parts === undefined) {
    const length = field.type.datatype.name === 'integer' ? [uint32(4, field.bits)] : [];
    parts = {
      ...bits(protocol.base, field.offset, field.bits),
      typeofData: () => [
        uint32(0, TYPEOF_PAYLOAD),
        nested(1, [uint32(0, protocol.id), uint32(1, field.index), ...length]),
      ],
      learn: (context, value) => learnField(context, protocol, field, value),
      learnAny(context, values) {
        if (isMessageType(protocol, field)) context.messages = values.map((value) => toNumber(value, 'big'));
      },
    };
    fixed.set(field, parts);
  }
  return parts;
}

export function compileRaw(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['base', 'offset', 'len']);
  const base = bases[oneOf(object['base'], `${path}.base`, ['ll', 'nh', 'th', 'ih'])];
  const offset = checkUint(object['offset'], `${path}.offset`, 0xffff);
  const length = checkUint(object['len'], `${path}.len`, 128);
  if (length === 0) throw wrongValue(`${path}.len`, 'must be at least 1 bit');
  return { ...bits(base, offset, length), type: typeOf('integer', length, 'big') };
}

/** Whole bytes around a run of bits. */
export function bits(
  base: RawBase,
  offset: number,
  length: number,
): Pick<Selector, 'bytes' | 'shift' | 'payload' | 'load'> {
  const start = offset >> 3;
  const end = (offset + length + 7) >> 3;
  return {
    bytes: end - start,
    shift: end * 8 - offset - length,
    payload: { base, offset: start, aligned: offset % 8 === 0 && length % 8 === 0 },
    load: (register) => [{ type: 'payload', dreg: register, base, offset: start, len: end - start }],
  };
}

/** What a rule knows once a field that names the next header has one value. */
export function learnField(
  context: Pick<RuleContext, 'known' | 'messages'>,
  protocol: Protocol,
  field: Field,
  value: Uint8Array,
): void {
  const number = toNumber(value, 'big');
  if (field.name === protocol.next) {
    if (protocol.name === 'ether' && isVlanType(number)) setKnown(context, 'link', protocolNamed('vlan'));
    else if (protocol.base === 'link') setKnown(context, 'network', networkOfEtherType(number));
    else setKnown(context, 'transport', transportOf(number));
  }
  if (isMessageType(protocol, field)) context.messages = [number];
}

/** The field that says which ICMP message this is. */
export const isMessageType = (protocol: Protocol, field: Field): boolean =>
  protocol.over !== undefined && field.name === 'type';

export function setKnown(context: Pick<RuleContext, 'known'>, base: Base, protocol: Protocol | undefined): void {
  if (protocol !== undefined) context.known[base] = protocol;
}
