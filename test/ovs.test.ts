/** Open vSwitch against its own daemons, in user space; ovs-vsctl, ip and ping are the oracles. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BatchError, neutronExternalIds, OpenVswitch, OvsdbError, OvsError, type OvsPortSpec } from '../src/index.js';
import { applyOvs } from '../src/network/openvswitch.js';
import { chooseVlans } from '../src/ovs/local-vlans.js';
import { changeRow } from '../src/ovs/row-change.js';
import { cleanUp, ip, ipJson, type NamedNetns, namespace, rejection, run } from './helpers/namespaces.js';
import { noOpenVswitch, type Switch, startOpenVswitch } from './helpers/open-vswitch.js';
import { library, resultOf, runProgram } from './helpers/programs.js';

const blue = '11111111-0000-4000-8000-000000000000';
const green = '22222222-0000-4000-8000-000000000000';
const red = '33333333-0000-4000-8000-000000000000';

/** The daemons that most tests share, and the namespace that their devices are in. */
let host: NamedNetns;
let daemons: Switch;
let ovs: OpenVswitch;

beforeAll(async () => {
  if (noOpenVswitch) return;
  host = await namespace({}, 'file');
  daemons = await startOpenVswitch(host);
  ovs = await OpenVswitch.connect({ socket: daemons.socket });
});

afterAll(async () => {
  await ovs?.close();
  await daemons?.stop();
});

let count = 0;

/** A bridge of the test's own. */
async function bridge(): Promise<string> {
  const name = `br${++count}`;
  await ovs.addBridge(name, { datapathType: 'netdev' });
  cleanUp(async () => void (await ovs.deleteBridge(name)));
  return name;
}

/** Names for ports, which are unique among all bridges. */
function portNames(number: number): string[] {
  return Array.from({ length: number }, () => `p${++count}`);
}

const internal = (name: string, rest: object = {}): OvsPortSpec => ({ name, type: 'internal', ...rest });
const nextCfg = (): number => Number(daemons.vsctl('get', 'Open_vSwitch', '.', 'next_cfg'));
const listPorts = (name: string): string[] => daemons.vsctl('list-ports', name).split('\n').filter(Boolean).sort();
const tag = (name: string): string => daemons.vsctl('get', 'Port', name, 'tag').trim();
const devices = (): string[] => ipJson(host.name, 'link').map(({ ifname }) => ifname as string);

function pings(from: NamedNetns, address: string): boolean {
  try {
    run('ip', 'netns', 'exec', from.name, 'ping', '-c', '2', '-i', '0.2', '-W', '1', address);
    return true;
  } catch {
    return false;
  }
}

/** A namespace whose eth0 is a new internal port. */
async function guest(
  bridgeName: string,
  address: string,
  spec: object,
  name: string = `p${++count}`,
): Promise<NamedNetns> {
  const vm = await namespace();
  await ovs.addPorts(bridgeName, [internal(name, spec)]);
  await host.links.set(name, { netns: vm, name: 'eth0', up: true });
  await vm.addresses.add({ dev: 'eth0', address });
  return vm;
}

