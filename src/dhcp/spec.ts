import { checkArray, checkBoolean, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkAddress, checkMac, checkPrefix, formatAddress, formatMac, formatPrefix, networkOf } from '../ip.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import { checkId, portDevice } from '../router/names.js';
import type { Services } from '../services/services.js';
import { type Metadata, networkNamespace } from './names.js';
import { type Network, type NetworkPort, type Subnet, subnetOf } from './network.js';

/** How hosts of an IPv6 subnet get their addresses, in OpenStack's words. */
export type Ipv6Mode = 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless';

export interface HostRoute {
  /** '198.51.100.0/24' */
  readonly destination: string;
  readonly nexthop: string;
}

export interface SubnetSpec {
  /** A UUID in OpenStack. Default: made of the cidr. */
  readonly id?: string;
  /** '10.0.0.0/24' */
  readonly cidr: string;
  readonly gatewayIp?: string;
  /** Default true. */
  readonly enableDhcp?: boolean;
  /** What hosts ask; default: the DHCP port itself. '0.0.0.0' or '::' tells them of none. */
  readonly dnsNameservers?: readonly string[];
  readonly hostRoutes?: readonly HostRoute[];
  /** IPv6. Without it, and without `ipv6RaMode`, addresses are given by DHCPv6. */
  readonly ipv6AddressMode?: Ipv6Mode;
  /** IPv6. Who advertises is the router. */
  readonly ipv6RaMode?: Ipv6Mode;
  /**
   * Who answers 169.254.169.254 on this subnet: the DHCP port, the router, or nobody. Default: with `isolatedMetadata` the DHCP port, where
   * there is no gateway; the router, where there is one.
   */
  readonly metadata?: Metadata;
}

export interface FixedIp {
  /** Default: the subnet that the address lies in. */
  readonly subnetId?: string;
  readonly ipAddress: string;
}

export interface ExtraDhcpOption {
  /** A name that dnsmasq knows ('server-ip-address', 'bootfile-name'; `dnsmasq --help dhcp`) or a number. */
  readonly name: string;
  readonly value: string;
  /** Default 4. */
  readonly ipVersion?: 4 | 6;
}

export interface NetworkPortSpec {
  readonly id: string;
  readonly mac: string;
  readonly fixedIps: readonly FixedIp[];
  /** Default: `host-10-0-0-5`, of its address. */
  readonly hostname?: string;
  readonly extraDhcpOptions?: readonly ExtraDhcpOption[];
  /** False for a port that gets no lease, such as a router's; its name is known all the same. Default true. */
  readonly dhcp?: boolean;
}

export interface DhcpSpec {
  /** The DHCP port's own; names its device, `tap<first 11 characters>`. */
  readonly portId: string;
  readonly mac?: string;
  /** The DHCP port's own, with their lengths: '10.0.0.2/24'. */
  readonly addresses: readonly string[];
  /** Seconds, 120 at least, as dnsmasq has it; -1 for ever. Default 86400. */
  readonly leaseDuration?: number;
  /** What dnsmasq itself asks for other names, as its --server takes them: '192.0.2.53', '/example.org/192.0.2.54#5353'. Default: nobody. */
  readonly dnsmasqDnsServers?: readonly string[];
  /** A file with more of dnsmasq's options, as Neutron's `dnsmasq_config_file`. Read when it starts. */
  readonly dnsmasqConfigFile?: string;
  /** The DHCP port has 169.254.169.254, and isolated subnets are told so. Default false. */
  readonly isolatedMetadata?: boolean;
}

/** A tenant network, as far as DHCP goes. */
export interface NetworkSpec {
  /** A UUID in OpenStack; names the namespace, `qdhcp-<id>`. */
  readonly id: string;
  /** Bytes. Hosts are told, and the DHCP port has it. */
  readonly mtu?: number;
  /** Default 'openstacklocal'; '' for none. */
  readonly dnsDomain?: string;
  readonly subnets: readonly SubnetSpec[];
  readonly ports?: readonly NetworkPortSpec[];
  /** Absent or false: no DHCP, and what there was of it goes. */
  readonly dhcp?: DhcpSpec | false;
  /** In the host's namespace, for the DHCP port's other end. Without one that is left alone. */
  readonly bridge?: string;
}

export interface DhcpOptions extends CallOptions {
  /** Where the bridges are; default: the process's own namespace. */
  readonly host?: Netns;
  /** Who runs dnsmasq; default: one that all calls share, with its directories below /run/netloom. */
  readonly services?: Services;
}

