/** A TFTP server answers from a port of its own: behind SNAT its answer finds its way by the helper alone. */
import { expect, test } from 'vitest';
import type { RouterSpec } from '../src/index.js';
import type { Host } from './helpers/host.js';
import { uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';

/** RFC 1350: answers each read request with one block, from another port than it was asked on. */
const server = `
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(('::', 69))
print('ready')
while True:
    _, client = s.recvfrom(1000)
    transfer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    transfer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    transfer.sendto(struct.pack('>HH', 3, 1) + b'content', client)
`;

const client = `
import socket, struct, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(1)
print('ready')
try:
    s.sendto(struct.pack('>H', 1) + b'file\\0octet\\0', (sys.argv[1], 69))
    data, sender = s.recvfrom(1000)
    print('from another port' if sender[1] != 69 else 'from 69', data[4:].decode())
except OSError:
    print('nothing')
`;

const get = async (from: Host, address: string): Promise<string> =>
  (await (await from.python(client, address)).end()).trim();

test('a transfer from another port passes SNAT with the helper, and not without', async () => {
  const s = await Stage.create(['br-in']);
  const outside = await s.host('outside', 'br-ex', ['203.0.113.1/24']);
  await outside.python(server);
  const vm = await s.host('vm', 'br-in', ['10.0.0.11/24'], ['10.0.0.1']);
  const spec: RouterSpec = {
    id: uniqueName(),
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['10.0.0.1/24'] }],
  };
  await s.router(spec);
  expect(await get(vm, '203.0.113.1')).toBe('nothing');
  const helped: RouterSpec = {
    ...spec,
    conntrackHelpers: [
      { helper: 'tftp', protocol: 'udp', port: 69 },
      { helper: 'tftp', protocol: 'udp', port: 6969 },
      { helper: 'ftp', protocol: 'tcp', port: 21 },
    ],
  };
  const router = await s.router(helped);
  expect(await get(vm, '203.0.113.1')).toBe('from another port content');
  expect(
    (await router.netns.conntrack.list({ originalDstPort: 69 })).some(({ status }) => status.includes('helper')),
  ).toBe(true);
  expect(await s.plan(helped)).toEqual([]);
  await s.router(spec);
  expect(await get(vm, '203.0.113.1')).toBe('nothing');
  expect(await s.plan(spec)).toEqual([]);
});

test('the answer of a server inside is let out, IPv6 too', async () => {
  const s = await Stage.create(['br-in']);
  const outside = await s.host('outside', 'br-ex', ['203.0.113.1/24', '2001:db8::1/64'], ['2001:db8::2']);
  const vm = await s.host('vm', 'br-in', ['10.0.0.11/24', '2001:db8:1::11/64'], ['10.0.0.1', '2001:db8:1::1']);
  await vm.python(server);
  const spec: RouterSpec = {
    id: uniqueName(),
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['203.0.113.2/24', '2001:db8::2/64'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['10.0.0.1/24', '2001:db8:1::1/64'] }],
    portForwardings: [{ floatingAddress: '203.0.113.20', protocol: 'udp', port: 69, fixedAddress: '10.0.0.11' }],
    conntrackHelpers: [{ helper: 'tftp', protocol: 'udp', port: 69 }],
  };
  const router = await s.router(spec);
  expect(await get(outside, '203.0.113.20')).toBe('from another port content');
  expect(await get(outside, '2001:db8:1::11')).toBe('from another port content');
  const helped = (await router.netns.conntrack.list({ originalDstPort: 69 })).filter(({ status }) =>
    status.includes('helper'),
  );
  expect(helped.map(({ family }) => family).sort()).toEqual(['inet', 'inet6']);
});

test('a helper that the kernel lacks is refused, and the router is as it was', async () => {
  const s = await Stage.create(['br-in']);
  const spec: RouterSpec = { id: uniqueName(), interfaces: [{ id: 'in', addresses: ['10.0.0.1/24'] }] };
  await s.router(spec);
  const conntrackHelpers = [{ helper: 'gopher', protocol: 'tcp', port: 70 }] as const;
  await expect(s.router({ ...spec, conntrackHelpers })).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await s.plan(spec)).toEqual([]);
  const twice = [...conntrackHelpers, { helper: 'ftp', protocol: 'tcp', port: 70 }] as const;
  await expect(s.plan({ ...spec, conntrackHelpers: twice })).rejects.toThrow('conntrackHelpers[1].port');
});
