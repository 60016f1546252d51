import { describe, expect, test } from 'vitest';
import { type AddressSpec, BatchError, NetlinkError, Netns } from '../src/index.js';
import { ip, ipJson, namespaceWithVeth, rejection } from './helpers/namespaces.js';

/** Addresses of veth0 as ip shows them, without what the kernel made itself. */
function shown(netns: { name: string }): string[] {
  const [link] = ipJson(netns.name, 'address', 'show', 'dev', 'veth0');
  return (link!.addr_info as { local: string; prefixlen: number; scope: string }[])
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

const ours = async (netns: Netns) =>
  (await netns.addresses.list({ dev: 'veth0' })).filter(({ scope }) => scope !== 'link');

describe('add', () => {
  test.each<[string, Omit<AddressSpec, 'dev'>, object]>([
    ['IPv4', { address: '192.0.2.1/24' }, { family: 'inet', local: '192.0.2.1', prefixlen: 24, scope: 'global' }],
    ["a host's", { address: '192.0.2.1' }, { local: '192.0.2.1', prefixlen: 32 }],
    ['IPv6', { address: '2001:db8::1/64', nodad: true }, { family: 'inet6', local: '2001:db8::1', prefixlen: 64 }],
    ["a host's, IPv6", { address: '2001:db8::1' }, { family: 'inet6', prefixlen: 128 }],
    ['broadcast', { address: '192.0.2.1/24', broadcast: '192.0.2.255' }, { broadcast: '192.0.2.255' }],
    ['label', { address: '192.0.2.1/24', label: 'veth0:web' }, { label: 'veth0:web' }],
    ['scope', { address: '192.0.2.1/24', scope: 'host' }, { scope: 'host' }],
    ['noprefixroute', { address: '192.0.2.1/24', noprefixroute: true }, { noprefixroute: true }],
    ['metric', { address: '192.0.2.1/24', metric: 77 }, { metric: 77 }],
    ['peer', { address: '192.0.2.1/32', peer: '198.51.100.1' }, { local: '192.0.2.1', address: '198.51.100.1' }],
  ])('%s', async (_, spec, expected) => {
    const netns = await namespaceWithVeth();
    await netns.addresses.add({ dev: 'veth0', ...spec });
    const [link] = ipJson(netns.name, 'address', 'show', 'dev', 'veth0');
    expect(link!.addr_info).toContainEqual(expect.objectContaining(expected));
  });

  test('lifetimes', async () => {
    const netns = await namespaceWithVeth();
    const lifetimes = { validLifeTime: 3600, preferredLifeTime: 1800 };
    await netns.addresses.add({ dev: 'veth0', address: '2001:db8::1/64', ...lifetimes });
    const [link] = ipJson(netns.name, '-6', 'address', 'show', 'dev', 'veth0', 'scope', 'global');
    expect(link!.addr_info[0].valid_life_time).toBeGreaterThan(3590);
    expect(link!.addr_info[0].preferred_life_time).toBeLessThanOrEqual(1800);
  });

  test('by index of the device', async () => {
    const netns = await namespaceWithVeth();
    const { index } = await netns.links.get('veth0');
    await netns.addresses.add({ dev: index, address: '192.0.2.1/24' });
    expect(shown(netns)).toEqual(['192.0.2.1/24']);
  });
});

test('list agrees with ip', async () => {
  const netns = await namespaceWithVeth();
  ip(netns.name, 'address', 'add', '192.0.2.1/24', 'broadcast', '+', 'dev', 'veth0', 'label', 'veth0:a');
  ip(netns.name, 'address', 'add', '192.0.2.9', 'peer', '198.51.100.0/24', 'dev', 'veth0');
  ip(netns.name, 'address', 'add', '2001:db8::1/64', 'dev', 'veth0', 'nodad', 'valid_lft', '600', 'preferred_lft', '0');
  const [link] = ipJson(netns.name, 'address', 'show', 'dev', 'veth0');
  const listed = await netns.addresses.list({ dev: 'veth0' });
  expect(listed).toHaveLength(link!.addr_info.length);
  for (const theirs of link!.addr_info) {
    const { family, local, prefixlen, scope, label, broadcast } = theirs;
    const mine = listed.find((address) => address.local === local);
    expect(mine).toMatchObject({ dev: 'veth0', index: link!.ifindex, family, local, prefixlen, scope });
    expect(mine).toMatchObject({ validLifeTime: theirs.valid_life_time });
    expect([mine?.label, mine?.broadcast, mine?.peer]).toEqual([label, broadcast, theirs.address]);
  }
  expect((await netns.addresses.list({ family: 'inet6' })).every(({ family }) => family === 'inet6')).toBe(true);
  expect(await netns.addresses.list({ dev: 'lo' })).toEqual([]);
});

test('replace changes what is there, and adds what is not', async () => {
  const netns = await namespaceWithVeth();
  await netns.addresses.replace({ dev: 'veth0', address: '192.0.2.1/24' });
  await netns.addresses.replace({ dev: 'veth0', address: '192.0.2.1/24', validLifeTime: 500 });
  expect(shown(netns)).toEqual(['192.0.2.1/24']);
  const [link] = ipJson(netns.name, '-4', 'address', 'show', 'dev', 'veth0');
  expect(link!.addr_info[0].valid_life_time).toBeLessThanOrEqual(500);
});

test('delete takes the one of that length', async () => {
  const netns = await namespaceWithVeth();
  const addresses = ['192.0.2.1/24', '192.0.2.1/25', '2001:db8::1/64'];
  await netns.addresses.add(addresses.map((address) => ({ dev: 'veth0', address })));
  await netns.addresses.delete({ dev: 'veth0', address: '192.0.2.1/25' });
  await netns.addresses.delete([{ dev: 'veth0', address: '2001:db8::1/64' }]);
  expect(shown(netns)).toEqual(['192.0.2.1/24']);
});

describe('errors', () => {
  test('one that the device has, in the words of the kernel', async () => {
    const netns = await namespaceWithVeth();
    for (const [address, words] of [
      ['192.0.2.1/24', 'ipv4: Address already assigned'],
      ['2001:db8::1/64', 'ipv6: address already assigned'],
    ] as const) {
      const spec = { dev: 'veth0', address };
      await netns.addresses.add(spec);
      const error = await rejection(netns.addresses.add(spec), NetlinkError);
      expect(error).toMatchObject({ code: 'EEXIST', errno: 17, syscall: 'RTM_NEWADDR', netns: netns.name });
      expect(error.kernelMessage).toBe(words);
      expect(error.request).toBe(spec);
      expect(error.message).toContain(`${address} on veth0`);
      expect(error.message).toContain(error.kernelMessage);
    }
  });

  test('no such device, no such address', async () => {
    const netns = await namespaceWithVeth();
    const nowhere = netns.addresses.add({ dev: 'nosuch', address: '192.0.2.1/24' });
    expect(await rejection(nowhere, NetlinkError)).toMatchObject({ code: 'ENODEV' });
    for (const address of ['192.0.2.1/24', '2001:db8::1/64']) {
      const gone = netns.addresses.delete({ dev: 'veth0', address });
      expect(await rejection(gone, NetlinkError)).toMatchObject({ code: 'EADDRNOTAVAIL' });
    }
  });

  test.each<[object]>([
    [{ address: '192.0.2.256/24' }],
    [{ address: '192.0.2.1/33' }],
    [{ address: '2001:db8::1/129' }],
    [{ address: 'example.org' }],
    [{ address: 7 }],
    [{ address: '192.0.2.1/24', peer: '2001:db8::1' }],
    [{ address: '2001:db8::1/64', broadcast: '192.0.2.255' }],
    [{ address: '192.0.2.1/24', adress: '' }],
  ])('%j is refused before anything is sent', async (spec) => {
    const netns = await namespaceWithVeth();
    const good = { dev: 'veth0', address: '198.51.100.1/24' };
    const error = await rejection(netns.addresses.add([good, { dev: 'veth0', ...spec } as AddressSpec]), TypeError);
    expect(error.message).toMatch(/^specs\[1\]\./);
    expect(shown(netns)).toEqual([]);
  });

  test('a batch that fails in part keeps the rest, or undoes it', async () => {
    const netns = await namespaceWithVeth();
    const specs = [1, 2, 1, 3].map((at) => ({ dev: 'veth0', address: `192.0.2.${at}/32` }));
    const undone = await rejection(netns.addresses.add(specs, { rollback: true }), BatchError);
    expect(undone).toMatchObject({ rolledBack: true, code: 'EEXIST', failures: [{ index: 2 }] });
    expect(undone.message).toContain('1 of 4 failed; the others were undone; the first, at index 2');
    expect(shown(netns)).toEqual([]);
    expect(await rejection(netns.addresses.add(specs), BatchError)).toMatchObject({ rolledBack: false });
    expect(shown(netns)).toEqual(['192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32']);
  });
});

describe('many calls in one tick', () => {
  const thousand = Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}/32`);

  test.each(['adaptive', 'worker', 'inline'] as const)('1,000 adds arrive in call order (%s)', async (dispatch) => {
    const outer = await namespaceWithVeth();
    await using netns = await Netns.open(outer.name, { dispatch });
    const settled: number[] = [];
    await Promise.all(
      thousand.map((address, at) => netns.addresses.add({ dev: 'veth0', address }).then(() => settled.push(at))),
    );
    expect(shown(outer)).toEqual(thousand);
    expect(settled).toEqual(thousand.map((_, at) => at));
  });

  test('each has its own outcome', async () => {
    const netns = await namespaceWithVeth();
    const calls = [1, 2, 1, 3, 2].map((at) => netns.addresses.add({ dev: 'veth0', address: `192.0.2.${at}/32` }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, false]);
    expect((await ours(netns)).map(({ local }) => local)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });
});

describe('abort', () => {
  test('before it is sent: nothing is', async () => {
    const netns = await namespaceWithVeth();
    const spec = { dev: 'veth0', address: '192.0.2.1/24' };
    const before = netns.addresses.add(spec, { signal: AbortSignal.abort(new Error('changed my mind')) });
    await expect(before).rejects.toThrow('changed my mind');
    const controller = new AbortController();
    const waiting = netns.addresses.add(spec, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    // A request of the same batch that nobody aborted.
    await netns.addresses.add({ dev: 'veth0', address: '192.0.2.2/24' });
    expect(shown(netns)).toEqual(['192.0.2.2/24']);
  });
});
