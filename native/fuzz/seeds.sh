#!/bin/sh
# Fills the namespace that it runs in with something of every kind, by other people's programs: `fuzz-seeds` keeps what the kernel tells of it.
# What this kernel or these programs do not know is passed over.
quietly() { "$@" >/dev/null 2>&1; }

ip link set lo up
quietly ip link add br0 type bridge vlan_filtering 1 stp_state 1 || ip link add br0 type bridge stp_state 1 forward_delay 400
ip link add veth0 mtu 1400 type veth peer name veth1
ip link set veth0 master br0
ip link set veth1 up
ip link set veth0 up
ip link set br0 up alias 'a bridge'
for kind in \
  'dummy0 type dummy' 'ifb0 type ifb' 'vrf0 type vrf table 10' \
  'vlan5 link veth1 type vlan id 5 protocol 802.1ad gvrp on ingress-qos-map 1:2 egress-qos-map 3:4' \
  'vxlan7 type vxlan id 7 dstport 4789 local 192.0.2.1 group 239.1.1.1 dev veth1 ttl 5 nolearning' \
  'vxlan8 type vxlan id 8 dstport 4790 local 2001:db8::1 remote 2001:db8::2' \
  'macvlan0 link veth1 type macvlan mode bridge' 'tun0 type tun'; do
  # shellcheck disable=SC2086 -- words
  quietly ip link add $kind
done
quietly ip tuntap add tap0 mode tap multi_queue
quietly ip link add bond0 type bond
quietly ip link add gre0 type gre local 192.0.2.1 remote 192.0.2.2
quietly ip link set veth0 xdp off

ip address add 192.0.2.1/24 dev veth1 label veth1:a broadcast +
ip address add 198.51.100.1 peer 198.51.100.2/32 dev veth1 valid_lft 3000 preferred_lft 1000
ip address add 2001:db8::1/64 dev veth1 nodad
ip route add 203.0.113.0/24 via 192.0.2.2 metric 5 mtu 1300 src 192.0.2.1 proto 78
ip route add 203.0.114.0/24 nexthop via 192.0.2.2 weight 2 nexthop via 192.0.2.3 dev veth1 onlink
ip route add blackhole 203.0.115.0/24 table 100
ip -6 route add 2001:db8:1::/48 via 2001:db8::2 dev veth1 pref high
ip -6 route add 2001:db8:2::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3
quietly ip route add 203.0.116.0/24 via inet6 2001:db8::2 dev veth1
quietly ip nexthop add id 5 via 192.0.2.2 dev veth1
quietly ip nexthop add id 6 group 5
quietly ip route add 203.0.117.0/24 nhid 5
ip rule add from 192.0.2.0/24 to 198.51.100.0/24 iif veth1 fwmark 5/0xff lookup 100 priority 500
ip rule add sport 5-6 dport 7 ipproto tcp uidrange 1-2 prohibit
ip -6 rule add oif veth1 suppress_prefixlength 0 lookup main
ip neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev veth1 nud permanent
ip neighbour add proxy 192.0.2.8 dev veth1
ip -6 neighbour add 2001:db8::7 lladdr 02:00:00:00:00:07 dev veth1 nud stale router
quietly bridge fdb add 02:00:00:00:00:09 dev veth0 master static vlan 1
quietly bridge fdb append 00:00:00:00:00:00 dev vxlan7 dst 192.0.2.9 vni 7 port 4789

# A line each: one that is not known takes none with it.
while IFS= read -r line; do
  [ -z "$line" ] || quietly nft "$line"
