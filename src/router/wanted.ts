/** A router's description, checked: `RouterSpec` -> `Wanted`. */
import { checkArray, checkBoolean, checkInteger, checkKeys, invalidValue, outOfRange } from '../errors.js';
import {
  checkIpv4,
  checkIpv6,
  checkMac,
  checkPrefix,
  contains,
  formatAddress,
  formatPrefix,
  networkOf,
  type Prefix,
  readIpv4,
} from '../ip.js';
import { checkAddressOrPrefix } from '../rtnetlink/values.js';
import { AddressIndex } from './address-index.js';
import { type Associations, checkFloatingIps, checkPools } from './associations.js';
import { checkForwardings, type Forwarding } from './forwardings.js';
import { checkId, portDevice } from './names.js';
import type {
  AddressScopes,
  ConntrackHelper,
  ExtraRoute,
  FloatingIpBinding,
  GatewaySpec,
  InterfaceSpec,
  PortSpec,
  RateLimit,
  RouterAdvertisementSpec,
  RouterSpec,
} from './spec.js';

/** A port, checked. */
export interface Port {
  readonly id: string;
  readonly device: string;
  readonly tap: string;
  readonly addresses: readonly Prefix[];
  readonly bridge: string | undefined;
  /** Of the node's networks, the one that it is on, by id. */
  readonly network: string | undefined;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly addressScopes: AddressScopes;
}

export interface Interface extends Port {
  readonly routerAdvertisement: RouterAdvertisementSpec | undefined;
}

export interface Gateway extends Port {
  readonly nexthops: readonly string[];
  readonly enableSnat: boolean;
  readonly pools: readonly Prefix[];
}

/** A spec, checked, with defaults filled in and names worked out. */
export interface Wanted {
  readonly id: string;
  readonly gateway: Gateway | undefined;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly ExtraRoute[];
  readonly floatingIps: Associations;
  readonly binding: FloatingIpBinding;
  readonly forwardings: readonly Forwarding[];
  /** What the gateway port answers for beside its own addresses: floating IPs, and addresses of port forwardings. */
  readonly external: Uint32Array;
  readonly rateLimits: readonly RateLimit[];
  readonly metadataPort: number | undefined;
  readonly conntrackHelpers: readonly ConntrackHelper[];
  /** Undefined: nothing is answered for, and nothing refused. */
  readonly ndpProxies: readonly string[] | undefined;
  readonly counters: boolean;
}

export function portsOf({ interfaces, gateway }: Wanted): readonly Port[] {
  return gateway ? [...interfaces, gateway] : interfaces;
}

const portKeys = ['id', 'addresses', 'network', 'bridge', 'mac', 'mtu', 'addressScopes'];
const gatewayKeys: ReadonlySet<string> = new Set([...portKeys, 'nexthops', 'enableSnat', 'floatingPools']);
const interfaceKeys: ReadonlySet<string> = new Set([...portKeys, 'routerAdvertisement']);
const routerKeys: ReadonlySet<string> = new Set([
  'id',
  'gateway',
  'interfaces',
  'routes',
  'floatingIps',
  'floatingIpBinding',
  'portForwardings',
  'rateLimits',
  'metadata',
  'conntrackHelpers',
  'ndpProxies',
  'counters',
]);
const bindings: ReadonlySet<string> = new Set(['address', 'route', 'prefix']);

/** What a port's `network` stands for. */
export type FindNetwork = (
  id: string,
) => { readonly bridge: string | undefined; readonly mtu: number | undefined } | undefined;

