/** One direction of a flow: checked and written, read, and turned round. */
import { checkInteger, checkKeys, invalidAddressFamily, invalidType, invalidValue } from '../errors.js';
import { checkAddress, formatAddress } from '../ip.js';
import { type Decoder, fieldIndexes, namesOf, operation, type Schema, type Wire } from '../netlink/codec.js';
import { type AddressFamily, addressAt, addressFamily } from '../rtnetlink/values.js';

/** Those that the kernel tracks by more than their addresses. */
export type FlowProtocol = 'icmp' | 'tcp' | 'udp' | 'dccp' | 'gre' | 'icmpv6' | 'sctp' | 'udplite';

/** One direction of a flow. */
export interface FlowTuple {
  readonly src: string;
  readonly dst: string;
  /** IP protocol number: 1 ICMP, 6 TCP, 17 UDP. */
  readonly protocol: number;
  /** Of TCP, UDP, UDP-Lite, SCTP and DCCP; GRE has its keys here. */
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly icmpId?: number;
  /** Where the zone is one of this direction alone; else it is the flow's. */
  readonly zone?: number;
}

/** A tuple as it is given: a `FlowTuple`, or one with its protocol by name. */
export interface FlowTupleSpec extends Omit<FlowTuple, 'protocol'> {
  /** A name, or a number from 0 to 255. */
  readonly protocol: FlowProtocol | number;
}

/** A tuple that has been checked: what it is, and what a message holds of it. */
export interface CheckedTuple {
  readonly family: AddressFamily;
  readonly tuple: FlowTuple;
  readonly wire: Wire;
}

const schema = operation('conntrack.add').schema?.byName.get('original')?.schema as Schema;
const ipSchema = schema.byName.get('ip')?.schema as Schema;
const protoSchema = schema.byName.get('proto')?.schema as Schema;

const protocols: ReadonlyMap<string, number> = namesOf('conntrackProtocol');
const protocolNames: ReadonlyMap<number, string> = new Map([...protocols].map(([name, number]) => [number, name]));

const tupleKeys: ReadonlySet<string> = new Set([
  'src',
  'dst',
  'protocol',
  'srcPort',
  'dstPort',
  'icmpType',
  'icmpCode',
  'icmpId',
  'zone',
]);

const portKeys = ['srcPort', 'dstPort'] as const;
const icmpKeys = ['icmpType', 'icmpCode', 'icmpId'] as const;

/** By family: types of requests, each with the type of its answer (invmap of nf_conntrack_proto_icmp.c and _icmpv6.c). */
const icmpAnswers: Readonly<Record<AddressFamily, readonly (readonly [ask: number, answer: number])[]>> = {
  inet: [
    [8, 0],
    [13, 14],
    [15, 16],
    [17, 18],
  ],
  inet6: [
    [128, 129],
    [139, 140],
  ],
};

const bothWays = (family: AddressFamily): ReadonlyMap<number, number> =>
  new Map(icmpAnswers[family].flatMap(([ask, answer]) => [[ask, answer] as const, [answer, ask] as const]));
const answers: Readonly<Record<AddressFamily, ReadonlyMap<number, number>>> = {
  inet: bothWays('inet'),
  inet6: bothWays('inet6'),
};

export function checkProtocol(value: unknown, path: string): number {
  if (typeof value !== 'string') return checkInteger(value, path, 0, 255);
  const number = protocols.get(value);
  if (number === undefined) throw invalidValue(path, `is none of ${[...protocols.keys()].join(', ')}`, value);
  return number;
}

export function checkZone(value: unknown, path: string): number {
  return checkInteger(value, path, 0, 0xffff);
}

/** Which of a tuple's fields say more of a flow of this protocol. */
export function kindOf(protocol: number): 'ports' | 'icmp' | 'icmpv6' | 'none' {
  const name = protocolNames.get(protocol);
  if (name === 'icmp' || name === 'icmpv6') return name;
  return name === undefined ? 'none' : 'ports';
}

/** Whether there are flows of an ICMP type: the others answer nothing, and are not answered. */
export function isTracked(kind: 'icmp' | 'icmpv6', type: number): boolean {
  return answers[kind === 'icmp' ? 'inet' : 'inet6'].has(type);
}

