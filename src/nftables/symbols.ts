/** Names that nft prints for numbers, by datatype. Where two names share a number, the first is printed. */

export type SymbolTable = ReadonlyMap<string, number>;

const table = (symbols: Readonly<Record<string, number>>): SymbolTable => new Map(Object.entries(symbols));

export const ctState: SymbolTable = table({ invalid: 1, established: 2, related: 4, new: 8, untracked: 64 });

export const ctStatus: SymbolTable = table({
  expected: 1,
  'seen-reply': 2,
  assured: 4,
  confirmed: 8,
  snat: 0x10,
  dnat: 0x20,
  dying: 0x200,
});

export const ctDirection: SymbolTable = table({ original: 0, reply: 1 });

export const ctEvent: SymbolTable = table({
  new: 1,
  related: 2,
  destroy: 4,
  reply: 8,
  assured: 0x10,
  protoinfo: 0x20,
  helper: 0x40,
  mark: 0x80,
  seqadj: 0x100,
  secmark: 0x200,
  label: 0x400,
});

export const tcpFlag: SymbolTable = table({
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 0x10,
  urg: 0x20,
  ecn: 0x40,
  cwr: 0x80,
});

export const nfProto: SymbolTable = table({ ipv4: 2, ipv6: 10 });

export const etherType: SymbolTable = table({
  ip: 0x0800,
  arp: 0x0806,
  ip6: 0x86dd,
  '8021q': 0x8100,
  '8021ad': 0x88a8,
  vlan: 0x8100,
});

export const arpOperation: SymbolTable = table({
  request: 1,
  reply: 2,
  rrequest: 3,
  rreply: 4,
  inrequest: 8,
  inreply: 9,
  nak: 10,
});

export const interfaceType: SymbolTable = table({
  ether: 1,
  ppp: 512,
  ipip: 768,
  ipip6: 769,
  loopback: 772,
  sit: 776,
  ipgre: 778,
});

export const packetType: SymbolTable = table({ host: 0, unicast: 0, broadcast: 1, multicast: 2, other: 3 });

export const day: SymbolTable = table({
  Sunday: 0,
  Monday: 1,
  Tuesday: 2,
  Wednesday: 3,
  Thursday: 4,
  Friday: 5,
  Saturday: 6,
});

export const ecn: SymbolTable = table({ 'not-ect': 0, ect1: 1, ect0: 2, ce: 3 });

export const dscp: SymbolTable = table({
  cs0: 0,
  cs1: 8,
  cs2: 0x10,
  cs3: 0x18,
  cs4: 0x20,
  cs5: 0x28,
  cs6: 0x30,
  cs7: 0x38,
  df: 0,
  be: 0,
  lephb: 1,
  af11: 0x0a,
  af12: 0x0c,
  af13: 0x0e,
  af21: 0x12,
  af22: 0x14,
  af23: 0x16,
  af31: 0x1a,
  af32: 0x1c,
  af33: 0x1e,
  af41: 0x22,
  af42: 0x24,
  af43: 0x26,
  va: 0x2c,
  ef: 0x2e,
});

export const icmpType: SymbolTable = table({
  'echo-reply': 0,
  'destination-unreachable': 3,
  'source-quench': 4,
  redirect: 5,
  'echo-request': 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
  'info-request': 15,
  'info-reply': 16,
  'address-mask-request': 17,
  'address-mask-reply': 18,
});

export const icmpv6Type: SymbolTable = table({
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'mld-listener-reduction': 132,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
  'router-renumbering': 138,
  'ind-neighbor-solicit': 141,
  'ind-neighbor-advert': 142,
  'mld2-listener-report': 143,
});

export const icmpCode: SymbolTable = table({
  'net-unreachable': 0,
  'host-unreachable': 1,
  'prot-unreachable': 2,
  'port-unreachable': 3,
  'net-prohibited': 9,
  'host-prohibited': 10,
  'admin-prohibited': 13,
  'frag-needed': 4,
});

export const icmpv6Code: SymbolTable = table({
  'no-route': 0,
  'admin-prohibited': 1,
  'addr-unreachable': 3,
  'port-unreachable': 4,
  'policy-fail': 5,
  'reject-route': 6,
});

export const icmpxCode: SymbolTable = table({
  'port-unreachable': 1,
  'admin-prohibited': 3,
  'no-route': 0,
  'host-unreachable': 2,
});

export const fibAddressType: SymbolTable = table({
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
});

export const boolean: SymbolTable = table({ exists: 1, missing: 0 });

/** /etc/protocols as Debian ships it, which nft reads at run time. */
export const inetProtocol: SymbolTable = table({
  ip: 0,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  skip: 57,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  eigrp: 88,
  ospf: 89,
  'ax.25': 93,
  ipip: 94,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  comp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  'mobility-header': 135,
  udplite: 136,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
});

/** Ports by name, as far as rules use them; `nft -j` prints numbers. */
export const inetService: SymbolTable = table({
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  http: 80,
  kerberos: 88,
  pop3: 110,
  ntp: 123,
  imap2: 143,
  snmp: 161,
  bgp: 179,
  ldap: 389,
  https: 443,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
});

/** RFC 6275. */
export const mhType: SymbolTable = table({
  'binding-refresh-request': 0,
  'home-test-init': 1,
  'careof-test-init': 2,
  'home-test': 3,
  'careof-test': 4,
  'binding-update': 5,
  'binding-acknowledgement': 6,
  'binding-error': 7,
  'fast-binding-update': 8,
  'fast-binding-acknowledgement': 9,
  'fast-binding-advertisement': 10,
  'experimental-mobility-header': 11,
  'home-agent-switch-message': 12,
});

export const igmpType: SymbolTable = table({
  'membership-query': 0x11,
  'membership-report-v1': 0x12,
  'membership-report-v2': 0x16,
  'membership-report-v3': 0x22,
  'leave-group': 0x17,
});

/** RFC 4340. */
export const dccpPacketType: SymbolTable = table({
  request: 0,
  response: 1,
  data: 2,
  ack: 3,
  dataack: 4,
  closereq: 5,
  close: 6,
  reset: 7,
  sync: 8,
  syncack: 9,
});
