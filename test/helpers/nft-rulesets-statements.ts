/** More of what nft and netloom are given to make alike: statements with all their options, and names that a machine's files give. */
import type { Section } from './nft-rulesets.js';

const input = 'type filter hook input priority 0;';
const prerouting = 'type filter hook prerouting priority mangle;';

export const statementSections: readonly Section[] = [
  {
    name: 'logs',
    family: 'inet',
    chain: input,
    rules: `
      log
      log prefix "a b c: "
      log level emerg
      log level alert
      log level crit
      log level err
      log level warn
      log level notice
      log level info
      log level debug
      log level audit
      log group 0
      log group 2 snaplen 0
      log group 2 snaplen 33
      log group 2 queue-threshold 2
      log prefix "x" group 65535 queue-threshold 20 snaplen 33
      log flags all
      log flags tcp sequence,options
      log flags skuid flags ether
      log prefix "x" level debug flags ip options`,
  },
  {
    name: 'rejections',
    family: 'inet',
    chain: input,
    rules: `
      reject
      reject with tcp reset
      reject with icmp net-unreachable
      reject with icmp prot-unreachable
      reject with icmp host-prohibited
      reject with icmp frag-needed
      reject with icmp 77
      reject with icmpv6 reject-route
      reject with icmpv6 policy-fail
      reject with icmpx no-route
      reject with icmpx port-unreachable
      meta nfproto ipv6 reject
      meta protocol ip reject
      ip6 saddr ::1 reject
      meta l4proto udp reject with icmp host-unreachable
      log prefix "x" reject with icmpv6 no-route`,
  },
  {
    name: 'names in files',
    family: 'inet',
    chain: prerouting,
    rules: `
      meta rtclassid cosmos
      meta rtclassid { 1, cosmos }
      rt classid cosmos
      meta iifgroup default
      meta iifgroup 16-31
      meta skuid daemon
      meta skgid { root, bin }
      meta l4proto TCP
      meta l4proto { gre, ospf, vrrp, 77 }
      tcp dport { ssh, kerberos-sec, webcache, 5 }
      udp dport domain-s
      ct label 5`,
  },
  {
    name: 'values of fields and marks',
    family: 'inet',
    chain: prerouting,
    rules: `
      meta mark set tcp sequence
      meta mark set @nh,96,32
      meta mark set ct id
      meta mark set ct zone
      meta mark set meta cpu
      ct zone set ip id
      ct zone set meta length
      meta priority set numgen inc mod 3
      meta secmark set ct secmark
      ct secmark set meta secmark
      ct event set new,related,destroy,label
      ct label set 127
      tcp sequence set meta length
      udp length set ip id
      ip ecn set ce
      ip dscp set af11
      ip6 dscp set cs1
      ip6 flowlabel set 5
      ip6 ecn set 1
      tcp doff set 5
      tcp flags set syn
      ip version set 4
      ip ttl set 5
      ip id set 5
      ip protocol set 6
      ether saddr set aa:bb:cc:dd:ee:ff
      @th,18,4 set 5
      @nh,64,8 set 3`,
  },
  {
    name: 'addresses and ports by expression',
    family: 'ip',
    chain: 'type nat hook prerouting priority dstnat;',
    rules: `
      ip protocol tcp redirect to :numgen inc mod 10 offset 8000
      dnat to numgen inc mod 2 map { 0 : 1.1.1.1, 1 : 2.2.2.2 }
      dnat to jhash ip saddr mod 2 map { 0 : 1.1.1.1, 1 : 2.2.2.2 }
      dnat to symhash mod 2 map { 0 : 1.1.1.1, 1 : 2.2.2.2 }
      dnat to meta mark map { 1 : 1.1.1.1, 2-5 : 2.2.2.2 }
      dnat to 1.2.3.0/24 random,persistent
      dnat to 1.2.3.0-1.2.3.9
      dnat prefix to 1.2.3.0/24
      tcp dport 1 redirect to : meta mark map { 1 : 1 }`,
  },
  {
    name: 'ports alone in inet',
    family: 'inet',
    chain: 'type nat hook prerouting priority dstnat;',
    rules: `
      ip protocol tcp dnat to :8080
      ip6 nexthdr udp dnat to :8080 persistent
      ip daddr 192.0.2.1 tcp dport 80 dnat to :8080 random
      meta l4proto tcp dnat to :80-90`,
  },
  {
    name: 'rejections of frames',
    family: 'inet',
    chain: input,
    rules: `
      ether type ip6 reject with tcp reset
      ether type ip reject with icmp host-unreachable
      tcp dport 80 reject with tcp reset
      ip saddr 1.1.1.1 reject with tcp reset`,
  },
  {
    name: 'rejections in a family of one protocol',
    family: 'ip',
    chain: input,
    rules: `
      ether type ip6 reject with icmp host-unreachable
      ether type ip reject
      tcp dport 80 reject with tcp reset`,
  },
  {
    name: 'numbers of 64 bits',
    family: 'inet',
    chain: prerouting,
    rules: `
      ct bytes 6148914691236517205
      ct original packets { 1, 2, 3689348814741910323 }
      ct avgpkt > 9007199254740993`,
  },
  {
    name: 'maps that packets write to',
    family: 'ip',
    // nft 1.0.6 lists these as text.
    input: 'text',
    objects: `
      map m { type ipv4_addr : mark; flags dynamic,timeout; size 100; timeout 60s; }
      map wide { type ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic; size 5; }`,
    chain: input,
    listed: 'by netloom',
    rules: `
      add @m { ip saddr : meta mark }
      update @m { ip saddr timeout 3s : 5 }
      add @wide { ip saddr . tcp dport : ip daddr . tcp sport }`,
  },
  {
    name: 'constants beside what packets add',
    family: 'inet',
    objects: `
      set ports { type ipv4_addr . inet_service; flags dynamic,timeout; }
      set marks { type ipv4_addr . mark . inet_service; flags dynamic; }
      set names { type ifname . ipv4_addr; flags dynamic; }`,
    chain: '',
    rules: `
      add @ports { ip saddr . 22 timeout 60s }
      update @ports { 10.0.0.1 . tcp dport timeout 5s }
      add @marks { ip saddr . 0x5 . tcp dport }
      delete @marks { ip daddr . meta mark . 80 }
      add @names { "eth0" . ip saddr counter }`,
  },
];
