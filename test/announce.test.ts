import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { NetlinkError, type Netns } from '../src/index.js';
import { cleanUp, ip, ipJson, type NamedNetns, namespace, namespaceWithVeth, rejection } from './helpers/namespaces.js';

const mac = '02:00:00:00:00:01';
const everyone = 'ff:ff:ff:ff:ff:ff';

/** Two namespaces and the link between them: veth0 here, eth0 there. */
async function pair(): Promise<{ here: NamedNetns; there: NamedNetns }> {
  const [here, there] = [await namespace(), await namespace()];
  const peer = { name: 'eth0', netns: there, up: true };
  await here.links.add({ kind: 'veth', name: 'veth0', up: true, mac, peer });
  return { here, there };
}

/** Lines of tcpdump in a namespace, which has begun to listen when this resolves. */
async function capture(netns: Netns, ...filter: string[]): Promise<string[]> {
  const program: ChildProcess = netns.spawn('tcpdump', [
    '-Z',
    'root',
    '-i',
    'eth0',
    '-lnnevvt',
    '--immediate-mode',
    ...filter,
  ]);
  const ended = once(program, 'close');
  cleanUp(async () => {
    program.kill();
    await ended;
  });
  const lines: string[] = [];
  program.stdout!.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  await new Promise<void>((resolve, reject) => {
    program.on('error', reject);
    program.on('exit', (code) => reject(new Error(`tcpdump ended with ${code}`)));
    program.stderr!.setEncoding('utf8').on('data', (text: string) => text.includes('listening on') && resolve());
  });
  return lines;
}

/** All in one line, once it holds what is looked for. */
async function seen(lines: string[], wanted: RegExp): Promise<string> {
  await expect.poll(() => lines.join('\n'), { timeout: 5000 }).toMatch(wanted);
  return lines.join('\n');
}

// tcpdump drops its groups, which a user namespace of one user does not allow.
describe.skipIf(process.env['NETLOOM_UNPRIVILEGED'])('what neighbours see', () => {
  test('IPv4: a gratuitous ARP', async () => {
    const { here, there } = await pair();
    const lines = await capture(there, 'arp');
    await here.announce([{ dev: 'veth0', address: '192.0.2.7' }]);
    const text = await seen(lines, /192\.0\.2\.7/);
    expect(text).toContain(`${mac} > ${everyone}, ethertype ARP`);
    expect(text).toMatch(/who-has 192\.0\.2\.7.* tell 192\.0\.2\.7|192\.0\.2\.7 is-at 02:00:00:00:00:01/);
  });

  test('IPv6: an unsolicited neighbour advertisement', async () => {
    const { here, there } = await pair();
    const lines = await capture(there, 'icmp6', 'and', 'ip6[40]', '=', '136');
    await here.announce([{ dev: 'veth0', address: '2001:db8::7', router: true }]);
    const text = await seen(lines, /tgt is 2001:db8::7/);
    expect(text).toMatch(/02:00:00:00:00:01 > 33:33:00:00:00:01, .*\(hlim 255/);
    expect(text).toMatch(/> ff02::1: \[icmp6 sum ok\] ICMP6, neighbor advertisement/);
    expect(text).toContain('Flags [router, override]');
    expect(text).toMatch(/destination link-address option .*: 02:00:00:00:00:01/);
  });

  test("another MAC than the device's, and not a router's", async () => {
    const { here, there } = await pair();
    const lines = await capture(there, 'arp', 'or', 'icmp6');
    const other = '02:00:00:00:00:99';
    await here.announce(['192.0.2.8', '2001:db8::8'].map((address) => ({ dev: 'veth0', address, mac: other })));
    await seen(lines, /192\.0\.2\.8/);
    const text = await seen(lines, /tgt is 2001:db8::8/);
    expect(text).toMatch(/destination link-address option .*: 02:00:00:00:00:99/);
    expect(text).toContain('Flags [override]');
  });

  test('rounds: the first at once, the others by themselves', async () => {
    const { here, there } = await pair();
    const lines = await capture(there, 'arp');
    const rounds = () => lines.filter((line) => line.includes('192.0.2.7')).length;
    await here.announce([{ dev: 'veth0', address: '192.0.2.7' }], { count: 3, interval: 50 });
    await expect.poll(rounds, { timeout: 5000 }).toBe(3);
    await here.announce([{ dev: 'veth0', address: '192.0.2.7' }], { count: 100, interval: 100 });
    await here.close();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(rounds()).toBe(4);
  });
});

test('a neighbour that knew the address elsewhere learns of the move', async () => {
  const { here, there } = await pair();
  await there.addresses.add([
    { dev: 'eth0', address: '192.0.2.1/24' },
    { dev: 'eth0', address: '2001:db8::1/64', nodad: true },
  ]);
  const addresses = ['192.0.2.7', '2001:db8::7'];
  for (const dst of addresses) {
    ip(there.name, 'neighbour', 'add', dst, 'lladdr', '02:00:00:00:00:99', 'nud', 'stale', 'dev', 'eth0');
  }
  await here.announce(addresses.map((address) => ({ dev: 'veth0', address })));
  const known = () =>
    ipJson(there.name, 'neighbour', 'show', 'dev', 'eth0')
      .filter(({ dst }) => addresses.includes(dst))
      .map(({ lladdr }) => lladdr as string);
  await expect.poll(known, { timeout: 5000 }).toEqual([mac, mac]);
});

test('errors', async () => {
  const netns = await namespaceWithVeth();
  const nowhere = netns.announce([{ dev: 'nosuch', address: '192.0.2.7' }]);
  expect(await rejection(nowhere, NetlinkError)).toMatchObject({ code: 'ENODEV', netns: netns.name });
  const announced = (announcement: object, options = {}) =>
    netns.announce([{ dev: 'veth0', address: '192.0.2.7', ...announcement }], options);
  await rejection(announced({ address: '192.0.2.0/24' }), TypeError);
  await rejection(announced({ mac: 'nonsense' }), TypeError);
  await rejection(announced({ colour: 'red' }), TypeError);
  await rejection(announced({}, { count: 101 }), RangeError);
  await rejection(announced({}, { interval: 0 }), RangeError);
  await netns.announce([]);
});
