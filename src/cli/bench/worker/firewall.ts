/**
 * A large firewall, as the ruleset that is measured: ten kinds of rules by turns, in chains of a hundred that one base chain jumps to. The same as
 * JSON and in nft's language; bench/floor/firewall.cc has it as the kernel's expressions.
 */
import { formatIpv4 } from '../../../ip.js';
import type { Command, Key, MatchOperator, MatchStatement, Right, Statement } from '../../../nftables/json.js';

export const family = 'inet';
export const table = 'netloom';
const set = 'blocked';
const chainLength = 100;

interface FirewallRule {
  readonly expr: readonly Statement[];
  readonly text: string;
  readonly comment?: string;
}

/** Commands of one transaction that makes the table and so many rules. */
export function firewallCommands(size: number): Command[] {
  const here = { family, table } as const;
  const chains = chainNames(size);
  return [
    { add: { table: { family, name: table } } },
    { add: { set: { ...here, name: set, type: 'ipv4_addr', elem: [...blocked] } } },
    { add: { chain: { ...here, name: 'forward', type: 'filter', hook: 'forward', prio: 0, policy: 'accept' } } },
    ...chains.map((name): Command => ({ add: { chain: { ...here, name } } })),
    ...chains.map(
      (target): Command => ({ add: { rule: { ...here, chain: 'forward', expr: [{ jump: { target } }] } } }),
    ),
    ...Array.from({ length: size }, (_, i): Command => {
      const { expr, comment } = ruleOf(i);
      const rule = { ...here, chain: chainOf(i), expr };
      return { add: { rule: comment === undefined ? rule : { ...rule, comment } } };
    }),
  ];
}

/** The same, as lines of a file for `nft -f`. */
export function firewallLines(size: number): string[] {
  const here = `${family} ${table}`;
  const chains = chainNames(size);
  return [
    `add table ${here}`,
    `add set ${here} ${set} { type ipv4_addr; elements = { ${blocked.join(', ')} }; }`,
    `add chain ${here} forward { type filter hook forward priority 0; policy accept; }`,
    ...chains.map((name) => `add chain ${here} ${name}`),
    ...chains.map((name) => `add rule ${here} forward jump ${name}`),
    ...Array.from({ length: size }, (_, i) => {
      const { text, comment } = ruleOf(i);
      return `add rule ${here} ${chainOf(i)} ${text}${comment === undefined ? '' : ` comment "${comment}"`}`;
    }),
  ];
}

/** Objects of a listing: the table, its set, the chains, and all rules. */
export function firewallObjects(size: number): number {
  return 3 + 2 * chainNames(size).length + size;
}

const blocked: readonly string[] = Array.from({ length: 100 }, (_, i) => formatIpv4(0xc0000200 + i));

const chainOf = (rule: number): string => `group${Math.floor(rule / chainLength)}`;

function chainNames(size: number): string[] {
  return Array.from({ length: Math.ceil(size / chainLength) }, (_, i) => chainOf(i * chainLength));
}

function ruleOf(i: number): FirewallRule {
  const host = formatIpv4(0x0a000000 + i);
  const device = `tap${i}`;
  const port = 1024 + (i % 50_000);
  switch (i % 10) {
    case 0:
      return {
        expr: [match(source, host), match(tcpPort, port), { accept: null }],
        text: `ip saddr ${host} tcp dport ${port} accept`,
      };
    case 1: {
      const network = formatIpv4(0xac100000 + ((i % 4096) << 8));
      return {
        expr: [
          match(source, { prefix: { addr: network, len: 24 } }),
          match(destination, host),
          { counter: null },
          { drop: null },
        ],
        text: `ip saddr ${network}/24 ip daddr ${host} counter drop`,
      };
    }
    case 2:
      return {
        expr: [
          match({ meta: { key: 'iifname' } }, device),
          match({ ct: { key: 'state' } }, ['established', 'related'], 'in'),
          { accept: null },
        ],
        text: `iifname "${device}" ct state established,related accept`,
      };
    case 3: {
      const ports = [port, port + 1000, port + 2000];
      return {
        expr: [match(tcpPort, { set: ports }), { accept: null }],
        text: `tcp dport { ${ports.join(', ')} } accept`,
      };
    }
    case 4:
      return {
        expr: [
          match({ meta: { key: 'l4proto' } }, 'icmp'),
          match(destination, host),
          { limit: { rate: 10, burst: 5, per: 'second' } },
          { accept: null },
        ],
        text: `meta l4proto icmp ip daddr ${host} limit rate 10/second burst 5 packets accept`,
      };
    case 5:
      return {
        expr: [match(source, `@${set}`), match(udpPort, port), { drop: null }],
        text: `ip saddr @${set} udp dport ${port} drop`,
      };
    case 6: {
      const address = `2001:db8::${i.toString(16)}`;
      return {
        expr: [match(source6, address), match(tcpPort, 443), { counter: null }, { accept: null }],
        text: `ip6 saddr ${address} tcp dport 443 counter accept`,
      };
    }
    case 7:
      return {
        expr: [match(udpPort, { range: [port, port + 100] }), { mangle: { key: { meta: { key: 'mark' } }, value: i } }],
        text: `udp dport ${port}-${port + 100} meta mark set ${i}`,
      };
    case 8:
      return {
        expr: [match(destination, host), { log: { prefix: 'denied ' } }, { drop: null }],
        text: `ip daddr ${host} log prefix "denied " drop`,
        comment: `rule ${i}`,
      };
    default:
      return {
        expr: [
          match({ '&': [{ meta: { key: 'mark' } }, 0xff] }, i % 256),
          match({ meta: { key: 'oifname' } }, device, '!='),
          { return: null },
        ],
        text: `meta mark and 0xff == ${i % 256} oifname != "${device}" return`,
      };
  }
}

const source = { payload: { protocol: 'ip', field: 'saddr' } } as const;
const destination = { payload: { protocol: 'ip', field: 'daddr' } } as const;
const source6 = { payload: { protocol: 'ip6', field: 'saddr' } } as const;
const tcpPort = { payload: { protocol: 'tcp', field: 'dport' } } as const;
const udpPort = { payload: { protocol: 'udp', field: 'dport' } } as const;

const match = (left: Key, right: Right, op: MatchOperator = '=='): MatchStatement => ({ match: { op, left, right } });
