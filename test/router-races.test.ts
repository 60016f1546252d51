/** What another process does to a router's name between two looks at it. Each is done for it, at that moment, by a call that is spied on. */
import { writeFileSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Netns, Node, Router } from '../src/index.js';
import { cleanUp, type NamedNetns, namespace, run, uniqueName } from './helpers/namespaces.js';
import { ordinaryUser, resultOf } from './helpers/programs.js';

afterEach(() => vi.restoreAllMocks());

async function site(): Promise<{ host: NamedNetns; id: string; name: string }> {
  const host = await namespace();
  const id = uniqueName();
  const name = `qrouter-${id}`;
  cleanUp(() => Netns.delete(name).catch(() => {}));
  return { host, id, name };
}

/** A name without a namespace, as a crash leaves it. */
const leaveName = (name: string): void => writeFileSync(`/run/netns/${name}`, '', { mode: 0o400 });

/** Has something happen behind the first time that a namespace of the name is opened, whatever comes of that. */
function onceOpened(name: string, happens: () => unknown): void {
  const open = Netns.open;
  let done = false;
  vi.spyOn(Netns, 'open').mockImplementation(async (...args) => {
    if (args[0] !== name || done) return open(...args);
    done = true;
    try {
      return await open(...args);
    } finally {
      await happens();
    }
  });
}

/** The same before it is opened for the third time: a node has looked twice whose it is then. */
function beforeReopened(name: string, happens: () => unknown): void {
  const open = Netns.open;
  let times = 0;
  vi.spyOn(Netns, 'open').mockImplementation(async (...args) => {
    if (args[0] === name && ++times === 3) await happens();
    return open(...args);
  });
}

describe('a router is applied whose name', () => {
  const foreign = (name: string) => () => run('ip', 'netns', 'add', name);

  test.each([
    ['is taken just before it is', () => {}, foreign],
    ['had no namespace, and goes', leaveName, (name: string) => () => unlink(`/run/netns/${name}`)],
    [
      'had no namespace, and gets one',
      leaveName,
      (name: string) => async () => {
        await Netns.delete(name);
        await foreign(name)();
      },
    ],
  ] as const)('%s', async (_, arrange, happens) => {
    const { host, id, name } = await site();
    arrange(name);
    onceOpened(name, happens(name));
    await using router = await Router.apply({ id }, { host });
    expect((await router.netns.links.get('lo')).alias).toBe('netloom');
    expect((await Router.plan({ id }, { host })).toString()).toBe('');
  });
});

describe('a router that is no longer wanted', () => {
  test('goes before it is removed', async () => {
    const { host, id, name } = await site();
    const node = uniqueName();
    await Node.apply({ name: node, routers: [{ id }] }, { host });
    beforeReopened(name, () => run('ip', 'netns', 'delete', name));
    const report = await Node.apply({ name: node }, { host });
    expect(report.failed).toEqual([]);
    expect(await Netns.list()).not.toContain(name);
  });

  test('is removed by two processes at once', async () => {
    const { host, id, name } = await site();
    const node = uniqueName();
    await Node.apply({ name: node, routers: [{ id }] }, { host });
    const reports = await Promise.all([Node.apply({ name: node }, { host }), Node.apply({ name: node }, { host })]);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    expect(await Netns.list()).not.toContain(name);
  });
});

test('a router that is there is applied whoever makes namespaces meanwhile', async () => {
  const result = await resultOf(
    `import { Router } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    const host = await Netns.current();
    await (await Router.apply({ id: 'there' }, { host })).close();
    // As ip-netns(8) and netloom do while they make one.
    const other = spawn('flock', ['-o', '/run/netns', '-c', 'echo; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    const applied = Router.apply({ id: 'there' }, { host, timeout: 3000 });
    const outcomeOf = (applied) => applied.then(() => 'done', ({ name }) => name);
    const outcomes = [await outcomeOf(applied), await outcomeOf(Router.apply({ id: 'new' }, { host, timeout: 300 }))];
    other.stdin.end();
    // Made when nobody waits for it any more: it goes again.
    await (await Netns.create('behind')).close();
    while ((await Router.list()).length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(JSON.stringify([...outcomes, ...(await Router.list())]));`,
    ...ordinaryUser,
  );
  expect(result).toEqual(['done', 'TimeoutError', 'there']);
});
