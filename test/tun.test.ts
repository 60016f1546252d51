/** TUN and TAP devices: against `ip tuntap`, and with a program that has one open. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { BatchError, type LinkSpec, NetlinkError, type TunSpec } from '../src/index.js';
import { cleanUp, ip, ipJson, mayOpenTun, type NamedNetns, namespace, rejection, run } from './helpers/namespaces.js';

const names = ({ name }: NamedNetns): string[] => ipJson(name, 'link').map(({ ifname }) => ifname as string);
const show = ({ name }: NamedNetns, device: string) => ipJson(name, '-d', 'link', 'show', device)[0]!;

describe.skipIf(!mayOpenTun())('a device', () => {
  test.each<[string, Omit<TunSpec, 'kind' | 'name'>, string, object]>([
    ['tap', { mode: 'tap' }, 'mode tap', { mode: 'tap', persist: true, pi: false, vnetHdr: false, multiQueue: false }],
    ['tun', { mode: 'tun' }, 'mode tun', { mode: 'tun' }],
    [
      "a virtual machine's tap",
      { mode: 'tap', owner: 64055, ownerGroup: 108, multiQueue: true, vnetHdr: true, pi: true },
      'mode tap user 64055 group 108 multi_queue vnet_hdr pi',
      { owner: 64055, ownerGroup: 108, multiQueue: true, vnetHdr: true, pi: true },
    ],
    ["root's tun", { mode: 'tun', owner: 0, ownerGroup: 0 }, 'mode tun user 0 group 0', { owner: 0, ownerGroup: 0 }],
  ])('%s is as ip tuntap makes it', async (_, settings, command, listed) => {
    const netns = await namespace();
    await netns.links.add({ kind: 'tun', name: 'dev0', ...settings });
    const { linkinfo, link_type, flags, mtu } = show(netns, 'dev0');
    const link = await netns.links.get('dev0');
    expect(link).toMatchObject({ kind: 'tun', tun: listed, up: false });
    await netns.links.delete('dev0');
    expect(names(netns)).toEqual(['lo']);
    ip(netns.name, 'tuntap', 'add', 'dev0', ...command.split(' '));
    expect(show(netns, 'dev0')).toMatchObject({ linkinfo, link_type, flags, mtu });
    expect((await netns.links.get('dev0')).tun).toEqual(link.tun);
  });

  test('has the settings of any other', async () => {
    const netns = await namespace();
    await netns.links.add({ kind: 'bridge', name: 'br0' });
    const settings = { mac: 'fe:16:3e:00:00:01', mtu: 1450, txQueueLength: 77, group: 9, alias: 'a port', up: true };
    await netns.links.add({ kind: 'tun', mode: 'tap', name: 'tap0', master: 'br0', addrGenMode: 'none', ...settings });
    const tap = show(netns, 'tap0');
    expect(tap).toMatchObject({ address: 'fe:16:3e:00:00:01', mtu: 1450, txqlen: 77, group: '9', ifalias: 'a port' });
    expect(tap).toMatchObject({ master: 'br0', inet6_addr_gen_mode: 'none' });
    expect(tap.flags).toContain('UP');
  });

  test('gives its frames to a program that opens it', async () => {
    const netns = await namespace();
    await netns.links.add({ kind: 'tun', mode: 'tap', name: 'tap0', addrGenMode: 'none', up: true });
    await netns.addresses.add({ dev: 'tap0', address: '192.0.2.1/24', nodad: true });
    // An ARP request's ethertype, and whom it asks for.
    const source = `import fcntl, os, struct
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'tap0', 0x1002))
print('open', flush=True)
while True:
    frame = os.read(tap, 2048)
    if frame[12:14] == b'\\x08\\x06': break
print(frame[12:14].hex(), '.'.join(map(str, frame[38:42])), flush=True)`;
    const child = netns.spawn('python3', ['-c', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanUp(async () => child.kill('SIGKILL'));
    const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('open');
    const ping = netns.spawn('ping', ['-c', '1', '-W', '1', '192.0.2.77'], { stdio: 'ignore' });
    const ended = once(ping, 'exit');
    expect((await lines.next()).value).toBe('0806 192.0.2.77');
    await ended;
    // It outlives the program.
    if (child.exitCode === null) await once(child, 'exit');
    expect(names(netns)).toContain('tap0');
  });

  test('is made in the namespace that is asked for', async () => {
    const [here, there] = [await namespace(), await namespace()];
    await here.links.add({ kind: 'tun', mode: 'tap', name: 'tap0', netns: there, mtu: 1400 });
    expect([names(here), names(there)]).toEqual([['lo'], ['lo', 'tap0']]);
    expect(show(there, 'tap0').mtu).toBe(1400);
    expect(run('ip', '-o', 'link')).not.toContain('tap0@');
  });
});

describe.skipIf(!mayOpenTun())('a failure leaves no device', () => {
  test.each<[string, Partial<TunSpec>, string]>([
    ['an MTU that is too small', { mtu: 1 }, 'EINVAL'],
    ['a bridge that is not there', { master: 'nosuch' }, 'ENODEV'],
    ['a bridge that does not take it', { mode: 'tun', master: 'br0' }, 'EINVAL'],
  ])('%s', async (_, settings, code) => {
    const netns = await namespace();
    await netns.links.add({ kind: 'bridge', name: 'br0' });
    const spec: TunSpec = { kind: 'tun', mode: 'tap', name: 'tap0', ...settings };
    expect(await rejection(netns.links.add(spec), NetlinkError)).toMatchObject({ code });
    expect(names(netns)).toEqual(['lo', 'br0']);
  });

  test('a name that is taken, by a tap too, which stays as it is', async () => {
    const netns = await namespace();
    const spec: TunSpec = { kind: 'tun', mode: 'tap', name: 'tap0', mtu: 1400 };
    await netns.links.add(spec);
    const before = show(netns, 'tap0');
    for (const name of ['tap0', 'lo']) {
      const error = await rejection(netns.links.add({ ...spec, name, mtu: 1300, owner: 7 }), NetlinkError);
      expect(error).toMatchObject({ code: 'EEXIST', syscall: 'ioctl(TUNSETIFF)', request: { name } });
      expect(error.message).toContain(`${name} (tun)`);
    }
    expect(show(netns, 'tap0')).toEqual(before);
  });

  test('a caller that has gone', async () => {
    const netns = await namespace();
    const spec: TunSpec = { kind: 'tun', mode: 'tap', name: 'tap0' };
    await rejection(netns.links.add(spec, { signal: AbortSignal.abort(new RangeError()) }), RangeError);
    const controller = new AbortController();
    const adding = netns.links.add(spec, { signal: controller.signal });
    controller.abort(new RangeError());
    await rejection(adding, RangeError);
    // What the mover does next is behind what it was doing.
    await netns.sysctl.get('net.ipv4.ip_forward');
    await netns.links.list();
    expect(names(netns)).toEqual(['lo']);
  });
});

describe.skipIf(!mayOpenTun())('among others', () => {
  const specs: LinkSpec[] = [
    { kind: 'bridge', name: 'br0' },
    { kind: 'tun', mode: 'tap', name: 'tap0' },
    { kind: 'tun', mode: 'tap', name: 'lo' },
    { kind: 'macvlan', name: 'mv0', link: 'tap0' },
    { kind: 'tun', mode: 'tap', name: 'tap1', mtu: 1 },
    { kind: 'veth', name: 'v0', peer: { name: 'lo' } },
  ];

  test('it is made in order, and what fails is told by its place', async () => {
    const netns = await namespace();
    const error = await rejection(netns.links.add(specs), BatchError);
    expect(error).toMatchObject({ rolledBack: false, code: 'EEXIST' });
    const failed = error.failures.map(({ index, error }) => [index, (error as NetlinkError).code]);
    expect(failed).toEqual([
      [2, 'EEXIST'],
      [4, 'EINVAL'],
      [5, 'EEXIST'],
    ]);
    expect(names(netns).sort()).toEqual(['br0', 'lo', 'mv0', 'tap0']);
    expect(show(netns, 'mv0').link).toBe('tap0');
  });

  test('or taken back', async () => {
    const netns = await namespace();
    const error = await rejection(netns.links.add(specs, { rollback: true }), BatchError);
    expect(error).toMatchObject({ rolledBack: true, failures: [{ index: 2 }, { index: 4 }, { index: 5 }] });
    expect(names(netns)).toEqual(['lo']);
  });

  test('a second step that fails takes all back', async () => {
    const netns = await namespace();
    const refused: LinkSpec = { kind: 'ifb', name: 'ifb9', alias: 'x', addrGenMode: 'stable_secret' };
    await rejection(netns.links.add([...specs.slice(0, 2), refused]), NetlinkError);
    expect(names(netns)).toEqual(['lo']);
  });

  test('many at once', async () => {
    const netns = await namespace();
    const taps = Array.from({ length: 100 }, (_, at): TunSpec => ({ kind: 'tun', mode: 'tap', name: `tap${at}` }));
    await netns.links.add(taps);
    expect(names(netns)).toEqual(['lo', ...taps.map(({ name }) => name)]);
  });
});

test.each<[string, object, abstract new (...args: never[]) => Error]>([
  ['no name', { mode: 'tap' }, TypeError],
  ['no mode', { name: 'tap0' }, TypeError],
  ['a mode', { name: 'tap0', mode: 'TAP' }, TypeError],
  ["an owner's name", { name: 'tap0', mode: 'tap', owner: 'root' }, TypeError],
  ['the owner that stands for none', { name: 'tap0', mode: 'tap', owner: 0xffffffff }, RangeError],
  ['queues by number', { name: 'tap0', mode: 'tap', numTxQueues: 2 }, TypeError],
  ['a bare descriptor', { name: 'tap0', mode: 'tap', netns: { fd: 0 } }, TypeError],
])('%s is refused before anything is made', async (_, spec, type) => {
  const netns = await namespace();
  await rejection(netns.links.add([{ kind: 'ifb', name: 'good' }, { kind: 'tun', ...spec } as TunSpec]), type);
  expect(names(netns)).toEqual(['lo']);
});