/** Checks the fields of a whole tuple, so that it can be one of the kernel's. */
export function checkTuple(spec: FlowTupleSpec, path: string): CheckedTuple {
  const { family, tuple } = checkPartialTuple(spec, path);
  const { protocol } = tuple;
  for (const key of ['src', 'dst', 'protocol'] as const) {
    if (tuple[key] === undefined) throw invalidValue(`${path}.${key}`, 'is needed', null);
  }
  const kind = kindOf(protocol as number);
  const name = protocolNames.get(protocol as number);
  if ((kind === 'icmp' && family !== 'inet') || (kind === 'icmpv6' && family !== 'inet6')) {
    throw invalidValue(`${path}.protocol`, `is not of the family of ${tuple.src}`, spec.protocol);
  }
  if (kind === 'ports') {
    // A kernel that does not know one of the rarer protocols tracks it by its addresses alone.
    const optional = name !== 'tcp' && name !== 'udp' && tuple.srcPort === undefined && tuple.dstPort === undefined;
    for (const key of portKeys) {
      if (tuple[key] === undefined && !optional) throw invalidValue(`${path}.${key}`, `is needed of ${name}`, null);
    }
    return finished(tuple as FlowTuple, family as AddressFamily);
  }
  if (kind === 'none') return finished(tuple as FlowTuple, family as AddressFamily);
  const { icmpType } = tuple;
  if (icmpType === undefined) throw invalidValue(`${path}.icmpType`, `is needed of ${name}`, null);
  if (!answers[family as AddressFamily].has(icmpType)) {
    throw invalidValue(`${path}.icmpType`, 'is not of a request or an answer, so there is no flow of it', icmpType);
  }
  return finished({ icmpCode: 0, icmpId: 0, ...(tuple as FlowTuple) }, family as AddressFamily);
}

export interface PartialTuple {
  readonly family: AddressFamily | undefined;
  readonly tuple: Partial<FlowTuple>;
}

/** Checks what is given of a tuple. */
export function checkPartialTuple(spec: Partial<FlowTupleSpec>, path: string): PartialTuple {
  checkKeys(spec, tupleKeys, path);
  const tuple: { -readonly [K in keyof FlowTuple]?: FlowTuple[K] } = {};
  let family: AddressFamily | undefined;
  for (const key of ['src', 'dst'] as const) {
    if (spec[key] === undefined) continue;
    const bytes = checkAddress(spec[key], `${path}.${key}`);
    if (family !== undefined && family !== addressFamily(bytes)) {
      throw invalidAddressFamily(`${path}.${key}`, spec[key], spec.src);
    }
    family = addressFamily(bytes);
    tuple[key] = formatAddress(bytes);
  }
  if (spec.protocol !== undefined) tuple.protocol = checkProtocol(spec.protocol, `${path}.protocol`);
  for (const key of portKeys) {
    if (spec[key] !== undefined) tuple[key] = checkInteger(spec[key], `${path}.${key}`, 0, 65535);
  }
  for (const key of icmpKeys) {
    if (spec[key] !== undefined)
      tuple[key] = checkInteger(spec[key], `${path}.${key}`, 0, key === 'icmpId' ? 65535 : 255);
  }
  if (spec.zone !== undefined) tuple.zone = checkZone(spec.zone, `${path}.zone`);
  if (tuple.protocol !== undefined) {
    const kind = kindOf(tuple.protocol);
    const foreign = [...(kind === 'ports' ? [] : portKeys), ...(kind === 'icmp' || kind === 'icmpv6' ? [] : icmpKeys)];
    for (const key of foreign) {
      if (tuple[key] !== undefined)
        throw invalidType(`${path}.${key}`, `left out of protocol ${spec.protocol}`, tuple[key]);
    }
  }
  return { family, tuple };
}

function finished(tuple: FlowTuple, family: AddressFamily): CheckedTuple {
  return { family, tuple, wire: tupleWire(tuple, family) };
}

/** What a message holds of a checked tuple, or of a part of one. */
export function tupleWire(tuple: Partial<FlowTuple>, family: AddressFamily | undefined): Wire {
  const { src, dst, protocol, srcPort, dstPort, icmpType, icmpCode, icmpId, zone } = tuple;
  const version = family === 'inet6' ? 'v6' : 'v4';
  const icmp = protocol !== undefined && kindOf(protocol) === 'icmpv6' ? 'icmpv6' : 'icmp';
  const bytes = (address: string | undefined): Uint8Array | undefined =>
    address === undefined ? undefined : checkAddress(address, 'address');
  return {
    ip:
      src === undefined && dst === undefined
        ? undefined
        : { [`${version}src`]: bytes(src), [`${version}dst`]: bytes(dst) },
    proto:
      protocol === undefined
        ? undefined
        : {
            num: protocol,
            srcPort,
            dstPort,
            [`${icmp}Id`]: icmpId,
            [`${icmp}Type`]: icmpType,
            [`${icmp}Code`]: icmpCode,
          },
    zone,
  };
}

