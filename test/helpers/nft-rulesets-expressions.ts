/** More of what nft and netloom are given to make alike: operations, parts of bytes, and what headers need before them in each family. */
import type { Section } from './nft-rulesets.js';

const prerouting = 'type filter hook prerouting priority 0;';

export const expressionSections: readonly Section[] = [
  {
    name: 'operations on what was read',
    family: 'inet',
    chain: prerouting,
    rules: `
      ip dscp & 0x3c == 4
      ip dscp | 0x3c == 0x3d
      ip dscp ^ 0x3c == 5
      ip dscp & 0x0c | 0x01 == 5
      ip6 dscp & 0x3c == 4
      ip6 flowlabel & 0xff == 5
      ip6 flowlabel ^ 0xff == 5
      ip frag-off & 0x1fff != 0
      ip frag-off >> 3 == 5
      ip frag-off << 3 == 8
      ip length >> 4 != 5
      ip id << 2 { 4, 8 }
      tcp sequence ^ 5 { 4, 8 }
      tcp sequence >> 8 & 0xff == 5
      tcp doff & 3 == 1
      tcp flags & (syn | ack) == syn
      tcp flags & (fin | syn | rst | ack) == syn | ack
      tcp flags syn,ack
      tcp flags ! fin
      tcp sport != 1-5
      meta mark & 0xff00 == 0x1200
      meta mark & 0xff000000 == 0x12000000
      meta mark ^ 5 == 3
      meta length >> 2 > 5
      meta length << 2 == 8
      meta mark set meta mark << 8
      meta mark set meta mark >> 8 | 5
      meta mark set ct mark & 0xff | 0x100
      ct mark set meta mark ^ 0xffff
      meta mark set tcp sequence
      meta mark set tcp sequence & 0xff
      meta iifgroup 0x10000000/4
      meta priority & 0xffff0000 == 0x10000
      meta hour 23:00-03:00
      tcp sport 1-5 tcp dport 6
      ip version { 4, 6 }
      ip hdrlength { 5-15 }
      ip ecn { ce, ect0 }
      ip dscp { 0-7, 48-63 }
      ip dscp vmap { af11 : drop, ef : accept }
      ip dscp . tcp dport { 5 . 80, 6 . 443 }
      ip hdrlength . tcp dport { 5 . 80, 6-15 . 443-450 }
      meta mark set ip dscp map { af11 : 1, ef : 2 }
      meta l4proto . meta mark { tcp . 1-5, udp . 7 }`,
  },
  {
    name: 'parts of headers that rules write',
    family: 'inet',
    chain: prerouting,
    rules: `
      ip dscp set ef
      ip ecn set ce
      ip ecn set not-ect
      ip version set 4
      ip ttl set 5
      ip length set 100
      ip6 length set 100
      ip6 dscp set 0x3f
      ip6 flowlabel set 5
      ip6 hoplimit set 7
      tcp flags set syn
      tcp doff set 5
      tcp window set 100
      icmpv6 type 1 icmpv6 code set 3
      icmp code set 3
      @th,12,4 set 5
      @nh,8,6 set 3
      @ih,8,8 set 1
      @ih,16,16 set 1
      @ll,3,5 set 1
      vlan pcp set 3
      tcp option maxseg size set 1360
      tcp dport set meta mark map { 1 : 80, 2 : 443 }
      udp sport set meta mark map { 1 : 80 }`,
  },
  {
    name: 'protocols of one network protocol, of either network protocol',
    family: 'inet',
    chain: prerouting,
    rules: `
      igmp type membership-query
      igmp group 0xe0000001
      icmp type echo-request
      icmp id 5
      icmp mtu 1500
      icmpv6 mtu 1500
      icmpv6 max-delay 5
      icmpv6 id 5
      meta l4proto igmp
      ip protocol igmp igmp mrt 5
      ether saddr 02:00:00:00:00:01 ip saddr 10.0.0.1
      ip saddr 10.0.0.1 ether saddr 02:00:00:00:00:01
      vlan id 5
      vlan id 5 tcp dport 22
      ether type vlan vlan type 8021q vlan id 7 ip daddr 10.0.0.1
      frag id 5
      frag frag-off 100
      frag more-fragments 1
      hbh nexthdr tcp
      rt seg-left 1
      srh last-entry 1
      srh sid[1] fd00::1
      mh type binding-update
      exthdr dst exists
      exthdr frag missing
      ip option lsrr exists
      ip option rr addr 0x05060708
      tcp option sack-perm exists
      tcp option sack1 left 5
      tcp option mptcp subtype 3
      tcp option @255,8,8 5
      tcp option 200 exists
      sctp chunk init num-inbound-streams 5
      sctp chunk data exists
      ct original ip saddr . meta mark { 10.0.0.1 . 5 }
      meta nfproto ipv4 ct original protocol tcp`,
  },
  {
    name: 'dependencies of frames',
    family: 'bridge',
    chain: 'type filter hook prerouting priority 0;',
    rules: `
      igmp type membership-query
      icmp type echo-request
      icmpv6 type echo-request
      ip option lsrr type 1
      frag id 5
      exthdr hbh exists
      ip6 saddr fd00::1
      vlan id 5 frag id 7
      vlan id 5 igmp mrt 7
      ether type vlan vlan type 8021ad vlan id 7 tcp dport 80
      ether type ip ether saddr 02:00:00:00:00:01
      ether type arp arp operation reply
      vlan pcp 3 vlan dei 1
      meta protocol ip6 tcp dport 22`,
  },
  {
    name: 'dependencies of the packets of a device',
    family: 'netdev',
    chain: 'type filter hook ingress device lo priority 0;',
    // nft 1.0.6 leaves the device out of its JSON.
    input: 'text',
    rules: `
      igmp type membership-query
      icmp id 5
      icmpv6 id 5
      ip option rr exists
      frag id 5
      arp saddr ip 10.0.0.1
      ether daddr 02:00:00:00:00:01 arp operation request
      meta protocol ip tcp dport 22`,
  },
];
