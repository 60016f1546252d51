/** How event streams end, and what they keep: descriptors, the process. */
import { describe, expect, test } from 'vitest';
import { openSockets } from './helpers/events.js';
import { ip, type NamedNetns, namespace } from './helpers/namespaces.js';
import { resultOf, runProgram } from './helpers/programs.js';

describe('it ends', () => {
  const add = (netns: NamedNetns): string => ip(netns.name, 'rule', 'add', 'table', '100');

  test('by break, and closes its socket', async () => {
    const netns = await namespace();
    const before = openSockets();
    const monitor = netns.monitor(['rule']);
    await monitor.ready;
    expect(openSockets()).toBe(before + 1);
    add(netns);
    for await (const event of monitor) {
      expect(event.group).toBe('rule');
      break;
    }
    expect(openSockets()).toBe(before);
    expect(await monitor.next()).toEqual({ done: true, value: undefined });
  });

  test('by an error in the loop, and without `ready` having been awaited', async () => {
    const netns = await namespace();
    const before = openSockets();
    const loop = (async () => {
      for await (const event of netns.monitor(['rule'])) throw new Error(event.group);
    })();
    let failed = false;
    loop.catch(() => {
      failed = true;
    });
    // When it listens is not known here: one of these it hears.
    while (!failed) {
      add(netns);
      await new Promise(setImmediate);
    }
    await expect(loop).rejects.toThrow('rule');
    expect(openSockets()).toBe(before);
  });

  test('by a signal, with an AbortError, once', async () => {
    const netns = await namespace();
    const before = openSockets();
    const reason = new Error('enough');
    const abort = new AbortController();
    const monitor = netns.monitor(['rule'], { signal: abort.signal });
    await monitor.ready;
    const [first, second] = [monitor.next(), monitor.next()];
    abort.abort(reason);
    await expect(first).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await monitor.next()).toEqual({ done: true, value: undefined });
    expect(openSockets()).toBe(before);
  });

  test('by a signal while nobody waits: whoever asks next is told; what is queued is dropped', async () => {
    const netns = await namespace();
    const abort = new AbortController();
    const monitor = netns.monitor(['rule'], { signal: abort.signal });
    await monitor.ready;
    add(netns);
    add(netns);
    await monitor.next();
    abort.abort();
    await expect(monitor.next()).rejects.toMatchObject({ name: 'AbortError' });
    expect(await monitor.next()).toEqual({ done: true, value: undefined });
  });

  test('by a signal that was aborted before: nothing is opened', async () => {
    const netns = await namespace();
    const before = openSockets();
    const monitor = netns.monitor(['rule'], { signal: AbortSignal.abort() });
    await expect(monitor.ready).rejects.toMatchObject({ name: 'AbortError' });
    await expect(monitor.next()).rejects.toMatchObject({ name: 'AbortError' });
    expect(openSockets()).toBe(before);
  });

  test('by a signal that is aborted while it is being opened', async () => {
    const netns = await namespace();
    const before = openSockets();
    const abort = new AbortController();
    const monitor = netns.monitor(['rule'], { signal: abort.signal });
    const waiting = monitor.next();
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(monitor.ready).rejects.toMatchObject({ name: 'AbortError' });
    expect(openSockets()).toBe(before);
  });

  test("with its namespace's handle, and no more begin", async () => {
    const netns = await namespace();
    const before = openSockets();
    const [waited, idle] = [netns.monitor(['rule']), netns.nft.monitor()];
    await Promise.all([waited.ready, idle.ready]);
    const waiting = waited.next();
    await netns.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await idle.next()).toEqual({ done: true, value: undefined });
    // The handle had two of its own.
    expect(openSockets()).toBe(before - 2);
    for (const begin of [() => netns.monitor(), () => netns.nft.monitor(), () => netns.conntrack.events()]) {
      expect(begin).toThrow(expect.objectContaining({ code: 'ERR_NETNS_CLOSED' }));
    }
  });

  test("with its namespace's handle while it is being opened", async () => {
    const netns = await namespace();
    const monitor = netns.monitor(['rule']);
    await netns.close();
    expect(await monitor.next()).toEqual({ done: true, value: undefined });
    await expect(monitor.ready).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
  });

  test('a thousand leave nothing', async () => {
    const netns = await namespace();
    const before = openSockets();
    for (let round = 0; round < 20; round++) {
      const monitors = Array.from({ length: 50 }, () => netns.monitor(['rule', 'link']));
      await Promise.all(monitors.map(({ ready }) => ready));
      for (const monitor of monitors) monitor.close();
    }
    expect(openSockets()).toBe(before);
  });
});

