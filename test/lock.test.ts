/** Locks between processes: others hold them, end in the middle, and try the file with flock(1). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { Lock, NetlinkError } from '../src/index.js';
import { cleanUp, rejection, uniqueName } from './helpers/namespaces.js';
import { library, resultOf } from './helpers/programs.js';

/** Gone with the test. */
function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'netloom-lock-'));
  cleanUp(async () => rmSync(path, { recursive: true }));
  return path;
}

const imports = `import { Lock } from ${JSON.stringify(library)};`;

/** A process that prints a number once `source` has run, and then goes on until it is ended. */
async function holder(source: string, printed = '0'): Promise<{ child: ChildProcess; said: number }> {
  const module = `${imports}\n${source}\nconsole.log(${printed});\nsetInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp(async () => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, said: Number(line) };
}

const taking = (name: string, folder: string): string =>
  `const lock = await Lock.acquire(${JSON.stringify(name)}, { directory: ${JSON.stringify(folder)} });`;

/** Whether flock(1) could have the file: what another program sees. */
const isFree = (path: string): boolean => spawnSync('flock', ['--nonblock', path, 'true']).status === 0;

describe('a lock', () => {
  test('is an flock on a file of its name, and leaves none', async () => {
    const folder = directory();
    const lock = await Lock.acquire('qrouter-1', { directory: folder });
    expect(lock).toMatchObject({ name: 'qrouter-1', path: join(folder, 'qrouter-1'), held: true });
    expect(statSync(lock.path).mode & 0o777).toBe(0o600);
    expect(isFree(lock.path)).toBe(false);
    await lock.release();
    expect(lock.held).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("lies in the library's own directory, which is its owner's alone", async () => {
    await using lock = await Lock.acquire(uniqueName());
    expect(dirname(lock.path)).toBe('/run/netloom/lock');
    expect(statSync('/run/netloom/lock').mode & 0o777).toBe(0o700);
  });

  test('makes its directory', async () => {
    const folder = join(directory(), 'a', 'b');
    await using _ = await Lock.acquire('x', { directory: folder });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['x']);
  });

  test('excludes in one process too, by its name', async () => {
    const options = { directory: directory() };
    const first = await Lock.acquire('a', options);
    await using other = await Lock.acquire('b', options);
    expect(other.held).toBe(true);
    expect(await Lock.tryAcquire('a', options)).toBeUndefined();
    await first.release();
    await using second = await Lock.tryAcquire('a', options);
    expect(second?.held).toBe(true);
    // Releasing what has been released takes nothing from its new holder.
    await first.release();
    expect(await Lock.tryAcquire('a', options)).toBeUndefined();
  });

  test('goes to those who wait in the order of their calls', async () => {
    const options = { directory: directory() };
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, number) => {
        await using _lock = await Lock.acquire('x', options);
        order.push(number);
        await new Promise(setImmediate);
      }),
    );
    expect(order).toEqual(Array.from({ length: 50 }, (_, number) => number));
    expect(readdirSync(options.directory)).toEqual([]);
  });

  test('is let go by `await using` when its block throws', async () => {
    const options = { directory: directory() };
    const work = async (): Promise<void> => {
      await using _ = await Lock.acquire('x', options);
      throw new TypeError('no');
    };
    await rejection(work(), TypeError);
    expect(existsSync(join(options.directory, 'x'))).toBe(false);
  });

  test('takes over the file that a killed holder left', async () => {
    const options = { directory: directory() };
    writeFileSync(join(options.directory, 'x'), '');
    await using lock = await Lock.acquire('x', options);
    expect(isFree(lock.path)).toBe(false);
  });
});

describe('waiting', () => {
  test('ends with the time, or with the signal, and leaves nothing behind', async () => {
    const options = { directory: directory() };
    const lock = await Lock.acquire('x', options);
    const late = await rejection(Lock.acquire('x', { ...options, timeout: 20 }), DOMException);
    expect(late).toMatchObject({ name: 'TimeoutError', message: 'the lock was not free within 20 ms' });
    const controller = new AbortController();
    const waiting = Lock.acquire('x', { ...options, signal: controller.signal });
    const behind = Lock.acquire('x', options);
    controller.abort(new RangeError('enough'));
    expect((await rejection(waiting, RangeError)).message).toBe('enough');
    await rejection(Lock.acquire('x', { ...options, signal: controller.signal }), RangeError);
    await lock.release();
    // Not to the one that has gone.
    await (await behind).release();
    expect(readdirSync(options.directory)).toEqual([]);
  });

  test('of a program whose holder never lets go does not keep it from ending', async () => {
    const folder = directory();
    const source = `${imports} ${taking('x', folder)} Lock.acquire('x', { directory: ${JSON.stringify(folder)} });
      console.log('1')`;
    expect(await resultOf(source)).toBe(1);
  });
});

describe('between processes', () => {
  test('it is free when its holder is killed', async () => {
    const folder = directory();
    const { child } = await holder(taking('x', folder));
    expect(await Lock.tryAcquire('x', { directory: folder })).toBeUndefined();
    const waiting = Lock.acquire('x', { directory: folder, timeout: 20_000 });
    child.kill('SIGKILL');
    await using lock = await waiting;
    expect(lock.held).toBe(true);
  });

  test('it is free when its holder is killed, though a program that it started lives', async () => {
    const folder = directory();
    const source = `import { spawn } from 'node:child_process';
      ${taking('x', folder)}
      const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });`;
    const { child, said: sleeper } = await holder(source, 'sleeper.pid');
    cleanUp(async () => process.kill(sleeper, 'SIGKILL'));
    const closed = once(child, 'exit');
    child.kill('SIGKILL');
    await closed;
    await using lock = await Lock.tryAcquire('x', { directory: folder });
    expect(lock?.held).toBe(true);
    expect(readFileSync(`/proc/${sleeper}/comm`, 'utf8')).toBe('sleep\n');
  });

  test('two count to 400 without losing one', { timeout: 60_000 }, async () => {
    const folder = directory();
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    const source = `${imports}
      import { readFile, writeFile } from 'node:fs/promises';
      const counter = ${JSON.stringify(counter)};
      for (let i = 0; i < 200; i++) {
        ${taking('x', join(folder, 'locks'))}
        await writeFile(counter, String(Number(await readFile(counter, 'utf8')) + 1));
        await lock.release();
      }
      console.log('true');`;
    await Promise.all([resultOf(source), resultOf(source)]);
    expect(readFileSync(counter, 'utf8')).toBe('400');
    expect(readdirSync(join(folder, 'locks'))).toEqual([]);
  });

  test('a file that its holder removed between open and flock is not the lock', async () => {
    const folder = directory();
    const lock = await Lock.acquire('x', { directory: folder });
    const source = `${imports} import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid));
      console.log(await Lock.tryAcquire('x', { directory: ${JSON.stringify(folder)} }) === undefined);`;
    const quiet = ['-o', '/dev/null', '-e', 'trace=flock', '-e', 'inject=flock:delay_enter=2s:when=1'];
    const result = resultOf(source, 'strace', '-f', ...quiet);
    const opened = (): boolean => {
      try {
        const fds = `/proc/${readFileSync(join(folder, 'pid'), 'utf8')}/fd`;
        return readdirSync(fds).some((fd) => readlinkSync(join(fds, fd)) === lock.path);
      } catch {
        return false;
      }
    };
    await vi.waitUntil(opened, { timeout: 20_000, interval: 5 });
    await lock.release();
    await using _ = await Lock.acquire('x', { directory: folder });
    expect(await result).toBe(true);
  });

  test('flock(1) excludes it', async () => {
    const folder = directory();
    const child = spawn('flock', [join(folder, 'x'), 'sh', '-c', 'echo held; read _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await Lock.tryAcquire('x', { directory: folder })).toBeUndefined();
    child.stdin.end('\n');
    await using lock = await Lock.acquire('x', { directory: folder });
    expect(lock.held).toBe(true);
  });
});

test('a worker_thread excludes its process, and lets go when it ends', async () => {
  const folder = directory();
  const worker = new Worker(
    `import(${JSON.stringify(library)}).then(async ({ Lock }) => {
      globalThis.lock = await Lock.acquire('x', { directory: ${JSON.stringify(folder)} });
      require('node:worker_threads').parentPort.postMessage('held');
      setInterval(() => {}, 1000);
    })`,
    { eval: true, execArgv: [] },
  );
  await once(worker, 'message');
  expect(await Lock.tryAcquire('x', { directory: folder })).toBeUndefined();
  await worker.terminate();
  expect(readdirSync(folder)).toEqual([]);
  await using lock = await Lock.tryAcquire('x', { directory: folder });
  expect(lock?.held).toBe(true);
});

test('a lock that is forgotten is not lost to garbage collection', async () => {
  const folder = directory();
  const source = `${imports}
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    setFlagsFromString('--expose-gc');
    await Lock.acquire('x', { directory: ${JSON.stringify(folder)} });
    for (let i = 0; i < 5; i++) { runInNewContext('gc')(); await new Promise(setImmediate); }
    console.log(await Lock.tryAcquire('x', { directory: ${JSON.stringify(folder)} }) === undefined);`;
  expect(await resultOf(source)).toBe(true);
});

describe('what is refused', () => {
  test.each<[string, unknown, object, abstract new (...args: never[]) => Error]>([
    ['a slash', '../x', {}, TypeError],
    ['no name', '', {}, TypeError],
    ['a number', 7, {}, TypeError],
    ['256 bytes', 'x'.repeat(256), {}, RangeError],
    ['an unknown option', 'x', { folder: '/tmp' }, TypeError],
    ['a directory that is none', 'x', { directory: 7 }, TypeError],
    ['a negative time', 'x', { timeout: -1 }, RangeError],
  ])('%s', async (_, name, options, type) => {
    await rejection(Lock.acquire(name as string, options), type);
  });

  test('what the kernel refuses', async () => {
    const folder = directory();
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('/etc/passwd', join(folder, 'link'));
    const inFile = await rejection(Lock.acquire('x', { directory: join(folder, 'file') }), NetlinkError);
    expect(inFile).toMatchObject({ code: 'ENOTDIR', syscall: 'open' });
    const link = await rejection(Lock.acquire('link', { directory: folder }), NetlinkError);
    expect(link).toMatchObject({ code: 'ELOOP' });
    expect(link.message).toContain(join(folder, 'link'));
  });
});
