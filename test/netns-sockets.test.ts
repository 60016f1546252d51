import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { NetlinkError } from '../src/index.js';
import { cleanUp, namespace, rejection, run } from './helpers/namespaces.js';

describe('sockets', () => {
  test('udp4 with node:dgram', async () => {
    const netns = await namespace();
    await netns.links.set('lo', { up: true });
    const socket = createSocket('udp4');
    cleanUp(async () => socket.close());
    const fd = await netns.socket('udp4', { address: '127.0.0.1', port: 5353 });
    await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
    expect(run('ip', 'netns', 'exec', netns.name, 'cat', '/proc/net/udp')).toContain('0100007F:14E9');
    const received = once(socket, 'message');
    netns.spawn('bash', ['-c', 'echo -n hello > /dev/udp/127.0.0.1/5353']);
    expect(String((await received)[0])).toBe('hello');
  });

  test('tcp4 with node:net', async () => {
    const netns = await namespace();
    await netns.links.set('lo', { up: true });
    const server = createServer((client) => client.end('hello from inside'));
    cleanUp(async () => server.close());
    server.listen({ fd: await netns.socket('tcp4', { address: '127.0.0.1', port: 0 }) });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = netns.spawn('bash', ['-c', `cat < /dev/tcp/127.0.0.1/${port}`]);
    expect(await text(client.stdout!)).toBe('hello from inside');
    // Nobody listens there outside.
    const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect(['ECONNREFUSED', 'ENETUNREACH']).toContain(refused.code);
  });

  test('an address that the namespace lacks, and arguments that are none', async () => {
    const netns = await namespace();
    // Where no device was ever up there is no local table, and bind(2) takes any address (__inet_dev_addr_type).
    await netns.links.set('lo', { up: true });
    const error = await rejection(netns.socket('udp4', { address: '192.0.2.1', port: 53 }), NetlinkError);
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', netns: netns.name });
    expect(error.message).toContain('192.0.2.1');
    await expect(netns.socket('tcp5' as 'tcp4')).rejects.toThrow(TypeError);
    await expect(netns.socket('udp4', { address: '::1' })).rejects.toThrow(TypeError);
    await expect(netns.socket('udp4', { port: 65536 })).rejects.toThrow(RangeError);
  });
});

describe('sysctl', () => {
  const forwarding = (name: string): string =>
    run('ip', 'netns', 'exec', name, 'sysctl', '-n', 'net.ipv4.ip_forward').trim();

  test('set and get', async () => {
    const netns = await namespace();
    await netns.sysctl.set({ 'net.ipv4.ip_forward': true, 'net/ipv4/conf/lo/arp_ignore': 2 });
    expect(forwarding(netns.name)).toBe('1');
    expect(await netns.sysctl.get('net.ipv4.ip_forward')).toBe('1');
    expect(await netns.sysctl.get('net.ipv4.conf.lo.arp_ignore')).toBe('2');
  });

  test('those before a refused one get their old values back', async () => {
    const netns = await namespace();
    const values = { 'net.ipv4.ip_forward': 1, 'net.ipv4.no_such_setting': 1 };
    const missing = await rejection(netns.sysctl.set(values), NetlinkError);
    expect(missing).toMatchObject({ code: 'ENOENT', netns: netns.name });
    expect(missing.message).toContain('no_such_setting');
    expect(forwarding(netns.name)).toBe('0');
    const bad = { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.lo.arp_ignore': 'many' };
    expect(await rejection(netns.sysctl.set(bad), NetlinkError)).toMatchObject({ code: 'EINVAL' });
    expect(forwarding(netns.name)).toBe('0');
  });

  test.each([['kernel.hostname'], ['net'], ['net/../kernel/hostname'], ['net..ipv4']])(
    '%j is refused',
    async (name) => {
      const netns = await namespace();
      await expect(netns.sysctl.get(name)).rejects.toThrow(TypeError);
      await expect(netns.sysctl.set({ [name]: 1 })).rejects.toThrow(TypeError);
    },
  );
});
