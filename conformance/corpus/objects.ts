/** What a table holds besides rules, and whole tables as firewalls have them. */
import type { Family } from '../../src/index.js';
import type { CorpusOptions } from './index.js';
import { families } from './places.js';
import { Random } from './random.js';
import { expand } from './statements.js';

/** A table's body, in nft's language. */
export interface TableCase {
  /** Unique, and the table's name. */
  readonly id: string;
  readonly category: string;
  readonly family: Family;
  readonly body: string;
}

const inet: readonly Family[] = ['ip', 'ip6', 'inet'];

/** In lines as `expand` reads them; words of one length side by side are not combined. */
const grammar: readonly (readonly [category: string, where: readonly Family[], lines: string])[] = [
  [
    'chain',
    inet,
    `chain c { type filter hook [prerouting|input|forward|output|postrouting] priority [0|-150|filter|raw|mangle|security|filter + 10|filter - 5|mangle + 1|2147483647|-2147483648]; [|policy accept;|policy drop;] }
    chain c { type nat hook [prerouting|input|output|postrouting] priority [dstnat|srcnat|-100|dstnat + 5|100]; [|policy accept;] }
    chain c { type route hook output priority [mangle|-150|0]; [|policy drop;] }
    chain c { [|comment "why";] [|type filter hook input priority 0;] }
    chain c { type filter hook ingress device [lo|"d0"] priority [filter|-500|5]; policy [accept|drop]; }
    chain c { type filter hook ingress devices = { [lo|lo, d0|d0, d1] } priority 0; }`,
  ],
  [
    'chain',
    ['arp', 'bridge', 'netdev'],
    `chain c { type filter hook [prerouting|input|forward|output|postrouting] priority [0|filter|-200|dstnat|out|srcnat|filter - 3]; [|policy drop;] }
    chain c { type filter hook [ingress|egress] device [lo|"d0"] priority [filter|-500|5]; [|policy accept;|policy drop;] }
    chain c { type filter hook [ingress|egress] devices = { [lo|lo, d0|d0, d1] } priority 0; }
    chain c { }`,
  ],
  ['table', families, `[|comment "why";] [|chain c { }]`],
  [
    'set',
    families,
    `set s { type [ipv4_addr|ipv6_addr|ether_addr|inet_proto|inet_service|mark|ifname|iface_index|ether_type|icmp_type|icmpv6_type|icmp_code|ct_state|dscp|ecn|uid|gid|nf_proto|boolean|time|day|hour|realm|pkt_type|devgroup|cgroupsv2|fib_addrtype|tcp_flag|arp_op|mh_type|igmp_type|dccp_pkttype|ct_dir|ct_status|ct_event|ct_label|icmpx_code|icmpv6_code|classid|iface_type|integer|ipv4_addr . inet_service|ipv6_addr . inet_proto . inet_service|ether_addr . ipv4_addr . ifname|mark . ct_state] ; }
    set s { type [ipv4_addr|inet_service|ipv4_addr . inet_service]; flags [constant|interval|timeout|dynamic|interval,timeout|dynamic,timeout|constant,interval]; [|size 100;] [|timeout 30s;|timeout 1d2h3m4s;] [|gc-interval 10s;] }
    set s { type ipv4_addr; [|policy performance;|policy memory;] [|size 65535;] [|comment "why";] [|elements = { 10.0.0.1, 10.0.0.2 }] }
    set s { type ipv4_addr; flags interval; [|auto-merge;] elements = { [10.0.0.0/8|10.0.0.0/8, 192.0.2.1-192.0.2.9|10.0.0.1, 10.0.0.2, 10.0.0.3|0.0.0.0/0|10.0.0.0-10.0.0.255, 10.0.1.0/24|255.255.255.255|0.0.0.0-127.255.255.255|128.0.0.0/1] } }
    set s { type ipv6_addr; flags interval; elements = { [2001:db8::/32|fd00::1-fd00::9, ::1|::/0|fe80::/10, fc00::/7] } }
    set s { type inet_service; flags interval; [|auto-merge;] elements = { [22, 80|1-1023|0-65535|22, 80-90, 443, 1024-65535|22-80, 443|65535|1-2, 4-5, 7] } }
    set s { type ipv4_addr; flags timeout; elements = { 10.0.0.1 timeout 1h, 10.0.0.2 timeout 30s expires 20s comment "x", 10.0.0.3 } }
    set s { type ipv4_addr . inet_service; flags interval; elements = { [10.0.0.0/8 . 80|10.0.0.1-10.0.0.9 . 1-1023|10.0.0.1 . 22, 10.0.0.0/24 . 80-90|0.0.0.0/0 . 0-65535] } }
    set s { type ipv4_addr . inet_proto . inet_service; [|flags interval;] elements = { 10.0.0.1 . tcp . 80, 10.0.0.2 . udp . 53 } }
    set s { type ipv6_addr . ether_addr . ifname; elements = { fd00::1 . 02:00:00:00:00:01 . "d0" } }
    set s { type [ifname; elements = { "d0", "lo", "veth0" }|mark; elements = { 1, 0x10, 4294967295 }|ether_addr; elements = { 02:00:00:00:00:01 }|inet_proto; elements = { tcp, udp, 47, 253 }|ct_state; elements = { new, established }|icmp_type; elements = { echo-request, redirect }|dscp; elements = { cs1, ef }|ether_type; elements = { ip, arp, 0x88cc }|mark; flags interval; elements = { 1-9, 0x10 }|ifname; flags interval; elements = { "d*", "lo" }|arp_op; elements = { request, reply }|boolean; elements = { exists }|tcp_flag; elements = { syn, ack }|uid; elements = { 0, 1000 }|day; elements = { Monday, Sunday }|iface_index; elements = { lo }] }
    set s { type ipv4_addr; [counter;|limit rate 5/second;|limit rate over 1 mbytes/minute burst 3 kbytes;|ct count over 5;|quota over 5 mbytes;|counter; size 10;] [|elements = { 10.0.0.1 }|flags dynamic;] }
    set s { typeof [ip saddr|tcp dport|ip saddr . tcp dport|meta mark|ether saddr|ip6 daddr|iifname|ct mark|vlan id|ip dscp|ct state|osf name|tcp flags|meta l4proto|icmp type|udp length|ip length|frag id|tcp option maxseg size|ip saddr . vlan id|ct original ip saddr|@th,0,16|rt mtu|numgen inc mod 2|meta cpu|jhash ip saddr mod 4|fib saddr type|socket mark|sctp vtag|th dport|ip daddr . meta l4proto . th dport|ip version|ip ttl|arp operation|ip6 flowlabel|meta length|meta iif . meta oif|ct bytes|esp spi|@nh,32,32|meta time|ct zone|ipsec in reqid] ; [|flags interval;|size 10; flags dynamic,timeout;] }
    set s { typeof [vlan id; elements = { 1, 4094 }|ip saddr . vlan id; elements = { 10.0.0.1 . 5 }|ip length; elements = { 1, 1500 }|osf name; elements = { "Linux" }|meta mark . ct mark; elements = { 1 . 2 }|ip dscp; elements = { cs1, af11 }|tcp dport; flags interval; elements = { 1-9 }|udp length; flags interval; elements = { 1-9, 100 }|@th,0,16; elements = { 80 }|ip version; elements = { 4 }|tcp option maxseg size; elements = { 1400 }] }`,
  ],
  [
    'map',
    families,
    `map m { type [ipv4_addr|inet_service|mark|ifname|ether_addr|ipv6_addr|ipv4_addr . inet_service|inet_proto . inet_service] : [ipv4_addr|ipv6_addr|inet_service|mark|verdict|ifname|ether_addr|classid|iface_index|ipv4_addr . inet_service|counter|quota|limit|dscp]; }
    map m { type ipv4_addr : verdict; [|flags interval;] [|counter;] elements = { 10.0.0.1 : accept, 10.0.0.2 : drop, 10.0.0.3 : continue, 10.0.0.4 : return } }
    map m { type inet_service : verdict; flags interval; elements = { 1-1023 : drop, [8080|8080-8090] : accept[|, * : drop] } }
    map m { type [ipv4_addr : mark; elements = { 10.0.0.1 : 1 }|ipv4_addr : ipv4_addr; elements = { 10.0.0.1 : 192.0.2.1 }|inet_service : inet_service; elements = { 80 : 8080, 443 : 8443 }|ipv4_addr : ipv4_addr . inet_service; elements = { 10.0.0.1 : 192.0.2.1 . 80 }|ipv4_addr . inet_service : ipv4_addr; elements = { 10.0.0.1 . 80 : 192.0.2.1 }|mark : ifname; elements = { 1 : "d0" }|ifname : mark; elements = { "d0" : 1 }|ipv6_addr : ipv6_addr; elements = { fd00::1 : 2001:db8::1 }|ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.0.0.0/24 : 192.0.2.0/24 }|ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.0.0.1 : 192.0.2.1-192.0.2.9 }|mark : classid; elements = { 1 : 1:2 }|ether_addr : ipv4_addr; elements = { 02:00:00:00:00:01 : 10.0.0.1 }] }
    map m { typeof [ip saddr : meta mark|tcp dport : ip daddr|ip saddr . tcp dport : ip daddr . tcp dport|iifname : verdict|vlan id : meta mark|meta mark : ct zone|ip saddr : ip dscp|ct mark : meta priority|ip saddr : interval ip daddr|numgen inc mod 2 : ip daddr] ; [|flags interval;] }
    map m { type ipv4_addr : mark; flags [timeout|dynamic,timeout|interval|dynamic]; [|timeout 1m;] [|size 10;] [|comment "why";] }
    counter c1 { }; map m { type ipv4_addr : counter; [|flags interval;] elements = { [10.0.0.1|10.0.0.1, 10.0.0.2] : "c1" } }
    quota q1 { 5 mbytes; }; map m { type inet_service : quota; elements = { 80 : "q1" } }
    limit l1 { rate 5/second; }; map m { type ifname : limit; elements = { "d0" : "l1" } }
    chain other { }; map m { type mark : verdict; elements = { 1 : jump other, 2 : goto other } }`,
  ],
  [
    'counter, quota, limit objects',
    families,
    `counter c { [|packets 5 bytes 6|packets 0 bytes 0] [|; comment "why"] }
    quota q { [|over |until ][5 bytes|1025 bytes|3 kbytes|5 mbytes|2048 mbytes] [|used 1 kbytes|used 0 bytes] [|; comment "why"] }
    limit l { rate [|over ][5|400]/[second|minute|hour|day|week] [|burst 3 packets] [|; comment "why"] }
    limit l { rate [|over ][1 bytes|1025 bytes|5 kbytes|7 mbytes]/[second|minute|hour|day|week] [|burst 100 bytes|burst 3 kbytes|burst 1 mbytes] }`,
  ],
  [
    'ct objects, secmark, synproxy',
    inet,
    `ct helper h { type "[ftp|tftp|sip|irc|pptp|amanda|netbios-ns|snmp|h323|RAS|sane]" protocol [tcp|udp]; [|l3proto ip;|l3proto ip6;|l3proto inet;] }
    ct timeout t { protocol [tcp|udp|icmp|icmpv6|sctp|dccp|udplite|gre]; [|l3proto ip;|l3proto ip6;] }
    ct timeout t { protocol tcp; [|l3proto ip;] policy = { [established: 100|syn_sent: 5, syn_recv: 6, established: 7, fin_wait: 8, close_wait: 9, last_ack: 10, time_wait: 11, close: 12, syn_sent2: 13, retrans: 14, unack: 15] }; }
    ct timeout t { protocol udp; policy = { [replied: 30|unreplied: 5, replied: 20] }; }
    ct expectation e { protocol [tcp|udp|sctp|udplite|dccp]; dport [5|65535]; timeout [5s|1h|2d]; size [1|12]; [|l3proto ip;|l3proto ip6;] }
    secmark s { "system_u:object_r:x_t:s0" }
    synproxy y { mss [1460|536]; wscale [0|7]; [|timestamp;|sack-perm;|timestamp sack-perm;] }`,
  ],
  [
    'flowtable',
    inet,
    `flowtable f { hook ingress priority [0|filter|-5|filter + 5]; [|devices = { d0 };|devices = { d0, d1 };|devices = { lo, d0, d1 };] [|counter;|flags offload;] }
    flowtable f { hook ingress priority 0; devices = { d0, d1 }; }; chain c { type filter hook forward priority 0; [tcp dport 80|ip protocol { tcp, udp }|meta l4proto tcp|ct state established] flow add @f; }`,
  ],
];

