/**
 * Protocol headers as data: where each field stands, what it means, and how nft knows that a packet has the header.
 *
 * Offsets and lengths are bits from the header's start, network order. `id` and a field's place in its list (from 1) are
 * nft's numbers in the user data of sets (`typeof`), so the order of fields is fixed.
 */

import { type Type, typeOf } from './datatypes.js';

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
}

export interface Protocol {
  readonly name: string;
  readonly id: number;
  readonly base: Base;
  readonly fields: readonly Field[];
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
  /** The field that says what comes next: `ip protocol`. */
  readonly next?: string;
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
      ...(messages === undefined ? {} : { messages }),
    }),
  );
  return { name, id, base, fields, ...extra };
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
    { next: 'type' },
  ),
  // Behind the Ethernet header, and counted from that one's start.
  protocol(
    'vlan',
    16,
    'link',
    [
      ['pcp', 112, 3],
      ['dei', 115, 1],
      ['id', 116, 12],
      ['type', 128, 16, 'ether_type'],
    ],
    { next: 'type' },
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
    { etherType: 0x0800, nfproto: 2, checksum: 10, next: 'protocol', pseudo: ['saddr', 'daddr', 'protocol'] },
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
    { etherType: 0x86dd, nfproto: 10, next: 'nexthdr', pseudo: ['saddr', 'daddr', 'nexthdr'] },
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
      ['daddr ether', 144, 48, 'ether_addr'],
      ['saddr ip', 112, 32, 'ipv4_addr'],
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
    { l4proto: 1, checksum: 2, over: 'ip' },
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
    { l4proto: 58, checksum: 2, over: 'ip6' },
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
    { l4proto: 51 },
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
    { l4proto: 108 },
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
    { l4proto: 2, checksum: 2 },
  ),
  // Any transport protocol with ports in front.
  protocol('th', 11, 'transport', [
    ['sport', 0, 16, 'inet_service'],
    ['dport', 16, 16, 'inet_service'],
  ]),
];

const byName: ReadonlyMap<string, Protocol> = new Map(protocols.map((item) => [item.name, item]));

export const protocolNamed = (name: string): Protocol | undefined => byName.get(name);

export function fieldNamed(item: Protocol, name: string): Field | undefined {
  return item.fields.find((field) => field.name === name);
}

export const transportOf = (l4proto: number): Protocol | undefined =>
  protocols.find((item) => item.l4proto === l4proto);
export const networkOfEtherType = (type: number): Protocol | undefined =>
  protocols.find((item) => item.etherType === type);
export const networkOfNfproto = (nfproto: number): Protocol | undefined =>
  protocols.find((item) => item.nfproto === nfproto);

/** Frames of these types have a VLAN header: 802.1Q, 802.1ad. */
export const isVlanType = (etherType: number): boolean => etherType === 0x8100 || etherType === 0x88a8;
