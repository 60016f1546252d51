/** How calls travel: together and in order, bounded, ended early, packed, and in parts where a socket is small. */
import { getEventListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BatchError, type CallOptions, NetlinkError, type Netns } from '../src/index.js';
import { cleanUp, ip, ipJson, type NamedNetns, namespace, namespaceWithVeth, rejection } from './helpers/namespaces.js';
import { resultOf } from './helpers/programs.js';

const hosts = (count: number, from = 0x0a000000): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => from + i);
const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
/** What ip shows of the main table, without the kernel's own routes. */
const routesOf = (netns: NamedNetns): string[] =>
  ipJson(netns.name, '-4', 'route')
    .filter(({ protocol }) => protocol !== 'kernel')
    .map(({ dst }) => dst);
const inside = (netns: NamedNetns): string[] => ['nsenter', `--net=/run/netns/${netns.name}`];
const blackhole = (dst: string) => ({ dst, type: 'blackhole' as const });
/** So many that a worker is busy for a while. */
const many = 100_000;

describe('calls of one tick', () => {
  /** Names of the messages in each sendmsg of a program, and the flags of all. */
  async function traced(netns: NamedNetns, body: string): Promise<{ types: string[][]; flags: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    cleanUp(async () => rmSync(folder, { recursive: true, force: true }));
    const trace = join(folder, 'trace');
    // Inside: strace looks a socket's protocol up in its own namespace.
    const strace = [...inside(netns), 'strace', '-v', '-s', '1000000', '-e', 'trace=sendmsg', '-o', trace];
    await resultOf(
      `const ns = await Netns.current({ dispatch: 'inline' });
      ${body}
      await ns.close();
      console.log('null');`,
      ...strace,
    );
    const calls = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('sendmsg(') && line.includes('nlmsg_type='));
    return {
      types: calls.map((line) => [...line.matchAll(/nlmsg_type=(\w+)/g)].map(([, type]) => type as string)),
      flags: [...calls.join().matchAll(/nlmsg_flags=([\w|]+)/g)].map(([, flags]) => flags).join(' '),
    };
  }

  test('leave in one sendmsg, in call order, whatever family they are of', async () => {
    const netns = await namespaceWithVeth();
    const { types, flags } = await traced(
      netns,
      `await Promise.all([
        ns.routes.add({ dst: '10.0.0.1', dev: 'veth0' }),
        ns.addresses.add({ dev: 'veth0', address: '192.0.2.1/24' }),
        ns.neighbours.add({ dev: 'veth0', dst: '192.0.2.2', mac: '02:00:00:00:00:02' }),
        ns.rules.add({ priority: 77, table: 77 }),
        ns.routes.add([{ dst: '10.0.0.2', via: '192.0.2.2' }, { dst: '10.0.0.3', via: '192.0.2.2' }]),
        ns.routes.delete({ dst: '10.0.0.1' }),
        ns.addresses.delete({ dev: 'veth0', address: '192.0.2.1/24' }),
      ]);`,
    );
    expect(types).toEqual([
      [
        ...['RTM_NEWROUTE', 'RTM_NEWADDR', 'RTM_NEWNEIGH', 'RTM_NEWRULE', 'RTM_NEWROUTE', 'RTM_NEWROUTE'],
        ...['RTM_DELROUTE', 'RTM_DELADDR'],
      ],
    ]);
    expect(flags).toContain('NLM_F_REQUEST');
    expect(flags).not.toContain('NLM_F_ACK');
  });

  test('are one sendmsg when there are 1,000 of them, and one each when each is awaited', async () => {
    const netns = await namespace();
    const { types } = await traced(
      netns,
      `const add = (i) => ns.routes.add({ dst: '10.0.' + (i >> 8) + '.' + (i & 255), type: 'blackhole' });
      await Promise.all(Array.from({ length: 1000 }, (_, i) => add(i)));
      for (let i = 1000; i < 1003; i++) await add(i);`,
    );
    expect(types.map(({ length }) => length)).toEqual([1000, 1, 1, 1]);
    expect(routesOf(netns)).toHaveLength(1003);
  });
});

