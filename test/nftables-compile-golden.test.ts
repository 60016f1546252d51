import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { compileCommands } from '../src/nftables/compile.js';
import { decompileRule } from '../src/nftables/decompile.js';
import type { Command } from '../src/nftables/json.js';
import type { ReadableSet } from '../src/nftables/reader.js';
import type { Data, Expression, Family, NatFlag, Rule, SetElement, SetFlag } from '../src/nftables/wire.js';

/**
 * What Debian's nft 1.0.6 does with a rule, as `nft --debug=netlink` prints it, and how `nft -j list` shows the rule then:
 *
 *     # family, and the rule in nft's own language
 *     ! a set that it refers to
 *     < the rule's JSON, as nft takes it
 *       sets, elements and expressions that it becomes
 *     > the JSON listed, where that differs
 */
const golden = `
# ip ip saddr 1.1.1.1 ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip ip saddr != 1.1.1.1 udp sport 50 udp dport 60
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":50}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":60}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp neq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x3c003200 ]

# ip tcp sport 5 tcp dport 6 tcp sequence 7
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":6}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sequence"}},"right":7}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x06000500 ]
  [ payload load 4b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x07000000 ]

# ip ip ttl 5 ip protocol 6 ip checksum 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"ttl"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"checksum"}},"right":5}}]
  [ payload load 4b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x05000605 ]

# ip ip saddr 1.1.1.0/24 ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"1.1.1.0","len":24}}}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ payload load 3b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip udp sport 50 udp dport != 60
< [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":50}},{"match":{"op":"!=","left":{"payload":{"protocol":"udp","field":"dport"}},"right":60}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00003200 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp neq reg 1 0x00003c00 ]

# ip tcp flags != syn
< [{"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ cmp neq reg 1 0x00000002 ]

# ip tcp flags & syn != 0
< [{"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000002 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip tcp flags & (fin|syn) != 0
< [{"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":["fin","syn"]}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000003 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip meta skuid 0
< [{"match":{"op":"==","left":{"meta":{"key":"skuid"}},"right":0}}]
  [ meta load skuid => reg 1 ]
  [ cmp eq reg 1 0x00000000 ]

# ip meta ipsec exists
< [{"match":{"op":"==","left":{"meta":{"key":"ipsec"}},"right":true}}]
  [ meta load secpath => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# ip ip saddr & 0.0.0.255 == 5
< [{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"saddr"}},"0.0.0.255"]},"right":"0.0.0.5"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xff000000 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x05000000 ]

# ip meta mark & 0xff vmap { 1 : accept }
< [{"vmap":{"key":{"&":[{"meta":{"key":"mark"}},255]},"data":{"set":[[1,{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000001  : accept 0 [end]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip log
< [{"log":null}]
  [ log ]

# ip log flags ip options
< [{"log":{"flags":"ip options"}}]
  [ log ipopt ]

# ip ip saddr != 10.1.2.0/23
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.1.2.0","len":23}}}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00feffff ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x0002010a ]

# ip ip saddr 1.1.1.1/32
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip ct l3proto ipv4
< [{"match":{"op":"==","left":{"ct":{"key":"l3proto"}},"right":"ipv4"}}]
  [ ct load l3protocol => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]

# ip ct original bytes > 5
< [{"match":{"op":">","left":{"ct":{"key":"bytes","dir":"original"}},"right":5}}]
  [ ct load bytes => reg 1 , dir original ]
  [ byteorder reg 1 = hton(reg 1, 8, 8) ]
  [ cmp gt reg 1 0x00000000 0x05000000 ]

# ip meta l4proto tcp ct original proto-dst 80
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"match":{"op":"==","left":{"ct":{"key":"proto-dst","dir":"original"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ ct load proto_dst => reg 1 , dir original ]
  [ cmp eq reg 1 0x00005000 ]

# ip tcp dport 5 ct original proto-dst 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"match":{"op":"==","left":{"ct":{"key":"proto-dst","dir":"original"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ ct load proto_dst => reg 1 , dir original ]
  [ cmp eq reg 1 0x00005000 ]

# ip ct mark set ct mark & 0xff | 0x5
< [{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"|":[{"&":[{"ct":{"key":"mark"}},255]},5]}}}]
  [ ct load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fa ) ^ 0x00000005 ]
  [ ct set mark with reg 1 ]

# ip ct zone set 5
< [{"mangle":{"key":{"ct":{"key":"zone"}},"value":5}}]
  [ immediate reg 1 0x00000005 ]
  [ ct set zone with reg 1 ]

# ip ip saddr != { 1.1.1.1 }
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp neq reg 1 0x01010101 ]

# ip tcp dport 1-5
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"range":[1,5]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp gte reg 1 0x00000100 ]
  [ cmp lte reg 1 0x00000500 ]

# ip meta l4proto . th dport { tcp . 5 }
< [{"match":{"op":"==","left":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"right":{"set":[{"concat":["tcp",5]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 00000006 00000500  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# ip ct state new
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip ct state & new == new
< [{"match":{"op":"==","left":{"&":[{"ct":{"key":"state"}},"new"]},"right":"new"}}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000008 ]

# ip ct status dnat,snat
< [{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":["snat","dnat"]}}]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000030 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip tcp dport 22 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ reject type 0 code 3 ]

# ip tcp dport 22 reject with tcp reset
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"reject":{"type":"tcp reset"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ reject type 1 code 0 ]

# ip ip saddr vmap { 1.1.1.1 : goto x, 10.0.0.0/8: return }
< [{"vmap":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":{"set":[["1.1.1.1",{"goto":{"target":"x"}}],[{"prefix":{"addr":"10.0.0.0","len":8}},{"return":null}]]}}}]
  __map%d t f size 5
  __map%d t 0
  element 00000000  : 1 [end]	element 01010101  : goto -> x 0 [end]	element 02010101  : 1 [end]	element 0000000a  : return 0 [end]	element 0000000b  : 1 [end]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip tcp dport vmap { 1-5 : drop }
< [{"vmap":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":{"set":[[{"range":[1,5]},{"drop":null}]]}}}]
  __map%d t f size 3
  __map%d t 0
  element 00000000  : 1 [end]	element 00000100  : drop 0 [end]	element 00000600  : 1 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip meta mark != 5-10
< [{"match":{"op":"!=","left":{"meta":{"key":"mark"}},"right":{"range":[5,10]}}}]
  [ meta load mark => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ range neq reg 1 0x05000000 0x0a000000 ]

# ip icmp type echo-request icmp code 3
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"code"}},"right":"port-unreachable"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000308 ]

# ip icmp sequence 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["echo-reply","echo-request"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"sequence"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000000  : 0 [end]	element 00000008  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip icmp type echo-request icmp sequence 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"sequence"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 2b @ transport header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip meta iifname . meta oifname { "a" . "b" }
< [{"match":{"op":"==","left":{"concat":[{"meta":{"key":"iifname"}},{"meta":{"key":"oifname"}}]},"right":{"set":[{"concat":["a","b"]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 00000061 00000000 00000000 00000000 00000062 00000000 00000000 00000000  : 0 [end]
  [ meta load iifname => reg 1 ]
  [ meta load oifname => reg 2 ]
  [ lookup reg 1 set __set%d ]

# ip ether saddr aa:bb:cc:dd:ee:00/40
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":{"prefix":{"addr":"aa:bb:cc:dd:ee:00","len":40}}}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 5b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x000000ee ]

# ip ip dscp { cs1, cs2 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"dscp"}},"right":{"set":["cs1","cs2"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000020  : 0 [end]	element 00000040  : 0 [end]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000 ]
  [ lookup reg 1 set __set%d ]

# ip ip version != 4
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"version"}},"right":4}}]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000040 ]

# ip tcp doff 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"doff"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000050 ]

# ip tcp window 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"window"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 14 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip ct event set new
< [{"mangle":{"key":{"ct":{"key":"event"}},"value":"new"}}]
  [ immediate reg 1 0x00000001 ]
  [ ct set event with reg 1 ]

# ip goto x
< [{"goto":{"target":"x"}}]
  [ immediate reg 0 goto -> x ]

# ip tcp dport 6 tcp sequence 7
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":6}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sequence"}},"right":7}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000600 ]
  [ payload load 4b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x07000000 ]

# ip tcp sequence 7 tcp ackseq 8
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sequence"}},"right":7}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"ackseq"}},"right":8}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x07000000 ]
  [ payload load 4b @ transport header + 8 => reg 1 ]
  [ cmp eq reg 1 0x08000000 ]

# ip ip checksum 5 ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"checksum"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 2b @ network header + 10 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip ip saddr 1.1.1.1 ip checksum 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"checksum"}},"right":5}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 2b @ network header + 10 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip udp length 5 udp checksum 6 udp dport 7
< [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"checksum"}},"right":6}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":7}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"length"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000600 ]
  [ payload load 4b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x05000700 ]

# ip meta l4proto tcp meta mark 1 tcp dport 80
< [{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip meta l4proto tcp counter tcp dport 80
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"counter":{"packets":0,"bytes":0}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ counter pkts 0 bytes 0 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip meta l4proto tcp ip saddr 1.1.1.1 tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip tcp dport 80 meta mark 1 tcp sport 80
< [{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x50005000 ]

# ip tcp dport 80 tcp flags syn tcp sport 80
< [{"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000002 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x50005000 ]

# ip ip protocol tcp tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip ip protocol tcp ip saddr 1.1.1.1 tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip tcp dport {80, 90} tcp sport 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[80,90]}}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00005000  : 0 [end]	element 00005a00  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip meta l4proto tcp meta mark set 5
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"mangle":{"key":{"meta":{"key":"mark"}},"value":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x00000005 ]
  [ meta set mark with reg 1 ]

# ip th dport 80 tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# ip ip saddr { 255.0.0.0/8, 1.0.0.0/8 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":[{"prefix":{"addr":"1.0.0.0","len":8}},{"prefix":{"addr":"255.0.0.0","len":8}}]}}}]
  __set%d t 7 size 5
  __set%d t 0
  element 00000000  : 1 [end]	element 00000001  : 0 [end]	element 00000002  : 1 [end]	element 000000ff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip ip saddr { 1.1.1.1, 1.1.1.1 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":["1.1.1.1"]}}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
> [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]

# ip @nh,96,32 0x01010101
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip @nh,4,4 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"hdrlength"}},"right":5}}]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000000f ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000005 ]

# ip meta mark & 0xff00 != 0
< [{"match":{"op":"!=","left":{"&":[{"meta":{"key":"mark"}},65280]},"right":0}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip meta mark | 5 == 7
< [{"match":{"op":"==","left":{"|":[{"meta":{"key":"mark"}},5]},"right":7}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xfffffffa ) ^ 0x00000005 ]
  [ cmp eq reg 1 0x00000007 ]

# ip meta mark set 0x5 | 0x2
< [{"mangle":{"key":{"meta":{"key":"mark"}},"value":7}}]
  [ immediate reg 1 0x00000007 ]
  [ meta set mark with reg 1 ]

# ip ct state { established, related } accept
< [{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["established","related"]}}},{"accept":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000002  : 0 [end]	element 00000004  : 0 [end]
  [ ct load state => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# ip meta l4proto { tcp, udp }
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip icmp type { echo-request, 3 } icmp code 0
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["destination-unreachable","echo-request"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"code"}},"right":"net-unreachable"}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000003  : 0 [end]	element 00000008  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 1b @ transport header + 1 => reg 1 ]
  [ cmp eq reg 1 0x00000000 ]

# ip icmp type != echo-request
< [{"match":{"op":"!=","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp neq reg 1 0x00000008 ]

# ip ip protocol { 6, 17, 200 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":{"set":["tcp","udp",200]}}}]
  __set%d t 3 size 3
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]	element 000000c8  : 0 [end]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip tcp sport 5 meta mark 1 tcp dport 6
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":6}},{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x06000500 ]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# ip ip saddr . tcp dport { 10.0.0.0/8 . 5, 1.1.1.1 . 5-6 }
< [{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"right":{"set":[{"concat":[{"prefix":{"addr":"10.0.0.0","len":8}},5]},{"concat":["1.1.1.1",{"range":[5,6]}]}]}}}]
  __set%d t 87 size 2
  __set%d t 0
  element 0000000a 00000500  - ffffff0a 00000500  : 0 [end]	element 01010101 00000500  - 01010101 00000600  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# ip ip saddr 1.1.1.1 log prefix "a" tcp dport 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"log":{"prefix":"a"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ log prefix a ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip meta l4proto tcp log tcp dport 5
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"log":null},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ log ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip ct state new,invalid counter accept
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","new"]}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000009 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

# ip tcp flags == (syn|ack)
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":18}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ cmp eq reg 1 0x00000012 ]

# ip ct status & (snat|dnat) != (snat|dnat)
< [{"match":{"op":"!=","left":{"&":[{"ct":{"key":"status"}},["snat","dnat"]]},"right":["snat","dnat"]}}]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000030 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000030 ]

# ip meta mark . ip saddr vmap { 1 . 1.1.1.1 : drop, 0x100 . 1.1.1.2 : jump x }
< [{"vmap":{"key":{"concat":[{"meta":{"key":"mark"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"data":{"set":[[{"concat":[1,"1.1.1.1"]},{"drop":null}],[{"concat":[256,"1.1.1.2"]},{"jump":{"target":"x"}}]]}}}]
  __map%d t b size 2
  __map%d t 0
  element 00000001 01010101  : drop 0 [end]	element 00000100 02010101  : jump -> x 0 [end]
  [ meta load mark => reg 1 ]
  [ payload load 4b @ network header + 12 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip ct mark set meta mark and 0xff
< [{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"&":[{"meta":{"key":"mark"}},255]}}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ ct set mark with reg 1 ]

# ip ct state established,related accept
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 accept ]

# ip ct state invalid drop
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"invalid"}},{"drop":null}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000001 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 drop ]

# ip ct original ip saddr 10.0.0.1
< [{"match":{"op":"==","left":{"ct":{"key":"ip saddr","dir":"original"}},"right":"10.0.0.1"}}]
  [ ct load src_ip => reg 1 , dir original ]
  [ cmp eq reg 1 0x0100000a ]

# ip ct zone 1
< [{"match":{"op":"==","left":{"ct":{"key":"zone"}},"right":1}}]
  [ ct load zone => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# ip iif lo accept
< [{"match":{"op":"==","left":{"meta":{"key":"iif"}},"right":"lo"}},{"accept":null}]
  [ meta load iif => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ immediate reg 0 accept ]

# ip meta l4proto udp accept
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},{"accept":null}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ immediate reg 0 accept ]

# ip ip protocol udp accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"udp"}},{"accept":null}]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ immediate reg 0 accept ]

# ip ip protocol != udp accept
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"udp"}},{"accept":null}]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp neq reg 1 0x00000011 ]
  [ immediate reg 0 accept ]

# ip th dport 80 accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":80}},{"accept":null}]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 0 accept ]

# ip @nh,8,16 0x1234
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"dscp"}},"right":4}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"ecn"}},"right":"ect0"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"length"}},"right":{"prefix":{"addr":13312,"len":8}}}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000010 ]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000003 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000034 ]

# ip iifname "qr-*" accept
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"qr-*"}},{"accept":null}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x002d7271 ]
  [ immediate reg 0 accept ]

# ip iifname {"a", "b"} accept
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":{"set":["a","b"]}}},{"accept":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000061 00000000 00000000 00000000  : 0 [end]	element 00000062 00000000 00000000 00000000  : 0 [end]
  [ meta load iifname => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# ip ip dscp cs1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"dscp"}},"right":"cs1"}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000020 ]

# ip ct state {new, invalid}
< [{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["invalid","new"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000001  : 0 [end]	element 00000008  : 0 [end]
  [ ct load state => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip meta skuid 1000
< [{"match":{"op":"==","left":{"meta":{"key":"skuid"}},"right":1000}}]
  [ meta load skuid => reg 1 ]
  [ cmp eq reg 1 0x000003e8 ]

# ip continue
< [{"continue":null}]
  [ immediate reg 0 continue ]

# ip counter packets 4 bytes 5
< [{"counter":{"packets":4,"bytes":5}}]
  [ counter pkts 4 bytes 5 ]

# ip dnat to ip daddr map @fip_dnat
! {"map":{"family":"ip","name":"fip_dnat","table":"t","type":"ipv4_addr","map":"ipv4_addr"}}
< [{"dnat":{"addr":{"map":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"data":"@fip_dnat"}}}}]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set fip_dnat dreg 1 ]
  [ nat dnat ip addr_min reg 1 ]

# ip dnat to ip daddr map @i
! {"map":{"family":"ip","name":"i","table":"t","type":"ipv4_addr","map":"ipv4_addr","flags":["interval"]}}
< [{"dnat":{"addr":{"map":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"data":"@i"}}}}]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set i dreg 1 ]
  [ nat dnat ip addr_min reg 1 ]

# ip dnat to ip daddr . tcp dport map { 1.1.1.1 . 80 : 2.2.2.2 . 90 }
< [{"dnat":{"family":"ip","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["1.1.1.1",80]},{"concat":["2.2.2.2",90]}]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101 00005000  : 02020202 00005a00 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 9 ]

# ip dnat to ip daddr map { 1.1.1.1 : 2.2.2.2, 3.3.3.3 : 4.4.4.4 }
< [{"dnat":{"addr":{"map":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"data":{"set":[["1.1.1.1","2.2.2.2"],["3.3.3.3","4.4.4.4"]]}}}}}]
  __map%d t b size 2
  __map%d t 0
  element 01010101  : 02020202 0 [end]	element 03030303  : 04040404 0 [end]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat dnat ip addr_min reg 1 ]

# ip dnat ip to 1.1.1.1
< [{"dnat":{"addr":"1.1.1.1"}}]
  [ immediate reg 1 0x01010101 ]
  [ nat dnat ip addr_min reg 1 ]

# ip dnat to 1.1.1.1-1.1.1.9
< [{"dnat":{"addr":{"range":["1.1.1.1","1.1.1.9"]}}}]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x09010101 ]
  [ nat dnat ip addr_min reg 1 addr_max reg 2 ]

# ip dnat to 10.0.0.0/24
< [{"dnat":{"addr":{"prefix":{"addr":"10.0.0.0","len":24}}}}]
  [ immediate reg 1 0x0000000a ]
  [ immediate reg 2 0xff00000a ]
  [ nat dnat ip addr_min reg 1 addr_max reg 2 ]

# ip tcp dport 5 dnat to 10.0.0.1:80-90 persistent
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"addr":"10.0.0.1","port":{"range":[80,90]},"flags":"persistent"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x0100000a ]
  [ immediate reg 2 0x00005000 ]
  [ immediate reg 3 0x00005a00 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 2 proto_max reg 3 flags 0xa ]

# ip tcp dport 5 redirect to :80-90
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"redirect":{"port":{"range":[80,90]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x00005000 ]
  [ immediate reg 2 0x00005a00 ]
  [ redir proto_min reg 1 proto_max reg 2 flags 0x2 ]

# ip tcp dport 5 redirect to :80-90 random
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"redirect":{"port":{"range":[80,90]},"flags":"random"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x00005000 ]
  [ immediate reg 2 0x00005a00 ]
  [ redir proto_min reg 1 proto_max reg 2 flags 0x6 ]

# ip redirect
< [{"redirect":null}]
  [ redir ]

# ip redirect fully-random
< [{"redirect":{"flags":"fully-random"}}]
  [ redir flags 0x10 ]

# ip meta l4proto tcp redirect to :80
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"redirect":{"port":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x00005000 ]
  [ redir proto_min reg 1 flags 0x2 ]

# ip meta l4proto {tcp,udp} redirect to :80
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"redirect":{"port":80}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 1 0x00005000 ]
  [ redir proto_min reg 1 flags 0x2 ]

# ip meta l4proto {tcp,udp} dnat to 1.1.1.1:80
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"dnat":{"addr":"1.1.1.1","port":80}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x00005000 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2 ]

# ip tcp dport 5 dnat to 1.1.1.1:tcp dport map { 5 : 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"addr":"1.1.1.1","port":{"map":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":{"set":[[5,6]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000500  : 00000600 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x01010101 ]
  [ payload load 2b @ transport header + 2 => reg 2 ]
  [ lookup reg 2 set __map%d dreg 2 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2 ]

# ip tcp dport 5 redirect to :tcp dport map { 5 : 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"redirect":{"port":{"map":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":{"set":[[5,6]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000500  : 00000600 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ redir proto_min reg 1 flags 0x2 ]

# ip dnat ip prefix to 10.0.0.0/24
< [{"dnat":{"addr":{"prefix":{"addr":"10.0.0.0","len":24}},"flags":"netmap","type_flags":"prefix"}}]
  [ immediate reg 1 0x0000000a ]
  [ immediate reg 2 0xff00000a ]
  [ nat dnat ip addr_min reg 1 addr_max reg 2 flags 0x40 ]

# ip snat to ip saddr map @fip_snat fully-random
! {"map":{"family":"ip","name":"fip_snat","table":"t","type":"ipv4_addr","map":"ipv4_addr"}}
< [{"snat":{"addr":{"map":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":"@fip_snat"}},"flags":"fully-random"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set fip_snat dreg 1 ]
  [ nat snat ip addr_min reg 1 flags 0x10 ]

# ip oifname != "qg-x" ct status ! dnat accept
< [{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"qg-x"}},{"match":{"op":"!","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]
  [ meta load oifname => reg 1 ]
  [ cmp neq reg 1 0x782d6771 0x00000000 0x00000000 0x00000000 ]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000020 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000000 ]
  [ immediate reg 0 accept ]

# ip oifname != "qg-x" ct status & dnat == 0 accept
< [{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"qg-x"}},{"match":{"op":"!","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]
  [ meta load oifname => reg 1 ]
  [ cmp neq reg 1 0x782d6771 0x00000000 0x00000000 0x00000000 ]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000020 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000000 ]
  [ immediate reg 0 accept ]

# ip oifname "qg-x" snat to 203.0.113.2 fully-random
< [{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"qg-x"}},{"snat":{"addr":"203.0.113.2","flags":"fully-random"}}]
  [ meta load oifname => reg 1 ]
  [ cmp eq reg 1 0x782d6771 0x00000000 0x00000000 0x00000000 ]
  [ immediate reg 1 0x027100cb ]
  [ nat snat ip addr_min reg 1 flags 0x10 ]

# ip meta mark & 0xffff != 0x2 ct status dnat snat to 203.0.113.2 fully-random
< [{"match":{"op":"!=","left":{"&":[{"meta":{"key":"mark"}},65535]},"right":2}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"snat":{"addr":"203.0.113.2","flags":"fully-random"}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ffff ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000002 ]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000020 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 1 0x027100cb ]
  [ nat snat ip addr_min reg 1 flags 0x10 ]

# ip masquerade
< [{"masquerade":null}]
  [ masq ]

# ip masquerade random,persistent
< [{"masquerade":{"flags":["random","persistent"]}}]
  [ masq flags 0xc ]

# ip tcp dport 2 masquerade to :100-200
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":2}},{"masquerade":{"port":{"range":[100,200]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000200 ]
  [ immediate reg 1 0x00006400 ]
  [ immediate reg 2 0x0000c800 ]
  [ masq proto_min reg 1 proto_max reg 2 flags 0x2 ]

# ip6 dnat to ip6 daddr map @fip_dnat
! {"map":{"family":"ip6","name":"fip_dnat","table":"t","type":"ipv6_addr","map":"ipv6_addr"}}
< [{"dnat":{"addr":{"map":{"key":{"payload":{"protocol":"ip6","field":"daddr"}},"data":"@fip_dnat"}}}}]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ lookup reg 1 set fip_dnat dreg 1 ]
  [ nat dnat ip6 addr_min reg 1 ]

# ip6 ip6 daddr fe80::a9fe:a9fe tcp dport 80 redirect to :9697
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":"fe80::a9fe:a9fe"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"redirect":{"port":9697}}]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x000080fe 0x00000000 0x00000000 0xfea9fea9 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x0000e125 ]
  [ redir proto_min reg 1 flags 0x2 ]

# ip6 iifname "qr-*" ip6 daddr fe80::a9fe:a9fe meta mark set 1
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"qr-*"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":"fe80::a9fe:a9fe"}},{"mangle":{"key":{"meta":{"key":"mark"}},"value":1}}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x002d7271 ]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x000080fe 0x00000000 0x00000000 0xfea9fea9 ]
  [ immediate reg 1 0x00000001 ]
  [ meta set mark with reg 1 ]

# ip6 iifname "qg-x" meta mark set meta mark & 0xffff0000 | 0x2
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"qg-x"}},{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"|":[{"&":[{"meta":{"key":"mark"}},4294901762]},2]}}}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x782d6771 0x00000000 0x00000000 0x00000000 ]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xffff0000 ) ^ 0x00000002 ]
  [ meta set mark with reg 1 ]

# ip6 dnat to ::1-::5
< [{"dnat":{"addr":{"range":["::1","::5"]}}}]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ immediate reg 2 0x00000000 0x00000000 0x00000000 0x05000000 ]
  [ nat dnat ip6 addr_min reg 1 addr_max reg 2 ]

# ip6 tcp dport 80 dnat to [::1]:80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"dnat":{"addr":"::1","port":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ immediate reg 2 0x00005000 ]
  [ nat dnat ip6 addr_min reg 1 proto_min reg 2 flags 0x2 ]

# ip6 tcp dport 80 dnat to [::1]:80-90
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"dnat":{"addr":"::1","port":{"range":[80,90]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ immediate reg 2 0x00005000 ]
  [ immediate reg 3 0x00005a00 ]
  [ nat dnat ip6 addr_min reg 1 proto_min reg 2 proto_max reg 3 flags 0x2 ]

# ip6 snat to 2001:db8::1 fully-random
< [{"snat":{"addr":"2001:db8::1","flags":"fully-random"}}]
  [ immediate reg 1 0xb80d0120 0x00000000 0x00000000 0x01000000 ]
  [ nat snat ip6 addr_min reg 1 flags 0x10 ]

# ip6 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# ip6 icmpv6 type echo-request icmpv6 code 0
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"code"}},"right":"no-route"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# ip6 ip6 saddr ::1-::5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"range":["::1","::5"]}}}]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp gte reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ cmp lte reg 1 0x00000000 0x00000000 0x00000000 0x05000000 ]

# ip6 ip6 nexthdr tcp tcp dport 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 ip6 version 6
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"version"}},"right":6}}]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000060 ]

# ip6 ip6 length 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"length"}},"right":5}}]
  [ payload load 2b @ network header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 icmpv6 code 0
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"code"}},"right":"no-route"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 1 => reg 1 ]
  [ cmp eq reg 1 0x00000000 ]

# ip6 icmpv6 id 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":{"set":["echo-request","echo-reply"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"id"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000080  : 0 [end]	element 00000081  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 icmpv6 type nd-router-advert
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"nd-router-advert"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000086 ]

# ip6 reject
< [{"reject":{"type":"icmpv6","expr":"port-unreachable"}}]
  [ reject type 0 code 4 ]

# ip6 ip6 dscp set cs1
< [{"mangle":{"key":{"payload":{"protocol":"ip6","field":"dscp"}},"value":"cs1"}}]
  [ payload load 2b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00003ff0 ) ^ 0x00000002 ]
  [ payload write reg 1 => 2b @ network header + 0 csum_type 0 csum_off 0 csum_flags 0x0 ]

# ip6 iif lo
< [{"match":{"op":"==","left":{"meta":{"key":"iif"}},"right":"lo"}}]
  [ meta load iif => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# arp iifname "qg-x" arp operation request arp daddr ip != @fip_arp drop
! {"set":{"family":"arp","name":"fip_arp","table":"t","type":"ipv4_addr"}}
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"qg-x"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}},{"match":{"op":"!=","left":{"payload":{"protocol":"arp","field":"daddr ip"}},"right":"@fip_arp"}},{"drop":null}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x782d6771 0x00000000 0x00000000 0x00000000 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000100 ]
  [ payload load 4b @ network header + 24 => reg 1 ]
  [ lookup reg 1 set fip_arp 0x1 ]
  [ immediate reg 0 drop ]

# arp arp saddr ether aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"saddr ether"}},"right":"aa:bb:cc:dd:ee:ff"}}]
  [ payload load 6b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]

# arp arp daddr ip 10.0.0.0/24
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"daddr ip"}},"right":{"prefix":{"addr":"10.0.0.0","len":24}}}}]
  [ payload load 3b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]

# arp ether saddr aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]

# arp arp ptype ip arp operation request
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"ptype"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}}]
  [ payload load 2b @ network header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000100 ]

# arp arp operation {request, reply}
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":{"set":["request","reply"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000100  : 0 [end]	element 00000200  : 0 [end]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# arp arp plen 4
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"plen"}},"right":4}}]
  [ payload load 1b @ network header + 5 => reg 1 ]
  [ cmp eq reg 1 0x00000004 ]

# arp arp saddr ip 10.0.0.1 arp saddr ether aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"saddr ether"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"saddr ip"}},"right":"10.0.0.1"}}]
  [ payload load 10b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x000affee 0x00000100 ]

# bridge meta mark set iifname map @port_tag
! {"map":{"family":"bridge","name":"port_tag","table":"t","type":"ifname","map":"mark"}}
< [{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"map":{"key":{"meta":{"key":"iifname"}},"data":"@port_tag"}}}}]
  [ meta load iifname => reg 1 ]
  [ lookup reg 1 set port_tag dreg 1 ]
  [ meta set mark with reg 1 ]

# bridge oifname . meta mark != @port_member drop
! {"set":{"family":"bridge","name":"port_member","table":"t","type":["ifname","mark"]}}
< [{"match":{"op":"!=","left":{"concat":[{"meta":{"key":"oifname"}},{"meta":{"key":"mark"}}]},"right":"@port_member"}},{"drop":null}]
  [ meta load oifname => reg 1 ]
  [ meta load mark => reg 2 ]
  [ lookup reg 1 set port_member 0x1 ]
  [ immediate reg 0 drop ]

# bridge ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge ip6 saddr ::1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# bridge tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# bridge ether saddr aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}}]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]

# bridge ether type ip
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# bridge ether type ip tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# bridge ether type ip ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge arp operation request
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000100 ]

# bridge arp daddr ip 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"daddr ip"}},"right":"1.1.1.1"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 4b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# bridge icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# bridge meta protocol ip tcp dport 80
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# bridge meta protocol ip ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge ip protocol tcp
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]

# bridge ether saddr . ip saddr { aa:bb:cc:dd:ee:ff . 1.1.1.1 }
< [{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"ether","field":"saddr"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"right":{"set":[{"concat":["aa:bb:cc:dd:ee:ff","1.1.1.1"]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element ddccbbaa 0000ffee 01010101  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ payload load 4b @ network header + 12 => reg 10 ]
  [ lookup reg 1 set __set%d ]

# bridge ether saddr aa:bb:cc:dd:ee:ff ether daddr aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"daddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}}]
  [ payload load 12b @ link header + 0 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0xbbaaffee 0xffeeddcc ]

# bridge ether saddr aa:bb:cc:dd:ee:ff ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge ether type != ip
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp neq reg 1 0x00000008 ]

# bridge ether saddr and ff:ff:ff:00:00:00 == aa:bb:cc:00:00:00
< [{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ether","field":"saddr"}},"ff:ff:ff:00:00:00"]},"right":"aa:bb:cc:00:00:00"}}]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00ffffff 0x00000000 ) ^ 0x00000000 0x00000000 ]
  [ cmp eq reg 1 0x00ccbbaa 0x00000000 ]

# bridge meta pkttype broadcast
< [{"match":{"op":"==","left":{"meta":{"key":"pkttype"}},"right":"broadcast"}}]
  [ meta load pkttype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# netdev ether type ip tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# netdev ip saddr 1.1.1.1 tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ip saddr 1.1.1.1 ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet ip saddr 1.1.1.1 meta mark 1 ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet ether type ip
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet ether type ip tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ether saddr aa:bb:cc:dd:ee:ff
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]

# inet ether saddr aa:bb:cc:dd:ee:ff ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 8b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0008ffee ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet meta protocol ip tcp dport 50
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":50}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003200 ]

# inet meta protocol ip ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet meta protocol {ip, ip6} tcp dport 80
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":{"set":["ip","ip6"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000008  : 0 [end]	element 0000dd86  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ip version 4
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"version"}},"right":4}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000040 ]

# inet meta l4proto icmp ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"icmp"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet ip protocol icmp icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"icmp"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet ip6 saddr ::1 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# inet ip saddr 1.1.1.1 icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet udp dport 50 ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":50}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003200 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet ip saddr {1.1.1.1} ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet ip protocol {tcp,udp} th dport 53
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":{"set":["tcp","udp"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":53}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# inet meta l4proto {tcp,udp} th dport 53
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":53}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# inet meta l4proto != tcp
< [{"match":{"op":"!=","left":{"meta":{"key":"l4proto"}},"right":"tcp"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp neq reg 1 0x00000006 ]

# inet meta nfproto ipv4 tcp dport 53
< [{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":53}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# inet meta nfproto ipv4
< [{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]

# inet meta nfproto ipv4 meta mark 1
< [{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}},{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# inet meta l4proto tcp meta mark 1
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]

# inet meta l4proto udp
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]

# inet tcp dport 80 tcp sport 90
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":90}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x50005a00 ]

# inet tcp dport 80 counter tcp sport 90
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"counter":{"packets":0,"bytes":0}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":90}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ counter pkts 0 bytes 0 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x50005a00 ]

# inet ip saddr 1.1.1.1 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# inet icmp type echo-request icmp id 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"id"}},"right":5}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 2b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# inet icmp id 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["echo-reply","echo-request"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"id"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000000  : 0 [end]	element 00000008  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# inet ip6 nexthdr tcp tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"nexthdr"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 1b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ct original ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"ct":{"key":"ip saddr","dir":"original"}},"right":"1.1.1.1"}}]
  [ ct load src_ip => reg 1 , dir original ]
  [ cmp eq reg 1 0x01010101 ]

# inet reject with icmpv6 no-route
< [{"reject":{"type":"icmpv6","expr":"no-route"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ reject type 0 code 0 ]

# inet reject with tcp reset
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"reject":{"type":"tcp reset"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ reject type 1 code 0 ]

# inet ip saddr 1.1.1.1 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ reject type 0 code 3 ]

# inet ip6 saddr ::1 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}},{"reject":{"type":"icmpv6","expr":"port-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ reject type 0 code 4 ]

# inet tcp dport 80 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"reject":{"type":"icmpx","expr":"port-unreachable"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ reject type 2 code 1 ]

# inet ip saddr 1.1.1.1 reject with icmp port-unreachable
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ reject type 0 code 3 ]

# inet ip saddr 1.1.1.1 reject with icmpx port-unreachable
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"reject":{"type":"icmpx","expr":"port-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ reject type 2 code 1 ]

# inet th dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":80}}]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ip daddr 1.1.1.1 tcp dport 80 meta mark set 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"mangle":{"key":{"meta":{"key":"mark"}},"value":5}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x00000005 ]
  [ meta set mark with reg 1 ]

# inet ip protocol tcp tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet meta protocol ip icmp type echo-request
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet meta nfproto ipv4 icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet ip saddr 1.1.1.1 tcp dport 5 counter
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"counter":{"packets":0,"bytes":0}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ counter pkts 0 bytes 0 ]

# inet ip saddr 1.1.1.1 counter ip daddr 1.1.1.2
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"counter":{"packets":0,"bytes":0}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.2"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ counter pkts 0 bytes 0 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x02010101 ]

# inet meta nfproto ipv4 counter ip daddr 1.1.1.2
< [{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}},{"counter":{"packets":0,"bytes":0}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.2"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ counter pkts 0 bytes 0 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x02010101 ]

# inet meta nfproto { ipv4, ipv6 } tcp dport 5
< [{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":{"set":["ipv4","ipv6"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000002  : 0 [end]	element 0000000a  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# inet ip saddr vmap { 1.1.1.1 : drop }
< [{"vmap":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":{"set":[["1.1.1.1",{"drop":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101  : drop 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# inet ct original ip saddr . tcp dport { 1.1.1.1 . 5 }
< [{"match":{"op":"==","left":{"concat":[{"ct":{"key":"ip saddr","dir":"original"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"right":{"set":[{"concat":["1.1.1.1",5]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 01010101 00000500  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ ct load src_ip => reg 1 , dir original ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# inet ip saddr 1.1.1.1 meta nfproto ipv4
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]

# inet ip6 saddr ::1 meta l4proto icmpv6 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# inet meta nfproto ipv4 meta l4proto icmp icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet meta l4proto ipv6-icmp meta nfproto ipv6
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"ipv6-icmp"}},{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv6"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]

# inet dnat ip6 to ip6 daddr map @m6
! {"map":{"family":"inet","name":"m6","table":"t","type":"ipv6_addr","map":"ipv6_addr"}}
< [{"dnat":{"family":"ip6","addr":{"map":{"key":{"payload":{"protocol":"ip6","field":"daddr"}},"data":"@m6"}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ lookup reg 1 set m6 dreg 1 ]
  [ nat dnat ip6 addr_min reg 1 ]

# inet dnat ip to 1.1.1.1
< [{"dnat":{"family":"ip","addr":"1.1.1.1"}}]
  [ immediate reg 1 0x01010101 ]
  [ nat dnat ip addr_min reg 1 ]

# inet dnat ip6 to ::1
< [{"dnat":{"family":"ip6","addr":"::1"}}]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ nat dnat ip6 addr_min reg 1 ]

# inet ip daddr 1.1.1.1 dnat to 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}},{"dnat":{"family":"ip","addr":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ immediate reg 1 0x01010101 ]
  [ nat dnat ip addr_min reg 1 ]

# inet ip daddr 1.1.1.1 dnat ip to 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}},{"dnat":{"family":"ip","addr":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ immediate reg 1 0x01010101 ]
  [ nat dnat ip addr_min reg 1 ]

# inet ip daddr 1.1.1.1 tcp dport 80 redirect to :80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"redirect":{"port":80}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x00005000 ]
  [ redir proto_min reg 1 flags 0x2 ]

# inet tcp dport 80 dnat ip to 1.1.1.1:80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"dnat":{"family":"ip","addr":"1.1.1.1","port":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x00005000 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2 ]

# ip iifname . ip saddr {"ab" . 1.1.1.1, "ba" . 1.1.1.1}
< [{"match":{"op":"==","left":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"right":{"set":[{"concat":["ba","1.1.1.1"]},{"concat":["ab","1.1.1.1"]}]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00006162 00000000 00000000 00000000 01010101  : 0 [end]	element 00006261 00000000 00000000 00000000 01010101  : 0 [end]
  [ meta load iifname => reg 1 ]
  [ payload load 4b @ network header + 12 => reg 2 ]
  [ lookup reg 1 set __set%d ]

# ip meta iifgroup 5
< [{"match":{"op":"==","left":{"meta":{"key":"iifgroup"}},"right":5}}]
  [ meta load iifgroup => reg 1 ]
  [ cmp eq reg 1 0x00000005 ]

# ip meta day "Friday"
< [{"match":{"op":"==","left":{"meta":{"key":"day"}},"right":"Friday"}}]
  [ meta load day => reg 1 ]
  [ cmp eq reg 1 0x00000005 ]

# ip iif { lo, 5 }
< [{"match":{"op":"==","left":{"meta":{"key":"iif"}},"right":{"set":["lo","5"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000001  : 0 [end]	element 00000005  : 0 [end]
  [ meta load iif => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip ct reply packets > 5
< [{"match":{"op":">","left":{"ct":{"key":"packets","dir":"reply"}},"right":5}}]
  [ ct load packets => reg 1 , dir reply ]
  [ byteorder reg 1 = hton(reg 1, 8, 8) ]
  [ cmp gt reg 1 0x00000000 0x05000000 ]

# ip ct expiration { 5s, 10s }
< [{"match":{"op":"==","left":{"ct":{"key":"expiration"}},"right":{"set":[5,10]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00001388  : 0 [end]	element 00002710  : 0 [end]
  [ ct load expiration => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip meta skuid 1000-2000
< [{"match":{"op":"==","left":{"meta":{"key":"skuid"}},"right":{"range":[1000,2000]}}}]
  [ meta load skuid => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ cmp gte reg 1 0xe8030000 ]
  [ cmp lte reg 1 0xd0070000 ]

# ip meta protocol != ip
< [{"match":{"op":"!=","left":{"meta":{"key":"protocol"}},"right":"ip"}}]
  [ meta load protocol => reg 1 ]
  [ cmp neq reg 1 0x00000008 ]

# ip ip ttl 1-5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"ttl"}},"right":{"range":[1,5]}}}]
  [ payload load 1b @ network header + 8 => reg 1 ]
  [ cmp gte reg 1 0x00000001 ]
  [ cmp lte reg 1 0x00000005 ]

# ip ip hdrlength > 5
< [{"match":{"op":">","left":{"payload":{"protocol":"ip","field":"hdrlength"}},"right":5}}]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000000f ) ^ 0x00000000 ]
  [ cmp gt reg 1 0x00000005 ]

# ip ip length & 0xff00 == 0x100
< [{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"length"}},65280]},"right":256}}]
  [ payload load 2b @ network header + 2 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000001 ]

# ip tcp doff { 5, 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"doff"}},"right":{"set":[5,6]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000050  : 0 [end]	element 00000060  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ lookup reg 1 set __set%d ]

# ip tcp window > 1000
< [{"match":{"op":">","left":{"payload":{"protocol":"tcp","field":"window"}},"right":1000}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 14 => reg 1 ]
  [ cmp gt reg 1 0x0000e803 ]

# ip udp length > 100
< [{"match":{"op":">","left":{"payload":{"protocol":"udp","field":"length"}},"right":100}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 4 => reg 1 ]
  [ cmp gt reg 1 0x00006400 ]

# ip icmp checksum 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"checksum"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip ip protocol != { tcp, udp }
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":{"set":["tcp","udp"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ lookup reg 1 set __set%d 0x1 ]

# ip ct state . ip saddr { new . 1.1.1.1 }
< [{"match":{"op":"==","left":{"concat":[{"ct":{"key":"state"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"right":{"set":[{"concat":["new","1.1.1.1"]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 00000008 01010101  : 0 [end]
  [ ct load state => reg 1 ]
  [ payload load 4b @ network header + 12 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# ip ct status seen-reply,assured
< [{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":["seen-reply","assured"]}}]
  [ ct load status => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]

# ip ct state new,untracked,invalid drop
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","new","untracked"]}},{"drop":null}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000049 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 drop ]

# ip ct mark { 1, 2, 3-5 }
< [{"match":{"op":"==","left":{"ct":{"key":"mark"}},"right":{"set":[{"range":[1,5]}]}}}]
  [ ct load mark => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ cmp gte reg 1 0x01000000 ]
  [ cmp lte reg 1 0x05000000 ]
> [{"match":{"op":"==","left":{"ct":{"key":"mark"}},"right":{"range":[1,5]}}}]

# ip meta mark and 0xff { 1, 2 }
< [{"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"}},255]},"right":{"set":[1,2]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000001  : 0 [end]	element 00000002  : 0 [end]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ lookup reg 1 set __set%d ]

# ip meta mark or 0x1 != 5
< [{"match":{"op":"!=","left":{"|":[{"meta":{"key":"mark"}},1]},"right":5}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xfffffffe ) ^ 0x00000001 ]
  [ cmp neq reg 1 0x00000005 ]

# ip ct mark set ct mark and 0xff or 0x100
< [{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"|":[{"&":[{"ct":{"key":"mark"}},511]},256]}}}]
  [ ct load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000100 ]
  [ ct set mark with reg 1 ]

# ip ct mark set ip saddr . tcp dport map { 1.1.1.1 . 5 : 5 }
< [{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["1.1.1.1",5]},5]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101 00000500  : 00000005 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ ct set mark with reg 1 ]

# ip ip saddr set 1.1.1.1
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"value":"1.1.1.1"}}]
  [ immediate reg 1 0x01010101 ]
  [ payload write reg 1 => 4b @ network header + 12 csum_type 1 csum_off 10 csum_flags 0x1 ]

# ip ip ecn set ce
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"ecn"}},"value":"ce"}}]
  [ payload load 2b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000fcff ) ^ 0x00000300 ]
  [ payload write reg 1 => 2b @ network header + 0 csum_type 1 csum_off 10 csum_flags 0x0 ]

# ip ip frag-off set 5
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"frag-off"}},"value":5}}]
  [ immediate reg 1 0x00000500 ]
  [ payload write reg 1 => 2b @ network header + 6 csum_type 1 csum_off 10 csum_flags 0x0 ]

# ip tcp sequence set 5
< [{"mangle":{"key":{"payload":{"protocol":"tcp","field":"sequence"}},"value":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x05000000 ]
  [ payload write reg 1 => 4b @ transport header + 4 csum_type 1 csum_off 16 csum_flags 0x0 ]

# ip icmp code set 5
< [{"mangle":{"key":{"payload":{"protocol":"th","field":"sport"}},"value":{"|":[{"&":[{"payload":{"protocol":"th","field":"sport"}},65285]},5]}}}]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000500 ]
  [ payload write reg 1 => 2b @ transport header + 0 csum_type 0 csum_off 0 csum_flags 0x0 ]

# ip log level audit
< [{"log":{"level":"audit"}}]
  [ log level 8 ]

# ip counter packets 0 bytes 0 drop
< [{"counter":{"packets":0,"bytes":0}},{"drop":null}]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 drop ]

# ip ip saddr 1.1.1.1 ip daddr 2.2.2.2 tcp sport 5 tcp dport 6 counter accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"2.2.2.2"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":6}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x02020202 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x06000500 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

# ip meta l4proto 200
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":200}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x000000c8 ]

# ip ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"set":[{"prefix":{"addr":"10.0.0.0","len":8}},{"prefix":{"addr":"172.16.0.0","len":12}},{"prefix":{"addr":"192.168.0.0","len":16}}]}}},{"accept":null}]
  __set%d t 7 size 7
  __set%d t 0
  element 00000000  : 1 [end]	element 0000000a  : 0 [end]	element 0000000b  : 1 [end]	element 000010ac  : 0 [end]	element 000020ac  : 1 [end]	element 0000a8c0  : 0 [end]	element 0000a9c0  : 1 [end]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# ip ip daddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"set":[{"prefix":{"addr":"10.0.0.0","len":8}},{"prefix":{"addr":"172.16.0.0","len":12}},{"prefix":{"addr":"192.168.0.0","len":16}}]}}},{"accept":null}]
  __set%d t 7 size 7
  __set%d t 0
  element 00000000  : 1 [end]	element 0000000a  : 0 [end]	element 0000000b  : 1 [end]	element 000010ac  : 0 [end]	element 000020ac  : 1 [end]	element 0000a8c0  : 0 [end]	element 0000a9c0  : 1 [end]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __set%d 0x1 ]
  [ immediate reg 0 accept ]

# ip ip saddr & 255.255.255.0 . tcp dport vmap { 10.0.0.0 . 5 : accept }
< [{"vmap":{"key":{"concat":[{"&":[{"payload":{"protocol":"ip","field":"saddr"}},"255.255.255.0"]},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["10.0.0.0",5]},{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 0000000a 00000500  : accept 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00ffffff ) ^ 0x00000000 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip @nh,8,8 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"dscp"}},"right":"lephb"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"ecn"}},"right":"ect1"}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000004 ]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000003 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000001 ]

# ip @nh,128,32 0x01010101
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# ip @th,16,16 1-5
< [{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":{"range":[1,5]}}}]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp gte reg 1 0x00000100 ]
  [ cmp lte reg 1 0x00000500 ]

# ip th sport . th dport { 5 . 6, 7 . 8 }
< [{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"th","field":"sport"}},{"payload":{"protocol":"th","field":"dport"}}]},"right":{"set":[{"concat":[5,6]},{"concat":[7,8]}]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000500 00000600  : 0 [end]	element 00000700 00000800  : 0 [end]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# ip ip saddr 1.1.1.1 goto x
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"goto":{"target":"x"}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ immediate reg 0 goto -> x ]

# ip iifname "a*" oifname != "b*" accept
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"a*"}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"b*"}},{"accept":null}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x00000061 ]
  [ meta load oifname => reg 1 ]
  [ cmp neq reg 1 0x00000062 ]
  [ immediate reg 0 accept ]

# ip tcp dport 22 ct state new log prefix "ssh: " accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"log":{"prefix":"ssh: "}},{"accept":null}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ log prefix ssh:  ]
  [ immediate reg 0 accept ]

# ip tcp dport { 22, 80, 443, 8000-8100 } ct state new accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80,443,{"range":[8000,8100]}]}}},{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"accept":null}]
  __set%d t 7 size 9
  __set%d t 0
  element 00000000  : 1 [end]	element 00001600  : 0 [end]	element 00001700  : 1 [end]	element 00005000  : 0 [end]	element 00005100  : 1 [end]	element 0000bb01  : 0 [end]	element 0000bc01  : 1 [end]	element 0000401f  : 0 [end]	element 0000a51f  : 1 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 accept ]

# ip ip saddr 10.0.0.0/31
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":31}}}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xfeffffff ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x0000000a ]

# ip ip saddr 0.0.0.0-10.0.0.0
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"range":["0.0.0.0","10.0.0.0"]}}}]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp gte reg 1 0x00000000 ]
  [ cmp lte reg 1 0x0000000a ]

# ip meta mark { 0-100, 4294967295 }
< [{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":{"set":[{"range":[0,100]},4294967295]}}}]
  __set%d t 7 size 4
  __set%d t 0
  element 00000000  : 0 [end]	element 65000000  : 1 [end]	element ffffffff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ meta load mark => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ lookup reg 1 set __set%d ]

# ip tcp dport { 0-1023, 65535 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[{"range":[0,1023]},65535]}}}]
  __set%d t 7 size 4
  __set%d t 0
  element 00000000  : 0 [end]	element 00000004  : 1 [end]	element 0000ffff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# ip ether saddr vmap { aa:bb:cc:dd:ee:ff : accept }
< [{"vmap":{"key":{"payload":{"protocol":"ether","field":"saddr"}},"data":{"set":[["aa:bb:cc:dd:ee:ff",{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element ddccbbaa 0000ffee  : accept 0 [end]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip ip saddr . ether saddr vmap { 1.1.1.1 . aa:bb:cc:dd:ee:ff : accept }
< [{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"ether","field":"saddr"}}]},"data":{"set":[[{"concat":["1.1.1.1","aa:bb:cc:dd:ee:ff"]},{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101 ddccbbaa 0000ffee  : accept 0 [end]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ payload load 6b @ link header + 6 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# ip6 ip6 saddr ::1.2.3.4
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1.2.3.4"}}]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x04030201 ]

# ip6 ip6 saddr != fe80::/64
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"prefix":{"addr":"fe80::","len":64}}}}]
  [ payload load 8b @ network header + 8 => reg 1 ]
  [ cmp neq reg 1 0x000080fe 0x00000000 ]

# ip6 ip6 ecn set ce
< [{"mangle":{"key":{"payload":{"protocol":"ip6","field":"ecn"}},"value":"ce"}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000cf ) ^ 0x00000030 ]
  [ payload write reg 1 => 1b @ network header + 1 csum_type 0 csum_off 0 csum_flags 0x0 ]

# ip6 ip6 length > 5
< [{"match":{"op":">","left":{"payload":{"protocol":"ip6","field":"length"}},"right":5}}]
  [ payload load 2b @ network header + 4 => reg 1 ]
  [ cmp gt reg 1 0x00000500 ]

# ip6 ip6 nexthdr { tcp, udp } th dport 53
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"nexthdr"}},"right":{"set":["tcp","udp"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":53}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ payload load 1b @ network header + 6 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# ip6 icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":{"set":["nd-router-advert","nd-neighbor-solicit"]}}},{"accept":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000086  : 0 [end]	element 00000087  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# ip6 icmpv6 type mld-listener-query icmpv6 max-delay 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"max-delay"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000082 ]
  [ payload load 2b @ transport header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 icmpv6 sequence 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":{"set":["echo-request","echo-reply"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"sequence"}},"right":5}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000080  : 0 [end]	element 00000081  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ payload load 2b @ transport header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 icmpv6 checksum 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"checksum"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]

# ip6 ip6 daddr set ::1
< [{"mangle":{"key":{"payload":{"protocol":"ip6","field":"daddr"}},"value":"::1"}}]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ payload write reg 1 => 16b @ network header + 24 csum_type 0 csum_off 0 csum_flags 0x1 ]

# ip6 ct original ip6 daddr ::1
< [{"match":{"op":"==","left":{"ct":{"key":"ip6 daddr","dir":"original"}},"right":"::1"}}]
  [ ct load dst_ip6 => reg 1 , dir original ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# ip6 tcp dport 5 reject with tcp reset
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"reject":{"type":"tcp reset"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ reject type 1 code 0 ]

# ip6 ip6 saddr { 2001:db8::-2001:db8::ffff, 2001:db9::/32, 2001:dba::1-2001:dba::5 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"set":[{"prefix":{"addr":"2001:db8::","len":112}},{"prefix":{"addr":"2001:db9::","len":32}},{"range":["2001:dba::1","2001:dba::5"]}]}}}]
  __set%d t 7 size 7
  __set%d t 0
  element 00000000 00000000 00000000 00000000  : 1 [end]	element b80d0120 00000000 00000000 00000000  : 0 [end]	element b80d0120 00000000 00000000 00000100  : 1 [end]	element b90d0120 00000000 00000000 00000000  : 0 [end]	element ba0d0120 00000000 00000000 00000000  : 1 [end]	element ba0d0120 00000000 00000000 01000000  : 0 [end]	element ba0d0120 00000000 00000000 06000000  : 1 [end]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# bridge ether type { ip, ip6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":{"set":["ip","ip6"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000008  : 0 [end]	element 0000dd86  : 0 [end]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# bridge ether saddr aa:bb:cc:dd:ee:ff ether type ip
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}}]
  [ payload load 8b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0008ffee ]

# bridge ether type ip6 ip6 saddr ::1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# bridge ether type arp arp operation request
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000100 ]

# bridge ether daddr ff:ff:ff:ff:ff:ff arp operation request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"daddr"}},"right":"ff:ff:ff:ff:ff:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}}]
  [ payload load 6b @ link header + 0 => reg 1 ]
  [ cmp eq reg 1 0xffffffff 0x0000ffff ]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000100 ]

# bridge meta protocol arp arp operation reply
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"reply"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 2b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000200 ]

# bridge meta protocol { ip, ip6 } meta l4proto tcp
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":{"set":["ip","ip6"]}}},{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000008  : 0 [end]	element 0000dd86  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]

# bridge ip saddr 1.1.1.1 ip protocol tcp tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# bridge ip protocol tcp tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# bridge icmp type echo-request ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge ip saddr 1.1.1.1 icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# bridge ether saddr 11:22:33:44:55:66 icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"11:22:33:44:55:66"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ payload load 8b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0x44332211 0x00086655 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# bridge iifname "a" oifname { "b", "c" } drop
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"a"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":{"set":["b","c"]}}},{"drop":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000062 00000000 00000000 00000000  : 0 [end]	element 00000063 00000000 00000000 00000000  : 0 [end]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x00000061 0x00000000 0x00000000 0x00000000 ]
  [ meta load oifname => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 drop ]

# bridge iifname . ether saddr vmap { "a" . aa:bb:cc:dd:ee:ff : accept }
< [{"vmap":{"key":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"ether","field":"saddr"}}]},"data":{"set":[[{"concat":["a","aa:bb:cc:dd:ee:ff"]},{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000061 00000000 00000000 00000000 ddccbbaa 0000ffee  : accept 0 [end]
  [ meta load iifname => reg 1 ]
  [ payload load 6b @ link header + 6 => reg 2 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# bridge iifname . ether saddr . ip saddr vmap { "a" . aa:bb:cc:dd:ee:ff . 1.1.1.1 : accept }
< [{"vmap":{"key":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"ether","field":"saddr"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"data":{"set":[[{"concat":["a","aa:bb:cc:dd:ee:ff","1.1.1.1"]},{"accept":null}]]}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000061 00000000 00000000 00000000 ddccbbaa 0000ffee 01010101  : accept 0 [end]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load iifname => reg 1 ]
  [ payload load 6b @ link header + 6 => reg 2 ]
  [ payload load 4b @ network header + 12 => reg 14 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# bridge meta mark set oifname . ether daddr map { "a" . aa:bb:cc:dd:ee:ff : 5 }
< [{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"map":{"key":{"concat":[{"meta":{"key":"oifname"}},{"payload":{"protocol":"ether","field":"daddr"}}]},"data":{"set":[[{"concat":["a","aa:bb:cc:dd:ee:ff"]},5]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000061 00000000 00000000 00000000 ddccbbaa 0000ffee  : 00000005 0 [end]
  [ meta load oifname => reg 1 ]
  [ payload load 6b @ link header + 0 => reg 2 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ meta set mark with reg 1 ]

# bridge ip daddr 224.0.0.0/4 drop
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"224.0.0.0","len":4}}}},{"drop":null}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x000000e0 ]
  [ immediate reg 0 drop ]

# bridge ip6 daddr ff00::/8 meta mark 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":{"prefix":{"addr":"ff00::","len":8}}}},{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":5}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ payload load 1b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x000000ff ]
  [ meta load mark => reg 1 ]
  [ cmp eq reg 1 0x00000005 ]

# bridge tcp dport 80 ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# bridge tcp dport 80 ether type ip
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# bridge ether saddr set aa:bb:cc:dd:ee:ff
< [{"mangle":{"key":{"payload":{"protocol":"ether","field":"saddr"}},"value":"aa:bb:cc:dd:ee:ff"}}]
  [ immediate reg 1 0xddccbbaa 0x0000ffee ]
  [ payload write reg 1 => 6b @ link header + 6 csum_type 0 csum_off 0 csum_flags 0x0 ]

# bridge arp saddr ip 1.1.1.1 arp saddr ether aa:bb:cc:dd:ee:ff accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"saddr ether"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"saddr ip"}},"right":"1.1.1.1"}},{"accept":null}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 10b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0101ffee 0x00000101 ]
  [ immediate reg 0 accept ]

# bridge arp daddr ip . arp saddr ether { 1.1.1.1 . aa:bb:cc:dd:ee:ff }
< [{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"arp","field":"daddr ip"}},{"payload":{"protocol":"arp","field":"saddr ether"}}]},"right":{"set":[{"concat":["1.1.1.1","aa:bb:cc:dd:ee:ff"]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 01010101 ddccbbaa 0000ffee  : 0 [end]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 4b @ network header + 24 => reg 1 ]
  [ payload load 6b @ network header + 8 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# bridge arp htype 1 arp ptype ip arp hlen 6 arp plen 4
< [{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"htype"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"ptype"}},"right":"ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"hlen"}},"right":6}},{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"plen"}},"right":4}}]
  [ payload load 2b @ link header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00000608 ]
  [ payload load 4b @ network header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00080100 ]
  [ payload load 2b @ network header + 4 => reg 1 ]
  [ cmp eq reg 1 0x00000406 ]

# inet meta nfproto ipv4 udp dport 5 ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet meta protocol ip6 ip6 saddr ::1
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":"ip6"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# inet ip protocol udp ip saddr 1.1.1.1 udp dport 53
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"udp"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# inet ip6 nexthdr udp udp dport 53
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"nexthdr"}},"right":"udp"}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 1b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# inet ip6 nexthdr icmpv6 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"nexthdr"}},"right":"ipv6-icmp"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 1b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# inet ip protocol icmp ip saddr 1.1.1.1 icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"icmp"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet icmp type echo-request ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet icmpv6 type echo-request ip6 saddr ::1
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# inet meta l4proto { icmp, ipv6-icmp } accept
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["icmp","ipv6-icmp"]}}},{"accept":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000001  : 0 [end]	element 0000003a  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# inet meta l4proto . th dport { tcp . 80, udp . 53 }
< [{"match":{"op":"==","left":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"right":{"set":[{"concat":["udp",53]},{"concat":["tcp",80]}]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000011 00003500  : 0 [end]	element 00000006 00005000  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# inet tcp dport 80 ip saddr 1.1.1.1 counter ip daddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"counter":{"packets":0,"bytes":0}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ counter pkts 0 bytes 0 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet tcp dport 80 ip saddr 1.1.1.1 tcp sport 5
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x50000500 ]

# inet ip saddr 1.1.1.1 tcp dport 80 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ reject type 0 code 3 ]

# inet ip saddr 1.1.1.1 tcp dport 80 reject with tcp reset
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"reject":{"type":"tcp reset"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ reject type 1 code 0 ]

# inet ip6 saddr ::1 reject with icmpv6 admin-prohibited
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}},{"reject":{"type":"icmpv6","expr":"admin-prohibited"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ reject type 0 code 1 ]

# inet ip6 saddr ::1 reject with icmpx no-route
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}},{"reject":{"type":"icmpx","expr":"no-route"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ reject type 2 code 0 ]

# inet ether saddr aa:bb:cc:dd:ee:ff tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# inet ether saddr aa:bb:cc:dd:ee:ff ip6 saddr ::1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 8b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0xdd86ffee ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# inet ether saddr aa:bb:cc:dd:ee:ff icmp type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 8b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0008ffee ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]

# inet ether type ip6 icmpv6 type echo-request
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]

# inet ct original ip saddr 1.1.1.1 ip saddr 1.1.1.1
< [{"match":{"op":"==","left":{"ct":{"key":"ip saddr","dir":"original"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ ct load src_ip => reg 1 , dir original ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# inet meta l4proto tcp ct original proto-dst 5
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"match":{"op":"==","left":{"ct":{"key":"proto-dst","dir":"original"}},"right":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ ct load proto_dst => reg 1 , dir original ]
  [ cmp eq reg 1 0x00000500 ]

# inet ip saddr 1.1.1.1 ct original saddr 1.1.1.1
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"ct":{"key":"saddr","dir":"original"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ ct load src => reg 1 , dir original ]
  [ cmp eq reg 1 0x01010101 ]

# inet iifname "a" ip saddr 1.1.1.1 ip daddr 1.1.1.0/24 tcp dport { 80, 443 } ct state new counter accept
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"a"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"1.1.1.0","len":24}}}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[80,443]}}},{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]
  __set%d t 3 size 2
  __set%d t 0
  element 00005000  : 0 [end]	element 0000bb01  : 0 [end]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x00000061 0x00000000 0x00000000 0x00000000 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 3b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x00010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

# inet ip ttl set 5 ip saddr 1.1.1.1
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"ttl"}},"value":5}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 2b @ network header + 8 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000005 ]
  [ payload write reg 1 => 2b @ network header + 8 csum_type 1 csum_off 10 csum_flags 0x0 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# netdev ip6 nexthdr udp udp dport 53
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"nexthdr"}},"right":"udp"}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ payload load 1b @ network header + 6 => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]

# netdev icmpv6 type echo-request ip6 saddr ::1
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"::1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x0000dd86 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x0000003a ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x00000080 ]
  [ payload load 16b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]

# netdev ip saddr 1.1.1.1 tcp dport 80 reject
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ reject type 0 code 3 ]

# netdev ether saddr aa:bb:cc:dd:ee:ff tcp dport 80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"aa:bb:cc:dd:ee:ff"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0xddccbbaa 0x0000ffee ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]

# netdev ip ttl set 5 ip saddr 1.1.1.1
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"ttl"}},"value":5}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 2b @ network header + 8 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000005 ]
  [ payload write reg 1 => 2b @ network header + 8 csum_type 1 csum_off 10 csum_flags 0x0 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]

# netdev meta iifgroup 5
< [{"match":{"op":"==","left":{"meta":{"key":"iifgroup"}},"right":5}}]
  [ meta load iifgroup => reg 1 ]
  [ cmp eq reg 1 0x00000005 ]

# netdev meta protocol { ip, arp }
< [{"match":{"op":"==","left":{"meta":{"key":"protocol"}},"right":{"set":["ip","arp"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000008  : 0 [end]	element 00000608  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ lookup reg 1 set __set%d ]

# netdev tcp flags ! syn,ack
< [{"match":{"op":"!","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":["syn","ack"]}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000012 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000000 ]

# netdev icmp code { 1, 2 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"code"}},"right":{"set":["host-unreachable","prot-unreachable"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000001  : 0 [end]	element 00000002  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 1 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# netdev ip daddr set ip saddr map { 1.1.1.1 : 2.2.2.2 }
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"value":{"map":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":{"set":[["1.1.1.1","2.2.2.2"]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101  : 02020202 0 [end]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ payload write reg 1 => 4b @ network header + 16 csum_type 1 csum_off 10 csum_flags 0x1 ]

# netdev log level alert
< [{"log":{"level":"alert"}}]
  [ log level 1 ]

# netdev counter packets 0 bytes 0 drop
< [{"counter":{"packets":0,"bytes":0}},{"drop":null}]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 drop ]

# netdev ip saddr & 0.0.255.255 { 0.0.1.1, 0.0.1.2 }
< [{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"saddr"}},"0.0.255.255"]},"right":{"set":["0.0.1.1","0.0.1.2"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 01010000  : 0 [end]	element 02010000  : 0 [end]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xffff0000 ) ^ 0x00000000 ]
  [ lookup reg 1 set __set%d ]

# netdev reject with icmp 13
< [{"reject":{"type":"icmp","expr":"admin-prohibited"}}]
  [ meta load protocol => reg 1 ]
  [ cmp eq reg 1 0x00000008 ]
  [ reject type 0 code 13 ]

# netdev meta mark { 0-100, 4294967295 }
< [{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":{"set":[{"range":[0,100]},4294967295]}}}]
  __set%d t 7 size 4
  __set%d t 0
  element 00000000  : 0 [end]	element 65000000  : 1 [end]	element ffffffff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ meta load mark => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ lookup reg 1 set __set%d ]

# inet dnat ip to ip daddr . ip protocol . tcp dport map @d4
! {"map":{"family":"inet","name":"d4","table":"t","type":["ipv4_addr","inet_proto","inet_service"],"map":"ipv4_addr . inet_service"}}
< [{"dnat":{"family":"ip","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"payload":{"protocol":"ip","field":"protocol"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":"@d4"}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ payload load 1b @ network header + 9 => reg 9 ]
  [ payload load 2b @ transport header + 2 => reg 10 ]
  [ lookup reg 1 set d4 dreg 1 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 9 ]

# inet dnat ip to ip daddr . meta l4proto . th dport map @d4
! {"map":{"family":"inet","name":"d4","table":"t","type":["ipv4_addr","inet_proto","inet_service"],"map":"ipv4_addr . inet_service"}}
< [{"dnat":{"family":"ip","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@d4"}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ meta load l4proto => reg 9 ]
  [ payload load 2b @ transport header + 2 => reg 10 ]
  [ lookup reg 1 set d4 dreg 1 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 9 ]

# inet meta l4proto { tcp, udp } dnat ip to ip daddr . meta l4proto . th dport map @d4
! {"map":{"family":"inet","name":"d4","table":"t","type":["ipv4_addr","inet_proto","inet_service"],"map":"ipv4_addr . inet_service"}}
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"dnat":{"family":"ip","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@d4"}}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000006  : 0 [end]	element 00000011  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ meta load l4proto => reg 9 ]
  [ payload load 2b @ transport header + 2 => reg 10 ]
  [ lookup reg 1 set d4 dreg 1 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 9 ]

# inet tcp dport 5 dnat ip6 to ip6 daddr . tcp dport map @d6
! {"map":{"family":"inet","name":"d6","table":"t","type":["ipv6_addr","inet_service"],"map":"ipv6_addr . inet_service"}}
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"family":"ip6","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":"@d6"}}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 2 ]
  [ lookup reg 1 set d6 dreg 1 ]
  [ nat dnat ip6 addr_min reg 1 proto_min reg 2 ]

# inet tcp dport 5 dnat ip to 1.1.1.1-1.1.1.5:80-90 random
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"family":"ip","addr":{"range":["1.1.1.1","1.1.1.5"]},"port":{"range":[80,90]},"flags":"random"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x05010101 ]
  [ immediate reg 3 0x00005000 ]
  [ immediate reg 4 0x00005a00 ]
  [ nat dnat ip addr_min reg 1 addr_max reg 2 proto_min reg 3 proto_max reg 4 flags 0x6 ]

# inet ip daddr 1.1.1.1 dnat ip to ip saddr map @s4
! {"map":{"family":"inet","name":"s4","table":"t","type":"ipv4_addr","map":"ipv4_addr"}}
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"1.1.1.1"}},{"dnat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":"@s4"}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set s4 dreg 1 ]
  [ nat dnat ip addr_min reg 1 ]

# inet dnat ip to ip daddr map { 1.1.1.1 : 2.2.2.2 }
< [{"dnat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"data":{"set":[["1.1.1.1","2.2.2.2"]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101  : 02020202 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat dnat ip addr_min reg 1 ]

# inet tcp dport 5 dnat ip to ip daddr . tcp dport map { 1.1.1.1 . 5 : 2.2.2.2 . 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"family":"ip","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["1.1.1.1",5]},{"concat":["2.2.2.2",6]}]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101 00000500  : 02020202 00000600 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 9 ]

# inet tcp dport 5 dnat ip6 to ip6 daddr . tcp dport map { ::1 . 5 : ::2 . 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"family":"ip6","addr":{"map":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["::1",5]},{"concat":["::2",6]}]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000000 00000000 00000000 01000000 00000500  : 00000000 00000000 00000000 02000000 00000600 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 2 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat dnat ip6 addr_min reg 1 proto_min reg 2 ]

# inet tcp dport 5 dnat ip6 to [::1]:80
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"dnat":{"family":"ip6","addr":"::1","port":80}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ immediate reg 2 0x00005000 ]
  [ nat dnat ip6 addr_min reg 1 proto_min reg 2 flags 0x2 ]

# inet ip protocol tcp dnat ip to 1.1.1.1:80
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"dnat":{"family":"ip","addr":"1.1.1.1","port":80}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x00005000 ]
  [ nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2 ]

# inet redirect
< [{"redirect":null}]
  [ redir ]

# inet udp dport 53 redirect to :5353 fully-random,persistent
< [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}},{"redirect":{"port":5353,"flags":["fully-random","persistent"]}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00003500 ]
  [ immediate reg 1 0x0000e914 ]
  [ redir proto_min reg 1 flags 0x1a ]

# inet tcp dport 5 redirect to :tcp dport map { 5 : 6 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"redirect":{"port":{"map":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":{"set":[[5,6]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 00000500  : 00000600 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ redir proto_min reg 1 flags 0x2 ]

# inet ip daddr 169.254.169.254 tcp dport 80 redirect to :9697
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"169.254.169.254"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"redirect":{"port":9697}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0xfea9fea9 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x0000e125 ]
  [ redir proto_min reg 1 flags 0x2 ]

# inet ip6 daddr fe80::a9fe:a9fe tcp dport 80 redirect to :9697
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":"fe80::a9fe:a9fe"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"redirect":{"port":9697}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ payload load 16b @ network header + 24 => reg 1 ]
  [ cmp eq reg 1 0x000080fe 0x00000000 0x00000000 0xfea9fea9 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00005000 ]
  [ immediate reg 1 0x0000e125 ]
  [ redir proto_min reg 1 flags 0x2 ]

# inet masquerade fully-random
< [{"masquerade":{"flags":"fully-random"}}]
  [ masq flags 0x10 ]

# inet ip saddr 10.0.0.0/8 oifname "e" masquerade
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"e"}},{"masquerade":null}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ meta load oifname => reg 1 ]
  [ cmp eq reg 1 0x00000065 0x00000000 0x00000000 0x00000000 ]
  [ masq ]

# inet ip saddr 10.0.0.0/8 snat ip to 1.1.1.1 persistent,fully-random
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"snat":{"family":"ip","addr":"1.1.1.1","flags":["fully-random","persistent"]}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ immediate reg 1 0x01010101 ]
  [ nat snat ip addr_min reg 1 flags 0x18 ]

# inet snat ip to ip saddr map { 10.0.0.1 : 1.1.1.1 } random
< [{"snat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":{"set":[["10.0.0.1","1.1.1.1"]]}}},"flags":"random"}}]
  __map%d t b size 1
  __map%d t 0
  element 0100000a  : 01010101 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ nat snat ip addr_min reg 1 flags 0x4 ]

# inet snat ip6 to ::1
< [{"snat":{"family":"ip6","addr":"::1"}}]
  [ immediate reg 1 0x00000000 0x00000000 0x00000000 0x01000000 ]
  [ nat snat ip6 addr_min reg 1 ]

# inet meta l4proto tcp snat ip to 1.1.1.1:1000-2000
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"snat":{"family":"ip","addr":"1.1.1.1","port":{"range":[1000,2000]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x01010101 ]
  [ immediate reg 2 0x0000e803 ]
  [ immediate reg 3 0x0000d007 ]
  [ nat snat ip addr_min reg 1 proto_min reg 2 proto_max reg 3 flags 0x2 ]

# inet tcp dport 5 masquerade to :1024-65535 random
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5}},{"masquerade":{"port":{"range":[1024,65535]},"flags":"random"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00000500 ]
  [ immediate reg 1 0x00000004 ]
  [ immediate reg 2 0x0000ffff ]
  [ masq proto_min reg 1 proto_max reg 2 flags 0x6 ]

# inet iifname . ip saddr {"ab" . 1.1.1.1, "ba" . 1.1.1.1}
< [{"match":{"op":"==","left":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"right":{"set":[{"concat":["ba","1.1.1.1"]},{"concat":["ab","1.1.1.1"]}]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00006162 00000000 00000000 00000000 01010101  : 0 [end]	element 00006261 00000000 00000000 00000000 01010101  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load iifname => reg 1 ]
  [ payload load 4b @ network header + 12 => reg 2 ]
  [ lookup reg 1 set __set%d ]

# inet ct label 5
< [{"match":{"op":"in","left":{"ct":{"key":"label"}},"right":5}}]
  [ ct load label => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000020 0x00000000 0x00000000 0x00000000 ) ^ 0x00000000 0x00000000 0x00000000 0x00000000 ]
  [ cmp neq reg 1 0x00000000 0x00000000 0x00000000 0x00000000 ]

# inet meta ipsec missing
< [{"match":{"op":"==","left":{"meta":{"key":"ipsec"}},"right":false}}]
  [ meta load secpath => reg 1 ]
  [ cmp eq reg 1 0x00000000 ]

# inet meta priority set 0x10002
< [{"mangle":{"key":{"meta":{"key":"priority"}},"value":"1:2"}}]
  [ immediate reg 1 0x00010002 ]
  [ meta set priority with reg 1 ]

# inet ct zone set 5
< [{"mangle":{"key":{"ct":{"key":"zone"}},"value":5}}]
  [ immediate reg 1 0x00000005 ]
  [ ct set zone with reg 1 ]

# inet ct avgpkt > 500
< [{"match":{"op":">","left":{"ct":{"key":"avgpkt"}},"right":500}}]
  [ ct load avgpkt => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 8, 8) ]
  [ cmp gt reg 1 0x00000000 0xf4010000 ]

# inet meta length { 5, 100-200 }
< [{"match":{"op":"==","left":{"meta":{"key":"length"}},"right":{"set":[5,{"range":[100,200]}]}}}]
  __set%d t 7 size 5
  __set%d t 0
  element 00000000  : 1 [end]	element 05000000  : 0 [end]	element 06000000  : 1 [end]	element 64000000  : 0 [end]	element c9000000  : 1 [end]
  [ meta load len => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ lookup reg 1 set __set%d ]

# inet meta pkttype { host, multicast }
< [{"match":{"op":"==","left":{"meta":{"key":"pkttype"}},"right":{"set":["host","multicast"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000000  : 0 [end]	element 00000002  : 0 [end]
  [ meta load pkttype => reg 1 ]
  [ lookup reg 1 set __set%d ]

# inet ip id & 0xff == 5
< [{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"id"}},255]},"right":5}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 2b @ network header + 4 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000500 ]

# inet ip dscp < 5
< [{"match":{"op":"<","left":{"payload":{"protocol":"ip","field":"dscp"}},"right":5}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000 ]
  [ cmp lt reg 1 0x00000014 ]

# inet ip version { 4, 5 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"version"}},"right":{"set":[4,5]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000040  : 0 [end]	element 00000050  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 0 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ lookup reg 1 set __set%d ]

# inet tcp flags & syn == 0
< [{"match":{"op":"!","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 13 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000002 ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000000 ]

# inet tcp doff 5-6
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"doff"}},"right":{"range":[5,6]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 1b @ transport header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000 ]
  [ cmp gte reg 1 0x00000050 ]
  [ cmp lte reg 1 0x00000060 ]

# inet tcp sequence 1-100
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sequence"}},"right":{"range":[1,100]}}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 4 => reg 1 ]
  [ cmp gte reg 1 0x01000000 ]
  [ cmp lte reg 1 0x64000000 ]

# inet udp sport . udp dport { 5 . 6 }
< [{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"udp","field":"sport"}},{"payload":{"protocol":"udp","field":"dport"}}]},"right":{"set":[{"concat":[5,6]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 00000500 00000600  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ payload load 2b @ transport header + 0 => reg 1 ]
  [ payload load 2b @ transport header + 2 => reg 9 ]
  [ lookup reg 1 set __set%d ]

# inet icmp type != { echo-request, echo-reply }
< [{"match":{"op":"!=","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["echo-reply","echo-request"]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 00000000  : 0 [end]	element 00000008  : 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ payload load 1b @ transport header + 0 => reg 1 ]
  [ lookup reg 1 set __set%d 0x1 ]

# inet ip protocol vmap { tcp : accept, udp : drop }
< [{"vmap":{"key":{"payload":{"protocol":"ip","field":"protocol"}},"data":{"set":[["tcp",{"accept":null}],["udp",{"drop":null}]]}}}]
  __map%d t b size 2
  __map%d t 0
  element 00000006  : accept 0 [end]	element 00000011  : drop 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 1b @ network header + 9 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 0 ]

# inet ct direction . ct state { original . new }
< [{"match":{"op":"==","left":{"concat":[{"ct":{"key":"direction"}},{"ct":{"key":"state"}}]},"right":{"set":[{"concat":["original","new"]}]}}}]
  __set%d t 3 size 1
  __set%d t 0
  element 00000000 00000008  : 0 [end]
  [ ct load direction => reg 1 ]
  [ ct load state => reg 9 ]
  [ lookup reg 1 set __set%d ]

# inet ct status != dnat
< [{"match":{"op":"!=","left":{"ct":{"key":"status"}},"right":"dnat"}}]
  [ ct load status => reg 1 ]
  [ cmp neq reg 1 0x00000020 ]

# inet ct state new,untracked,invalid drop
< [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","new","untracked"]}},{"drop":null}]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000049 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 drop ]

# inet ct mark and 0xff == 0x10
< [{"match":{"op":"==","left":{"&":[{"ct":{"key":"mark"}},255]},"right":16}}]
  [ ct load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000010 ]

# inet meta mark & 0xff 5-6
< [{"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"}},255]},"right":{"range":[5,6]}}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ cmp gte reg 1 0x05000000 ]
  [ cmp lte reg 1 0x06000000 ]

# inet meta mark xor 0x1 != 5
< [{"match":{"op":"!=","left":{"meta":{"key":"mark"}},"right":4}}]
  [ meta load mark => reg 1 ]
  [ cmp neq reg 1 0x00000004 ]

# inet meta mark set meta mark and 0xff00 xor 0x1
< [{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"|":[{"&":[{"meta":{"key":"mark"}},65281]},1]}}}]
  [ meta load mark => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000001 ]
  [ meta set mark with reg 1 ]

# inet ct zone set ip saddr map { 1.1.1.1 : 5 }
< [{"mangle":{"key":{"ct":{"key":"zone"}},"value":{"map":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":{"set":[["1.1.1.1",5]]}}}}}]
  __map%d t b size 1
  __map%d t 0
  element 01010101  : 00000005 0 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ lookup reg 1 set __map%d dreg 1 ]
  [ ct set zone with reg 1 ]

# inet ip saddr set ip daddr
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"value":{"payload":{"protocol":"ip","field":"daddr"}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ payload write reg 1 => 4b @ network header + 12 csum_type 1 csum_off 10 csum_flags 0x1 ]

# inet ip checksum set 5
< [{"mangle":{"key":{"payload":{"protocol":"ip","field":"checksum"}},"value":5}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ immediate reg 1 0x00000500 ]
  [ payload write reg 1 => 2b @ network header + 10 csum_type 1 csum_off 10 csum_flags 0x0 ]

# inet tcp dport set 5
< [{"mangle":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"value":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ immediate reg 1 0x00000500 ]
  [ payload write reg 1 => 2b @ transport header + 2 csum_type 1 csum_off 16 csum_flags 0x0 ]

# inet udp sport set 5
< [{"mangle":{"key":{"payload":{"protocol":"udp","field":"sport"}},"value":5}}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000011 ]
  [ immediate reg 1 0x00000500 ]
  [ payload write reg 1 => 2b @ transport header + 0 csum_type 1 csum_off 6 csum_flags 0x0 ]

# inet log prefix "abc def" level info flags all
< [{"log":{"prefix":"abc def","level":"info","flags":"all"}}]
  [ log prefix abc def level 6 tcpseq tcpopt ipopt uid macdecode ]

# inet log prefix "x" group 0 snaplen 64
< [{"log":{"prefix":"x","group":0,"snaplen":64}}]
  [ log prefix x group 0 snaplen 64 qthreshold 0 ]

# inet counter packets 0 bytes 0 drop
< [{"counter":{"packets":0,"bytes":0}},{"drop":null}]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 drop ]

# inet ip saddr 1.1.1.1 ip daddr 2.2.2.2 tcp sport 5 tcp dport 6 counter accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"2.2.2.2"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":5}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":6}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ cmp eq reg 1 0x02020202 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 4b @ transport header + 0 => reg 1 ]
  [ cmp eq reg 1 0x06000500 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

# inet meta l4proto { 47, 200 }
< [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["gre",200]}}}]
  __set%d t 3 size 2
  __set%d t 0
  element 0000002f  : 0 [end]	element 000000c8  : 0 [end]
  [ meta load l4proto => reg 1 ]
  [ lookup reg 1 set __set%d ]

# inet ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"set":[{"prefix":{"addr":"10.0.0.0","len":8}},{"prefix":{"addr":"172.16.0.0","len":12}},{"prefix":{"addr":"192.168.0.0","len":16}}]}}},{"accept":null}]
  __set%d t 7 size 7
  __set%d t 0
  element 00000000  : 1 [end]	element 0000000a  : 0 [end]	element 0000000b  : 1 [end]	element 000010ac  : 0 [end]	element 000020ac  : 1 [end]	element 0000a8c0  : 0 [end]	element 0000a9c0  : 1 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ immediate reg 0 accept ]

# inet ip daddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
< [{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"set":[{"prefix":{"addr":"10.0.0.0","len":8}},{"prefix":{"addr":"172.16.0.0","len":12}},{"prefix":{"addr":"192.168.0.0","len":16}}]}}},{"accept":null}]
  __set%d t 7 size 7
  __set%d t 0
  element 00000000  : 1 [end]	element 0000000a  : 0 [end]	element 0000000b  : 1 [end]	element 000010ac  : 0 [end]	element 000020ac  : 1 [end]	element 0000a8c0  : 0 [end]	element 0000a9c0  : 1 [end]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ lookup reg 1 set __set%d 0x1 ]
  [ immediate reg 0 accept ]

# inet ip saddr & 255.255.0.0 == 10.1.0.0
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.1.0.0","len":16}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 2b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x0000010a ]

# inet @nh,8,8 5
< [{"match":{"op":"==","left":{"payload":{"base":"nh","offset":8,"len":8}},"right":5}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ cmp eq reg 1 0x00000005 ]

# inet @ll,48,48 0x112233445566
< [{"match":{"op":"==","left":{"payload":{"base":"ll","offset":48,"len":48}},"right":18838586676582}}]
  [ payload load 6b @ link header + 6 => reg 1 ]
  [ cmp eq reg 1 0x44332211 0x00006655 ]

# inet @nh,12,4 5
< [{"match":{"op":"==","left":{"&":[{"payload":{"base":"nh","offset":8,"len":8}},15]},"right":5}}]
  [ payload load 1b @ network header + 1 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x0000000f ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x00000005 ]

# inet reject with icmp net-unreachable
< [{"reject":{"type":"icmp","expr":"net-unreachable"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ reject type 0 code 0 ]

# inet ip saddr 1.1.1.1 goto x
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"1.1.1.1"}},{"goto":{"target":"x"}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x01010101 ]
  [ immediate reg 0 goto -> x ]

# inet iifname "a*" oifname != "b*" accept
< [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"a*"}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"b*"}},{"accept":null}]
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x00000061 ]
  [ meta load oifname => reg 1 ]
  [ cmp neq reg 1 0x00000062 ]
  [ immediate reg 0 accept ]

# inet tcp dport 22 ct state new log prefix "ssh: " accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"log":{"prefix":"ssh: "}},{"accept":null}]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ log prefix ssh:  ]
  [ immediate reg 0 accept ]

# inet tcp dport { 22, 80, 443, 8000-8100 } ct state new accept
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80,443,{"range":[8000,8100]}]}}},{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"accept":null}]
  __set%d t 7 size 9
  __set%d t 0
  element 00000000  : 1 [end]	element 00001600  : 0 [end]	element 00001700  : 1 [end]	element 00005000  : 0 [end]	element 00005100  : 1 [end]	element 0000bb01  : 0 [end]	element 0000bc01  : 1 [end]	element 0000401f  : 0 [end]	element 0000a51f  : 1 [end]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]
  [ ct load state => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x00000000 ]
  [ immediate reg 0 accept ]

# inet ip saddr 10.0.0.0/31
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":31}}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0xfeffffff ) ^ 0x00000000 ]
  [ cmp eq reg 1 0x0000000a ]

# inet ip saddr 0.0.0.0-10.0.0.0
< [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"range":["0.0.0.0","10.0.0.0"]}}}]
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x00000002 ]
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp gte reg 1 0x00000000 ]
  [ cmp lte reg 1 0x0000000a ]

# inet meta mark { 0-100, 4294967295 }
< [{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":{"set":[{"range":[0,100]},4294967295]}}}]
  __set%d t 7 size 4
  __set%d t 0
  element 00000000  : 0 [end]	element 65000000  : 1 [end]	element ffffffff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ meta load mark => reg 1 ]
  [ byteorder reg 1 = hton(reg 1, 4, 4) ]
  [ lookup reg 1 set __set%d ]

# inet tcp dport { 0-1023, 65535 }
< [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[{"range":[0,1023]},65535]}}}]
  __set%d t 7 size 4
  __set%d t 0
  element 00000000  : 0 [end]	element 00000004  : 1 [end]	element 0000ffff  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ lookup reg 1 set __set%d ]

# inet ether daddr set aa:bb:cc:dd:ee:ff
< [{"mangle":{"key":{"payload":{"protocol":"ether","field":"daddr"}},"value":"aa:bb:cc:dd:ee:ff"}}]
  [ meta load iiftype => reg 1 ]
  [ cmp eq reg 1 0x00000001 ]
  [ immediate reg 1 0xddccbbaa 0x0000ffee ]
  [ payload write reg 1 => 6b @ link header + 0 csum_type 0 csum_off 0 csum_flags 0x0 ]
`;

