import { drawPicture } from './topology-picture.js';
import { drawTree } from './topology-tree.js';

/** The networks of the demo, from the outside in. Addresses are shown as they are given. */
export interface Topology {
  /** The namespace that stands for the world outside. */
  readonly outside: { readonly name: string; readonly addresses: readonly string[] };
  readonly external: { readonly bridge: string; readonly subnets: readonly string[] };
  /** Name of the bridge that all tenant networks share. */
  readonly integrationBridge: string;
  readonly routers: readonly TopologyRouter[];
}

export interface TopologyRouter {
  /** UUID: shown as `qrouter-` and its first 8 digits. */
  readonly id: string;
  /** The `qg-` device. */
  readonly gateway: TopologyPort;
  /** The `qr-` device. */
  readonly internal: TopologyPort;
  readonly network: { readonly name: string; readonly subnets: readonly string[]; readonly tag: number };
  readonly vms: readonly TopologyVm[];
}

export interface TopologyPort {
  readonly device: string;
  readonly addresses: readonly string[];
}

export interface TopologyVm {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Absent: the VM is seen outside as its router's gateway address. */
  readonly floatingIp?: string | undefined;
}

export interface DrawOptions {
  readonly unicode: boolean;
  readonly color: boolean;
  readonly columns: number;
}

/** Below this a picture would be too cramped to read. */
const MIN_PICTURE_COLUMNS = 80;

/** Draws the topology side by side, or as a tree where that does not fit. No line is wider than `columns`. */
export function drawTopology(topology: Topology, options: DrawOptions): string[] {
  const picture = options.columns >= MIN_PICTURE_COLUMNS ? drawPicture(topology, options) : undefined;
  return picture ?? drawTree(topology, options);
}
