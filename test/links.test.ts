import { describe, expect, test } from 'vitest';
import { BatchError, type LinkSpec, NetlinkError } from '../src/index.js';
import { ip, ipJson, namespace, namespaceWithVeth, rejection, uniqueName } from './helpers/namespaces.js';

const names = (netns: string): string[] => ipJson(netns, 'link').map(({ ifname }) => ifname as string);
const show = (netns: string, name: string) => ipJson(netns, '-d', 'link', 'show', name)[0]!;

describe('list and get agree with ip', () => {
  test('veth, bridge, port, ifb and loopback', async () => {
    const netns = await namespace();
    ip(netns.name, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '700', 'ageing_time', '900');
    ip(netns.name, 'link', 'add', 'v0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'v1');
    ip(netns.name, 'link', 'set', 'v0', 'master', 'br0', 'up', 'alias', 'a port');
    ip(netns.name, 'link', 'add', 'ifb7', 'type', 'ifb');
    const listed = await netns.links.list();
    const shown = ipJson(netns.name, '-d', 'link');
    expect(listed).toHaveLength(5);
    for (const [at, link] of listed.entries()) {
      const theirs = shown[at]!;
      expect(link).toMatchObject({
        index: theirs.ifindex,
        name: theirs.ifname,
        type: theirs.link_type,
        mtu: theirs.mtu,
        mac: theirs.address,
        state: theirs.operstate.toLowerCase(),
        up: theirs.flags.includes('UP'),
        qdisc: theirs.qdisc,
      });
      expect(link.kind).toBe(theirs.linkinfo?.info_kind);
      expect(link.master).toBe(theirs.master);
      expect(link.alias).toBe(theirs.ifalias);
    }
    const bridge = await netns.links.get('br0');
    expect(bridge.bridge).toMatchObject({ forwardDelay: 700, ageingTime: 900, stpState: 0 });
    const port = await netns.links.get('v0');
    expect(port).toMatchObject({ master: 'br0', alias: 'a port', linkIndex: show(netns.name, 'v1').ifindex });
    expect(await netns.links.get(port.index)).toMatchObject({ name: 'v0' });
  });

  test('filters', async () => {
    const netns = await namespaceWithVeth();
    await netns.links.add([
      { kind: 'bridge', name: 'br0' },
      { kind: 'veth', name: 'p0', peer: { name: 'p1' } },
    ]);
    await netns.links.set('p0', { master: 'br0' });
    const listed = async (filter: Parameters<typeof netns.links.list>[0]) =>
      (await netns.links.list(filter)).map(({ name }) => name).sort();
    expect(await listed({ kind: 'bridge' })).toEqual(['br0']);
    expect(await listed({ master: 'br0' })).toEqual(['p0']);
    expect(await listed({ up: true })).toEqual(['veth0', 'veth1']);
    expect((await netns.links.list({ stats: true }))[0]?.stats).toMatchObject({ rxPackets: expect.any(Number) });
  });
});

describe('add', () => {
  test('a veth whose peer is made in another namespace', async () => {
    const [near, far] = [await namespace(), await namespace()];
    const peer = { name: 'eth0', netns: far, up: true, mac: '02:00:00:00:00:02', mtu: 1450 };
    await near.links.add({ kind: 'veth', name: 'tap0', up: true, mtu: 1400, mac: '02:00:00:00:00:01', peer });
    expect(names(near.name)).toEqual(['lo', 'tap0']);
    const tap = show(near.name, 'tap0');
    expect(tap).toMatchObject({ mtu: 1400, address: '02:00:00:00:00:01', operstate: 'UP' });
    const eth = show(far.name, 'eth0');
    expect(eth).toMatchObject({ mtu: 1450, address: '02:00:00:00:00:02', operstate: 'UP' });
    expect(tap.link_index).toBe(eth.ifindex);
  });

  test('a bridge with settings, its port, an ifb', async () => {
    const netns = await namespace();
    await netns.links.add({ kind: 'bridge', name: 'br0', forwardDelay: 200, ageingTime: 500, priority: 4096 });
    await netns.links.add([
      { kind: 'veth', name: 'p0', master: 'br0', group: 7, txQueueLength: 50 },
      { kind: 'ifb', name: 'ifb7', up: true },
    ]);
    const { info_data } = show(netns.name, 'br0').linkinfo;
    expect(info_data).toMatchObject({ forward_delay: 200, ageing_time: 500, priority: 4096 });
    const port = show(netns.name, 'p0');
    expect(port).toMatchObject({ master: 'br0', group: '7' });
    expect(port.txqlen).toBe(50);
    expect(show(netns.name, 'ifb7')).toMatchObject({ linkinfo: { info_kind: 'ifb' } });
    expect(show(netns.name, 'ifb7').flags).toContain('UP');
  });

  // The kernel takes neither from a message that makes a device (rtnl_create_link): links.add takes a second step.
  test.each<[string, object, object]>([
    ['alias', { alias: 'first' }, { ifalias: 'first' }],
    ['addrGenMode', { addrGenMode: 'none' }, { inet6_addr_gen_mode: 'none' }],
  ])('%s of a new device', async (_, settings, expected) => {
    const netns = await namespace();
    await netns.links.add({ kind: 'bridge', name: 'br0', ...settings });
    expect(show(netns.name, 'br0')).toMatchObject(expected);
  });
});

describe('set and delete', () => {
  test('rename, mtu, mac, alias, flags', async () => {
    const netns = await namespaceWithVeth();
    await netns.links.set('veth0', { up: false });
    const change = { name: 'uplink', mtu: 1300, mac: '02:00:00:00:00:09', alias: 'to the world', promisc: true };
    await netns.links.set('veth0', { ...change, arp: false, addrGenMode: 'none', up: true });
    expect(names(netns.name)).not.toContain('veth0');
    const link = show(netns.name, 'uplink');
    expect(link).toMatchObject({ mtu: 1300, address: '02:00:00:00:00:09', ifalias: 'to the world', promiscuity: 1 });
    expect(link.inet6_addr_gen_mode).toBe('none');
    expect(link.flags).toEqual(expect.arrayContaining(['UP', 'PROMISC', 'NOARP']));
  });

  test('a bridge is joined and left', async () => {
    const netns = await namespaceWithVeth();
    await netns.links.add({ kind: 'bridge', name: 'br0' });
    await netns.links.set('veth0', { master: 'br0' });
    expect(ipJson(netns.name, 'link', 'show', 'master', 'br0').map(({ ifname }) => ifname)).toEqual(['veth0']);
    await netns.links.set('veth0', { master: null });
    expect(show(netns.name, 'veth0').master).toBeUndefined();
  });

  test('moves to another namespace, and is renamed on the way', async () => {
    const [near, far] = [await namespaceWithVeth(), await namespace()];
    await near.links.set('veth1', { netns: far, name: 'eth0' });
    expect(names(near.name)).toEqual(['lo', 'veth0']);
    expect(names(far.name)).toEqual(['lo', 'eth0']);
  });

  test('takes a veth with its peer, and several at once', async () => {
    const netns = await namespaceWithVeth();
    await netns.links.add([1, 2, 3].map((at): LinkSpec => ({ kind: 'bridge', name: `br${at}` })));
    const { index } = await netns.links.get('br3');
    await netns.links.delete('veth0');
    await netns.links.delete(['br1', index]);
    expect(names(netns.name)).toEqual(['lo', 'br2']);
  });
});

describe('errors', () => {
  test('no such device', async () => {
    const netns = await namespace();
    const missing = { code: 'ENODEV', errno: 19, netns: netns.name, message: expect.stringContaining('nosuch') };
    expect(await rejection(netns.links.get('nosuch'), NetlinkError)).toMatchObject(missing);
    expect(await rejection(netns.links.set('nosuch', { up: true }), NetlinkError)).toMatchObject(missing);
    expect(await rejection(netns.links.delete('nosuch'), NetlinkError)).toMatchObject(missing);
    const orphan: LinkSpec = { kind: 'veth', name: 'v0', master: 'nosuch' };
    expect(await rejection(netns.links.add(orphan), NetlinkError)).toMatchObject(missing);
    expect(names(netns.name)).toEqual(['lo']);
  });

  test('a name that is taken', async () => {
    const netns = await namespaceWithVeth();
    const error = await rejection(netns.links.add({ kind: 'bridge', name: 'veth0' }), NetlinkError);
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWLINK', request: { kind: 'bridge', name: 'veth0' } });
  });

  test.each<[string, unknown, abstract new (...args: never[]) => Error]>([
    ['an over-long name', { kind: 'bridge', name: 'a-name-of-16byte' }, RangeError],
    ['a slash', { kind: 'bridge', name: 'a/b' }, TypeError],
    ['an over-long peer', { kind: 'veth', name: 'v0', peer: { name: 'a-name-of-16byte' } }, RangeError],
    ['a kind', { kind: 'wormhole', name: 'w0' }, TypeError],
    ['a MAC', { kind: 'bridge', name: 'br0', mac: '02:00:00:00:00' }, TypeError],
    ['an unknown key', { kind: 'bridge', name: 'br0', colour: 'red' }, TypeError],
    ['an MTU', { kind: 'bridge', name: 'br0', mtu: '1500' }, TypeError],
    ['a peer that cannot come up', { kind: 'veth', name: 'v0', peer: { up: true } }, TypeError],
  ])('%s is refused before anything is sent', async (_, spec, type) => {
    const netns = await namespace();
    const good: LinkSpec = { kind: 'bridge', name: 'good' };
    await rejection(netns.links.add([good, spec as LinkSpec]), type);
    expect(names(netns.name)).toEqual(['lo']);
  });

  test('a name of 15 bytes is a name', async () => {
    const netns = await namespace();
    await netns.links.add({ kind: 'bridge', name: 'a-name-of-15byt' });
    expect(names(netns.name)).toEqual(['lo', 'a-name-of-15byt']);
  });

  test('a batch that fails in part keeps the rest, or undoes it', async () => {
    const netns = await namespaceWithVeth();
    const specs: LinkSpec[] = ['br0', 'veth0', 'br1'].map((name) => ({ kind: 'bridge', name }));
    const undone = await rejection(netns.links.add(specs, { rollback: true }), BatchError);
    expect(undone).toMatchObject({ rolledBack: true, code: 'EEXIST', failures: [{ index: 1 }] });
    expect(names(netns.name)).toEqual(['lo', 'veth1', 'veth0']);
    const kept = await rejection(netns.links.add(specs), BatchError);
    expect(kept).toMatchObject({ rolledBack: false, failures: [{ index: 1, error: { code: 'EEXIST' } }] });
    expect(names(netns.name)).toEqual(expect.arrayContaining(['br0', 'br1']));
  });

  test('a namespace that is not one', async () => {
    const netns = await namespace();
    const spec = { kind: 'veth', name: 'v0', netns: uniqueName() } as unknown as LinkSpec;
    expect(await rejection(netns.links.add(spec), TypeError)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

test('queues as they are asked for, and arp_ignore with the message that brings a device up', async () => {
  const netns = await namespace();
  const queues = { numTxQueues: 1, numRxQueues: 2 };
  await netns.links.add({ kind: 'veth', name: 'one0', ...queues, peer: { name: 'one1', ...queues } });
  for (const name of ['one0', 'one1']) {
    expect(ipJson(netns.name, '-d', 'link', 'show', name)[0]).toMatchObject({ num_tx_queues: 1, num_rx_queues: 2 });
  }
  await netns.links.set('one0', { up: true, arpIgnore: 1, addrGenMode: 'none' });
  expect(await netns.sysctl.get('net.ipv4.conf.one0.arp_ignore')).toBe('1');
  expect(ipJson(netns.name, '-d', 'link', 'show', 'one0')[0]).toMatchObject({ inet6_addr_gen_mode: 'none' });
  await rejection(netns.links.set('one0', { arpIgnore: 9 }), RangeError);
  await rejection(netns.links.add({ kind: 'ifb', name: 'ifb9', numTxQueues: 0 }), RangeError);
});

test('deletes a group at once', async () => {
  const netns = await namespace();
  await netns.links.add([
    { kind: 'ifb', name: 'ifb0', group: 9 },
    { kind: 'veth', name: 'p0', group: 9, peer: { name: 'p1' } },
    { kind: 'ifb', name: 'ifb1' },
  ]);
  await netns.links.delete({ group: 9 });
  expect(ipJson(netns.name, 'link').map(({ ifname }) => ifname)).toEqual(['lo', 'ifb1']);
  await rejection(netns.links.delete({ group: 0 }), RangeError);
  expect(await rejection(netns.links.delete({ group: 9 }), NetlinkError)).toMatchObject({ code: 'ENODEV' });
});
