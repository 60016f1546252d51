import { checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkPrefix, formatAddress, type Prefix } from '../ip.js';
import { checkId, portDevice, routerNamespace } from '../router/names.js';
import { checkSpec, type Port, type RouterSpec } from '../router/spec.js';
import { assemble, type Part, type PluggedPort } from './assemble.js';
import type { SharedNetwork, Topology } from './graph.js';

export interface TopologySpec {
  /** As `Router.apply` takes them. */
  readonly routers?: readonly RouterSpec[];
  readonly dhcp?: readonly DhcpDescription[];
  readonly vms?: readonly VmDescription[];
  /** Networks that share a bridge; a bridge that is not among them is one network. Ports are named `tap…` by their ids. */
  readonly networks?: readonly SharedNetwork[];
  /** Names for people, by the name of a namespace or of a bridge. */
  readonly names?: Readonly<Record<string, string>>;
}

/** A DHCP server, in `qdhcp-<id>`. */
export interface DhcpDescription {
  /** The network's id. */
  readonly id: string;
  readonly portId: string;
  readonly bridge: string;
  /** With their lengths. */
  readonly addresses?: readonly string[];
  /** Bytes. */
  readonly mtu?: number;
}

export interface VmDescription {
  /** Unique among VMs. */
  readonly name: string;
  readonly ports: readonly {
    readonly bridge: string;
    /** The end on the bridge. */
    readonly peer?: string;
    /** Inside; default 'eth0'. */
    readonly device?: string;
    /** With their lengths. */
    readonly addresses?: readonly string[];
    /** Bytes. */
    readonly mtu?: number;
  }[];
}

const specKeys: ReadonlySet<string> = new Set(['routers', 'dhcp', 'vms', 'networks', 'names']);
const dhcpKeys: ReadonlySet<string> = new Set(['id', 'portId', 'bridge', 'addresses', 'mtu']);
const vmKeys: ReadonlySet<string> = new Set(['name', 'ports']);
const vmPortKeys: ReadonlySet<string> = new Set(['bridge', 'peer', 'device', 'addresses', 'mtu']);
const sharedKeys: ReadonlySet<string> = new Set(['bridge', 'name', 'tag', 'ports']);

/**
 * What a description would make, without making it: nothing is read and nothing is sent. For routers it equals what
 * `readTopology` reads after `Router.apply`, but for an `mtu` that the description leaves to the kernel.
 *
 * @throws TypeError, RangeError for a spec that cannot be.
 */
export function topologyOf(spec: TopologySpec): Topology {
  checkKeys(spec, specKeys, 'spec');
  const { routers = [], dhcp = [], vms = [], networks = [], names = {} } = spec;
  checkShared(networks, 'spec.networks');
  checkTopologyNames(names, 'spec.names');
  const parts: Part[] = [
    ...list(routers, 'spec.routers').map(routerPart),
    ...list(dhcp, 'spec.dhcp').map(dhcpPart),
    ...list(vms, 'spec.vms').map(vmPart),
  ];
  return assemble(parts, { shared: networks, names, bridges: [] });
}

export function checkShared(networks: readonly SharedNetwork[], path: string): void {
  const taken = new Set<string>();
  list(networks, path).forEach((network, at) => {
    const where = `${path}[${at}]`;
    checkKeys(network, sharedKeys, where);
    checkText(network.bridge, `${where}.bridge`);
    checkText(network.name, `${where}.name`);
    if (network.tag !== undefined) checkInteger(network.tag, `${where}.tag`, 0, 0xffffffff);
    for (const port of list(network.ports, `${where}.ports`)) checkText(port, `${where}.ports`);
    const key = `${network.bridge}/${network.name}`;
    if (taken.has(key)) throw invalidValue(`${where}.name`, 'is there twice on its bridge', network.name);
    taken.add(key);
  });
}

export function checkTopologyNames(names: Readonly<Record<string, string>>, path: string): void {
  if (typeof names !== 'object' || names === null) throw invalidType(path, 'an object', names);
  for (const [key, name] of Object.entries(names)) checkText(name, `${path}[${JSON.stringify(key)}]`);
}

function routerPart(spec: RouterSpec): Part {
  const { id, gateway, interfaces, floatingIps } = checkSpec(spec);
  return {
    kind: 'router',
    namespace: routerNamespace(id),
    nexthops: gateway?.nexthops ?? [],
    floating: floatingIps,
    ports: [...(gateway ? [gateway] : []), ...interfaces].map(routerPort),
  };
}

function routerPort({ device, tap, bridge, addresses, mtu }: Port): PluggedPort {
  return {
    device,
    peer: tap,
    bridge,
    addresses: addresses.map(textOf),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function dhcpPart(description: DhcpDescription, at: number): Part {
  const path = `spec.dhcp[${at}]`;
  checkKeys(description, dhcpKeys, path);
  const tap = portDevice('tap', checkId(description.portId, `${path}.portId`));
  const port = checkedPort({ ...description, device: tap, peer: tap }, path);
  return { kind: 'dhcp', namespace: `qdhcp-${checkId(description.id, `${path}.id`)}`, ports: [port] };
}

function vmPart(vm: VmDescription, at: number): Part {
  const path = `spec.vms[${at}]`;
  checkKeys(vm, vmKeys, path);
  const key = checkText(vm.name, `${path}.name`);
  const ports = list(vm.ports, `${path}.ports`).map((port, index) => {
    checkKeys(port, vmPortKeys, `${path}.ports[${index}]`);
    return checkedPort({ device: 'eth0', ...port }, `${path}.ports[${index}]`);
  });
  return { kind: 'guest', key, namespace: undefined, ports };
}

function checkedPort(
  { bridge, device, peer, addresses = [], mtu }: VmDescription['ports'][number],
  path: string,
): PluggedPort {
  if (mtu !== undefined) checkInteger(mtu, `${path}.mtu`, 68, 65535);
  return {
    bridge: checkText(bridge, `${path}.bridge`),
    device: checkText(device, `${path}.device`),
    ...(peer === undefined ? {} : { peer: checkText(peer, `${path}.peer`) }),
    addresses: list(addresses, `${path}.addresses`).map((address, at) =>
      textOf(checkPrefix(address, `${path}.addresses[${at}]`)),
    ),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

const textOf = ({ bytes, length }: Prefix): string => `${formatAddress(bytes)}/${length}`;

function list<T>(value: readonly T[], path: string): readonly T[] {
  if (!Array.isArray(value)) throw invalidType(path, 'an array', value);
  return value;
}

function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidType(path, 'text', value);
  if (value === '') throw invalidValue(path, 'is empty', value);
  return value;
}