describe('back-pressure', () => {
  const limit = 8 << 20;
  const oneCall = 256;

  /** One route, there and gone again: what fails out of order. */
  function produce(netns: Netns, count: number, from = 0): { calls: Promise<void>[]; most: number } {
    const calls: Promise<void>[] = [];
    let most = 0;
    for (let i = from; i < from + count; i++) {
      const spec = { dst: '10.0.0.1', type: 'blackhole' } as const;
      calls.push(i % 2 === 0 ? netns.routes.add(spec) : netns.routes.delete(spec));
      most = Math.max(most, netns.gathered);
    }
    return { calls, most };
  }

  test('a producer that awaits nothing does not grow what is gathered', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    expect(netns.needDrain).toBe(false);
    const { calls, most } = produce(netns, 300_000);
    expect(most).toBeGreaterThan(limit / 2);
    expect(most).toBeLessThan(limit + oneCall);
    expect(netns.needDrain).toBe(true);
    await netns.drain();
    expect(netns.needDrain).toBe(false);
    await Promise.all(calls);
    expect(netns.gathered).toBe(0);
    expect(routesOf(netns)).toEqual([]);
  });

  test('nor does one that goes on while a worker is busy with what was gathered before', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    await netns.links.list();
    const first = produce(netns, 140_000);
    expect(netns.needDrain).toBe(false);
    await nextTurn();
    const second = produce(netns, 140_000);
    expect(first.most + second.most).toBeGreaterThan(limit);
    expect(second.most).toBeLessThan(limit + oneCall);
    await Promise.all([...first.calls, ...second.calls]);
    expect(routesOf(netns)).toEqual([]);
  });

  test('drain without anything to wait for resolves', async () => {
    const netns = await namespace();
    await netns.drain();
  });
});

