import { limited } from '../concurrency.js';
import { insteadOf, invalidType } from '../errors.js';
import { formatIpv4, parseIpv4 } from '../ip.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import { findNetns } from '../netns/find.js';
import { onHost } from '../netns/host.js';
import { Netns } from '../netns/netns.js';
import { type Associations, fromRows, none } from '../router/associations.js';
import { isGatewayPort, isRouterPort } from '../router/names.js';
import { dnatMap } from '../router/ruleset.js';
import { table } from '../router/table-builder.js';
import type { Address } from '../rtnetlink/addresses.js';
import type { Link } from '../rtnetlink/link.js';
import { assemble, bridgesOfPorts, type Part, type PluggedPort } from './assemble.js';
import type { SharedNetwork, Topology } from './graph.js';
import { checkShared, checkTopologyNames } from './spec.js';

export interface ReadTopologyOptions extends CallOptions {
  /** Where the bridges are; default: the process's own namespace. Only routers with a port there are read. */
  readonly host?: Netns;
  /** Names for people, by the name of a namespace or of a bridge. */
  readonly names?: Readonly<Record<string, string>>;
  /** Networks that share a bridge. */
  readonly shared?: readonly SharedNetwork[];
  /** Bridges without a router too; and, without `host`, namespaces without a port. */
  readonly all?: boolean;
}

/** So many namespaces are open at a time. */
const openAtOnce = 32;

/**
 * Reads routers (`qrouter-`), DHCP servers (`qdhcp-`), their networks, and what else is on these, from the kernel alone: named
 * namespaces (ip-netns(8)), devices, addresses, default routes and floating IPs. A port's other end is found by the kernel's numbers
 * (`linkIndex`, `linkNetnsid`), not by name. What goes while it is read is left out.
 *
 * @throws TypeError for options that cannot be. NetlinkError EPERM: no CAP_SYS_ADMIN.
 */
export async function readTopology(options: ReadTopologyOptions = {}): Promise<Topology> {
  const { host: given, names = {}, shared = [], all = false } = options;
  checkTopologyNames(names, 'options.names');
  checkShared(shared, 'options.shared');
  if (typeof all !== 'boolean') throw invalidType('options.all', 'true or false', all);
  const limits = deadline(options);
  return onHost(given, async (host) => {
    const [listed, addresses] = await Promise.all([host.links.list({}, limits), host.addresses.list({}, limits)]);
    const links = switched(listed, bridgesOfPorts(shared));
    const site: Site = { host, links, showsLonely: given === undefined, all, limits };
    const inside = await readNamespaces(site);
    const bridges = links.filter(({ kind }) => kind === 'bridge').map(({ name }) => name);
    const parts = [...inside.parts, ...unnamedGuests(site, inside.ids), ...ownPorts(links, addresses)];
    return assemble(parts, { shared, names, bridges: all ? bridges : [] });
  });
}

/** Ports of Open vSwitch bridges: the kernel knows of none, or of one master for all of them. */
function switched(links: readonly Link[], bridges: ReadonlyMap<string, string>): readonly Link[] {
  return links.map((link) => {
    const bridge = bridges.get(link.name);
    const isElsewhere = link.master !== undefined && link.master !== 'ovs-system';
    return bridge === undefined || isElsewhere ? link : { ...link, master: bridge };
  });
}

interface Site {
  readonly host: Netns;
  readonly links: readonly Link[];
  /** Whether what has no port is shown. Whose it is cannot be told: it counts as the process's own host's. */
  readonly showsLonely: boolean;
  readonly all: boolean;
  readonly limits: CallOptions;
}

/** `ids`: those under which the host knows namespaces that have a name. */
async function readNamespaces(site: Site): Promise<{ parts: Part[]; ids: ReadonlySet<number> }> {
  const ids = new Set<number>();
  const parts = await limited(openAtOnce, await Netns.list(), (name) => readNamespace(site, name, ids));
  return { parts: parts.filter((part) => part !== undefined), ids };
}

async function readNamespace(site: Site, name: string, ids: Set<number>): Promise<Part | undefined> {
  const netns = await findNetns(name);
  // Gone by now, or a name that a crash has left.
  if (typeof netns === 'string') return undefined;
  try {
    const id = await site.host.idOf(netns, site.limits);
    const ends = id === undefined ? [] : site.links.filter(({ linkNetnsid }) => linkNetnsid === id);
    if (id !== undefined) ids.add(id);
    const kind = /^q(router|dhcp)-./.exec(name)?.[1] as 'router' | 'dhcp' | undefined;
    const isWanted = ends.some(({ master }) => master !== undefined) || (kind ? ends.length > 0 : false);
    if (!isWanted && !(site.showsLonely && (kind !== undefined || site.all))) return undefined;
    const [links, addresses] = await Promise.all([
      netns.links.list({}, site.limits),
      netns.addresses.list({}, site.limits),
    ]);
    const isElsewhere = ends.length === 0 && links.some(({ linkNetnsid }) => linkNetnsid !== undefined);
    if (isElsewhere) return undefined;
    const ports = portsOf(links, addresses, ends);
    if (kind === 'router') return await readRouter(netns, name, ports, site.limits);
    if (kind === 'dhcp') return { kind, namespace: name, ports: ports.filter(({ bridge }) => bridge !== undefined) };
    return { kind: 'guest', key: name, namespace: name, ports: ports.filter(({ bridge }) => bridge !== undefined) };
  } finally {
    await netns.close();
  }
}

