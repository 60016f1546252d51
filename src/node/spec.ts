import type { NodeNetworkSpec } from '../network/spec.js';
import type { OpenVswitch } from '../ovs/index.js';
import type { RouterOptions, RouterSpec } from '../router/spec.js';

/** All that a node is to have. What is netloom's, of this name, and not in it is removed. */
export interface NodeSpec {
  /**
   * Whose it is: written into the alias of each namespace's loopback device and of each bridge. What bears another name, or none, is left
   * alone. Default 'node'.
   */
  readonly name?: string;
  readonly networks?: readonly NodeNetworkSpec[];
  /** Their ports may name one of the networks instead of a bridge. */
  readonly routers?: readonly RouterSpec[];
}

export interface NodeOptions extends RouterOptions {
  /** Routers and networks that are worked on at a time, 1 to 1024; default 32. */
  readonly concurrency?: number;
  /** For networks with the mechanism 'openvswitch'; default: a connection to the local database, for as long as the call takes. */
  readonly openvswitch?: OpenVswitch;
}
