import { describe, expect, test } from 'vitest';
import { BatchError, type NeighbourSpec, NetlinkError, type RuleSpec } from '../src/index.js';
import { type IpObject, ip, ipJson, namespace, namespaceWithVeth, rejection } from './helpers/namespaces.js';

/** Rules that are not the kernel's own three. */
const rules = (name: string, family: 4 | 6 = 4): IpObject[] =>
  ipJson(name, '-d', `-${family}`, 'rule').filter(({ priority }) => ![0, 32766, 32767].includes(priority));

const neighbours = (name: string, ...filter: string[]): IpObject[] =>
  ipJson(name, 'neighbour', 'show', ...(filter.length > 0 ? filter : ['nud', 'permanent']));

describe('rules', () => {
  test.each<[string, RuleSpec, object]>([
    ['from', { priority: 10, from: '10.0.0.0/8', table: 77 }, { src: '10.0.0.0', srclen: 8, table: '77' }],
    ['to a host', { priority: 10, to: '10.0.0.1', table: 'main' }, { dst: '10.0.0.1', table: 'main' }],
    ['iif', { priority: 10, iif: 'veth0', table: 100_000 }, { iif: 'veth0', table: '100000' }],
    ['oif', { priority: 10, oif: 'veth0', table: 77 }, { oif: 'veth0' }],
    ['fwmark', { priority: 10, fwmark: 0x20, fwmask: 0xf0, table: 77 }, { fwmark: '0x20', fwmask: '0xf0' }],
    ['action', { priority: 10, from: '10.0.0.0/8', action: 'unreachable' }, { action: 'unreachable' }],
    ['not', { priority: 10, from: '10.0.0.0/8', not: true, table: 77 }, { not: null }],
    ['protocol', { priority: 10, table: 77, protocol: 'static' }, { protocol: 'static' }],
    ['IPv6 from', { priority: 10, from: 'fd00::/16', table: 77 }, { src: 'fd00::', srclen: 16, table: '77' }],
    ['IPv6 for all', { priority: 10, family: 'inet6', table: 77 }, { src: 'all', table: '77' }],
  ])('%s is added, listed and deleted', async (name, spec, expected) => {
    const netns = await namespaceWithVeth();
    const family = name.startsWith('IPv6') ? 6 : 4;
    await netns.rules.add(spec);
    expect(rules(netns.name, family)).toEqual([expect.objectContaining({ priority: 10, ...expected })]);
    expect(rules(netns.name, family === 6 ? 4 : 6)).toEqual([]);
    const listed = (await netns.rules.list()).filter(({ priority }) => priority === 10);
    expect(listed).toEqual(
      [
        expect.objectContaining({
          from: 'all',
          not: false,
          family: 'inet',
          protocol: 'boot',
          action: 'table',
          ...spec,
        }),
      ].map((wanted) => (family === 6 ? expect.objectContaining({ ...spec, family: 'inet6' }) : wanted)),
    );
    await netns.rules.delete(spec);
    expect(rules(netns.name, family)).toEqual([]);
  });

  test("the kernel's own three, as ip shows them", async () => {
    const netns = await namespace();
    const theirs = ipJson(netns.name, 'rule').map(({ priority, table }) => ({ priority, table, from: 'all' }));
    expect(theirs).toHaveLength(3);
    expect(await netns.rules.list({ family: 'inet' })).toMatchObject(theirs);
  });

  test('errors', async () => {
    const netns = await namespace();
    const spec = { priority: 10, from: '10.0.0.0/8', table: 77 };
    await netns.rules.add(spec);
    const taken = await rejection(netns.rules.add(spec), NetlinkError);
    expect(taken).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWRULE', request: spec });
    expect(taken.message).toContain('priority 10 from 10.0.0.0/8');
    await netns.rules.delete(spec);
    expect(await rejection(netns.rules.delete(spec), NetlinkError)).toMatchObject({ code: 'ENOENT' });
    await expect((async () => netns.rules.add({ from: '10.0.0.0/40' }))()).rejects.toThrow(TypeError);
    await expect((async () => netns.rules.add({ from: '10.0.0.0/8', to: 'fd00::/16' }))()).rejects.toThrow(TypeError);
    await expect((async () => netns.rules.add({ iif: 'a-name-of-16byte' }))()).rejects.toThrow(RangeError);
    expect(rules(netns.name)).toEqual([]);
  });

  test('a batch that fails in part undoes the rest', async () => {
    const netns = await namespace();
    const specs = [10, 11, 10, 12].map((priority) => ({ priority, table: 77 }));
    const undone = await rejection(netns.rules.add(specs, { rollback: true }), BatchError);
    expect(undone).toMatchObject({ rolledBack: true, failures: [{ index: 2, error: { code: 'EEXIST' } }] });
    expect(rules(netns.name)).toEqual([]);
  });
});

