import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  Netns,
  type ServiceChange,
  ServiceError,
  type ServiceEvent,
  type ServiceFile,
  type ServiceSpec,
  Services,
} from '../src/index.js';
import { cleanUp, type NamedNetns, namespace, rejection, run } from './helpers/namespaces.js';
import { library, resultOf, runProgram } from './helpers/programs.js';
import { eventually, filesBelow, stateDirectory } from './helpers/state.js';

/** Says what it read when it started and at each SIGHUP. It starts helpers of its own, as many daemons do. */
const program = `
  trap 'cp reloaded seen-reloaded' HUP
  cp reloaded seen-reloaded; cp restarted seen-restarted
  while :; do sleep 0.02; done`;

/** The processes in a namespace, without helpers: what `ip netns pids` prints. */
function pidsIn(netns: NamedNetns): number[] {
  const all = run('ip', 'netns', 'pids', netns.name).trim().split('\n').filter(Boolean).map(Number);
  const parent = (pid: number): number => {
    try {
      return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    } catch {
      return all[0] as number;
    }
  };
  return all.filter((pid) => !all.includes(parent(pid)));
}

interface Site {
  readonly netns: NamedNetns;
  readonly base: string;
  readonly services: Services;
  readonly directory: string;
  spec(change?: Partial<ServiceSpec>): ServiceSpec;
}

async function site(): Promise<Site> {
  const [netns, base] = [await namespace(), await stateDirectory()];
  const services = new Services({ base, grace: 2000, interval: 20 });
  const directory = join(base, 'test', 'one');
  cleanUp(() => services.stop({ kind: 'test', id: 'one' }));
  const spec = (change: Partial<ServiceSpec> = {}): ServiceSpec => ({
    kind: 'test',
    id: 'one',
    netns,
    command: 'bash',
    args: ['-c', `cd ${directory}; ${program}`],
    files: files(),
    settle: 100,
    ...change,
  });
  return { netns, base, services, directory, spec };
}

function files(reloaded: string = 'a', restarted: string = 'b'): ServiceFile[] {
  return [
    { name: 'reloaded', content: reloaded, onChange: 'reload' },
    { name: 'restarted', content: restarted, onChange: 'restart' },
    { name: 'own', onStart: (current = '') => `${current}.` },
  ];
}

