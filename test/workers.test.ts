/** Several worker_threads with the library in each; and threads and processes that end in the middle of a request. */
import { describe, expect, test } from 'vitest';
import { Netns } from '../src/index.js';
import { cleanUp, ipJson, namespace, uniqueName } from './helpers/namespaces.js';
import { library, resultOf, runProgram } from './helpers/programs.js';

/** For programs that start workers: `start(source)` resolves when the worker has said something. */
const starting = `
  import { once } from 'node:events';
  import { readdirSync } from 'node:fs';
  import { setTimeout as pause } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';

  async function start(body, workerData) {
    const source = \`(async () => {
      const { parentPort, workerData } = require('node:worker_threads');
      const { Netns } = await import(${JSON.stringify(JSON.stringify(library)).slice(1, -1)});
      const say = (value) => parentPort.postMessage(value);
      const hosts = (count, from = 0x0a000000) => Uint32Array.from({ length: count }, (_, i) => from + i);
      \${body}
    })()\`;
    const worker = new Worker(source, { eval: true, execArgv: [], trackUnmanagedFds: false, workerData });
    const failed = new Promise((_, reject) => worker.once('error', reject));
    const [said] = await Promise.race([once(worker, 'message'), failed]);
    return { worker, said };
  }
  const print = (value) => console.log(JSON.stringify(value));
`;

test('four workers load the addon at once, and each works in a namespace of its own', async () => {
  const names = Array.from({ length: 4 }, uniqueName);
  cleanUp(() => Promise.all(names.map((name) => Netns.delete(name))));
  const listed = await resultOf(`${starting}
    const workers = await Promise.all(${JSON.stringify(names)}.map((name, number) => start(\`
      const ns = await Netns.create(workerData.name, { dispatch: ['inline', 'worker', 'adaptive'][workerData.number % 3] });
      await ns.links.set('lo', { up: true });
      await Promise.all([
        ns.routes.add({ destinations: hosts(1000 * (workerData.number + 1)), type: 'blackhole' }),
        ns.addresses.add({ dev: 'lo', address: '192.0.2.' + workerData.number + '/32' }),
        ns.nft.apply([{ add: { table: { family: 'ip', name: 't' + workerData.number } } }]),
      ]);
      const [routes, [table]] = await Promise.all([ns.routes.list({ family: 'inet' }), ns.nft.list()]);
      await ns.close();
      say({ routes: routes.length, table: table.table.name });
    \`, { name, number })));
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
    print(workers.map(({ said }) => said));
  `);
  expect(listed).toEqual([0, 1, 2, 3].map((number) => ({ routes: 1000 * (number + 1), table: `t${number}` })));
  for (const [number, name] of names.entries()) {
    expect(ipJson(name, '-4', 'route')).toHaveLength(1000 * (number + 1));
    const addresses = ipJson(name, '-4', 'addr').flatMap(({ addr_info }) => addr_info);
    expect(addresses).toContainEqual(expect.objectContaining({ local: `192.0.2.${number}` }));
  }
});

