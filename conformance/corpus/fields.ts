/** What rules can read of a packet: selectors in nft's language, with the datatype of what is read. */

export interface Selector {
  readonly text: string;
  /** A name in values.ts, or so many bits of a number. */
  readonly type: string | number;
  readonly category: string;
  /** It can be written, too. */
  readonly settable?: boolean;
}

type Rows = Readonly<Record<string, string | number>>;

const ports: Rows = { sport: 'port', dport: 'port' };
const headers: Readonly<Record<string, Rows>> = {
  ether: { saddr: 'ether', daddr: 'ether', type: 'etherType' },
  vlan: { id: 12, pcp: 3, dei: 1, cfi: 1, type: 'etherType' },
  arp: {
    htype: 16,
    ptype: 'etherType',
    hlen: 8,
    plen: 8,
    operation: 'arpOperation',
    'saddr ether': 'ether',
    'daddr ether': 'ether',
    'saddr ip': 'ipv4',
    'daddr ip': 'ipv4',
  },
  ip: {
    version: 4,
    hdrlength: 4,
    dscp: 'dscp',
    ecn: 'ecn',
    length: 16,
    id: 16,
    'frag-off': 16,
    ttl: 8,
    protocol: 'protocol',
    checksum: 16,
    saddr: 'ipv4',
    daddr: 'ipv4',
  },
  ip6: {
    version: 4,
    dscp: 'dscp',
    ecn: 'ecn',
    flowlabel: 20,
    length: 16,
    nexthdr: 'protocol',
    hoplimit: 8,
    saddr: 'ipv6',
    daddr: 'ipv6',
  },
  icmp: { type: 'icmpType', code: 'icmpCode', checksum: 16, id: 16, sequence: 16, gateway: 32, mtu: 16 },
  icmpv6: {
    type: 'icmpv6Type',
    code: 'icmpv6Code',
    checksum: 16,
    'parameter-problem': 32,
    'packet-too-big': 32,
    mtu: 32,
    id: 16,
    sequence: 16,
    'max-delay': 16,
  },
  igmp: { type: 'igmpType', mrt: 8, checksum: 16, group: 'ipv4' },
  tcp: {
    ...ports,
    sequence: 32,
    ackseq: 32,
    doff: 4,
    reserved: 4,
    flags: 'tcpFlag',
    window: 16,
    checksum: 16,
    urgptr: 16,
  },
  udp: { ...ports, length: 16, checksum: 16 },
  udplite: { ...ports, csumcov: 16, checksum: 16 },
  sctp: { ...ports, vtag: 32, checksum: 32 },
  dccp: { ...ports, type: 'dccpType' },
  th: ports,
  ah: { nexthdr: 'protocol', hdrlength: 8, reserved: 16, spi: 32, sequence: 32 },
  esp: { spi: 32, sequence: 32 },
  comp: { nexthdr: 'protocol', flags: 8, cpi: 16 },
};

const raw: Rows = {
  '@ll,0,48': 48,
  '@ll,48,16': 16,
  '@nh,0,4': 4,
  '@nh,8,8': 8,
  '@nh,64,8': 8,
  '@nh,96,32': 32,
  '@nh,100,12': 12,
  '@th,0,16': 16,
  '@th,16,16': 16,
  '@th,3,9': 9,
  '@th,64,64': 64,
  '@th,160,128': 128,
  '@ih,0,32': 32,
  '@ih,32,8': 8,
};

const exthdrs: Readonly<Record<string, Rows>> = {
  hbh: { nexthdr: 'protocol', hdrlength: 8 },
  rt: { nexthdr: 'protocol', hdrlength: 8, type: 8, 'seg-left': 8 },
  rt0: { 'addr[1]': 'ipv6', 'addr[2]': 'ipv6' },
  rt2: { addr: 'ipv6' },
  srh: { flags: 8, tag: 16, 'last-entry': 8, 'sid[1]': 'ipv6', 'sid[2]': 'ipv6' },
  frag: { nexthdr: 'protocol', reserved: 8, 'frag-off': 13, reserved2: 2, 'more-fragments': 1, id: 32 },
  dst: { nexthdr: 'protocol', hdrlength: 8 },
  mh: { nexthdr: 'protocol', hdrlength: 8, type: 'mhType', reserved: 8, checksum: 16 },
};

