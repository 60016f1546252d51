/** Which flows a filter takes: what the kernel looks at, and what is looked at here. */
import { release } from 'node:os';
import { checkArray, checkInteger, checkKeys, invalidValue } from '../errors.js';
import { checkAddress, formatAddress, formatIpv4 } from '../ip.js';
import { namesOf, type Wire } from '../netlink/codec.js';
import { type AddressFamily, addressFamily } from '../rtnetlink/values.js';
import type { Flow, FlowStatus } from './flow.js';
import { checkMark } from './flow-spec.js';
import { labelBits, labelNumbers } from './labels.js';
import {
  checkPartialTuple,
  checkProtocol,
  checkZone,
  type FlowProtocol,
  type FlowTuple,
  type FlowTupleSpec,
  isTracked,
  kindOf,
  type PartialTuple,
  tupleWire,
} from './tuple.js';

/** Where the first packet of a flow was sent. */
export interface FlowDestination {
  readonly address: string;
  /** IP protocol number. */
  readonly protocol?: number;
  readonly port?: number;
}

/** All that is given must hold. Several addresses, ports or destinations: any of them. */
export interface FlowFilter {
  readonly id?: number;
  readonly family?: AddressFamily;
  /** By name, or IP protocol number. */
  readonly protocol?: FlowProtocol | number;
  /** Some of the tuple's fields. */
  readonly original?: Partial<FlowTupleSpec>;
  readonly reply?: Partial<FlowTupleSpec>;
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
  /** Bits of the mark that are looked at; default all. */
  readonly markMask?: number;
  /** Of both directions, or of one. */
  readonly zone?: number;
  /** All of these are set, and of `statusMask` no others. */
  readonly status?: readonly FlowStatus[];
  readonly statusMask?: readonly FlowStatus[];
  /** All of these are set. */
  readonly labels?: readonly number[];
}

export interface CompiledFilter {
  readonly matches: (flow: Flow) => boolean;
  /** What the kernel is asked for: all that match, and maybe others. */
  readonly wire: Wire;
  /** The kernel finds exactly those that match, when listing and when deleting. */
  readonly exact: boolean;
}

const filterKeys: ReadonlySet<string> = new Set([
  'id',
  'family',
  'protocol',
  'original',
  'reply',
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
  'markMask',
  'zone',
  'status',
  'statusMask',
  'labels',
]);

const destinationKeys: ReadonlySet<string> = new Set(['address', 'protocol', 'port']);

const [major = 0, minor = 0] = release().split('.', 2).map(Number);
/** Whether a deletion heeds all that a listing does: older kernels delete too much, or refuse (CTA_FILTER since 6.12, CTA_ZONE since 6.8). */
const deletesByFilter: boolean = major > 6 || (major === 6 && minor >= 12);

type Test = (flow: Flow) => boolean;

export function compileFilter(
  filter: FlowFilter,
  path: string = 'filter',
  recent: boolean = deletesByFilter,
): CompiledFilter {
  checkKeys(filter, filterKeys, path);
  const { id, family, mark, markMask, zone } = filter;
  if (family !== undefined && family !== 'inet' && family !== 'inet6') {
    throw invalidValue(`${path}.family`, 'is neither inet nor inet6', family);
  }
  if (id !== undefined) checkInteger(id, `${path}.id`, 0, 0xffffffff);
  if (zone !== undefined) checkZone(zone, `${path}.zone`);
  if (mark !== undefined || markMask !== undefined) checkMark(mark, markMask ?? 0xffffffff, path);
  const protocol = filter.protocol === undefined ? undefined : checkProtocol(filter.protocol, `${path}.protocol`);
  const status = checkStatus(filter, path);
  const given = {
    original: checkPartialTuple(filter.original ?? {}, `${path}.original`),
    reply: checkPartialTuple(filter.reply ?? {}, `${path}.reply`),
  };
  // Both directions have one protocol, wherever the filter says it.
  const spoken = protocol ?? given.original.tuple.protocol ?? given.reply.tuple.protocol;
  const directions = (['original', 'reply'] as const).map((direction) =>
    direct(filter, direction, given[direction], spoken, path),
  );
  const elsewhere = tests(filter, path);

  const all: Test[] = [];
  if (family !== undefined) all.push((flow) => flow.family === family);
  if (id !== undefined) all.push((flow) => flow.id === id);
  if (protocol !== undefined) all.push(({ original }) => original.protocol === protocol);
  if (mark !== undefined) {
    const mask = markMask ?? 0xffffffff;
    all.push((flow) => (((flow.mark ?? 0) & mask) ^ mark) === 0);
  }
  if (zone !== undefined) all.push((flow) => zoneOf(flow) === zone);
  if (status) {
    const others = status.statusMask.filter((word) => !status.status.includes(word));
    all.push((flow) => status.status.every((word) => flow.status.includes(word)));
    if (others.length > 0) all.push((flow) => !others.some((word) => flow.status.includes(word)));
  }
  for (const { test } of directions) if (test) all.push(test);
  all.push(...elsewhere);

  const asked = askKernel(filter, directions, status, recent);
  return {
    matches: all.length === 1 ? (all[0] as Test) : (flow) => all.every((test) => test(flow)),
    wire: asked.wire,
    exact: asked.whole && id === undefined && elsewhere.length === 0,
  };
}

