/** From ports to a graph. What the kernel was read for, and what a plan says, come together here. */
import { formatIpv4, parseIpv4 } from '../ip.js';
import { isGatewayPort } from '../router/names.js';
import { sortAddresses, subnetsOf } from './addresses.js';
import {
  byCodeUnits,
  makeTopology,
  type SharedNetwork,
  type Topology,
  type TopologyEdge,
  type TopologyNode,
  type TopologyPort,
} from './graph.js';

/** Of floating to fixed addresses, row by row. */
export interface Floating {
  readonly floating: Uint32Array;
  readonly fixed: Uint32Array;
}

/** A port, and the bridge that holds its other end. */
export interface PluggedPort extends TopologyPort {
  readonly bridge: string | undefined;
}

/** What has ports. */
export type Part =
  | {
      readonly kind: 'router';
      readonly namespace: string;
      readonly nexthops: readonly string[];
      readonly floating: Floating;
      readonly ports: readonly PluggedPort[];
    }
  | { readonly kind: 'dhcp'; readonly namespace: string; readonly ports: readonly PluggedPort[] }
  /** A VM on a tenant network, a host on an external one. */
  | {
      readonly kind: 'guest';
      /** Unique; a namespace's name or, where it has none, the device on the bridge. */
      readonly key: string;
      readonly namespace: string | undefined;
      readonly ports: readonly PluggedPort[];
    }
  /** The host itself: its uplinks, and its own addresses on bridges. */
  | { readonly kind: 'self'; readonly ports: readonly PluggedPort[] };

export interface AssembleOptions {
  readonly shared: readonly SharedNetwork[];
  readonly names: Readonly<Record<string, string>>;
  /** Networks that are shown though no router and no DHCP server is on them. */
  readonly bridges: Iterable<string>;
}

export function assemble(parts: readonly Part[], options: AssembleOptions): Topology {
  const networks = new Networks(parts, options);
  const translations = new Translations(parts, networks);
  const nodes: TopologyNode[] = [];
  const edges: TopologyEdge[] = [];
  for (const part of parts) {
    const ports = part.ports.filter((port): port is Plugged => networks.shows(port));
    const isGuest = part.kind === 'guest' || part.kind === 'self';
    // On networks that are not shown.
    if (isGuest && ports.length === 0 && part.ports.length > 0) continue;
    const node = nodeOf(part, ports, networks, translations);
    nodes.push(node);
    for (const port of ports) edges.push({ from: node.id, to: networks.idOf(port), ...portOf(port) });
  }
  return makeTopology([...nodes, ...networks.nodes(edges)], edges);
}

/** Where ports are that the description of shared networks names. */
export function bridgesOfPorts(shared: readonly SharedNetwork[]): ReadonlyMap<string, string> {
  return new Map(shared.flatMap(({ bridge, ports }) => ports.map((port) => [port, bridge])));
}

type Plugged = PluggedPort & { readonly bridge: string };

/** What is known of a port when its network is looked for. */
type Place = { readonly bridge?: string | undefined; readonly peer?: string | undefined };

/** Which network a port is on, and which of them are drawn. */
class Networks {
  readonly #options: AssembleOptions;
  /** From `bridge/port` to the network's key: its bridge, or `bridge/name` where several share it. */
  readonly #shared: ReadonlyMap<string, string>;
  readonly #externals: ReadonlySet<string>;
  readonly #shown: ReadonlySet<string>;

  constructor(parts: readonly Part[], options: AssembleOptions) {
    const { shared, bridges } = options;
    this.#options = options;
    this.#shared = new Map(
      shared.flatMap(({ bridge, name, ports }) => ports.map((port) => [`${bridge}/${port}`, `${bridge}/${name}`])),
    );
    const networked = parts.filter(({ kind }) => kind === 'router' || kind === 'dhcp').flatMap(({ ports }) => ports);
    const plugged = networked.filter((port): port is Plugged => port.bridge !== undefined);
    this.#shown = new Set([
      ...bridges,
      ...shared.map(({ bridge, name }) => `${bridge}/${name}`),
      ...plugged.map((port) => this.keyOf(port)),
    ]);
    const gateways = plugged.filter(({ device }) => device !== undefined && isGatewayPort(device));
    this.#externals = new Set(gateways.map((port) => this.keyOf(port)));
  }

  keyOf({ bridge = '', peer }: Place): string {
    return this.#shared.get(`${bridge}/${peer}`) ?? bridge;
  }

  shows(place: Place): boolean {
    return place.bridge !== undefined && this.#shown.has(this.keyOf(place));
  }

  isExternal(place: Place): boolean {
    return this.#externals.has(this.keyOf(place));
  }

  idOf(place: Place): string {
    return `${this.isExternal(place) ? 'external' : 'network'}:${this.keyOf(place)}`;
  }

  nameOf(key: string): string {
    const { names } = this.#options;
    return Object.hasOwn(names, key) ? (names[key] as string) : key;
  }

  nodes(edges: readonly TopologyEdge[]): TopologyNode[] {
    const addresses = new Map<string, string[]>();
    for (const edge of edges) addresses.set(edge.to, [...(addresses.get(edge.to) ?? []), ...edge.addresses]);
    const shared = new Map(this.#options.shared.map((one) => [`${one.bridge}/${one.name}`, one]));
    return [...this.#shown].map((key) => {
      const member = shared.get(key);
      const id = this.idOf({ bridge: key });
      return {
        kind: this.isExternal({ bridge: key }) ? 'external' : 'network',
        id,
        name: member?.name ?? this.nameOf(key),
        bridge: member?.bridge ?? key,
        ...(member?.tag === undefined ? {} : { tag: member.tag }),
        subnets: subnetsOf(addresses.get(id) ?? []),
      };
    });
  }
}