interface Example {
  readonly title: string;
  readonly family: Family;
  readonly sets: readonly Command[];
  readonly expr: readonly unknown[];
  readonly code: readonly string[];
  readonly listed: readonly unknown[];
}

function parse(text: string): Example {
  const lines = text.trim().split('\n');
  const marked = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2));
  const title = marked('#')[0] as string;
  const expr = JSON.parse(marked('<')[0] as string) as unknown[];
  return {
    title,
    family: title.split(' ')[0] as Family,
    sets: marked('!').map((line) => JSON.parse(line) as Command),
    expr,
    code: marked(' '),
    listed: marked('>').map((line) => JSON.parse(line) as unknown[])[0] ?? expr,
  };
}

/** As libnftnl prints bytes: words of four, least significant first. */
function words(bytes: Uint8Array): string[] {
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Array.from({ length: padded.length / 4 }, (_, i) =>
    view
      .getUint32(i * 4, true)
      .toString(16)
      .padStart(8, '0'),
  );
}

const data = ({ value, verdict }: Data, prefix = '0x'): string =>
  verdict
    ? `${verdict.code}${verdict.chain ? ` -> ${verdict.chain}` : ''}`
    : words(value as Uint8Array)
        .map((word) => prefix + word)
        .join(' ');

const metaNames: Record<string, string> = {
  length: 'len',
  ibrname: 'bri_iifname',
  obrname: 'bri_oifname',
  random: 'prandom',
  ipsec: 'secpath',
};
const ctNames: Record<string, string> = { l3proto: 'l3protocol', labels: 'label', pkts: 'packets', id: 'unknown' };
const natBits: Record<NatFlag, number> = {
  'map-ips': 1,
  'proto-specified': 2,
  random: 4,
  persistent: 8,
  'random-fully': 16,
  'proto-offset': 32,
  netmap: 64,
};
const setBits: Record<SetFlag, number> = {
  anonymous: 1,
  constant: 2,
  interval: 4,
  map: 8,
  timeout: 16,
  eval: 32,
  object: 64,
  concat: 128,
  expr: 256,
};
const logBits = { 1: 'tcpseq', 2: 'tcpopt', 4: 'ipopt', 8: 'uid', 32: 'macdecode' };