describe('what is no option', () => {
  // biome-ignore lint/suspicious/noExplicitAny: that it is refused is the point.
  test.each<[string, any, any, string]>([
    ['a group that there is not', ['links'], {}, 'ERR_INVALID_ARG_VALUE'],
    ['no group', [], {}, 'ERR_INVALID_ARG_VALUE'],
    ['options in place of groups', { signal: undefined }, {}, 'ERR_INVALID_ARG_TYPE'],
    ['an unknown option', ['link'], { buffer: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ['a signal that is none', ['link'], { signal: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['a buffer of nothing', ['link'], { receiveBuffer: 0 }, 'ERR_OUT_OF_RANGE'],
    ['a buffer of half a byte', ['link'], { receiveBuffer: 4096.5 }, 'ERR_INVALID_ARG_TYPE'],
  ])('%s is refused', async (_, groups, options, code) => {
    const netns = await namespace();
    expect(() => netns.monitor(groups, options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a process', () => {
  test('that waits for an event stays, one that does not wait ends by itself', async () => {
    const netns = await namespace();
    const open = `const ns = await Netns.open(${JSON.stringify(netns.name)}); const monitor = ns.monitor(['rule']); await monitor.ready;`;
    const idle = await runProgram(`${open}
      await ns.rules.add({ priority: 70, table: 100 });
      console.log((await monitor.next()).value.rule.priority);`);
    expect(idle).toMatchObject({ code: 0, stdout: '70\n' });
    // Nothing else keeps it: the command that makes the event is on its own.
    const waits = await resultOf(`
      import { spawn } from 'node:child_process';
      ${open}
      const command = 'for i in 1 2 3; do sleep 0.1; ip -n ${netns.name} rule add priority 7$i table 100; done';
      spawn('sh', ['-c', command], { stdio: 'ignore', detached: true }).unref();
      const heard = [];
      for await (const { rule } of monitor) {
        heard.push(rule.priority);
        if (heard.length === 3) break;
      }
      console.log(JSON.stringify(heard));
    `);
    expect(waits).toEqual([71, 72, 73]);
  });

  test('may exit in the middle of an iteration', async () => {
    const ended = await runProgram(`
      const ns = await Netns.create();
      const monitor = ns.monitor();
      await monitor.ready;
      let heard = 0;
      (async () => { for await (const event of monitor) if (++heard === 100) process.exit(7); })();
      for (;;) {
        await ns.rules.add({ priority: 100, table: 100 });
        await ns.rules.delete({ priority: 100, table: 100 });
      }
    `);
    expect(ended).toMatchObject({ code: 7, signal: null, stderr: '' });
  });

  test('that forgets a monitor gets its descriptor back', async () => {
    const { before, after } = await resultOf(`
      import { readdirSync } from 'node:fs';
      import { setFlagsFromString } from 'node:v8';
      import { runInNewContext } from 'node:vm';
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const count = () => readdirSync('/proc/self/fd').length;
      const forget = async () => {
        const ns = await Netns.create();
        await ns.monitor().ready;
        await ns.nft.monitor().ready;
      };
      await forget();
      const collect = async (enough) => {
        for (let i = 0; i < 200 && count() > enough; i++) { gc(); await new Promise(setImmediate); }
        return count();
      };
      const before = await collect(0);
      for (let i = 0; i < 20; i++) await forget();
      console.log(JSON.stringify({ before, after: await collect(before) }));
    `);
    expect(after).toBe(before);
  });
});