done <<'RULESET'
add table inet t { comment "why"; }
add table ip n
add table ip6 n6
add table arp a
add table bridge b
add table netdev d
add counter inet t c { packets 5 bytes 6; comment "why"; }
add quota inet t q over 5 mbytes used 2 kbytes
add limit inet t l rate over 5 mbytes/minute burst 10 kbytes
add ct helper inet t ftp { type "ftp" protocol tcp; l3proto ip; }
add ct timeout inet t short { protocol tcp; l3proto ip; policy = { established: 100, close_wait: 4 }; }
add ct expectation inet t e { protocol tcp; dport 5; timeout 5s; size 3; l3proto ip; }
add synproxy inet t sp { mss 1460; wscale 7; timestamp sack-perm; }
add chain inet t input { type filter hook input priority 0; policy accept; comment "in"; }
add chain inet t pre { type filter hook prerouting priority raw; }
add chain inet t other
add chain ip n pre { type nat hook prerouting priority dstnat; }
add chain ip n post { type nat hook postrouting priority srcnat; }
add chain ip n route { type route hook output priority mangle; }
add chain ip6 n6 post { type nat hook postrouting priority srcnat; }
add chain arp a input { type filter hook input priority 0; }
add chain bridge b forward { type filter hook forward priority filter; }
add chain netdev d in { type filter hook ingress device veth1 priority 0; }
add chain netdev d many { type filter hook ingress devices = { veth0, veth1 } priority 1; }
add flowtable inet t f { hook ingress priority 0; devices = { veth0, veth1 }; counter; }
add flowtable inet t f { hook ingress priority 0; devices = { veth0, veth1 }; }
add set inet t s { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }
add set inet t i { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8, 11.0.0.1-11.0.0.9 }; }
add set inet t cc { type ipv4_addr . inet_service . ifname; flags interval; elements = { 10.0.0.0/8 . 1-5 . "eth*" }; }
add set inet t timed { type ipv6_addr; flags timeout; timeout 1h; gc-interval 5m; size 100; elements = { 2001:db8::1 timeout 5m comment "x" }; }
add set inet t state { type ipv4_addr; counter; elements = { 1.2.3.4 counter packets 5 bytes 6, 1.2.3.5 comment "y" }; }
add set inet t dyn { type ipv4_addr; flags dynamic,timeout; size 100; timeout 60s; }
add set inet t tof { typeof ip saddr . meta mark; elements = { 1.2.3.4 . 5 }; }
add map inet t m { type ipv4_addr : ipv4_addr . inet_service; elements = { 1.1.1.1 : 2.2.2.2 . 80 }; }
add map inet t v { type inet_service : verdict; flags interval; elements = { 1-5 : drop, 22 : jump other, * : accept }; }
add map inet t counters { type ipv4_addr : counter; elements = { 1.2.3.4 : "c" }; }
add map ip n addresses { type ipv4_addr : interval ipv4_addr; elements = { 1.1.1.1 : 2.2.2.2-2.2.2.9 }; }
add rule inet t input ip saddr 10.0.0.1 tcp dport { 22, 80-90 } counter accept comment "a rule"
add rule inet t input ip6 daddr 2001:db8::/32 udp sport != 53 limit rate 5/second burst 3 packets drop
add rule inet t input ct state established,related ct mark 5 ct zone 3 ct label 7 accept
add rule inet t input ct original ip saddr 1.2.3.4 ct helper "ftp" ct expiration 5s ct bytes > 100
add rule inet t input meta mark and 0xff == 0x5 meta mark set meta mark or 0x100
add rule inet t input meta skuid 0 meta cpu 1 meta length 5-9 meta time > "2020-01-01" meta hour "08:00"-"09:00" meta day 1
add rule inet t input fib saddr . iif oif missing drop
add rule inet t input fib daddr type local counter
add rule inet t input rt ip nexthop 192.0.2.1
add rule inet t input rt mtu > 100
add rule inet t input socket transparent 1 socket mark 5 socket wildcard 0
add rule inet t input osf name "Linux" osf ttl loose version "Linux:3.0"
add rule inet t input numgen inc mod 5 offset 3 < 4 jhash ip saddr . tcp dport mod 7 seed 5 offset 2 == 3 symhash mod 2 0
add rule inet t input tcp option maxseg size 5 tcp option sack exists tcp flags & (syn|ack) == syn
add rule inet t other tcp option maxseg size set 1400
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward tcp flags syn tcp option maxseg size set rt mtu
add rule inet t input exthdr frag exists
add rule inet t input ip option rr exists
add rule inet t input sctp chunk data exists sctp chunk init num-inbound-streams 3
add rule inet t input @th,16,16 80 @nh,8,8 and 3 == 1 ip dscp set cs1
add rule inet t input ip6 flowlabel 5 tcp doff 8
add rule inet t input icmp type echo-request icmp id 5
add rule inet t input icmpv6 type packet-too-big icmpv6 mtu 5
add rule inet t input log prefix "x" level warn flags all
add rule inet t input log group 5 snaplen 80 queue-threshold 3
add rule inet t input reject with tcp reset
add rule inet t input reject with icmpx type admin-prohibited
add rule inet t input queue flags bypass,fanout to 3-5
add rule inet t input queue to numgen inc mod 65536
add rule inet t input counter name "c" quota name "q" limit name "l"
add rule inet t input counter name ip saddr map @counters
add rule inet t input ct count over 5 drop
add rule inet t input quota over 5 mbytes used 3 bytes
add rule inet t input tcp flags syn synproxy mss 1460 wscale 7 timestamp sack-perm
add rule inet t input synproxy name "sp"
add rule inet t input tcp dport vmap @v
add rule inet t input iifname . ip saddr vmap { "lo" . 1.2.3.4 : drop, "eth*" . 5.6.7.0/24 : goto other }
add rule inet t input add @dyn { ip saddr timeout 30s counter limit rate 5/second } accept
add rule inet t input meter ssh size 128 { ip saddr limit rate 5/second }
add rule inet t input ip saddr @s ip saddr . tcp dport . iifname @cc
add rule inet t input ipsec in spnum 1 ip saddr 1.2.3.4 ipsec out reqid 5
add rule inet t pre notrack
add rule inet t pre ct helper set "ftp"
add rule inet t pre ct timeout set "short" ct expectation set "e"
add rule inet t pre meta l4proto tcp tproxy ip to 127.0.0.1:80 accept
add rule inet t pre ct mark set meta mark ct zone set 5 ct label set 3 ct event set new
add rule inet t pre meta nftrace set 1 meta priority set 1:2 meta pkttype broadcast
add rule inet t forward flow add @f
add rule ip n pre meta l4proto tcp dnat to 1.2.3.4-1.2.3.9:80-90 random,persistent
add rule ip n pre dnat ip prefix to ip saddr map { 1.0.0.0/8 : 2.0.0.0/8 }
add rule ip n pre meta l4proto udp redirect to :80-90 fully-random
add rule ip n post meta l4proto tcp masquerade to :100-200 random
add rule ip n post snat to ip saddr map { 1.1.1.1 : 2.2.2.2 }
add rule ip n post snat to ip saddr map @addresses
add rule ip n route meta mark set ip saddr map { 1.2.3.4 : 0x5 } ip saddr set 1.2.3.4 tcp dport set 5 ip dscp set 3
add rule ip6 n6 post meta l4proto tcp snat to [2001:db8::1]:80
add rule arp a input arp operation request arp saddr ip 1.2.3.4 arp daddr ether 02:00:00:00:00:01 drop
add rule bridge b forward ether type vlan vlan id 5 vlan pcp 3 ip saddr 1.2.3.4 drop
add rule bridge b forward meta ibrname "br0" drop
add rule netdev d in ip saddr 1.2.3.4 fwd to veth0
add rule netdev d in dup to veth0
add rule ip n route dup to 192.0.2.2 device veth1
insert rule inet t input continue
delete element inet t s { 192.0.2.2 }
RULESET
quietly iptables-nft -A INPUT -p tcp -m multiport --dports 1,2 -m comment --comment x -j ACCEPT
quietly iptables-nft -t nat -A PREROUTING -p tcp -j DNAT --to 1.2.3.4:5

quietly conntrack -I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 5 --dport 6 --state ESTABLISHED -t 500 -m 7 --status ASSURED
quietly conntrack -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 5 --dport 6 -t 500 --src-nat 3.3.3.3 -w 5
quietly conntrack -I -p udp -s 2001:db8::1 -d 2001:db8::2 --sport 5 --dport 6 -t 500 -l net
quietly conntrack -I -p icmp -s 1.1.1.1 -d 2.2.2.2 --icmp-type 8 --icmp-code 0 --icmp-id 5 -t 500
quietly conntrack -I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 7 --dport 8 --state SYN_SENT -t 500
quietly conntrack -I -p sctp -s 1.1.1.1 -d 2.2.2.2 --sport 7 --dport 8 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2 -t 500
quietly conntrack -I -p gre -s 1.1.1.1 -d 2.2.2.2 --srckey 7 --dstkey 8 --orig-zone 3 -t 500
quietly conntrack -U -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 5 --dport 6 -m 9
quietly conntrack -D -p tcp --sport 7
ip address delete 198.51.100.1 peer 198.51.100.2/32 dev veth1
ip route delete blackhole 203.0.115.0/24 table 100
exit 0
