/** Which flows a filter takes: what the kernel looks at, and what is looked at here. */
import { checkArray, checkInteger, checkKeys, invalidValue } from '../errors.js';
import { checkAddress, formatAddress, formatIpv4 } from '../ip.js';
import { namesOf, type Wire } from '../netlink/codec.js';
import type { AddressFamily } from '../rtnetlink/values.js';
import { askKernel, deletesByFilter, direct, type Test } from './filter-kernel.js';
import { checkAddresses, type Several } from './filter-values.js';
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
  /** Addresses, or prefixes (address/length). */
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

interface CheckedStatus extends Wire {
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
    let known: Pick<Several<string>, 'has'> | undefined = numbers
      ? undefined
      : checkAddresses(address as string | readonly string[], `${path}.address`);
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