async function readRouter(netns: Netns, namespace: string, ports: PluggedPort[], limits: CallOptions): Promise<Part> {
  const own = ports.filter(({ device }) => device !== undefined && isRouterPort(device));
  const [routes, translated] = await Promise.all([netns.routes.list({}, limits), readFloating(netns, limits)]);
  const defaults = routes.filter(({ dst }) => dst === 'default');
  const nexthops = defaults.flatMap(({ gateway, multipath }) =>
    [gateway, ...(multipath ?? []).map((one) => one.gateway)].filter((one) => one !== undefined),
  );
  const floating = translated ?? onDevice(own);
  const isFloating = new Set(Array.from(floating.floating, (address) => `${formatIpv4(address)}/32`));
  return {
    kind: 'router',
    namespace,
    nexthops,
    floating,
    ports: own.map((port) => ({ ...port, addresses: port.addresses.filter((address) => !isFloating.has(address)) })),
  };
}

/** Undefined where the router is not netloom's. */
async function readFloating(netns: Netns, limits: CallOptions): Promise<Associations | undefined> {
  const rows = netns.nft
    .rows('ip', table, dnatMap, limits)
    .then((found) => (found === undefined ? none : fromRows(found)));
  return rows.catch(insteadOf('ENOENT', undefined));
}

/** Where another agent keeps them: a /32 each on the gateway port. Whom they lead to is in its own rules. */
function onDevice(ports: readonly PluggedPort[]): Associations {
  const hosts = ports
    .filter(({ device }) => device !== undefined && isGatewayPort(device))
    .flatMap(({ addresses }) => addresses.filter((address) => address.endsWith('/32')));
  const floating = Uint32Array.from(hosts, (address) => parseIpv4(address.slice(0, -3)));
  return { floating, fixed: new Uint32Array() };
}

/** A namespace's devices, each with its other end in the host, if that is where it is. */
function portsOf(links: readonly Link[], addresses: readonly Address[], ends: readonly Link[]): PluggedPort[] {
  const byIndex = new Map(ends.map((end) => [end.index, end]));
  return links
    .filter(({ type }) => type !== 'loopback')
    .map(({ name, index, mtu, linkIndex }) => {
      const end = linkIndex === undefined ? undefined : byIndex.get(linkIndex);
      // Another device may have the same number, of a peer in a third namespace.
      const other = end?.linkIndex === index ? end : undefined;
      return {
        device: name,
        ...(other === undefined ? {} : { peer: other.name }),
        bridge: other?.master,
        addresses: addressesOf(name, addresses),
        mtu,
      };
    });
}

/** Without link-local ones (RFC 3927, RFC 4291): where DHCP servers answer for metadata, too. */
function addressesOf(device: string, addresses: readonly Address[]): string[] {
  return addresses
    .filter(({ dev, scope, address }) => dev === device && scope !== 'link' && !address.startsWith('169.254.'))
    .map(({ address }) => address);
}

/** What a bridge's ports lead to that has no name: a container's namespace, a process with a tap device. */
function unnamedGuests({ links }: Site, ids: ReadonlySet<number>): Part[] {
  return links
    .filter(({ master, linkNetnsid }) => master !== undefined && !ids.has(linkNetnsid as number))
    .filter(({ kind, linkNetnsid }) => kind === 'tun' || (kind === 'veth' && linkNetnsid !== undefined))
    .map(({ name, master, mtu }) => ({
      kind: 'guest',
      key: name,
      namespace: undefined,
      ports: [{ peer: name, bridge: master, addresses: [], mtu }],
    }));
}

/** The host's own: what its bridges' other ports are (uplinks, tunnels), and addresses on bridges. */
function ownPorts(links: readonly Link[], addresses: readonly Address[]): Part[] {
  const uplinks = links
    .filter(({ master, kind, linkNetnsid }) => master !== undefined && kind !== 'tun' && linkNetnsid === undefined)
    .map(({ name, master, mtu }) => ({ peer: name, bridge: master, addresses: [], mtu }));
  const bridges = links
    .filter(({ kind }) => kind === 'bridge')
    .map(({ name, mtu }) => ({ device: name, bridge: name, addresses: addressesOf(name, addresses), mtu }))
    .filter((port) => port.addresses.length > 0);
  const ports = [...bridges, ...uplinks];
  return ports.length === 0 ? [] : [{ kind: 'self', ports }];
}
