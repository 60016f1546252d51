/** A router as it is: read from the kernel when it is asked for. */
import type { FlowTuple } from '../conntrack/tuple.js';
import { formatIpv4 } from '../ip.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import type { Address } from '../rtnetlink/addresses.js';
import type { Link, LinkStats } from '../rtnetlink/link.js';
import type { Services } from '../services/services.js';
import { advertiser } from './advertisements.js';
import { type Counted, readCounters } from './companions.js';
import { readFloatingIps } from './floating-ip-state.js';
import { type ForwardedPort, forwardedPorts, joined, readForwardings } from './forwarding-state.js';
import { protocolNumbers, rangeText } from './forwardings.js';
import { isGatewayPort, isRouterPort, portDevice, portIdOf, protocol } from './names.js';
import { countedIn, countedOut, forwardMap } from './ruleset.js';
import type { PortForwarding } from './spec.js';
import { table } from './table-builder.js';

export interface RouterStatus {
  readonly id: string;
  /** Tenants' ports first. */
  readonly ports: readonly PortStatus[];
  readonly gateway: GatewayStatus | undefined;
  readonly floatingIps: readonly FloatingIpStatus[];
  readonly portForwardings: readonly PortForwardingStatus[];
  /** Of both families, in the main table, whoever made them. */
  readonly routes: number;
  /** All that are tracked in the namespace. */
  readonly flows: number;
  /** The process that sends router advertisements; undefined when none runs. */
  readonly radvd: { readonly pid: number } | undefined;
}

export interface PortStatus {
  readonly kind: 'router' | 'gateway';
  readonly device: string;
  readonly mac: string | undefined;
  /** Bytes. */
  readonly mtu: number;
  /** Whether it is up and has a carrier. */
  readonly up: boolean;
  /** With their lengths, link-local ones among them; without floating IPs. */
  readonly addresses: readonly string[];
  /** What the other end is a port of; undefined when of nothing. */
  readonly bridge: string | undefined;
  /** What the router received (rx) and sent (tx) there. */
  readonly stats: LinkStats;
}

export interface GatewayStatus {
  readonly device: string;
  /** Of default routes, by their address. */
  readonly nexthops: readonly string[];
}

/** What an external address received and sent, since it is the router's or leads where it leads; with `counters` alone. */
export interface Traffic {
  readonly ingress?: Counted;
  readonly egress?: Counted;
}

export interface FloatingIpStatus extends Traffic {
  readonly floatingAddress: string;
  readonly fixedAddress: string;
  /** That are translated by it, in either direction. */
  readonly flows: number;
}

/** `ingress` and `egress` are those of the address, which several may share. */
export interface PortForwardingStatus extends Traffic {
  readonly floatingAddress: string;
  readonly protocol: PortForwarding['protocol'];
  /** '8000', or a range. */
  readonly port: string;
  readonly fixedAddress: string;
  readonly fixedPort: string;
  readonly flows: number;
}

export interface StatusSource {
  readonly id: string;
  readonly netns: Netns;
  readonly host: Netns;
  readonly services: Services;
}

