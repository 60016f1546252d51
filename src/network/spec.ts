/** Networks of a node: what tenants' ports and routers are plugged into. Names are those of Neutron's API. */
import type { FixedIp, NetworkPortSpec, NetworkSpec, SubnetSpec } from '../dhcp/spec.js';
import type { NetnsReference } from '../netns/netns.js';

export interface NodeNetworkSpec extends Omit<NetworkSpec, 'subnets' | 'ports' | 'bridge'> {
  /** Default 'linuxbridge': a bridge of its own, named `brq` and the id's first 11 characters. */
  readonly mechanism?: 'linuxbridge' | 'openvswitch';
  /**
   * 'linuxbridge': a bridge that somebody else looks after instead, such as `br-ex`.
   * 'openvswitch': the integration bridge; default `br-int`, which is made where it is not there. The network has a local VLAN on it.
   */
  readonly bridge?: string;
  /** A device of the host's that leads to the physical network, and becomes a port of the bridge. */
  readonly physicalDevice?: string;
  /** What `dhcp` serves. */
  readonly subnets?: readonly SubnetSpec[];
  readonly ports?: readonly NodePortSpec[];
}

/** A port of a VM's. With `mac` and `fixedIps` the network's DHCP gives it its address. */
export interface NodePortSpec extends Omit<NetworkPortSpec, 'mac' | 'fixedIps'> {
  /** The host's end is `tap` and the id's first 11 characters. */
  readonly id: string;
  readonly mac?: string;
  readonly fixedIps?: readonly FixedIp[];
  /** Default: a tap device, as QEMU opens it. False for a port whose device somebody else makes. */
  readonly device?: VethDevice | TapDevice | false;
}

/** A veth pair; the other end is in a namespace that is there already. */
export interface VethDevice {
  readonly kind: 'veth';
  readonly netns: NetnsReference;
  /** Default 'eth0'. */
  readonly name?: string;
}

/** A persistent tap device. */
export interface TapDevice {
  readonly kind: 'tap';
  /** User who may open it: a uid. */
  readonly owner?: number;
}
