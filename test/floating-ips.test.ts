/** Floating IPs by the thousand: packed, moved, grown, refused. What packets see of them is in router.test.ts. */
import { expect, test } from 'vitest';
import { type FloatingIpBinding, NetlinkError, Router } from '../src/index.js';
import { cleanUp, hostWith, rejection, runIn } from './helpers/namespaces.js';

let made = 0;

async function router(floatingIpBinding: FloatingIpBinding): Promise<Router> {
  const host = await hostWith('br-ex');
  const id = `f100a7-${process.pid}-${made++}`;
  const gateway = { id: `fip${made}-${process.pid}`, bridge: 'br-ex', addresses: ['198.19.255.1/15'] };
  const router = await Router.apply({ id, floatingIpBinding, gateway }, { host, announce: false });
  cleanUp(() => router.delete());
  return router;
}

/** Row i is 198.18.1.0 + i for 10.0.1.0 + i + shift. */
function packed(count: number, shift = 0): { floatingAddresses: Uint32Array; fixedAddresses: Uint32Array } {
  return {
    floatingAddresses: Uint32Array.from({ length: count }, (_, i) => 0xc6120100 + i),
    fixedAddresses: Uint32Array.from({ length: count }, (_, i) => 0x0a000100 + i + shift),
  };
}

const quiet = { announce: false } as const;

/** How many elements nft finds in a set. */
function elements({ netns }: Router, family: string, kind: string, name: string): number {
  const listed = runIn(netns, 'nft', '-j', 'list', kind, family, 'netloom', name);
  const { nftables } = JSON.parse(listed) as { nftables: Record<string, { elem?: unknown[] }>[] };
  return nftables.flatMap((object) => object[kind]?.elem ?? []).length;
}

test.each(['address', 'route', 'prefix'] as const)('packed, with the %s binding', async (binding) => {
  const one = await router(binding);
  const many = packed(3000);
  await one.floatingIps.associate(many, quiet);
  expect(elements(one, 'ip', 'map', 'fip_dnat')).toBe(3000);
  expect(elements(one, 'ip', 'map', 'fip_snat')).toBe(3000);
  if (binding === 'prefix') expect(elements(one, 'arp', 'set', 'fip_arp')).toBe(3001);
  const listed = await one.floatingIps.listPacked();
  expect([...listed.floatingAddresses].sort()).toEqual([...many.floatingAddresses].sort());
  expect((await one.floatingIps.list())[1]).toEqual({ floatingAddress: '198.18.1.1', fixedAddress: '10.0.1.1' });
  // Few of many are looked up by key; half of them by a listing.
  await one.floatingIps.disassociate(many.floatingAddresses.subarray(0, 300));
  await one.floatingIps.disassociate(many.floatingAddresses.subarray(1000));
  expect(await one.floatingIps.list()).toHaveLength(700);
  const left = await one.netns.routes.list({ table: 'local', family: 'inet', protocol: 78 });
  if (binding === 'route') expect(left).toHaveLength(700);
  await one.floatingIps.disassociate((await one.floatingIps.listPacked()).floatingAddresses);
  expect(elements(one, 'ip', 'map', 'fip_snat')).toBe(0);
  expect((await one.netns.addresses.list()).filter(({ prefixlen }) => prefixlen === 32)).toEqual([]);
});

test('moves many, in one step, and changes nothing when one cannot move', async () => {
  const one = await router('prefix');
  await one.floatingIps.associate(packed(1000), quiet);
  // Each takes its neighbour's fixed address; the last one is free.
  await one.floatingIps.associate(packed(1000, 1), quiet);
  expect((await one.floatingIps.list())[0]).toEqual({ floatingAddress: '198.18.1.0', fixedAddress: '10.0.1.1' });
  expect(elements(one, 'ip', 'map', 'fip_snat')).toBe(1000);
  const before = await one.floatingIps.list();
  // 10.0.1.5 is 198.18.1.4's, which keeps it.
  const clash = { floatingAddresses: Uint32Array.of(0xc6120a00), fixedAddresses: Uint32Array.of(0x0a000105) };
  const error = await rejection(one.floatingIps.associate(clash, quiet), NetlinkError);
  expect(error).toMatchObject({ code: 'EEXIST', request: { floatingAddress: '198.18.10.0' } });
  expect(error.message).toContain('198.18.1.4');
  expect(await one.floatingIps.list()).toEqual(before);
});