export function checkSpec(spec: RouterSpec, path: string = 'spec', find?: FindNetwork): Wanted {
  checkKeys(spec, routerKeys, path);
  const id = checkId(spec.id, `${path}.id`);
  const binding = spec.floatingIpBinding ?? 'address';
  if (!bindings.has(binding))
    throw invalidValue(`${path}.floatingIpBinding`, "is none of 'address', 'route', 'prefix'", binding);
  const interfaces = list(spec.interfaces, `${path}.interfaces`).map((port, at) =>
    checkInterface(port, `${path}.interfaces[${at}]`, find),
  );
  const gateway = spec.gateway && checkGateway(spec.gateway, `${path}.gateway`, find);
  checkNames([...interfaces, ...(gateway ? [gateway] : [])], path);
  const floatingIps = checkFloatingIps(spec.floatingIps ?? [], `${path}.floatingIps`);
  const forwardings = checkForwardings(
    list(spec.portForwardings, `${path}.portForwardings`),
    `${path}.portForwardings`,
  );
  const external = externalAddresses(floatingIps, forwardings, `${path}.portForwardings`);
  if (external.length > 0 && !gateway) {
    const key = floatingIps.floating.length > 0 ? 'floatingIps' : 'portForwardings';
    throw invalidValue(`${path}.${key}`, 'need a gateway', external.length);
  }
  for (const { family, bytes } of gateway?.addresses ?? []) {
    if (family !== 'ip' || !external.includes(readIpv4(bytes))) continue;
    throw invalidValue(`${path}.gateway.addresses`, 'has the address of a floating IP', formatAddress(bytes));
  }
  if (gateway && binding === 'prefix') {
    checkPools(floatingIps.floating, gateway.pools, (row) => `${path}.floatingIps[${row}].floatingAddress`);
    checkPools(external.subarray(floatingIps.floating.length), gateway.pools, () => `${path}.portForwardings`);
  }
  return {
    id,
    gateway,
    interfaces,
    routes: list(spec.routes, `${path}.routes`).map((route, at) => checkRoute(route, `${path}.routes[${at}]`)),
    floatingIps,
    binding,
    forwardings,
    external,
    rateLimits: checkRateLimits(list(spec.rateLimits, `${path}.rateLimits`), external, `${path}.rateLimits`),
    metadataPort: spec.metadata && checkMetadata(spec.metadata, `${path}.metadata`),
    conntrackHelpers: checkHelpers(list(spec.conntrackHelpers, `${path}.conntrackHelpers`), `${path}.conntrackHelpers`),
    ndpProxies: spec.ndpProxies && checkProxies(spec.ndpProxies, gateway, interfaces, `${path}.ndpProxies`),
    counters: checkBoolean(spec.counters ?? false, `${path}.counters`),
  };
}

/** Addresses in tenant networks, each once. */
function checkProxies(
  addresses: readonly string[],
  gateway: Gateway | undefined,
  interfaces: readonly Interface[],
  path: string,
): readonly string[] {
  if (!gateway) throw invalidValue(path, 'need a gateway', addresses);
  const networks = interfaces.flatMap((port) => port.addresses.filter(({ family }) => family === 'ip6').map(networkOf));
  const seen = new Set<string>();
  list(addresses, path).forEach((address, at) => {
    const bytes = checkIpv6(address, `${path}[${at}]`);
    const text = formatAddress(bytes);
    if (seen.has(text)) throw invalidValue(`${path}[${at}]`, 'is there twice', address);
    if (!networks.some((network) => contains(network, bytes))) {
      throw invalidValue(`${path}[${at}]`, 'is on none of the tenant networks', address);
    }
    seen.add(text);
  });
  return [...seen];
}

/** fe80::/10. */
export const isLinkLocal = (bytes: Uint8Array): boolean => bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80;

function list<T>(value: readonly T[] | undefined, path: string): readonly T[] {
  return value === undefined ? [] : checkArray(value, path);
}

function checkNames(ports: readonly Port[], path: string): void {
  const taken = new Set<string>();
  for (const { tap } of ports) {
    if (taken.has(tap)) throw invalidValue(path, 'has two ports whose ids begin with the same 11 characters', tap);
    taken.add(tap);
  }
}

const scopeKeys: ReadonlySet<string> = new Set(['ipv4', 'ipv6']);

/** Below it the kernel takes IPv6 off a device (addrconf_notify). */
const leastIpv6Mtu = 1280;

function checkPort(port: PortSpec, kind: 'router' | 'gateway', path: string, find: FindNetwork | undefined): Port {
  const id = checkId(port.id, `${path}.id`);
  const prefixes = checkArray(port.addresses, `${path}.addresses`);
  if (port.mac !== undefined) checkMac(port.mac, `${path}.mac`);
  const network = port.network === undefined ? undefined : networkOfPort(port.network, port.bridge, path, find);
  const { addressScopes = {} } = port;
  checkKeys(addressScopes, scopeKeys, `${path}.addressScopes`);
  for (const [family, scope] of Object.entries(addressScopes)) checkId(scope, `${path}.addressScopes.${family}`);
  const addresses = prefixes.map((address, at) => checkPrefix(address, `${path}.addresses[${at}]`));
  const mtu = port.mtu === undefined ? network?.mtu : checkInteger(port.mtu, `${path}.mtu`, 68, 65535);
  if (mtu !== undefined && mtu < leastIpv6Mtu && addresses.some(({ family }) => family === 'ip6')) {
    throw outOfRange(`${path}.mtu`, `${leastIpv6Mtu} to 65535 on a port with an IPv6 address (RFC 8200)`, mtu);
  }
  return {
    id,
    device: portDevice(kind, id),
    tap: portDevice('tap', id),
    addresses,
    bridge: port.bridge ?? network?.bridge,
    network: port.network,
    mac: port.mac,
    mtu,
    addressScopes,
  };
}