describe.skipIf(noOpenVswitch)('bridges', () => {
  test('are made, changed where they differ, and deleted', async () => {
    const name = `br${++count}`;
    const made = await ovs.addBridge(name, {
      datapathType: 'netdev',
      failMode: 'secure',
      externalIds: { a: '1', b: '2' },
    });
    expect(made).toEqual({
      name,
      datapathType: 'netdev',
      failMode: 'secure',
      externalIds: { a: '1', b: '2' },
      ports: [],
    });
    expect(daemons.record('Bridge', name)).toMatchObject({
      datapath_type: 'netdev',
      fail_mode: 'secure',
      external_ids: [
        'map',
        [
          ['a', '1'],
          ['b', '2'],
        ],
      ],
    });
    expect(devices()).toContain(name);

    const before = nextCfg();
    await ovs.addBridge(name, { datapathType: 'netdev', failMode: 'secure', externalIds: { a: '1' } });
    expect(nextCfg()).toBe(before);

    await ovs.addBridge(name, { failMode: null, externalIds: { a: null, b: '3', c: '4' } });
    expect(daemons.record('Bridge', name)).toMatchObject({
      datapath_type: 'netdev',
      fail_mode: ['set', []],
      external_ids: [
        'map',
        [
          ['b', '3'],
          ['c', '4'],
        ],
      ],
    });
    expect((await ovs.bridges()).find((one) => one.name === name)).toMatchObject({ externalIds: { b: '3', c: '4' } });

    expect(await ovs.deleteBridge(name)).toBe(true);
    expect(await ovs.deleteBridge(name)).toBe(false);
    expect(daemons.vsctl('list-br')).not.toContain(name);
    expect(devices()).not.toContain(name);
  });

  test('what another program does is seen by the next call', async () => {
    const name = `br${++count}`;
    daemons.vsctl('add-br', name, '--', 'set', 'bridge', name, 'datapath_type=netdev');
    cleanUp(async () => void (await ovs.deleteBridge(name)));
    expect((await ovs.bridges()).map((one) => one.name)).toContain(name);
    const [port] = portNames(1) as [string];
    daemons.vsctl('add-port', name, port, 'tag=7', '--', 'set', 'interface', port, 'type=internal');
    expect(await ovs.ports(name)).toMatchObject([{ name: port, type: 'internal', tag: 7 }]);
  });

  test('one that cannot be made is not left in the database', async () => {
    const name = `br${++count}`;
    // The bridge's own port would have a name that a device has already.
    await host.links.add({ kind: 'bridge', name });
    const error = await rejection(ovs.addBridge(name, { datapathType: 'netdev' }), OvsError);
    expect(error).toMatchObject({ code: 'ERR_OVS_PORT', subject: name });
    expect(daemons.vsctl('list-br')).not.toContain(name);
  });

  test("a port's name is not for a bridge", async () => {
    const [port] = portNames(1) as [string];
    await ovs.addPorts(await bridge(), [internal(port)]);
    const error = await rejection(ovs.addBridge(port, { datapathType: 'netdev' }), OvsError);
    expect(error.code).toBe('EEXIST');
  });
});