function zoneOf({ zone, original, reply }: Flow): number {
  return zone ?? original.zone ?? reply.zone ?? 0;
}

// ---- what the kernel is asked

interface Direction {
  readonly direction: 'original' | 'reply';
  readonly family: AddressFamily | undefined;
  /** What it is asked of this direction's tuple. */
  readonly tuple: Partial<FlowTuple>;
  readonly fields: readonly string[];
  readonly test: Test | undefined;
  /** All of it is in `fields`. */
  readonly whole: boolean;
}

function askKernel(
  { family: given, mark, markMask, zone, protocol }: FlowFilter,
  directions: readonly Direction[],
  status: CheckedStatus | undefined,
  recent: boolean,
): { readonly wire: Wire; readonly whole: boolean } {
  const family = given ?? directions.find((one) => one.family !== undefined)?.family;
  // Of IPv6 the kernel takes all addresses but the one that is asked for (ctnetlink_filter_match_tuple), and without a family it takes no tuple.
  const usable = directions.map(({ direction, fields }) => {
    if (family === undefined) return [];
    // Older kernels read the reply's tuple by the original direction's fields.
    if (direction === 'reply' && !recent) return [];
    return family === 'inet6' ? fields.filter((field) => field !== 'src' && field !== 'dst') : fields;
  });
  const [original, reply] = usable as [readonly string[], readonly string[]];
  const tuple = (at: 0 | 1): Wire | undefined => {
    const fields = usable[at] as readonly string[];
    return fields.length === 0 ? undefined : tupleWire((directions[at] as Direction).tuple, family);
  };
  const byTuple = original.length + reply.length > 0;
  const wire: Wire = {
    family,
    version: family === undefined ? undefined : 1,
    mark,
    markMask: mark === undefined ? undefined : (markMask ?? 0xffffffff),
    zone,
    ...status,
    original: tuple(0),
    reply: tuple(1),
    fields: byTuple
      ? {
          original: original.length > 0 ? original : undefined,
          reply: reply.length > 0 ? reply : undefined,
        }
      : undefined,
  };
  const markOnly = given === undefined && zone === undefined && !status && protocol === undefined;
  const whole = directions.every(({ whole, fields }, at) => whole && fields.length === usable[at]?.length);
  return { wire, whole: whole && (recent || (markOnly && !directions.some(({ test }) => test))) };
}

/** What is asked of one direction's tuple, in the several ways a filter says it. */
function direct(
  filter: FlowFilter,
  direction: 'original' | 'reply',
  given: PartialTuple,
  protocol: number | undefined,
  path: string,
): Direction {
  const own: Partial<FlowTuple> = given.tuple;
  const some = {
    src: addressSet(filter[`${direction}Src`], `${path}.${direction}Src`),
    dst: addressSet(filter[`${direction}Dst`], `${path}.${direction}Dst`),
    srcPort: portSet(filter[`${direction}SrcPort`], `${path}.${direction}SrcPort`),
    dstPort: portSet(filter[`${direction}DstPort`], `${path}.${direction}DstPort`),
  };
  const { zone, ...fieldsOfOwn } = own;
  const tests: ((tuple: FlowTuple) => boolean)[] = [];
  if (zone !== undefined) tests.push((tuple) => (tuple.zone ?? 0) === zone);
  for (const key of Object.keys(fieldsOfOwn) as (keyof typeof fieldsOfOwn)[]) {
    tests.push((tuple) => tuple[key] === own[key]);
  }
  // One of a set is asked for as the field itself. Both at once are left to the tests.
  const asked: Record<string, string | number | undefined> = { ...fieldsOfOwn };
  let whole = zone === undefined;
  for (const key of ['src', 'dst', 'srcPort', 'dstPort'] as const) {
    const set = some[key] as ReadonlySet<string | number> | undefined;
    if (!set) continue;
    tests.push((tuple) => tuple[key] !== undefined && set.has(tuple[key] as string | number));
    if (set.size === 1 && asked[key] === undefined) asked[key] = [...set][0];
    else whole = false;
  }
  if (protocol !== undefined && (direction === 'original' || Object.keys(asked).length > 0)) {
    whole &&= asked['protocol'] === undefined || asked['protocol'] === protocol;
    asked['protocol'] ??= protocol;
  }
  const tuple = asked as Partial<FlowTuple>;
  const fields = kernelFields(tuple);
  return {
    direction,
    family: given.family ?? familyOf(some.src) ?? familyOf(some.dst),
    tuple,
    fields,
    test: tests.length === 0 ? undefined : (flow) => tests.every((test) => test(flow[direction])),
    whole: whole && Object.keys(asked).length === fields.length,
  };
}