function networkOfPort(id: string, bridge: string | undefined, path: string, find: FindNetwork | undefined) {
  if (bridge !== undefined) throw invalidValue(`${path}.bridge`, 'stands beside a network', bridge);
  const network = find?.(id);
  if (network) return network;
  const reason = find ? 'is none of the networks' : 'needs Node.apply, whose description has networks';
  throw invalidValue(`${path}.network`, reason, id);
}

const advertisementKeys: ReadonlySet<string> = new Set(['mode', 'dnsServers', 'maxInterval', 'minInterval']);
const modes: ReadonlySet<string> = new Set(['slaac', 'dhcpv6-stateless', 'dhcpv6-stateful']);

function checkInterface(port: InterfaceSpec, path: string, find: FindNetwork | undefined): Interface {
  checkKeys(port, interfaceKeys, path);
  const checked = checkPort(port, 'router', path, find);
  const { routerAdvertisement } = port;
  if (routerAdvertisement !== undefined) {
    const here = `${path}.routerAdvertisement`;
    checkKeys(routerAdvertisement, advertisementKeys, here);
    const { mode, dnsServers, maxInterval = 100, minInterval = 30 } = routerAdvertisement;
    if (!modes.has(mode)) {
      throw invalidValue(`${here}.mode`, "is none of 'slaac', 'dhcpv6-stateless', 'dhcpv6-stateful'", mode);
    }
    list(dnsServers, `${here}.dnsServers`).forEach((server, at) => {
      checkIpv6(server, `${here}.dnsServers[${at}]`);
    });
    checkInteger(maxInterval, `${here}.maxInterval`, 4, 1800);
    // radvd.conf(5): at most 0.75 of the other.
    checkInteger(minInterval, `${here}.minInterval`, 3, Math.floor(maxInterval * 0.75));
    if (!checked.addresses.some(({ family, bytes }) => family === 'ip6' && !isLinkLocal(bytes))) {
      throw invalidValue(here, 'needs an IPv6 address on the port', mode);
    }
  }
  return { ...checked, routerAdvertisement };
}

function checkGateway(spec: GatewaySpec, path: string, find: FindNetwork | undefined): Gateway {
  checkKeys(spec, gatewayKeys, path);
  const port = checkPort(spec, 'gateway', path, find);
  const nexthops = list(spec.nexthops, `${path}.nexthops`).map((nexthop, at) =>
    checkSingle(nexthop, `${path}.nexthops[${at}]`),
  );
  for (const colon of [true, false]) {
    if (nexthops.filter((nexthop) => nexthop.includes(':') === colon).length > 1) {
      throw invalidValue(`${path}.nexthops`, 'holds two of one family', nexthops);
    }
  }
  const own = port.addresses.filter(({ family }) => family === 'ip').map(networkOf);
  const pools = spec.floatingPools?.map((pool, at) => {
    const prefix = checkPrefix(pool, `${path}.floatingPools[${at}]`);
    if (prefix.family !== 'ip') throw invalidValue(`${path}.floatingPools[${at}]`, 'is not IPv4', pool);
    return networkOf(prefix);
  });
  return { ...port, nexthops, enableSnat: spec.enableSnat ?? true, pools: pools ?? own };
}

/** One address, in the form that the kernel's listing has. */
function checkSingle(address: unknown, path: string): string {
  const { bytes, length } = checkAddressOrPrefix(address as string, path);
  if (length !== bytes.length * 8) throw invalidValue(path, 'is not a single address', address);
  return formatAddress(bytes);
}

const routeKeys: ReadonlySet<string> = new Set(['dst', 'via', 'weight']);

