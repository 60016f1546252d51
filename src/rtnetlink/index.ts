/** The rtnetlink families: devices, addresses, routes, routing policy, neighbours. One object for each kernel table. */
export type { Address, Addresses, AddressFilter, AddressReference, AddressSpec, PackedAddresses } from './addresses.js';
export type {
  BridgeSettings,
  BridgeSpec,
  DeviceReference,
  IfbSpec,
  Link,
  LinkChange,
  LinkFilter,
  LinkSpec,
  LinkStats,
  Links,
  NetnsTarget,
  VethPeerSpec,
  VethSpec,
} from './links.js';
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
