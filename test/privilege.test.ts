import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { NetlinkError } from '../src/index.js';

const addon = fileURLToPath(new URL('../build/Release/netloom.node', import.meta.url));

/** Loads the addon and prints what an attempt rejects with. */
const script = (attempt: string): string => `
  const { createRequire } = require('node:module');
  const addon = createRequire('/')(${JSON.stringify(addon)});
  (async () => addon.${attempt})().then(
    () => console.log(JSON.stringify({ errno: 0 })),
    ({ errno, syscall, path }) => console.log(JSON.stringify({ errno, syscall, path })),
  );`;

/** As nobody, without capabilities. */
async function asNobody(attempt: string): Promise<{ errno: number; syscall: string; path?: string }> {
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--bounding-set', '-all'];
  const { stdout } = await promisify(execFile)('setpriv', [...nobody, process.execPath, '-e', script(attempt)]);
  return JSON.parse(stdout) as { errno: number; syscall: string };
}

const unprivileged = process.env['NETLOOM_UNPRIVILEGED'] === '1';

test.skipIf(unprivileged)('making a namespace needs CAP_SYS_ADMIN', async () => {
  const failure = await asNobody('createNamespace(null, [], [])');
  expect(failure).toEqual({ errno: 1, syscall: 'unshare(CLONE_NEWNET)' });
  const error = new NetlinkError(failure);
  expect(error.code).toBe('EPERM');
  expect(error.message).toMatch(/needs CAP_SYS_ADMIN \(run as root, or in `unshare -Urnm`\)/);
});

test.skipIf(unprivileged)('a named one leaves nothing behind', async () => {
  const failure = await asNobody(`createNamespace('nlt-${process.pid}-nobody', [], [])`);
  expect([1, 13]).toContain(failure.errno);
  const { Netns } = await import('../src/index.js');
  expect(await Netns.list()).not.toContain(`nlt-${process.pid}-nobody`);
});

test.skipIf(unprivileged)("settings of the process's own namespace cannot be reached", async () => {
  const failure = await asNobody(`openNamespace('/proc/self/ns/net').sysctl([['net/ipv4/ip_forward', '1']])`);
  expect(failure).toMatchObject({ errno: 1, syscall: 'setns' });
});
