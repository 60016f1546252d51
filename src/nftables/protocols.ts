/**
 * Protocol headers as data: where each field stands, what it means, and how nft knows that a packet has the header.
 *
 * Offsets and lengths are bits from the header's start, network order. `id` and a field's place in its list (from 1) are
 * nft's numbers in the user data of sets (`typeof`), so the order of fields is fixed.
 */

import { type Type, typeOf } from './datatypes.js';
import type { Family } from './wire.js';

export type Base = 'link' | 'network' | 'transport';
/** Raw loads can also be from what the transport header carries. */
export type RawBase = Base | 'inner';

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly bits: number;
  readonly type: Type;
  /** Its place in the protocol's list, from 1. */
  readonly index: number;
  /** The field is there only in messages of these types (icmp id: echo). */
  readonly messages?: readonly number[];
  /** It says what comes next, or which message this is: `ip protocol`, `icmp type`. */
  readonly key: boolean;
}

export interface Protocol {
  readonly name: string;
  readonly id: number;
  readonly base: Base;
  readonly fields: readonly Field[];
  readonly fieldsByName: ReadonlyMap<string, Field>;
  /** `meta l4proto`, for transport protocols. */
  readonly l4proto?: number;
  /** `ether type`, for network protocols. */
  readonly etherType?: number;
  /** `meta nfproto`, for the two that have one. */
  readonly nfproto?: number;
  /** Where the 16-bit Internet checksum stands, in bytes; a write must keep it right. */
  readonly checksum?: number;
  /** It is not the Internet's, but SCTP's CRC. */
  readonly crc?: true;
  /** Fields that say what comes next, or which message this is. The last is what nft itself would match. */
  readonly keys?: readonly string[];
  /** What nft matches to know what comes next, where that is no field of the header. */
  readonly meta?: 'l4proto' | 'nfproto' | 'protocol';
  /** Bits, of headers that others of the same layer follow. */
  readonly length?: number;
  /** Fields of the pseudo header: a write also changes the transport checksum. */
  readonly pseudo?: readonly string[];
  /** Only carried by this network protocol: icmp by ip. */
  readonly over?: 'ip' | 'ip6';
}

type Row = readonly [name: string, offset: number, bits: number, datatype?: string, messages?: readonly number[]];

function protocol(name: string, id: number, base: Base, rows: readonly Row[], extra: Partial<Protocol> = {}): Protocol {
  const fields = rows.map(
    ([field, offset, bits, datatype, messages], i): Field => ({
      name: field,
      offset,
      bits,
      type: typeOf(datatype ?? 'integer', bits, 'big'),
      index: i + 1,
      key: extra.keys?.includes(field) === true,
      ...(messages === undefined ? {} : { messages }),
    }),
  );
  const fieldsByName = new Map(fields.map((field) => [field.name, field]));
  return { name, id, base, fields, fieldsByName, ...extra };
}

const ECHO = [8, 0];
const ECHO6 = [128, 129];