/** Those that the kernel compares: ports of TCP and UDP alone, and what else a protocol has only with the protocol. */
function kernelFields({ src, dst, protocol, srcPort, dstPort, ...icmp }: Partial<FlowTuple>): string[] {
  const fields: string[] = [];
  if (src !== undefined) fields.push('src');
  if (dst !== undefined) fields.push('dst');
  if (protocol === undefined) return fields;
  fields.push('num');
  const kind = kindOf(protocol);
  if (protocol === tcp || protocol === udp) {
    if (srcPort !== undefined) fields.push('srcPort');
    if (dstPort !== undefined) fields.push('dstPort');
  } else if (kind === 'icmp' || kind === 'icmpv6') {
    if (icmp.icmpType !== undefined && isTracked(kind, icmp.icmpType)) fields.push(`${kind}Type`);
    if (icmp.icmpCode !== undefined) fields.push(`${kind}Code`);
    if (icmp.icmpId !== undefined) fields.push(`${kind}Id`);
  }
  return fields;
}

const tcp: number | undefined = namesOf('conntrackProtocol').get('tcp');
const udp: number | undefined = namesOf('conntrackProtocol').get('udp');

// ---- what is looked at here

interface CheckedStatus {
  readonly status: readonly FlowStatus[];
  readonly statusMask: readonly FlowStatus[];
}

function checkStatus({ status, statusMask }: FlowFilter, path: string): CheckedStatus | undefined {
  if (status === undefined && statusMask === undefined) return undefined;
  const known = namesOf('conntrackStatus');
  const check = (words: readonly FlowStatus[], key: string): readonly FlowStatus[] => {
    checkArray(words, `${path}.${key}`).forEach((word, at) => {
      if (!known.has(word))
        throw invalidValue(`${path}.${key}[${at}]`, `is none of ${[...known.keys()].join(', ')}`, word);
    });
    return words;
  };
  const set = check(status ?? [], 'status');
  const mask = check(statusMask ?? set, 'statusMask');
  if (mask.length === 0) throw invalidValue(`${path}.status`, 'has no word', status ?? null);
  const outside = set.find((word) => !mask.includes(word));
  if (outside !== undefined) throw invalidValue(`${path}.status`, 'is not in statusMask', outside);
  return { status: set, statusMask: mask };
}

function addressSet(value: string | readonly string[] | undefined, path: string): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? (value as readonly string[]) : [value as string];
  return new Set(list.map((address) => formatAddress(checkAddress(address, path))));
}

function portSet(value: number | readonly number[] | undefined, path: string): ReadonlySet<number> | undefined {
  if (value === undefined) return undefined;
  const list: readonly number[] = Array.isArray(value) ? value : [value as number];
  return new Set(list.map((port) => checkInteger(port, path, 0, 65535)));
}

/** Of addresses that are all of one. */
function familyOf(addresses: ReadonlySet<string> | undefined): AddressFamily | undefined {
  const families = new Set([...(addresses ?? [])].map((address) => addressFamily(checkAddress(address, 'address'))));
  return families.size === 1 ? [...families][0] : undefined;
}

/** What only a listing's reader can tell. */
function tests(filter: FlowFilter, path: string): Test[] {
  const found: Test[] = [];
  const { address, destinations, labels } = filter;
  if (destinations !== undefined) {
    const known = compileDestinations(destinations, `${path}.destinations`);
    found.push(({ original }) => known(original));
  }
  if (labels !== undefined) {
    const wanted = labelNumbers(labelBits(labels, `${path}.labels`));
    found.push((flow) => wanted.every((label) => flow.labels?.includes(label)));
  }
  if (address !== undefined) {
    const numbers = address instanceof Uint32Array ? address : undefined;
    let known = numbers ? undefined : addressSet(address as string | readonly string[], `${path}.address`);
    found.push(({ original, reply }) => {
      // Made when there is a flow to hold it against: mostly there is none.
      known ??= new Set(Array.from(numbers as Uint32Array, formatIpv4));
      return known.has(original.src) || known.has(original.dst) || known.has(reply.src) || known.has(reply.dst);
    });
  }
  return found;
}

/** By address first: of many destinations few share one. */
function compileDestinations(list: readonly FlowDestination[], at: string): (tuple: FlowTuple) => boolean {
  const known = new Map<string, Set<string>>();
  const key = (protocol: number | undefined, port: number | undefined): string => `${protocol ?? '*'} ${port ?? '*'}`;
  checkArray(list, at).forEach((destination: FlowDestination, index) => {
    const path = `${at}[${index}]`;
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
