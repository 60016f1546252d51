import { checkInteger, checkKeys, invalidAddressFamily, invalidValue, NetlinkError } from '../errors.js';
import { checkAddress, formatAddress } from '../ip.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import { type DeviceReference, type Links, nameTable } from './links.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';
import {
  type AddressFamily,
  addressFamily,
  checkAddressOrPrefix,
  prefixText,
  type RouteScope,
  type RouteTable,
  tableName,
  tableNumber,
} from './values.js';

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw';

export interface NexthopSpec {
  readonly via?: string;
  readonly dev?: DeviceReference;
  /** 1 to 256; default 1. */
  readonly weight?: number;
  readonly onlink?: boolean;
}

/** Defaults are those of ip-route(8). */
export interface RouteSpec {
  /** A prefix, an address (a host's route), or 'default'. */
  readonly dst: string;
  readonly via?: string;
  readonly dev?: DeviceReference;
  /** Default 'local' for local, broadcast and anycast routes, else 'main'. */
  readonly table?: RouteTable;
  /** Default 'unicast'. */
  readonly type?: RouteType;
  readonly metric?: number;
  /** Source address of what the machine itself sends. */
  readonly prefsrc?: string;
  /** IPv4. Default: 'host' for local routes, 'link' without a gateway, else 'global'. */
  readonly scope?: RouteScope;
  /** Who made it: a name of ip-route(8) or a number. Default 'boot'. */
  readonly protocol?: string | number;
  /** The gateway is on the link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** Bytes. */
  readonly mtu?: number;
  readonly multipath?: readonly NexthopSpec[];
  /** Of a 'default' without a gateway; default 'inet'. */
  readonly family?: AddressFamily;
}

export interface Nexthop {
  readonly gateway?: string;
  readonly dev?: string;
  readonly weight: number;
  readonly flags: readonly string[];
}

/** A route. Names are those of `ip -j route`, in camelCase. */
export interface Route {
  readonly family: AddressFamily;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table: RouteTable;
  readonly type: RouteType;
  readonly protocol: string | number;
  readonly scope: RouteScope | number;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly mtu?: number;
  readonly flags: readonly string[];
  readonly multipath?: readonly Nexthop[];
}

export interface RouteFilter {
  /** Default 'main'; 'all' for every table. */
  readonly table?: RouteTable | 'all';
  readonly family?: AddressFamily;
  readonly dev?: DeviceReference;
  readonly type?: RouteType;
  readonly protocol?: string | number;
}

export interface RouteLookup {
  /** Source address of the packet. */
  readonly from?: string;
  /** As if it had come in there. */
  readonly iif?: DeviceReference;
  readonly oif?: DeviceReference;
}

const operations = {
  add: operation('routes.add'),
  replace: operation('routes.replace'),
  delete: operation('routes.delete'),
  get: operation('routes.get'),
  list: operation('routes.list'),
};

const specKeys: ReadonlySet<string> = new Set([
  'dst',
  'via',
  'dev',
  'table',
  'type',
  'metric',
  'prefsrc',
  'scope',
  'protocol',
  'onlink',
  'mtu',
  'multipath',
  'family',
]);
const nexthopKeys: ReadonlySet<string> = new Set(['via', 'dev', 'weight', 'onlink']);
const routeTypes: ReadonlySet<string> = new Set([
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
]);

type Verb = 'add' | 'replace' | 'delete';
type DeviceIndexes = ReadonlyMap<DeviceReference, number>;

/** Routes: RTM_*ROUTE, ip-route(8). */
export class Routes {
  readonly #channel: Channel;
  readonly #links: Links;

  constructor(channel: Channel, links: Links) {
    this.#channel = channel;
    this.#links = links;
  }