describe('a signal', () => {
  const reason = new Error('not any more');

  test.each(['inline', 'worker', 'adaptive'] as const)(
    'aborted before the call: nothing is sent (%s)',
    async (dispatch) => {
      const netns = await namespace({ dispatch });
      await expect(netns.routes.add(blackhole('10.0.0.1'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await netns.routes.add(blackhole('10.0.0.2'));
      expect(routesOf(netns)).toEqual(['10.0.0.2']);
    },
  );

  test.each(['inline', 'worker', 'adaptive'] as const)(
    'aborted in the same tick: nothing is sent (%s)',
    async (dispatch) => {
      const netns = await namespace({ dispatch });
      for (const turn of [1, 2]) {
        // The first time the socket is not open yet.
        const controller = new AbortController();
        const { signal } = controller;
        const before = netns.routes.add(blackhole(`10.0.${turn}.1`));
        const calls = [
          netns.routes.add(blackhole(`10.0.${turn}.2`), { signal }),
          netns.routes.add([blackhole(`10.0.${turn}.3`), blackhole(`10.0.${turn}.4`)], { signal }),
          netns.routes.add({ destinations: hosts(100, 0x0a010000), type: 'blackhole' }, { signal }),
        ];
        const after = netns.routes.add(blackhole(`10.0.${turn}.5`));
        controller.abort(reason);
        for (const call of calls) await expect(call).rejects.toBe(reason);
        await Promise.all([before, after]);
      }
      expect(routesOf(netns)).toEqual(['10.0.1.1', '10.0.1.5', '10.0.2.1', '10.0.2.5']);
    },
  );

  test('aborted behind a busy worker, or while it waits for room: nothing is sent', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    await netns.links.list();
    const busy = netns.routes.add({ destinations: hosts(many), type: 'blackhole' });
    await nextTurn();
    const controller = new AbortController();
    const { signal } = controller;
    const behind = netns.routes.add(blackhole('11.0.0.1'), { signal });
    const full: Promise<void>[] = [];
    while (!netns.needDrain) full.push(netns.routes.replace(blackhole('12.0.0.1')));
    const waiting = netns.routes.add(blackhole('11.0.0.2'), { signal });
    const kept = netns.routes.add(blackhole('11.0.0.3'));
    controller.abort(reason);
    await expect(behind).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    await Promise.all([busy, kept, ...full]);
    expect(ipJson(netns.name, 'route', 'show', 'root', '11.0.0.0/8').map(({ dst }) => dst)).toEqual(['11.0.0.3']);
  });

  test('aborted after sending: the call rejects, and later ones work', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    await netns.links.list();
    const controller = new AbortController();
    const sent = netns.routes.add({ destinations: hosts(many), type: 'blackhole' }, { signal: controller.signal });
    await nextTurn();
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    await netns.routes.add(blackhole('11.0.0.1'));
    expect(ipJson(netns.name, 'route', 'show', '11.0.0.1')).toMatchObject([{ dst: '11.0.0.1' }]);
  });

  test('of many calls ends them all, and warns of nothing', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    cleanUp(async () => process.off('warning', note));
    const controller = new AbortController();
    const { signal } = controller;
    // Fewer than what leaves before its tick has ended.
    const calls = Array.from({ length: 1000 }, (_, i) =>
      netns.routes.add(blackhole(dotted(0x0a000000 + i)), { signal }),
    );
    controller.abort(reason);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason)).toBe(true);
    await nextTurn();
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(routesOf(netns)).toEqual([]);
  });

  test('keeps no listener, however the call ended', async () => {
    const netns = await namespace();
    const { signal } = new AbortController();
    const options = { signal, timeout: 60_000 };
    await netns.routes.add(blackhole('10.0.0.1'), options);
    await rejection(netns.routes.add(blackhole('10.0.0.1'), options), NetlinkError);
    await rejection(netns.routes.add([blackhole('10.0.0.1')], options), BatchError);
    await rejection(netns.routes.add(blackhole('nowhere'), options), TypeError);
    await netns.routes.list({}, options);
    await netns.nft.list({}, options);
    await rejection(netns.nft.apply([{ delete: { table: { family: 'ip', name: 't' } } }], options), NetlinkError);
    await rejection(netns.nft.map('ip', 't', 'm').add([['10.0.0.1', '10.0.0.2']], options), NetlinkError);
    await netns.close();
    await expect(netns.routes.list({}, options)).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a time limit', () => {
  test('that passes rejects with a TimeoutError, and later calls work', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    await netns.links.list();
    const late = netns.routes.add({ destinations: hosts(many), type: 'blackhole' }, { timeout: 0 });
    const error = await rejection(late, DOMException);
    expect(error.name).toBe('TimeoutError');
    await netns.routes.add(blackhole('11.0.0.1'));
    expect(ipJson(netns.name, 'route', 'show', '11.0.0.1')).toMatchObject([{ dst: '11.0.0.1' }]);
  });

  test('that does not pass changes nothing', async () => {
    const netns = await namespace();
    await netns.routes.add(blackhole('10.0.0.1'), { timeout: 60_000 });
    expect(routesOf(netns)).toEqual(['10.0.0.1']);
  });
});

