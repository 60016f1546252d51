/** What is there of a router: read from the kernel, once for each plan. */
import { NetlinkError } from '../errors.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import type { Address } from '../rtnetlink/addresses.js';
import type { Link } from '../rtnetlink/link.js';
import type { Neighbour } from '../rtnetlink/neighbours.js';
import type { NexthopObject } from '../rtnetlink/nexthops.js';
import type { Route } from '../rtnetlink/routes.js';
import type { Rule } from '../rtnetlink/rules.js';
import type { Services } from '../services/services.js';
import type { ServiceState } from '../services/state.js';
import { readAdvertiser } from './advertisements.js';
import { readCompanionKeys } from './companions.js';
import { type FloatingIpState, noFloatingIps, readFloatingIps } from './floating-ip-state.js';
import { readForwardings } from './forwarding-state.js';
import { protocol } from './names.js';
import { readTaps } from './ports.js';
import { poolTable } from './routes.js';
import { forwardMap } from './ruleset.js';
import { sysctlNames } from './sysctls.js';
import { readTables, type Tables } from './tables.js';
import type { Wanted } from './wanted.js';

export interface State {
  /** Whether there is a namespace. */
  readonly exists: boolean;
  /** By name. */
  readonly links: ReadonlyMap<string, Link>;
  /** Other ends of wanted ports, on the host, by name. */
  readonly taps: ReadonlyMap<string, Link>;
  /** By device. */
  readonly addresses: ReadonlyMap<string, readonly Address[]>;
  /** netloom's own, in the main table. */
  readonly routes: readonly Route[];
  /** Of the 'prefix' binding. */
  readonly pools: readonly string[];
  /** Of IPv4. */
  readonly rules: readonly Rule[];
  readonly nexthops: readonly NexthopObject[];
  /** Values of `sysctlNames`. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly tables: Tables;
  readonly floatingIps: FloatingIpState;
  /** Addresses in the sets beside their maps, by the set's name; those that are there. */
  readonly companions: ReadonlyMap<string, Uint32Array>;
  /** Rows of the port forwardings' map; undefined where there is none. */
  readonly forwardings: Uint8Array | undefined;
  /** IPv6 proxy entries, whoever made them. */
  readonly proxies: readonly Neighbour[];
  readonly advertiser: ServiceState;
}

const nothing: Omit<State, 'advertiser'> = {
  exists: false,
  links: new Map(),
  taps: new Map(),
  addresses: new Map(),
  routes: [],
  pools: [],
  rules: [],
  nexthops: [],
  sysctls: new Map(),
  tables: { ip: [], ip6: [], arp: [] },
  floatingIps: noFloatingIps,
  companions: new Map(),
  forwardings: undefined,
  proxies: [],
};

/** Of a router that is not there; its radvd may be, in a namespace that has lost its name. */
export async function stateWithout(services: Services, id: string): Promise<State> {
  return { ...nothing, advertiser: await readAdvertiser(services, id) };
}

export interface StateSource {
  readonly netns: Netns;
  readonly host: Netns;
  readonly services: Services;
  readonly limits: CallOptions;
}

export async function readState({ netns, host, services, limits }: StateSource, wanted: Wanted): Promise<State> {
  const [links, taps, addresses, routes, pools, rules, nexthops, tables, floatingIps, proxies, advertiser] =
    await Promise.all([
      netns.links.list({}, limits),
      readTaps(host, wanted),
      netns.addresses.list({}, limits),
      netns.routes.list({ protocol }, limits),
      readPools(netns, limits),
      netns.rules.list({ family: 'inet' }, limits),
      netns.nexthops.list(limits),
      readTables(netns, limits),
      readFloatingIps(netns, limits),
      netns.neighbours.list({ family: 'inet6', proxy: true }, limits),
      readAdvertiser(services, wanted.id),
    ]);
  const sets = tables.ip.filter(({ kind }) => kind === 'set' || kind === 'map').map(({ body }) => String(body['name']));
  const [companions, forwardings] = await Promise.all([
    readCompanionKeys(netns, sets, limits),
    sets.includes(forwardMap) ? readForwardings(netns, limits) : undefined,
  ]);
  const byName = new Map(links.map((link) => [link.name, link]));
  const byDevice = new Map<string, Address[]>();
  for (const address of addresses) {
    const those = byDevice.get(address.dev);
    if (those) those.push(address);
    else byDevice.set(address.dev, [address]);
  }
  return {
    exists: true,
    links: byName,
    taps,
    addresses: byDevice,
    routes,
    pools,
    rules,
    nexthops,
    sysctls: await readSysctls(
      netns,
      sysctlNames(wanted, (device) => byName.has(device)),
      limits,
    ),
    tables,
    floatingIps,
    companions,
    forwardings,
    proxies,
    advertiser,
  };
}

/** Destinations of the pool table's routes. */
export async function readPools(netns: Netns, limits?: CallOptions): Promise<string[]> {
  const routes = await netns.routes.list({ table: poolTable, family: 'inet', type: 'local', protocol }, limits);
  return routes.map(({ dst }) => (dst.includes('/') ? dst : `${dst}/32`));
}

async function readSysctls(netns: Netns, names: readonly string[], limits: CallOptions): Promise<Map<string, string>> {
  try {
    const values = await netns.sysctl.get(names, limits);
    return new Map(names.map((name, at) => [name, values[at] as string]));
  } catch (error) {
    // A device has gone meanwhile, or the kernel lacks one: each by itself then.
    if (!(error instanceof NetlinkError) || error.code !== 'ENOENT' || names.length === 1) throw error;
    const each = await Promise.all(names.map((name) => netns.sysctl.get(name, limits).catch(() => undefined)));
    return new Map(names.flatMap((name, at) => (each[at] === undefined ? [] : [[name, each[at]]])));
  }
}
