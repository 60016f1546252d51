/** What nft and netloom are given to make alike: a section is one ruleset. */
import type { Family } from '../../src/index.js';

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
}

const input = 'type filter hook input priority 0;';
const prerouting = 'type filter hook prerouting priority 0;';

export const sections: readonly Section[] = [
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
];