test('grows the maps to 100,000 in the transaction that fills them, and keeps the order of the rules', async () => {
  const one = await router('prefix');
  const look = async (): Promise<{ size: unknown; rules: unknown[] }> => {
    const objects = await one.netns.nft.list({ elements: false });
    const [map] = objects.flatMap((object) => (object.map ? [object.map] : []));
    expect(map?.name).toBe('fip_dnat');
    const rules = objects.flatMap(({ rule }) => (rule ? [{ ...rule, handle: undefined }] : []));
    return { size: map?.size, rules };
  };
  const before = await look();
  expect(before.size).toBe(1024);
  await one.floatingIps.associate(packed(100_000), quiet);
  const after = await look();
  expect(after.size).toBe(131072);
  expect(after.rules).toEqual(before.rules);
  expect((await one.floatingIps.listPacked()).floatingAddresses).toHaveLength(100_000);
});

test('refuses bad input before anything is sent', async () => {
  const one = await router('prefix');
  const { floatingIps } = one;
  const { floatingAddresses, fixedAddresses } = packed(3);
  const refused = async (pairs: unknown, message: string): Promise<void> => {
    expect((await rejection(floatingIps.associate(pairs as never, quiet), TypeError)).message).toContain(message);
  };
  await refused(undefined, 'floatingAddresses');
  await refused({ floatingAddresses: [1], fixedAddresses }, 'pairs.floatingAddresses: must be a Uint32Array');
  await refused({ floatingAddresses, fixedAddresses: fixedAddresses.subarray(1) }, 'has not as many entries');
  await refused(
    { floatingAddresses: Uint32Array.of(0xc6120100, 0xc6120100, 0xc6120101), fixedAddresses },
    '[1].floatingAddress',
  );
  const twice = Uint32Array.of(0x0a000101, 0x0a000102, 0x0a000101);
  await refused({ floatingAddresses, fixedAddresses: twice }, '[2].fixedAddress: "10.0.1.1" is there');
  await refused({ floatingAddresses: fixedAddresses, fixedAddresses }, 'is in no pool');
  await refused([{ floatingAddress: '198.18.1.1', fixedAddress: '10.0.0.256' }], 'pairs[0].fixedAddress');
  expect((await rejection(floatingIps.disassociate(['198.18.1.1', '198.18.1.1']), TypeError)).message).toContain('[1]');
  expect(await rejection(floatingIps.disassociate(Uint32Array.of(1)), NetlinkError)).toMatchObject({ code: 'ENOENT' });
  expect(await floatingIps.list()).toEqual([]);
});

test.each(['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.5', '239.255.255.255', '255.255.255.255'])(
  'takes no %s, which is no machine',
  async (address) => {
    const gateway = { id: 'g', bridge: 'br-ex', addresses: ['198.18.0.1/24'] };
    const pairs = [
      { floatingAddress: address, fixedAddress: '10.0.0.5' },
      { floatingAddress: '198.18.0.5', fixedAddress: address },
    ];
    for (const pair of pairs) {
      for (const wrong of [
        { floatingIps: [pair] },
        { portForwardings: [{ ...pair, protocol: 'tcp', port: 80 }] } as const,
      ]) {
        const error = await rejection(Router.plan({ id: 'never', gateway, ...wrong }), TypeError);
        expect(error).toMatchObject({ code: 'ERR_INVALID_ADDRESS' });
        expect(error.message).toContain(`"${address}" is not an IPv4 address of a machine`);
      }
    }
  },
);

test('ends with its signal or its time', async () => {
  const one = await router('prefix');
  const aborted = AbortSignal.abort(new Error('no more'));
  await expect(one.floatingIps.associate(packed(10), { ...quiet, signal: aborted })).rejects.toThrow('no more');
  await expect(one.floatingIps.disassociate(['198.18.1.1'], { timeout: -1 })).rejects.toMatchObject({
    code: 'ERR_OUT_OF_RANGE',
  });
  expect(await one.floatingIps.list({ timeout: 5000 })).toEqual([]);
  const spec = { id: `f100a7-${process.pid}-never` };
  await expect(Router.apply(spec, { signal: aborted })).rejects.toThrow('no more');
  expect(await Router.list()).not.toContain(spec.id);
});