  /** Both families unless one is asked for. The kernel does the filtering. */
  async list(filter: RouteFilter = {}, options?: CallOptions): Promise<Route[]> {
    const { table = 'main', family } = filter;
    const wire: Wire = {
      table: table === 'all' ? undefined : tableNumber(table, 'filter.table'),
      oif: filter.dev === undefined ? undefined : await this.#links.index(filter.dev, options),
      type: filter.type,
      protocol: filter.protocol,
    };
    const dumps = (family ? [family] : (['inet', 'inet6'] as const)).map((family) =>
      this.#channel
        .one({ operation: operations.list, wire: { family, ...wire }, subject: `${family} table ${table}` }, options)
        // A table without routes does not exist.
        .catch((error: unknown) => {
          if (error instanceof NetlinkError && error.code === 'ENOENT') return [];
          throw error;
        }),
    );
    const [names, ...replies] = await Promise.all([nameTable(this.#channel, options), ...dumps]);
    // IPv6 has cached clones beside its routes.
    return replies
      .flat()
      .filter((reply) => !(reply['flags'] as string[]).includes('cloned'))
      .map((reply) => toRoute(reply, names));
  }

  /** Throws NetlinkError EEXIST for one that is there. */
  add(specs: RouteSpec | readonly RouteSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  replace(specs: RouteSpec | readonly RouteSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError ESRCH for one that is not there. */
  delete(specs: RouteSpec | readonly RouteSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('delete', specs, options);
  }

  /** The route that a packet to this address would take; `ip route get`. */
  async get(destination: string, lookup: RouteLookup = {}, options?: CallOptions): Promise<Route> {
    const bytes = checkAddress(destination, 'destination');
    const from = lookup.from === undefined ? undefined : checkAddress(lookup.from, 'lookup.from');
    if (from && from.length !== bytes.length) throw invalidAddressFamily('lookup.from', lookup.from, destination);
    const indexes = await this.#links.indexes([lookup.iif, lookup.oif]);
    const wire: Wire = {
      family: addressFamily(bytes),
      dstLength: bytes.length * 8,
      dst: bytes,
      srcLength: from ? from.length * 8 : undefined,
      src: from,
      iif: lookup.iif === undefined ? undefined : indexes.get(lookup.iif),
      oif: lookup.oif === undefined ? undefined : indexes.get(lookup.oif),
    };
    const request: Request = { operation: operations.get, wire, source: destination, subject: destination };
    const [[reply], names] = await Promise.all([
      this.#channel.one(request, options),
      nameTable(this.#channel, options),
    ]);
    return toRoute(reply as Record<string, unknown>, names);
  }

  async #change(verb: Verb, specs: RouteSpec | readonly RouteSpec[], options: BatchOptions | undefined): Promise<void> {
    const list = Array.isArray(specs) ? (specs as readonly RouteSpec[]) : [specs as RouteSpec];
    const wires = list.map((spec, at) => specWire(spec, verb, Array.isArray(specs) ? `specs[${at}]` : 'spec'));
    const indexes = await this.#links.indexes(devices(list));
    let at = 0;
    await oneOrMany(
      this.#channel,
      specs,
      (spec): Request => ({
        operation: operations[verb],
        wire: withDevices(wires[at++] as Wire, spec, indexes),
        source: spec,
        subject: () => describe(spec),
      }),
      options,
      verb === 'add' || verb === 'delete'
        ? (request) => ({ ...request, operation: operations[verb === 'add' ? 'delete' : 'add'] })
        : undefined,
    );
  }
}

function* devices(specs: readonly RouteSpec[]): Iterable<DeviceReference | undefined> {
  for (const spec of specs) {
    yield spec.dev;
    if (spec.multipath) for (const { dev } of spec.multipath) yield dev;
  }
}

function describe(spec: RouteSpec): string {
  const type = spec.type === undefined || spec.type === 'unicast' ? '' : `${spec.type} `;
  const via = spec.via === undefined ? '' : ` via ${spec.via}`;
  const dev = spec.dev === undefined ? '' : ` dev ${spec.dev}`;
  return `${type}${spec.dst}${via}${dev}`;
}

function specWire(spec: RouteSpec, verb: Verb, path: string): Wire {
  checkKeys(spec, specKeys, path);
  const { type } = spec;
  if (type !== undefined && !routeTypes.has(type)) {
    throw invalidValue(`${path}.type`, `is none of ${[...routeTypes].join(', ')}`, type);
  }
  const gateway = spec.via === undefined ? undefined : checkAddress(spec.via, `${path}.via`);
  const prefsrc = spec.prefsrc === undefined ? undefined : checkAddress(spec.prefsrc, `${path}.prefsrc`);
  const dst = spec.dst === 'default' ? undefined : checkAddressOrPrefix(spec.dst, `${path}.dst`);
  const family = dst
    ? addressFamily(dst.bytes)
    : gateway
      ? addressFamily(gateway)
      : (spec.family ?? defaultFamily(spec));
  const size = family === 'inet' ? 4 : 16;
  if (dst) checkHostBits(dst.bytes, dst.length, spec.dst, `${path}.dst`);
  if (gateway && gateway.length < size) throw invalidAddressFamily(`${path}.via`, spec.via, spec.dst);
  if (prefsrc && prefsrc.length !== size) throw invalidAddressFamily(`${path}.prefsrc`, spec.prefsrc, spec.dst);
  const hostRoute = type === 'local';
  const linkRoute = type === 'broadcast' || type === 'anycast' || type === 'multicast';
  const table = tableNumber(
    spec.table ?? (hostRoute || type === 'broadcast' || type === 'anycast' ? 'local' : 'main'),
    `${path}.table`,
  );
  const direct = (type ?? 'unicast') === 'unicast' && !gateway && !spec.multipath;
  const deleting = verb === 'delete';
  return {
    family,
    dstLength: dst?.length,
    tableByte: table < 256 ? table : 0,
    table,
    protocol: spec.protocol ?? (deleting ? undefined : 'boot'),
    scope: spec.scope ?? (deleting ? 'nowhere' : hostRoute ? 'host' : linkRoute || direct ? 'link' : 'global'),
    type: type ?? (deleting ? undefined : 'unicast'),
    flags: spec.onlink ? ['onlink'] : undefined,
    dst: dst?.length === 0 ? undefined : dst?.bytes,
    gateway: gateway && gateway.length === size ? gateway : undefined,
    prefsrc,
    metric: spec.metric === undefined ? undefined : checkInteger(spec.metric, `${path}.metric`, 0, 0xffffffff),
    metrics: spec.mtu === undefined ? undefined : { mtu: checkInteger(spec.mtu, `${path}.mtu`, 68, 0xffffffff) },
    multipath: spec.multipath?.map((hop, at) => nexthopWire(hop, size, `${path}.multipath[${at}]`)),
  };
}

function defaultFamily(spec: RouteSpec): AddressFamily {
  const via = spec.multipath?.find((hop) => hop.via !== undefined)?.via;
  return via?.includes(':') ? 'inet6' : 'inet';
}

function checkHostBits(bytes: Uint8Array, length: number, value: string, path: string): void {
  for (let bit = length; bit < bytes.length * 8; bit++) {
    if ((bytes[bit >> 3] as number) & (0x80 >> (bit & 7))) {
      throw invalidValue(path, `is not a network: bits are set beyond /${length}`, value);
    }
  }
}

function nexthopWire(hop: NexthopSpec, size: number, path: string): Wire {
  checkKeys(hop, nexthopKeys, path);
  const gateway = hop.via === undefined ? undefined : checkAddress(hop.via, `${path}.via`);
  if (gateway && gateway.length !== size) throw invalidValue(`${path}.via`, "is not of the route's family", hop.via);
  const weight = checkInteger(hop.weight ?? 1, `${path}.weight`, 1, 256);
  return { flags: hop.onlink ? ['onlink'] : undefined, hops: weight - 1, gateway };
}

function withDevices(wire: Wire, spec: RouteSpec, indexes: DeviceIndexes): Wire {
  const oif = spec.dev === undefined ? undefined : indexes.get(spec.dev);
  const nexthops = spec.multipath;
  if (!nexthops) return oif === undefined ? wire : { ...wire, oif };
  const multipath = (wire['multipath'] as Wire[]).map((hop, at) => {
    const { dev } = nexthops[at] as NexthopSpec;
    return dev === undefined ? hop : { ...hop, oif: indexes.get(dev) };
  });
  return { ...wire, oif, multipath };
}

function toRoute(reply: Record<string, unknown>, names: ReadonlyMap<number, string>): Route {
  const nameOf = (index: unknown): string => names.get(index as number) ?? String(index);
  const route: Record<string, unknown> = {
    family: reply['family'],
    dst: prefixText(reply['dst'] as Uint8Array | undefined, reply['dstLength'] as number),
    table: tableName((reply['table'] ?? reply['tableByte']) as number),
    type: reply['type'],
    protocol: reply['protocol'],
    scope: reply['scope'],
    flags: reply['flags'],
  };
  if (reply['gateway']) route['gateway'] = formatAddress(reply['gateway'] as Uint8Array);
  if (reply['oif'] !== undefined) route['dev'] = nameOf(reply['oif']);
  if (reply['prefsrc']) route['prefsrc'] = formatAddress(reply['prefsrc'] as Uint8Array);
  if (reply['metric'] !== undefined) route['metric'] = reply['metric'];
  const metrics = reply['metrics'] as { mtu?: number } | undefined;
  if (metrics?.mtu !== undefined) route['mtu'] = metrics.mtu;
  if (reply['multipath']) {
    route['multipath'] = (reply['multipath'] as Record<string, unknown>[]).map((hop) => ({
      ...(hop['gateway'] ? { gateway: formatAddress(hop['gateway'] as Uint8Array) } : {}),
      dev: nameOf(hop['oif']),
      weight: (hop['hops'] as number) + 1,
      flags: hop['flags'],
    }));
  }
  return route as unknown as Route;
}
