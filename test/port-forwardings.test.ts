/** Port forwardings: where packets go, what of flows is forgotten, what a plan says of them, and ten thousand of them. */
import { expect, test } from 'vitest';
import type { PortForwarding, RouterSpec } from '../src/index.js';
import type { Host } from './helpers/host.js';
import { runIn, uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';

/** Answers each datagram with its own name and the port that it came to. */
const responder = `
import selectors, socket, sys
name, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chosen = selectors.DefaultSelector()
for port in range(first, last + 1):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('0.0.0.0', port))
    chosen.register(s, selectors.EVENT_READ, port)
print('ready')
while True:
    for key, _ in chosen.select():
        _, sender = key.fileobj.recvfrom(100)
        key.fileobj.sendto(f'{name} {key.data}'.encode(), sender)
`;

/** Asks from a port of its own, so that the same flow is used again. */
const asker = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('0.0.0.0', int(sys.argv[3])))
s.settimeout(1)
print('ready')
try:
    s.sendto(b'?', (sys.argv[1], int(sys.argv[2])))
    print(s.recv(100).decode())
except OSError:
    print('nobody')
`;

async function ask(from: Host, address: string, port: number, source: number): Promise<string> {
  return (await (await from.python(asker, address, String(port), String(source))).end()).trim();
}

async function site(): Promise<{ s: Stage; outside: Host; spec: RouterSpec }> {
  const s = await Stage.create(['br-in']);
  const outside = await s.host('outside', 'br-ex', ['203.0.113.1/24']);
  for (const name of ['one', 'two']) {
    const vm = await s.host(name, 'br-in', [`10.0.0.${name === 'one' ? 11 : 12}/24`], ['10.0.0.1']);
    await vm.python(responder, name, '5000', '5003');
  }
  const spec: RouterSpec = {
    id: uniqueName(),
    gateway: { id: 'gw', bridge: 'br-ex', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
    interfaces: [{ id: 'in', bridge: 'br-in', addresses: ['10.0.0.1/24'] }],
  };
  return { s, outside, spec };
}

const range = { floatingAddress: '203.0.113.20', protocol: 'udp', port: '8000-8003' } as const;
const toOne: PortForwarding = { ...range, fixedAddress: '10.0.0.11', fixedPort: '5000-5003' };

test('a range goes onto a range, and moves with the flows that it has', async () => {
  const { s, outside, spec } = await site();
  const before: RouterSpec = {
    ...spec,
    portForwardings: [toOne, { ...range, port: 9000, fixedAddress: '10.0.0.11', fixedPort: 5000 }],
  };
  expect((await s.plan(before)).filter((line) => line.includes('port-forwarding'))).toEqual([
    '+ port-forwarding 203.0.113.20 udp 8000-8003 -> 10.0.0.11 5000-5003',
    '+ port-forwarding 203.0.113.20 udp 9000 -> 10.0.0.11 5000',
  ]);
  await s.router(before);
  expect(await ask(outside, '203.0.113.20', 8000, 40_000)).toBe('one 5000');
  expect(await ask(outside, '203.0.113.20', 8003, 40_003)).toBe('one 5003');
  expect(await ask(outside, '203.0.113.20', 9000, 40_009)).toBe('one 5000');
  expect(await ask(outside, '203.0.113.20', 8004, 40_004)).toBe('nobody');

  // One port of the range leads elsewhere, one is no longer forwarded.
  const after: RouterSpec = {
    ...spec,
    portForwardings: [
      { ...range, port: '8000-8001', fixedAddress: '10.0.0.11', fixedPort: '5000-5001' },
      { ...range, port: 8003, fixedAddress: '10.0.0.12', fixedPort: 5003 },
      { ...range, port: 9000, fixedAddress: '10.0.0.11', fixedPort: 5000 },
    ],
  };
  expect(await s.plan(after)).toEqual([
    '- port-forwarding 203.0.113.20 udp 8002 -> 10.0.0.11 5002',
    '~ port-forwarding 203.0.113.20 udp 8003: 10.0.0.11 5003 -> 10.0.0.12 5003',
  ]);
  expect(await ask(outside, '203.0.113.20', 8002, 40_002)).toBe('one 5002');
  const router = await s.router(after);
  const ports = (await router.netns.conntrack.list({ originalDst: '203.0.113.20', protocol: 17 })).map(
    ({ original }) => original.dstPort,
  );
  // The others' flows are not forgotten.
  expect(ports).toEqual(expect.arrayContaining([8000, 9000]));
  expect(ports).not.toContain(8002);
  expect(ports).not.toContain(8003);
  expect(await ask(outside, '203.0.113.20', 8003, 40_003)).toBe('two 5003');
  expect(await ask(outside, '203.0.113.20', 8002, 40_002)).toBe('nobody');
  expect((await router.status()).portForwardings).toEqual([
    forwarded('8000-8001', '10.0.0.11', '5000-5001', 1),
    forwarded('8003', '10.0.0.12', '5003', 1),
    forwarded('9000', '10.0.0.11', '5000', 1),
  ]);
  expect(await s.plan(after)).toEqual([]);

  await s.router(spec);
  expect(await ask(outside, '203.0.113.20', 8000, 40_000)).toBe('nobody');
  expect(await s.plan(spec)).toEqual([]);
});

function forwarded(port: string, fixedAddress: string, fixedPort: string, flows: number): object {
  return { floatingAddress: '203.0.113.20', protocol: 'udp', port, fixedAddress, fixedPort, flows };
}

test('ten thousand ports', async () => {
  const { s, outside, spec } = await site();
  const many = (fixedAddress: string): PortForwarding[] =>
    Array.from({ length: 10 }, (_, at) => ({
      ...range,
      floatingAddress: `203.0.113.${20 + at}`,
      port: '20000-20999',
      fixedAddress,
      fixedPort: '4500-5499',
    }));
  const router = await s.router({ ...spec, portForwardings: many('10.0.0.11') });
  expect(await ask(outside, '203.0.113.29', 20_501, 40_000)).toBe('one 5001');
  expect(await s.plan({ ...spec, portForwardings: many('10.0.0.11') })).toEqual([]);
  const listed = JSON.parse(runIn(router.netns, 'nft', '-j', 'list', 'map', 'ip', 'netloom', 'port_forward')) as {
    nftables: { map?: { elem: unknown[] } }[];
  };
  expect(listed.nftables.flatMap(({ map }) => map?.elem ?? [])).toHaveLength(10_000);
  expect(await s.plan({ ...spec, portForwardings: many('10.0.0.12') })).toHaveLength(10);
  await s.router({ ...spec, portForwardings: many('10.0.0.12') });
  expect(await ask(outside, '203.0.113.29', 20_501, 40_000)).toBe('two 5001');
});
