/** Floating IPs as Neutron's functional tests have them, told by packets: docs/neutron-parity.md lists them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Node, type RouterSpec } from '../src/index.js';
import { noCapture } from './helpers/capture.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import { Host, inVain, pingInVain } from './helpers/host.js';
import { cleanUp, run, uniqueName } from './helpers/namespaces.js';
import type { Answer } from './helpers/who.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

const second = { floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' } as const;

/** Flows between a floating IP and a machine, as conntrack(8) prints them. */
function flows(namespace: string, floating: string, fixed: string): string[] {
  const printed = run('ip', 'netns', 'exec', namespace, 'conntrack', '-L');
  return printed.split('\n').filter((line) => [floating, fixed].every((address) => line.includes(`=${address} `)));
}

describe.each(bindings)('with the %s binding', (binding) => {
  test.skipIf(noCapture)('one is reached from outside by ICMP, TCP, UDP and ARP, and answers as itself', async () => {
    const { stage, outside } = on;
    await stage.router(usual(binding));
    const seen = await outside.capture('eth0', 'icmp');
    expect(await outside.ping('203.0.113.11')).toEqual({ sent: 3, answered: [1, 2, 3], from: ['203.0.113.11'] });
    expect((await seen.packets(6)).filter((line) => /echo reply/.test(line))).toEqual(
      [1, 2, 3].map((n) =>
        expect.stringMatching(`^IP 203.0.113.11 > 203.0.113.1: ICMP echo reply, id \\d+, seq ${n},`),
      ),
    );
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.1' });
    expect(await outside.udp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.1' });
    expect(await outside.arping('203.0.113.11')).toBe(gateway.mac);
    expect(await outside.arping('203.0.113.12')).toBeUndefined();
  });

  test.skipIf(noCapture)('a machine with one is seen outside as it, one without as the gateway', async () => {
    const { stage, vm1, vm2, vm3 } = on;
    await stage.router(usual(binding));
    for (const ask of ['tcp', 'udp'] as const) {
      expect(await vm1[ask]('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.11' });
      for (const vm of [vm2, vm3]) {
        expect(await vm[ask]('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
      }
    }
    expect(await vm1.tcp('198.51.100.7', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.11' });
    const seen = await on.outside.capture('eth0', 'icmp[0]=8');
    await vm1.ping('203.0.113.1', { count: 1 });
    await vm2.ping('203.0.113.1', { count: 1 });
    expect((await seen.packets(2)).map((line) => line.split(' ')[1])).toEqual(['203.0.113.11', '203.0.113.2']);
  });

  test('from the same subnet: its own and a neighbour by floating IP, and the answer comes from there', async () => {
    const { stage, vm1, vm2, vm3 } = on;
    const spec = usual(binding);
    await stage.router(spec);
    // Without a floating IP of its own a client is seen as the gateway, so that answers come back through the router.
    for (const ask of ['tcp', 'udp'] as const) {
      expect(await vm2[ask]('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.2' });
      expect(await vm3[ask]('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.2' });
      expect(await vm1[ask]('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.11' });
    }
    for (const vm of [vm1, vm2, vm3]) {
      expect(await vm.ping('203.0.113.11')).toEqual({ sent: 3, answered: [1, 2, 3], from: ['203.0.113.11'] });
    }
    await stage.apply({ ...spec, floatingIps: [...spec.floatingIps, second] });
    for (const ask of ['tcp', 'udp'] as const) {
      expect(await vm2[ask]('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.12' });
      expect(await vm1[ask]('203.0.113.12', 80)).toMatchObject({ host: 'vm2', peer: '203.0.113.11' });
    }
    expect((await vm1.ping('203.0.113.12')).from).toEqual(['203.0.113.12']);
  });

  test('the router itself: out as the gateway, and to floating IPs', async () => {
    const { stage } = on;
    const router = await stage.router(usual(binding));
    const inside = new Host('router', router.netns as never);
    expect(await inside.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
    expect(await inside.tcp('198.51.100.7', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
    expect(await inside.tcp('10.0.0.12', 80)).toMatchObject({ host: 'vm2', peer: '10.0.0.1' });
    expect(await inside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
    expect((await inside.ping('2001:db8::1')).answered).toHaveLength(3);
  });

  test('removed: its flows are gone, a connection through it has ended, others go on', async () => {
    const { stage, outside } = on;
    const spec = usual(binding);
    await stage.router({ ...spec, floatingIps: [...spec.floatingIps, second] });
    const namespace = `qrouter-${spec.id}`;
    const [first, other] = [await outside.stream('203.0.113.11', 80), await outside.stream('203.0.113.12', 80)];
    expect([await first.runs(), await other.runs()]).toEqual([true, true]);
    expect(flows(namespace, '203.0.113.11', '10.0.0.11')).toHaveLength(1);
    await stage.apply({ ...spec, floatingIps: [second] });
    expect(await first.runs(500)).toBe(false);
    expect([await other.runs(), other.inOrder]).toEqual([true, true]);
    expect(flows(namespace, '203.0.113.11', '10.0.0.11')).toEqual([]);
    expect(await outside.arping('203.0.113.11')).toBeUndefined();
    for (const stream of [first, other]) stream.close();
  });

  test('moved to another machine: old flows are gone, and answers come from there', async () => {
    const { stage, outside, vm1, vm2 } = on;
    const spec = usual(binding);
    await stage.router(spec);
    const stream = await outside.stream('203.0.113.11', 80);
    expect(await stream.runs()).toBe(true);
    await stage.apply({ ...spec, floatingIps: [{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.12' }] });
    expect(await stream.runs(500)).toBe(false);
    stream.close();
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm2' });
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ peer: '203.0.113.11' });
    expect(await vm1.tcp('203.0.113.1', 80)).toMatchObject({ peer: '203.0.113.2' });
    expect((await outside.ping('203.0.113.11')).from).toEqual(['203.0.113.11']);
  });

  test('a machine gets one while it is connected: the connection stays, new ones are seen as it', async () => {
    const { stage, vm2 } = on;
    const spec = usual(binding);
    await stage.router(spec);
    const stream = await vm2.stream('203.0.113.1', 80);
    expect(stream.server.peer).toBe('203.0.113.2');
    await stage.apply({ ...spec, floatingIps: [...spec.floatingIps, second] });
    expect([await stream.runs(), stream.inOrder]).toEqual([true, true]);
    stream.close();
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ peer: '203.0.113.12' });
  });

  test('without SNAT: addresses pass as they are, but for floating IPs', async () => {
    const { stage, outside, vm1, vm2 } = on;
    const spec = usual(binding);
    await stage.router({ ...spec, gateway: { ...gateway, enableSnat: false } });
    await outside.netns.routes.add({ dst: '10.0.0.0/24', via: '203.0.113.2' });
    cleanUp(() => outside.netns.routes.delete({ dst: '10.0.0.0/24' }));
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '10.0.0.12' });
    expect(await outside.tcp('10.0.0.12', 80)).toMatchObject({ host: 'vm2', peer: '203.0.113.1' });
    expect(await vm1.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.11' });
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1', peer: '203.0.113.1' });
    await stage.apply(spec);
    expect(await vm2.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.2' });
  });

  test.skipIf(noCapture)('it comes and goes: those outside are told of it at once', async () => {
    const { stage, outside } = on;
    const spec = usual(binding);
    const router = await stage.router(spec);
    const seen = await outside.capture('eth0', 'arp', 'and', 'host', '203.0.113.12');
    await router.floatingIps.associate([second], { announce: { count: 1 } });
    expect((await seen.packets(1))[0]).toMatch(/203\.0\.113\.12/);
    // Another router's now: who has the old MAC address in mind must not send there.
    expect(await outside.reaches('203.0.113.12')).toBe(true);
    await router.floatingIps.disassociate(['203.0.113.12']);
    const other: RouterSpec = {
      id: uniqueName(),
      floatingIpBinding: binding,
      gateway: { ...gateway, id: 'second', mac: '02:00:00:00:00:12', addresses: ['203.0.113.3/24'] },
      interfaces: [{ id: 'c', bridge: 'br-b', addresses: ['10.0.1.2/24'] }],
      floatingIps: [{ floatingAddress: '203.0.113.12', fixedAddress: '10.0.1.2' }],
    };
    await stage.router(other);
    expect((await outside.ping('203.0.113.12', { wait: 1 })).answered).toEqual([1, 2, 3]);
    expect(await outside.arping('203.0.113.12')).toBe('02:00:00:00:00:12');
  });
});

describe('source ports', () => {
  test('two machines with the same one are both served, each by a port drawn at random', async () => {
    const { stage, vm2, vm3 } = on;
    await stage.router(usual());
    const ports: number[] = [];
    for (const ask of ['tcp', 'udp'] as const) {
      const answers = await Promise.all(
        [vm2, vm3].map((vm) => vm[ask]('203.0.113.1', 80, { sourcePort: 40_000 }) as Promise<Answer>),
      );
      expect(answers.map(({ peer }) => peer)).toEqual(['203.0.113.2', '203.0.113.2']);
      const [one, two] = answers.map(({ peerPort }) => peerPort) as [number, number];
      expect(one).not.toBe(two);
      ports.push(one, two);
    }
    // --random-fully: where a free port could have been kept, it was not.
    expect(ports.filter((port) => port !== 40_000).length).toBeGreaterThan(2);
  });

  test('of a machine with a floating IP too', async () => {
    const { stage, vm1 } = on;
    await stage.router(usual());
    const ports: number[] = [];
    for (let sourcePort = 41_000; sourcePort < 41_004; sourcePort++) {
      const { peer, peerPort } = (await vm1.tcp('203.0.113.1', 80, { sourcePort })) as Answer;
      expect(peer).toBe('203.0.113.11');
      if (peerPort !== sourcePort) ports.push(peerPort);
    }
    expect(ports.length).toBeGreaterThan(2);
  });
});

test('between internal networks nothing is translated, floating IP or not', async () => {
  const { stage, vm1, vm2, vm3 } = on;
  await stage.router(usual());
  expect(await vm3.tcp('10.0.0.11', 80)).toMatchObject({ host: 'vm1', peer: '10.0.1.13' });
  expect(await vm3.udp('10.0.0.12', 80)).toMatchObject({ host: 'vm2', peer: '10.0.1.13' });
  for (const vm of [vm1, vm2]) {
    const peer = vm === vm1 ? '10.0.0.11' : '10.0.0.12';
    expect(await vm.tcp('10.0.1.13', 80)).toMatchObject({ host: 'vm3', peer });
  }
});

test('nobody outside reaches a tenant but by a floating IP', async () => {
  const { stage, outside } = on;
  await stage.router(usual());
  expect(await outside.reaches('203.0.113.12', pingInVain)).toBe(false);
  expect(await outside.tcp('203.0.113.2', 80, inVain)).toBe('ECONNREFUSED');
});

describe('what cannot be made', () => {
  test('many at once: all or none, and the error names the one', async () => {
    const { stage, outside } = on;
    const router = await stage.router(usual());
    const wanted = [
      { floatingAddress: '203.0.113.13', fixedAddress: '10.0.1.13' },
      { floatingAddress: '203.0.113.14', fixedAddress: '10.0.0.11' },
    ];
    await expect(router.floatingIps.associate(wanted)).rejects.toMatchObject({
      code: 'EEXIST',
      request: wanted[1],
    });
    expect(await outside.arping('203.0.113.13')).toBeUndefined();
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
  });

  test("a router that fails is reported alone; another's floating IPs are there", async () => {
    const { stage, outside } = on;
    const host = stage.node.netns;
    const name = uniqueName();
    const good = usual();
    const bad: RouterSpec = {
      id: uniqueName(),
      gateway: { id: 'second', bridge: 'br-ex', addresses: ['203.0.113.3/24'], nexthops: [] },
      interfaces: [{ id: 'c', bridge: 'br-nowhere', addresses: ['10.0.1.2/24'] }],
      floatingIps: [{ floatingAddress: '203.0.113.13', fixedAddress: '10.0.1.13' }],
    };
    cleanUp(() => Node.apply({ name, routers: [] }, { host, announce: false }));
    const report = await Node.apply({ name, routers: [good, bad] }, { host, announce: false });
    await stage.ready();
    expect(report.units.find(({ id }) => id === good.id)?.outcome).toBe('created');
    expect(report.failed.map(({ id }) => id)).toEqual([bad.id]);
    expect(report.failed[0]?.error).toMatchObject({ code: 'ENODEV' });
    expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
    expect(await outside.arping('203.0.113.13')).toBeUndefined();
  });
});
