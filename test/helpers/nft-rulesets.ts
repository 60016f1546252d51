/** What nft and netloom are given to make alike: a section is one ruleset. */
import type { Family } from '../../src/index.js';
import { expressionSections } from './nft-rulesets-expressions.js';
import { statementSections } from './nft-rulesets-statements.js';

export interface Section {
  readonly name: string;
  readonly family: Family;
  /** What stands in the table besides the chain; without rules, the whole ruleset. */
  readonly objects?: string;
  /** Of the chain: its hook. */
  readonly chain?: string;
  /** One a line. */
  readonly rules?: string;
  /** What nft is given: its own JSON, or the text where it cannot read its own JSON. */
  readonly input?: 'json' | 'text';
  /** nft 1.0.6 has no JSON for these rules. */
  readonly listed?: 'by netloom';
}

const input = 'type filter hook input priority 0;';
const prerouting = 'type filter hook prerouting priority 0;';

export const sections: readonly Section[] = [
  ...statementSections,
  ...expressionSections,
  {
    name: 'named objects',
    family: 'inet',
    // nft 1.0.6 reads neither ct objects nor synproxies from JSON.
    input: 'text',
    objects: `
      counter c1 { packets 5 bytes 6; comment "why" }
      counter c2 { }
      limit l1 { rate over 5 mbytes/minute burst 10 kbytes; }
      limit l2 { rate 5/second; }
      limit l3 { rate 400/hour burst 7 packets; }
      quota q1 { over 5 mbytes used 2 kbytes }
      quota q2 { until 1025 bytes }
      ct helper ftp { type "ftp" protocol tcp; l3proto ip; }
      ct helper tftp { type "tftp" protocol udp; }
      ct timeout short { protocol tcp; l3proto ip; policy = { established: 100, close_wait: 4 }; }
      ct timeout plain { protocol udp; }
      ct expectation e { protocol tcp; dport 5; timeout 5s; size 3; l3proto ip; }
      map counters { type ipv4_addr : counter; elements = { 1.2.3.4 : "c1", 1.2.3.5 : "c2" } }
      map limits { type ipv4_addr . inet_service : limit; flags interval; elements = { 1.2.3.0/24 . 5 : "l1" } }
      map quotas { type ifname : quota; elements = { "lo" : "q1" } }
      map ranges { type inet_service : counter; flags interval; elements = { 1-99 : "c1", 200-300 : "c2" } }
      map empty { type ipv6_addr : quota; }`,
    chain: prerouting,
    rules: `
      limit name "l1"
      limit name ip saddr . tcp dport map @limits
      limit name tcp dport map { 22 : "l1", 80 : "l2" }
      counter name "c1"
      counter name ip saddr map @counters
      counter name ip saddr map { 1.1.1.1 : "c1", 2.2.2.0/24 : "c2" }
      counter name tcp dport map @ranges
      quota name "q1"
      quota name iifname map @quotas drop
      ct helper set "ftp"
      ip saddr 10.0.0.1 tcp dport 21 ct helper set "ftp"
      ct helper set tcp dport map { 21 : "ftp" }
      ct timeout set "short"
      ct expectation set "e"`,
  },
  {
    name: 'limits and the like in rules',
    family: 'inet',
    chain: prerouting,
    rules: `
      limit rate 5/second
      limit rate 5/minute
      limit rate 5/hour burst 10 packets
      limit rate over 5/day
      limit rate 7/week burst 1 packets accept
      limit rate 1025 bytes/second
      limit rate over 5 mbytes/second burst 3 kbytes counter
      limit rate 20 kbytes/second burst 4 mbytes drop
      quota over 5 mbytes
      quota 500 bytes used 30 bytes
      quota until 3 kbytes accept
      ct count 5
      ct count over 20 reject
      counter packets 5 bytes 6
      counter
      notrack`,
  },
  {
    name: 'synproxies',
    family: 'inet',
    // nft 1.0.6 reads no named synproxies from JSON.
    input: 'text',
    objects: `
      synproxy sp { mss 1460; wscale 7; timestamp sack-perm; }
      synproxy bare { mss 536; wscale 0; }`,
    chain: input,
    rules: `
      synproxy
      synproxy mss 1460 wscale 7
      synproxy mss 1460 wscale 7 timestamp sack-perm
      synproxy sack-perm
      synproxy name "sp"
      synproxy name ip saddr map { 1.1.1.0/24 : "sp", 2.2.2.2 : "bare" }`,
  },
  {
    name: 'sets that packets write to',
    family: 'inet',
    objects: `
      set seen { type ipv4_addr; flags dynamic,timeout; size 100; timeout 60s; }
      set counted { type ipv4_addr . inet_service; flags dynamic; size 100; counter; }
      set limited { type ipv4_addr; flags dynamic; size 100; limit rate 5/second burst 3 packets; }
      set six { type ipv6_addr; flags dynamic; }
      set both { type ipv4_addr; flags dynamic; counter; }
      set connections { type ipv4_addr; flags dynamic; ct count over 5; }
      map last { type ipv4_addr : inet_service; flags dynamic; }`,
    chain: input,
    rules: `
      add @seen { ip saddr }
      update @seen { ip saddr timeout 30s } accept
      update @seen { ip saddr timeout 30s counter }
      delete @seen { ip saddr }
      add @counted { ip saddr . tcp dport }
      update @counted { ip saddr . udp sport counter }
      add @limited { ip daddr limit rate 5/second burst 3 packets }
      add @six { ip6 saddr }
      add @six { ip6 saddr limit rate over 1 mbytes/second counter }
      add @connections { ip saddr ct count over 5 } drop
      tcp flags syn add @seen { ip saddr } counter
      ip saddr @seen drop
      meter ssh size 128 { ip saddr limit rate 5/second }
      meter timed { ip saddr timeout 5s counter }
      meter pairs size 4096 { ip saddr . tcp dport ct count over 3 } reject`,
  },
  {
    name: 'sets whose elements have state',
    family: 'ip',
    // nft 1.0.6 reads no state of elements from JSON.
    input: 'text',
    objects: `
      set counted { type ipv4_addr; counter; elements = { 1.2.3.4 counter packets 5 bytes 6, 1.2.3.5 comment "x" } }
      set limited { type inet_service; limit rate 5/second; elements = { 22, 80 } }
      set quotas { type ipv4_addr; flags interval; ct count over 5; elements = { 10.0.0.0/8, 11.0.0.1-11.0.0.9 ct count over 7 } }
      map translated { type ipv4_addr : ipv4_addr; counter; elements = { 1.1.1.1 counter packets 1 bytes 2 : 2.2.2.2 } }
      map verdicts { type ipv4_addr : verdict; counter; elements = { 1.1.1.1 : drop, 1.1.1.2 counter packets 3 bytes 4 : jump other } }`,
    chain: 'type nat hook prerouting priority -100;',
    rules: `
      ip saddr @counted
      tcp dport @limited accept
      ip daddr @quotas
      dnat to ip daddr map @translated
      ip saddr vmap @verdicts`,
  },
  {
    name: 'NAT through maps',
    family: 'ip',
    // nft 1.0.6 reads no maps to address and port from JSON.
    input: 'text',
    objects: `
      map port_forward { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
        elements = { 203.0.113.5 . tcp . 80 : 10.0.0.5 . 8080, 203.0.113.5 . udp . 53 : 10.0.0.6 . 53 } }
      map floating { type ipv4_addr : ipv4_addr; elements = { 203.0.113.9 : 10.0.0.9 } }
      map ports { type inet_service : inet_service; elements = { 80 : 8080 } }
      map wide { type ipv4_addr . inet_service : ipv4_addr; flags interval; elements = { 203.0.113.0/28 . 1-99 : 10.0.0.1 } }
      set inner { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.0/16 } }`,
    chain: 'type nat hook prerouting priority dstnat;',
    rules: `
      dnat to ip daddr . meta l4proto . th dport map @port_forward
      meta l4proto { tcp, udp } dnat to ip daddr . meta l4proto . th dport map @port_forward
      dnat to ip daddr map @floating
      tcp dport 80 dnat to ip daddr map @floating
      dnat to ip daddr . tcp dport map @wide
      dnat to ip daddr map { 1.1.1.1 : 2.2.2.2, 1.1.1.2 : 2.2.2.3 }
      dnat to ip daddr . tcp dport map { 1.1.1.1 . 80 : 2.2.2.2 . 8080 }
      dnat to tcp dport map { 80 : 10.0.0.1 . 8080, 443 : 10.0.0.1 . 8443 }
      meta l4proto tcp redirect to :8080
      tcp dport 80 redirect to :9697
      ip daddr 169.254.169.254 tcp dport 80 redirect to :9697
      tcp dport 80 redirect to :8000-8010 random
      tcp dport { 80, 443 } redirect to tcp dport map { 80 : 8080, 443 : 8443 }
      meta l4proto tcp redirect to tcp dport map @ports
      redirect
      tcp dport 80 dnat to 10.0.0.1:8080
      tcp dport 80 dnat to 10.0.0.1-10.0.0.9:8080-8089 random,persistent
      dnat to 10.0.0.1-10.0.0.9
      ip saddr @inner ip daddr 203.0.113.7 dnat to 10.0.0.7
      iifname "qr-*" ip daddr 203.0.113.7 dnat to 10.0.0.7
      ct status dnat accept`,
  },
  {
    name: 'source NAT',
    family: 'ip',
    objects: `
      map floating { type ipv4_addr : ipv4_addr; elements = { 10.0.0.9 : 203.0.113.9 } }`,
    chain: 'type nat hook postrouting priority srcnat;',
    rules: `
      snat to ip saddr map @floating
      snat to ip saddr map @floating fully-random
      oifname "qg-1" snat to 203.0.113.2 fully-random
      oifname != "qg-1" ct status dnat accept
      masquerade
      masquerade random,persistent
      masquerade fully-random
      meta l4proto tcp masquerade to :1024-65535
      ip saddr 10.0.0.0/8 oif "lo" masquerade
      meta mark != 1 ct status dnat snat to 203.0.113.2
      ct original ip daddr 203.0.113.9 snat to 203.0.113.2
      ct original ip saddr 10.0.0.0/8 meta l4proto tcp ct original proto-dst 80 snat to 203.0.113.2
      ct reply ip daddr 10.0.0.1 accept
      ct direction original snat to 203.0.113.2-203.0.113.9 persistent
      ct original ip daddr { 203.0.113.9, 203.0.113.10 } accept
      ct original ip daddr . ct original ip saddr { 203.0.113.9 . 10.0.0.1 } accept`,
  },
  {
    name: 'NAT of both families',
    family: 'inet',
    input: 'text',
    objects: `
      map six { type ipv6_addr : ipv6_addr; elements = { 2001:db8::1 : fd00::1 } }
      map forward6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service
        elements = { 2001:db8::1 . tcp . 80 : fd00::1 . 8080 } }
      map forward4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }`,
    chain: 'type nat hook prerouting priority dstnat;',
    rules: `
      ip6 daddr 2001:db8::1 dnat ip6 to fd00::1
      dnat ip6 to ip6 daddr map @six
      dnat ip6 to ip6 daddr . meta l4proto . th dport map @forward6
      dnat ip to ip daddr . meta l4proto . th dport map @forward4
      ip6 daddr fe80::a9fe:a9fe tcp dport 80 redirect to :9697
      ip daddr 1.1.1.1 tcp dport 80 dnat to 10.0.0.1:80
      ip6 daddr 2001:db8::1 tcp dport 80 dnat to [fd00::1]:8080
      dnat ip to 10.0.0.1
      dnat ip6 to fd00::1-fd00::9
      meta nfproto ipv6 tcp dport 80 redirect to :8080`,
  },
  {
    name: 'marks',
    family: 'inet',
    chain: 'type filter hook prerouting priority mangle;',
    rules: `
      meta mark set 1
      meta mark set ct mark
      ct mark set meta mark
      ct mark set 0x10000
      meta mark set meta mark and 0xffff
      meta mark set meta mark or 0x10000
      meta mark set meta mark xor 0x1
      meta mark set mark and 0xffff0000 or 0x1
      meta mark set ct mark and 0xffff
      ct mark set ct mark and 0xffff0000
      ct mark set meta mark and 0xffff0000
      ct mark set ct mark or 0x1
      meta mark & 0xffff0000 == 0x10000
      meta mark and 0xff == 1 accept
      meta mark & 0xffff0000 != 0x10000 drop
      ct mark & 0xff 3
      ct mark != 0 meta mark set ct mark
      meta mark { 1, 2, 0x10000-0x1ffff } accept
      meta mark set ip saddr map { 1.1.1.1 : 1, 2.2.2.2 : 2 }
      meta mark set iifname map { "lo" : 1, "d0" : 2 }
      ct mark set ip daddr map { 1.1.1.1 : 1 }
      ct mark set 1 accept
      iifname "qg-1" meta mark set 0x1
      meta priority set 1:2
      meta priority 1:2
      meta nftrace set 1
      meta pkttype set host
      ct zone set 5
      ct zone set iif map { "lo" : 5 }
      ct original zone set 7
      ct event set new,destroy
      ct label set 3`,
  },
  {
    name: 'routing tables and ICMP',
    family: 'inet',
    chain: prerouting,
    rules: `
      fib daddr type local
      fib daddr type { local, broadcast } accept
      fib daddr type != local drop
      fib daddr . iif type local
      fib saddr . iif oif missing drop
      fib saddr oif exists
      fib daddr oif "lo"
      fib saddr . mark . iif oifname "lo"
      fib daddr oif != 0
      fib daddr type vmap { local : accept, unicast : drop }
      icmp type echo-request accept
      icmpv6 type echo-request accept
      icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
      icmpv6 type nd-router-advert ip6 hoplimit 255
      icmpv6 code 1
      icmpv6 id 5
      icmpv6 mtu 1280
      ip6 nexthdr icmpv6
      ip6 saddr fe80::/10
      ip6 daddr ff02::1 icmpv6 type nd-router-solicit
      ip6 saddr { 2001:db8::/32, fd00::/8 } drop
      ip6 saddr != ::1 accept
      ip6 dscp cs1
      ip6 flowlabel 5
      ip6 hoplimit set 64
      ip6 daddr set fd00::1
      ip6 saddr . tcp dport { 2001:db8::1 . 80, fd00::1 . 443 }
      ip saddr . ip daddr { 1.1.1.1 . 2.2.2.2 }
      ip saddr . tcp dport vmap { 1.1.1.1 . 80 : accept, 1.1.1.2 . 443 : drop }
      iifname . ip saddr { "lo" . 127.0.0.1 } accept
      meta l4proto . th dport { tcp . 80, udp . 53 } accept
      meta nfproto ipv4 accept
      meta nfproto { ipv4, ipv6 } accept
      ct state established,related accept
      ct state vmap { established : accept, related : accept, invalid : drop }
      ct state != new accept
      ct state { established, related } accept
      ct helper "ftp" accept
      ct expiration 30s
      ct packets > 5
      ct original bytes > 100000`,
  },
  {
    name: 'device chains',
    family: 'netdev',
    objects: `
      chain in { type filter hook ingress devices = { lo, d0 } priority 0; policy drop; }
      chain out { type filter hook egress device d1 priority 5; }
      chain many { type filter hook egress devices = { d0, d1 } priority -5; }`,
    // nft 1.0.6 says nothing of several devices in JSON.
    input: 'text',
    chain: 'type filter hook ingress device lo priority 0;',
    rules: `
      ip saddr 1.1.1.1 drop
      ip6 saddr fd00::1 drop
      tcp dport 80 drop
      ip daddr . tcp dport { 1.1.1.1 . 80 } counter
      meta protocol ip drop
      meta mark set 1
      icmp type echo-request drop
      vlan id 5 drop
      arp operation request accept
      limit rate 5/second accept`,
  },
  {
    name: 'extension headers and options',
    family: 'inet',
    chain: input,
    rules: `
      exthdr frag exists
      exthdr hbh missing
      frag id 5
      frag more-fragments 1
      frag frag-off 33-44
      rt type 0
      rt seg-left != 3
      hbh nexthdr tcp
      dst hdrlength 5
      mh type home-test
      mh type { home-test, careof-test }
      tcp option maxseg size 1460
      tcp option maxseg size set 1400
      tcp option sack0 left 5
      tcp option sack2 right 5
      tcp option timestamp exists
      tcp option timestamp tsval 5-9
      tcp option @255,8,8 255
      tcp option mptcp subtype 1
      tcp flags syn tcp option maxseg size set 1360
      reset tcp option sack-perm
      ip option rr exists
      ip option ra value 5
      ip option lsrr ptr { 4, 8 }
      sctp chunk data exists
      sctp chunk init num-inbound-streams 5
      sctp chunk sack cum-tsn-ack 1-9
      sctp dport 5
      sctp vtag { 1, 2 }
      dccp type request
      dccp sport 5
      udplite csumcov 5
      ah spi 5
      esp sequence 22
      comp cpi 5
      igmp type membership-query
      th dport 53
      @ih,32,32 0x14000000`,
  },
  {
    name: 'what the kernel knows of a packet',
    family: 'inet',
    chain: prerouting,
    rules: `
      rt classid 1
      rt ip nexthop 192.0.2.1
      rt ip6 nexthop fe80::1
      rt ipsec exists
      socket transparent 1
      socket mark 0x5
      socket wildcard 0
      osf name "Linux"
      osf ttl skip name { "Linux", "Windows" }
      osf version "Linux:4.20"
      ipsec in reqid 1
      ipsec in spnum 2 ip saddr 10.0.0.1
      ipsec in ip6 daddr fd00::1
      ipsec in spi 5
      numgen inc mod 10 < 5
      meta mark set numgen random mod 10 offset 5
      meta mark set jhash ip saddr mod 2
      meta mark set jhash ip saddr . ip daddr mod 2 seed 0xdeadbeef offset 100
      meta mark set symhash mod 2
      meta mark set symhash mod 2 offset 5
      meta mark set jhash ip saddr mod 3 map { 0 : 1, 1 : 2, 2 : 3 }
      meta mark set numgen inc mod 2 map { 0 : 5, 1 : 6 }
      numgen inc mod 2 vmap { 0 : jump other, 1 : accept }
      ct mark set (meta mark | 0x10) << 8
      meta mark set ct mark >> 8
      meta time "2026-06-21 17:00:00" drop
      meta time < "2030-01-01 00:00:00"
      meta hour "17:00"-"18:30" accept
      meta day "Saturday" drop
      meta day { "Saturday", "Sunday" } drop
      meta skuid 0
      meta iifgroup 0
      meta cgroup 5
      iif "d0" oif != "d1" accept
      iif { "d0", "lo" } accept
      meta random < 5`,
  },
  {
    name: 'segment sizes',
    family: 'inet',
    chain: 'type filter hook forward priority 0;',
    rules: `
      rt mtu > 1000
      tcp flags syn tcp option maxseg size set rt mtu`,
  },
  {
    name: 'IPv4 sent elsewhere',
    family: 'ip',
    objects: `
      map ranges { type ipv4_addr : interval ipv4_addr; flags interval; elements = { 1.1.1.0/24 : 2.2.2.0/24, 3.3.3.3 : 4.4.4.4-4.4.4.9 } }
      map wide { type ipv4_addr : interval ipv4_addr . inet_service; elements = { 192.168.1.4 : 10.141.10.0/24 . 8888-8999 } }
      map rest { type ipv4_addr : verdict; flags interval; elements = { 1.1.1.0/24 : drop, * : accept } }
      set every { type ipv4_addr; counter; elements = { 1.1.1.1, * } }`,
    input: 'text',
    chain: 'type nat hook postrouting priority srcnat;',
    rules: `
      snat to ip saddr map @ranges
      snat ip prefix to ip saddr map @ranges
      meta l4proto tcp snat ip to ip saddr map @wide
      snat to ip saddr map { 10.1.1.0/24 : 192.168.0.0/24, 10.2.2.2 : 5.5.5.5-5.5.5.9 }
      snat prefix to ip saddr map { 10.1.1.0/24 : 192.168.0.0/24 }
      snat ip to ip saddr . tcp dport map { 192.168.1.2 . 80 : 10.141.10.0/24 . 8888-8999 }
      snat prefix to 10.1.0.0/16
      snat to ip saddr map { 10.1.1.1 : 3.3.3.3, * : 4.4.4.4 }
      ip saddr vmap { 1.1.1.1 : drop, * : accept }
      ip saddr vmap @rest
      ip saddr @every`,
  },
  {
    name: 'copies and proxies',
    family: 'ip',
    chain: 'type filter hook prerouting priority mangle;',
    rules: `
      dup to 192.0.2.1
      dup to 192.0.2.1 device "d0"
      dup to ip saddr map { 10.0.0.1 : 192.0.2.1 } device "lo"
      meta l4proto tcp tproxy to 192.0.2.1
      meta l4proto tcp tproxy to :50080
      tcp dport 80 tproxy to 127.0.0.1:50080
      meta l4proto udp tproxy to 192.0.2.1:53 accept
      ip dscp set cs1
      ip ttl set 64
      ip protocol set 1
      tcp dport set 8080
      ip saddr set 10.0.0.1
      ip saddr & 0xff == 1
      ip id 1-9`,
  },
  {
    name: 'proxies of both families',
    family: 'inet',
    chain: 'type filter hook prerouting priority mangle;',
    rules: `
      meta l4proto tcp tproxy to :50080
      meta l4proto tcp tproxy ip to 127.0.0.1:50080
      meta l4proto tcp tproxy ip6 to [::1]:50080
      meta nfproto ipv4 reject
      reject with icmpx admin-prohibited
      log prefix "x" reject with tcp reset
      counter reject with icmpv6 no-route`,
  },
  {
    name: 'frames',
    family: 'bridge',
    chain: 'type filter hook prerouting priority 0;',
    rules: `
      vlan id 5
      vlan id 5 vlan pcp 3
      vlan id 5 ip saddr 10.0.0.1
      vlan id 5 tcp dport 80
      vlan id { 1, 2, 4094 } accept
      ether type vlan accept
      ether type 8021ad vlan id 1
      ether saddr aa:bb:cc:dd:ee:ff vlan id 5
      ether type arp accept
      arp operation request arp saddr ip 10.0.0.1
      ip saddr 10.0.0.1 tcp dport 80
      meta protocol ip`,
  },
  {
    name: 'packets of a device',
    family: 'netdev',
    chain: 'type filter hook ingress device lo priority 0;',
    input: 'text',
    rules: `
      dup to "d0"
      fwd to "d0"
      fwd ip to 192.0.2.1 device "d0"
      fwd ip6 to fd00::1 device "d1"
      dup to meta mark map { 1 : "d0", 2 : "d1" }
      vlan id 5 ip saddr 10.0.0.1 drop
      ether saddr aa:bb:cc:dd:ee:ff accept`,
  },
];