describe.skipIf(noOpenVswitch)('ports', () => {
  test('are as they were asked for, as Neutron writes them', async () => {
    const name = await bridge();
    const [port] = portNames(1) as [string];
    const mac = 'fa:16:3e:00:00:01';
    const [made] = await ovs.addPorts(name, [
      internal(port, {
        mac,
        mtu: 1450,
        network: { id: blue, type: 'vxlan', segmentationId: 77 },
        externalIds: neutronExternalIds({ portId: 'the-port', mac }),
        otherConfig: { more: 'x' },
      }),
    ]);
    const otherConfig = { net_uuid: blue, tag: '1', network_type: 'vxlan', segmentation_id: '77', more: 'x' };
    const externalIds = { 'iface-id': 'the-port', 'iface-status': 'active', 'attached-mac': mac };
    expect(made).toMatchObject({ name: port, type: 'internal', tag: 1, network: blue, mac, otherConfig, externalIds });

    const row = daemons.record('Port', port);
    expect(row).toMatchObject({ tag: 1 });
    expect(Object.fromEntries((row['other_config'] as [string, [string, string][]])[1])).toEqual(otherConfig);
    const device = daemons.record('Interface', port);
    expect(device).toMatchObject({
      type: 'internal',
      mac,
      mtu_request: 1450,
      ofport: made?.ofport,
      error: ['set', []],
    });
    expect(Object.fromEntries((device['external_ids'] as [string, [string, string][]])[1])).toEqual(externalIds);
    expect(ipJson(host.name, 'link', 'show', port)).toMatchObject([{ address: mac, mtu: 1450 }]);
  });

  test('that are there are changed where they differ, and else nothing is sent', async () => {
    const name = await bridge();
    const [first, second] = portNames(2) as [string, string];
    const specs = [internal(first, { tag: 5, externalIds: { a: '1' } }), internal(second, { network: blue })];
    await ovs.addPorts(name, specs);
    daemons.vsctl('set', 'interface', first, 'external_ids:theirs=kept');

    const before = nextCfg();
    await ovs.addPorts(name, specs);
    expect(nextCfg()).toBe(before);

    await ovs.addPorts(name, [internal(first, { tag: 6, externalIds: { a: '2', b: '3' } }), specs[1] as OvsPortSpec]);
    expect(nextCfg()).toBe(before + 1);
    expect(tag(first)).toBe('6');
    expect(tag(second)).toBe('1');
    expect(daemons.record('Interface', first)['external_ids']).toEqual([
      'map',
      [
        ['a', '2'],
        ['b', '3'],
        ['theirs', 'kept'],
      ],
    ]);

    await ovs.setPorts(name, [{ name: first, tag: null, mtu: 1400, externalIds: { a: null } }]);
    expect(tag(first)).toBe('[]');
    expect(daemons.vsctl('get', 'Interface', first, 'external_ids:b', 'mtu_request').split('\n')).toEqual([
      '"3"',
      '1400',
      '',
    ]);
    expect(ipJson(host.name, 'link', 'show', first)).toMatchObject([{ mtu: 1400 }]);
  });

  test('200 of them are one transaction', async () => {
    const name = await bridge();
    const names = portNames(200);
    const before = nextCfg();
    const made = await ovs.addPorts(
      name,
      names.map((port, index) => internal(port, { network: index % 2 ? blue : green })),
    );
    expect(nextCfg()).toBe(before + 1);
    expect(made.map((port) => port.name)).toEqual(names);
    expect(listPorts(name)).toEqual([...names].sort());
    expect(devices()).toEqual(expect.arrayContaining(names));
    expect(await ovs.deletePorts(name, [...names, 'absent'])).toBe(200);
    expect(nextCfg()).toBe(before + 2);
    expect(listPorts(name)).toEqual([]);
    expect(devices().filter((device) => names.includes(device))).toEqual([]);
  });

  test('one that cannot be made is taken out again, and the others stay', async () => {
    const name = await bridge();
    const [good, missing] = portNames(2) as [string, string];
    const error = await rejection(ovs.addPorts(name, [internal(good), { name: missing }]), BatchError);
    expect(error).toMatchObject({ code: 'ERR_OVS_PORT', rolledBack: false });
    expect(error.failures).toMatchObject([{ index: 1, error: { subject: missing } }]);
    expect(error.failures[0]?.error.message).toMatch(/could not open network device .* \(No such device\)/);
    expect(listPorts(name)).toEqual([good]);
  });

  test('with rollback, the others are what they were', async () => {
    const name = await bridge();
    const [old, fresh, missing] = portNames(3) as [string, string, string];
    await ovs.addPorts(name, [internal(old, { tag: 9, externalIds: { a: '1' } })]);
    const specs = [
      internal(old, { tag: 10, mtu: 1300, externalIds: { a: '2', b: '3' } }),
      internal(fresh),
      { name: missing },
    ];
    const error = await rejection(ovs.addPorts(name, specs, { rollback: true }), BatchError);
    expect(error).toMatchObject({ rolledBack: true, failures: [{ index: 2 }] });
    expect(listPorts(name)).toEqual([old]);
    expect(tag(old)).toBe('9');
    expect(daemons.record('Interface', old)).toMatchObject({
      mtu_request: ['set', []],
      external_ids: ['map', [['a', '1']]],
    });
    expect(devices()).not.toContain(fresh);
  });

  test('one that failed is tried again once its device is there', async () => {
    const name = await bridge();
    const [end] = portNames(1) as [string];
    daemons.vsctl('--no-wait', 'add-port', name, end);
    await expect.poll(async () => (await ovs.ports(name))[0]?.error).toContain('No such device');
    const before = nextCfg();
    await expect(ovs.addPorts(name, [{ name: end }])).rejects.toMatchObject({ code: 'ERR_OVS_PORT' });
    expect(nextCfg()).toBe(before + 1);
    // It was there before, so it is left there.
    expect(listPorts(name)).toEqual([end]);
    await host.links.add({ kind: 'veth', name: end, peer: { name: `${end}x` } });
    const [made] = await ovs.addPorts(name, [{ name: end }]);
    expect(made?.ofport).toBeGreaterThan(0);
    expect(made?.error).toBeUndefined();
  });

  test("another bridge's are not taken over", async () => {
    const [one, other] = [await bridge(), await bridge()];
    const [port, more] = portNames(2) as [string, string];
    await ovs.addPorts(one, [internal(port)]);
    const add = await rejection(ovs.addPorts(other, [internal(more), internal(port)]), OvsError);
    expect(add).toMatchObject({ code: 'EEXIST', message: `${port}: EEXIST: it is a port of ${one} already` });
    expect(listPorts(other)).toEqual([]);
    await expect(ovs.setPorts(other, [{ name: port, tag: 3 }])).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(ovs.setPorts(one, [{ name: more, tag: 3 }])).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(ovs.addPorts('br-absent', [internal(more)])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await ovs.deletePorts(other, [port])).toBe(0);
    expect(await ovs.deletePorts('br-absent', [port])).toBe(0);
    expect(listPorts(one)).toEqual([port]);
  });

  test('a change fails where the row has meanwhile been deleted, instead of being passed over', async () => {
    const name = await bridge();
    const [port] = portNames(1) as [string];
    await ovs.addPorts(name, [internal(port)]);
    const uuid = daemons.vsctl('get', 'Port', port, '_uuid').trim();
    const { forward } = changeRow({ table: 'Port', uuid, name: port, columns: { tag: [undefined, 5] } });
    await ovs.database.transact(forward);
    expect(tag(port)).toBe('5');
    await ovs.deletePorts(name, [port]);
    expect(await rejection(ovs.database.transact(forward), OvsdbError)).toMatchObject({
      error: 'timed out',
      operation: 0,
    });
  });

  test.each<[string, OvsPortSpec | object, string]>([
    ['ports[0].name', internal('a name too long for a device'), 'ERR_OUT_OF_RANGE'],
    ['ports[0].name', internal('br-x'), 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].tag', internal('p', { tag: 4096 }), 'ERR_OUT_OF_RANGE'],
    ['ports[0].tag', internal('p', { tag: 1, network: blue }), 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].network.id', internal('p', { network: { id: '' } }), 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].network.kind', internal('p', { network: { id: blue, kind: 'vlan' } }), 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].type', { name: 'p', type: 'vxlan' }, 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].peer', { name: 'p', type: 'patch' }, 'ERR_INVALID_ARG_TYPE'],
    ['ports[0].peer', internal('p', { peer: 'q' }), 'ERR_INVALID_ARG_VALUE'],
    ['ports[0].mac', internal('p', { mac: 'fa:16' }), 'ERR_INVALID_ADDRESS'],
    ['ports[0].mtu', internal('p', { mtu: 60 }), 'ERR_OUT_OF_RANGE'],
    ['ports[0].externalIds.a', internal('p', { externalIds: { a: 1 } }), 'ERR_INVALID_ARG_TYPE'],
    ['ports[0].trunk', internal('p', { trunk: [] }), 'ERR_INVALID_ARG_VALUE'],
  ])('%s is checked: %o', async (path, spec, code) => {
    const before = nextCfg();
    const error = await rejection(ovs.addPorts('br-x', [spec as OvsPortSpec]), Error);
    expect(error).toMatchObject({ code, message: expect.stringContaining(`${path}: `) });
    expect(nextCfg()).toBe(before);
  });

  test("a name twice in a call, and a bridge's own port, are refused", async () => {
    await expect(ovs.addPorts('br-x', [internal('p'), internal('p')])).rejects.toThrow(
      'ports[1].name: "p" is there twice',
    );
    await expect(ovs.deletePorts('br-x', ['br-x'])).rejects.toThrow('names[0]: "br-x" is the bridge\'s own port');
  });
});