const bits = <T extends string>(table: Record<T, number>, flags: readonly T[] = []): number =>
  flags.reduce((sum, flag) => sum | table[flag], 0);
const natFlags = (flags?: readonly NatFlag[]): string => (flags ? ` flags 0x${bits(natBits, flags).toString(16)}` : '');
const part = (label: string, value: unknown): string => (value === undefined ? '' : ` ${label} ${value}`);
const ports = (e: { regProtoMin?: number; regProtoMax?: number }): string =>
  part('proto_min reg', e.regProtoMin) + part('proto_max reg', e.regProtoMax);

function print(e: Expression): string {
  switch (e.type) {
    case 'immediate':
      return `immediate reg ${e.dreg} ${data(e.data)}`;
    case 'payload':
      return e.dreg === undefined
        ? `payload write reg ${e.sreg} => ${e.len}b @ ${e.base} header + ${e.offset} csum_type ${e.csumType} csum_off ${e.csumOffset} csum_flags 0x${e.csumFlags}`
        : `payload load ${e.len}b @ ${e.base} header + ${e.offset} => reg ${e.dreg}`;
    case 'meta':
      return `meta ${e.dreg === undefined ? 'set' : 'load'} ${metaNames[e.key] ?? e.key} ${e.dreg === undefined ? `with reg ${e.sreg}` : `=> reg ${e.dreg}`}`;
    case 'ct': {
      const name = ctNames[e.key] ?? e.key;
      return e.dreg === undefined
        ? `ct set ${name} with reg ${e.sreg}`
        : `ct load ${name} => reg ${e.dreg}${e.direction ? ` , dir ${e.direction}` : ''}`;
    }
    case 'cmp':
      return `cmp ${e.op} reg ${e.sreg} ${data(e.data)}`;
    case 'range':
      return `range ${e.op} reg ${e.sreg} ${data(e.fromData)} ${data(e.toData)}`;
    case 'bitwise':
      return `bitwise reg ${e.dreg} = ( reg ${e.sreg} & ${data(e.mask as Data)} ) ^ ${data(e.xor as Data)}`;
    case 'byteorder':
      return `byteorder reg ${e.dreg} = ${e.op}(reg ${e.sreg}, ${e.size}, ${e.len})`;
    case 'lookup':
      return `lookup reg ${e.sreg} set ${e.set}${part('dreg', e.dreg)}${e.flags ? ' 0x1' : ''}`;
    case 'nat':
      return `nat ${e.kind} ${e.family}${part('addr_min reg', e.regAddrMin)}${part('addr_max reg', e.regAddrMax)}${ports(e)}${natFlags(e.flags)}`;
    case 'masq':
    case 'redir':
      return `${e.type}${ports(e)}${natFlags(e.flags)}`;
    case 'counter':
      return `counter pkts ${e.packets} bytes ${e.bytes}`;
    case 'log': {
      const flags = Object.entries(logBits)
        .filter(([bit]) => (e.flags ?? 0) & Number(bit))
        .map(([, name]) => ` ${name}`);
      const group =
        e.group === undefined ? '' : ` group ${e.group} snaplen ${e.snaplen ?? 0} qthreshold ${e.qthreshold ?? 0}`;
      return `log${part('prefix', e.prefix)}${group}${part('level', e.level)}${flags.join('')}`;
    }
    case 'reject':
      return `reject type ${e.kind} code ${e.icmpCode ?? 0}`;
    default:
      throw new Error(`unexpected ${e.type}`);
  }
}

