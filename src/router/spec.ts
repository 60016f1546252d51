/** What a router is to be: the description that `Router.apply` and `Router.plan` take. */
import type { CallOptions, Dispatch } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import type { Services } from '../services/services.js';

/** How a floating IP lives on the gateway port. Section 5 of the design has the reasons and the costs. */
export type FloatingIpBinding =
  /** A /32 on `qg-`, as OpenStack's agent makes it and `ip address` shows it. Cost grows with their number. */
  | 'address'
  /** A `local` route. Constant cost. */
  | 'route'
  /** Set elements only, within a pool that is declared on the gateway; any number in one atomic transaction. */
  | 'prefix';

export interface PortSpec {
  /** The port's id; devices are named by its first 11 characters. */
  readonly id: string;
  /** With their lengths: '10.0.0.1/24', 'fd00::1/64'. */
  readonly addresses: readonly string[];
  /** The bridge, in the host's namespace, that the other end becomes a port of. Without one it is left alone. */
  readonly bridge?: string;
  /** Instead: one of the networks of a node's description, by id. */
  readonly network?: string;
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
  /** Address scopes of the port's IPv4 and IPv6 subnets, by id. */
  readonly addressScopes?: AddressScopes;
}

/**
 * Within a scope addresses are unique, so nothing is translated; from one scope to another nothing goes but to and from
 * floating IPs, and out by SNAT.
 */
export interface AddressScopes {
  readonly ipv4?: string;
  readonly ipv6?: string;
}

export interface InterfaceSpec extends PortSpec {
  /** Sends router advertisements (RFC 4861) by radvd. */
  readonly routerAdvertisement?: RouterAdvertisementSpec;
}

/** Prefixes are the port's own IPv6 subnets. */
export interface RouterAdvertisementSpec {
  /** 'slaac'; 'dhcpv6-stateless' sets the O flag; 'dhcpv6-stateful' the M flag, and no address is made of the prefix. */
  readonly mode: 'slaac' | 'dhcpv6-stateless' | 'dhcpv6-stateful';
  /** RDNSS (RFC 8106). */
  readonly dnsServers?: readonly string[];
  /** Seconds, 4 to 1800; default 100. */
  readonly maxInterval?: number;
  /** Seconds, 3 to 1350; default 30. */
  readonly minInterval?: number;
}

export interface GatewaySpec extends PortSpec {
  /** Default routes' next hops, one of each family at most. */
  readonly nexthops?: readonly string[];
  /** Whether tenants without a floating IP go out by the gateway's address; default true. */
  readonly enableSnat?: boolean;
  /** For the 'prefix' binding: where floating IPs may come from. Default: the gateway's own IPv4 subnets. */
  readonly floatingPools?: readonly string[];
}

export interface FloatingIp {
  /** IPv4, on the external network. */
  readonly floatingAddress: string;
  /** IPv4, on one of the router's tenant networks. */
  readonly fixedAddress: string;
}

/** Many floating IPs as numbers: 0xc0000201 is 192.0.2.1. Row by row, as many of the one as of the other. */
export interface PackedFloatingIps {
  readonly floatingAddresses: Uint32Array;
  readonly fixedAddresses: Uint32Array;
}

/** One port, or a range of them onto as many, in order. */
export interface PortForwarding {
  /** IPv4, and no floating IP's. Several forwardings may share it. */
  readonly floatingAddress: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'dccp';
  /** 1 to 65535, or a range: '8000-8010'. */
  readonly port: number | string;
  readonly fixedAddress: string;
  /** Default: the same as `port`. A range has as many ports as `port`. */
  readonly fixedPort?: number | string;
}

/** Of a floating IP's, or a port forwarding's, address. What is above it is dropped, as by Neutron's own policing. */
export interface RateLimit {
  readonly floatingAddress: string;
  /** What comes in from outside. */
  readonly ingress?: Bandwidth;
  /** What goes out. */
  readonly egress?: Bandwidth;
}

/** Neutron's QoS bandwidth limit. */
export interface Bandwidth {
  /** 1000 bits a second; 1 to 4,294,967. */
  readonly maxKbps: number;
  /**
   * 1000 bits that may come at once; default 80 % of a second's, as Neutron advises for TCP. The kernel's limits hold a second's at least
   * (nft_limit_init), and so does this.
   */
  readonly maxBurstKbps?: number;
}

/** A route beside those of subnets and next hops. Several to one destination share its traffic (ECMP). */
export interface ExtraRoute {
  readonly dst: string;
  readonly via: string;
  /** Of several to one destination: 1 to 256; default 1. */
  readonly weight?: number;
}

/** A connection tracking helper, for protocols that open further connections. */
export interface ConntrackHelper {
  /** 'ftp', 'tftp', 'sip', 'h323', ...: one that the kernel has. */
  readonly helper: string;
  readonly protocol: 'tcp' | 'udp';
  /** 1 to 65535. */
  readonly port: number;
}

/** Where requests for metadata (169.254.169.254 and fe80::a9fe:a9fe, port 80) from tenant networks are taken. */
export interface MetadataSpec {
  /** The port, inside the router's namespace, that a metadata proxy listens on; default 9697. */
  readonly port?: number;
}

export interface RouterSpec {
  /** A UUID in OpenStack; names the namespace, `qrouter-<id>`. */
  readonly id: string;
  readonly gateway?: GatewaySpec;
  readonly interfaces?: readonly InterfaceSpec[];
  readonly routes?: readonly ExtraRoute[];
  readonly floatingIps?: readonly FloatingIp[] | PackedFloatingIps;
  /** Default 'address'. */
  readonly floatingIpBinding?: FloatingIpBinding;
  readonly portForwardings?: readonly PortForwarding[];
  readonly rateLimits?: readonly RateLimit[];
  readonly metadata?: MetadataSpec;
  readonly conntrackHelpers?: readonly ConntrackHelper[];
  /**
   * IPv6 addresses of tenant networks that the gateway port answers neighbour solicitations for (NDP proxy). With a list, even an empty one,
   * nothing else of the tenant networks of the gateway's IPv6 scope can be reached from outside.
   */
  readonly ndpProxies?: readonly string[];
  /** Counts packets and bytes of each external address, for `router.status()`. Default false: it costs each packet a lookup. */
  readonly counters?: boolean;
}

export interface RouterOptions extends CallOptions {
  /** Where the bridges are; default: the process's own namespace. */
  readonly host?: Netns;
  /** Who looks after radvd; default: services below /run/netloom. */
  readonly services?: Services;
  /** Of the router's namespace: where requests run (`NetnsOptions`). */
  readonly dispatch?: Dispatch;
}