describe('apply', () => {
  test('starts the program in its namespace, with its files, and then leaves it alone', async () => {
    const { netns, base, services, spec, directory } = await site();
    expect(await services.inspect(spec())).toMatchObject({ action: 'start', files: ['reloaded', 'restarted'] });
    expect(existsSync(directory)).toBe(false);
    chmodSync(base, 0o700);
    const { action, pid } = await services.apply(spec());
    expect(action).toBe('start');
    expect(pidsIn(netns)).toEqual([pid]);
    expect(filesBelow(directory)).toMatchObject({ reloaded: 'a', restarted: 'b', own: '.', 'seen-restarted': 'b' });
    // For a program that is root no longer.
    expect(run('stat', '-c', '%a', base, directory, `${directory}/reloaded`)).toBe('755\n755\n644\n');
    expect(await services.list('test')).toEqual(['one']);
    expect(await services.status({ kind: 'test', id: 'one' })).toEqual({ kind: 'test', id: 'one', directory, pid });
    const before = run(
      'stat',
      '-c',
      '%n %i %Y %z',
      directory,
      ...Object.keys(filesBelow(directory)).map((name) => join(directory, name)),
    );
    expect(await services.inspect(spec())).toEqual({ action: 'none', reason: '', files: [] });
    expect(await services.apply(spec())).toEqual({ action: 'none', pid });
    const after = run(
      'stat',
      '-c',
      '%n %i %Y %z',
      directory,
      ...Object.keys(filesBelow(directory)).map((name) => join(directory, name)),
    );
    expect(after).toBe(before);
    expect(pidsIn(netns)).toEqual([pid]);
  });

  const dead = (pid: number): void => void process.kill(pid, 'SIGKILL');
  test.each<
    [
      string,
      ServiceChange['action'],
      (one: Site & { pid: number }) => Partial<ServiceSpec> | undefined | Promise<undefined>,
    ]
  >([
    ['a file that is read again', 'reload', () => ({ files: files('a2') })],
    ['a file that is not', 'restart', () => ({ files: files('a', 'b2') })],
    ['the command line', 'restart', ({ directory }) => ({ args: ['-c', `cd ${directory};  ${program}`] })],
    ['a file on disk', 'reload', ({ directory }) => void writeFileSync(join(directory, 'reloaded'), 'x')],
    ['the record, gone', 'reload', ({ directory }) => rm(join(directory, 'state.json')) as Promise<undefined>],
    ['the record, cut off', 'reload', ({ directory }) => void writeFileSync(join(directory, 'state.json'), '{"pid":')],
    ['the program, killed', 'start', ({ pid }) => dead(pid) as undefined],
  ])('%s: %s', async (_, action, change) => {
    const one = await site();
    const { netns, services, spec, directory } = one;
    const { pid } = await services.apply(spec());
    const changed = spec((await change({ ...one, pid })) ?? {});
    if (action === 'start') await eventually(() => pidsIn(netns).length === 0);
    const before = filesBelow(directory);
    expect((await services.inspect(changed)).action).toBe(action);
    expect(filesBelow(directory)).toEqual(before);
    const result = await services.apply(changed);
    expect(result.action).toBe(action);
    expect(pidsIn(netns)).toEqual([result.pid]);
    expect(result.pid === pid).toBe(action === 'reload');
    const content = (name: string): string =>
      changed.files?.flatMap((file) => ('content' in file && file.name === name ? [file.content] : []))[0] as string;
    await eventually(() => filesBelow(directory)['seen-reloaded'] === content('reloaded'));
    expect(filesBelow(directory)).toMatchObject({
      reloaded: content('reloaded'),
      'seen-restarted': content('restarted'),
      own: action === 'reload' ? '.' : '..',
    });
    expect(await services.apply(changed)).toEqual({ action: 'none', pid: result.pid });
  });

  test('a program without a handler for SIGHUP is started anew instead', async () => {
    const { netns, services, spec } = await site();
    const sleeper = { command: 'sleep', args: ['1000'] };
    const { pid } = await services.apply(spec(sleeper));
    const again = await services.apply(spec({ ...sleeper, files: files('a2') }));
    expect(again.action).toBe('restart');
    expect(again.pid).not.toBe(pid);
    expect(pidsIn(netns)).toEqual([again.pid]);
  });

  test('a record that names somebody else is not believed', async () => {
    const { netns, services, spec, directory } = await site();
    const { pid } = await services.apply(spec());
    const other = spawn('sleep', ['1000']);
    cleanUp(async () => other.kill());
    const record = JSON.parse(filesBelow(directory)['state.json'] as string) as object;
    writeFileSync(join(directory, 'state.json'), JSON.stringify({ ...record, pid: other.pid }));
    expect((await services.status(spec())).pid).toBeUndefined();
    const again = await services.apply(spec());
    expect(pidsIn(netns)).toEqual([again.pid]);
    expect(again.pid).not.toBe(pid);
    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
  });

  test('a namespace that was made anew gets the program', async () => {
    const { netns, services, spec } = await site();
    await services.apply(spec());
    await Netns.delete(netns.name);
    const rebuilt = (await Netns.create(netns.name)) as NamedNetns;
    cleanUp(() => rebuilt.close());
    const { action, pid } = await services.apply(spec({ netns: rebuilt }));
    expect(action).toBe('restart');
    expect(pidsIn(rebuilt)).toEqual([pid]);
  });

  test.each([
    ['bash', ['-c', 'echo bad option >&2; exit 3'], 'bash ended with 3: bad option', 3],
    ['bash', ['-c', 'kill -9 $$'], 'bash ended with SIGKILL', null],
    ['no-such-program', [], 'no-such-program is not installed, or may not be run', null],
  ])('a program that does not stay: %s %j', async (command, args, message, exitCode) => {
    const { services, spec, base } = await site();
    const error = await rejection(services.apply(spec({ command, args })), ServiceError);
    expect(error).toMatchObject({ code: 'ERR_SERVICE_START', exitCode, kind: 'test', id: 'one' });
    expect(error.message).toBe(`test one: ${message}`);
    expect(filesBelow(base)).toEqual({});
  });

  test.each([
    [{ kind: '../etc' }, 'service.kind'],
    [{ id: '' }, 'service.id'],
    [{ command: '' }, 'service.command'],
    [{ args: ['a\0b'] }, 'service.args[0]'],
    [{ files: [{ name: 'state.json', content: '', onChange: 'reload' }] }, 'service.files[0].name'],
    [{ files: [{ name: 'a', content: '', onChange: 'later' }] }, 'service.files[0].onChange'],
    [{ colour: 'red' }, 'service.colour'],
  ])('what is no service: %j', async (change, path) => {
    const { services, spec } = await site();
    const bad = spec(change as Partial<ServiceSpec>);
    expect(() => services.apply(bad)).toThrow(path);
    expect(() => services.apply(bad)).toThrow(TypeError);
  });
});