const keys = {
  network: new Set(['id', 'mtu', 'dnsDomain', 'subnets', 'ports', 'dhcp', 'bridge']),
  subnet: new Set([
    'id',
    'cidr',
    'gatewayIp',
    'enableDhcp',
    'dnsNameservers',
    'hostRoutes',
    'ipv6AddressMode',
    'ipv6RaMode',
    'metadata',
  ]),
  port: new Set(['id', 'mac', 'fixedIps', 'hostname', 'extraDhcpOptions', 'dhcp']),
  fixedIp: new Set(['subnetId', 'ipAddress']),
  option: new Set(['name', 'value', 'ipVersion']),
  dhcp: new Set([
    'portId',
    'mac',
    'addresses',
    'leaseDuration',
    'dnsmasqDnsServers',
    'dnsmasqConfigFile',
    'isolatedMetadata',
  ]),
  hostRoute: new Set(['destination', 'nexthop']),
};

const modes: ReadonlySet<unknown> = new Set([undefined, 'slaac', 'dhcpv6-stateful', 'dhcpv6-stateless']);

/** Checks a description, and works out names and defaults. */
export function checkNetwork(spec: NetworkSpec, path: string = 'network'): Network {
  checkKeys(spec, keys.network, path);
  const id = checkId(spec.id, `${path}.id`);
  const dhcp = spec.dhcp ? checkDhcp(spec.dhcp, `${path}.dhcp`) : undefined;
  const subnets = checkArray(spec.subnets, `${path}.subnets`).map((subnet, at) =>
    checkSubnet(subnet, dhcp?.isolatedMetadata ?? false, `${path}.subnets[${at}]`),
  );
  subnets.forEach(({ id: name }, at) => {
    if (subnets.findIndex((other) => other.id === name) !== at) {
      throw invalidValue(`${path}.subnets[${at}].id`, 'is taken', name);
    }
  });
  const ports = checkArray(spec.ports ?? [], `${path}.ports`).map((port, at) =>
    checkPort(port, subnets, `${path}.ports[${at}]`),
  );
  return {
    id,
    namespace: networkNamespace(id),
    mtu: spec.mtu === undefined ? undefined : checkInteger(spec.mtu, `${path}.mtu`, 68, 65535),
    domain: checkDomain(spec.dnsDomain, `${path}.dnsDomain`),
    bridge: spec.bridge,
    dhcp: subnets.some(({ enabled }) => enabled) ? dhcp : undefined,
    subnets,
    ports,
  };
}

function checkDomain(value: unknown, path: string): string | undefined {
  if (value === undefined) return 'openstacklocal';
  if (value === '') return undefined;
  return checkName(value, path).replace(/\.$/, '');
}

function checkDhcp(spec: DhcpSpec, path: string): NonNullable<Network['dhcp']> {
  checkKeys(spec, keys.dhcp, path);
  const { leaseDuration = 86_400, dnsmasqDnsServers = [], dnsmasqConfigFile } = spec;
  if (leaseDuration !== -1) checkInteger(leaseDuration, `${path}.leaseDuration`, 120, 0x7fffffff);
  if (dnsmasqConfigFile !== undefined) checkWord(dnsmasqConfigFile, `${path}.dnsmasqConfigFile`);
  return {
    portId: checkId(spec.portId, `${path}.portId`),
    device: portDevice('tap', spec.portId),
    mac: spec.mac === undefined ? undefined : formatMac(checkMac(spec.mac, `${path}.mac`)),
    addresses: checkArray(spec.addresses, `${path}.addresses`).map((one, at) =>
      checkPrefix(one, `${path}.addresses[${at}]`),
    ),
    leaseDuration,
    servers: checkArray(dnsmasqDnsServers, `${path}.dnsmasqDnsServers`).map((server, at) =>
      checkWord(server, `${path}.dnsmasqDnsServers[${at}]`),
    ),
    configFile: dnsmasqConfigFile,
    isolatedMetadata: checkBoolean(spec.isolatedMetadata ?? false, `${path}.isolatedMetadata`),
  };
}

