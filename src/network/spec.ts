/** Networks: what tenants' ports and routers are plugged into. Names are those of Neutron's API. */
import type { NetnsReference } from '../netns/netns.js';

export interface NetworkSpec {
  /** A UUID in OpenStack; a Linux bridge of the network's own is named `brq` and its first 11 characters. */
  readonly id: string;
  /** Bytes. Of the bridge and of ports that name none. */
  readonly mtu?: number;
  /** Default 'linuxbridge'. */
  readonly mechanism?: 'linuxbridge' | 'openvswitch';
  /**
   * 'linuxbridge': a bridge that somebody else looks after, such as `br-ex`; default: one of the network's own.
   * 'openvswitch': the integration bridge; default `br-int`, which is made where it is not there.
   */
  readonly bridge?: string;
  /** A device of the host's that leads to the physical network, and becomes a port of the bridge. */
  readonly physicalDevice?: string;
  readonly ports?: readonly NetworkPortSpec[];
}

/** A port of a VM's. */
export interface NetworkPortSpec {
  /** The host's end is `tap` and its first 11 characters. */
  readonly id: string;
  readonly mac?: string;
  /** Default: a veth pair where `netns` is given, else a tap device, as QEMU opens it. */
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
