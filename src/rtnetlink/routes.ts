import { checkInteger, checkKeys, invalidAddressFamily, invalidValue, NetlinkError } from '../errors.js';
import { checkAddress, formatAddress, formatIpv4, parseIpv4 } from '../ip.js';
import type { CallOptions, Channel, PackedWork, Request, Work } from '../netlink/channel.js';
import {
  type Decoder,
  type Encoder,
  fieldIndexes,
  flagWords,
  namesOf,
  operation,
  type Schema,
  type Wire,
  wordOf,
} from '../netlink/codec.js';
import { checkColumn, checkTemplate, packedRecord } from '../netlink/columns.js';
import { checkReference, type DeviceReference } from './device.js';
import { deviceNames } from './links.js';
import { type BatchOptions, oneOrMany, rolledBack } from './one-or-many.js';
import {
  type AddressFamily,
  addressAt,
  addressFamily,
  checkAddressOrPrefix,
  prefixAt,
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
  /** A nexthop object's id (`ns.nexthops`), instead of `dev`, `via` and `multipath`. */
  readonly nhid?: number;
  /** Of a 'default' without a gateway; default 'inet'. */
  readonly family?: AddressFamily;
}

/**
 * Routes to many IPv4 hosts that are alike but for their destinations: 0xc0000201 is 192.0.2.1. No object is made of each; in a
 * `BatchError`, `index` is the destination's.
 */
