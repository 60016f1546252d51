/** A network's description, checked, with defaults filled in and names worked out. */
import { contains, type Prefix } from '../ip.js';
import type { Metadata } from './names.js';
import type { ExtraDhcpOption, HostRoute, Ipv6Mode } from './spec.js';

export interface Network {
  readonly id: string;
  readonly namespace: string;
  readonly mtu: number | undefined;
  readonly domain: string | undefined;
  readonly bridge: string | undefined;
  /** Undefined when nothing is to be served. */
  readonly dhcp: DhcpPort | undefined;
  readonly subnets: readonly Subnet[];
  readonly ports: readonly NetworkPort[];
}

export interface DhcpPort {
  readonly portId: string;
  readonly device: string;
  readonly mac: string | undefined;
  readonly addresses: readonly Prefix[];
  readonly leaseDuration: number;
  readonly servers: readonly string[];
  readonly configFile: string | undefined;
  readonly isolatedMetadata: boolean;
}

export interface Subnet {
  readonly id: string;
  /** Host bits cleared. */
  readonly prefix: Prefix;
  readonly cidr: string;
  readonly gateway: string | undefined;
  readonly enabled: boolean;
  /** Whether dnsmasq has a range of it: not for SLAAC, nor where something else gives addresses. */
  readonly served: boolean;
  /** Of IPv6. */
  readonly mode: Ipv6Mode | undefined;
  readonly metadata: Metadata;
  readonly nameservers: readonly string[];
  readonly hostRoutes: readonly HostRoute[];
}

export interface NetworkPort {
  readonly id: string;
  readonly mac: string;
  readonly hostname: string | undefined;
  readonly dhcp: boolean;
  readonly fixedIps: readonly { readonly address: string; readonly subnet: Subnet }[];
  readonly options: readonly Required<ExtraDhcpOption>[];
}

/** The subnet that an address lies in. */
export function subnetOf<T extends { readonly prefix: Prefix }>(
  subnets: readonly T[],
  bytes: Uint8Array,
): T | undefined {
  return subnets.find(({ prefix }) => contains(prefix, bytes));
}