const unprivileged = process.env['NETLOOM_UNPRIVILEGED'] === '1';

// dnsmasq gives its groups up, which a user namespace of an ordinary user does not let it.
describe.skipIf(unprivileged)('a daemon that goes into the background', () => {
  const dnsmasq = ({ spec, directory }: Site, ...args: string[]): ServiceSpec =>
    spec({
      command: 'dnsmasq',
      args: [
        '--conf-file=/dev/null',
        '--no-hosts',
        '--no-resolv',
        '--user=root',
        '--port=5353',
        `--pid-file=${directory}/pid`,
        ...args,
      ],
      pidFile: 'pid',
    });

  test('is found by its pid file, outlives who started it, and is adopted', async () => {
    const one = await site();
    const { args } = dnsmasq(one);
    const started = await resultOf(`
      import { Services } from ${JSON.stringify(library)};
      const netns = await Netns.open('${one.netns.name}');
      const services = new Services({ base: '${one.base}' });
      const spec = { kind: 'test', id: 'one', netns, command: 'dnsmasq', args: ${JSON.stringify(args)}, pidFile: 'pid',
        files: [{ name: 'reloaded', content: 'a', onChange: 'reload' }, { name: 'restarted', content: 'b', onChange: 'restart' }] };
      console.log(JSON.stringify(await services.apply(spec)));`);
    expect(started.action).toBe('start');
    expect(pidsIn(one.netns)).toEqual([started.pid]);
    expect(await one.services.apply(dnsmasq(one))).toEqual({ action: 'none', pid: started.pid });
    // Its own pid file is a hint, no more.
    writeFileSync(join(one.directory, 'pid'), `${process.pid}\n`);
    expect(await one.services.apply(dnsmasq(one))).toEqual({ action: 'none', pid: started.pid });
    await one.services.stop(dnsmasq(one));
    expect(pidsIn(one.netns)).toEqual([]);
  });

  test('that refuses its command line says why', async () => {
    const one = await site();
    const error = await rejection(one.services.apply(dnsmasq(one, '--no-such-option')), ServiceError);
    expect(error.message).toMatch(/^test one: dnsmasq ended with 1: dnsmasq: bad command line options/);
    expect(pidsIn(one.netns)).toEqual([]);
    expect(filesBelow(one.base)).toEqual({});
  });
});

describe('stop', () => {
  test('ends a program that does not listen, and removes its directory', async () => {
    const { netns, services, spec, base } = await site();
    const args = ['-c', 'trap "" TERM; while :; do sleep 0.02; done'];
    const impatient = new Services({ base, grace: 50 });
    await impatient.apply(spec({ args }));
    expect(pidsIn(netns)).toHaveLength(1);
    await impatient.stop(spec());
    expect(run('ip', 'netns', 'pids', netns.name)).toBe('');
    expect(filesBelow(base)).toEqual({});
    expect(await services.list('test')).toEqual([]);
    await services.stop(spec());
  });

  test('takes helpers along that survive their parent', async () => {
    const { netns, services, spec } = await site();
    const { pid } = await services.apply(spec({ args: ['-c', 'sleep 1000 & sleep 1000 & wait'] }));
    process.kill(pid, 'SIGKILL');
    await eventually(() => pidsIn(netns).length === 2);
    await services.stop(spec());
    expect(run('ip', 'netns', 'pids', netns.name)).toBe('');
  });
});

/** A process of its own that applies once and prints the result. */
const applyOnce = ({ netns, base, spec }: Site, reloaded: string): string => `
  import { Services } from ${JSON.stringify(library)};
  const netns = await Netns.open('${netns.name}');
  const services = new Services({ base: '${base}' });
  const files = [{ name: 'reloaded', content: '${reloaded}', onChange: 'reload' }, { name: 'restarted', content: 'b', onChange: 'restart' }];
  process.stdout.write('ready\\n');
  const result = await services.apply({ ...${JSON.stringify({ ...spec(), netns: undefined, files: undefined })}, netns, files });
  console.log(JSON.stringify(result));`;

