/**
 * Headers that need not be there, as data: extension headers of IPv6, options of IPv4 and TCP, chunks of SCTP.
 *
 * Offsets and lengths are bits from the start, as in RFC 8200, 6275, 8754, 791, 9293 and its kin, 9260.
 */

import { type Type, typeOf } from './datatypes.js';

export interface ExtensionField {
  readonly name: string;
  readonly offset: number;
  readonly bits: number;
  readonly type: Type;
}

export interface Extension {
  readonly name: string;
  /** Its number: of the protocol, the option, the chunk. */
  readonly kind: number;
  readonly fields: readonly ExtensionField[];
  /** Of routing headers: their type, which a match on it must say. */
  readonly routing?: number;
  /** nft's number for a header of IPv6 in the user data of sets (`typeof`); options and chunks go by their own. */
  readonly id?: number;
}

export type ExtensionOp = 'ipv6' | 'ipv4' | 'tcpopt' | 'sctp';

type Row = readonly [name: string, offset: number, bits: number, datatype?: string];

function extension(name: string, kind: number, rows: readonly Row[], extra: Partial<Extension> = {}): Extension {
  const fields = rows.map(
    ([field, offset, bits, datatype]): ExtensionField => ({
      name: field,
      offset,
      bits,
      type: typeOf(datatype ?? 'integer', bits, 'big'),
    }),
  );
  return { name, kind, fields, ...extra };
}

const NEXT: readonly Row[] = [
  ['nexthdr', 0, 8, 'inet_proto'],
  ['hdrlength', 8, 8],
];
const ROUTING: readonly Row[] = [...NEXT, ['type', 16, 8], ['seg-left', 24, 8]];

const rt0Addresses = Array.from({ length: 127 }, (_, i): Row => [`addr[${i + 1}]`, 64 + i * 128, 128, 'ipv6_addr']);

const ipv6: readonly Extension[] = [
  extension('hbh', 0, NEXT, { id: 1 }),
  extension('rt', 43, ROUTING, { id: 2 }),
  // Where several have the same bits, nft takes them for a segment routing header's.
  extension(
    'srh',
    43,
    [
      ['last-entry', 32, 8],
      ['flags', 40, 8],
      ['tag', 48, 16],
      ['sid[1]', 64, 128, 'ipv6_addr'],
      ['sid[2]', 192, 128, 'ipv6_addr'],
    ],
    { routing: 4, id: 5 },
  ),
  extension('rt0', 43, [['reserved', 32, 8], ...rt0Addresses], { routing: 0, id: 3 }),
  extension('rt2', 43, [['addr', 64, 128, 'ipv6_addr']], { routing: 2, id: 4 }),
  extension(
    'frag',
    44,
    [
      ['nexthdr', 0, 8, 'inet_proto'],
      ['reserved', 8, 8],
      ['frag-off', 16, 13],
      ['reserved2', 29, 2],
      ['more-fragments', 31, 1],
      ['id', 32, 32],
    ],
    { id: 6 },
  ),
  extension('dst', 60, NEXT, { id: 7 }),
  extension(
    'mh',
    135,
    [
      ['nexthdr', 0, 8, 'inet_proto'],
      ['hdrlength', 8, 8],
      ['type', 16, 8, 'mh_type'],
      ['reserved', 24, 8],
      ['checksum', 32, 16],
    ],
    { id: 8 },
  ),
];

const OPTION: readonly Row[] = [
  ['kind', 0, 8],
  ['length', 8, 8],
];

const tcpOptions: readonly Extension[] = [
  extension('eol', 0, [['kind', 0, 8]]),
  extension('nop', 1, [['kind', 0, 8]]),
  extension('maxseg', 2, [...OPTION, ['size', 16, 16]]),
  extension('window', 3, [...OPTION, ['count', 16, 8]]),
  extension('sack-perm', 4, OPTION),
  // Up to four blocks: `sack`, `sack1`, ...
  extension('sack', 5, [
    ...OPTION,
    ...[0, 1, 2, 3].flatMap((i): Row[] => [
      [`left${i || ''}`, 16 + i * 64, 32],
      [`right${i || ''}`, 48 + i * 64, 32],
    ]),
  ]),
  extension('timestamp', 8, [...OPTION, ['tsval', 16, 32], ['tsecr', 48, 32]]),
  extension('md5sig', 19, OPTION),
  extension('mptcp', 30, [...OPTION, ['subtype', 16, 4]]),
  extension('fastopen', 34, OPTION),
];

const IP_OPTION: readonly Row[] = [
  ['type', 0, 8],
  ['length', 8, 8],
];
const ROUTE: readonly Row[] = [...IP_OPTION, ['ptr', 16, 8], ['addr', 24, 32]];

const ipOptions: readonly Extension[] = [
  extension('rr', 7, ROUTE),
  extension('lsrr', 131, ROUTE),
  extension('ssrr', 137, ROUTE),
  extension('ra', 148, [...IP_OPTION, ['value', 16, 16]]),
];

const CHUNK: readonly Row[] = [
  ['type', 0, 8],
  ['flags', 8, 8],
  ['length', 16, 16],
];
const INIT: readonly Row[] = [
  ...CHUNK,
  ['init-tag', 32, 32],
  ['a-rwnd', 64, 32],
  ['num-outbound-streams', 96, 16],
  ['num-inbound-streams', 112, 16],
  ['initial-tsn', 128, 32],
];
const one = (name: string): readonly Row[] => [...CHUNK, [name, 32, 32]];

const chunks: readonly Extension[] = [
  extension('data', 0, [...CHUNK, ['tsn', 32, 32], ['stream', 64, 16], ['ssn', 80, 16], ['ppid', 96, 32]]),
  extension('init', 1, INIT),
  extension('init-ack', 2, INIT),
  extension('sack', 3, [
    ...one('cum-tsn-ack'),
    ['a-rwnd', 64, 32],
    ['num-gap-ack-blocks', 96, 16],
    ['num-dup-tsns', 112, 16],
  ]),
  extension('heartbeat', 4, CHUNK),
  extension('heartbeat-ack', 5, CHUNK),
  extension('abort', 6, CHUNK),
  extension('shutdown', 7, one('cum-tsn-ack')),
  extension('shutdown-ack', 8, CHUNK),
  extension('error', 9, CHUNK),
  extension('cookie-echo', 10, CHUNK),
  extension('cookie-ack', 11, CHUNK),
  extension('ecne', 12, one('lowest-tsn')),
  extension('cwr', 13, one('lowest-tsn')),
  extension('shutdown-complete', 14, CHUNK),
  extension('asconf-ack', 128, one('seqno')),
  extension('forward-tsn', 192, one('new-cum-tsn')),
  extension('asconf', 193, one('seqno')),
];

export const extensions: Readonly<Record<ExtensionOp, readonly Extension[]>> = {
  ipv6,
  ipv4: ipOptions,
  tcpopt: tcpOptions,
  sctp: chunks,
};
