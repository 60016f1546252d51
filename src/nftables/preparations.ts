/** Matches that say which header comes next, and may be there only for a later one: which of them nft leaves out of a listing. */

import type { Packet } from './packet.js';
import type { Field, Protocol, RawBase } from './protocols.js';
import type { Family } from './wire.js';

/** The layer that a match prepares; `inner` also for what prepares fields of the transport header itself. */
export type Layer = RawBase;

/** A match that says what comes next. */
export interface Preparation {
  /** Of its statement. */
  readonly index: number;
  readonly meta?: string;
  readonly ct?: string;
  readonly header?: { readonly protocol: Protocol; readonly field: Field };
  /** What it compares with, and how long that is. */
  readonly number: number;
  readonly bits: number;
}

const layers: readonly Layer[] = ['link', 'network', 'transport', 'inner'];
export const above = (layer: Layer): Layer => layers[layers.indexOf(layer) + 1] ?? 'inner';

const ETH_P_8021Q = 0x8100;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_ICMPV6 = 58;

export class Preparations {
  private readonly family: Family;
  private readonly waiting: Map<Layer, Preparation> = new Map();
  private message: number | undefined;

  constructor(family: Family) {
    this.family = family;
  }

  clear(): void {
    this.waiting.clear();
    this.message = undefined;
  }

  store(preparation: Preparation, layer: Layer): void {
    if (!this.isEcho(preparation)) this.waiting.set(layer, preparation);
  }

  /** nft writes a set for echoes; what is one of them was said. */
  private isEcho({ header, number, bits }: Preparation): boolean {
    const name = bits === 8 ? header?.protocol.name : undefined;
    if (name === 'icmp') {
      this.message = number === 0 ? 8 : number;
      return this.message === 8;
    }
    if (name === 'icmpv6') {
      this.message = number;
      return number === 128 || number === 129;
    }
    return false;
  }

  private find(layer: Layer): readonly [Layer, Preparation] | undefined {
    const own = this.waiting.get(layer);
    if (own !== undefined) return [layer, own];
    const inner = layer === 'transport' ? this.waiting.get('inner') : undefined;
    return inner === undefined ? undefined : ['inner', inner];
  }

  /** The statement to drop, which is prepared for no more. */
  take(layer: Layer): number | undefined {
    const found = this.find(layer);
    if (found === undefined) return undefined;
    this.waiting.delete(found[0]);
    return found[1].index;
  }

  /** What a field of this header makes superfluous. `exact`: the match is with the field alone, and all of it. */
  takeFor(protocol: Protocol, field: Field | undefined, exact: boolean): number | undefined {
    const found = this.find(protocol.base);
    return found !== undefined && this.impliedBy(found[1], protocol, field, exact)
      ? this.take(protocol.base)
      : undefined;
  }

  /** What an option of TCP makes superfluous: that the packet is TCP, and no more. (nft drops what says more, too.) */
  takeForOption(): number | undefined {
    const found = this.find('transport');
    if (found === undefined) return undefined;
    const { meta, header, number } = found[1];
    const carrier = header?.protocol.base === 'network' && !this.mixed;
    return number === IPPROTO_TCP && (meta === 'l4proto' || carrier) ? this.take('transport') : undefined;
  }

  /** Packets of the family may be of either protocol. */
  private get mixed(): boolean {
    return this.family === 'bridge' || this.family === 'netdev' || this.family === 'inet';
  }

  private impliedBy(
    { header, number, bits }: Preparation,
    protocol: Protocol,
    field: Field | undefined,
    exact: boolean,
  ): boolean {
    if (this.mixed && header !== undefined) {
      // `ip6 nexthdr` also says that the packet is IPv6.
      if (header.protocol.base === 'network' && header.protocol.nfproto !== undefined && protocol.base === 'transport')
        return false;
      if (header.protocol.base === protocol.base) {
        if (exact && field?.key === true) return false;
        // Only what `vlan id` would be made of again.
        if (protocol.base === 'link')
          return (
            header.protocol.name !== 'vlan' &&
            (header.protocol.name !== 'ether' || bits !== 16 || number === ETH_P_8021Q)
          );
      }
    }
    if (protocol.base !== 'transport' || header?.protocol.base !== 'transport') return true;
    if (header.protocol.name !== 'icmp' && header.protocol.name !== 'icmpv6') return true;
    return field?.messages !== undefined && header.protocol === protocol && this.message === field.messages[0];
  }

  /** What a match of meta or ct makes superfluous. */
  takeForMeta(layer: Layer, key: string, number: number): number | undefined {
    return this.find(layer) !== undefined && this.impliedByMeta(key, number) ? this.take(layer) : undefined;
  }

  private impliedByMeta(key: string, number: number): boolean {
    const before = this.find('network')?.[1];
    const version = before === undefined ? undefined : versionOf(before);
    if (version === undefined) return true;
    if (this.family === 'ip' || this.family === 'ip6') return this.family === version;
    if (this.family === 'arp' || key !== 'l4proto') return true;
    if (number === IPPROTO_ICMP) return version !== 'ip6';
    return number === IPPROTO_ICMPV6 && version !== 'ip';
  }
}

/** Which network protocol a match says, if it is one that says it. */
function versionOf({ meta, header, number }: Preparation): 'ip' | 'ip6' | 'other' | undefined {
  if (meta === 'nfproto') return number === 2 ? 'ip' : number === 10 ? 'ip6' : 'other';
  const frame = header?.protocol.base === 'link' && header.field.type.datatype.name === 'ether_type';
  if (meta !== 'protocol' && !frame) return undefined;
  return number === ETH_P_IP ? 'ip' : number === ETH_P_IPV6 ? 'ip6' : 'other';
}

/** A link header inside another: then the match prepares one of the same layer. */
export const isStacked = (known: Packet, base: RawBase, value: number): boolean =>
  base === 'link' && known.link !== undefined && (value === ETH_P_8021Q || value === 0x88a8);
