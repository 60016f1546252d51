import { checkArray, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkPrefix, formatPrefix } from '../ip.js';
import type { WantedNetwork } from '../network/wanted.js';
import type { NodeSpec } from '../node/spec.js';
import { checkNode } from '../node/wanted.js';
import { portDevice, routerNamespace } from '../router/names.js';
import type { RouterSpec } from '../router/spec.js';
import type { Port, Wanted } from '../router/wanted.js';
import { assemble, bridgesOfPorts, type Part, type PluggedPort } from './assemble.js';
import type { SharedNetwork, Topology } from './graph.js';

/** A node's description, as `Node.apply` takes it, and what is of interest beside. */
export interface TopologySpec extends NodeSpec {
  /** VMs that somebody else plugs in. */
  readonly vms?: readonly VmDescription[];
  /** Networks that share a bridge, by ports: `tap` and the first 11 characters of their ids. */
  readonly shared?: readonly SharedNetwork[];
  /** Names for people, by the name of a namespace or of a bridge. */
  readonly names?: Readonly<Record<string, string>>;
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

const vmKeys: ReadonlySet<string> = new Set(['name', 'ports']);
const vmPortKeys: ReadonlySet<string> = new Set(['bridge', 'peer', 'device', 'addresses', 'mtu']);
const sharedKeys: ReadonlySet<string> = new Set(['bridge', 'name', 'tag', 'ports']);

/**
 * What a description would make, without making it: nothing is read and nothing is sent. Of routers, networks and DHCP servers it says
 * what `readTopology` would read afterwards, but for an `mtu` that the description leaves to the kernel. Networks of Open vSwitch are
 * shown, one for each local VLAN.
 *
 * @throws TypeError, RangeError for a spec that cannot be.
 */
export function topologyOf(spec: TopologySpec): Topology {
  if (typeof spec !== 'object' || spec === null) throw invalidType('spec', 'an object', spec);
  const { vms = [], shared = [], names = {}, ...described } = spec;
  checkShared(shared, 'spec.shared');
  checkTopologyNames(names, 'spec.names');
  const node = checkNode(described);
  const switched = vlans(node.networks, spec.routers ?? []);
  // On Open vSwitch a router's port names no bridge: it is plugged in by others.
  const bridges = bridgesOfPorts(switched);
  const parts: Part[] = [
    ...node.routers.map((router) => routerPart(router, bridges)),
    ...node.networks.flatMap(networkParts),
    ...uplinks(node.networks),
    ...checkArray(vms, 'spec.vms').map(vmPart),
  ];
  return assemble(parts, {
    shared: [...shared, ...switched],
    names,
    bridges: node.networks.filter(({ mechanism }) => mechanism === 'linuxbridge').map(({ bridge }) => bridge),
  });
}

export function checkShared(networks: readonly SharedNetwork[], path: string): void {
  const taken = new Set<string>();
  checkArray(networks, path).forEach((network, at) => {
    const where = `${path}[${at}]`;
    checkKeys(network, sharedKeys, where);
    checkText(network.bridge, `${where}.bridge`);
    checkText(network.name, `${where}.name`);
    if (network.tag !== undefined) checkInteger(network.tag, `${where}.tag`, 0, 0xffffffff);
    for (const port of checkArray(network.ports, `${where}.ports`)) checkText(port, `${where}.ports`);
    const key = `${network.bridge}/${network.name}`;
    if (taken.has(key)) throw invalidValue(`${where}.name`, 'is there twice on its bridge', network.name);
    taken.add(key);
  });
}

export function checkTopologyNames(names: Readonly<Record<string, string>>, path: string): void {
  if (typeof names !== 'object' || names === null) throw invalidType(path, 'an object', names);
  for (const [key, name] of Object.entries(names)) checkText(name, `${path}[${JSON.stringify(key)}]`);
}

function routerPart({ id, gateway, interfaces, floatingIps }: Wanted, bridges: ReadonlyMap<string, string>): Part {
  return {
    kind: 'router',
    namespace: routerNamespace(id),
    nexthops: gateway?.nexthops ?? [],
    floating: floatingIps,
    ports: [...(gateway ? [gateway] : []), ...interfaces].map((port) => ({
      ...routerPort(port),
      bridge: port.bridge ?? bridges.get(port.tap),
    })),
  };
}

function routerPort({ device, tap, bridge, addresses, mtu }: Port): PluggedPort {
  return {
    device,
    peer: tap,
    bridge,
    addresses: addresses.map(formatPrefix),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** Its DHCP server, and its VMs: by the namespace that their device is in. */
function networkParts({ bridge, mtu, dhcp, ports }: WantedNetwork): Part[] {
  const size = mtu === undefined ? {} : { mtu };
  const guests = ports.map(({ id, tap, device }): Part => {
    const namespace = device.kind === 'veth' && typeof device.netns === 'string' ? device.netns : undefined;
    const leased = dhcp?.ports.find((port) => port.id === id)?.fixedIps ?? [];
    const addresses = leased.map(({ address, subnet }) => `${address}/${subnet.prefix.length}`);
    const inside = device.kind === 'veth' ? { device: device.name } : {};
    return {
      kind: 'guest',
      key: namespace ?? tap,
      namespace,
      ports: [{ ...inside, peer: tap, bridge, addresses, ...size }],
    };
  });
  if (!dhcp?.dhcp) return guests;
  const { device, addresses } = dhcp.dhcp;
  const port = { device, peer: device, bridge, addresses: addresses.map(formatPrefix), ...size };
  return [...guests, { kind: 'dhcp', namespace: dhcp.namespace, ports: [port] }];
}

function uplinks(networks: readonly WantedNetwork[]): Part[] {
  const ports = networks.flatMap(({ physicalDevice, bridge }) =>
    physicalDevice === undefined ? [] : [{ peer: physicalDevice, bridge, addresses: [] }],
  );
  return ports.length === 0 ? [] : [{ kind: 'self', ports }];
}

/** Networks that are local VLANs of one Open vSwitch bridge, told apart by their ports. Their tags are chosen when they are made. */
function vlans(networks: readonly WantedNetwork[], routers: readonly RouterSpec[]): SharedNetwork[] {
  const plugged = routers.flatMap(({ gateway, interfaces = [] }) => [...(gateway ? [gateway] : []), ...interfaces]);
  return networks
    .filter(({ mechanism }) => mechanism === 'openvswitch')
    .map(({ id, bridge, ports, dhcp }) => ({
      bridge,
      name: id,
      ports: [
        ...ports.map(({ tap }) => tap),
        ...(dhcp?.dhcp ? [dhcp.dhcp.device] : []),
        ...plugged.filter(({ network }) => network === id).map((port) => portDevice('tap', port.id)),
      ],
    }));
}

function vmPart(vm: VmDescription, at: number): Part {
  const path = `spec.vms[${at}]`;
  checkKeys(vm, vmKeys, path);
  const key = checkText(vm.name, `${path}.name`);
  const ports = checkArray(vm.ports, `${path}.ports`).map((port, index) => {
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
    addresses: checkArray(addresses, `${path}.addresses`).map((address, at) =>
      formatPrefix(checkPrefix(address, `${path}.addresses[${at}]`)),
    ),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidType(path, 'text', value);
  if (value === '') throw invalidValue(path, 'is empty', value);
  return value;
}