function nodeOf(part: Part, ports: readonly Plugged[], networks: Networks, translations: Translations): TopologyNode {
  if (part.kind === 'self') return { kind: 'host', id: 'host:', name: 'this host' };
  if (part.kind === 'guest') {
    const { key, namespace } = part;
    const name = networks.nameOf(key);
    const inside = namespace === undefined ? {} : { namespace };
    const isOutside = ports.length > 0 && ports.every((port) => networks.isExternal(port));
    if (isOutside) return { kind: 'host', id: `host:${key}`, name, ...inside };
    const floatingIps = translations.of(ports);
    return { kind: 'vm', id: `vm:${key}`, name, ...inside, ...(floatingIps ? { floatingIps } : {}) };
  }
  const { namespace } = part;
  const name = networks.nameOf(namespace);
  if (part.kind === 'dhcp') return { kind: 'dhcp', id: `dhcp:${namespace.replace(/^qdhcp-/, '')}`, name, namespace };
  const unplugged = part.ports.filter(({ bridge }) => bridge === undefined).map(portOf);
  return {
    kind: 'router',
    id: `router:${namespace.replace(/^qrouter-/, '')}`,
    name,
    namespace,
    nexthops: sortAddresses(part.nexthops),
    floatingIps: part.floating.floating.length,
    unplugged: unplugged.sort((a, b) => byCodeUnits(a.device ?? '', b.device ?? '')),
  };
}

/** What routers translate for the networks that they are on. */
class Translations {
  readonly #networks: Networks;
  /** By network, from fixed to floating addresses; of each router. */
  readonly #byNetwork = new Map<string, ReadonlyMap<number, string>[]>();
  /** How many VMs have an address, by network and address. */
  readonly #holders = new Map<string, number>();

  constructor(parts: readonly Part[], networks: Networks) {
    this.#networks = networks;
    // Only what VMs have will be asked for, and a router may have 100,000.
    const wanted = new Set<number>();
    for (const { kind, ports } of parts) {
      if (kind !== 'guest') continue;
      for (const port of ports) {
        for (const address of ipv4Of(port)) {
          const holder = `${networks.keyOf(port)} ${address}`;
          wanted.add(address);
          this.#holders.set(holder, (this.#holders.get(holder) ?? 0) + 1);
        }
      }
    }
    for (const part of parts) {
      if (part.kind !== 'router') continue;
      const { floating, fixed } = part.floating;
      const byFixed = new Map<number, string>();
      fixed.forEach((address, row) => {
        if (wanted.has(address)) byFixed.set(address, formatIpv4(floating[row] as number));
      });
      const plugged = part.ports.filter((port) => networks.shows(port));
      for (const key of new Set(plugged.map((port) => networks.keyOf(port)))) {
        this.#byNetwork.set(key, [...(this.#byNetwork.get(key) ?? []), byFixed]);
      }
    }
  }

  /** Floating IPs of what has these ports; undefined where that cannot be told. */
  of(ports: readonly PluggedPort[]): string[] | undefined {
    const found: string[] = [];
    let isKnown = false;
    for (const port of ports) {
      const key = this.#networks.keyOf(port);
      const routers = this.#byNetwork.get(key) ?? [];
      for (const address of ipv4Of(port)) {
        if ((this.#holders.get(`${key} ${address}`) ?? 0) > 1) return undefined;
        if (routers.length > 0) isKnown = true;
        found.push(...routers.flatMap((byFixed) => byFixed.get(address) ?? []));
      }
    }
    return isKnown ? sortAddresses(found) : undefined;
  }
}

function ipv4Of({ addresses }: PluggedPort): number[] {
  return addresses.map((address) => parseIpv4(address.split('/')[0] as string)).filter((address) => address >= 0);
}

function portOf({ device, peer, addresses, mtu }: PluggedPort): TopologyPort {
  return {
    ...(device === undefined ? {} : { device }),
    ...(peer === undefined ? {} : { peer }),
    addresses: sortAddresses(addresses),
    ...(mtu === undefined ? {} : { mtu }),
  };
}
