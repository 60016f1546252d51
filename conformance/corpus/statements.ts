/** Statements in every form, in every chain that may have them. */
import type { Case, Place } from '../case.js';
import type { CorpusOptions } from './index.js';
import { families, placesOf } from './places.js';
import { Random } from './random.js';

/** Lines of a grammar: `[a|b]` is one of them, `[|a]` a or nothing; all combinations. */
export function expand(line: string): string[] {
  const found = /\[([^[\]]*)\]/.exec(line);
  if (found === null) return [line.replace(/\s+/g, ' ').trim()];
  const [whole, choices] = found as unknown as [string, string];
  const before = line.slice(0, found.index);
  const after = line.slice(found.index + whole.length);
  return choices.split('|').flatMap((choice) => expand(before + choice + after));
}

/** `#` is another number each time. */
const grammar: readonly (readonly [category: string, where: RegExp, lines: string])[] = [
  [
    'verdict',
    /./,
    `[accept|drop|continue|return|jump other|goto other]
    [ip saddr 10.0.0.1|tcp dport 22|meta mark 1|ip6 saddr fd00::1] [accept|drop|continue|return|jump other|goto other]`,
  ],
  [
    'counter, quota, limit',
    /./,
    `counter [|packets 5 bytes 6|packets 0 bytes 0] [|accept]
    counter name ["c1"|ip saddr map @counters|ip saddr map { 10.0.0.1 : "c1", 10.0.0.2 : "c2" }|ip saddr map { 10.0.0.0/8 : "c1" }]
    quota [over|until|] [5 mbytes|1025 bytes|3 kbytes|1 gbytes] [|used 500 bytes|used 1 kbytes] [|drop]
    quota name ["q1"|ip saddr map @quotas]
    limit rate [|over] [1|400|65535]/[second|minute|hour|day|week] [|burst 3 packets|burst 0 packets] [|accept]
    limit rate [|over] [1 bytes|1025 bytes|20 kbytes|7 mbytes]/[second|minute|hour|day|week] [|burst 30 bytes|burst 3 kbytes|burst 1 mbytes]
    limit name ["l1"|tcp dport map @limits|tcp dport map { 22 : "l1" }]
    last [|accept]
    last used [never|5s|1d2h]
    ct count [|over] [1|20] [|reject|drop]`,
  ],
  [
    'log',
    /./,
    `log
    log prefix ["x"|"a longer one: "|"with 'quotes' \\" inside"]
    log level [emerg|alert|crit|err|warn|notice|info|debug|audit]
    log level [emerg|warn|debug] prefix "p"
    log flags [tcp sequence|tcp options|tcp sequence,options|ip options|skuid|ether|all]
    log flags tcp sequence flags ip options flags skuid
    log flags skuid flags ether
    log group [0|2|65535] [|prefix "x"] [|snaplen 33] [|queue-threshold 20]
    log prefix "x" level info flags all
    log group 2 prefix "x" snaplen 128 queue-threshold 1 accept
    counter log prefix "y" drop`,
  ],
  [
    'reject',
    /(ip|ip6|inet) (filter|regular)|bridge filter (prerouting|input)|netdev|arp/,
    `reject
    reject with tcp reset
    reject with icmp [|type] [net-unreachable|host-unreachable|prot-unreachable|port-unreachable|net-prohibited|host-prohibited|admin-prohibited|frag-needed|7]
    reject with icmpv6 [|type] [no-route|admin-prohibited|addr-unreachable|port-unreachable|policy-fail|reject-route|9]
    reject with icmpx [|type] [no-route|port-unreachable|host-unreachable|admin-prohibited]
    [tcp dport 22|udp dport 53|meta l4proto tcp|ip protocol tcp|ip6 nexthdr udp|meta nfproto ipv4|meta nfproto ipv6|ip saddr 10.0.0.1|ip6 saddr fd00::1|ether type ip|ether type ip6|meta protocol ip|meta mark 1] reject [|with tcp reset|with icmp host-unreachable|with icmpv6 no-route|with icmpx admin-prohibited|with icmp port-unreachable|with icmpv6 port-unreachable|with icmpx port-unreachable]
    [log prefix "x"|counter|limit rate 5/second] reject
    ether type vlan reject with [icmpx host-unreachable|tcp reset]
    vlan id 5 ip protocol tcp reject with tcp reset`,
  ],
  [
    'nat',
    /nat (prerouting|output)/,
    `dnat to [10.0.0.1|10.0.0.1-10.0.0.9|10.0.0.0/24] [|random|persistent|random,persistent|fully-random]
    dnat to [fd00::1|fd00::1-fd00::9|fd00::/64] [|random|persistent]
    dnat [ip|ip6] to [10.0.0.1|fd00::1|10.0.0.1:80|[fd00::1]:80]
    [tcp dport 80|meta l4proto tcp|udp dport { 53, 54 }|ip protocol tcp|ip6 nexthdr udp|ip daddr 192.0.2.1 tcp dport 80|meta l4proto { tcp, udp }|th dport 80] dnat [|ip|ip6] to [10.0.0.1:8080|10.0.0.1:8080-8089|10.0.0.1-10.0.0.9:8080|10.0.0.1-10.0.0.9:8080-8089|:8080|[fd00::1]:8080] [|random|persistent]
    dnat [|ip] to ip daddr map [@addressMap4|{ 192.0.2.1 : 10.0.0.1, 192.0.2.2 : 10.0.0.2 }|{ 192.0.2.0/24 : 10.0.0.1 }]
    dnat [|ip6] to ip6 daddr map [@addressMap6|{ fd00::1 : fd00::2 }]
    [|ip protocol tcp|meta l4proto tcp] dnat [|ip] to ip daddr . tcp dport map [@serviceMap4|{ 192.0.2.1 . 80 : 10.0.0.1 . 8080 }]
    dnat [|ip] to tcp dport map { 80 : 10.0.0.1 . 8080, 443 : 10.0.0.2 . 8443 }
    dnat [|ip] to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }
    dnat [|ip] to numgen [inc|random] mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
    dnat [|ip] to jhash ip saddr mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
    dnat [|ip] to ip saddr map @rangeMap4
    dnat [|ip] prefix to ip saddr map [@rangeMap4|{ 10.141.11.0/24 : 192.168.2.0/24 }]
    tcp dport 80 dnat to ip daddr map { 192.0.2.1 : 10.0.0.1 } : 8080
    tcp dport 80 dnat to 10.0.0.1 : tcp dport map { 80 : 8080 }
    redirect [|random|persistent|fully-random|random,persistent]
    [tcp dport 22|udp dport 53|meta l4proto tcp|ip saddr 10.0.0.1 tcp dport 1-100|th dport 5] redirect [|to :8080|to :8080-8090] [|random|persistent|fully-random]
    tcp dport { 22, 80 } redirect to [:tcp dport map { 22 : 2222, 80 : 8080 }|:tcp dport map @portMap]
    meta l4proto [tcp|udp] redirect to :th dport map @portMap`,
  ],
  [
    'nat',
    /nat (input|postrouting)/,
    `snat to [192.0.2.1|192.0.2.1-192.0.2.9|192.0.2.0/24|fd00::1|fd00::1-fd00::9] [|random|persistent|fully-random|fully-random,persistent]
    snat [ip|ip6] to [192.0.2.1|fd00::1]
    snat [|ip|ip6] prefix to [192.0.2.0/24|fd00::/64]
    [tcp dport 80|meta l4proto udp|ip protocol tcp|oifname "d0" tcp sport 5|meta l4proto { tcp, udp }] snat [|ip] to [192.0.2.1:1024-65535|192.0.2.1:5|192.0.2.1-192.0.2.9:1-9|:5] [|random]
    snat [|ip] to ip saddr map [@addressMap4|{ 10.0.0.1 : 192.0.2.1 }|{ 10.0.0.0/24 : 192.0.2.1, 10.0.1.0/24 : 192.0.2.2 }|{ 10.0.0.1 : 192.0.2.1-192.0.2.9 }|@rangeMap4]
    snat [|ip6] to ip6 saddr map @addressMap6
    snat [|ip] prefix to ip saddr map { 10.141.11.0/24 : 192.168.2.0/24 }
    snat ip to ip saddr . tcp dport map { 192.168.1.2 . 80 : 10.141.10.0/24 . 8888-8999 }
    snat ip to ip saddr map { 10.0.0.1 : 192.0.2.1 . 1-9 }
    masquerade [|random|persistent|fully-random|random,persistent|fully-random,persistent]
    [tcp dport 80|meta l4proto udp|meta l4proto { tcp, udp }|ip protocol tcp] masquerade [|to :1024|to :1024-65535] [|random|fully-random]
    oifname "d0" ip saddr 10.0.0.0/8 [|ip daddr != 10.0.0.0/8] masquerade`,
  ],
  [
    'ct',
    /(ip|ip6|inet) filter prerouting|bridge filter prerouting|inet filter output|netdev filter ingress/,
    `notrack
    [tcp dport 80|udp dport 53] notrack
    ct helper set ["ftp"|tcp dport map { 21 : "ftp", 69 : "tftp" }]
    tcp dport 21 ct helper set "ftp"
    ct timeout set "short"
    ct expectation set "expect1"
    ct [mark|label] set [1|meta mark|3]
    ct mark set [0x10|meta mark|ct mark|ct mark and 0xff|ct mark or 0x1|ct mark xor 0x3|meta mark and 0xffff or 0x10000|meta mark << 8|ip saddr map @marks4|tcp dport map { 22 : 1 }|(meta mark or 0x10) << 8|meta mark or ct mark]
    meta mark set [ct mark|ct mark and 0xff|meta mark or 0x1|meta mark xor 0x3|(ct mark and 0xffff) << 16|ct mark >> 8|ip saddr map @marks4|tcp dport map @markPorts|ip dscp|ip dscp << 2 or 0x10|ip6 dscp|ip saddr|tcp dport|numgen inc mod 5 offset 10|jhash ip saddr mod 2|symhash mod 4|iif|ct id|meta priority|meta cpu]
    ct [original|reply] zone set [1|iif map { "d0" : 5 }|meta mark]
    ct zone set [1|65535|meta mark|iif map { "lo" : 5 }|mark map { 1 : 5 }]
    ct event set [new|new,destroy|new,related,destroy,reply,assured,label|new|destroy]
    ct label set [0|127|3]
    ct secmark set meta secmark
    meta secmark set ct secmark
    meta [priority|mark] set [1:2|0x10|none|root]
    meta pkttype set [host|broadcast|multicast|other]
    meta nftrace set [0|1]
    secmark name "x"`,
  ],
  [
    'set statement',
    /(ip|ip6|inet) filter (prerouting|input)|bridge filter prerouting|netdev filter ingress|arp filter input/,
    `[add|update|delete] @seen4 { ip [saddr|daddr] [|timeout 30s|timeout 1h30m] [|counter|limit rate 5/second burst 3 packets|ct count over 5|quota over 1 mbytes|counter limit rate 1/second] } [|accept]
    [add|update|delete] @seen6 { ip6 saddr [|timeout 30s|timeout 500ms] [|counter|limit rate over 5 mbytes/second] }
    [add|update|delete] @seenPorts { ip saddr . [tcp|udp|th] dport [|counter] } [|drop]
    [add|update] @seenEthers { ether saddr [|timeout 1d] }
    [add|update|delete] @learnt4 { ip saddr [|timeout 30s] : [meta mark|1|0x20|ct mark] }
    set [add|update] ip saddr [|timeout 5s] @seen4
    meter m# [|size 10] { ip saddr [|timeout 30s] [counter|limit rate 5/second|limit rate over 1 kbytes/minute burst 1 kbytes|ct count over 3|quota 500 bytes] } [|drop]
    meter m# size 4096 { ip saddr . tcp dport limit rate 5/second }
    meter m# { ip6 saddr & ffff:ffff:: limit rate 5/second }
    meter m# { iifname . ip saddr ct count 3 }
    meter m# { ip saddr and 255.255.255.0 timeout 60s limit rate over 10/second }
    flow table x { ip saddr counter }`,
  ],
  [
    'named sets and maps',
    /filter (prerouting|input|ingress)$/,
    `ip [saddr|daddr] [|!=] [@addresses4|@networks4]
    ip6 [saddr|daddr] [|!=] [@addresses6|@networks6]
    [tcp dport|udp sport|th dport|tcp sport|sctp dport|dccp sport|udplite dport] [|!=] [@ports|@portRanges]
    [meta l4proto|ip protocol|ip6 nexthdr] [|!=] @protocols
    ether [saddr|daddr] [|!=] @ethers
    [iifname|oifname|ibrname] [|!=] @names
    [meta mark|ct mark|socket mark] [|!=] @marks
    ip saddr . [tcp dport|udp dport|th dport|tcp sport] [|!=] [@services|@serviceRanges]
    ip daddr . [meta l4proto . th dport|ip protocol . udp sport|meta l4proto . tcp sport] [|!=] @flows
    ip saddr vmap @verdicts4
    [tcp|udp] [dport|sport] vmap @verdictPorts
    ip saddr . tcp dport vmap @verdictServices
    meta mark set [ip saddr map @marks4|tcp dport map @markPorts]
    ip daddr set ip saddr map @addressMap4
    ip6 daddr set ip6 daddr map @addressMap6
    [tcp|udp|th] dport set tcp dport map @portMap
    arp saddr ip @addresses4
    arp [saddr|daddr] ether @ethers
    icmp type vmap { echo-request : accept, [echo-reply|redirect] : drop }`,
  ],
  [
    'dup, fwd, tproxy, queue, synproxy, flow',
    /filter (prerouting|input|forward|ingress|egress)$/,
    `dup to [10.0.0.1|fd00::1|"d0"|ip saddr map { 10.0.0.1 : 192.0.2.1 }|ip daddr map @addressMap4] [|device "d0"|device lo]
    dup to meta mark map { 1 : "d0", 2 : "d1" }
    fwd to ["d0"|meta mark map { 1 : "d0" }|ip saddr map { 10.0.0.1 : "d0" }|lo]
    fwd [ip|ip6] to [10.0.0.1|fd00::1] device ["d0"|lo]
    [|meta l4proto tcp|meta l4proto udp|tcp dport 80|udp dport 53|ip protocol tcp|meta l4proto { tcp, udp }|th dport 5] tproxy [|ip|ip6] to [10.0.0.1|fd00::1|:8080|10.0.0.1:8080|[fd00::1]:8080] [|accept]
    tcp dport 80 tproxy to :tcp dport map { 80 : 8080 }
    tcp dport 80 tproxy ip to ip saddr map { 10.0.0.1 : 127.0.0.1 }
    queue [|num 1|num 65535|num 1-3|to 2|to 5-9] 
    queue [num 1 bypass|num 1-3 fanout|num 1-3 bypass,fanout|flags bypass to 1|flags bypass,fanout to 1-9|flags fanout to 1-3]
    queue to [numgen inc mod 4|symhash mod 4 offset 5|jhash ip saddr mod 16|oifname map { "d0" : 0, "d1" : 2 }|meta mark map { 1 : 2 }]
    queue flags bypass to [numgen inc mod 4|oifname map { "d0" : 0 }]
    synproxy [|mss 1460|wscale 7|mss 1460 wscale 7] [|timestamp|sack-perm|timestamp sack-perm]
    tcp dport 80 synproxy mss 1460 wscale 9 timestamp sack-perm
    synproxy name ["sp"|ip saddr map { 10.0.0.0/8 : "sp" }]
    reset tcp option [sack-perm|timestamp|maxseg|window|5|fastopen|mptcp|md5sig|sack]
    tcp flags syn tcp option maxseg size set [1400|rt mtu|1-2]`,
  ],
];

export function* statements({ seed, everywhere = false }: CorpusOptions): Generator<Omit<Case, 'id'>> {
  let unique = 0;
  for (const [category, where, lines] of grammar) {
    const places = families.flatMap((family) => placesOf(family).filter(({ name }) => where.test(name)));
    for (const line of lines.split('\n').flatMap(expand)) {
      if (line === '') continue;
      for (const place of everywhere ? places : chosen(places, new Random(seed, category, line)))
        yield { category, place, text: line.replaceAll('#', () => String(++unique)) };
    }
  }
}

/** One place in each of three families. */
function chosen(places: readonly Place[], random: Random): Place[] {
  const some = random.some([...new Set(places.map(({ family }) => family))], 3);
  return some.map((family) => random.pick(places.filter((place) => place.family === family)));
}
