/** What of a filter the kernel is asked, and whether that is all of it. */
import { release } from 'node:os';
import { parseIpv4 } from '../ip.js';
import { namesOf, type Wire } from '../netlink/codec.js';
import type { AddressFamily } from '../rtnetlink/values.js';
import type { FlowFilter } from './filter.js';
import { checkAddresses, checkPorts } from './filter-values.js';
import type { Flow } from './flow.js';
import { type FlowTuple, isTracked, kindOf, type PartialTuple, tupleWire } from './tuple.js';

const [major = 0, minor = 0] = release().split('.', 2).map(Number);
/** Whether a deletion heeds all that a listing does: older kernels delete too much, or refuse (CTA_FILTER since 6.12, CTA_ZONE since 6.8). */
export const deletesByFilter: boolean = major > 6 || (major === 6 && minor >= 12);

export type Test = (flow: Flow) => boolean;

export interface Direction {
  readonly direction: 'original' | 'reply';
  readonly family: AddressFamily | undefined;
  /** What it is asked of this direction's tuple. */
  readonly tuple: Partial<FlowTuple>;
  readonly fields: readonly string[];
  readonly test: Test | undefined;
  /** All of it is in `fields`. */
  readonly whole: boolean;
}

export function askKernel(
  { family: given, mark, markMask, zone, protocol }: FlowFilter,
  directions: readonly Direction[],
  status: Wire | undefined,
  recent: boolean,
): { readonly wire: Wire; readonly whole: boolean } {
  const family = given ?? directions.find((one) => one.family !== undefined)?.family;
  // Of IPv6 the kernel takes all addresses but the one that is asked for (ctnetlink_filter_match_tuple), and without a family it takes no tuple.
  const asked = directions.map(({ direction, fields, tuple }): Pick<Direction, 'fields' | 'tuple'> => {
    // Older kernels read the reply's tuple by the original direction's fields.
    if (family === undefined || (direction === 'reply' && !recent)) return { fields: [], tuple };
    // An address of another family matches nothing, and fits no message.
    if (family === 'inet' && isIpv4(tuple.src) && isIpv4(tuple.dst)) return { fields, tuple };
    const { src: _, dst: __, ...rest } = tuple;
    return { fields: fields.filter((field) => field !== 'src' && field !== 'dst'), tuple: rest };
  });
  const [original, reply] = asked.map(({ fields, tuple }) =>
    fields.length === 0 ? undefined : { fields, wire: tupleWire(tuple, family) },
  );
  const wire: Wire = {
    family,
    version: family === undefined ? undefined : 1,
    mark,
    markMask: mark === undefined ? undefined : (markMask ?? 0xffffffff),
    zone,
    ...status,
    original: original?.wire,
    reply: reply?.wire,
    fields: original || reply ? { original: original?.fields, reply: reply?.fields } : undefined,
  };
  const markOnly = given === undefined && zone === undefined && !status && protocol === undefined;
  const whole = directions.every(({ whole, fields }, at) => whole && fields.length === asked[at]?.fields.length);
  return { wire, whole: whole && (recent || (markOnly && !directions.some(({ test }) => test))) };
}

function isIpv4(address: string | undefined): boolean {
  return address === undefined || parseIpv4(address) >= 0;
}

/** What is asked of one direction's tuple, in the several ways a filter says it. */
export function direct(
  filter: FlowFilter,
  direction: 'original' | 'reply',
  given: PartialTuple,
  protocol: number | undefined,
  path: string,
): Direction {
  const own: Partial<FlowTuple> = given.tuple;
  const some = {
    src: checkAddresses(filter[`${direction}Src`], `${path}.${direction}Src`),
    dst: checkAddresses(filter[`${direction}Dst`], `${path}.${direction}Dst`),
    srcPort: checkPorts(filter[`${direction}SrcPort`], `${path}.${direction}SrcPort`),
    dstPort: checkPorts(filter[`${direction}DstPort`], `${path}.${direction}DstPort`),
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
    const set = some[key];
    if (!set) continue;
    tests.push((tuple) => tuple[key] !== undefined && set.has(tuple[key] as never));
    const { only } = set;
    if (only !== undefined && asked[key] === undefined) asked[key] = only;
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
    family: given.family ?? some.src?.family ?? some.dst?.family,
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
