import { checkArray, checkInteger, checkKeys, NetlinkError } from '../errors.js';
import { checkAddress, formatAddress, formatIpv4 } from '../ip.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import type { EventStream, EventStreams } from '../netlink/event-stream.js';
import type { AddressFamily } from '../rtnetlink/values.js';
import { type FlowEvent, type FlowEventOptions, flowEvents } from './events.js';

/** One direction of a flow. */
export interface FlowTuple {
  readonly src: string;
  readonly dst: string;
  /** IP protocol number: 1 ICMP, 6 TCP, 17 UDP. */
  readonly protocol: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly icmpId?: number;
}

/** A flow that the kernel tracks; conntrack(8). */
export interface Flow {
  readonly id: number;
  readonly family: AddressFamily;
  readonly original: FlowTuple;
  /** What answers look like: NAT shows as a difference to `original` turned round. */
  readonly reply: FlowTuple;
  readonly status: readonly string[];
  /** Seconds until it is forgotten. */
  readonly timeout?: number;
  readonly mark?: number;
  readonly zone?: number;
}

/** Where the first packet of a flow was sent. */
export interface FlowDestination {
  readonly address: string;
  /** IP protocol number. */
  readonly protocol?: number;
  readonly port?: number;
}

/** All that is given must hold. Several addresses, ports or destinations: any of them. */
export interface FlowFilter {
  readonly family?: AddressFamily;
  /** IP protocol number. */
  readonly protocol?: number;
  readonly originalSrc?: string | readonly string[];
  readonly originalDst?: string | readonly string[];
  readonly replySrc?: string | readonly string[];
  readonly replyDst?: string | readonly string[];
  /** In any of the four places; a Uint32Array holds IPv4 addresses as numbers. */
  readonly address?: string | readonly string[] | Uint32Array;
  readonly originalSrcPort?: number | readonly number[];
  readonly originalDstPort?: number | readonly number[];
  readonly replySrcPort?: number | readonly number[];
  readonly replyDstPort?: number | readonly number[];
  /** Any number of them costs one listing. */
  readonly destinations?: readonly FlowDestination[];
  readonly mark?: number;
  readonly zone?: number;
}

const operations = {
  list: operation('conntrack.list'),
  delete: operation('conntrack.delete'),
  statistics: operation('conntrack.statistics'),
};

const filterKeys: ReadonlySet<string> = new Set([
  'family',
  'protocol',
  'originalSrc',
  'originalDst',
  'replySrc',
  'replyDst',
  'address',
  'originalSrcPort',
  'originalDstPort',
  'replySrcPort',
  'replyDstPort',
  'destinations',
  'mark',
  'zone',
]);

const destinationKeys: ReadonlySet<string> = new Set(['address', 'protocol', 'port']);

type Entry = Record<string, unknown>;

/** Connection tracking: ctnetlink. */
export class Conntrack {
  readonly #channel: Channel;
  readonly #streams: EventStreams;

  constructor(channel: Channel, streams: EventStreams) {
    this.#channel = channel;
    this.#streams = streams;
  }

  /**
   * Flows as they begin, change and end: ctnetlink's events. With `net.netfilter.nf_conntrack_events` 2, the default, the kernel reports
   * nothing of a flow that began when nobody listened. Throws ERR_NETNS_CLOSED on a closed handle.
   */
  events(options: FlowEventOptions = {}): EventStream<FlowEvent> {
    return this.#streams.open(flowEvents(options.groups), options);
  }

