/** Many flows in one call: how many datagrams they take, and what becomes of the others when one fails. */
import { describe, expect, test } from 'vitest';
import { BatchError, type Flow, type FlowReference, type FlowSpec } from '../src/index.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { ids, namespaceWithFlows, udp } from './helpers/conntrack.js';
import { namespace, rejection } from './helpers/namespaces.js';

describe('many', () => {
  const many = (count: number): FlowSpec[] =>
    Array.from({ length: count }, (_, at) => ({ original: { ...udp, srcPort: at + 1 }, timeout: 100, mark: at % 2 }));

  test('leave in one datagram', async () => {
    const ns = await namespace();
    await ns.conntrack.count();
    const specs = many(500);
    expect((await trafficOf(() => ns.conntrack.add(specs))).sent).toEqual({ datagrams: 1, reads: 0, changes: 500 });
    expect(ids(ns)).toHaveLength(500);
    const changed = specs.map(({ original }) => ({ original, mark: 7 }));
    expect((await trafficOf(() => ns.conntrack.update(changed))).sent).toEqual({
      datagrams: 1,
      reads: 0,
      changes: 500,
    });
    expect(ids(ns, '-m', '7')).toHaveLength(500);
    const gone = specs.slice(0, 400).map(({ original }) => ({ original }));
    expect((await trafficOf(() => ns.conntrack.delete(gone))).sent).toEqual({ datagrams: 1, reads: 0, changes: 400 });
    expect(ids(ns)).toHaveLength(100);
    // Counted, listed, deleted.
    const { result, sent } = await trafficOf(() => ns.conntrack.delete({ originalSrcPort: [450, 451, 452] }));
    expect([result, sent]).toEqual([3, { datagrams: 3, reads: 2, changes: 3 }]);
    expect((await trafficOf(() => ns.conntrack.flush({ mark: 7, markMask: 7 }))).sent).toEqual({
      datagrams: 1,
      reads: 0,
      changes: 1,
    });
    expect(ids(ns)).toEqual([]);
  });

  test('fail in part: the others are there, or taken back', async () => {
    const ns = await namespaceWithFlows([{ original: { ...udp, srcPort: 2 }, timeout: 900, zone: 0 }]);
    const [there] = ids(ns);
    const specs = many(4);
    const taken = await rejection(ns.conntrack.add(specs, { rollback: true }), BatchError);
    expect(taken).toMatchObject({
      rolledBack: true,
      failures: [{ index: 1, error: { code: 'EEXIST', request: specs[1] } }],
    });
    expect(ids(ns)).toEqual([there]);
    const kept = await rejection(ns.conntrack.add(specs), BatchError);
    expect(kept.rolledBack).toBe(false);
    expect(ids(ns)).toHaveLength(4);
  });

  test('are deleted by tuple and id: the very flow, and not another of the same tuple', async () => {
    const ns = await namespaceWithFlows(many(3));
    const listed = (await ns.conntrack.list()) as [Flow, Flow, Flow];
    // The kernel makes ids of a flow's place in memory, so a later one of the same tuple may well have the same.
    const other = { ...listed[1], id: (listed[1].id ^ 1) >>> 0 };
    const references: FlowReference[] = [listed[0], other, listed[2]];
    const error = await rejection(ns.conntrack.delete(references), BatchError);
    expect(error.failures).toMatchObject([{ index: 1, error: { code: 'ENOENT', syscall: 'IPCTNL_MSG_CT_DELETE' } }]);
    expect(ids(ns)).toEqual([listed[1].id]);
    await expect(ns.conntrack.get(other)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
