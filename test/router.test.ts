import { describe, expect, test } from 'vitest';
import { type FloatingIpBinding, Netns, Router } from '../src/index.js';
import { cleanUp, runIn } from './helpers/namespaces.js';

const answers = (netns: Netns, address: string): boolean => {
  try {
    // The kernel reports a new link's carrier up to a second late (linkwatch), and a bridge forwards nothing before.
    runIn(netns, 'ping', '-c3', '-i0.4', '-W1', '-n', address);
    return true;
  } catch {
    return false;
  }
};

let routerNumber = 0;
/** A node with br-ex and br-int, an outside host, one router and two VMs. */
async function site(binding: FloatingIpBinding) {
  const made = async (): Promise<Netns> => {
    const netns = await Netns.create();
    cleanUp(() => netns.close());
    await netns.links.set('lo', { up: true });
    return netns;
  };
  const [node, outside, vm1, vm2] = [await made(), await made(), await made(), await made()];
  await node.links.add([
    { kind: 'bridge', name: 'br-ex', up: true },
    { kind: 'bridge', name: 'br-int', up: true },
  ]);
  const host = async (netns: Netns, tap: string, master: string, addresses: string[], via?: string): Promise<void> => {
    await node.links.add({ kind: 'veth', name: tap, up: true, master, peer: { name: 'eth0', netns, up: true } });
    await netns.addresses.add(
      addresses.map((address) => ({ dev: 'eth0', address, ...(address.includes(':') ? { nodad: true } : {}) })),
    );
    if (via) await netns.routes.add({ dst: 'default', via });
  };
  await host(outside, 'outside', 'br-ex', ['203.0.113.1/24', '2001:db8::1/64']);
  await host(vm1, 'vm1', 'br-int', ['10.0.0.11/24', 'fd00::11/64'], '10.0.0.1');
  await host(vm2, 'vm2', 'br-int', ['10.0.0.12/24', 'fd00::12/64'], '10.0.0.1');
  const id = `7e570000-${process.pid}-${routerNumber++}`;
  const spec = {
    id,
    floatingIpBinding: binding,
    gateway: {
      id: `aaaaaaaa-${id}`.slice(0, 24),
      bridge: 'br-ex',
      addresses: ['203.0.113.2/24', '2001:db8::2/64'],
      nexthops: ['203.0.113.1', '2001:db8::1'],
    },
    interfaces: [{ id: `bbbbbbbb-${id}`.slice(0, 24), bridge: 'br-int', addresses: ['10.0.0.1/24', 'fd00::1/64'] }],
    floatingIps: [{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' }],
  };
  const router = await Router.apply(spec, { host: node });
  cleanUp(() => router.delete());
  return { node, outside, vm1, vm2, router, spec };
}

/** Who answers ARP for these, seen from outside. */
function arpAnswers(outside: Netns, addresses: string[]): string[] {
  return addresses.filter((address) => {
    try {
      runIn(outside, 'arping', '-c1', '-w1', '-I', 'eth0', address);
      return true;
    } catch {
      return false;
    }
  });
}

describe.each(['address', 'route', 'prefix'] as const)('a router with the %s binding', (binding) => {
  test('carries floating IPs, SNAT and moves', async () => {
    const { outside, vm1, vm2, router, node, spec } = await site(binding);
    expect(answers(outside, '203.0.113.2')).toBe(true);
    expect(answers(outside, '203.0.113.11')).toBe(true);
    expect(answers(vm1, '203.0.113.1')).toBe(true);
    expect(answers(vm2, '203.0.113.1')).toBe(true);
    expect(answers(vm1, 'fd00::1')).toBe(true);
    // Hairpin: a neighbour by its floating IP.
    expect(answers(vm2, '203.0.113.11')).toBe(true);
    const flows = await router.netns.conntrack.list({ originalSrc: '10.0.0.12' });
    expect(flows.some((flow) => flow.reply.dst === '203.0.113.2')).toBe(true);
    const own = await router.netns.conntrack.list({ originalSrc: '10.0.0.11' });
    expect(own.some((flow) => flow.reply.dst === '203.0.113.11')).toBe(true);
    await router.floatingIps.associate([{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.12' }]);
    expect(await router.netns.conntrack.list({ address: '203.0.113.11' })).toEqual([]);
    expect(await router.floatingIps.list()).toEqual([{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.12' }]);
    expect(answers(outside, '203.0.113.11')).toBe(true);
    expect((await router.netns.conntrack.list({ originalDst: '203.0.113.11' }))[0]?.reply.src).toBe('10.0.0.12');
    await expect(
      router.floatingIps.associate([{ floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' }]),
    ).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await router.floatingIps.list()).toHaveLength(1);
    await router.floatingIps.disassociate(['203.0.113.11']);
    expect(answers(outside, '203.0.113.11')).toBe(false);
    await expect(router.floatingIps.disassociate(['203.0.113.11'])).rejects.toMatchObject({ code: 'ENOENT' });
    // Applying again brings back what the spec says.
    const again = await Router.apply(spec, { host: node });
    expect(await again.floatingIps.list()).toEqual(spec.floatingIps);
    expect(answers(outside, '203.0.113.11')).toBe(true);
    await again.close();
  });

  test('answers ARP for floating IPs and the gateway address alone', async () => {
    const { outside } = await site(binding);
    // Once the bridge forwards, each question is asked once.
    expect(answers(outside, '203.0.113.2')).toBe(true);
    const asked = ['203.0.113.2', '203.0.113.11', '203.0.113.77', '10.0.0.1', '10.0.0.11'];
    expect(arpAnswers(outside, asked)).toEqual(['203.0.113.2', '203.0.113.11']);
  });

  test('grows its maps when they are full', async () => {
    const { router, outside } = await site(binding);
    const pairs = Array.from({ length: 200 }, (_, i) => ({
      floatingAddress: `203.0.113.${20 + i}`,
      fixedAddress: `10.0.1.${i}`,
    }));
    await router.floatingIps.associate(pairs, { announce: false });
    expect(await router.floatingIps.list()).toHaveLength(201);
    const { resizeSets } = await import('../src/nftables/resize.js');
    await resizeSets(router.netns.nft, [
      { family: 'ip', table: 'netloom', names: ['fip_dnat', 'fip_snat'], size: 8192 },
    ]);
    expect(await router.floatingIps.list()).toHaveLength(201);
    expect(answers(outside, '203.0.113.11')).toBe(true);
    await router.floatingIps.disassociate(pairs.map(({ floatingAddress }) => floatingAddress));
    expect(await router.floatingIps.list()).toHaveLength(1);
  });
});

test('a router that cannot be made leaves nothing', async () => {
  const node = await Netns.create();
  cleanUp(() => node.close());
  const id = `7e57ffff-${process.pid}`;
  const spec = { id, interfaces: [{ id: 'cccccccc-cc', bridge: 'no-bridge', addresses: ['10.0.0.1/24'] }] };
  await expect(Router.apply(spec, { host: node })).rejects.toMatchObject({ code: 'ENODEV' });
  expect(await Router.list()).not.toContain(id);
  expect((await node.links.list()).map(({ name }) => name)).toEqual(['lo']);
});