describe('neighbours', () => {
  const mac = '02:00:00:00:00:77';

  test.each(['192.0.2.7', '2001:db8::7'])('%s is added, replaced, listed and deleted', async (dst) => {
    const netns = await namespaceWithVeth();
    await netns.neighbours.add({ dev: 'veth0', dst, mac });
    expect(neighbours(netns.name)).toMatchObject([{ dst, dev: 'veth0', lladdr: mac, state: ['PERMANENT'] }]);
    const moved = '02:00:00:00:00:78';
    await netns.neighbours.replace({ dev: 'veth0', dst, mac: moved });
    expect(neighbours(netns.name)).toMatchObject([{ dst, lladdr: moved }]);
    const listed = await netns.neighbours.list({ dev: 'veth0' });
    expect(listed.filter((neighbour) => neighbour.dst === dst)).toEqual([
      { dev: 'veth0', family: dst.includes(':') ? 'inet6' : 'inet', dst, mac: moved, state: ['permanent'], flags: [] },
    ]);
    await netns.neighbours.delete({ dev: 'veth0', dst });
    expect(neighbours(netns.name)).toEqual([]);
  });

  test('states and the router flag', async () => {
    const netns = await namespaceWithVeth();
    await netns.neighbours.add([
      { dev: 'veth0', dst: '192.0.2.8', mac, state: 'stale' },
      { dev: 'veth0', dst: '2001:db8::8', mac, router: true },
    ]);
    expect(neighbours(netns.name, 'nud', 'stale')).toMatchObject([{ dst: '192.0.2.8', state: ['STALE'] }]);
    expect(neighbours(netns.name)).toMatchObject([{ dst: '2001:db8::8', router: null }]);
  });

  test('proxy entries are apart', async () => {
    const netns = await namespaceWithVeth();
    const entries = ['192.0.2.9', '2001:db8::9'].map((dst): NeighbourSpec => ({ dev: 'veth0', dst, proxy: true }));
    await netns.neighbours.add(entries);
    expect(
      neighbours(netns.name, 'proxy')
        .map(({ dst }) => dst)
        .sort(),
    ).toEqual(['192.0.2.9', '2001:db8::9']);
    const listed = await netns.neighbours.list({ proxy: true });
    expect(listed.map(({ dst, flags }) => [dst, flags])).toEqual([
      ['192.0.2.9', ['proxy']],
      ['2001:db8::9', ['proxy']],
    ]);
    expect((await netns.neighbours.list({ family: 'inet' })).map(({ dst }) => dst)).not.toContain('192.0.2.9');
    await netns.neighbours.delete(entries);
    expect(neighbours(netns.name, 'proxy')).toEqual([]);
  });

  test('list agrees with ip', async () => {
    const netns = await namespaceWithVeth();
    for (const at of [1, 2, 3]) {
      ip(netns.name, 'neighbour', 'add', `192.0.2.${at}`, 'lladdr', mac, 'dev', at === 3 ? 'veth1' : 'veth0');
    }
    const theirs = ipJson(netns.name, '-4', 'neighbour', 'show', 'dev', 'veth0').map(({ dst }) => dst);
    const listed = await netns.neighbours.list({ dev: 'veth0', family: 'inet' });
    expect(theirs).toHaveLength(2);
    expect(listed.map(({ dst }) => dst).sort()).toEqual(theirs.sort());
  });

  test('errors', async () => {
    const netns = await namespaceWithVeth();
    const spec = { dev: 'veth0', dst: '192.0.2.7', mac };
    await netns.neighbours.add(spec);
    const taken = await rejection(netns.neighbours.add(spec), NetlinkError);
    expect(taken).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWNEIGH', request: spec });
    await netns.neighbours.delete(spec);
    expect(await rejection(netns.neighbours.delete(spec), NetlinkError)).toMatchObject({ code: 'ENOENT' });
    const nowhere = netns.neighbours.add({ ...spec, dev: 'nosuch' });
    expect(await rejection(nowhere, NetlinkError)).toMatchObject({ code: 'ENODEV' });
    await rejection(netns.neighbours.add({ dev: 'veth0', dst: '192.0.2.7' }), TypeError);
    await rejection(netns.neighbours.add({ ...spec, mac: '02:00' }), TypeError);
    await rejection(netns.neighbours.add({ ...spec, dst: '192.0.2.0/24' }), TypeError);
    expect(neighbours(netns.name)).toEqual([]);
  });

  test('a batch that fails in part undoes the rest', async () => {
    const netns = await namespaceWithVeth();
    const specs = [1, 2, 1].map((at) => ({ dev: 'veth0', dst: `192.0.2.${at}`, mac }));
    const undone = await rejection(netns.neighbours.add(specs, { rollback: true }), BatchError);
    expect(undone).toMatchObject({ rolledBack: true, failures: [{ index: 2, error: { code: 'EEXIST' } }] });
    expect(neighbours(netns.name)).toEqual([]);
  });
});
