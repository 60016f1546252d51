/**
 * The matches that must come before a header field: `tcp dport` is read only after `meta l4proto tcp`. Which match nft
 * uses depends on the family and on what the rule has said already.
 */

import { fromNumber, type Order } from './bytes.js';
import type { RuleContext } from './context.js';
import { wrongValue } from './errors.js';
import { ETHERNET_DEVICE, messageOf } from './packet.js';
import {
  anyNetwork,
  type Base,
  type Field,
  familyProtocol,
  fieldNamed,
  numberOf,
  type Protocol,
  protocolNamed,
} from './protocols.js';
import type { Expression } from './wire.js';

const ETHER: Protocol = protocolNamed('ether')!;

const layers: readonly Base[] = ['link', 'network', 'transport'];
const indexOf = (base: Base): number => layers.indexOf(base);

/** Says what must be so before the header can be read, and where it begins: bits from its layer's start. */
export function requireProtocol(context: RuleContext, protocol: Protocol, path: string): number {
  const { base, name } = protocol;
  const { known } = context;
  // Whatever the transport protocol is.
  if (name === 'th' || context.anywhere) return 0;
  if (known[base] === undefined) {
    requireBelow(context, protocol, path);
    if (known[base] === protocol) return 0;
    if (base === 'link' && numberOf(known.link!, protocol) !== undefined) {
      matchNext(context, known.link!, protocol, path);
      return known.links[0]!.length!;
    }
  }
  const before = known[base]!;
  const conflict = (other: Protocol): RangeError | TypeError =>
    wrongValue(path, `conflicting protocols: ${other.name}, then ${name}`);
  if (before.base === base && base === 'transport' && known.transports.length > 1)
    throw conflict(known.transports.find((item) => item !== protocol)!);
  if (before === protocol) return base === 'link' ? known.linkOffset : 0;
  if (before.base !== base) throw conflict(before);
  return resolve(context, before, protocol, path) ?? conflicting(conflict(known[base]!));
}

function conflicting(error: Error): never {
  throw error;
}

/** Another protocol of the same layer: the frame's own, or one inside the other. */
function resolve(context: RuleContext, before: Protocol, protocol: Protocol, path: string): number | undefined {
  const { known } = context;
  const { base } = protocol;
  let lower = before;
  if (base === 'link') {
    if (before.meta !== undefined) {
      matchDevice(context);
      lower = protocol;
    } else if (known.links.includes(protocol)) return 0;
  }
  const above = layers[indexOf(base) + 1];
  const linked = (above === undefined || known[above] === undefined) && numberOf(lower, protocol) !== undefined;
  if (linked && base === 'link') {
    matchNext(context, known.link!, protocol, path);
    return known.linkOffset;
  }
  return known[base] === protocol ? 0 : undefined;
}

/** The match that says that the header is there, from what stands below it. */
function requireBelow(context: RuleContext, protocol: Protocol, path: string): void {
  const { known, family } = context;
  const first = familyProtocol[family];
  if (indexOf(protocol.base) < indexOf(first.base)) {
    if (protocol.base !== 'link') throw wrongValue(path, `family ${family} has no ${protocol.name}`);
    return matchDevice(context);
  }
  const below = layers[indexOf(protocol.base) - 1];
  let lower = below === undefined ? undefined : known[below];
  if (lower === undefined && protocol.base === 'transport') {
    if (protocol.over === undefined) lower = anyNetwork;
    else {
      lower = protocolNamed(protocol.over)!;
      matchNext(context, known.link ?? first, lower, path);
    }
  }
  if (lower === undefined) throw wrongValue(path, `what carries ${protocol.name} is not known`);
  matchNext(context, overFrames(context, lower, protocol), protocol, path);
}

/** nft asks bridges for the packet's type where that can be, as a VLAN's tag may have been taken off the frame. */
const overFrames = (context: RuleContext, lower: Protocol, upper: Protocol): Protocol =>
  context.family === 'bridge' && lower === ETHER && upper.nfproto !== undefined ? familyProtocol.netdev : lower;