export async function readStatus(
  { id, netns, host, services }: StatusSource,
  limits: CallOptions,
): Promise<RouterStatus> {
  const [links, addresses, routes, { dnat }, sets, flows, radvd] = await Promise.all([
    netns.links.list({ stats: true }, limits),
    netns.addresses.list({}, limits),
    netns.routes.list({ table: 'main' }, limits),
    readFloatingIps(netns, limits),
    netns.nft.sets('ip', table, limits),
    // One listing, whatever there is to be counted.
    netns.conntrack.list({}, limits),
    services.status(advertiser(id)),
  ]);
  const has = (name: string): boolean => sets.some((set) => set.name === name);
  const none: ReadonlyMap<string, Counted> = new Map();
  const [rows, received, sent, bridges] = await Promise.all([
    has(forwardMap) ? readForwardings(netns, limits) : new Uint8Array(0),
    has(countedIn) ? readCounters(netns, countedIn, limits) : none,
    has(countedOut) ? readCounters(netns, countedOut, limits) : none,
    readBridges(host, links, limits),
  ]);
  const traffic = (address: string): Traffic => {
    const ingress = received.get(address);
    const egress = sent.get(address);
    return { ...(ingress ? { ingress } : {}), ...(egress ? { egress } : {}) };
  };
  const counts = countFlows(flows);
  const ports = forwardedPorts(rows);
  const external = new Set([...Array.from(dnat.floating, formatIpv4), ...ports.map((port) => port.floatingAddress)]);
  const statusOf = (link: Link): PortStatus => portStatus(link, addresses, external, bridges);
  const own = links.filter(({ name }) => isRouterPort(name));
  const gateway = own.find(({ name }) => isGatewayPort(name));
  return {
    id,
    ports: [...own].sort((a, b) => Number(isGatewayPort(a.name)) - Number(isGatewayPort(b.name))).map(statusOf),
    gateway: gateway && {
      device: gateway.name,
      nexthops: routes
        .filter(({ dst, dev }) => dst === 'default' && dev === gateway.name)
        .flatMap(({ gateway }) => gateway ?? [])
        .sort(),
    },
    floatingIps: Array.from(dnat.floating.keys())
      .sort((a, b) => (dnat.floating[a] as number) - (dnat.floating[b] as number))
      .map((row) => {
        const floatingAddress = formatIpv4(dnat.floating[row] as number);
        const flows = counts.byAddress.get(floatingAddress) ?? 0;
        const fixedAddress = formatIpv4(dnat.fixed[row] as number);
        return { floatingAddress, fixedAddress, flows, ...traffic(floatingAddress) };
      }),
    portForwardings: forwardingStatuses(ports, counts.byPort, traffic),
    routes: routes.length,
    flows: flows.length,
    radvd: radvd.pid === undefined ? undefined : { pid: radvd.pid },
  };
}

interface FlowCounts {
  /** By address: those that were sent to it, and those whose answers go to it. */
  readonly byAddress: ReadonlyMap<string, number>;
  /** By protocol, address and port that they were sent to. */
  readonly byPort: ReadonlyMap<string, number>;
}

function countFlows(flows: readonly { readonly original: FlowTuple; readonly reply: FlowTuple }[]): FlowCounts {
  const byAddress = new Map<string, number>();
  const byPort = new Map<string, number>();
  const count = (counts: Map<string, number>, key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const { original, reply } of flows) {
    count(byAddress, original.dst);
    if (reply.dst !== original.src && reply.dst !== original.dst) count(byAddress, reply.dst);
    count(byPort, portKey(original.protocol, original.dst, original.dstPort));
  }
  return { byAddress, byPort };
}

const portKey = (protocol: number, address: string, port: number | undefined): string =>
  `${protocol} ${address} ${port}`;

function forwardingStatuses(
  ports: readonly ForwardedPort[],
  counts: ReadonlyMap<string, number>,
  traffic: (address: string) => Traffic,
): PortForwardingStatus[] {
  return joined(ports).map(({ floatingAddress, protocol, ports: range, fixedAddress, fixedPorts }) => {
    let flows = 0;
    for (let port = range.from; port <= range.to; port++) {
      flows += counts.get(portKey(protocolNumbers[protocol], floatingAddress, port)) ?? 0;
    }
    const [port, fixedPort] = [rangeText(range), rangeText(fixedPorts)];
    return { floatingAddress, protocol, port, fixedAddress, fixedPort, flows, ...traffic(floatingAddress) };
  });
}

/** What other ends are ports of, by device. */
async function readBridges(
  host: Netns,
  links: readonly Link[],
  limits: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const taps = new Map((await host.links.list({}, limits)).map((link) => [link.name, link.master]));
  return new Map(
    links.flatMap(({ name }): [string, string][] => {
      const master = isRouterPort(name) ? taps.get(portDevice('tap', portIdOf(name))) : undefined;
      return master === undefined ? [] : [[name, master]];
    }),
  );
}

function portStatus(
  { name, mac, mtu, state, up, stats }: Link,
  addresses: readonly Address[],
  external: ReadonlySet<string>,
  bridges: ReadonlyMap<string, string>,
): PortStatus {
  const isFloating = (one: Address): boolean =>
    one.prefixlen === 32 && one.protocol === protocol && external.has(one.local);
  return {
    kind: isGatewayPort(name) ? 'gateway' : 'router',
    device: name,
    mac,
    mtu,
    up: up && state !== 'lowerlayerdown' && state !== 'down',
    addresses: addresses.filter((one) => one.dev === name && !isFloating(one)).map(({ address }) => address),
    bridge: bridges.get(name),
    stats: stats as LinkStats,
  };
}