describe('options that are wrong are refused before anything is sent', () => {
  test.each<[object, string, ErrorConstructor]>([
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE', TypeError],
    [{ signal: null }, 'ERR_INVALID_ARG_TYPE', TypeError],
    [{ signal: new EventTarget() }, 'ERR_INVALID_ARG_TYPE', TypeError],
    [{ timeout: '5' }, 'ERR_INVALID_ARG_TYPE', TypeError],
    [{ timeout: null }, 'ERR_INVALID_ARG_TYPE', TypeError],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE', RangeError],
    [{ timeout: Number.NaN }, 'ERR_OUT_OF_RANGE', RangeError],
    [{ timeout: Number.POSITIVE_INFINITY }, 'ERR_OUT_OF_RANGE', RangeError],
    [{ timeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE', RangeError],
  ])('%o', async (options, code, type) => {
    const netns = await namespace();
    await netns.nft.apply([{ add: { table: { family: 'ip', name: 't' } } }]);
    const wrong = options as CallOptions;
    const calls = [
      netns.routes.add(blackhole('10.0.0.1'), wrong),
      netns.routes.add([blackhole('10.0.0.2')], wrong),
      netns.routes.add({ destinations: hosts(2), type: 'blackhole' }, wrong),
      netns.routes.list({}, wrong),
      netns.links.add({ kind: 'bridge', name: 'br0' }, wrong),
      netns.nft.flush(undefined, wrong),
    ];
    for (const call of calls) expect(await rejection(call, type)).toMatchObject({ code });
    expect(routesOf(netns)).toEqual([]);
    expect(ipJson(netns.name, 'link')).toHaveLength(1);
    expect(await netns.nft.list()).toHaveLength(1);
  });
});

describe('packed arrays', () => {
  test('of routes', async () => {
    const netns = await namespaceWithVeth();
    const destinations = hosts(3000);
    await netns.routes.add({ destinations, dev: 'veth0', metric: 42, protocol: 'static' });
    const shown = ipJson(netns.name, 'route', 'show', 'proto', 'static');
    expect(shown.map(({ dst }) => dst)).toEqual(Array.from(destinations, dotted));
    expect(shown[2999]).toMatchObject({ dev: 'veth0', metric: 42, scope: 'link' });
    await netns.routes.delete({ destinations: destinations.subarray(1), dev: 'veth0' });
    expect(routesOf(netns)).toEqual(['10.0.0.0']);
  });

  test('of addresses', async () => {
    const netns = await namespaceWithVeth();
    const addresses = hosts(500);
    await netns.addresses.add({ dev: 'veth0', addresses });
    const shown = (): { local: string; prefixlen: number }[] =>
      ipJson(netns.name, '-4', 'addr', 'show', 'dev', 'veth0').flatMap(({ addr_info }) => addr_info);
    expect(shown().map(({ local }) => local)).toEqual(Array.from(addresses, dotted));
    expect(shown()[0]!.prefixlen).toBe(32);
    await netns.addresses.delete({ dev: 'veth0', addresses: addresses.subarray(2) });
    expect(shown().map(({ local }) => local)).toEqual(['10.0.0.0', '10.0.0.1']);
    await netns.addresses.add({ dev: 'veth0', addresses: hosts(1, 0xc0000201), prefixlen: 24 });
    expect(shown().at(-1)).toMatchObject({ local: '192.0.2.1', prefixlen: 24 });
  });

  test('of neighbours, with one hardware address or one each', async () => {
    const netns = await namespaceWithVeth();
    await netns.neighbours.add({ dev: 'veth0', addresses: hosts(300), mac: '02:00:00:00:00:01' });
    const mac = Uint8Array.from({ length: 600 }, (_, i) => (i % 6 === 0 ? 2 : i % 6 === 5 ? i / 6 : 0));
    await netns.neighbours.add({ dev: 'veth0', addresses: hosts(100, 0x0b000000), mac });
    const shown = (): [string, string][] =>
      ipJson(netns.name, 'neigh').map(({ dst, lladdr }): [string, string] => [dst, lladdr]);
    const found = new Map(shown());
    expect(found.size).toBe(400);
    expect(found.get('10.0.1.43')).toBe('02:00:00:00:00:01');
    expect(found.get('11.0.0.99')).toBe('02:00:00:00:00:63');
    await netns.neighbours.delete({ dev: 'veth0', addresses: hosts(300) });
    expect(shown()).toHaveLength(100);
  });

  test('name the row that failed, and undo the others where that is asked for', async () => {
    const netns = await namespaceWithVeth();
    ip(netns.name, 'route', 'add', 'blackhole', '10.0.0.7');
    const destinations = hosts(1000);
    const routes = { destinations, type: 'blackhole' } as const;
    const undone = await rejection(netns.routes.add(routes, { rollback: true }), BatchError);
    const request = { dst: '10.0.0.7', type: 'blackhole' };
    expect(undone).toMatchObject({ rolledBack: true, failures: [{ index: 7, error: { code: 'EEXIST', request } }] });
    expect(undone.message).toContain('10.0.0.7');
    expect(routesOf(netns)).toEqual(['10.0.0.7']);
    const kept = await rejection(netns.routes.add(routes), BatchError);
    expect(kept).toMatchObject({ rolledBack: false, failures: [{ index: 7 }] });
    expect(routesOf(netns)).toHaveLength(1000);
    const missing = { destinations: hosts(1001), type: 'blackhole' } as const;
    const failed = await rejection(netns.routes.delete(missing, { rollback: true }), BatchError);
    expect(failed.failures).toMatchObject([{ index: 1000, error: { code: 'ESRCH' } }]);
    expect(routesOf(netns)).toHaveLength(1000);

    ip(netns.name, 'addr', 'add', '10.0.0.3', 'dev', 'veth0');
    const addresses = { dev: 'veth0', addresses: hosts(10) };
    const taken = await rejection(netns.addresses.add(addresses, { rollback: true }), BatchError);
    const about = { dev: 'veth0', address: '10.0.0.3/32' };
    expect(taken).toMatchObject({
      rolledBack: true,
      failures: [{ index: 3, error: { code: 'EEXIST', request: about } }],
    });
    expect(ipJson(netns.name, '-4', 'addr').flatMap(({ addr_info }) => addr_info)).toHaveLength(1);

    const mac = '02:00:00:00:00:01';
    ip(netns.name, 'neigh', 'add', '10.0.0.5', 'lladdr', mac, 'dev', 'veth0');
    const neighbours = { dev: 'veth0', addresses: hosts(10), mac };
    const known = await rejection(netns.neighbours.add(neighbours, { rollback: true }), BatchError);
    expect(known).toMatchObject({
      rolledBack: true,
      failures: [{ index: 5, error: { request: { dst: '10.0.0.5', mac } } }],
    });
    expect(ipJson(netns.name, 'neigh')).toHaveLength(1);
  });

  test('may be changed as soon as the call is made', async () => {
    const netns = await namespaceWithVeth();
    ip(netns.name, 'route', 'add', 'blackhole', '10.0.0.7');
    await netns.nft.apply(elementTables);
    const destinations = hosts(1000);
    const added = netns.routes.add({ destinations, type: 'blackhole' }, { rollback: true });
    destinations.fill(0x0b000000);
    const error = await rejection(added, BatchError);
    expect(error.failures).toMatchObject([{ index: 7, error: { request: { dst: '10.0.0.7' } } }]);
    expect(routesOf(netns)).toEqual(['10.0.0.7']);
    const map = netns.nft.map('ip', 't', 'm');
    const [keys, values] = [hosts(2), hosts(2, 0x0b000000)];
    const mapped = map.add({ keys, values });
    keys.fill(1);
    values.fill(1);
    await mapped;
    expect([...(await map.list())].sort()).toEqual([
      ['10.0.0.0', '11.0.0.0'],
      ['10.0.0.1', '11.0.0.1'],
    ]);
    const gone = hosts(1);
    const deleted = map.delete(gone);
    gone.fill(1);
    await deleted;
    expect(await map.list()).toEqual([['10.0.0.1', '11.0.0.1']]);
  });

  test('may be changed even where the call waits for room', async () => {
    const netns = await namespace({ dispatch: 'worker' });
    await netns.links.list();
    const full: Promise<void>[] = [];
    while (!netns.needDrain) full.push(netns.routes.replace(blackhole('12.0.0.1')));
    const destinations = hosts(2);
    const added = netns.routes.add({ destinations, type: 'blackhole' });
    destinations.fill(0x0b000000);
    await Promise.all([added, ...full]);
    expect(routesOf(netns)).toEqual(['10.0.0.0', '10.0.0.1', '12.0.0.1']);
  });

  test('without rows are nothing to do', async () => {
    const netns = await namespaceWithVeth();
    await netns.nft.apply(elementTables);
    const none = new Uint32Array();
    await netns.routes.add({ destinations: none, type: 'blackhole' });
    await netns.addresses.add({ dev: 'veth0', addresses: none });
    await netns.neighbours.add({ dev: 'veth0', addresses: none, mac: '02:00:00:00:00:01' });
    await netns.nft.map('ip', 't', 'm').add({ keys: none, values: none });
    await netns.nft.set('ip', 't', 's').delete(none);
    expect(routesOf(netns)).toEqual([]);
  });

  test('of the wrong type or length are refused', async () => {
    const netns = await namespaceWithVeth();
    await netns.nft.apply(elementTables);
    const map = netns.nft.map('ip', 't', 'm');
    const set = netns.nft.set('ip', 't', 's');
    const mac = '02:00:00:00:00:01';
    const wrong = [
      () => netns.routes.add({ destinations: [1, 2] as never }),
      () => netns.routes.add({ destinations: new Int32Array(2) as never, type: 'blackhole' }),
      () => netns.routes.add({ destinations: new Float64Array(2) as never, type: 'blackhole' }),
      () => netns.routes.add({ destinations: hosts(2), dst: '10.0.0.1' } as never),
      () => netns.addresses.add({ dev: 'veth0', addresses: new BigUint64Array(2) as never }),
      () => netns.addresses.add({ addresses: hosts(2) } as never),
      () => netns.neighbours.add({ dev: 'veth0', addresses: new Uint8Array(8) as never, mac }),
      () => netns.neighbours.add({ dev: 'veth0', addresses: hosts(2), mac: new Uint8Array(11) }),
      () => netns.neighbours.add({ dev: 'veth0', addresses: hosts(2) }),
      () => map.add({ keys: hosts(2), values: hosts(3) }),
      () => map.add({ keys: hosts(2), values: [1, 2] as never }),
      () => map.add(hosts(2) as never),
      () => set.add({ keys: hosts(2), values: hosts(2) } as never),
      () => netns.nft.set('ip', 't', 'ports').add(hosts(2)),
    ];
    for (const call of wrong) {
      const error = await rejection((async () => call())(), TypeError);
      expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/) });
    }
    const range = netns.addresses.add({ dev: 'veth0', addresses: hosts(2), prefixlen: 33 });
    expect(await rejection(range, RangeError)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(routesOf(netns)).toEqual([]);
    expect(ipJson(netns.name, '-4', 'addr')).toEqual([]);
    expect(ipJson(netns.name, 'neigh')).toEqual([]);
    expect([await map.list(), await set.list()]).toEqual([[], []]);
  });
});

