/** Handles: a call that fails lets go of the namespace that it has opened. */
import { readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Node, Router, Services } from '../src/index.js';
import { cleanUp, namespace, uniqueName } from './helpers/namespaces.js';
import { stateDirectory } from './helpers/state.js';

/** Descriptors of this process that refer to a named namespace. */
function handlesOn(name: string): number {
  const inodeOf = (path: string): bigint | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  const inode = inodeOf(`/run/netns/${name}`);
  expect(inode).toBeDefined();
  return readdirSync('/proc/self/fd').filter((fd) => inodeOf(`/proc/self/fd/${fd}`) === inode).length;
}

test('a node that cannot remove a router', async () => {
  const host = await namespace();
  const name = uniqueName();
  const id = `a-${name}`;
  const report = await Node.apply({ name, routers: [{ id }] }, { host, announce: false });
  cleanUp(() => Node.apply({ name }, { host }));
  expect(report.ok).toBe(true);
  expect(handlesOn(`qrouter-${id}`)).toBe(0);
  // There is a radvd to end, as far as can be seen, but where its lock should be is no directory.
  const base = await stateDirectory();
  const services = new Services({ base });
  await mkdir(services.directory({ kind: 'radvd', id }), { recursive: true });
  await writeFile(join(base, 'lock'), '');
  const { failed } = await Node.apply({ name }, { host, services });
  expect(failed).toMatchObject([{ kind: 'router', id, error: { code: 'ENOTDIR' } }]);
  expect(handlesOn(`qrouter-${id}`)).toBe(0);
});

test.each([
  ['when its listings fail', { signal: AbortSignal.abort(new Error('enough')) }, 'enough'],
  ['for options that cannot be', { timeout: -1 }, 'options.timeout'],
])('a router that is opened %s', async (_, options, message) => {
  const host = await namespace();
  const id = uniqueName();
  const router = await Router.apply({ id }, { host });
  await router.close();
  cleanUp(async () => (await Router.open(id, { host })).delete());
  await expect(Router.open(id, { host, ...options })).rejects.toThrow(message);
  expect(handlesOn(`qrouter-${id}`)).toBe(0);
});