describe.skipIf(noOpenVswitch)('packets', () => {
  test('go between ports of one network, and not to another with the same addresses', async () => {
    const name = await bridge();
    const [a, b] = [
      await guest(name, '10.0.0.1/24', { network: blue }),
      await guest(name, '10.0.0.2/24', { network: blue }),
    ];
    // Another tenant, with the same addresses and one more.
    const [moving] = portNames(1) as [string];
    const [c, d] = [
      await guest(name, '10.0.0.1/24', { network: green }),
      await guest(name, '10.0.0.3/24', { network: green }, moving),
    ];
    expect([pings(a, '10.0.0.2'), pings(b, '10.0.0.1'), pings(c, '10.0.0.3')]).toEqual([true, true, true]);
    expect([pings(a, '10.0.0.3'), pings(c, '10.0.0.2')]).toEqual([false, false]);
    // Each answered for itself.
    const mac = (vm: NamedNetns): string => ipJson(vm.name, 'link', 'show', 'eth0')[0]?.['address'] as string;
    const neighbour = (vm: NamedNetns, address: string): string | undefined =>
      ipJson(vm.name, 'neigh', 'show', address)[0]?.['lladdr'] as string | undefined;
    expect(neighbour(b, '10.0.0.1')).toBe(mac(a));
    expect(neighbour(d, '10.0.0.1')).toBe(mac(c));

    // It changes sides, and forgets who 10.0.0.1 was.
    await ovs.setPorts(name, [{ name: moving, network: blue }]);
    ip(d.name, 'neigh', 'flush', 'all');
    // The datapath remembers for a moment how it switched what it has switched before.
    await expect.poll(() => pings(a, '10.0.0.3'), { timeout: 10_000 }).toBe(true);
    expect(pings(c, '10.0.0.3')).toBe(false);
  });

  test("go through a veth's end and through patch ports to another bridge", async () => {
    const [inside, outside] = [await bridge(), await bridge()];
    const [end, one, other] = portNames(3) as [string, string, string];
    const vm = await namespace();
    await host.links.add({ kind: 'veth', name: end, up: true, peer: { name: 'eth0', netns: vm, up: true } });
    await vm.addresses.add({ dev: 'eth0', address: '10.0.0.1/24' });
    await ovs.addPorts(inside, [
      { name: end, tag: 8 },
      { name: one, type: 'patch', peer: other },
    ]);
    const far = await guest(outside, '10.0.0.2/24', { tag: 8 });
    expect(pings(vm, '10.0.0.2')).toBe(false);
    await ovs.addPorts(outside, [{ name: other, type: 'patch', peer: one }]);
    expect(pings(vm, '10.0.0.2')).toBe(true);
    expect(pings(far, '10.0.0.1')).toBe(true);
    expect((await ovs.ports(outside)).find((port) => port.name === other)).toMatchObject({ type: 'patch', peer: one });
  });

  test('an internal port whose namespace is deleted stays in the database until it is deleted there', async () => {
    const name = await bridge();
    const [port] = portNames(1) as [string];
    const vm = await namespace();
    await ovs.addPorts(name, [internal(port, { network: blue })]);
    await host.links.set(port, { netns: vm, name: 'eth0' });
    await vm.close();
    run('ip', 'netns', 'delete', vm.name);

    // ovs-vswitchd does not say so: only that it knows the device's index no longer.
    await expect.poll(async () => (await ovs.ports(name))[0]?.ifindex).toBe(undefined);
    expect(listPorts(name)).toEqual([port]);
    expect(daemons.record('Interface', port)).toMatchObject({ error: ['set', []] });
    // Its local VLAN is in use as long.
    expect(await ovs.localVlan(name, blue)).toBe(1);

    expect(await ovs.deletePorts(name, [port])).toBe(1);
    expect(listPorts(name)).toEqual([]);
    expect(await ovs.localVlan(name, blue)).toBe(undefined);
    // The name can be used again.
    await ovs.addPorts(name, [internal(port)]);
    expect(devices()).toContain(port);
  });
});

