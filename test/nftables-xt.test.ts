/** Rules of iptables-nft and its like: listed as nft lists them, with what makes them anew, and made anew. */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import type { Netns } from '../src/index.js';
import { namespace } from './helpers/namespaces.js';
import { asNft106, listed } from './helpers/nft-oracle.js';

/** iptables-nft in a namespace: it makes rules of nftables. */
function iptables(netns: Netns, command: string, ...args: string[]): string {
  const { LD_PRELOAD: _, ...env } = process.env;
  const enter = `--net=/proc/${process.pid}/fd/${netns.fd}`;
  return execFileSync('nsenter', [enter, command, ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const rules = {
  'iptables-nft': [
    '-A INPUT -p tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT',
    '-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT',
    '-A INPUT -m comment --comment inward -j DROP',
    '-A INPUT -p udp -m limit --limit 5/sec -j LOG --log-prefix x:',
    '-A INPUT ! -p icmp -m state --state NEW -j REJECT',
    '-A INPUT -s 10.0.0.0/8 -i eth0 -p tcp -m tcp --tcp-flags SYN,ACK SYN -j REJECT --reject-with tcp-reset',
    '-A INPUT -p icmp --icmp-type 8 -j ACCEPT',
    '-A INPUT -m addrtype --dst-type LOCAL -j RETURN',
    '-A FORWARD -m mark --mark 0x1/0xff -j ACCEPT',
    '-A OUTPUT -m owner --uid-owner 0 -j ACCEPT',
    '-t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE',
    '-t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080',
    '-t mangle -A PREROUTING -j MARK --set-mark 5',
    '-t raw -A PREROUTING -p udp -j CT --notrack',
  ],
  'ip6tables-nft': [
    '-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT',
    '-A INPUT -p udp -m multiport --dports 53,123 -j REJECT',
    '-A FORWARD -m addrtype --src-type MULTICAST -j DROP',
  ],
  'ebtables-nft': ['-A INPUT -p IPv4 --ip-src 10.0.0.1 -j DROP', '-A FORWARD --log --log-prefix x: -j ACCEPT'],
} as const;
const saves = ['iptables-nft-save', 'ip6tables-nft-save', 'ebtables-nft-save'];

let theirs: Netns;
let ours: Netns;
beforeAll(async () => {
  [theirs, ours] = [await namespace({}, 'file'), await namespace({}, 'file')];
  for (const [command, lines] of Object.entries(rules))
    for (const line of lines) iptables(theirs, command, ...line.split(' '));
});

test('they are listed as nft lists them', async () => {
  expect(asNft106(await theirs.nft.list())).toEqual(listed(theirs));
});

test('what is listed makes them anew', async () => {
  await ours.nft.apply(await theirs.nft.list());
  for (const save of saves) {
    const [made, remade] = [theirs, ours].map((netns) => iptables(netns, save).replace(/^#.*$/gm, ''));
    expect(remade).toBe(made);
    expect(made).toContain('-j ');
  }
});

test('commands are checked beside them', async () => {
  const [counted] = await theirs.nft.apply([{ list: { ruleset: null } }], { check: true });
  expect(counted).toEqual({ table: expect.objectContaining({ name: 'filter' }) });
});

const refused = [
  [{ type: 'match', name: 'conntrack' }, 'expr[0].xt', 'needs the bytes'],
  [{ type: 'match', name: 'conntrack', info: 'x' }, 'expr[0].xt.info', 'must be base64'],
  [{ type: 'match', name: 'c'.repeat(29), info: '' }, 'expr[0].xt.name', 'of 1 to 28 bytes'],
  [{ type: 'match', name: 'conntrack', rev: 256, info: '' }, 'expr[0].xt.rev', 'not an integer from 0 to 255'],
  [{ type: 'expression', name: 'osf' }, 'expr[0].xt.type', 'is not one of'],
  [{ type: 'watcher', name: 'log', info: '' }, 'expr[0].xt.type', 'family bridge'],
] as const;

test.each(refused)('%j is refused', async (xt, path, message) => {
  const rule = { family: 'ip', table: 'filter', chain: 'INPUT', expr: [{ xt }] } as const;
  await expect(ours.nft.apply([{ add: { rule } }])).rejects.toMatchObject({
    name: 'TypeError',
    message: expect.stringMatching(new RegExp(`${path.replaceAll(/[[\]]/g, '\\$&')}.*${message}`)),
  });
});
