/** Where rules stand: for each family a chain that takes most, and those that some statements need. */
import type { Family } from '../../src/index.js';
import type { Place } from '../case.js';

export const families: readonly Family[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

/** Sets, maps and objects that rules refer to; what only IP families have is kept from the others. */
const common = `
  set addresses4 { type ipv4_addr; elements = { 10.0.0.1, 192.0.2.1 } }
  set networks4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1-192.0.2.9 } }
  set addresses6 { type ipv6_addr; elements = { 2001:db8::1, fd00::1 } }
  set networks6 { type ipv6_addr; flags interval; elements = { 2001:db8::/32 } }
  set ports { type inet_service; elements = { 22, 80 } }
  set portRanges { type inet_service; flags interval; elements = { 1-1023, 8080 } }
  set protocols { type inet_proto; elements = { tcp, udp } }
  set ethers { type ether_addr; elements = { 02:00:00:00:00:01 } }
  set names { type ifname; elements = { "d0", "lo" } }
  set marks { type mark; flags interval; elements = { 1, 0x10-0x1f } }
  set services { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80 } }
  set serviceRanges { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 1-1023 } }
  set flows { type ipv4_addr . inet_proto . inet_service; elements = { 10.0.0.1 . tcp . 80 } }
  set seen4 { type ipv4_addr; size 1000; flags dynamic,timeout; timeout 1m; }
  set seen6 { type ipv6_addr; size 1000; flags dynamic,timeout; }
  set seenPorts { type ipv4_addr . inet_service; size 1000; flags dynamic; }
  set seenEthers { type ether_addr; size 1000; flags dynamic,timeout; }
  map verdicts4 { type ipv4_addr : verdict; elements = { 10.0.0.1 : drop, 10.0.0.2 : jump other } }
  map verdictPorts { type inet_service : verdict; flags interval; elements = { 1-1023 : accept } }
  map verdictServices { type ipv4_addr . inet_service : verdict; elements = { 10.0.0.1 . 80 : accept } }
  map marks4 { type ipv4_addr : mark; elements = { 10.0.0.1 : 1 } }
  map markPorts { type inet_service : mark; flags interval; elements = { 1-1023 : 5 } }
  map addressMap4 { type ipv4_addr : ipv4_addr; elements = { 10.0.0.1 : 192.0.2.1 } }
  map addressMap6 { type ipv6_addr : ipv6_addr; elements = { fd00::1 : 2001:db8::1 } }
  map portMap { type inet_service : inet_service; elements = { 80 : 8080 } }
  map serviceMap4 { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 10.0.0.1 . 80 : 192.0.2.1 . 8080 } }
  map rangeMap4 { type ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.0.0.0/24 : 192.0.2.0/24 } }
  map learnt4 { type ipv4_addr : mark; size 1000; flags dynamic,timeout; timeout 1m; }
  map nameMap { type mark : ifname; elements = { 1 : "d0" } }
  counter c1 { packets 1 bytes 2 }
  counter c2 { }
  quota q1 { over 5 mbytes }
  limit l1 { rate 5/second }
  map counters { type ipv4_addr : counter; elements = { 10.0.0.1 : "c1" } }
  map quotas { type ipv4_addr : quota; elements = { 10.0.0.1 : "q1" } }
  map limits { type inet_service : limit; flags interval; elements = { 1-99 : "l1" } }`;

const tracked = `
  ct helper ftp { type "ftp" protocol tcp; }
  ct helper tftp { type "tftp" protocol udp; }
  ct timeout short { protocol tcp; policy = { established: 100, close_wait: 4 }; }
  ct expectation expect1 { protocol tcp; dport 5; timeout 5s; size 3; }
  synproxy sp { mss 1460; wscale 7; timestamp sack-perm; }`;

const l3proto = (family: Family, text: string): string =>
  family === 'inet' ? text.replace(/(ct (?:timeout|expectation) \w+ \{)/g, '$1 l3proto ip;') : text;

const place = (family: Family, name: string, chain: string, objects = common): Place => ({
  name: `${family} ${name}`,
  family,
  chain,
  objects,
});

const hooked = (family: Family, type: string, hook: string, priority: string | number = 0): Place =>
  place(
    family,
    `${type} ${hook}`,
    `type ${type} hook ${hook} priority ${priority};`,
    ['ip', 'ip6', 'inet'].includes(family) ? `${common}${l3proto(family, tracked)}` : common,
  );

const device = (family: Family, hook: string): Place =>
  place(family, `filter ${hook}`, `type filter hook ${hook} device lo priority 0;`);

const byName: ReadonlyMap<string, Place> = new Map(
  [
    ...(['ip', 'ip6', 'inet'] as const).flatMap((family) => [
      ...['prerouting', 'input', 'forward', 'output', 'postrouting'].map((hook) => hooked(family, 'filter', hook)),
      ...['prerouting', 'input', 'output', 'postrouting'].map((hook) => hooked(family, 'nat', hook, -100)),
      hooked(family, 'route', 'output', -150),
    ]),
    device('inet', 'ingress'),
    ...['input', 'output'].map((hook) => hooked('arp', 'filter', hook)),
    ...['prerouting', 'input', 'forward', 'output', 'postrouting'].map((hook) => hooked('bridge', 'filter', hook)),
    ...['ingress', 'egress'].map((hook) => device('netdev', hook)),
    ...families.map((family) => place(family, 'regular', '')),
  ].map((item) => [item.name, item]),
);

export function placeNamed(name: string): Place {
  const found = byName.get(name);
  if (found === undefined) throw new RangeError(`there is no place "${name}"`);
  return found;
}

/** The chain that takes most kinds of rules. */
export const mainPlace = (family: Family): Place =>
  placeNamed(`${family} filter ${family === 'arp' ? 'input' : family === 'netdev' ? 'ingress' : 'prerouting'}`);

export const placesOf = (family: Family): Place[] => [...byName.values()].filter((item) => item.family === family);