function checkRoute(route: ExtraRoute, path: string): ExtraRoute {
  checkKeys(route, routeKeys, path);
  const via = checkSingle(route.via, `${path}.via`);
  const weight = checkInteger(route.weight ?? 1, `${path}.weight`, 1, 256);
  if (route.dst === 'default') return { dst: 'default', via, weight };
  const prefix = checkAddressOrPrefix(route.dst, `${path}.dst`);
  const family = via.includes(':') ? 16 : 4;
  if (prefix.bytes.length !== family)
    throw invalidValue(`${path}.via`, `is not of the same family as ${route.dst}`, via);
  const network = networkOf({ family: family === 4 ? 'ip' : 'ip6', ...prefix });
  if (formatAddress(network.bytes) !== formatAddress(prefix.bytes)) {
    throw invalidValue(`${path}.dst`, `has host bits; the network is ${formatPrefix(network)}`, route.dst);
  }
  const whole = prefix.length === family * 8;
  const dst = prefix.length === 0 ? 'default' : whole ? formatAddress(prefix.bytes) : formatPrefix(network);
  return { dst, via, weight };
}

/** Floating IPs first, then what port forwardings add. */
function externalAddresses({ floating }: Associations, forwardings: readonly Forwarding[], path: string): Uint32Array {
  if (forwardings.length === 0) return floating;
  const index = new AddressIndex(floating);
  const forwarded = new Set<number>();
  for (const { floatingAddress } of forwardings) {
    const address = checkIpv4(floatingAddress, path);
    if (index.has(address)) throw invalidValue(path, 'has the address of a floating IP', floatingAddress);
    forwarded.add(address);
  }
  const whole = new Uint32Array(floating.length + forwarded.size);
  whole.set(floating);
  whole.set([...forwarded], floating.length);
  return whole;
}

const limitKeys: ReadonlySet<string> = new Set(['floatingAddress', 'ingress', 'egress']);
const bandwidthKeys: ReadonlySet<string> = new Set(['maxKbps', 'maxBurstKbps']);

function checkRateLimits(limits: readonly RateLimit[], external: Uint32Array, path: string): readonly RateLimit[] {
  const known = new AddressIndex(external);
  const seen = new Set<string>();
  limits.forEach((limit, at) => {
    const here = `${path}[${at}]`;
    checkKeys(limit, limitKeys, here);
    const { floatingAddress } = limit;
    if (!known.has(checkIpv4(floatingAddress, `${here}.floatingAddress`))) {
      throw invalidValue(`${here}.floatingAddress`, 'is no floating IP and has no port forwarding', floatingAddress);
    }
    if (seen.has(floatingAddress)) throw invalidValue(`${here}.floatingAddress`, 'is there twice', floatingAddress);
    seen.add(floatingAddress);
    for (const direction of ['ingress', 'egress'] as const) {
      const bandwidth = limit[direction];
      if (bandwidth === undefined) continue;
      checkKeys(bandwidth, bandwidthKeys, `${here}.${direction}`);
      checkInteger(bandwidth.maxKbps, `${here}.${direction}.maxKbps`, 1, 4_294_967);
      if (bandwidth.maxBurstKbps !== undefined) {
        checkInteger(bandwidth.maxBurstKbps, `${here}.${direction}.maxBurstKbps`, 1, 4_294_967);
      }
    }
  });
  return limits;
}

const metadataKeys: ReadonlySet<string> = new Set(['port']);

function checkMetadata(metadata: { readonly port?: number }, path: string): number {
  checkKeys(metadata, metadataKeys, path);
  return checkInteger(metadata.port ?? 9697, `${path}.port`, 1, 65535);
}

const helperKeys: ReadonlySet<string> = new Set(['helper', 'protocol', 'port']);

function checkHelpers(helpers: readonly ConntrackHelper[], path: string): readonly ConntrackHelper[] {
  const taken = new Set<string>();
  return helpers.map((one, at) => {
    const helper = checkHelper(one, `${path}[${at}]`);
    const key = `${helper.protocol} ${helper.port}`;
    if (taken.has(key)) throw invalidValue(`${path}[${at}].port`, 'has a helper already', key);
    taken.add(key);
    return helper;
  });
}

function checkHelper(helper: ConntrackHelper, path: string): ConntrackHelper {
  checkKeys(helper, helperKeys, path);
  if (typeof helper.helper !== 'string' || !/^[A-Za-z0-9_.-]{1,15}$/.test(helper.helper)) {
    throw invalidValue(`${path}.helper`, "is not a helper's name, such as 'tftp'", helper.helper);
  }
  if (helper.protocol !== 'tcp' && helper.protocol !== 'udp') {
    throw invalidValue(`${path}.protocol`, "is neither 'tcp' nor 'udp'", helper.protocol);
  }
  checkInteger(helper.port, `${path}.port`, 1, 65535);
  return helper;
}