// With sizes: a set without one grows in the background, and a listing meanwhile has some elements twice and others not at
// all (nft_rhash_walk).
const size = 1 << 20;
const elementTables = [
  { add: { table: { family: 'ip', name: 't' } } },
  { add: { map: { family: 'ip', table: 't', name: 'm', type: 'ipv4_addr', map: 'ipv4_addr', size } } },
  { add: { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', size } } },
  { add: { set: { family: 'ip', table: 't', name: 'ports', type: 'inet_service' } } },
] as const;

describe('packed elements', () => {
  test('of a map and a set go in and out, and an error names one', async () => {
    const netns = await namespace();
    await netns.nft.apply(elementTables);
    const map = netns.nft.map('ip', 't', 'm');
    const set = netns.nft.set('ip', 't', 's');
    const keys = hosts(5000);
    await Promise.all([map.add({ keys, values: hosts(5000, 0x0b000000) }), set.add(keys)]);
    expect(await set.list()).toHaveLength(5000);
    expect(await map.list()).toContainEqual(['10.0.19.135', '11.0.19.135']);
    const other = { keys: hosts(2, 0x0a001386), values: hosts(2) };
    const taken = await rejection(map.add(other), NetlinkError);
    expect(taken).toMatchObject({ code: 'EEXIST', request: 0x0a001386 });
    expect(taken.message).toContain('element 0 (10.0.19.134)');
    const missing = Uint32Array.of(0x0a000000, 0x0a000001, 0x0c000000);
    const error = await rejection(set.delete(missing), NetlinkError);
    expect(error).toMatchObject({ code: 'ENOENT', request: 0x0c000000 });
    expect(error.message).toContain('element 2 (12.0.0.0)');
    expect(await set.list()).toHaveLength(5000);
    await Promise.all([map.delete(keys), set.delete(keys)]);
    expect([await map.list(), await set.list()]).toEqual([[], []]);
  });
});

// A user without privileges in the machine's own namespaces may not force a socket's buffers (SO_SNDBUFFORCE).
describe('for an ordinary user', () => {
  const ordinary = ['unshare', '-Urn'];
  /** In a namespace of that user's: more elements than a socket holds, which is twice net.core.wmem_max. */
  const story = `
    import { readFileSync } from 'node:fs';
    const ns = await Netns.current();
    let most = 4 << 20;
    try {
      most = Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8'));
    } catch {}
    // An element of the map has 28 bytes.
    const count = Math.max(100_000, Math.ceil((2.2 * most) / 28));
    const map = ns.nft.map('ip', 't', 'm');
    await ns.nft.apply([
      { add: { table: { family: 'ip', name: 't' } } },
      { add: { map: { family: 'ip', table: 't', name: 'm', type: 'ipv4_addr', map: 'ipv4_addr', size: count + 10 } } },
    ]);
    const keys = Uint32Array.from({ length: count }, (_, i) => 0x0a000000 + i);
    const dotted = (key) => [key >>> 24, (key >> 16) & 255, (key >> 8) & 255, key & 255].join('.');
    const outcome = (promise) => promise.then(() => 'done', ({ code, message, request }) => ({ code, message, request }));
    const print = (value) => console.log(JSON.stringify(value));
  `;

  test('elements beyond what a socket holds go in parts', async () => {
    const result = await resultOf(
      `${story}
      await map.add({ keys, values: keys });
      // Were one of them missing, or there with another value, these would fail.
      const again = await outcome(map.add({ keys, values: keys }));
      const missing = await outcome(map.delete(Uint32Array.from({ length: count + 1 }, (_, i) => keys[i] ?? 1)));
      await map.delete(keys);
      print({ again, missing, left: (await map.list()).length });`,
      ...ordinary,
    );
    expect(result).toMatchObject({ again: 'done', missing: { code: 'ENOENT', request: 1 }, left: 0 });
  });

  test('a late part that fails undoes those before it, and no more', async () => {
    const result = await resultOf(
      `${story}
      const last = keys[count - 2];
      // One that is in the way, and one that is there with the value that it is given again.
      const before = [[dotted(keys[1]), dotted(keys[1])], [dotted(last), '192.0.2.1']];
      await map.add(before);
      // Twice, which is once.
      const twice = keys.slice();
      twice[3] = twice[2];
      const added = await outcome(map.add({ keys: twice, values: twice }));
      const after = (await map.list()).sort();
      print({ last, before, added, after });`,
      ...ordinary,
    );
    const { last, before, added, after } = result;
    expect(added).toMatchObject({ code: 'EEXIST', request: last });
    expect(added.message).toContain(`(${dotted(last)})`);
    expect(after).toEqual(before);
  });

  test('a change that would need parts and could not be undone is refused, and nothing is changed', async () => {
    const result = await resultOf(
      `${story}
      await ns.nft.apply([
        { add: { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', flags: ['timeout'], timeout: 3600 } } },
      ]);
      const set = ns.nft.set('ip', 't', 's');
      await set.add(['192.0.2.1']);
      const more = Uint32Array.from({ length: 2 * count }, (_, i) => 0x0a000000 + i);
      const added = await outcome(set.add(more));
      print({ added, held: (await set.list()).length });`,
      ...ordinary,
    );
    expect(result).toMatchObject({ added: { code: 'ERR_TRANSACTION_TOO_LARGE' }, held: 1 });
  });

  test('a transaction that does not fit is refused, and nothing is changed', async () => {
    const result = await resultOf(
      `${story}
      const elem = Array.from(keys, (key) => [dotted(key), dotted(key)]);
      const applied = await outcome(
        ns.nft.apply([
          { add: { table: { family: 'ip', name: 'other' } } },
          { add: { element: { family: 'ip', table: 't', name: 'm', elem } } },
        ]),
      );
      const objects = await ns.nft.list({ elements: false });
      print({ applied, tables: objects.filter(({ table }) => table).length, held: (await map.list()).length });`,
      ...ordinary,
    );
    expect(result).toMatchObject({ applied: { code: 'ERR_TRANSACTION_TOO_LARGE' }, tables: 1, held: 0 });
    expect(result.applied.message).not.toContain('EMSGSIZE');
    expect(result.applied.message).toContain('net.core.wmem_max');
  });
});