export const protocols: readonly Protocol[] = [
  protocol(
    'ether',
    17,
    'link',
    [
      ['daddr', 0, 48, 'ether_addr'],
      ['saddr', 48, 48, 'ether_addr'],
      ['type', 96, 16, 'ether_type'],
    ],
    { keys: ['type'], length: 112 },
  ),
  // Behind the Ethernet header, or behind another VLAN's.
  protocol(
    'vlan',
    16,
    'link',
    [
      ['pcp', 0, 3],
      ['dei', 3, 1],
      // The older name of the same bit.
      ['cfi', 3, 1],
      ['id', 4, 12],
      ['type', 16, 16, 'ether_type'],
    ],
    { keys: ['type'], length: 32 },
  ),
  protocol(
    'ip',
    12,
    'network',
    [
      ['version', 0, 4],
      ['hdrlength', 4, 4],
      ['dscp', 8, 6, 'dscp'],
      ['ecn', 14, 2, 'ecn'],
      ['length', 16, 16],
      ['id', 32, 16],
      ['frag-off', 48, 16],
      ['ttl', 64, 8],
      ['protocol', 72, 8, 'inet_proto'],
      ['checksum', 80, 16],
      ['saddr', 96, 32, 'ipv4_addr'],
      ['daddr', 128, 32, 'ipv4_addr'],
    ],
    {
      etherType: 0x0800,
      nfproto: 2,
      checksum: 10,
      keys: ['protocol'],
      meta: 'l4proto',
      pseudo: ['saddr', 'daddr', 'protocol', 'length'],
    },
  ),
  protocol(
    'ip6',
    13,
    'network',
    [
      ['version', 0, 4],
      ['dscp', 4, 6, 'dscp'],
      ['ecn', 10, 2, 'ecn'],
      ['flowlabel', 12, 20],
      ['length', 32, 16],
      ['nexthdr', 48, 8, 'inet_proto'],
      ['hoplimit', 56, 8],
      ['saddr', 64, 128, 'ipv6_addr'],
      ['daddr', 192, 128, 'ipv6_addr'],
    ],
    {
      etherType: 0x86dd,
      nfproto: 10,
      keys: ['nexthdr'],
      meta: 'l4proto',
      pseudo: ['saddr', 'daddr', 'nexthdr', 'length'],
    },
  ),
  protocol(
    'arp',
    15,
    'network',
    [
      ['htype', 0, 16],
      ['ptype', 16, 16, 'ether_type'],
      ['hlen', 32, 8],
      ['plen', 40, 8],
      ['operation', 48, 16, 'arp_op'],
      ['saddr ether', 64, 48, 'ether_addr'],
      ['saddr ip', 112, 32, 'ipv4_addr'],
      ['daddr ether', 144, 48, 'ether_addr'],
      ['daddr ip', 192, 32, 'ipv4_addr'],
    ],
    { etherType: 0x0806 },
  ),
  protocol(
    'tcp',
    8,
    'transport',
    [
      ['sport', 0, 16, 'inet_service'],
      ['dport', 16, 16, 'inet_service'],
      ['sequence', 32, 32],
      ['ackseq', 64, 32],
      ['doff', 96, 4],
      ['reserved', 100, 4],
      ['flags', 104, 8, 'tcp_flag'],
      ['window', 112, 16],
      ['checksum', 128, 16],
      ['urgptr', 144, 16],
    ],
    { l4proto: 6, checksum: 16 },
  ),
  protocol(
    'udp',
    6,
    'transport',
    [
      ['sport', 0, 16, 'inet_service'],
      ['dport', 16, 16, 'inet_service'],
      ['length', 32, 16],
      ['checksum', 48, 16],
    ],
    { l4proto: 17, checksum: 6 },
  ),
  protocol(
    'icmp',
    4,
    'transport',
    [
      ['type', 0, 8, 'icmp_type'],
      ['code', 8, 8, 'icmp_code'],
      ['checksum', 16, 16],
      ['id', 32, 16, 'integer', ECHO],
      ['sequence', 48, 16, 'integer', ECHO],
      ['gateway', 32, 32, 'integer', [5]],
      ['mtu', 48, 16, 'integer', [3]],
    ],
    { l4proto: 1, checksum: 2, over: 'ip', keys: ['type'] },
  ),
  protocol(
    'icmpv6',
    14,
    'transport',
    [
      ['type', 0, 8, 'icmpv6_type'],
      ['code', 8, 8, 'icmpv6_code'],
      ['checksum', 16, 16],
      ['parameter-problem', 32, 32, 'integer', [4]],
      ['mtu', 32, 32, 'integer', [2]],
      ['id', 32, 16, 'integer', ECHO6],
      ['sequence', 48, 16, 'integer', ECHO6],
      ['max-delay', 32, 16, 'integer', [130]],
    ],
    { l4proto: 58, checksum: 2, over: 'ip6', keys: ['type'] },
  ),
  protocol(
    'udplite',
    7,
    'transport',
    [
      ['sport', 0, 16, 'inet_service'],
      ['dport', 16, 16, 'inet_service'],
      ['csumcov', 32, 16],
      ['checksum', 48, 16],
    ],
    { l4proto: 136 },
  ),
  protocol(
    'sctp',
    10,
    'transport',
    [
      ['sport', 0, 16, 'inet_service'],
      ['dport', 16, 16, 'inet_service'],
      ['vtag', 32, 32],
      ['checksum', 64, 32],
    ],
    { l4proto: 132, checksum: 8, crc: true },
  ),
  protocol(
    'dccp',
    9,
    'transport',
    [
      ['sport', 0, 16, 'inet_service'],
      ['dport', 16, 16, 'inet_service'],
      ['type', 67, 4, 'dccp_pkttype'],
    ],
    { l4proto: 33 },
  ),
  protocol(
    'ah',
    1,
    'transport',
    [
      ['nexthdr', 0, 8, 'inet_proto'],
      ['hdrlength', 8, 8],
      ['reserved', 16, 16],
      ['spi', 32, 32],
      ['sequence', 64, 32],
    ],
    { l4proto: 51, keys: ['nexthdr'] },
  ),
  protocol(
    'esp',
    2,
    'transport',
    [
      ['spi', 0, 32],
      ['sequence', 32, 32],
    ],
    { l4proto: 50 },
  ),
  protocol(
    'comp',
    3,
    'transport',
    [
      ['nexthdr', 0, 8, 'inet_proto'],
      ['flags', 8, 8],
      ['cpi', 16, 16],
    ],
    { l4proto: 108, keys: ['nexthdr'] },
  ),
  protocol(
    'igmp',
    5,
    'transport',
    [
      ['type', 0, 8, 'igmp_type'],
      ['mrt', 8, 8],
      ['checksum', 16, 16],
      ['group', 32, 32],
    ],
    { l4proto: 2, checksum: 2, over: 'ip' },
  ),
  // Any transport protocol with ports in front.
  protocol('th', 11, 'transport', [
    ['sport', 0, 16, 'inet_service'],
    ['dport', 16, 16, 'inet_service'],
  ]),
];