describe.skipIf(noOpenVswitch)('local VLANs', () => {
  test('are the lowest that is free, and free again with the last port of a network', async () => {
    const name = await bridge();
    const [a, b, c, d, e] = portNames(5) as [string, string, string, string, string];
    await ovs.addPorts(name, [
      internal(a, { network: blue }),
      internal(b, { network: green }),
      internal(c, { network: blue }),
    ]);
    expect([tag(a), tag(b), tag(c)]).toEqual(['1', '2', '1']);
    await ovs.deletePorts(name, [a, c]);
    // An explicit tag is in use as well, even one of the same call.
    await ovs.addPorts(name, [internal(d, { network: red }), internal(e, { tag: 1 })]);
    expect(tag(d)).toBe('3');
    expect(await ovs.localVlans(name)).toEqual(
      new Map([
        [green, 2],
        [red, 3],
      ]),
    );
    expect(await ovs.localVlan(name, blue)).toBe(undefined);
  });

  test("are read as Neutron's agent writes them, dead ports aside", async () => {
    const name = await bridge();
    const [a, b, c] = portNames(3) as [string, string, string];
    const set = (port: string, vlan: number, config: string): string =>
      daemons.vsctl(
        'add-port',
        name,
        port,
        `tag=${vlan}`,
        ...config.split(' ').map((pair) => `other_config:${pair}`),
        '--',
        'set',
        'interface',
        port,
        'type=internal',
      );
    set(a, 1, `net_uuid=${blue} tag=1 network_type=vxlan segmentation_id=5`);
    set(b, 4095, `net_uuid=${green} tag=2`);
    expect(await ovs.localVlans(name)).toEqual(
      new Map([
        [blue, 1],
        [green, 2],
      ]),
    );
    await ovs.addPorts(name, [internal(c, { network: red })]);
    expect(tag(c)).toBe('3');
    // The port is moved to another network, of which nothing else is known.
    await ovs.setPorts(name, [{ name: a, network: green }]);
    expect(daemons.record('Port', a)).toMatchObject({
      tag: 2,
      other_config: [
        'map',
        [
          ['net_uuid', green],
          ['tag', '2'],
        ],
      ],
    });
  });

  test('two that choose at the same time do not choose the same', async () => {
    const name = await bridge();
    const other = await OpenVswitch.connect({ socket: daemons.socket });
    cleanUp(() => other.close());
    const names = portNames(20);
    const networks = names.map((_, index) => `${index}`.padStart(8, '0'));
    await Promise.all(
      names.map((port, index) =>
        (index % 2 ? ovs : other).addPorts(name, [internal(port, { network: networks[index] })]),
      ),
    );
    expect(names.map((port) => Number(tag(port))).sort((a, b) => a - b)).toEqual(names.map((_, index) => index + 1));
  });

  test('four processes with the same networks agree on the tags', async () => {
    const name = await bridge();
    const perProcess = [0, 1, 2, 3].map(() => portNames(8));
    await Promise.all(
      perProcess.map((names) =>
        resultOf(`
          const { OpenVswitch } = await import(${JSON.stringify(library)});
          const ovs = await OpenVswitch.connect({ socket: ${JSON.stringify(daemons.socket)} });
          const names = ${JSON.stringify(names)};
          for (const [index, name] of names.entries()) {
            await ovs.addPorts(${JSON.stringify(name)}, [{ name, type: 'internal', network: 'network ' + index }]);
          }
          await ovs.close();
          console.log('true');
        `),
      ),
    );
    const vlans = await ovs.localVlans(name);
    expect([...vlans.values()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const names of perProcess) {
      expect(names.map((port) => Number(tag(port)))).toEqual(names.map((_, index) => vlans.get(`network ${index}`)));
    }
  });

  test.each([
    ['the tag was given away', 'tag=1'],
    ['the tag was kept for another', 'other_config:tag=1'],
    ['the network has one', `other_config:net_uuid=${blue}`],
  ])('a choice fails where meanwhile %s', async (_, column) => {
    const name = await bridge();
    const [port] = portNames(1) as [string];
    const own = { uuid: '', name, datapathType: '', failMode: undefined, externalIds: {}, ports: [] };
    const { tags, guards } = chooseVlans(own, [], [], new Set([blue]), []);
    expect(tags).toEqual(new Map([[blue, 1]]));
    await ovs.database.transact(guards);
    daemons.vsctl(
      'add-port',
      name,
      port,
      '--',
      'set',
      'port',
      port,
      column,
      '--',
      'set',
      'interface',
      port,
      'type=internal',
    );
    const error = await rejection(ovs.database.transact(guards), OvsdbError);
    expect(error).toMatchObject({ error: 'timed out', request: { op: 'wait' } });
  });

  test("joining a network fails where meanwhile its port has gone, and with it the network's tag", async () => {
    const name = await bridge();
    const [port] = portNames(1) as [string];
    await ovs.addPorts(name, [internal(port, { network: blue })]);
    const uuid = daemons.vsctl('get', 'Port', port, '_uuid').trim();
    const row = { uuid, name: port, interfaces: [], tag: 1, otherConfig: { net_uuid: blue, tag: '1', more: 'x' } };
    const own = { uuid: '', name, datapathType: '', failMode: undefined, externalIds: {}, ports: [uuid] };
    const { tags, guards } = chooseVlans(own, [row], [row], new Set([blue]), []);
    expect(tags).toEqual(new Map([[blue, 1]]));
    await ovs.database.transact(guards);
    await ovs.deletePorts(name, [port]);
    expect(await rejection(ovs.database.transact(guards), OvsdbError)).toMatchObject({ error: 'timed out' });
  });

  test('end at 4094', () => {
    const own = { uuid: '', name: 'br-int', datapathType: '', failMode: undefined, externalIds: {}, ports: [] };
    const ports = Array.from({ length: 4093 }, (_, index) => ({
      uuid: `${index}`,
      name: `p${index}`,
      interfaces: [],
      tag: index + 1,
      otherConfig: {},
    }));
    expect(chooseVlans(own, ports, ports, new Set([blue]), []).tags).toEqual(new Map([[blue, 4094]]));
    expect(() => chooseVlans(own, ports, ports, new Set([blue, green]), [])).toThrow(
      'br-int: ENOSPC: all local VLANs, 1 to 4094, are in use',
    );
  });
});

describe.skipIf(noOpenVswitch)('the documentation', () => {
  test('its snippets run, one after the other', async () => {
    const page = readFileSync(new URL('../docs/open-vswitch.md', import.meta.url), 'utf8');
    const snippets = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code).join('\n');
    const code = snippets
      .replaceAll("'netloom'", JSON.stringify(library))
      .replaceAll('.connect()', `.connect({ socket: '${daemons.socket}' })`);
    const { code: exitCode, stdout, stderr } = await runProgram(code);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      "[ [ 'tap-one', 1 ], [ 'tap-two', 2 ] ]",
      '1',
      '2 5c1f3a3e-0000-4000-8000-000000000002 1',
      'initial Bridge br-int',
      '',
    ]);
    expect(devices()).not.toContain('br-int');
  });
});