  async list(filter: FlowFilter = {}, options?: CallOptions): Promise<Flow[]> {
    return (await this.#matching(filter, compileFilter(filter), options)).map(({ flow }) => flow);
  }

  /**
   * Deletes all flows that match, and returns how many. The kernel deletes by tuple and id, so the matching ones are
   * listed first; one that ends by itself in between is not an error.
   */
  async delete(filter: FlowFilter, options?: CallOptions): Promise<number> {
    const matches = compileFilter(filter);
    // A listing walks the kernel's whole hash table, which all namespaces share. Nothing tracked, nothing to walk.
    if ((await this.count(options)) === 0) return 0;
    const matching = await this.#matching(filter, matches, options);
    const deleted = await Promise.all(
      matching.map(({ entry }) => {
        const wire = { family: entry['family'], original: entry['original'], id: entry['id'], zone: entry['zone'] };
        const request: Request = { operation: operations.delete, wire, source: filter };
        return this.#channel.one(request, options).then(
          () => 1,
          (error: unknown) => {
            if (error instanceof NetlinkError && error.code === 'ENOENT') return 0;
            throw error;
          },
        );
      }),
    );
    return deleted.reduce<number>((sum, one) => sum + one, 0);
  }

  /** Deletes all of the namespace. */
  async flush(options?: CallOptions): Promise<void> {
    await this.#channel.one({ operation: operations.delete, wire: {}, subject: 'all' }, options);
  }

  /** How many the namespace has. */
  async count(options?: CallOptions): Promise<number> {
    const [reply] = await this.#channel.one({ operation: operations.statistics, wire: {} }, options);
    return (reply?.['entries'] as number | undefined) ?? 0;
  }

  async #matching(
    filter: FlowFilter,
    matches: (flow: Flow) => boolean,
    options?: CallOptions,
  ): Promise<{ entry: Entry; flow: Flow }[]> {
    const wire: Wire = {
      family: filter.family,
      mark: filter.mark,
      markMask: filter.mark === undefined ? undefined : 0xffffffff,
    };
    const entries = await this.#channel.one({ operation: operations.list, wire }, options);
    const found: { entry: Entry; flow: Flow }[] = [];
    for (const entry of entries) {
      const flow = toFlow(entry);
      if (matches(flow)) found.push({ entry, flow });
    }
    return found;
  }
}

function compileFilter(filter: FlowFilter): (flow: Flow) => boolean {
  checkKeys(filter, filterKeys, 'filter');
  for (const key of ['mark', 'zone', 'protocol'] as const) {
    if (filter[key] !== undefined) checkInteger(filter[key], `filter.${key}`, 0, 0xffffffff);
  }
  const addresses = (
    key: 'originalSrc' | 'originalDst' | 'replySrc' | 'replyDst' | 'address',
  ): Set<string> | undefined => {
    const value = filter[key];
    if (value === undefined || value instanceof Uint32Array) return undefined;
    const list = Array.isArray(value) ? (value as readonly string[]) : [value as string];
    return new Set(list.map((address) => formatAddress(checkAddress(address, `filter.${key}`))));
  };
  const originalSrc = addresses('originalSrc');
  const originalDst = addresses('originalDst');
  const replySrc = addresses('replySrc');
  const replyDst = addresses('replyDst');
  const ports = (
    key: 'originalSrcPort' | 'originalDstPort' | 'replySrcPort' | 'replyDstPort',
  ): Set<number> | undefined => {
    const value = filter[key];
    if (value === undefined) return undefined;
    const list: readonly number[] = typeof value === 'number' ? [value] : value;
    return new Set(list.map((port) => checkInteger(port, `filter.${key}`, 0, 65535)));
  };
  const originalSrcPort = ports('originalSrcPort');
  const originalDstPort = ports('originalDstPort');
  const replySrcPort = ports('replySrcPort');
  const replyDstPort = ports('replyDstPort');
  const destinations = filter.destinations && compileDestinations(filter.destinations);
  const holds = (set: Set<number> | undefined, port: number | undefined): boolean =>
    !set || (port !== undefined && set.has(port));
  const numbers = filter.address instanceof Uint32Array ? filter.address : undefined;
  let anywhere = addresses('address');
  const isAnywhere = ({ original, reply }: Flow): boolean => {
    // Made when there is a flow to hold it against: mostly there is none.
    if (numbers) anywhere ??= new Set(Array.from(numbers, formatIpv4));
    const known = anywhere;
    return !known || [original.src, original.dst, reply.src, reply.dst].some((address) => known.has(address));
  };
  return (flow) => {
    const { family, original, reply, mark, zone } = flow;
    return (
      (filter.family === undefined || family === filter.family) &&
      (filter.protocol === undefined || original.protocol === filter.protocol) &&
      (filter.mark === undefined || (mark ?? 0) === filter.mark) &&
      (filter.zone === undefined || (zone ?? 0) === filter.zone) &&
      (!originalSrc || originalSrc.has(original.src)) &&
      (!originalDst || originalDst.has(original.dst)) &&
      (!replySrc || replySrc.has(reply.src)) &&
      (!replyDst || replyDst.has(reply.dst)) &&
      holds(originalSrcPort, original.srcPort) &&
      holds(originalDstPort, original.dstPort) &&
      holds(replySrcPort, reply.srcPort) &&
      holds(replyDstPort, reply.dstPort) &&
      (!destinations || destinations(original)) &&
      isAnywhere(flow)
    );
  };
}

