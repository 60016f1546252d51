/** Values of nft's datatypes, as rules write them. */

export interface Values {
  /** At least four, in ascending order. */
  readonly singles: readonly string[];
  /** Other ways to write one, and the ends of what there is. */
  readonly odd?: readonly string[];
  readonly prefixes?: readonly string[];
  /** Combine by "|" and ",". */
  readonly flags?: boolean;
  /** For `& mask`; zero bits inside and outside. */
  readonly masks?: readonly string[];
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Numbers of so many bits: spread over what fits, no two with the same bytes in both orders. */
export function numbers(bits: number): Values {
  // Beyond 53 bits a number of JSON is not what it says.
  const top = (1n << BigInt(Math.min(bits, 53))) - 1n;
  const singles = [1n, 2n, top / 5n, top / 3n, (top * 2n) / 3n].filter((value, i, all) => all.indexOf(value) === i);
  const low = (1n << BigInt(Math.ceil(bits / 2))) - 1n;
  return {
    singles: singles.map(String).length >= 4 ? singles.map(String) : ['0', '1', '2', '3'].slice(0, Number(top) + 1),
    odd: ['0', hex(top), hex(top / 2n)],
    masks: [hex(low), hex(top ^ low), hex(top & 0x5an), hex(top)],
  };
}

export const values: Readonly<Record<string, Values>> = {
  ipv4: {
    singles: ['10.0.0.1', '10.0.0.9', '192.0.2.1', '198.51.100.7', '203.0.113.250'],
    odd: ['0.0.0.0', '255.255.255.255', '127.0.0.1'],
    prefixes: ['10.0.0.0/8', '172.16.0.0/12', '192.0.2.0/24', '198.51.100.128/25', '203.0.113.1/32'],
    masks: ['255.255.255.0', '0.0.0.255', '255.0.255.0', '0xff'],
  },
  ipv6: {
    singles: ['2001:db8::1', '2001:db8::9', '2001:db8:1::', 'fd00::1', 'fe80::1'],
    odd: ['::', '::1', '::ffff:10.0.0.1', 'ff02::1'],
    prefixes: ['2001:db8::/32', 'fc00::/7', 'fe80::/10', '2001:db8:1:2::/64', '::1/128'],
    masks: ['ffff:ffff::', '::ffff', 'ffff::ffff'],
  },
  ether: {
    singles: ['00:11:22:33:44:55', '02:00:00:00:00:01', '02:00:00:00:00:09', 'aa:bb:cc:dd:ee:ff'],
    odd: ['ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00'],
    prefixes: ['aa:bb:cc:00:00:00/24'],
    masks: ['ff:ff:ff:00:00:00', '01:00:00:00:00:00'],
  },
  etherType: { singles: ['ip', 'arp', 'vlan', 'ip6'], odd: ['8021ad', '0x88cc', '8021q', '0x0800'], masks: ['0xff00'] },
  port: {
    singles: ['22', '53', '80', '443', '8080'],
    odd: ['ssh', 'domain', 'https', '0', '65535'],
    masks: ['0xff00', '0x0f0f', '0x1'],
  },
  protocol: {
    singles: ['icmp', 'tcp', 'udp', 'ipv6-icmp', 'sctp'],
    odd: ['0', '253', '255', 'icmpv6', 'igmp', 'esp', 'ah', 'comp', 'dccp', 'udplite', 'gre'],
    masks: ['0xf'],
  },
  dscp: {
    singles: ['cs1', 'af11', 'cs4', 'ef', 'cs7'],
    odd: ['cs0', '0x3f', 'lephb', '5', 'va', 'be', 'df'],
    masks: ['0x38', '0x5'],
  },
  ecn: { singles: ['not-ect', 'ect1', 'ect0', 'ce'], odd: ['2', '0'], masks: ['0x1'] },
  tcpFlag: {
    singles: ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'],
    odd: ['0', '0xff', '0x3f'],
    flags: true,
    masks: ['0x3f', '0x2'],
  },
  icmpType: {
    singles: ['echo-reply', 'destination-unreachable', 'echo-request', 'time-exceeded', 'address-mask-reply'],
    odd: [
      'source-quench',
      'redirect',
      'router-advertisement',
      'router-solicitation',
      'parameter-problem',
      'timestamp-request',
      '33',
      '255',
    ],
  },
  icmpCode: {
    singles: ['net-unreachable', 'host-unreachable', 'port-unreachable', 'admin-prohibited'],
    odd: ['frag-needed', '111', 'host-prohibited', 'prot-unreachable'],
  },
  icmpv6Type: {
    singles: ['destination-unreachable', 'packet-too-big', 'echo-request', 'echo-reply', 'nd-neighbor-solicit'],
    odd: [
      'mld-listener-query',
      'mld-listener-done',
      'mld-listener-reduction',
      'nd-router-advert',
      'nd-redirect',
      'mld2-listener-report',
      'router-renumbering',
      '200',
      '0',
    ],
  },
  icmpv6Code: {
    singles: ['no-route', 'admin-prohibited', 'addr-unreachable', 'port-unreachable'],
    odd: ['policy-fail', 'reject-route', '77'],
  },
  igmpType: {
    singles: ['membership-query', 'membership-report-v1', 'membership-report-v2', 'leave-group'],
    odd: ['membership-report-v3', '1'],
  },
  dccpType: {
    singles: ['request', 'response', 'data', 'ack', 'reset'],
    odd: ['dataack', 'closereq', 'close', 'sync', 'syncack', '10'],
  },
  arpOperation: {
    singles: ['request', 'reply', 'rrequest', 'rreply', 'inreply'],
    odd: ['inrequest', 'nak', '5', '0x100'],
  },
  mhType: {
    singles: ['binding-refresh-request', 'home-test-init', 'home-test', 'binding-update'],
    odd: ['careof-test', 'home-agent-switch-message', '99', 'binding-error'],
  },
  mark: {
    singles: ['1', '2', '0x10', '0x10000', '0xdeadbeef'],
    odd: ['0', '0xffffffff', '16'],
    masks: ['0xff', '0xffff0000', '0xf0f'],
  },
  device: { singles: ['"d0"', '"d1"', '"lo"'], odd: [] },
  name: { singles: ['"d0"', '"d1"', '"lo"', '"qr-12345678901"'], odd: ['"d*"', '"e"', '"veth\\\\*"', 'eth0'] },
  linkType: { singles: ['ether', 'ppp', 'loopback', 'sit'], odd: ['ipip', 'ipip6', 'ipgre', '5', '65534'] },
  packetType: { singles: ['host', 'broadcast', 'multicast', 'other'], odd: ['unicast', '3'] },
  uid: { singles: ['0', '1', '1000', '3000'], odd: ['root', '"daemon"', '4294967294'] },
  gid: { singles: ['0', '1', '1000', '3000'], odd: ['root', '"daemon"'] },
  realm: { singles: ['1', '5', '10', '0xfff'], odd: ['0', 'cosmos', '"default"'], masks: ['0xff'] },
  group: { singles: ['0', '1', '5', '0xff'], odd: ['default', '"default"'], masks: ['0xf'] },
  classid: { singles: ['1:1', '1:2', '5:ffff', 'abcd:1'], odd: ['none', 'root', '0x10002', '0:0', '1:'] },
  nfproto: { singles: ['ipv4', 'ipv6'], odd: ['2', '10', '7'] },
  boolean: { singles: ['exists', 'missing'], odd: ['1', '0'] },
  bit: { singles: ['0', '1'], odd: [] },
  time: {
    singles: ['"2026-01-01 00:00:00"', '"2026-06-21 17:00:00"', '"2027-02-28 23:59:59"', '"2030-01-01"'],
    odd: ['1700000000', '"1999-12-31 12:34"', '0'],
  },
  day: { singles: ['"Sunday"', '"Monday"', '"Wednesday"', '"Saturday"'], odd: ['0', '5', 'Friday', '"Sat"'] },
  hour: { singles: ['"00:00"', '"08:30"', '"12:00:01"', '"17:00"', '"23:59"'], odd: ['"23:59:59"', '"1:00"', '3600'] },
  ctState: {
    singles: ['invalid', 'established', 'related', 'new', 'untracked'],
    odd: ['8', '0x4'],
    flags: true,
    masks: ['0x6', '0xf'],
  },
  ctStatus: {
    singles: ['expected', 'seen-reply', 'assured', 'confirmed', 'snat', 'dnat', 'dying'],
    odd: ['0', '0x30'],
    flags: true,
    masks: ['0x30'],
  },
  ctEvent: {
    singles: ['new', 'related', 'destroy', 'reply', 'assured', 'protoinfo', 'helper', 'mark', 'label'],
    odd: ['0x1'],
    flags: true,
  },
  ctDirection: { singles: ['original', 'reply'], odd: ['0', '1'] },
  ctLabel: { singles: ['1', '3', '64', '127'], odd: ['0', '"x"'], flags: true },
  helper: { singles: ['"ftp"', '"tftp"', '"sip"', '"irc"'], odd: ['ftp'] },
  seconds: { singles: ['1s', '30s', '5m', '1h', '2d3h'], odd: ['1500ms', '60', '1d2h3m4s5ms', '0'] },
  addressType: {
    singles: ['unspec', 'unicast', 'local', 'broadcast', 'multicast'],
    odd: ['anycast', 'blackhole', 'unreachable', 'prohibit', '7'],
  },
  osName: { singles: ['"Linux"', '"Windows"', '"FreeBSD"', '"unknown"'], odd: ['"Linux:4.20"'] },
  cgroup: { singles: ['"user.slice"', '"system.slice"'], odd: ['1'] },
  kind: { singles: ['"ifb"', '"veth"', '"bridge"', '"vxlan"'], odd: ['"v*"'] },
};

/** Of a named datatype, or of numbers with so many bits. */
export const valuesOf = (type: string | number): Values => (typeof type === 'number' ? numbers(type) : values[type]!);
