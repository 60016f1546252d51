/** What stands in rules besides single matches, as lines that `expand` of statements.ts reads. */

/** `#` is another number each time. */
export const grammar: readonly (readonly [category: string, where: RegExp, lines: string])[] = [
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
  [
    'combined',
    /(ip|ip6|inet) filter (prerouting|input)|(bridge|netdev|arp) filter (prerouting|ingress|input)/,
    `ip saddr . ip daddr . [tcp|udp|th] dport { 10.0.0.1 . 192.0.2.1 . 80, 10.0.0.2 . 192.0.2.2 . 443 }
    ip saddr . meta l4proto . th dport { 10.0.0.0/8 . tcp . 1-1023, 192.0.2.1 . udp . 53 } [|accept]
    [iifname|oifname] . ip saddr . ether saddr [|!=] { "d0" . 10.0.0.1 . 02:00:00:00:00:01 }
    meta iifname . meta oifname . meta mark vmap { "d0" . "d1" . 1 : accept, "d1" . "d0" . 2 : drop }
    ip6 saddr . ip6 daddr . tcp dport { fd00::1 . 2001:db8::/32 . 22, ::1 . ::1 . 80-90 }
    ct state . ct mark vmap { new . 1 : accept, established . 2 : drop }
    ip saddr . ip daddr . tcp sport . tcp dport vmap { 10.0.0.1 . 10.0.0.2 . 1024-65535 . 80 : jump other }
    [ip protocol|meta l4proto|ip6 nexthdr] . [th|tcp] dport { tcp . 22, [udp|sctp] . 53 }
    icmp type [echo-request|echo-reply] icmp [id|sequence] [5|1-9|{ 1, 2 }]
    icmpv6 type [echo-request|echo-reply] icmpv6 [id|sequence] [5|1-9|{ 1, 2 }]
    icmp type { echo-request, echo-reply } icmp [id 5|sequence { 1, 2 }|code 0]
    icmp [mtu|gateway|type redirect icmp gateway|type destination-unreachable icmp mtu] [5|> 100|1-9]
    icmpv6 type [packet-too-big icmpv6 mtu|parameter-problem icmpv6 parameter-problem|mld-listener-query icmpv6 max-delay] [5|!= 5]
    tcp flags [syn / syn,ack|syn,ack / fin,syn,rst,ack|! fin,rst|!= syn / fin,syn|& fin == fin|& (fin|syn) == syn|& (fin|syn|rst) != 0|& syn != 0|syn,fin|!= syn]
    [tcp|udp] dport { [0-1023|0-65535|65535|1-2, 3-4|22, 23, 24|ssh, http, https|1024-65535, 22|443-444, 80] } [|counter]
    ip [saddr|daddr] { [10.0.0.0/25, 10.0.0.128/25|10.0.0.1, 10.0.0.2, 10.0.0.3-10.0.0.9|0.0.0.0/0|0.0.0.0-9.255.255.255|255.255.255.255|10.0.0.1-10.0.0.1, 11.0.0.0/31|192.168.0.0/24, 192.168.1.0/24, 192.168.2.0/23] }
    ip6 [saddr|daddr] { [::/0|fd00::/8, fe80::/10|::1|2001:db8::-2001:db8::ff|::-::ff, ffff::/16] }
    [iifname|oifname] [|!=] { ["d*"|"d0", "ppp*"|"d*", "lo", "e*"|"veth0", "d0"] }
    iifname vmap { "d0" : accept, "d*" : jump other }
    [iif|oif] [|!=] { lo, "d0" } [accept|drop]
    ether [saddr|daddr] 02:00:00:00:00:01 [ip saddr 10.0.0.1|ip6 saddr fd00::1|tcp dport 22|vlan id 5|arp operation request|meta protocol ip] [|accept]
    vlan id [5|{ 5, 6 }|1-9|!= 5] [vlan pcp 3|ip saddr 10.0.0.1|ip6 daddr fd00::1|udp dport 53|ether type ip|vlan type ip|arp operation request|icmp type echo-request] [|counter]
    ether type 8021ad vlan id 1 [|vlan type 8021q|ip protocol tcp|vlan type 8021q vlan id 2|vlan type 8021q vlan id 2 vlan type ip ip saddr 10.0.0.1]
    ether type [ip|ip6|arp|vlan] [ip saddr 10.0.0.1|ip6 saddr fd00::1|arp operation request|vlan id 5|tcp dport 22|meta mark 1]
    meta protocol [ip|ip6|arp|vlan] [ip saddr 10.0.0.1|ip6 saddr fd00::1|arp operation request|tcp dport 22|udp dport 53 accept]
    meta nfproto [ipv4|ipv6] [ip saddr 10.0.0.1|ip6 saddr fd00::1|tcp dport 22|icmp type echo-request|icmpv6 type echo-request|ct mark 1] [|counter]
    meta l4proto [tcp|udp|icmp|icmpv6|sctp|{ tcp, udp }|!= tcp] [tcp dport 22|th dport 53|icmp type echo-request|icmpv6 type echo-request|ip saddr 10.0.0.1|sctp dport 5|tcp flags syn]
    ip protocol [tcp|icmp|udp|esp|{ tcp, udp }] [tcp dport 22|th sport 53|icmp type echo-request|esp spi 5|udp length 5|ip saddr 10.0.0.1]
    ip6 nexthdr [tcp|ipv6-icmp|udp|esp] [tcp dport 22|th sport 53|icmpv6 type echo-request|esp spi 5|ip6 saddr fd00::1]
    ip saddr 10.0.0.1 [ip daddr 10.0.0.2|ip protocol tcp|ip ttl 5|tcp sport 5 tcp dport 6|udp sport 5 udp dport 6 udp length 7|ip dscp cs1 ip ecn ce|ip id 5 ip frag-off 0|ip version 4 ip hdrlength 5|icmp type echo-request icmp code 0] [|counter accept]
    ip6 saddr fd00::1 [ip6 daddr fd00::2|ip6 nexthdr tcp|ip6 hoplimit 5|tcp sport 5 tcp dport 6|ip6 dscp cs1|ip6 flowlabel 5|ip6 length 5|icmpv6 type echo-request icmpv6 code 0] [|counter accept]
    arp [operation request|htype 1|ptype ip|hlen 6 arp plen 4|saddr ether 02:00:00:00:00:01 arp saddr ip 10.0.0.1|saddr ip 10.0.0.1 arp daddr ip 10.0.0.2|htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply }] [|counter accept]
    tcp dport [ssh|http|22-80] tcp sport [1024-65535|> 1023] [ct state new|tcp flags syn|tcp window 5|tcp doff 5] [|limit rate 5/second] [|accept]
    tcp dport 22 jump { ip saddr 10.0.0.1 accept; drop; }
    [ct state new|tcp flags syn] [counter|log prefix "x"|limit rate 5/second] [accept|drop|jump other|add @seen4 { ip saddr }]
    counter [ip saddr 10.0.0.1|log prefix "x"|meta mark set 1|limit rate 5/second] counter [|drop]
    @nh,96,32 [10|0x0a000001] @nh,128,32 { 1, 2 }
    @th,0,16 22 @th,16,16 [80|{ 80, 81 }|> 5]
    @ll,0,48 0x020000000001 @ll,96,16 0x0800
    @nh,96,32 set [0x0a000001|10]
    @th,[16,16|0,32|104,8|24,4] set 5`,
  ],
];