/** Words that a family or a firewall puts in place of others: whole tables. */
const firewalls: readonly (readonly [families: readonly Family[], body: string])[] = [
  [
    ['inet'],
    `set blocked { type ipv4_addr; flags interval,timeout; elements = { 198.51.100.0/24 timeout 1h } }
    set ssh_seen { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 1m; }
    counter dropped { }
    chain input { type filter hook input priority filter; policy drop;
      ct state vmap { established : accept, related : accept, invalid : drop }
      iif lo accept
      ip saddr @blocked counter name dropped drop
      icmp type { echo-request, destination-unreachable, time-exceeded } limit rate 10/second accept
      icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, echo-request } accept
      tcp dport 22 ct state new add @ssh_seen { ip saddr limit rate over 4/minute } drop
      tcp dport { 22, 80, 443 } accept
      udp dport 5353 ip daddr 224.0.0.251 accept
      meta l4proto { ah, esp } accept
      log prefix "input: " flags skuid limit rate 1/second
      reject with icmpx admin-prohibited
    }
    chain forward { type filter hook forward priority filter; policy drop;
      ct status dnat accept
      tcp flags syn tcp option maxseg size set rt mtu
      iifname "d0" oifname "d1" ct state new,established,related accept
    }
    chain output { type filter hook output priority filter; policy accept; meta skuid 0 accept; oifname "d1" ct mark set meta mark
    }`,
  ],
  [
    ['ip'],
    `map forwards { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 203.0.113.1 . 80 : 10.0.0.2 . 8080 } }
    map floating { type ipv4_addr : ipv4_addr; elements = { 203.0.113.9 : 10.0.0.9 } }
    chain prerouting { type nat hook prerouting priority dstnat; policy accept;
      dnat to ip daddr map @floating
      dnat to ip daddr . tcp dport map @forwards
      tcp dport { 80, 443 } redirect to :3128
    }
    chain postrouting { type nat hook postrouting priority srcnat; policy accept;
      ip saddr 10.0.0.0/8 ip daddr 10.0.0.0/8 return
      oifname "d0" ip saddr 10.0.0.0/8 masquerade random
      oifname { "d1", "lo" } snat to 203.0.113.1-203.0.113.4 persistent
    }`,
  ],
  [
    ['inet', 'ip', 'ip6'],
    `chain zone_lan { tcp dport vmap { 22 : accept, 53 : accept, 1024-65535 : drop } ; meta l4proto udp accept
    }
    chain zone_wan { limit rate 100/second burst 50 packets accept ; drop
    }
    chain dispatch { type filter hook prerouting priority mangle + 5; policy accept;
      iifname vmap { "d0" : jump zone_lan, "d1" : goto zone_wan }
      meta mark & 0xff00 == 0x100 ct mark set meta mark
      ct mark != 0 meta mark set ct mark
      fib daddr type { local, broadcast, multicast } accept
      fib saddr . iif oif missing counter drop
      meta priority set numgen inc mod 4 map { 0 : 1:1, 1 : 1:2, 2 : 1:3, 3 : 1:4 }
      ct state untracked notrack
    }`,
  ],
  [
    ['bridge'],
    `set members { type ether_addr . ifname; elements = { 02:00:00:00:00:01 . "d0" } }
    chain forward { type filter hook forward priority filter; policy accept;
      ether type { ip, ip6, arp } accept
      ether saddr . iifname != @members drop
      vlan id { 10, 20 } ip saddr 10.0.0.0/8 accept
      arp operation request arp saddr ip 10.0.0.1 accept
      meta pkttype broadcast limit rate 10/second accept
      udp dport 67-68 drop
      ip6 saddr fe80::/10 icmpv6 type nd-router-advert drop
    }`,
  ],
  [
    ['netdev'],
    `map police { type ipv4_addr : verdict; elements = { 10.0.0.1 : drop } }
    chain ingress { type filter hook ingress device lo priority -500; policy accept;
      ip frag-off & 0x1fff != 0 counter drop
      ip saddr vmap @police
      tcp flags & (fin|syn) == (fin|syn) drop
      tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop
      ip saddr { 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/4 } drop
      tcp flags syn tcp option maxseg size 1-535 drop
      meta protocol ip fwd to "d0"
    }`,
  ],
  [
    ['arp'],
    `chain input { type filter hook input priority filter; policy drop;
      arp operation { request, reply } arp saddr ip 10.0.0.0/8 accept
      arp htype 1 arp plen 4 arp saddr ether 02:00:00:00:00:01 counter accept
    }`,
  ],
];

/** Of thousands one in so many, where not all are wanted. */
const oneIn = 6;

export function tables({ seed, everywhere = false }: CorpusOptions): TableCase[] {
  const bodies = grammar.flatMap(([category, where, lines]) =>
    lines
      .split('\n')
      .flatMap(expand)
      .flatMap((body) => where.map((family) => ({ category, family, body }))),
  );
  const chosen = bodies.filter(({ family, body }) => everywhere || new Random(seed, family, body).below(oneIn) === 0);
  const whole = firewalls.flatMap(([where, body]) =>
    where.map((family) => ({ category: 'firewall', family, body: body.replaceAll(/\s*\n\s*/g, '; ') })),
  );
  return [...whole, ...chosen].map((item, i) => ({ ...item, id: `o${i}` }));
}
