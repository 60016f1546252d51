/**
 * The matches that must come before a header field: `tcp dport` is read only after `meta l4proto tcp`. Which match nft
 * uses depends on the family and on what the rule has said already.
 */

import { fromNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { wrongValue } from './errors.js';
import { type Field, type Protocol, protocolNamed } from './protocols.js';
import type { Expression } from './wire.js';

/** ARPHRD_ETHER */
const ETHERNET_DEVICE = 1;
/** ETH_P_8021Q */
const VLAN = 0x8100;

export function requireProtocol(context: RuleContext, protocol: Protocol, path: string): void {
  const known = context.known[protocol.base];
  if (protocol.name === 'th' || known === protocol) return;
  if (protocol.name === 'vlan') return requireVlan(context, path);
  // The Ethernet header is still there, in front of the VLAN's.
  if (protocol.name === 'ether' && known?.name === 'vlan') return;
  const conflict = known?.name ?? (context.family === 'inet' && protocol.name === 'arp' ? 'inet' : undefined);
  if (conflict !== undefined) throw wrongValue(path, `conflicting protocols: ${conflict}, then ${protocol.name}`);

  if (protocol.base === 'link') matchMeta(context, 'iiftype', fromNumber(ETHERNET_DEVICE, 2, 'host'));
  if (protocol.base === 'network') matchNetwork(context, protocol, false);
  if (protocol.base === 'transport') {
    if (protocol.over !== undefined && context.known.network === undefined) {
      const carrier = protocolNamed(protocol.over)!;
      matchNetwork(context, carrier, true);
      context.known.network = carrier;
    }
    matchMeta(context, 'l4proto', fromNumber(protocol.l4proto!, 1, 'host'));
  }
  context.known[protocol.base] = protocol;
}

function requireVlan(context: RuleContext, path: string): void {
  requireProtocol(context, protocolNamed('ether')!, path);
  if (context.known.network !== undefined)
    throw wrongValue(path, `conflicting protocols: ${context.known.network.name}, then vlan`);
  matchFrame(context, fromNumber(VLAN, 2, 'big'));
  context.known.link = protocolNamed('vlan')!;
}

/** What the frame, or what the VLAN header in it, says of the packet. */
function matchFrame(context: RuleContext, etherType: Uint8Array): void {
  const offset = context.known.link?.name === 'vlan' ? 16 : 12;
  const load: Expression = { type: 'payload', dreg: 1, base: 'link', offset, len: 2 };
  context.match([load, { type: 'cmp', sreg: 1, op: 'eq', data: { value: etherType } }], {
    base: 'link',
    offset,
    value: etherType,
  });
}

/** ICMP fields that only some messages have. */
export function requireMessage(context: RuleContext, protocol: Protocol, field: Field, path: string): void {
  if (field.messages === undefined) return;
  if (context.messages !== undefined) {
    if (!context.messages.some((type) => field.messages!.includes(type))) {
      throw wrongValue(path, `${protocol.name} ${field.name} is not a field of the message type matched before`);
    }
    return;
  }
  const load: Expression = { type: 'payload', dreg: 1, base: 'transport', offset: 0, len: 1 };
  const type = protocol.fields[0]!.type;
  if (field.messages.length === 1) {
    const value = Uint8Array.from(field.messages);
    context.match([load, { type: 'cmp', sreg: 1, op: 'eq', data: { value } }], { base: 'transport', offset: 0, value });
  } else {
    const set = context.anonymousSet({ key: [type], elements: field.messages }, path);
    context.match([load, { type: 'lookup', set: set.name, setId: set.id!, sreg: 1 }]);
  }
  context.messages = field.messages;
}

/** `forTransport`: nft asks bridges for the frame's type there, and for the packet's elsewhere. */
function matchNetwork(context: RuleContext, protocol: Protocol, forTransport: boolean): void {
  const etherType = fromNumber(protocol.etherType!, 2, 'big');
  const byFrame =
    context.family === 'bridge'
      ? forTransport || protocol.nfproto === undefined || context.known.link?.name === 'vlan'
      : context.known.link !== undefined;
  if (byFrame) {
    matchFrame(context, etherType);
  } else if (context.family === 'inet') {
    requireNfproto(context, protocol);
  } else {
    matchMeta(context, 'protocol', etherType);
  }
}

function requireNfproto(context: RuleContext, protocol: Protocol): void {
  matchMeta(context, 'nfproto', fromNumber(protocol.nfproto!, 1, 'host'));
}

function matchMeta(context: RuleContext, key: string, value: Uint8Array): void {
  context.match([
    { type: 'meta', key, dreg: 1 },
    { type: 'cmp', sreg: 1, op: 'eq', data: { value } },
  ]);
}

/** The network protocol a statement needs: `reject with icmp` in an inet chain. */
export function requireNetwork(context: RuleContext, name: 'ip' | 'ip6', path: string): void {
  const protocol = protocolNamed(name)!;
  const known = context.known.network;
  if (known === protocol) return;
  if (known !== undefined) throw wrongValue(path, `conflicting protocols: ${known.name}, then ${name}`);
  matchNetwork(context, protocol, false);
  context.known.network = protocol;
}
