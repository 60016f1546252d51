import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  Netns,
  Node,
  type NodeSpec,
  type PortSpec,
  Router,
  type RouterSpec,
  readTopology,
  type Topology,
  type TopologyEdge,
  topologyOf,
} from '../src/index.js';
import {
  cleanUp,
  type IpObject,
  ip,
  ipJson,
  type NamedNetns,
  namespace,
  run,
  uniqueName,
} from './helpers/namespaces.js';

const command = fileURLToPath(new URL('../bin/netloom.js', import.meta.url));
let routers = 0;

/** Unique on the machine: routers of other runs are about. */
function routerSpec(plan: {
  readonly tenant: string;
  readonly last: number;
  readonly floatingIps?: RouterSpec['floatingIps'];
}): RouterSpec {
  const id = `70b0-${uniqueName()}-${routers++}`;
  return {
    id,
    gateway: {
      id: `g${plan.last}-${id.slice(-16)}`,
      bridge: 'br-ex',
      addresses: [`203.0.113.${plan.last}/24`, `2001:db8::${plan.last}/64`],
      nexthops: ['203.0.113.1', '2001:db8::1'],
      mtu: 1500,
    },
    interfaces: [
      {
        id: `i${plan.last}-${id.slice(-16)}`,
        bridge: plan.tenant,
        addresses: ['10.0.0.1/24', 'fd00::1/64'],
        mtu: 1450,
      },
    ],
    floatingIps: plan.floatingIps ?? [],
  };
}

async function apply(spec: RouterSpec, host: Netns): Promise<Router> {
  const router = await Router.apply(spec, { host, announce: false });
  cleanUp(() => router.delete());
  return router;
}

/** A namespace plugged into a bridge of the node, by other people's programs. */
async function guest(node: NamedNetns, bridge: string, tap: string, ...addresses: string[]): Promise<NamedNetns> {
  const netns = await namespace();
  ip(node.name, 'link', 'add', tap, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns.name);
  ip(node.name, 'link', 'set', tap, 'master', bridge, 'up');
  for (const address of addresses) ip(netns.name, 'address', 'add', address, 'dev', 'eth0', 'nodad');
  return netns;
}

async function nodeWith(...bridges: string[]): Promise<NamedNetns> {
  const node = await namespace();
  for (const bridge of bridges) ip(node.name, 'link', 'add', bridge, 'up', 'type', 'bridge');
  return node;
}

/** Two tenants with the same addresses, each with a router on br-ex, and a VM that has a floating IP. */
async function site() {
  const node = await nodeWith('br-ex', 'brq-red', 'brq-blue');
  const outside = await guest(node, 'br-ex', 'outside', '203.0.113.1/24', '2001:db8::1/64');
  const redVm = await guest(node, 'brq-red', 'red1', '10.0.0.11/24', 'fd00::11/64');
  const blueVm = await guest(node, 'brq-blue', 'blue1', '10.0.0.11/24');
  const other = await guest(node, 'brq-blue', 'blue2', '10.0.0.12/24');
  const red = routerSpec({
    tenant: 'brq-red',
    last: 10,
    floatingIps: [
      { floatingAddress: '203.0.113.101', fixedAddress: '10.0.0.11' },
      { floatingAddress: '203.0.113.102', fixedAddress: '10.0.0.99' },
    ],
  });
  const blue = routerSpec({
    tenant: 'brq-blue',
    last: 20,
    floatingIps: [{ floatingAddress: '203.0.113.201', fixedAddress: '10.0.0.11' }],
  });
  await apply(red, node);
  await apply(blue, node);
  return { node, outside, redVm, blueVm, other, red, blue };
}

