/**
 * netloom: the Linux network stack from Node.js, over netlink.
 *
 * @packageDocumentation
 */
export * from './announce/index.js';
export * from './conntrack/index.js';
export * from './dhcp/index.js';
export { BatchError, type BatchFailure, NetlinkError } from './errors.js';
export * from './ethtool/index.js';
export * from './lock/index.js';
export type { CallOptions, Dispatch } from './netlink/channel.js';
export type { EventStream, MonitorOptions } from './netlink/event-stream.js';
export * from './netns/index.js';
export * from './network/index.js';
export * from './nftables/index.js';
export * from './node/index.js';
export * from './ovs/index.js';
export * from './router/index.js';
export * from './rtnetlink/index.js';
export * from './services/index.js';
export * from './topology/index.js';
