/** The kinds of devices: one file for each, and the register of them. */
import { type BridgeSettings, type BridgeSpec, bridge } from './bridge.js';
import { type DummySpec, dummy } from './dummy.js';
import { type IfbSpec, ifb } from './ifb.js';
import type { LinkKind } from './kind.js';
import { type MacvlanSettings, type MacvlanSpec, macvlan } from './macvlan.js';
import { type TunSettings, type TunSpec, tun } from './tun.js';
import { type VethSpec, veth } from './veth.js';
import { type VlanSettings, type VlanSpec, vlan } from './vlan.js';
import { type VrfSettings, type VrfSpec, vrf } from './vrf.js';
import { type VxlanSettings, type VxlanSpec, vxlan } from './vxlan.js';

export type { BridgeSettings, BridgeSpec } from './bridge.js';
export type { DummySpec } from './dummy.js';
export type { IfbSpec } from './ifb.js';
export type { LinkKind } from './kind.js';
export type { MacvlanMode, MacvlanSettings, MacvlanSpec } from './macvlan.js';
export type { TunSettings, TunSpec } from './tun.js';
export type { VethPeerSpec, VethSpec } from './veth.js';
export type { VlanProtocol, VlanSettings, VlanSpec } from './vlan.js';
export type { VrfSettings, VrfSpec } from './vrf.js';
export type { VxlanSettings, VxlanSpec } from './vxlan.js';

export type LinkSpec =
  | VethSpec
  | BridgeSpec
  | IfbSpec
  | DummySpec
  | VlanSpec
  | VxlanSpec
  | MacvlanSpec
  | VrfSpec
  | TunSpec;

/** Settings of a listed device, under the name of its kind. */
export interface KindSettings {
  readonly bridge?: Required<BridgeSettings>;
  readonly vlan?: VlanSettings;
  readonly vxlan?: VxlanSettings;
  readonly macvlan?: MacvlanSettings;
  readonly vrf?: VrfSettings;
  readonly tun?: TunSettings;
}

type Kinds = { readonly [Name in LinkSpec['kind']]: LinkKind<Extract<LinkSpec, { readonly kind: Name }>> };

export const kinds: Kinds = { veth, bridge, ifb, dummy, vlan, vxlan, macvlan, vrf, tun };

/** Of a spec that has been checked. */
export function kindOf<Spec extends LinkSpec>({ kind }: Spec): LinkKind<Spec> {
  return kinds[kind] as unknown as LinkKind<Spec>;
}

/** What a listed device has under its kind's name; undefined where that is not known, or has no settings. */
export function settingsOf(info: Readonly<Record<string, unknown>>): object | undefined {
  const kind = info['kind'] as LinkSpec['kind'];
  return Object.hasOwn(kinds, kind) ? kinds[kind].read?.(info) : undefined;
}