/** Edges as `ip -j` says: what is in a namespace, and which bridge of the node holds the other end. */
function edgesByIp(node: string, from: string, inside: string, network: (bridge: string) => string): TopologyEdge[] {
  const ends = ipJson(node, '-d', 'link');
  const ids: IpObject[] = JSON.parse(run('ip', '-n', node, '-j', 'netns', 'list-id'));
  const nsid = ids.find(({ name }) => name === inside)?.['nsid'];
  return ipJson(inside, 'address')
    .filter(({ link_type }) => link_type !== 'loopback')
    .map((port): TopologyEdge => {
      const end = ends.find(({ ifindex, link_netnsid }) => ifindex === port['link_index'] && link_netnsid === nsid);
      const addresses = (port['addr_info'] as IpObject[]).filter(
        ({ scope, prefixlen }) => scope === 'global' && prefixlen !== 32,
      );
      return {
        from,
        to: network(end?.['master']),
        device: port['ifname'],
        peer: end?.['ifname'],
        addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
        mtu: port['mtu'],
      };
    });
}

const node = (topology: Topology, id: string) => topology.nodes.find((one) => one.id === id);
const edgesOf = (topology: Topology, id: string) => topology.edges.filter(({ from, to }) => from === id || to === id);

describe('readTopology', () => {
  test('reads two tenants with the same addresses as ip and nft show them', async () => {
    const { node: host, outside, redVm, blueVm, other, red, blue } = await site();
    const topology = await readTopology({ host });

    const network = (bridge: string): string => `${bridge === 'br-ex' ? 'external' : 'network'}:${bridge}`;
    const members = [
      [`router:${red.id}`, `qrouter-${red.id}`],
      [`router:${blue.id}`, `qrouter-${blue.id}`],
      [`host:${outside.name}`, outside.name],
      ...[redVm, blueVm, other].map(({ name }) => [`vm:${name}`, name]),
    ] as [string, string][];
    const expected = members.flatMap(([from, inside]) => edgesByIp(host.name, from, inside, network));
    expect(expected).toHaveLength(8);
    expect(new Set(topology.edges)).toEqual(new Set(expected));
    expect(topology.nodes.map(({ id }) => id)).toEqual([
      'external:br-ex',
      ...[`router:${blue.id}`, `router:${red.id}`].sort(),
      'network:brq-blue',
      'network:brq-red',
      ...[redVm, blueVm, other].map(({ name }) => `vm:${name}`).sort(),
      `host:${outside.name}`,
    ]);
    for (const { id } of [red, blue]) {
      const inside = `qrouter-${id}`;
      const gateways = [
        ...ipJson(inside, 'route', 'show', 'default'),
        ...ipJson(inside, '-6', 'route', 'show', 'default'),
      ];
      const map = JSON.parse(
        run('ip', 'netns', 'exec', inside, 'nft', '-j', 'list', 'map', 'ip', 'netloom', 'fip_dnat'),
      );
      expect(node(topology, `router:${id}`)).toEqual({
        kind: 'router',
        id: `router:${id}`,
        name: inside,
        namespace: inside,
        nexthops: gateways.map(({ gateway }) => gateway),
        floatingIps: map.nftables[1].map.elem.length,
        unplugged: [],
      });
    }
    expect([redVm, blueVm, other].map(({ name }) => node(topology, `vm:${name}`))).toMatchObject([
      { floatingIps: ['203.0.113.101'] },
      { floatingIps: ['203.0.113.201'] },
      { floatingIps: [] },
    ]);
    expect(node(topology, 'network:brq-blue')).toMatchObject({ subnets: ['10.0.0.0/24', 'fd00::/64'] });
  });

  test('gives the same twice, keeps nothing open, and gives nothing that can be changed', async () => {
    const { node: host } = await site();
    const topology = await readTopology({ host });
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let again = 0; again < 10; again++) {
      expect(JSON.stringify(await readTopology({ host }))).toBe(JSON.stringify(topology));
    }
    // Other parts of the process open and close some meanwhile; what each reading left open would be ten and more.
    expect(descriptors()).toBeLessThan(before + 10);
    const [edge] = topology.edges as [TopologyEdge];
    expect(() => (edge.addresses as string[]).push('x')).toThrow(TypeError);
    expect(() => (topology.nodes as unknown[]).pop()).toThrow(TypeError);
  });

  test('equals what the plan says, before anything is there', async () => {
    const { node: host, red, blue } = await site();
    const plan = topologyOf({ routers: [red, blue] });
    const read = await readTopology({ host });
    const isRouters = ({ from }: TopologyEdge): boolean => from.startsWith('router:');
    expect(plan.edges).toEqual(read.edges.filter(isRouters));
    expect(plan.edges).toHaveLength(4);
    expect(plan.nodes).toEqual(read.nodes.filter(({ kind }) => kind !== 'vm' && kind !== 'host'));
  });

  test('equals what a node’s description says, before it is applied', async () => {
    const host = await nodeWith('br-ex');
    const name = uniqueName();
    const tail = name.slice(-8);
    const spec: NodeSpec = {
      name,
      networks: [
        { id: `x${tail}`, bridge: 'br-ex', mtu: 1500 },
        { id: `r${tail}`, mtu: 1450 },
        { id: `lonely${tail}`, mtu: 1400 },
      ],
      routers: [
        {
          id: `70b0-${name}`,
          gateway: { id: `g${tail}`, network: `x${tail}`, addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
          interfaces: [{ id: `i${tail}`, network: `r${tail}`, addresses: ['10.0.0.1/24'] }],
        },
      ],
    };
    cleanUp(() => Node.apply({ name }, { host, announce: false }));
    const report = await Node.apply(spec, { host, announce: false });
    expect(report.ok).toBe(true);
    const plan = topologyOf(spec);
    expect(await readTopology({ host, all: true })).toEqual(plan);
    expect(plan.nodes.map(({ kind }) => kind)).toEqual(['external', 'router', 'network', 'network']);
  });

  test('finds the other end by the kernel’s numbers where indexes are the same', async () => {
    const host = await nodeWith('br-ex', 'brq-red');
    const spec = routerSpec({ tenant: 'brq-red', last: 10 });
    await apply(spec, host);
    const vm = await guest(host, 'brq-red', 'red1', '10.0.0.11/24');
    const tap = (await host.links.get('red1')).index;
    // To the twin, its eth0 looks as the VM's does, number by number; but its peer is elsewhere.
    const [twin, elsewhere] = [await namespace(), await namespace()];
    const pair = ['decoy', 'index', String(tap), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', twin.name];
    ip(elsewhere.name, 'link', 'add', ...pair);
    ip(host.name, 'link', 'add', 'red2', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', twin.name);
    ip(host.name, 'link', 'set', 'red2', 'master', 'brq-red');
    const numbers = (name: string): unknown => {
      const eth0 = ipJson(name, 'link').find(({ ifname }) => ifname === 'eth0');
      return [eth0?.['ifindex'], eth0?.['link_index']];
    };
    expect(numbers(twin.name)).toEqual(numbers(vm.name));
    // And the VM has a second device whose peer has the number of its tap.
    const another = await namespace();
    ip(another.name, 'link', 'add', ...pair.with(-3, 'eth1').with(-1, vm.name));

    const topology = await readTopology({ host });
    expect(edgesOf(topology, `vm:${vm.name}`)).toMatchObject([{ device: 'eth0', peer: 'red1', to: 'network:brq-red' }]);
    expect(edgesOf(topology, `vm:${twin.name}`)).toMatchObject([
      { device: 'eth1', peer: 'red2', to: 'network:brq-red' },
    ]);
    const ids = topology.nodes.map(({ id }) => id);
    for (const { name } of [elsewhere, another]) expect(ids).not.toContain(`vm:${name}`);
  });

  test('sees the host’s own addresses and uplinks, unnamed namespaces, and DHCP servers', async () => {
    const host = await nodeWith('br-ex', 'brq-red', 'br-other');
    await apply(routerSpec({ tenant: 'brq-red', last: 10 }), host);
    ip(host.name, 'address', 'add', '203.0.113.9/24', 'dev', 'br-ex');
    await host.links.add({ kind: 'ifb', name: 'uplink', master: 'br-ex' });
    await host.links.add({ kind: 'ifb', name: 'unrelated', master: 'br-other' });
    const anonymous = await Netns.create();
    cleanUp(() => anonymous.close());
    await host.links.add({ kind: 'veth', name: 'tapc', master: 'brq-red', peer: { name: 'eth0', netns: anonymous } });
    const network = `nlt-${uniqueName()}`;
    const dhcp = await Netns.create(`qdhcp-${network}`);
    cleanUp(async () => {
      await dhcp.close();
      await Netns.delete(`qdhcp-${network}`);
    });
    await host.links.add({ kind: 'veth', name: 'tapd', master: 'brq-red', peer: { name: 'tapd', netns: dhcp } });
    await dhcp.addresses.add({ dev: 'tapd', address: '10.0.0.2/24' });

    const topology = await readTopology({ host });
    expect(node(topology, 'host:')).toEqual({ kind: 'host', id: 'host:', name: 'this host' });
    expect(edgesOf(topology, 'host:')).toEqual([
      { from: 'host:', to: 'external:br-ex', peer: 'uplink', addresses: [], mtu: 1500 },
      { from: 'host:', to: 'external:br-ex', device: 'br-ex', addresses: ['203.0.113.9/24'], mtu: 1500 },
    ]);
    expect(node(topology, 'vm:tapc')).toEqual({ kind: 'vm', id: 'vm:tapc', name: 'tapc' });
    expect(edgesOf(topology, 'vm:tapc')).toEqual([
      { from: 'vm:tapc', to: 'network:brq-red', peer: 'tapc', addresses: [], mtu: 1500 },
    ]);
    expect(edgesOf(topology, `dhcp:${network}`)).toEqual([
      {
        from: `dhcp:${network}`,
        to: 'network:brq-red',
        device: 'tapd',
        peer: 'tapd',
        addresses: ['10.0.0.2/24'],
        mtu: 1500,
      },
    ]);
    expect(topology.nodes.map(({ id }) => id)).not.toContain('network:br-other');
    expect((await readTopology({ host, all: true })).nodes.map(({ id }) => id)).toContain('network:br-other');
  });

  test('reads a router that another agent has made, and one whose port lost its bridge', async () => {
    const host = await nodeWith('br-ex', 'brq-red');
    const id = `nlt-${uniqueName()}`;
    const netns = await Netns.create(`qrouter-${id}`);
    cleanUp(async () => {
      await netns.close();
      await Netns.delete(`qrouter-${id}`);
    });
    for (const [tap, device, bridge] of [
      ['tapg', 'qg-1', 'br-ex'],
      ['tapi', 'qr-1', 'brq-red'],
    ] as const) {
      await host.links.add({ kind: 'veth', name: tap, master: bridge, peer: { name: device, netns } });
    }
    for (const address of ['203.0.113.2/24', '203.0.113.50/32', '203.0.113.51/32']) {
      ip(`qrouter-${id}`, 'address', 'add', address, 'dev', 'qg-1');
    }
    ip(host.name, 'link', 'set', 'tapi', 'nomaster');

    const topology = await readTopology({ host });
    expect(node(topology, `router:${id}`)).toMatchObject({
      floatingIps: 2,
      nexthops: [],
      unplugged: [{ device: 'qr-1', peer: 'tapi', addresses: [], mtu: 1500 }],
    });
    expect(edgesOf(topology, `router:${id}`)).toMatchObject([{ device: 'qg-1', addresses: ['203.0.113.2/24'] }]);
  });

  test('tells networks of one bridge apart by their ports, and does not guess whose a floating IP is without', async () => {
    const host = await nodeWith('br-ex', 'br-int');
    const specs = [10, 20].map((last) => {
      const floatingIps = [{ floatingAddress: `203.0.113.${last}1`, fixedAddress: '10.0.0.11' }];
      return routerSpec({ tenant: 'br-int', last, floatingIps });
    }) as [RouterSpec, RouterSpec];
    for (const spec of specs) await apply(spec, host);
    const vms = [
      await guest(host, 'br-int', 'red1', '10.0.0.11/24'),
      await guest(host, 'br-int', 'blue1', '10.0.0.11/24'),
    ];

    const whole = await readTopology({ host });
    for (const { name } of vms) expect(node(whole, `vm:${name}`)).not.toHaveProperty('floatingIps');

    const shared = ['red', 'blue'].map((name, at) => ({
      bridge: 'br-int',
      name,
      tag: at + 1,
      ports: [`tap${specs[at]?.interfaces?.[0]?.id.slice(0, 11)}`, `${name}1`],
    }));
    const names = { [vms[0]?.name as string]: 'first' };
    const split = await readTopology({ host, shared, names });
    expect(node(split, 'network:br-int/red')).toEqual({
      kind: 'network',
      id: 'network:br-int/red',
      name: 'red',
      bridge: 'br-int',
      tag: 1,
      subnets: ['10.0.0.0/24', 'fd00::/64'],
    });
    expect(vms.map(({ name }) => node(split, `vm:${name}`))).toMatchObject([
      { name: 'first', floatingIps: ['203.0.113.101'] },
      { name: vms[1]?.name, floatingIps: ['203.0.113.201'] },
    ]);
    expect(topologyOf({ routers: specs, shared }).edges).toEqual(
      split.edges.filter(({ from }) => from.startsWith('router:')),
    );
  });

  test('takes ports that the kernel knows no bridge of for those of the bridge that is named, as on Open vSwitch', async () => {
    const host = await nodeWith('br-ex', 'brq-blue');
    const spec = routerSpec({ tenant: 'brq-red', last: 10 });
    const [port] = spec.interfaces as [PortSpec];
    const { bridge: _, ...loose } = port;
    await apply({ ...spec, interfaces: [loose] }, host);
    const vm = await guest(host, 'brq-blue', 'red1', '10.0.0.11/24');
    const shared = [{ bridge: 'br-int', name: 'red', ports: [`tap${port.id.slice(0, 11)}`, 'red1'] }];
    const places = async (): Promise<string[]> => {
      const { edges } = await readTopology({ host, shared });
      return edges.map(({ from, to }) => `${from} ${to}`);
    };
    // It is somewhere else.
    expect(await places()).not.toContain(`vm:${vm.name} network:br-int/red`);
    ip(host.name, 'link', 'set', 'red1', 'nomaster');
    expect(await places()).toEqual([
      `router:${spec.id} external:br-ex`,
      `router:${spec.id} network:br-int/red`,
      `vm:${vm.name} network:br-int/red`,
    ]);
  });

  test('leaves out a name without a namespace, as a crash leaves it', async () => {
    const { node: host, red } = await site();
    const name = `/run/netns/qrouter-${uniqueName()}`;
    writeFileSync(name, '');
    cleanUp(async () => rmSync(name));
    const ids = (await readTopology({ host })).nodes.map(({ id }) => id);
    expect(ids).toContain(`router:${red.id}`);
    expect(ids.filter((id) => id.startsWith('router:'))).toHaveLength(2);
  });

  test.each([
    [{ all: 'yes' }, /options\.all/],
    [{ shared: [{ bridge: 'br-int', name: 'a', ports: [], port: 1 }] }, /shared\[0\]\.port/],
    [{ shared: [1, 2].map(() => ({ bridge: 'br-int', name: 'a', ports: [] })) }, /shared\[1\]\.name/],
    [{ names: { x: 1 } }, /names\["x"\]/],
  ])('refuses %j', async (options, message) => {
    await expect(readTopology(options as never)).rejects.toThrow(message);
    await expect(readTopology(options as never)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('topologyOf', () => {
  test('shows what a network has: its DHCP server, VMs, uplink', () => {
    const topology = topologyOf({
      networks: [
        {
          id: 'net',
          physicalDevice: 'eth1',
          mtu: 1400,
          subnets: [{ cidr: '10.0.0.0/24' }],
          dhcp: { portId: 'dhcpport', addresses: ['10.0.0.2/24'] },
          ports: [
            {
              id: 'port-1',
              mac: '02:00:00:00:00:01',
              fixedIps: [{ ipAddress: '10.0.0.5' }],
              device: { kind: 'veth', netns: 'web' },
            },
            { id: 'port-2' },
            { id: 'port-3', device: false },
          ],
        },
      ],
    });
    expect(topology.edges).toEqual([
      {
        from: 'dhcp:net',
        to: 'network:brqnet',
        device: 'tapdhcpport',
        peer: 'tapdhcpport',
        addresses: ['10.0.0.2/24'],
        mtu: 1400,
      },
      { from: 'host:', to: 'network:brqnet', peer: 'eth1', addresses: [] },
      { from: 'vm:tapport-2', to: 'network:brqnet', peer: 'tapport-2', addresses: [], mtu: 1400 },
      {
        from: 'vm:web',
        to: 'network:brqnet',
        device: 'eth0',
        peer: 'tapport-1',
        addresses: ['10.0.0.5/24'],
        mtu: 1400,
      },
    ]);
  });

  test('shows each local network of an Open vSwitch bridge by itself', () => {
    const networks = ['red', 'blue'].map((id) => ({
      id,
      mechanism: 'openvswitch' as const,
      ports: [{ id: `vm-${id}` }],
    }));
    const interfaces = ['red', 'blue'].map((id) => ({ id: `p-${id}`, network: id, addresses: ['10.0.0.1/24'] }));
    const topology = topologyOf({
      networks,
      routers: interfaces.map((port) => ({ id: `r-${port.network}`, interfaces: [port] })),
    });
    expect(topology.edges.map(({ from, to }) => [from, to])).toEqual([
      ['router:r-blue', 'network:br-int/blue'],
      ['router:r-red', 'network:br-int/red'],
      ['vm:tapvm-blue', 'network:br-int/blue'],
      ['vm:tapvm-red', 'network:br-int/red'],
    ]);
  });

  test.each([
    [{ routers: [{ id: 'r', gateways: {} }] }, /spec\.routers\[0\]\.gateways/],
    [{ frobs: [] }, /spec\.frobs/],
    [
      { vms: [{ name: 'a', ports: [{ bridge: 'b', addresses: ['10.0.0.1'] }] }] },
      /vms\[0\]\.ports\[0\]\.addresses\[0\]/,
    ],
    [{ vms: [{ name: '', ports: [] }] }, /vms\[0\]\.name/],
  ])('refuses %j', (spec, message) => {
    expect(() => topologyOf(spec as never)).toThrow(message);
  });
});

describe('netloom topology', () => {
  const netloom = (...args: string[]): string =>
    execFileSync(process.execPath, [command, 'topology', ...args], {
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: '90' },
    });

  test('prints what is there, in every format, and changes nothing', async () => {
    const { node: host, red } = await site();
    const state = (): unknown =>
      ipJson(host.name, 'link').map(({ ifname, master, mtu, ifindex }) => ({ ifname, master, mtu, ifindex }));
    const before = state();
    expect(JSON.parse(netloom('--netns', host.name, '--format', 'json'))).toEqual(await readTopology({ host }));
    expect(netloom('--netns', host.name)).toContain(red.id);
    expect(netloom('--netns', host.name, '--format', 'mermaid')).toMatch(/^flowchart TB\n/);
    expect(netloom('--netns', host.name, '--format', 'dot')).toMatch(/^graph topology \{\n/);
    expect(state()).toEqual(before);

    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    cleanUp(async () => rmSync(folder, { recursive: true }));
    expect(netloom('--netns', host.name, '--output', join(folder, 'net.svg'))).toBe('');
    expect(readFileSync(join(folder, 'net.svg'), 'utf8')).toMatch(/^<svg .*203\.0\.113\.101.*<\/svg>\n$/s);
  });

  test('says that there is nothing', async () => {
    expect(netloom('--netns', (await namespace()).name)).toBe('no routers, no DHCP servers\n');
  });

  test.each([
    [['--format', 'png'], 2, /--format takes one of .*'png'/],
    [['--netns', ''], 2, /--netns/],
    [['--netns', 'nlt-there-is-none'], 1, /nlt-there-is-none.*ENOENT/],
  ])('refuses %j', (args, status, message) => {
    expect(() => netloom(...args)).toThrow(expect.objectContaining({ status, stderr: expect.stringMatching(message) }));
  });
});