export interface PackedRoutes extends Omit<RouteSpec, 'dst' | 'family' | 'multipath'> {
  readonly destinations: Uint32Array;
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
  readonly nhid?: number;
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
  'nhid',
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

const field = fieldIndexes(operations.add.schema);
const typeNumbers = namesOf('routeType');
const scopeNumbers = namesOf('routeScope');
const onlink = namesOf('routeFlags').get('onlink') as number;
const { inet, inet6 } = Object.fromEntries(namesOf('addressFamily')) as { inet: number; inet6: number };

const works: Readonly<Record<Verb, Work<RouteSpec>>> = {
  add: { operation: operations.add, write: (out, spec, path) => writeRoute(out, spec, false, path), describe },
  replace: { operation: operations.replace, write: (out, spec, path) => writeRoute(out, spec, false, path), describe },
  delete: { operation: operations.delete, write: (out, spec, path) => writeRoute(out, spec, true, path), describe },
};

/** Routes: RTM_*ROUTE, ip-route(8). */
export class Routes {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Both families unless one is asked for. The kernel does the filtering. */
  async list(filter: RouteFilter = {}, options?: CallOptions): Promise<Route[]> {
    const { table = 'main', family } = filter;
    // Asked for in the same submission, ahead of the dumps: there when they are read.
    const { names, filled } = deviceNames(this.#channel, options);
    const wire: Wire = {
      table: table === 'all' ? undefined : tableNumber(table, 'filter.table'),
      oif: filter.dev,
      type: filter.type,
      protocol: filter.protocol,
    };
    const dumps = (family ? [family] : (['inet', 'inet6'] as const)).map((family) =>
      this.#channel
        .dump(
          { operation: operations.list, wire: { family, ...wire }, subject: `${family} table ${table}` },
          (decoder, end) => readListed(decoder, end, names),
          options,
        )
        // A table without routes does not exist.
        .catch((error: unknown) => {
          if (error instanceof NetlinkError && error.code === 'ENOENT') return [];
          throw error;
        }),
    );
    const [[routes = [], more]] = await Promise.all([Promise.all(dumps), filled]);
    return more ? [...routes, ...more] : routes;
  }

  /** Throws NetlinkError EEXIST for one that is there. */
  add(specs: RouteSpec | readonly RouteSpec[] | PackedRoutes, options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  replace(specs: RouteSpec | readonly RouteSpec[] | PackedRoutes, options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError ESRCH for one that is not there. */
  delete(specs: RouteSpec | readonly RouteSpec[] | PackedRoutes, options?: BatchOptions): Promise<void> {
    return this.#change('delete', specs, options);
  }

  /** The route that a packet to this address would take; `ip route get`. */
  async get(destination: string, lookup: RouteLookup = {}, options?: CallOptions): Promise<Route> {
    const bytes = checkAddress(destination, 'destination');
    const from = lookup.from === undefined ? undefined : checkAddress(lookup.from, 'lookup.from');
    if (from && from.length !== bytes.length) throw invalidAddressFamily('lookup.from', lookup.from, destination);
    const wire: Wire = {
      family: addressFamily(bytes),
      dstLength: bytes.length * 8,
      dst: bytes,
      srcLength: from ? from.length * 8 : undefined,
      src: from,
      iif: lookup.iif,
      oif: lookup.oif,
    };
    const { names, filled } = deviceNames(this.#channel, options);
    const request: Request = { operation: operations.get, wire, source: destination, subject: destination };
    const [, [route]] = await Promise.all([
      filled,
      this.#channel.dump(request, (decoder, end) => readRoute(decoder, end, names), options),
    ]);
    return route as Route;
  }

  #change(
    verb: Verb,
    specs: RouteSpec | readonly RouteSpec[] | PackedRoutes,
    options: BatchOptions | undefined,
  ): Promise<void> {
    if (isPacked(specs)) return this.#changePacked(verb, specs, options);
    return oneOrMany(this.#channel, works[verb], specs, options, undoOf(verb));
  }

  async #changePacked(verb: Verb, specs: PackedRoutes, options: BatchOptions | undefined): Promise<void> {
    const { destinations: given, ...template } = specs;
    // The caller's array may change while the call is under way.
    const destinations = checkColumn(given, 'specs.destinations').slice();
    checkTemplate(template, ['dst', 'family', 'multipath'], 'specs');
    const sent = this.#channel.packed(packedWork(works[verb], destinations, template), options);
    const undo = undoOf(verb);
    if (!options?.rollback || !undo) return sent;
    return rolledBack(sent, destinations.length, (failed) => {
      const done = destinations.filter((_, row) => !failed.has(row)).reverse();
      return this.#channel.packed(packedWork(undo, done, template));
    });
  }
}

function isPacked(specs: RouteSpec | readonly RouteSpec[] | PackedRoutes): specs is PackedRoutes {
  return typeof specs === 'object' && specs !== null && 'destinations' in specs;
}

function undoOf(verb: Verb): Work<RouteSpec> | undefined {
  return verb === 'replace' ? undefined : works[verb === 'add' ? 'delete' : 'add'];
}

function packedWork(
  { operation, write }: Work<RouteSpec>,
  destinations: Uint32Array,
  template: Omit<PackedRoutes, 'destinations'>,
): PackedWork {
  const spec = (dst: string): RouteSpec => ({ ...template, dst });
  return {
    operation,
    columns: [destinations],
    rows: destinations.length,
    record: packedRecord([{ field: field['dst'] as number, column: 0, size: 4 }], (out) =>
      write(out, spec('0.0.0.0'), 'specs'),
    ),
    source: (row) => spec(formatIpv4(destinations[row] as number)),
    describe: (row) => describe(spec(formatIpv4(destinations[row] as number))),
  };
}

function describe(spec: RouteSpec): string {
  const type = spec.type === undefined || spec.type === 'unicast' ? '' : `${spec.type} `;
  const via = spec.via === undefined ? '' : ` via ${spec.via}`;
  const dev = spec.dev === undefined ? '' : ` dev ${spec.dev}`;
  return `${type}${spec.dst}${via}${dev}`;
}

/** Checks a spec and writes its record. */
function writeRoute(out: Encoder, spec: RouteSpec, deleting: boolean, path: string): void {
  checkKeys(spec, specKeys, path);
  const { dst, type = 'unicast', via, scope, protocol, metric, mtu, multipath } = spec;
  const typeNumber = routeTypes.has(type) ? typeNumbers.get(type) : undefined;
  if (typeNumber === undefined) throw invalidValue(`${path}.type`, `is none of ${[...routeTypes].join(', ')}`, type);
  // A host's IPv4 route is what there are many of.
  const host = typeof dst === 'string' ? parseIpv4(dst) : -1;
  const prefix = host >= 0 || dst === 'default' ? undefined : checkAddressOrPrefix(dst, `${path}.dst`);
  const gateway = via === undefined ? undefined : checkAddress(via, `${path}.via`);
  const v4 =
    host >= 0 ||
    (prefix
      ? prefix.bytes.length === 4
      : gateway
        ? gateway.length === 4
        : (spec.family ?? defaultFamily(spec)) === 'inet');
  const size = v4 ? 4 : 16;
  out.fieldU8(field['family'] as number, v4 ? inet : inet6);
  if (host >= 0) {
    out.fieldU8(field['dstLength'] as number, 32);
    out.fieldIpv4(field['dst'] as number, host);
  } else if (prefix) {
    checkHostBits(prefix.bytes, prefix.length, dst, `${path}.dst`);
    out.fieldU8(field['dstLength'] as number, prefix.length);
    if (prefix.length > 0) out.fieldBytes(field['dst'] as number, prefix.bytes);
  }
  const local = type === 'local';
  const table =
    spec.table === undefined
      ? local || type === 'broadcast' || type === 'anycast'
        ? localTable
        : mainTable
      : tableNumber(spec.table, `${path}.table`);
  out.fieldU8(field['tableByte'] as number, table < 256 ? table : 0);
  if (table > 255) out.fieldU32(field['table'] as number, table);
  if (protocol !== undefined || !deleting) {
    out.fieldU8(field['protocol'] as number, protocol === undefined ? boot : protocolNumber(protocol, path));
  }
  const direct =
    type === 'broadcast' ||
    type === 'anycast' ||
    type === 'multicast' ||
    (type === 'unicast' && !gateway && !multipath && spec.nhid === undefined);
  out.fieldU8(
    field['scope'] as number,
    scopeNumber(scope ?? (deleting ? 'nowhere' : local ? 'host' : direct ? 'link' : 'global'), path),
  );
  if (spec.type !== undefined || !deleting) out.fieldU8(field['type'] as number, typeNumber);
  if (spec.onlink) out.fieldU32(field['flags'] as number, onlink);
  if (gateway) {
    if (gateway.length !== size) throw invalidAddressFamily(`${path}.via`, via, dst);
    out.fieldBytes(field['gateway'] as number, gateway);
  }
  if (spec.prefsrc !== undefined) {
    const prefsrc = checkAddress(spec.prefsrc, `${path}.prefsrc`);
    if (prefsrc.length !== size) throw invalidAddressFamily(`${path}.prefsrc`, spec.prefsrc, dst);
    out.fieldBytes(field['prefsrc'] as number, prefsrc);
  }
  if (metric !== undefined) {
    out.fieldU32(field['metric'] as number, checkInteger(metric, `${path}.metric`, 0, 0xffffffff));
  }
  if (spec.nhid !== undefined) {
    if (spec.dev !== undefined || gateway || multipath) {
      throw invalidValue(`${path}.nhid`, 'stands instead of dev, via and multipath', spec.nhid);
    }
    out.fieldU32(field['nhid'] as number, checkInteger(spec.nhid, `${path}.nhid`, 1, 0xffffffff));
  }
  if (spec.dev !== undefined) {
    checkReference(spec.dev, path, 'dev');
    out.fieldDevice(field['oif'] as number, spec.dev);
  }
  if (mtu === undefined && multipath === undefined) return;
  out.record(operations.add.schema as Schema, {
    metrics: mtu === undefined ? undefined : { mtu: checkInteger(mtu, `${path}.mtu`, 68, 0xffffffff) },
    multipath: multipath?.map((hop, at) => nexthopWire(hop, size, `${path}.multipath[${at}]`)),
  });
}

const protocolNumbers = namesOf('routeProtocol');
const boot = protocolNumbers.get('boot') as number;
const localTable = tableNumber('local', '');
const mainTable = tableNumber('main', '');

function protocolNumber(protocol: string | number, path: string): number {
  if (typeof protocol === 'number') return checkInteger(protocol, path, 0, 255, 'protocol');
  const number = protocolNumbers.get(protocol);
  if (number !== undefined) return number;
  throw invalidValue(
    `${path}.protocol`,
    `is none of ${[...protocolNumbers.keys()].join(', ')} and no number`,
    protocol,
  );
}

function scopeNumber(scope: RouteScope, path: string): number {
  const number = scopeNumbers.get(scope);
  if (number !== undefined) return number;
  throw invalidValue(`${path}.scope`, `is none of ${[...scopeNumbers.keys()].join(', ')}`, scope);
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
  if (hop.dev !== undefined) checkReference(hop.dev, `${path}.dev`);
  return { flags: hop.onlink ? ['onlink'] : undefined, hops: weight - 1, gateway, oif: hop.dev };
}

// ---- replies

const schema = operations.list.reply as Schema;
const slots: number[] = schema.fields.map(() => -1);
const familyWord = wordOf('addressFamily');
const typeWord = wordOf('routeType');
const protocolWord = wordOf('routeProtocol');
const scopeWord = wordOf('routeScope');
const flagsOf = flagWords('routeFlags');
const cloned = namesOf('routeFlags').get('cloned') as number;

/** Where the slots of fields are. */
const at = {
  family: field['family'] as number,
  dst: field['dst'] as number,
  dstLength: field['dstLength'] as number,
  table: field['table'] as number,
  tableByte: field['tableByte'] as number,
  type: field['type'] as number,
  protocol: field['protocol'] as number,
  scope: field['scope'] as number,
  flags: field['flags'] as number,
  gateway: field['gateway'] as number,
  oif: field['oif'] as number,
  prefsrc: field['prefsrc'] as number,
  metric: field['metric'] as number,
  nhid: field['nhid'] as number,
  metrics: field['metrics'] as number,
  multipath: field['multipath'] as number,
} as const;

/** Of a listing: IPv6 has cached clones beside its routes. */
export function readListed(decoder: Decoder, end: number, names: ReadonlyMap<number, string>): Route | undefined {
  const route = readRoute(decoder, end, names);
  return ((slots[at.flags] as number) & cloned) === 0 ? route : undefined;
}

function readRoute(decoder: Decoder, end: number, names: ReadonlyMap<number, string>): Route {
  decoder.slots(schema, end, slots);
  const nameOf = (index: number): string => names.get(index) ?? String(index);
  const table = slots[at.table] as number;
  const gateway = slots[at.gateway] as number;
  const oif = slots[at.oif] as number;
  const prefsrc = slots[at.prefsrc] as number;
  const metric = slots[at.metric] as number;
  const route: { -readonly [K in keyof Route]: Route[K] } = {
    family: familyWord(slots[at.family] as number) as AddressFamily,
    dst: prefixAt(decoder, slots[at.dst] as number, slots[at.dstLength] as number),
    table: tableName(table < 0 ? (slots[at.tableByte] as number) : table),
    type: typeWord(slots[at.type] as number) as RouteType,
    protocol: protocolWord(slots[at.protocol] as number),
    scope: scopeWord(slots[at.scope] as number) as RouteScope,
    flags: flagsOf(slots[at.flags] as number),
  };
  if (gateway >= 0) route.gateway = addressAt(decoder, gateway);
  if (oif >= 0) route.dev = nameOf(oif);
  if (prefsrc >= 0) route.prefsrc = addressAt(decoder, prefsrc);
  if (metric >= 0) route.metric = metric;
  if ((slots[at.nhid] as number) >= 0) route.nhid = slots[at.nhid] as number;
  if ((slots[at.metrics] as number) >= 0) {
    const { mtu } = decoder.recordAt(slots[at.metrics] as number, schema.byName.get('metrics')?.schema as Schema);
    if (mtu !== undefined) route.mtu = mtu as number;
  }
  if ((slots[at.multipath] as number) >= 0) {
    const hops = decoder.listAt(slots[at.multipath] as number, schema.byName.get('multipath')?.schema as Schema);
    route.multipath = hops.map((hop) => ({
      ...(hop['gateway'] ? { gateway: formatAddress(hop['gateway'] as Uint8Array) } : {}),
      dev: nameOf(hop['oif'] as number),
      weight: (hop['hops'] as number) + 1,
      flags: hop['flags'] as string[],
    }));
  }
  return route;
}