/** Of an extension header, ahead of everything: nft asks for the frame's type there. */
export function requireCarrier(context: RuleContext, name: 'ip' | 'ip6', path: string): void {
  const protocol = protocolNamed(name)!;
  const { known } = context;
  if (context.anywhere || known.network === protocol) return;
  if (known.network !== undefined) throw wrongValue(path, `conflicting protocols: ${known.network.name}, then ${name}`);
  context.first(() => matchNext(context, known.link ?? familyProtocol[context.family], protocol, path));
}

/** The network protocol a statement needs: `reject with icmp` in an inet chain. */
export function requireNetwork(context: RuleContext, name: 'ip' | 'ip6', path: string): void {
  const protocol = protocolNamed(name)!;
  const known = context.known.network;
  if (known === protocol) return;
  if (known !== undefined) throw wrongValue(path, `conflicting protocols: ${known.name}, then ${name}`);
  const lower = context.known.link ?? familyProtocol[context.family];
  matchNext(context, overFrames(context, lower, protocol), protocol, path);
}

/** Matches what a header says of the next. */
function matchNext(context: RuleContext, lower: Protocol, upper: Protocol, path: string): void {
  const number = numberOf(lower, upper);
  if (number === undefined) throw wrongValue(path, `conflicting protocols: ${lower.name}, then ${upper.name}`);
  if (lower.meta !== undefined) {
    matchMeta(context, lower.meta, number, lower.meta === 'protocol' ? 2 : 1, 'big');
    context.known.learnMeta(lower.meta, number);
    // Of the packet's type where the frame's was known.
    if (context.known[upper.base] !== upper) context.known.set(upper.base, upper);
    return;
  }
  const field = fieldNamed(lower, lower.keys!.at(-1)!)!;
  const offset = (requireProtocol(context, lower, path) + field.offset) >> 3;
  const value = fromNumber(number, field.bits >> 3, 'big');
  context.match(
    [
      { type: 'payload', dreg: 1, base: lower.base, offset, len: value.length },
      { type: 'cmp', sreg: 1, op: 'eq', data: { value } },
    ],
    { base: lower.base, offset, value, key: true },
  );
  context.known.learnField(lower.base, field, number);
}

function matchDevice(context: RuleContext): void {
  matchMeta(context, 'iiftype', ETHERNET_DEVICE, 2, 'host');
  context.known.learnMeta('iiftype', ETHERNET_DEVICE);
}

type MetaMatch = NonNullable<Protocol['meta']> | 'iiftype';

/** There are few of them, and most rules begin with one: each is made once. */
const metaMatches: Readonly<Record<MetaMatch, Map<number, readonly Expression[]>>> = {
  l4proto: new Map(),
  nfproto: new Map(),
  protocol: new Map(),
  iiftype: new Map(),
};

function matchMeta(context: RuleContext, key: MetaMatch, number: number, length: number, order: Order): void {
  let match = metaMatches[key].get(number);
  if (match === undefined) {
    match = [
      { type: 'meta', key, dreg: 1 },
      { type: 'cmp', sreg: 1, op: 'eq', data: { value: fromNumber(number, length, order) } },
    ];
    metaMatches[key].set(number, match);
  }
  context.match(match);
}

/** ICMP fields that only some messages have. */
export function requireMessage(context: RuleContext, protocol: Protocol, field: Field, path: string): void {
  const { messages } = field;
  if (messages === undefined || context.anywhere) return;
  const wanted = messageOf(field);
  if (context.known.message === wanted) return;
  if (context.known.message !== undefined)
    throw wrongValue(path, `${protocol.name} ${field.name} is not a field of the message type matched before`);
  context.known.message = wanted;
  const load = { type: 'payload', dreg: 1, base: 'transport', offset: 0, len: 1 } as const;
  if (messages.length === 1) {
    const value = Uint8Array.from(messages);
    const cmp = { type: 'cmp', sreg: 1, op: 'eq', data: { value } } as const;
    return context.match([load, cmp], { base: 'transport', offset: 0, value, key: true });
  }
  const set = context.anonymousSet({ key: [protocol.fields[0]!.type], elements: messages }, path);
  context.match([load, { type: 'lookup', set: set.name, setId: set.id!, sreg: 1 }]);
}
