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
];
