import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { NetlinkError, Netns } from '../src/index.js';
import { cleanUp, ip, ipJson, namespace, namespaceWithVeth, rejection, run, uniqueName } from './helpers/namespaces.js';

/** The namespace's number, as `ip netns identify` compares them. */
const inode = (path: string): number => statSync(path).ino;
const inodeOf = (netns: Netns): number => inode(`/proc/self/fd/${netns.fd}`);

const ownNamespace = readlinkSync('/proc/self/ns/net');

/** Threads of this process that are in another namespace. */
function strayThreads(): string[] {
  return readdirSync('/proc/self/task').filter(
    (task) => readlinkSync(`/proc/self/task/${task}/ns/net`) !== ownNamespace,
  );
}

async function outputOf(child: ChildProcess): Promise<{ stdout: string; code: number | null }> {
  const closed = once(child, 'close');
  const stdout = child.stdout ? await text(child.stdout) : '';
  const [code] = (await closed) as [number | null];
  return { stdout, code };
}

describe('making', () => {
  test('a named one is one of ip netns', async () => {
    const netns = await namespace();
    expect(inodeOf(netns)).toBe(inode(`/run/netns/${netns.name}`));
    expect(ipJson(netns.name, 'link')).toMatchObject([{ ifname: 'lo', operstate: 'DOWN' }]);
  });

  test('an anonymous one has no name', async () => {
    const before = await Netns.list();
    await using netns = await Netns.create();
    expect(netns.name).toBeUndefined();
    expect((await Netns.list()).filter((name) => !before.includes(name) && !name.startsWith('nlt-'))).toEqual([]);
    expect((await netns.links.list()).map(({ name }) => name)).toEqual(['lo']);
    expect(inodeOf(netns)).not.toBe(inode('/proc/self/ns/net'));
  });

  test('a name that is taken is refused', async () => {
    const { name } = await namespace();
    const error = await rejection(Netns.create(name), NetlinkError);
    expect(error).toMatchObject({ code: 'EEXIST', errno: 17 });
    expect(error.message).toContain(name);
  });

  test.each([['../escape'], ['a/b'], [''], ['.'], ['..'], ['nul\0']])('%j is not a name', async (name) => {
    const before = readdirSync('/run/netns').filter((entry) => !entry.startsWith('nlt-'));
    expect(await rejection(Netns.create(name), TypeError)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await rejection(Netns.open(name), TypeError)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await rejection(Netns.delete(name), TypeError)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(readdirSync('/run/netns').filter((entry) => !entry.startsWith('nlt-'))).toEqual(before);
  });

  test('a name holds 255 bytes and no more', async () => {
    const longest = uniqueName().padEnd(255, 'x');
    await using netns = await Netns.create(longest);
    cleanUp(() => Netns.delete(longest));
    expect(netns.name).toBe(longest);
    expect(await rejection(Netns.create(`${longest}x`), RangeError)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(await rejection(Netns.create('é'.repeat(128)), RangeError)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  test('the process stays in its own, on every thread', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => namespace({ dispatch: 'worker' })));
    await Promise.all(made.map((netns) => netns.links.set('lo', { up: true })));
    await Promise.all(made.map((netns) => netns.sysctl.set({ 'net.ipv4.ip_forward': 1 })));
    closeSync(await made[0]!.socket('udp4', { address: '127.0.0.1' }));
    expect(strayThreads()).toEqual([]);
  });

  test('an anonymous one goes when its handle is closed, and its devices with it', async () => {
    const inner = await Netns.create();
    const outer = await namespaceWithVeth(inner);
    await inner.sysctl.set({ 'net.ipv4.ip_forward': 1 });
    await inner.close();
    await expect.poll(() => ipJson(outer.name, 'link').map(({ ifname }) => ifname), { timeout: 3000 }).toEqual(['lo']);
  });
});

describe('opening', () => {
  test('by name, process, path and descriptor', async () => {
    const netns = await namespace();
    const path = `/run/netns/${netns.name}`;
    const descriptor = openSync(path, 'r');
    const child = spawn('ip', ['netns', 'exec', netns.name, 'sleep', '60']);
    cleanUp(async () => {
      closeSync(descriptor);
      child.kill();
    });
    await expect.poll(() => inode(`/proc/${child.pid}/ns/net`)).toBe(inodeOf(netns));
    for (const reference of [netns.name, { pid: child.pid! }, { path }, { fd: descriptor }]) {
      await using opened = await Netns.open(reference);
      expect(inodeOf(opened)).toBe(inodeOf(netns));
      expect(opened.name).toBe(typeof reference === 'string' ? netns.name : undefined);
    }
    expect(inode(`/proc/self/fd/${descriptor}`)).toBe(inodeOf(netns));
  });

  test("the process's own", async () => {
    await using current = await Netns.current();
    expect(inodeOf(current)).toBe(inode('/proc/self/ns/net'));
  });

  test('what is not there, or is no namespace', async () => {
    expect(await rejection(Netns.open(uniqueName()), NetlinkError)).toMatchObject({ code: 'ENOENT' });
    const error = await rejection(Netns.open({ path: '/etc/passwd' }), NetlinkError);
    expect(error.message).toContain('/etc/passwd');
    expect(await rejection(Netns.open({ path: '/proc/self/ns/uts' }), NetlinkError)).toMatchObject({ code: 'EINVAL' });
    expect(await rejection(Netns.open({ pid: -1 }), TypeError)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

test('list is what ip netns list shows', async () => {
  const made = [await namespace(), await namespace()];
  // Other tests make and remove theirs meanwhile.
  const ours = (name: string): boolean => name.startsWith(`nlt-${process.pid}-`);
  const shown = run('ip', 'netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0]!);
  const listed = await Netns.list();
  expect(listed).toEqual([...listed].sort());
  expect(listed.filter(ours)).toEqual(shown.filter(ours).sort());
  expect(listed).toEqual(expect.arrayContaining(made.map(({ name }) => name)));
});

describe('deleting', () => {
  test('takes the name and leaves the handle', async () => {
    const netns = await namespace();
    await Netns.delete(netns.name);
    expect(await Netns.list()).not.toContain(netns.name);
    expect((await netns.links.list()).map(({ name }) => name)).toEqual(['lo']);
    expect(await rejection(Netns.delete(netns.name), NetlinkError)).toMatchObject({ code: 'ENOENT' });
  });

  test('takes what ip netns add made', async () => {
    const name = uniqueName();
    run('ip', 'netns', 'add', name);
    await Netns.delete(name);
    expect(run('ip', 'netns', 'list')).not.toContain(name);
  });
});

describe('spawn', () => {
  test("shows the namespace's devices", async () => {
    const netns = await namespace();
    ip(netns.name, 'link', 'add', 'br7', 'type', 'bridge');
    const { stdout, code } = await outputOf(netns.spawn('ip', ['-j', 'link']));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(ipJson(netns.name, 'link'));
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(ownNamespace);
  });

  test('passes arguments, exit code, environment, identity and shell', async () => {
    const netns = await namespace();
    expect((await outputOf(netns.spawn('sh', ['-c', 'exit 7']))).code).toBe(7);
    const environment = { ...process.env, COLOUR: 'red' };
    const plain = netns.spawn('sh', ['-c', 'echo "$1 $COLOUR $PWD"', 'sh', 'a  b'], { env: environment, cwd: '/tmp' });
    expect((await outputOf(plain)).stdout).toBe('a  b red /tmp\n');
    const shell = netns.spawn('echo $((6 * 7))', [], { shell: true });
    expect((await outputOf(shell)).stdout).toBe('42\n');
  });

  // A user namespace of one user has nobody else to become.
  test.skipIf(process.env['NETLOOM_UNPRIVILEGED'])('becomes another user', async () => {
    const netns = await namespace();
    const other = netns.spawn('id', ['-u'], { uid: 65534, gid: 65534 });
    expect((await outputOf(other)).stdout).toBe('65534\n');
  });

  test('an unknown command is an error event', async () => {
    const netns = await namespace();
    // A folder in PATH that may not be read would make it EACCES.
    const env = { PATH: '/usr/bin:/bin' };
    const [error] = (await once(netns.spawn('netloom-no-such-program', [], { env }), 'error')) as [
      NodeJS.ErrnoException,
    ];
    expect(error.code).toBe('ENOENT');
  });
});

test('a handle that is closed says so', async () => {
  const netns = await namespace();
  await netns.links.list();
  await netns.close();
  await netns.close();
  expect(netns.fd).toBe(-1);
  const closed = { code: 'ERR_NETNS_CLOSED', message: expect.stringContaining(netns.name) };
  await expect(netns.links.list()).rejects.toMatchObject(closed);
  await expect(netns.nft.list()).rejects.toMatchObject(closed);
  await expect(netns.socket('udp4')).rejects.toMatchObject(closed);
  expect(() => netns.spawn('true')).toThrow(expect.objectContaining(closed));
});

test('requests made before closing are carried out', async () => {
  const netns = await namespace();
  const made = netns.rules.add({ priority: 77, table: 77 });
  await netns.close();
  await made;
  expect(ipJson(netns.name, 'rule')).toContainEqual(expect.objectContaining({ priority: 77, table: '77' }));
});

test('knows the number of a namespace that a device of its has a peer in', async () => {
  const [here, first, second, stranger] = [await namespace(), await namespace(), await namespace(), await namespace()];
  for (const { name } of [first, second]) {
    ip(here.name, 'link', 'add', `to-${name.slice(-8)}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  }
  const listed = JSON.parse(run('ip', '-n', here.name, '-j', 'netns', 'list-id')) as { nsid: number; name: string }[];
  expect(listed).toHaveLength(2);
  expect(await Promise.all([first, second].map((other) => here.idOf(other)))).toEqual(
    [first, second].map((other) => listed.find(({ name }) => name === other.name)?.nsid),
  );
  expect(await here.idOf(stranger)).toBeUndefined();
  await stranger.close();
  await expect(here.idOf(stranger)).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
});

// Adding a device looks up its master first, and asks for the device a few microtasks later: after close.
test('a call of several steps ends with the handle', async () => {
  const netns = await namespace();
  const made = netns.links.add({ kind: 'bridge', name: 'br0', alias: 'uplink' });
  await netns.close();
  await expect(made).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
});

test('makes settings as it makes the namespace, or neither', async () => {
  const name = uniqueName();
  const netns = await Netns.create(name, {
    sysctl: { 'net.ipv4.ip_forward': true, 'net.ipv4.conf.all.arp_ignore': 2 },
  });
  cleanUp(async () => {
    await netns.close();
    await Netns.delete(name);
  });
  expect(run('ip', 'netns', 'exec', name, 'sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.arp_ignore')).toBe(
    '1\n2\n',
  );
  const other = uniqueName();
  const refused = Netns.create(other, { sysctl: { 'net.ipv4.ip_forward': 1, 'net.ipv4.nosuch': 1 } });
  expect(await rejection(refused, NetlinkError)).toMatchObject({ code: 'ENOENT' });
  await rejection(Netns.create(other, { sysctl: { 'kernel.hostname': 'x' } }), TypeError);
  expect(await Netns.list()).not.toContain(other);
});
