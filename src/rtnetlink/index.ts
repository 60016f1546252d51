/** The rtnetlink families: devices, addresses, routes, routing policy, neighbours. One object for each kernel table. */
export type { Address, Addresses, AddressFilter, AddressReference, AddressSpec, PackedAddresses } from './addresses.js';
export type { DeviceReference } from './device.js';
export type {
  BridgeSettings,
  BridgeSpec,
  DummySpec,
  IfbSpec,
  LinkSpec,
  MacvlanMode,
  MacvlanSettings,
  MacvlanSpec,
  TunSettings,
  TunSpec,
  VethPeerSpec,
  VethSpec,
  VlanProtocol,
  VlanSettings,
  VlanSpec,
  VrfSettings,
  VrfSpec,
  VxlanSettings,
  VxlanSpec,
} from './kinds/index.js';
export type { Link, LinkStats } from './link.js';
export type { LinkChange } from './link-change.js';
export type { NetnsTarget } from './link-settings.js';
export type { LinkFilter, Links } from './links.js';
export type { MonitorGroup, NetlinkAction, NetlinkEvent } from './monitor.js';
export type {
  Neighbour,
  NeighbourFilter,
  NeighbourReference,
  NeighbourSpec,
  NeighbourState,
  Neighbours,
  PackedNeighbours,
} from './neighbours.js';
export type { NexthopMember, NexthopObject, NexthopObjectSpec, Nexthops } from './nexthops.js';
export type { BatchOptions } from './one-or-many.js';
export type {
  Nexthop,
  NexthopSpec,
  PackedRoutes,
  Route,
  RouteFilter,
  RouteLookup,
  RouteSpec,
  Routes,
  RouteType,
} from './routes.js';
export type { Rule, RuleSpec, Rules } from './rules.js';
export type { AddressFamily, RouteScope, RouteTable } from './values.js';