function printElement({ key, keyEnd, data: value, flags, userdata }: SetElement): string {
  const text =
    userdata &&
    Array.from(userdata, (byte) =>
      byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    ).join('');
  const end = keyEnd ? `  - ${data(keyEnd, '')}` : '';
  return `element ${data(key as Data, '')}${end}  : ${value ? `${data(value, '')} ` : ''}${flags?.includes('interval-end') ? 1 : 0} [end]${text ? `  userdata = { ${text} }` : ''}`;
}

/** The rule compiled, printed as nft prints it, and what is needed to list it. */
function compile({ family, sets, expr }: Example): {
  code: string[];
  rule: Rule;
  findSet: (name: string) => ReadableSet | undefined;
} {
  const definitions = [{ add: { table: { family, name: 't' } } }, ...sets.map((set) => ({ add: set }))] as Command[];
  const command = { add: { rule: { family, table: 't', chain: 'c', expr } } } as Command;
  const operations = compileCommands([...definitions, command]);
  const found = new Map<string | number, { definition: ReadableSet['definition']; elements: SetElement[] }>();
  const code: string[] = [];
  let rule: Rule | undefined;
  for (const operation of operations) {
    if (operation.op === 'newset') {
      const set = { definition: operation.object, elements: [] };
      found.set(operation.object.name, set).set(operation.object.id as number, set);
    }
    if (operation.op === 'newsetelem')
      found.get(operation.object.setId as number)?.elements.push(...operation.object.elements);
    if (operation.command !== definitions.length) continue;
    if (operation.op === 'newset') {
      const { name, flags, desc } = operation.object;
      code.push(`${name} t ${bits(setBits, flags).toString(16)}${part('size', desc?.size)}`);
    }
    if (operation.op === 'newsetelem')
      code.push(`${operation.object.set} t 0`, operation.object.elements.map(printElement).join('\t'));
    if (operation.op === 'newrule') {
      rule = operation.object;
      code.push(...(rule.expressions ?? []).map((expression) => `[ ${print(expression)} ]`));
    }
  }
  return { code, rule: rule as Rule, findSet: (name) => found.get(name) };
}

describe('a rule becomes what nft 1.0.6 makes of it, and lists as it does', () => {
  it.each(golden.trim().split('\n\n').map(parse))('$title', (example) => {
    const { code, rule, findSet } = compile(example);
    assert.deepEqual(code, example.code);
    assert.deepEqual(decompileRule(rule, { findSet }).rule['expr'], example.listed);
  });
});
