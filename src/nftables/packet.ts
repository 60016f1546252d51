/** What a rule knows of the packets that come so far: which protocol stands at each layer. Compiler and decompiler follow it alike. */

import {
  anyNetwork,
  type Base,
  type Field,
  familyProtocol,
  type Protocol,
  protocolAbove,
  protocolNamed,
  type RawBase,
  unknownProtocol,
} from './protocols.js';
import type { Family } from './wire.js';

/** nft keeps that many headers, and that many protocols. */
const MAX_PROTOCOLS = 16;

/** ARPHRD_ETHER */
export const ETHERNET_DEVICE = 1;

const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;
const ECHO_REQUEST6 = 128;
const ECHO_REPLY6 = 129;

const NONE: readonly Protocol[] = [];

export class Packet {
  readonly family: Family;
  link: Protocol | undefined;
  network: Protocol | undefined;
  transport: Protocol | undefined;
  /** Link headers in front of `link`. */
  links: readonly Protocol[] = NONE;
  /** Of a set of protocols several were named: then none of them is known. */
  transports: readonly Protocol[] = NONE;
  /** The type of ICMP message; both echoes are one. */
  message: number | undefined;

  constructor(family: Family) {
    this.family = family;
    const first = familyProtocol[family];
    this[first.base] = first;
  }

  at(base: RawBase): Protocol | undefined {
    return base === 'inner' ? undefined : this[base];
  }

  /** Bits of the link headers in front of the last. */
  get linkOffset(): number {
    return this.links.reduce((sum, { length = 0 }) => sum + length, 0);
  }

  set(base: Base, protocol: Protocol): void {
    if (base === 'transport' && this.transports.length < MAX_PROTOCOLS && !this.transports.includes(protocol))
      this.transports = [...this.transports, protocol];
    this[base] = protocol;
  }

  /** The field has this value. `raw`: read by its place, not by its name. */
  learnField(base: Base, field: Field | undefined, number: number, raw: boolean = false): void {
    const lower = this[base];
    if (lower === undefined || field?.key !== true) return;
    const upper = protocolAbove(lower, number);
    if (upper === undefined) {
      if (lower.name === 'icmp') this.message = number === ECHO_REPLY ? ECHO_REQUEST : number;
      if (lower.name === 'icmpv6') this.message = number === ECHO_REPLY6 ? ECHO_REQUEST6 : number;
      return;
    }
    if (upper.base === 'link' && base === 'link' && !raw && this.links.length < MAX_PROTOCOLS)
      this.links = [...this.links, lower];
    this.set(upper.base, upper);
  }

  learnMeta(key: string, number: number): void {
    const first = familyProtocol[this.family];
    if (key === 'l4proto') this.set('transport', protocolAbove(anyNetwork, number) ?? unknownProtocol);
    else if (key === 'nfproto') this.set('network', protocolAbove(first, number) ?? unknownProtocol);
    else if (key === 'protocol' && (this.family === 'bridge' || this.family === 'netdev'))
      this.set('network', protocolAbove(first, number) ?? unknownProtocol);
    else if (key === 'iiftype' && this.family !== 'bridge')
      this.set('link', number === ETHERNET_DEVICE ? protocolNamed('ether')! : unknownProtocol);
  }

  /** `ct l3proto`, `ct protocol`: the flow's are the packet's. */
  learnCt(key: string, number: number): void {
    const base = key === 'l3proto' ? 'link' : key === 'protocol' ? 'network' : undefined;
    const lower = base === undefined ? undefined : this[base];
    const upper = lower === undefined ? undefined : protocolAbove(lower, number);
    if (upper !== undefined) this.set(base === 'link' ? 'network' : 'transport', upper);
  }
}

/** What stands for a field's messages in `Packet.message`: the first of them, the request of both echoes. */
export const messageOf = ({ messages }: Field): number | undefined => messages?.[0];