/** What answers look like where nothing is translated. */
export function turnedRound({ tuple, family }: CheckedTuple): FlowTuple {
  const { src, dst, srcPort, dstPort, icmpType, zone: _, ...rest } = tuple;
  return {
    ...rest,
    src: dst,
    dst: src,
    ...(srcPort === undefined || dstPort === undefined ? {} : { srcPort: dstPort, dstPort: srcPort }),
    ...(icmpType === undefined ? {} : { icmpType: answers[family].get(icmpType) as number }),
  };
}

/** In one line, for errors. */
export function describeTuple({ src, dst, protocol, srcPort, dstPort }: FlowTupleSpec): string {
  const name = typeof protocol === 'number' ? (protocolNames.get(protocol) ?? String(protocol)) : protocol;
  const end = (address: string, port: number | undefined): string => {
    if (port === undefined) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  };
  return `${name} ${end(src, srcPort)} -> ${end(dst, dstPort)}`;
}

// ---- replies

const slotOf = {
  tuple: fieldIndexes(schema),
  ip: fieldIndexes(ipSchema),
  proto: fieldIndexes(protoSchema),
} as const;

const at = {
  ip: slotOf.tuple['ip'] as number,
  proto: slotOf.tuple['proto'] as number,
  zone: slotOf.tuple['zone'] as number,
  v4src: slotOf.ip['v4src'] as number,
  v4dst: slotOf.ip['v4dst'] as number,
  v6src: slotOf.ip['v6src'] as number,
  v6dst: slotOf.ip['v6dst'] as number,
  num: slotOf.proto['num'] as number,
  srcPort: slotOf.proto['srcPort'] as number,
  dstPort: slotOf.proto['dstPort'] as number,
  icmpId: slotOf.proto['icmpId'] as number,
  icmpType: slotOf.proto['icmpType'] as number,
  icmpCode: slotOf.proto['icmpCode'] as number,
  icmpv6Id: slotOf.proto['icmpv6Id'] as number,
  icmpv6Type: slotOf.proto['icmpv6Type'] as number,
  icmpv6Code: slotOf.proto['icmpv6Code'] as number,
} as const;

const tupleSlots: number[] = schema.fields.map(() => -1);
const ipSlots: number[] = ipSchema.fields.map(() => -1);
const protoSlots: number[] = protoSchema.fields.map(() => -1);

/** The tuple whose nest begins there; what a message lacks, which is nothing where the kernel means it well, is empty. */
export function readTuple(decoder: Decoder, start: number): FlowTuple {
  tupleSlots.fill(-1);
  if (start >= 0) decoder.slotsAt(start, schema, tupleSlots);
  const [ip, proto, zone] = [
    tupleSlots[at.ip] as number,
    tupleSlots[at.proto] as number,
    tupleSlots[at.zone] as number,
  ];
  ipSlots.fill(-1);
  protoSlots.fill(-1);
  if (ip >= 0) decoder.slotsAt(ip, ipSchema, ipSlots);
  if (proto >= 0) decoder.slotsAt(proto, protoSchema, protoSlots);
  const tuple: { -readonly [K in keyof FlowTuple]: FlowTuple[K] } = {
    src: address(decoder, ipSlots[at.v4src] as number, ipSlots[at.v6src] as number),
    dst: address(decoder, ipSlots[at.v4dst] as number, ipSlots[at.v6dst] as number),
    protocol: Math.max(0, protoSlots[at.num] as number),
  };
  const ports = protoSlots[at.srcPort] as number;
  if (ports >= 0) {
    tuple.srcPort = ports;
    tuple.dstPort = protoSlots[at.dstPort] as number;
  } else if ((protoSlots[at.icmpId] as number) >= 0) {
    tuple.icmpId = protoSlots[at.icmpId] as number;
    tuple.icmpType = protoSlots[at.icmpType] as number;
    tuple.icmpCode = protoSlots[at.icmpCode] as number;
  } else if ((protoSlots[at.icmpv6Id] as number) >= 0) {
    tuple.icmpId = protoSlots[at.icmpv6Id] as number;
    tuple.icmpType = protoSlots[at.icmpv6Type] as number;
    tuple.icmpCode = protoSlots[at.icmpv6Code] as number;
  }
  if (zone >= 0) tuple.zone = zone;
  return tuple;
}

function address(decoder: Decoder, v4: number, v6: number): string {
  const start = v4 >= 0 ? v4 : v6;
  return start < 0 ? '' : addressAt(decoder, start);
}