describe('several processes', () => {
  test('that apply at the same time leave one program', async () => {
    const one = await site();
    // Handles know nothing of one another, and run closer together than processes would.
    await Promise.all([1, 2, 3, 4].map(() => new Services({ base: one.base }).apply(one.spec())));
    const pids = pidsIn(one.netns);
    expect(pids).toHaveLength(1);
    const { pid } = await one.services.apply(one.spec());
    expect(pidsIn(one.netns)).toEqual([pid]);
  });

  test('that are killed at any instant leave what the next one repairs', async () => {
    const one = await site();
    for (let round = 0; round < 12; round++) {
      if (round % 4 === 0) await one.services.stop(one.spec());
      const module = `import { Netns } from ${JSON.stringify(library)};\n${applyOnce(one, `round ${round}`)}`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      await sleep(round * 3);
      child.kill('SIGKILL');
      await ended;
      const spec = one.spec({ files: files(`round ${round}`) });
      const { pid } = await one.services.apply(spec);
      expect(pidsIn(one.netns)).toEqual([pid]);
      await eventually(() => filesBelow(one.directory)['seen-reloaded'] === `round ${round}`);
      expect(await one.services.apply(spec)).toEqual({ action: 'none', pid });
    }
  });
});

describe('watch', () => {
  test('starts a program anew that was killed', async () => {
    const { netns, services, spec } = await site();
    const { pid } = await services.apply(spec());
    const events: ServiceEvent[] = [];
    const watch = await services.watch(spec(), (event) => events.push(event));
    process.kill(pid, 'SIGKILL');
    await eventually(() => events.length === 2);
    const [now] = pidsIn(netns) as [number];
    expect(events).toEqual([
      { kind: 'test', id: 'one', type: 'died', pid },
      { kind: 'test', id: 'one', type: 'restarted', pid: now },
    ]);
    // What is applied meanwhile is what is watched.
    await services.apply(spec({ files: files('a2') }));
    process.kill(now, 'SIGKILL');
    await eventually(() => events.length === 4);
    await eventually(async () => (await services.inspect(spec({ files: files('a2') }))).action === 'none');
    watch.close();
    process.kill(pidsIn(netns)[0] as number, 'SIGKILL');
    await eventually(() => pidsIn(netns).length === 0);
    await sleep(200);
    expect(pidsIn(netns)).toEqual([]);
    expect(events).toHaveLength(4);
  });

  test('waits longer each time for one that cannot be started', async () => {
    const { services, spec, base } = await site();
    const brisk = new Services({ base, interval: 20, longestWait: 40 });
    const events: ServiceEvent[] = [];
    cleanUp(() => brisk.stop(spec()));
    await brisk.watch(spec({ args: ['-c', 'exit 1'] }), (event) => events.push(event));
    await eventually(() => events.length >= 3);
    expect(events[0]).toMatchObject({ type: 'failed', retryIn: 40, error: { code: 'ERR_SERVICE_START', exitCode: 1 } });
    // And starts it as soon as it can be.
    await brisk.apply(spec());
    expect((await services.status(spec())).pid).toBeGreaterThan(0);
  });

  test('ends with stop, and does not keep the process alive', async () => {
    const one = await site();
    const { stdout } = await runProgram(`
      import { Services } from ${JSON.stringify(library)};
      const netns = await Netns.open('${one.netns.name}');
      const services = new Services({ base: '${one.base}', interval: 20 });
      const spec = { kind: 'test', id: 'one', netns, command: 'sleep', args: ['1000'] };
      await services.apply(spec);
      await services.watch(spec, () => {});
      console.log('ends');`);
    expect(stdout).toBe('ends\n');
    const events: ServiceEvent[] = [];
    const sleeper = one.spec({ command: 'sleep', args: ['1000'] });
    await one.services.watch(sleeper, (event) => events.push(event));
    await one.services.stop(sleeper);
    await sleep(100);
    expect(pidsIn(one.netns)).toEqual([]);
    expect(events).toEqual([]);
  });

  test('leaves alone what another process stops', async () => {
    const { netns, base, services, spec } = await site();
    const events: ServiceEvent[] = [];
    await services.watch(spec(), (event) => events.push(event));
    const other = new Services({ base, grace: 500 });
    await other.stop(spec());
    await eventually(() => events.length === 2);
    expect(events.map(({ type }) => type)).toEqual(['died', 'stopped']);
    await sleep(100);
    expect(pidsIn(netns)).toEqual([]);
  });
});
