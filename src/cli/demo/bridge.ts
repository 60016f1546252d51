/**
 * `br-int` with a local tag for each network. The tags are marks: a frame takes the one of the port that it came in by, and
 * leaves by ports of the same one alone. It needs no VLAN support in the kernel.
 */
import type { Netns } from '../../netns/index.js';

const family = 'bridge';
const table = 'netloom';

export async function isolate(node: Netns, ports: Readonly<Record<string, number>>): Promise<void> {
  const chain = { family, table, type: 'filter', policy: 'accept' } as const;
  const meta = (key: string) => ({ meta: { key } }) as const;
  const entries = Object.entries(ports);
  await node.nft.apply([
    { add: { table: { family, name: table } } },
    { add: { map: { family, table, name: 'port_tag', type: 'ifname', map: 'mark', elem: entries } } },
    {
      add: {
        set: {
          family,
          table,
          name: 'port_member',
          type: ['ifname', 'mark'],
          elem: entries.map(([port, tag]) => ({ concat: [port, tag] })),
        },
      },
    },
    { add: { chain: { ...chain, name: 'prerouting', hook: 'prerouting', prio: -300 } } },
    { add: { chain: { ...chain, name: 'forward', hook: 'forward', prio: 0 } } },
    {
      add: {
        rule: {
          family,
          table,
          chain: 'prerouting',
          expr: [{ mangle: { key: meta('mark'), value: { map: { key: meta('iifname'), data: '@port_tag' } } } }],
        },
      },
    },
    {
      add: {
        rule: {
          family,
          table,
          chain: 'forward',
          expr: [{ match: { op: '==', left: meta('mark'), right: 0 } }, { accept: null }],
        },
      },
    },
    {
      add: {
        rule: {
          family,
          table,
          chain: 'forward',
          expr: [
            { match: { op: '!=', left: { concat: [meta('oifname'), meta('mark')] }, right: '@port_member' } },
            { drop: null },
          ],
        },
      },
    },
  ] as never);
}