function checkSubnet(spec: SubnetSpec, isolatedMetadata: boolean, path: string): Subnet {
  checkKeys(spec, keys.subnet, path);
  const prefix = networkOf(checkPrefix(spec.cidr, `${path}.cidr`));
  const { family, length } = prefix;
  const cidr = formatPrefix(prefix);
  const address = (value: string, where: string): string => {
    const bytes = checkAddress(value, where);
    if ((bytes.length === 4) !== (family === 'ip')) throw invalidValue(where, `is not of the family of ${cidr}`, value);
    return formatAddress(bytes);
  };
  for (const key of ['ipv6AddressMode', 'ipv6RaMode'] as const) {
    if (!modes.has(spec[key])) {
      throw invalidValue(`${path}.${key}`, "is none of 'slaac', 'dhcpv6-stateful', 'dhcpv6-stateless'", spec[key]);
    }
    if (spec[key] !== undefined && family === 'ip') throw invalidValue(`${path}.${key}`, 'is for IPv6', spec[key]);
  }
  const mode = family === 'ip' || spec.ipv6AddressMode || spec.ipv6RaMode ? spec.ipv6AddressMode : 'dhcpv6-stateful';
  const enabled = checkBoolean(spec.enableDhcp ?? true, `${path}.enableDhcp`);
  const served = enabled && (family === 'ip' || mode === 'dhcpv6-stateful' || mode === 'dhcpv6-stateless');
  if (served && family === 'ip6' && length < 64) {
    throw invalidValue(`${path}.cidr`, 'is larger than dnsmasq serves (IPv6: /64 to /128)', spec.cidr);
  }
  const gateway = spec.gatewayIp === undefined ? undefined : address(spec.gatewayIp, `${path}.gatewayIp`);
  const metadata = spec.metadata ?? (gateway ? 'router' : isolatedMetadata ? 'dhcp' : 'none');
  if (!['dhcp', 'router', 'none'].includes(metadata)) {
    throw invalidValue(`${path}.metadata`, "is none of 'dhcp', 'router', 'none'", metadata);
  }
  return {
    id: spec.id === undefined ? cidr.replaceAll(/[/:.]/g, '-') : checkId(spec.id, `${path}.id`),
    prefix,
    cidr,
    gateway,
    enabled,
    served,
    mode: family === 'ip' ? undefined : mode,
    metadata,
    nameservers: checkArray(spec.dnsNameservers ?? [], `${path}.dnsNameservers`).map((server, at) =>
      address(server, `${path}.dnsNameservers[${at}]`),
    ),
    hostRoutes: checkArray(spec.hostRoutes ?? [], `${path}.hostRoutes`).map((route, at) => {
      const where = `${path}.hostRoutes[${at}]`;
      checkKeys(route, keys.hostRoute, where);
      const destination = networkOf(checkPrefix(route.destination, `${where}.destination`));
      if (destination.family !== family) {
        throw invalidValue(`${where}.destination`, `is not of the family of ${cidr}`, route.destination);
      }
      return { destination: formatPrefix(destination), nexthop: address(route.nexthop, `${where}.nexthop`) };
    }),
  };
}

function checkPort(spec: NetworkPortSpec, subnets: readonly Subnet[], path: string): NetworkPort {
  checkKeys(spec, keys.port, path);
  return {
    id: checkId(spec.id, `${path}.id`),
    mac: formatMac(checkMac(spec.mac, `${path}.mac`)),
    hostname: spec.hostname === undefined ? undefined : checkName(spec.hostname, `${path}.hostname`),
    dhcp: checkBoolean(spec.dhcp ?? true, `${path}.dhcp`),
    fixedIps: checkArray(spec.fixedIps, `${path}.fixedIps`).map((fixed, at) => {
      const where = `${path}.fixedIps[${at}]`;
      checkKeys(fixed, keys.fixedIp, where);
      const bytes = checkAddress(fixed.ipAddress, `${where}.ipAddress`);
      const { subnetId } = fixed;
      const subnet = subnetId === undefined ? subnetOf(subnets, bytes) : subnets.find(({ id }) => id === subnetId);
      if (subnet === undefined && subnetId !== undefined) {
        throw invalidValue(`${where}.subnetId`, 'is none of the subnets', subnetId);
      }
      if (subnet === undefined || subnetOf([subnet], bytes) === undefined) {
        throw invalidValue(`${where}.ipAddress`, `is not in ${subnet?.cidr ?? 'any of the subnets'}`, fixed.ipAddress);
      }
      return { address: formatAddress(bytes), subnet };
    }),
    options: checkArray(spec.extraDhcpOptions ?? [], `${path}.extraDhcpOptions`).map((option, at) => {
      const where = `${path}.extraDhcpOptions[${at}]`;
      checkKeys(option, keys.option, where);
      const ipVersion = option.ipVersion ?? 4;
      if (ipVersion !== 4 && ipVersion !== 6) throw invalidValue(`${where}.ipVersion`, 'is neither 4 nor 6', ipVersion);
      checkLine(option.value, `${where}.value`);
      return { name: checkWord(option.name, `${where}.name`), value: option.value, ipVersion };
    }),
  };
}

/** What goes into a line of a file: it must not end it. */
function checkLine(value: unknown, path: string): void {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value);
  if (/[\0\r\n]/.test(value)) throw invalidValue(path, 'holds an end of line', value);
}

function checkWord(value: unknown, path: string): string {
  checkLine(value, path);
  if (value === '' || /\s/.test(value as string)) throw invalidValue(path, 'is empty or holds white space', value);
  return value as string;
}

/** A host's or a domain's: RFC 1123, underscores allowed. */
function checkName(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidType(path, 'a name', value);
  if (value.length > 253 || !/^[0-9A-Za-z_]([0-9A-Za-z_-]*(\.[0-9A-Za-z_-]+)*)\.?$/.test(value)) {
    throw invalidValue(path, "is not a name (letters, digits, '-', '_' and dots between)", value);
  }
  return value;
}
