/** Flows changed: marks, bits of the status and labels, each without what is beside it. */
import { describe, expect, test } from 'vitest';
import { BatchError, type Flow, type FlowChange, type FlowSpec } from '../src/index.js';
import { conntrack, namespaceWithFlows, printed, trackingNamespace, udp } from './helpers/conntrack.js';
import { type NamedNetns, rejection, runIn } from './helpers/namespaces.js';

describe('a change', () => {
  const one = (spec: Partial<FlowSpec> = {}): Promise<NamedNetns> =>
    namespaceWithFlows([{ original: udp, timeout: 100, ...spec }]);

  test('of some bits of the mark leaves the others', async () => {
    const ns = await one({ mark: 0xf0f0 });
    await ns.conntrack.update({ original: udp, mark: 0x0a00, markMask: 0x0f00 });
    expect(printed(ns)[0]).toContain(`mark=${0xfaf0}`);
    await ns.conntrack.update({ original: udp, timeout: 3000 });
    expect(printed(ns)[0]).toContain(`mark=${0xfaf0}`);
    const timeout = Number(
      / 17 (\d+) /.exec(conntrack(ns, '-L'))?.[1] ?? /udp +17 (\d+)/.exec(conntrack(ns, '-L'))?.[1],
    );
    expect(timeout).toBeGreaterThan(2900);
  });

  test('sets bits of the status and keeps those that are set', async () => {
    const ns = await one({ status: ['seen-reply'], nat: { src: { address: '203.0.113.1' } } });
    await ns.conntrack.update([{ original: udp, status: ['assured'] }]);
    await ns.conntrack.update({ original: udp, status: ['fixed-timeout'], mark: 5 });
    const { status } = await ns.conntrack.get({ original: udp });
    expect(status).toEqual(['seen-reply', 'assured', 'confirmed', 'snat', 'snat-done', 'dnat-done', 'fixed-timeout']);
    expect(printed(ns)).toEqual([
      'ipv4 2 udp 17 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=203.0.113.1 sport=53 dport=1000 [ASSURED] mark=5',
    ]);
  });

  test('may name the flow by its answers, and by its zone', async () => {
    const ns = await one({ zone: 4, nat: { src: { address: '203.0.113.1' } } });
    const reply = { src: '10.0.0.2', dst: '203.0.113.1', protocol: 'udp', srcPort: 53, dstPort: 1000 } as const;
    await ns.conntrack.update({ reply, zone: 4, mark: 9 });
    expect(printed(ns)[0]).toContain('mark=9');
    await expect(ns.conntrack.update({ reply, mark: 9 })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of one that is not there names it; the others are changed', async () => {
    const ns = await one();
    const changes: FlowChange[] = [
      { original: { ...udp, srcPort: 1 }, mark: 1, status: ['assured'] },
      { original: udp, mark: 2 },
      { original: { ...udp, srcPort: 3 }, mark: 3 },
    ];
    const error = await rejection(ns.conntrack.update(changes), BatchError);
    expect(error.failures).toMatchObject([
      { index: 0, error: { code: 'ENOENT', request: changes[0] } },
      { index: 2, error: { code: 'ENOENT', request: changes[2] } },
    ]);
    expect(error.message).toContain('udp 10.0.0.1:1 -> 10.0.0.2:53');
    expect(printed(ns)[0]).toContain('mark=2');
  });
});

test('labels are those that rules set, and rules match those that are set', async () => {
  const ns = await trackingNamespace(
    ['192.0.2.1/24'],
    'add rule ip t c ct label 127 counter',
    'add rule ip t c ct state new ct label set 3',
  );
  const matched = (): number => Number(/packets (\d+)/.exec(runIn(ns, 'nft', 'list', 'chain', 'ip', 't', 'c'))?.[1]);
  runIn(ns, 'ping', '-c', '1', '192.0.2.1');
  const [flow] = (await ns.conntrack.list({ labels: [3] })) as [Flow];
  expect(flow.labels).toEqual([3]);
  expect(matched()).toBe(0);
  await ns.conntrack.update({ original: flow.original, labels: [64, 127], labelsMask: [64, 127] });
  expect((await ns.conntrack.get(flow)).labels).toEqual([3, 64, 127]);
  await ns.conntrack.update({ original: flow.original, labels: [127] });
  expect((await ns.conntrack.get(flow)).labels).toEqual([127]);
  expect(await ns.conntrack.list({ labels: [3] })).toEqual([]);
  runIn(ns, 'ping', '-c', '1', '-e', String(flow.original.icmpId), '192.0.2.1');
  expect(matched()).toBeGreaterThan(0);
});