const tcpOptions: Readonly<Record<string, Rows>> = {
  eol: { kind: 8 },
  nop: { kind: 8 },
  maxseg: { kind: 8, length: 8, size: 16 },
  window: { kind: 8, length: 8, count: 8 },
  'sack-perm': { kind: 8, length: 8 },
  sack: { kind: 8, length: 8, left: 32, right: 32 },
  sack0: { left: 32, right: 32 },
  sack1: { left: 32, right: 32 },
  sack3: { left: 32, right: 32 },
  timestamp: { kind: 8, length: 8, tsval: 32, tsecr: 32 },
  md5sig: { kind: 8, length: 8 },
  mptcp: { kind: 8, length: 8, subtype: 4 },
  fastopen: { kind: 8, length: 8 },
};

const ipOptions: Readonly<Record<string, Rows>> = {
  lsrr: { type: 8, length: 8, ptr: 8, addr: 'ipv4' },
  ssrr: { type: 8, length: 8, ptr: 8, addr: 'ipv4' },
  rr: { type: 8, length: 8, ptr: 8, addr: 'ipv4' },
  ra: { type: 8, length: 8, value: 16 },
};

const chunk: Rows = { type: 8, flags: 8, length: 16 };
const init: Rows = {
  ...chunk,
  'init-tag': 32,
  'a-rwnd': 32,
  'num-outbound-streams': 16,
  'num-inbound-streams': 16,
  'initial-tsn': 32,
};
const chunks: Readonly<Record<string, Rows>> = {
  data: { ...chunk, tsn: 32, stream: 16, ssn: 16, ppid: 32 },
  init,
  'init-ack': init,
  sack: { ...chunk, 'cum-tsn-ack': 32, 'a-rwnd': 32, 'num-gap-ack-blocks': 16, 'num-dup-tsns': 16 },
  heartbeat: chunk,
  'heartbeat-ack': chunk,
  abort: chunk,
  shutdown: { ...chunk, 'cum-tsn-ack': 32 },
  'shutdown-ack': chunk,
  error: chunk,
  'cookie-echo': chunk,
  'cookie-ack': chunk,
  ecne: { ...chunk, 'lowest-tsn': 32 },
  cwr: { ...chunk, 'lowest-tsn': 32 },
  'shutdown-complete': chunk,
  'asconf-ack': { ...chunk, seqno: 32 },
  'forward-tsn': { ...chunk, 'new-cum-tsn': 32 },
  asconf: { ...chunk, seqno: 32 },
};

const metaKeys: Rows = {
  length: 32,
  protocol: 'etherType',
  priority: 'classid',
  mark: 'mark',
  iif: 'device',
  oif: 'device',
  iifname: 'name',
  oifname: 'name',
  iiftype: 'linkType',
  oiftype: 'linkType',
  skuid: 'uid',
  skgid: 'gid',
  nftrace: 'bit',
  rtclassid: 'realm',
  nfproto: 'nfproto',
  l4proto: 'protocol',
  ibrname: 'name',
  obrname: 'name',
  pkttype: 'packetType',
  cpu: 32,
  iifgroup: 'group',
  oifgroup: 'group',
  cgroup: 32,
  random: 32,
  ipsec: 'boolean',
  iifkind: 'kind',
  oifkind: 'kind',
  ibrpvid: 16,
  ibrvproto: 'etherType',
  time: 'time',
  day: 'day',
  hour: 'hour',
  sdif: 'device',
  sdifname: 'name',
};
const settableMeta = ['mark', 'priority', 'nftrace', 'pkttype', 'rtclassid'];

const ctKeys: Rows = {
  state: 'ctState',
  direction: 'ctDirection',
  status: 'ctStatus',
  mark: 'mark',
  expiration: 'seconds',
  helper: 'helper',
  label: 'ctLabel',
  bytes: 64,
  packets: 64,
  avgpkt: 64,
  zone: 16,
  id: 32,
  event: 'ctEvent',
  secmark: 32,
  ...Object.fromEntries(
    ['original', 'reply'].flatMap((direction): [string, string | number][] => [
      [`${direction} ip saddr`, 'ipv4'],
      [`${direction} ip daddr`, 'ipv4'],
      [`${direction} ip6 saddr`, 'ipv6'],
      [`${direction} ip6 daddr`, 'ipv6'],
      [`${direction} saddr`, 'ipv4'],
      [`${direction} daddr`, 'ipv6'],
      [`${direction} l3proto`, 'nfproto'],
      [`${direction} protocol`, 'protocol'],
      [`${direction} proto-src`, 'port'],
      [`${direction} proto-dst`, 'port'],
      [`${direction} bytes`, 64],
      [`${direction} packets`, 64],
      [`${direction} avgpkt`, 64],
      [`${direction} zone`, 16],
    ]),
  ),
};
const settableCt = ['mark', 'label', 'event', 'zone', 'original zone', 'reply zone'];

