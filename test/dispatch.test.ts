/** Where requests run: on the calling thread, on a worker, or by what they are predicted to cost. Order is kept in all. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BatchError, type Dispatch, NetlinkError, Netns } from '../src/index.js';
import { ipJson, type NamedNetns, namespace, rejection, uniqueName } from './helpers/namespaces.js';

const modes = ['inline', 'worker', 'adaptive'] as const;
const hosts = (count: number, from = 0x0a000000): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => from + i);
const route = (dst: string, metric?: number) => ({
  dst,
  type: 'blackhole' as const,
  ...(metric === undefined ? {} : { metric }),
});
const shown = (netns: NamedNetns, ...which: string[]) => ipJson(netns.name, '-4', 'route', 'show', ...which);
/** So many that they take a while anywhere. */
const large = { destinations: hosts(60_000), type: 'blackhole' } as const;

/** How often a timer ticks until a promise settles. */
async function ticksDuring(promise: Promise<unknown>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  try {
    await promise;
  } finally {
    clearInterval(timer);
  }
  return ticks;
}

describe.each(modes)('%s', (dispatch) => {
  test('small and large requests are carried out in call order, in one tick', async () => {
    const netns = await namespace({ dispatch });
    await Promise.all([
      netns.routes.add({ destinations: hosts(20_000), type: 'blackhole' }),
      netns.routes.delete(route('10.0.0.5')),
      netns.routes.add(route('10.0.0.5', 42)),
      netns.routes.add(Array.from({ length: 2000 }, (_, i) => route(`11.0.${i >> 8}.${i & 255}`))),
      netns.routes.delete({ destinations: hosts(1000, 0x0b000000), type: 'blackhole' }),
      netns.routes.add(route('11.0.0.1', 7)),
    ]);
    expect(shown(netns, '10.0.0.5')).toMatchObject([{ metric: 42 }]);
    expect(shown(netns, '11.0.0.1')).toMatchObject([{ metric: 7 }]);
    expect(shown(netns)).toHaveLength(21_001);
  });

  test('and in ticks of their own, none of which is awaited', async () => {
    const netns = await namespace({ dispatch });
    await netns.links.list();
    const calls: Promise<unknown>[] = [];
    const call = async (made: Promise<unknown>): Promise<void> => {
      calls.push(made);
      await nextTurn();
    };
    await call(netns.routes.add({ destinations: hosts(20_000), type: 'blackhole' }));
    for (let metric = 1; metric <= 20; metric++) {
      await call(netns.routes.delete(route('10.0.0.5', metric === 1 ? undefined : metric - 1)));
      await call(netns.routes.add(route('10.0.0.5', metric)));
      await call(netns.routes.list({ family: 'inet' }));
    }
    await call(netns.routes.delete({ destinations: hosts(15_000, 0x0a000000 + 5000), type: 'blackhole' }));
    await Promise.all(calls);
    expect(shown(netns, '10.0.0.5')).toMatchObject([{ metric: 20 }]);
    expect(shown(netns)).toHaveLength(5000);
  });

  test('results and errors find their own callers', async () => {
    const netns = await namespace({ dispatch });
    const taken = netns.routes.add(route('10.0.0.1'));
    const outcomes = await Promise.allSettled([
      taken,
      netns.routes.add(route('10.0.0.1')),
      netns.routes.list({ family: 'inet' }),
      netns.routes.add([route('10.0.0.2'), route('10.0.0.1'), route('10.0.0.3')]),
      netns.routes.add({ destinations: hosts(5), type: 'blackhole' }),
      netns.links.get('lo'),
      netns.routes.delete(route('10.9.9.9')),
      netns.routes.list({ family: 'inet' }),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'EEXIST', request: { dst: '10.0.0.1' } } },
      { status: 'fulfilled', value: [{ dst: '10.0.0.1' }] },
      { status: 'rejected', reason: { failures: [{ index: 1, error: { code: 'EEXIST' } }] } },
      { status: 'rejected', reason: { failures: [{ index: 1 }, { index: 2 }, { index: 3 }] } },
      { status: 'fulfilled', value: { name: 'lo' } },
      { status: 'rejected', reason: { code: 'ESRCH', request: { dst: '10.9.9.9' } } },
      { status: 'fulfilled' },
    ]);
    expect(
      outcomes.filter(({ status }) => status === 'rejected').map((each) => (each as PromiseRejectedResult).reason),
    ).toEqual([expect.any(NetlinkError), expect.any(BatchError), expect.any(BatchError), expect.any(NetlinkError)]);
    expect(shown(netns).map(({ dst }) => dst)).toEqual(['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  });

  test('closing lets what was asked for be carried out', async () => {
    const netns = await namespace({ dispatch });
    await netns.links.list();
    const calls = [netns.routes.add(large), netns.routes.add(route('11.0.0.1'))];
    await netns.close();
    await Promise.all(calls);
    expect(shown(netns, '11.0.0.1')).toHaveLength(1);
    await expect(netns.routes.list()).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
  });
});

test('a worker leaves the event loop free, even for what is small', async () => {
  const netns = await namespace({ dispatch: 'worker' });
  await netns.links.list();
  expect(await ticksDuring(netns.routes.add(large))).toBeGreaterThan(0);
  const small = netns.routes.add(route('11.0.0.1'));
  let settled = false;
  small.then(() => {
    settled = true;
  });
  // However many promises settle meanwhile: a worker's results come by the event loop.
  for (let i = 0; i < 1000; i++) await null;
  expect(settled).toBe(false);
  await small;
});

test('inline does not, even for what is large', async () => {
  const netns = await namespace({ dispatch: 'inline' });
  await netns.links.list();
  expect(await ticksDuring(netns.routes.add(large))).toBe(0);
});

test('adaptive is inline for what is small and on a worker for what is large', async () => {
  const netns = await namespace();
  await netns.links.list();
  expect(await ticksDuring(netns.routes.add(large))).toBeGreaterThan(0);
  let inline = 0;
  // A machine that is busy makes one of them look costly now and then.
  for (let i = 0; i < 50; i++) {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await netns.routes.replace(route('11.0.0.1'));
    if (!turned) inline++;
    await nextTurn();
  }
  expect(inline).toBeGreaterThan(0);
});

test.each<[unknown]>([['fast'], ['Inline'], [''], [1], [null], ['toString']])('%o is no dispatch', async (dispatch) => {
  const options = { dispatch: dispatch as Dispatch };
  const name = uniqueName();
  const refused = { code: 'ERR_INVALID_ARG_VALUE' };
  expect(await rejection(Netns.create(name, options), TypeError)).toMatchObject(refused);
  expect(await Netns.list()).not.toContain(name);
  expect(await rejection(Netns.open({ pid: process.pid }, options), TypeError)).toMatchObject(refused);
  expect(await rejection(Netns.current(options), TypeError)).toMatchObject(refused);
});
