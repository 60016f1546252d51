/** DHCP for tenant networks as OpenStack Neutron builds it: namespaces, ports, dnsmasq. */
export { Dhcp, type DhcpStatus } from './dhcp.js';
export type { DhcpChange } from './diff.js';
export type { DhcpLease } from './leases.js';
export type { Metadata } from './names.js';
export type {
  DhcpOptions,
  DhcpSpec,
  ExtraDhcpOption,
  FixedIp,
  HostRoute,
  Ipv6Mode,
  NetworkPortSpec,
  NetworkSpec,
  SubnetSpec,
} from './spec.js';
