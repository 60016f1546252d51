/** What the kernel counts: packets and bytes of a flow and when it began, and what has become of flows on each CPU. */
import { describe, expect, test } from 'vitest';
import type { Flow } from '../src/index.js';
import { conntrack, namespaceWithFlows, printed, tcp, trackingNamespace, udp } from './helpers/conntrack.js';
import { type NamedNetns, runIn } from './helpers/namespaces.js';

describe('counters and times', () => {
  async function counted(): Promise<NamedNetns> {
    const ns = await trackingNamespace(['192.0.2.1/24', '192.0.2.2/24'], 'add rule ip t c ct state new');
    await ns.sysctl.set({ 'net.netfilter.nf_conntrack_acct': '1', 'net.netfilter.nf_conntrack_timestamp': '1' });
    for (const address of ['192.0.2.1', '192.0.2.2']) runIn(ns, 'ping', '-c', '2', '-i', '0.01', '-s', '100', address);
    return ns;
  }

  test.each([
    ['one that the kernel finds by itself', { original: { dst: '192.0.2.2' } }],
    ['one that is listed first', { address: ['192.0.2.2'], originalDst: ['192.0.2.2', '192.0.2.3'] }],
  ])('are set to zero: %s', async (_, filter) => {
    const ns = await counted();
    const before = Date.now();
    const [flow] = (await ns.conntrack.list(filter)) as [Flow];
    // 100 bytes, and the headers of ICMP and IP.
    const counters = { original: { packets: 2, bytes: 256 }, reply: { packets: 2, bytes: 256 } };
    expect(flow.counters).toEqual(counters);
    expect(flow.timestamp?.start).toBeGreaterThan(before - 60_000);
    expect(flow.timestamp?.start).toBeLessThan(before + 1);
    expect(await ns.conntrack.reset(filter)).toMatchObject([{ id: flow.id, counters }]);
    const zero = { packets: 0, bytes: 0 };
    expect(await ns.conntrack.list(filter)).toMatchObject([{ counters: { original: zero, reply: zero } }]);
    // The other one's go on, and conntrack sees the same.
    expect(await ns.conntrack.list({ originalDst: '192.0.2.1' })).toMatchObject([{ counters }]);
    expect(printed(ns).map((line) => [...line.matchAll(/bytes=(\d+)/g)].map(([, bytes]) => bytes))).toEqual([
      ['256', '256'],
      ['0', '0'],
    ]);
  });
});

test('statistics are those that conntrack prints', async () => {
  const ns = await namespaceWithFlows([
    { original: udp, timeout: 100 },
    { original: tcp, timeout: 100 },
  ]);
  await expect(ns.conntrack.add({ original: udp, timeout: 100 })).rejects.toMatchObject({ code: 'EEXIST' });
  const names: Record<string, string> = {
    insert_failed: 'insertFailed',
    early_drop: 'earlyDrop',
    search_restart: 'searchRestart',
    clash_resolve: 'clashResolve',
    chaintoolong: 'chainTooLong',
  };
  const theirs = conntrack(ns, '-S')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      Object.fromEntries(
        [...line.matchAll(/(\w+)=(\d+)/g)].map(([, key, value]) => [names[key as string] ?? key, Number(value)]),
      ),
    );
  const { entries, maxEntries, cpus } = await ns.conntrack.statistics();
  expect(entries).toBe(Number(conntrack(ns, '-C')));
  expect(maxEntries).toBe(Number(await ns.sysctl.get('net.netfilter.nf_conntrack_max')));
  expect(cpus).toEqual(theirs);
  expect(cpus.reduce((sum, { insert }) => sum + insert, 0)).toBe(2);
});
