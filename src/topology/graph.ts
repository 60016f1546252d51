/** What is connected to what, as plain data: the same kernel state gives the same graph, and the same text of it. */

export type TopologyNode = RouterNode | NetworkNode | ExternalNode | DhcpNode | HostNode | VmNode;
export type TopologyKind = TopologyNode['kind'];

interface NodeBase {
  /** Unique and stable: the kind, ':', and what the kernel calls it. */
  readonly id: string;
  /** For people: what `names` says, else what the kernel calls it. */
  readonly name: string;
}

export interface RouterNode extends NodeBase {
  readonly kind: 'router';
  /** `qrouter-<id>`. */
  readonly namespace: string;
  /** Next hops of its default routes, IPv4 first. */
  readonly nexthops: readonly string[];
  /** How many floating IPs it carries. */
  readonly floatingIps: number;
  /** `qr-` and `qg-` ports that no bridge holds. */
  readonly unplugged: readonly TopologyPort[];
}

interface Segment extends NodeBase {
  /** The bridge, in the host's namespace. */
  readonly bridge: string;
  /** Where one bridge holds several networks: the network's local number on it. */
  readonly tag?: number;
  /** Prefixes that its ports have addresses in, IPv4 first. */
  readonly subnets: readonly string[];
}

/** A tenant's network: a bridge, or a part of one. */
export interface NetworkNode extends Segment {
  readonly kind: 'network';
}

/** A network that a router has its gateway on. */
export interface ExternalNode extends Segment {
  readonly kind: 'external';
}

export interface DhcpNode extends NodeBase {
  readonly kind: 'dhcp';
  /** `qdhcp-<id>`. */
  readonly namespace: string;
}

/** Not a tenant's: a namespace on an external network, or the host itself with its uplinks. */
export interface HostNode extends NodeBase {
  readonly kind: 'host';
  /** Absent for the host itself. */
  readonly namespace?: string;
}

export interface VmNode extends NodeBase {
  readonly kind: 'vm';
  /** Absent where the other end is in none that has a name, or is a process (a tap device). */
  readonly namespace?: string;
  /**
   * Floating IPs of its addresses, on the routers of its networks. Absent where that cannot be told: no router is there, or another VM
   * of the network has the same address.
   */
  readonly floatingIps?: readonly string[];
}

export interface TopologyPort {
  /** What it is called inside: `qr-…`, `eth0`. Absent where only the host's end can be seen. */
  readonly device?: string;
  /** The other end, on the bridge: `tap…`. */
  readonly peer?: string;
  /** With their lengths, IPv4 first; no link-local ones, and no floating IPs. */
  readonly addresses: readonly string[];
  /** Bytes. */
  readonly mtu?: number;
}

/** A port, and the network that it is on. */
export interface TopologyEdge extends TopologyPort {
  /** A router, a DHCP server, a host or a VM. */
  readonly from: string;
  /** A network or an external network. */
  readonly to: string;
}

/** Immutable. */
export interface Topology {
  /** By kind (external, router, network, dhcp, vm, host), then by id. */
  readonly nodes: readonly TopologyNode[];
  /** By `from`, `to`, device and peer. */
  readonly edges: readonly TopologyEdge[];
}

/**
 * One of several networks that share a bridge, told apart by the bridge's ports: `br-int` with a tag for each. Of an Open vSwitch bridge
 * the kernel does not know the ports: those that are named here are taken for its.
 */
export interface SharedNetwork {
  readonly bridge: string;
  /** Unique on its bridge. */
  readonly name: string;
  readonly tag?: number;
  /** Ports of the bridge, in the host's namespace: `tap…`. */
  readonly ports: readonly string[];
}

const kinds: readonly TopologyKind[] = ['external', 'router', 'network', 'dhcp', 'vm', 'host'];

/** Sorted and frozen. */
export function makeTopology(nodes: Iterable<TopologyNode>, edges: Iterable<TopologyEdge>): Topology {
  const topology: Topology = {
    nodes: [...nodes].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || byCodeUnits(a.id, b.id)),
    edges: [...edges].sort(
      (a, b) =>
        byCodeUnits(a.from, b.from) ||
        byCodeUnits(a.to, b.to) ||
        byCodeUnits(a.device ?? '', b.device ?? '') ||
        byCodeUnits(a.peer ?? '', b.peer ?? ''),
    ),
  };
  return freeze(topology);
}

/** No locale: the same order on every machine. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
