/** Port forwardings as Neutron's functional tests have them, told by packets: docs/neutron-parity.md lists them. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { PortForwarding, RouterSpec } from '../src/index.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import { inVain } from './helpers/host.js';
import { run } from './helpers/namespaces.js';

const floatingAddress = '203.0.113.20';
const forwarding = (
  protocol: 'tcp' | 'udp',
  port: number | string,
  fixedAddress: string,
  fixedPort: number | string,
): PortForwarding => ({ floatingAddress, protocol, port, fixedAddress, fixedPort });

let on: Cast;
beforeAll(async () => {
  on = await cast();
  for (const [host, ports] of [
    [on.vm1, [81]],
    [on.vm2, [81, 90, 91, 92, 93]],
  ] as const) {
    for (const port of ports)
      for (const protocol of ['tcp', 'udp'] as const) await host.serve(protocol, port, '::', 'file');
  }
});

describe.each(bindings)('with the %s binding', (binding) => {
  const spec = (portForwardings: readonly PortForwarding[]): RouterSpec & { id: string } => ({
    ...usual(binding),
    portForwardings,
  });

  test('from outside: each protocol and port to its own, and the address answers', async () => {
    const { stage, outside } = on;
    await stage.router(
      spec([
        forwarding('tcp', 8081, '10.0.0.11', 81),
        forwarding('tcp', 8082, '10.0.0.12', 81),
        forwarding('udp', 8081, '10.0.0.12', 81),
      ]),
    );
    const peer = '203.0.113.1';
    expect(await outside.tcp(floatingAddress, 8081)).toMatchObject({ host: 'vm1', port: 81, peer });
    expect(await outside.tcp(floatingAddress, 8082)).toMatchObject({ host: 'vm2', port: 81, peer });
    expect(await outside.udp(floatingAddress, 8081)).toMatchObject({ host: 'vm2', port: 81, peer });
    expect(await outside.tcp(floatingAddress, 8083, inVain)).toBe('ECONNREFUSED');
    expect(await outside.udp(floatingAddress, 8082, inVain)).toBe('timeout');
    expect(await outside.arping(floatingAddress)).toBe(gateway.mac);
    expect((await outside.ping(floatingAddress)).from).toEqual([floatingAddress]);
    // Floating IPs are what they were.
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', port: 80, peer });
  });

  test('from inside: neighbours, the other network, the machine itself, the router itself', async () => {
    const { stage, vm1, vm2, vm3 } = on;
    await stage.router(spec([forwarding('tcp', 8082, '10.0.0.12', 81), forwarding('udp', 8082, '10.0.0.12', 81)]));
    for (const ask of ['tcp', 'udp'] as const) {
      expect(await vm1[ask](floatingAddress, 8082)).toMatchObject({ host: 'vm2', port: 81, peer: '203.0.113.11' });
      expect(await vm2[ask](floatingAddress, 8082)).toMatchObject({ host: 'vm2', port: 81, peer: '203.0.113.2' });
      expect(await vm3[ask](floatingAddress, 8082)).toMatchObject({ host: 'vm2', port: 81, peer: '203.0.113.2' });
    }
    // What the machine itself begins goes out as the gateway, as without a forwarding.
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
  });

  test('ranges: the ports of one lead to those of the other in order, and no others', async () => {
    const { stage, outside } = on;
    await stage.router(
      spec([
        forwarding('tcp', '9000-9003', '10.0.0.12', '90-93'),
        forwarding('udp', '9000-9003', '10.0.0.12', '90-93'),
      ]),
    );
    for (const ask of ['tcp', 'udp'] as const) {
      const answers = await Promise.all([9000, 9001, 9002, 9003].map((port) => outside[ask](floatingAddress, port)));
      expect(answers).toMatchObject([90, 91, 92, 93].map((port) => ({ host: 'vm2', port })));
    }
    for (const port of [8999, 9004]) expect(await outside.tcp(floatingAddress, port, inVain)).toBe('ECONNREFUSED');
  });

  test('removed, and moved: connections by it have ended, those by others of the address go on', async () => {
    const { stage, outside } = on;
    const [kept, removed, moved] = [
      forwarding('tcp', 8080, '10.0.0.12', 80),
      forwarding('tcp', 8081, '10.0.0.11', 81),
      forwarding('tcp', 8082, '10.0.0.11', 80),
    ] as const;
    const before = spec([kept, removed, moved]);
    await stage.router(before);
    const streams = await Promise.all([8080, 8081, 8082].map((port) => outside.stream(floatingAddress, port)));
    for (const stream of streams) expect(await stream.runs()).toBe(true);

    await stage.apply({ ...before, portForwardings: [kept, { ...moved, fixedAddress: '10.0.0.12' }] });
    expect(await Promise.all(streams.slice(1).map((stream) => stream.runs(500)))).toEqual([false, false]);
    expect([await streams[0]?.runs(), streams[0]?.inOrder]).toEqual([true, true]);
    for (const stream of streams) stream.close();
    expect(await outside.tcp(floatingAddress, 8081, inVain)).toBe('ECONNREFUSED');
    expect(await outside.tcp(floatingAddress, 8082)).toMatchObject({ host: 'vm2', port: 80 });
    const flows = run('ip', 'netns', 'exec', `qrouter-${before.id}`, 'conntrack', '-L');
    expect(flows).not.toMatch(/dst=203\.0\.113\.20 .* src=10\.0\.0\.11 /);

    // The last one goes, and the address with it.
    await stage.apply({ ...before, portForwardings: [] });
    expect(await outside.arping(floatingAddress)).toBeUndefined();
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
  });

  test('an address is a floating IP, then a port forwarding, then a floating IP again', async () => {
    const { stage, outside } = on;
    const before = usual(binding);
    await stage.router(before);
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
    const forwarded: RouterSpec = {
      ...before,
      floatingIps: [],
      portForwardings: [{ ...forwarding('tcp', 81, '10.0.0.12', 81), floatingAddress: '203.0.113.11' }],
    };
    await stage.apply(forwarded);
    expect(await outside.tcp('203.0.113.11', 81)).toMatchObject({ host: 'vm2', port: 81 });
    expect(await outside.tcp('203.0.113.11', 80, inVain)).toBe('ECONNREFUSED');
    await stage.apply(before);
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', port: 80 });
    expect(await outside.tcp('203.0.113.11', 81)).toMatchObject({ host: 'vm1', port: 81 });
  });
});