const others: Rows = {
  'rt classid': 'realm',
  'rt nexthop': 'ipv4',
  'rt ip nexthop': 'ipv4',
  'rt ip6 nexthop': 'ipv6',
  'rt mtu': 16,
  'rt ipsec': 'boolean',
  'socket transparent': 'bit',
  'socket wildcard': 'bit',
  'socket mark': 'mark',
  'osf name': 'osName',
  'osf ttl loose name': 'osName',
  'osf ttl skip version': 'osName',
  'ipsec in reqid': 32,
  'ipsec out reqid': 32,
  'ipsec in spi': 32,
  'ipsec out spnum 2 spi': 32,
  'ipsec in ip saddr': 'ipv4',
  'ipsec out ip daddr': 'ipv4',
  'ipsec in spnum 1 ip6 daddr': 'ipv6',
  'numgen inc mod 10': 32,
  'numgen random mod 100 offset 5': 32,
  'jhash ip saddr mod 8': 32,
  'jhash ip saddr . tcp dport mod 8 seed 0xbeef': 32,
  'jhash ip6 saddr mod 8 seed 0xbeef offset 100': 32,
  'symhash mod 4': 32,
  'symhash mod 4 offset 10': 32,
};

const fibFlags = ['saddr', 'daddr', 'saddr . iif', 'daddr . iif', 'daddr . oif', 'saddr . mark', 'daddr . mark . iif'];
const fibs: Rows = Object.fromEntries(
  fibFlags.flatMap((flags): [string, string][] => [
    [`fib ${flags} type`, 'addressType'],
    [`fib ${flags} oif`, 'device'],
    [`fib ${flags} oifname`, 'name'],
    [`fib ${flags} check`, 'boolean'],
  ]),
);

function list(
  category: string,
  prefix: string,
  rows: Rows,
  settable: (key: string) => boolean = () => false,
): Selector[] {
  return Object.entries(rows).map(([key, type]) => ({
    text: prefix === '' ? key : `${prefix} ${key}`,
    type,
    category,
    ...(settable(key) ? { settable: true } : {}),
  }));
}

const all = (category: string, prefix: string, table: Readonly<Record<string, Rows>>, settable = false): Selector[] =>
  Object.entries(table).flatMap(([name, rows]) => list(category, `${prefix}${name}`, rows, () => settable));

export const selectors: readonly Selector[] = [
  ...Object.entries(headers).flatMap(([name, rows]) => list(`payload ${name}`, name, rows, () => true)),
  ...list('payload raw', '', raw, () => true),
  ...all('exthdr', '', exthdrs),
  ...all('tcp option', 'tcp option ', tcpOptions, true),
  ...all('ip option', 'ip option ', ipOptions),
  ...all('sctp chunk', 'sctp chunk ', chunks),
  ...list('meta', 'meta', metaKeys, (key) => settableMeta.includes(key)),
  ...list('ct', 'ct', ctKeys, (key) => settableCt.includes(key)),
  ...list('rt, socket, osf, ipsec, numgen, hash', '', others),
  ...list('fib', '', fibs),
];

/** Headers and options that are there or not. */
export const presences: readonly (readonly [category: string, text: string])[] = [
  ...Object.keys(exthdrs).map((name) => ['exthdr', `exthdr ${name}`] as const),
  ...Object.keys(tcpOptions).map((name) => ['tcp option', `tcp option ${name}`] as const),
  ['tcp option', 'tcp option 200'],
  ...Object.keys(ipOptions).map((name) => ['ip option', `ip option ${name}`] as const),
  ...Object.keys(chunks).map((name) => ['sctp chunk', `sctp chunk ${name}`] as const),
];
