/** Namespaces with flows, and what conntrack(8) prints of them, compared. */
import type { FlowSpec } from '../../src/index.js';
import { ip, type Lifetime, type NamedNetns, namespace, namespaceWithVeth, runIn } from './namespaces.js';

export const udp = { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'udp', srcPort: 1000, dstPort: 53 } as const;
export const tcp = { ...udp, protocol: 'tcp', dstPort: 21 } as const;

/** A namespace that has these flows, and no other. */
export async function namespaceWithFlows(flows: readonly FlowSpec[], lifetime: Lifetime = 'test'): Promise<NamedNetns> {
  const netns = await namespace({}, lifetime);
  await netns.conntrack.add(flows);
  return netns;
}

/**
 * A namespace with IPv4 addresses on veth0, which tracks what it sends: the kernel does so where a rule needs it (nf_ct_netns_get). `rules`
 * are further commands of nft's, the chain `t c` is there for them.
 */
export async function trackingNamespace(addresses: readonly string[], ...rules: string[]): Promise<NamedNetns> {
  const netns = await namespaceWithVeth();
  ip(netns.name, 'link', 'set', 'lo', 'up');
  for (const address of addresses) ip(netns.name, 'address', 'add', address, 'dev', 'veth0');
  const chain = ['add table ip t', 'add chain ip t c { type filter hook output priority 0; }'];
  runIn(netns, 'nft', [...chain, ...rules].join('\n'));
  return netns;
}

export function conntrack(netns: NamedNetns, ...args: string[]): string {
  return runIn(netns, 'conntrack', ...args);
}

/** Lines of `conntrack -L -o extended`, without what differs from one look to the next. */
export function printed(netns: NamedNetns, ...args: string[]): string[] {
  return conntrack(netns, '-L', '-o', 'extended', ...args)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/^(\S+ +\d+ \S+ +\d+) \d+/, '$1')
        .replace(/ (use|id|delta-time)=\d+/g, '')
        .replace(/ +/g, ' ')
        .trim(),
    )
    .sort();
}

/** Ids of the flows that conntrack lists, in order. */
export function ids(netns: NamedNetns, ...args: string[]): number[] {
  return [...conntrack(netns, '-L', '-o', 'id', ...args).matchAll(/ id=(\d+)$/gm)]
    .map(([, id]) => Number(id))
    .sort((a, b) => a - b);
}