describe.skipIf(noOpenVswitch)('when a daemon fails', () => {
  async function own(): Promise<{ here: NamedNetns; mine: Switch; switchboard: OpenVswitch }> {
    const here = await namespace();
    const mine = await startOpenVswitch(here);
    cleanUp(() => mine.stop());
    const switchboard = await OpenVswitch.connect({ socket: mine.socket });
    cleanUp(() => switchboard.close());
    await switchboard.addBridge('br-int', { datapathType: 'netdev' });
    return { here, mine, switchboard };
  }

  test('ovs-vswitchd is stopped: the error names it, nothing is left, and later all is well', async () => {
    const { here, mine, switchboard } = await own();
    mine.vswitchd?.kill('SIGSTOP');
    const error = await rejection(switchboard.addPorts('br-int', [internal('late')], { timeout: 200 }), OvsError);
    expect(error.code).toBe('ERR_OVS_VSWITCHD_TIMEOUT');
    expect(error.message).toMatch(
      /ovs-vswitchd has not acted within 200 ms \(cur_cfg is \d+, \d+ was wanted\): is it running\?/,
    );
    expect(mine.vsctl('list-ports', 'br-int')).toBe('');
    const stop = new AbortController();
    const waiting = switchboard.addPorts('br-int', [internal('later')], { signal: stop.signal });
    await expect.poll(() => mine.vsctl('list-ports', 'br-int')).toBe('later\n');
    stop.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
    expect(mine.vsctl('list-ports', 'br-int')).toBe('');

    mine.vswitchd?.kill('SIGCONT');
    await switchboard.addPorts('br-int', [internal('last')]);
    expect(ipJson(here.name, 'link').map(({ ifname }) => ifname)).toEqual(
      expect.not.arrayContaining(['late', 'later']),
    );
    expect(mine.vsctl('list-ports', 'br-int')).toBe('last\n');
  });

  test('ovs-vswitchd starts again: devices are there again, and calls go on', async () => {
    const { here, mine, switchboard } = await own();
    await switchboard.addPorts('br-int', [internal('one', { network: blue })]);
    await mine.stopVswitchd();
    const adding = switchboard.addPorts('br-int', [internal('two', { network: blue })]);
    await mine.startVswitchd();
    expect(await adding).toMatchObject([{ name: 'two', tag: 1 }]);
    expect(ipJson(here.name, 'link').map(({ ifname }) => ifname)).toEqual(expect.arrayContaining(['one', 'two']));
  });

  test('ovsdb-server dies while a call waits', async () => {
    const { mine, switchboard } = await own();
    mine.vswitchd?.kill('SIGSTOP');
    const waiting = switchboard.addPorts('br-int', [internal('never')]);
    await expect.poll(() => mine.vsctl('list-ports', 'br-int')).toBe('never\n');
    const ended = once(mine.process, 'exit');
    mine.process.kill('SIGKILL');
    const error = await rejection(waiting, OvsdbError);
    expect(error).toMatchObject({ code: 'ERR_OVSDB_CONNECTION', message: expect.stringContaining('was lost') });
    await ended;
    await expect(switchboard.bridges()).rejects.toMatchObject({ code: 'ERR_OVSDB_CONNECTION' });
    await expect(OpenVswitch.connect({ socket: mine.socket })).rejects.toMatchObject({ code: 'ERR_OVSDB_CONNECTION' });
  });
});

test.skipIf(noOpenVswitch)(
  "a node's ports: those that are not made ready are taken out again, and so seen by the next apply",
  async () => {
    const name = await bridge();
    const [device, far] = portNames(2) as [string, string];
    await host.links.add({ kind: 'veth', name: device, up: true, peer: { name: far, up: true } });
    cleanUp(() => host.links.delete(device));
    const wanted = {
      bridge: name,
      node: 'n',
      ports: [{ name: device, portId: 'port', network: blue, mac: undefined }],
    };
    const refused = applyOvs(ovs, wanted, {}, () => Promise.reject(new Error('not now')));
    expect((await rejection(refused, Error)).message).toBe('not now');
    expect(listPorts(name)).toEqual([]);
    const made: string[] = [];
    await applyOvs(ovs, wanted, {}, async (port) => void made.push(port.name));
    expect([made, listPorts(name)]).toEqual([[device], [device]]);
  },
);
