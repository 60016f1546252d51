/** Rate limits and counters: what is sent at once against what arrives. */
import { beforeEach, expect, test } from 'vitest';
import { Router, type RouterSpec } from '../src/index.js';
import type { Host } from './helpers/host.js';
import { uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';

/** A burst needs buffers larger than an ordinary user's socket may have (SO_RCVBUFFORCE). */
const unprivileged = process.env['NETLOOM_UNPRIVILEGED'] === '1';

/** Counts datagrams until half a second passes without one, or none comes for five. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
s.bind(('0.0.0.0', int(sys.argv[1])))
s.settimeout(5)
print('ready')
count = 0
try:
    while True:
        s.recv(2000)
        count += 1
        s.settimeout(0.5)
except socket.timeout:
    print(count)
`;

/** Sends so many datagrams of 972 bytes at once: packets of 1000. */
const sender = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 32, 1 << 26)  # SO_SNDBUFFORCE
print('ready')
for i in range(int(sys.argv[3])):
    s.sendto(bytes(972), (sys.argv[1], int(sys.argv[2])))
`;

const count = 2000;

async function delivered(from: Host, to: Host, address: string, port: number): Promise<number> {
  const receiving = await to.python(receiver, String(port));
  await (await from.python(sender, address, String(port), String(count))).end();
  return Number(await receiving.end());
}

let s: Stage;
let outside: Host;
let vm: Host;
let spec: RouterSpec;

beforeEach(async () => {
  s = await Stage.create(['br-in']);
  outside = await s.host('outside', 'br-ex', ['203.0.113.1/24']);
  vm = await s.host('vm', 'br-in', ['10.0.0.11/24'], ['10.0.0.1']);
  spec = {
    id: uniqueName(),
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['10.0.0.1/24'] }],
    floatingIps: [{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' }],
    counters: true,
  };
});

/** 100,000 bytes a second, and as many at once. */
const slow = { maxKbps: 800 };

test.skipIf(unprivileged)('what is above a limit is dropped, in its direction alone', async () => {
  const router = await s.router({ ...spec, rateLimits: [{ floatingAddress: '203.0.113.11', ingress: slow }] });
  const inward = await delivered(outside, vm, '203.0.113.11', 5001);
  expect(inward).toBeGreaterThan(50);
  expect(inward).toBeLessThan(count / 4);
  expect(await delivered(vm, outside, '203.0.113.1', 5002)).toBe(count);
  const [status] = (await router.status()).floatingIps;
  // What is dropped is not counted.
  expect(status).toMatchObject({
    floatingAddress: '203.0.113.11',
    ingress: { packets: inward, bytes: inward * 1000 },
    egress: { packets: count, bytes: count * 1000 },
  });

  // The other direction now, in place.
  await s.router({ ...spec, rateLimits: [{ floatingAddress: '203.0.113.11', egress: slow }] });
  expect(await delivered(outside, vm, '203.0.113.11', 5003)).toBe(count);
  const outward = await delivered(vm, outside, '203.0.113.1', 5004);
  expect(outward).toBeGreaterThan(50);
  expect(outward).toBeLessThan(count / 4);

  // And none.
  await s.router(spec);
  expect(await delivered(vm, outside, '203.0.113.1', 5005)).toBe(count);
  expect(await s.plan(spec)).toEqual([]);
});

test.skipIf(unprivileged)('a limit that changes is replaced by itself', async () => {
  const rateLimits = [
    { floatingAddress: '203.0.113.11', ingress: slow, egress: slow },
    { floatingAddress: '203.0.113.20', ingress: slow },
  ];
  const portForwardings = [
    { floatingAddress: '203.0.113.20', protocol: 'udp', port: 5001, fixedAddress: '10.0.0.11' } as const,
  ];
  const before = { ...spec, portForwardings, rateLimits };
  await s.router(before);
  expect(await s.plan(before)).toEqual([]);
  // Of a port forwarding's address.
  expect(await delivered(outside, vm, '203.0.113.20', 5001)).toBeLessThan(count / 4);
  // 3,000,000 bytes at once are more than are sent.
  const wide = { maxKbps: 8000, maxBurstKbps: 24_000 };
  const after = { ...before, rateLimits: [rateLimits[0], { floatingAddress: '203.0.113.20', ingress: wide }] as never };
  expect(await s.plan(after)).toEqual([
    '~ nftables table ip netloom: elements of limit_ingress, limit ingress-203.0.113.20',
  ]);
  const router = await s.router(after);
  const limits = (await router.netns.nft.list({ family: 'ip', elements: false })).flatMap(({ limit }) => limit ?? []);
  expect(limits).toMatchObject([
    { name: 'ingress-203.0.113.11', rate: 100_000, rate_unit: 'bytes', per: 'second', inv: true },
    { name: 'egress-203.0.113.11', rate: 100_000, rate_unit: 'bytes', per: 'second', inv: true },
    // A second's bytes are in every bucket: 3,000,000 - 1,000,000.
    { name: 'ingress-203.0.113.20', rate: 1_000_000, burst: 2_000_000 },
  ]);
  expect(await delivered(outside, vm, '203.0.113.20', 5001)).toBe(count);
  expect(await delivered(outside, vm, '203.0.113.11', 5001)).toBeLessThan(count / 4);
});

test('an address begins to be counted at nothing, again and again', async () => {
  const router = await s.router(spec);
  const ingress = async (): Promise<unknown> => (await router.status()).floatingIps.map((one) => one.ingress);
  expect(await outside.reaches('203.0.113.11')).toBe(true);
  expect(await ingress()).toEqual([{ packets: 3, bytes: 3 * 84 }]);
  // It comes back, as somebody else's; it moves; it is moved by apply.
  await router.floatingIps.disassociate(['203.0.113.11']);
  await router.floatingIps.associate([{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' }]);
  expect(await ingress()).toEqual([{ packets: 0, bytes: 0 }]);
  expect(await outside.reaches('203.0.113.11')).toBe(true);
  expect(await ingress()).toEqual([{ packets: 3, bytes: 3 * 84 }]);
  await router.floatingIps.associate([{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.12' }]);
  expect(await ingress()).toEqual([{ packets: 0, bytes: 0 }]);
  await s.router(spec);
  expect(await outside.reaches('203.0.113.11')).toBe(true);
  const again = await s.router({
    ...spec,
    floatingIps: [{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.12' }],
  });
  expect((await again.status()).floatingIps).toMatchObject([{ ingress: { packets: 0 } }]);
});

test('one that is opened knows of counters, and an apply restores what is missing of them', async () => {
  const first = await s.router(spec);
  const opened = await Router.open(first.id, s.options);
  const more = { floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' };
  await opened.floatingIps.associate([more]);
  expect((await opened.status()).floatingIps.map(({ ingress }) => ingress?.packets)).toEqual([0, 0]);
  await opened.close();
  const both = { ...spec, floatingIps: [...(spec.floatingIps as []), more] };
  expect(await s.plan(both)).toEqual([]);
  const set = first.netns.nft.set('ip', 'netloom', 'fip_in');
  await set.delete(['203.0.113.12']);
  await set.add(['203.0.113.99']);
  expect(await s.plan(both)).toEqual([
    '- floating-ip 203.0.113.99: what was left of it',
    '~ floating-ip 203.0.113.12: made whole',
  ]);
  const { netns } = await s.router(both);
  const repaired = await netns.nft.set('ip', 'netloom', 'fip_in').list();
  expect(repaired.map((element) => (element as { elem: { val: string } }).elem.val).sort()).toEqual([
    '203.0.113.11',
    '203.0.113.12',
  ]);
});