describe('a worker that is terminated', () => {
  const forever = (step: string): string => `say('begun'); for (;;) { ${step} }`;
  const churn = (dispatch: string): string => `
    const ns = await Netns.create(undefined, { dispatch: '${dispatch}' });
    const routes = { destinations: hosts(20_000), type: 'blackhole' };
    ${forever('await ns.routes.add(routes); await ns.routes.delete(routes);')}`;

  test.each<[string, string]>([
    ['in requests on its own thread', churn('inline')],
    ["in requests on one of the library's threads", churn('worker')],
    [
      'in transactions',
      `
      const ns = await Netns.create(undefined, { dispatch: 'worker' });
      await ns.nft.apply([
        { add: { table: { family: 'ip', name: 't' } } },
        { add: { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr' } } },
      ]);
      const set = ns.nft.set('ip', 't', 's');
      ${forever('await set.add(hosts(20_000)); await set.delete(hosts(20_000));')}`,
    ],
    [
      'while requests wait for room',
      `
      const ns = await Netns.create(undefined, { dispatch: 'worker' });
      await ns.links.list();
      const nexthops = Array.from({ length: 2000 }, () => ({ dst: '10.0.0.1', type: 'blackhole' }));
      while (!ns.needDrain) ns.routes.replace(nexthops);
      ${forever('await ns.drain();')}`,
    ],
    [
      'in Netns.create',
      forever(
        'const made = await Promise.all([1, 2, 3, 4].map(() => Netns.create())); for (const ns of made) await ns.close();',
      ),
    ],
    [
      'in Netns.create, with a thread that hears of nothing',
      `
      for (let i = 0; i < 5; i++) Netns.create();
      say('begun');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    ],
    [
      'in a dump of 50,000 routes',
      `
      const ns = await Netns.open(workerData.name, { dispatch: 'worker' });
      ${forever("await ns.routes.list({ family: 'inet' });")}`,
    ],
    [
      'in a dump of 50,000 routes on its own thread',
      `
      const ns = await Netns.open(workerData.name, { dispatch: 'inline' });
      ${forever("await ns.routes.list({ family: 'inet' });")}`,
    ],
    [
      'in sockets and settings',
      `
      const ns = await Netns.create();
      ${forever(`
        await Promise.all([ns.sysctl.get('net.ipv4.ip_forward'), ns.sysctl.set({ 'net.ipv4.ip_forward': 1 })]);
        await ns.sysctl.get('net.ipv4.nothing').catch(() => {});`)}`,
    ],
    [
      'in making sockets, with a thread that hears of nothing',
      `
      const ns = await Netns.create();
      for (let i = 0; i < 20; i++) ns.socket('udp4');
      say('begun');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    ],
    [
      'in opening a namespace for each thing',
      forever(`
        const ns = await Netns.create();
        await ns.links.list();
        await ns.links.get('nosuch').catch(() => {});
        await ns.nft.list();
        await ns.close();`),
    ],
    [
      'while it monitors',
      `
      const ns = await Netns.create();
      const streams = [ns.monitor(), ns.nft.monitor(), ns.conntrack.events()];
      for (const stream of streams) (async () => { for await (const event of stream); })();
      await Promise.all(streams.map(({ ready }) => ready));
      ns.monitor();
      ${forever(`
        await Promise.all([
          ns.rules.add({ priority: 100, table: 100 }),
          ns.rules.delete({ priority: 100, table: 100 }),
          ns.nft.apply([{ add: { table: { name: 't' } } }, { delete: { table: { name: 't' } } }]),
        ]);`)}`,
    ],
    [
      'while it waits for events, of which there are many, with a thread that hears of nothing',
      `
      const ns = await Netns.create();
      const stream = ns.monitor();
      await stream.ready;
      stream.next();
      for (let i = 0; i < 1000; i++) ns.rules.add({ priority: i, table: 100 });
      say('begun');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    ],
    [
      'in making monitors',
      forever(`
        const ns = await Netns.create();
        const streams = [ns.monitor(), ns.nft.monitor()];
        await streams[0].ready;
        streams[0].next();
        if (Math.random() < 0.5) await ns.close();`),
    ],
    ['as soon as it has the library', "say('begun')"],
  ])('%s crashes nothing and leaves nothing', { timeout: 120_000 }, async (_, body) => {
    const held = await namespace();
    if (body.includes('workerData.name')) {
      await held.routes.add({
        destinations: Uint32Array.from({ length: 50_000 }, (_, i) => 0x0a000000 + i),
        type: 'blackhole',
      });
    }
    const result = await resultOf(`${starting}
      const counts = () => ({
        descriptors: readdirSync('/proc/self/fd').length,
        threads: readdirSync('/proc/self/task').length,
      });
      const round = async (number) => {
        const { worker } = await start(${JSON.stringify(body)}, { name: ${JSON.stringify(held.name)} });
        await pause(number);
        await worker.terminate();
      };
      // What the process itself starts for its first worker stays.
      for (let number = 0; number < 3; number++) await round(number);
      await pause(200);
      const before = counts();
      // A submission that fills all the room takes a while, and is carried out first.
      const rounds = ${body.includes('needDrain') ? 5 : 20};
      for (let number = 0; number < rounds; number++) await round(number);
      let after = counts();
      for (let tries = 0; tries < 500 && JSON.stringify(after) !== JSON.stringify(before); tries++) {
        await pause(10);
        after = counts();
      }
      print({ before, after });
    `);
    expect(result.after).toEqual(result.before);
  });

  test('while it loads the library crashes nothing', async () => {
    const loaded = await resultOf(`${starting}
      for (let number = 0; number < 40; number++) {
        const worker = new Worker('import(' + ${JSON.stringify(JSON.stringify(library))} + ')', { eval: true, execArgv: [] });
        await once(worker, 'online');
        await pause(2 * number);
        await worker.terminate();
      }
      print(true);
    `);
    expect(loaded).toBe(true);
  });

  test('in Netns.create with a name leaves no name', async () => {
    const prefix = uniqueName();
    cleanUp(async () => {
      const left = (await Netns.list()).filter((name) => name.startsWith(prefix));
      await Promise.all(left.map((name) => Netns.delete(name)));
    });
    const left = await resultOf(`${starting}
      for (let number = 0; number < 20; number++) {
        const { worker } = await start(\`
          for (let i = 0; i < 3; i++) Netns.create(workerData.name + '-' + i);
          say('begun');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        \`, { name: ${JSON.stringify(prefix)} + '-' + number });
        await pause(number);
        await worker.terminate();
      }
      print((await Netns.list()).filter((name) => name.startsWith(${JSON.stringify(prefix)})));
    `);
    expect(left).toEqual([]);
  });

  test('and others go on', async () => {
    const count = await resultOf(`${starting}
      const steady = start(\`
        const ns = await Netns.create(undefined, { dispatch: 'worker' });
        for (let i = 0; i < 30; i++) {
          await ns.routes.add({ destinations: hosts(2000), type: 'blackhole' });
          await ns.routes.delete({ destinations: hosts(2000), type: 'blackhole' });
        }
        await ns.routes.add({ destinations: hosts(2000), type: 'blackhole' });
        say((await ns.routes.list({ family: 'inet' })).length);
      \`);
      for (let number = 0; number < 5; number++) {
        const { worker } = await start(${JSON.stringify(churn('worker'))});
        await pause(number);
        await worker.terminate();
      }
      const { worker, said } = await steady;
      await worker.terminate();
      print(said);
    `);
    expect(count).toBe(2000);
  });
});

describe('process.exit', () => {
  const large = "{ destinations: Uint32Array.from({ length: 60_000 }, (_, i) => 0x0a000000 + i), type: 'blackhole' }";
  test.each<[string, string]>([
    ['a request on a worker', `ns.routes.add(${large})`],
    ['a dump', `await ns.routes.add(${large}); ns.routes.list()`],
    ['Netns.create', 'for (let i = 0; i < 5; i++) Netns.create()'],
    ['a socket', "ns.socket('udp4')"],
    ['calls that wait for room', "while (!ns.needDrain) ns.routes.replace({ dst: '10.0.0.1', type: 'blackhole' })"],
  ])('in the middle of %s ends with its code', async (_, request) => {
    const { code, signal, stderr } = await runProgram(`
      const ns = await Netns.create(undefined, { dispatch: 'worker' });
      await ns.links.list();
      ${request};
      setImmediate(() => process.exit(7));
    `);
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
  });

  test('in a worker ends that worker alone', async () => {
    const result = await resultOf(`${starting}
      const { worker } = await start(\`
        const ns = await Netns.create(undefined, { dispatch: 'worker' });
        await ns.links.list();
        ns.routes.add({ destinations: hosts(60_000), type: 'blackhole' });
        say('begun');
        setImmediate(() => process.exit(7));
      \`);
      const [code] = await once(worker, 'exit');
      print(code);
    `);
    expect(result).toBe(7);
  });
});

test('a process does not end while a request is under way, and does when none is', async () => {
  const { code, stdout } = await runProgram(`
    const ns = await Netns.create(undefined, { dispatch: 'worker' });
    await ns.links.list();
    ns.routes
      .add({ destinations: Uint32Array.from({ length: 60_000 }, (_, i) => 0x0a000000 + i), type: 'blackhole' })
      .then(() => console.log('done'));
  `);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
});