/** What stands below the network layer where a family does not say which network protocol it is. */
const below = (name: string, meta: 'nfproto' | 'protocol'): Protocol => protocol(name, 0, 'link', [], { meta });
const inet: Protocol = below('inet', 'nfproto');
const netdev: Protocol = below('netdev', 'protocol');
/** Either network protocol, below a transport protocol. */
export const anyNetwork: Protocol = protocol('inet-service', 0, 'transport', [], { meta: 'l4proto' });
/** Something was matched that nft has no name for. */
export const unknownProtocol: Protocol = protocol('unknown', 0, 'transport', []);

const byName: ReadonlyMap<string, Protocol> = new Map(protocols.map((item) => [item.name, item]));

export const protocolNamed = (name: unknown): Protocol | undefined => byName.get(name as string);

export const fieldNamed = (item: Protocol, name: unknown): Field | undefined => item.fieldsByName.get(name as string);

const ETHER: Protocol = byName.get('ether')!;
const VLAN: Protocol = byName.get('vlan')!;

/** What a family says of every packet that its chains see. */
export const familyProtocol: Readonly<Record<Family, Protocol>> = {
  ip: byName.get('ip')!,
  ip6: byName.get('ip6')!,
  arp: byName.get('arp')!,
  inet,
  bridge: ETHER,
  netdev,
};

const transports: ReadonlyMap<number, Protocol> = new Map(
  protocols.flatMap((item) => (item.l4proto === undefined ? [] : [[item.l4proto, item] as const])),
);
const networks: ReadonlyMap<number, Protocol> = new Map(
  protocols.flatMap((item) => (item.etherType === undefined ? [] : [[item.etherType, item] as const])),
);

/** The protocol that a header announces by this number. */
export function protocolAbove(lower: Protocol, number: number): Protocol | undefined {
  if (lower === inet) return protocols.find((item) => item.nfproto === number);
  if (lower === netdev || lower === ETHER || lower === VLAN) return isVlanType(number) ? VLAN : networks.get(number);
  return carriesTransport(lower) ? transports.get(number) : undefined;
}

/** The number by which a header announces another. */
export function numberOf(lower: Protocol, upper: Protocol): number | undefined {
  if (lower === inet) return upper.nfproto;
  if (lower === netdev || lower === ETHER || lower === VLAN) return upper === VLAN ? ETH_P_8021Q : upper.etherType;
  return carriesTransport(lower) ? upper.l4proto : undefined;
}

const carriesTransport = ({ name }: Protocol): boolean => name === 'ip' || name === 'ip6' || name === 'inet-service';

const ETH_P_8021Q = 0x8100;
const ETH_P_8021AD = 0x88a8;

/** Frames of these types have a VLAN header. */
const isVlanType = (etherType: number): boolean => etherType === ETH_P_8021Q || etherType === ETH_P_8021AD;