/** By address first: of many destinations few share one. */
function compileDestinations(list: readonly FlowDestination[]): (tuple: FlowTuple) => boolean {
  checkArray(list, 'filter.destinations');
  const known = new Map<string, Set<string>>();
  const key = (protocol: number | undefined, port: number | undefined): string => `${protocol ?? '*'} ${port ?? '*'}`;
  list.forEach((destination: FlowDestination, at) => {
    const path = `filter.destinations[${at}]`;
    checkKeys(destination, destinationKeys, path);
    const { protocol, port } = destination;
    if (protocol !== undefined) checkInteger(protocol, `${path}.protocol`, 0, 255);
    if (port !== undefined) checkInteger(port, `${path}.port`, 0, 65535);
    const address = formatAddress(checkAddress(destination.address, `${path}.address`));
    const those = known.get(address);
    if (those) those.add(key(protocol, port));
    else known.set(address, new Set([key(protocol, port)]));
  });
  return ({ dst, protocol, dstPort }) => {
    const those = known.get(dst);
    if (!those) return false;
    return (
      those.has(key(protocol, dstPort)) ||
      those.has(key(protocol, undefined)) ||
      those.has(key(undefined, dstPort)) ||
      those.has(key(undefined, undefined))
    );
  };
}

export function toFlow(entry: Entry): Flow {
  return {
    id: entry['id'] as number,
    family: entry['family'] as AddressFamily,
    original: toTuple(entry['original'] as Entry),
    reply: toTuple(entry['reply'] as Entry),
    status: (entry['status'] as string[] | undefined) ?? [],
    ...(entry['timeout'] === undefined ? {} : { timeout: entry['timeout'] as number }),
    ...(entry['mark'] === undefined ? {} : { mark: entry['mark'] as number }),
    ...(entry['zone'] === undefined ? {} : { zone: entry['zone'] as number }),
  };
}

function toTuple({ ip, proto }: Entry): FlowTuple {
  const addresses = ip as Record<string, Uint8Array>;
  const ports = (proto ?? {}) as Record<string, number>;
  const tuple: Record<string, unknown> = {
    src: formatAddress((addresses['v4src'] ?? addresses['v6src']) as Uint8Array),
    dst: formatAddress((addresses['v4dst'] ?? addresses['v6dst']) as Uint8Array),
    protocol: ports['num'],
  };
  const copy: [string, string][] = [
    ['srcPort', 'srcPort'],
    ['dstPort', 'dstPort'],
    ['icmpId', 'icmpId'],
    ['icmpType', 'icmpType'],
    ['icmpCode', 'icmpCode'],
    ['icmpv6Id', 'icmpId'],
    ['icmpv6Type', 'icmpType'],
    ['icmpv6Code', 'icmpCode'],
  ];
  for (const [from, to] of copy) if (ports[from] !== undefined) tuple[to] = ports[from];
  return tuple as unknown as FlowTuple;
}
