import { checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkMac, checkPrefix, formatAddress, type Prefix } from '../ip.js';
import type { CallOptions, Dispatch } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import type { RouteSpec } from '../rtnetlink/routes.js';
import { checkAddressOrPrefix } from '../rtnetlink/values.js';
import { type Associations, checkFloatingIps, checkPools } from './associations.js';
import { checkId, portDevice } from './names.js';

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
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
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

export interface RouterSpec {
  /** A UUID in OpenStack; names the namespace, `qrouter-<id>`. */
  readonly id: string;
  readonly gateway?: GatewaySpec;
  readonly interfaces?: readonly PortSpec[];
  /** Extra routes, beside those of subnets and next hops. */
  readonly routes?: readonly Pick<RouteSpec, 'dst' | 'via'>[];
  readonly floatingIps?: readonly FloatingIp[] | PackedFloatingIps;
  /** Default 'address'. */
  readonly floatingIpBinding?: FloatingIpBinding;
}

export interface RouterOptions extends CallOptions {
  /** Where the bridges are; default: the process's own namespace. */
  readonly host?: Netns;
  /** Of the router's namespace: where requests run (`NetnsOptions`). */
  readonly dispatch?: Dispatch;
}

/** A port, checked. */
export interface Port {
  readonly device: string;
  readonly tap: string;
  readonly addresses: readonly Prefix[];
  readonly bridge: string | undefined;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
}

export interface Gateway extends Port {
  readonly nexthops: readonly string[];
  readonly enableSnat: boolean;
  readonly pools: readonly Prefix[];
}

/** A spec, checked, with defaults filled in and names worked out. */
export interface Plan {
  readonly id: string;
  readonly gateway: Gateway | undefined;
  readonly interfaces: readonly Port[];
  readonly routes: readonly Pick<RouteSpec, 'dst' | 'via'>[];
  readonly floatingIps: Associations;
  readonly binding: FloatingIpBinding;
}

const portKeys = ['id', 'addresses', 'bridge', 'mac', 'mtu'];
const gatewayKeys: ReadonlySet<string> = new Set([...portKeys, 'nexthops', 'enableSnat', 'floatingPools']);
const interfaceKeys: ReadonlySet<string> = new Set(portKeys);
const routerKeys: ReadonlySet<string> = new Set([
  'id',
  'gateway',
  'interfaces',
  'routes',
  'floatingIps',
  'floatingIpBinding',
]);
const bindings: ReadonlySet<string> = new Set(['address', 'route', 'prefix']);

export function checkSpec(spec: RouterSpec): Plan {
  checkKeys(spec, routerKeys, 'spec');
  const id = checkId(spec.id, 'spec.id');
  const binding = spec.floatingIpBinding ?? 'address';
  if (!bindings.has(binding))
    throw invalidValue('spec.floatingIpBinding', "is none of 'address', 'route', 'prefix'", binding);
  const interfaces = (spec.interfaces ?? []).map((port, at) => {
    const path = `spec.interfaces[${at}]`;
    checkKeys(port, interfaceKeys, path);
    return checkPort(port, 'router', path);
  });
  const gateway = spec.gateway && checkGateway(spec.gateway);
  const taken = new Set<string>();
  for (const port of [...interfaces, ...(gateway ? [gateway] : [])]) {
    if (taken.has(port.tap))
      throw invalidValue('spec', 'has two ports whose ids begin with the same 11 characters', port.tap);
    taken.add(port.tap);
  }
  const floatingIps = checkFloatingIps(spec.floatingIps ?? [], 'spec.floatingIps');
  const count = floatingIps.floating.length;
  if (count > 0 && !gateway) throw invalidValue('spec.floatingIps', 'need a gateway', count);
  const plan: Plan = { id, gateway, interfaces, routes: spec.routes ?? [], floatingIps, binding };
  if (gateway && binding === 'prefix') checkPools(floatingIps, gateway.pools, 'spec.floatingIps');
  return plan;
}

/** The network that a prefix lies in: its host bits cleared. */
export function networkOf({ family, bytes, length }: Prefix): Prefix {
  const network = bytes.map((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - at * 8));
    return byte & (0xff << (8 - bits));
  });
  return { family, bytes: network, length };
}

function checkPort(port: PortSpec, kind: 'router' | 'gateway', path: string): Port {
  const id = checkId(port.id, `${path}.id`);
  if (!Array.isArray(port.addresses)) throw invalidType(`${path}.addresses`, 'an array', port.addresses);
  if (port.mac !== undefined) checkMac(port.mac, `${path}.mac`);
  return {
    device: portDevice(kind, id),
    tap: portDevice('tap', id),
    addresses: port.addresses.map((address: string, at) => checkPrefix(address, `${path}.addresses[${at}]`)),
    bridge: port.bridge,
    mac: port.mac,
    mtu: port.mtu === undefined ? undefined : checkInteger(port.mtu, `${path}.mtu`, 68, 65535),
  };
}

function checkGateway(spec: GatewaySpec): Gateway {
  const path = 'spec.gateway';
  checkKeys(spec, gatewayKeys, path);
  const port = checkPort(spec, 'gateway', path);
  const nexthops = (spec.nexthops ?? []).map((nexthop, at) => {
    const { bytes, length } = checkAddressOrPrefix(nexthop, `${path}.nexthops[${at}]`);
    if (length !== bytes.length * 8) throw invalidValue(`${path}.nexthops[${at}]`, 'is not a single address', nexthop);
    return formatAddress(bytes);
  });
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
