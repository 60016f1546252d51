/** A node's networks with all that hangs on them: DHCP, VMs' ports, Linux bridges and Open vSwitch. */
import { expect, test } from 'vitest';
import {
  Netns,
  Node,
  type NodeNetworkSpec,
  type NodeOptions,
  type NodeSpec,
  OpenVswitch,
  type RouterSpec,
  Services,
} from '../src/index.js';
import { udhcpc } from './helpers/dhcp.js';
import { cleanUp, ip, ipJson, mayOpenTun, type NamedNetns, namespace, run, uniqueName } from './helpers/namespaces.js';
import { noOpenVswitch, startOpenVswitch } from './helpers/open-vswitch.js';
import { eventually, stateDirectory } from './helpers/state.js';

const mac = (tenant: number): string => `fa:16:3e:00:0${tenant}:11`;

interface Stage {
  readonly host: NamedNetns;
  readonly outside: NamedNetns;
  readonly vms: readonly NamedNetns[];
  readonly spec: NodeSpec;
  readonly options: NodeOptions & { announce: false };
}

/** An external network and two tenants with the same addresses, each with a router, DHCP and a VM that has a floating IP. */
async function stage(mechanism: 'linuxbridge' | 'openvswitch'): Promise<Stage> {
  const host = await namespace();
  const [outside, ...vms] = [await namespace(), await namespace(), await namespace()] as const;
  const name = uniqueName();
  const tail = name.slice(-8);
  const services = new Services({ base: await stateDirectory() });
  const tenants = vms.map((vm, tenant): { network: NodeNetworkSpec; router: RouterSpec } => {
    const network = `${tenant}n${tail}`;
    return {
      network: {
        id: network,
        mechanism,
        mtu: 1450,
        subnets: [{ cidr: '10.0.0.0/24', gatewayIp: '10.0.0.1' }],
        dhcp: { portId: `${tenant}d${tail}`, addresses: ['10.0.0.2/24'] },
        ports: [
          {
            id: `${tenant}v${tail}`,
            mac: mac(tenant),
            fixedIps: [{ ipAddress: '10.0.0.11' }],
            hostname: `vm${tenant}`,
            device: { kind: 'veth', netns: vm.name },
          },
          { id: `${tenant}t${tail}`, mac: 'fa:16:3e:00:00:99', fixedIps: [{ ipAddress: '10.0.0.12' }] },
        ],
      },
      router: {
        id: `${tenant}-${name}`,
        floatingIpBinding: 'prefix',
        gateway: {
          id: `${tenant}g${tail}`,
          network: `x${tail}`,
          addresses: [`203.0.113.${tenant + 2}/24`],
          nexthops: ['203.0.113.1'],
        },
        interfaces: [{ id: `${tenant}i${tail}`, network, addresses: ['10.0.0.1/24'] }],
        floatingIps: [{ floatingAddress: `203.0.113.${tenant + 101}`, fixedAddress: '10.0.0.11' }],
      },
    };
  });
  const external: NodeNetworkSpec = {
    id: `x${tail}`,
    mechanism,
    ports: [{ id: `o${tail}`, device: { kind: 'veth', netns: outside.name } }],
  };
  const spec = {
    name,
    networks: [external, ...tenants.map(({ network }) => network)],
    routers: tenants.map(({ router }) => router),
  };
  const options = { host, services, announce: false } as const;
  cleanUp(() => Node.apply({ name }, options));
  return { host, outside, vms, spec, options };
}

const inside = (netns: Netns, ...command: string[]): string =>
  run('nsenter', `--net=/proc/${process.pid}/fd/${netns.fd}`, ...command);

/** A bridge's new port forwards nothing until the kernel has told of its carrier, up to a second later. */
const pings = (from: Netns, to: string): Promise<unknown> =>
  eventually(() => {
    try {
      return inside(from, 'ping', '-c1', '-W1', '-n', to);
    } catch {
      return undefined;
    }
  });

async function expectTraffic({ outside, vms }: Stage): Promise<void> {
  ip(outside.name, 'address', 'add', '203.0.113.1/24', 'dev', 'eth0');
  for (const [tenant, vm] of vms.entries()) {
    const told = await eventually(() => udhcpc(vm));
    expect(told).toMatchObject({ ip: '10.0.0.11', router: '10.0.0.1', mtu: '1450' });
    ip(vm.name, 'address', 'add', '10.0.0.11/24', 'dev', 'eth0');
    ip(vm.name, 'route', 'add', 'default', 'via', '10.0.0.1');
    await pings(vm, '203.0.113.1');
    await pings(outside, `203.0.113.${tenant + 101}`);
  }
  // The two tenants' VMs have one address, and do not see each other.
  const [first, second] = vms as [NamedNetns, NamedNetns];
  expect(ipJson(first.name, 'neighbour').map(({ lladdr }) => lladdr)).not.toContain(mac(1));
  expect(ipJson(second.name, 'neighbour').map(({ lladdr }) => lladdr)).not.toContain(mac(0));
}

test.skipIf(!mayOpenTun())(
  'on Linux bridges: leases, floating IPs, tap devices; gone when they are not described',
  async () => {
    const site = await stage('linuxbridge');
    const { host, spec, options } = site;
    const report = await Node.apply(spec, options);
    expect(report.ok, String(report)).toBe(true);
    await expectTraffic(site);
    const tap = ipJson(host.name, '-d', 'link').filter(({ linkinfo }) => linkinfo?.info_kind === 'tun');
    expect(tap.map(({ master }) => (master as string).slice(0, 3))).toEqual(['brq', 'brq']);
    expect(String(await Node.plan(spec, options))).toBe('0 to create, 0 to update, 0 to delete');
    await Node.apply({ name: spec.name ?? '' }, options);
    expect(ipJson(host.name, 'link').map(({ ifname }) => ifname)).toEqual(['lo']);
    expect(
      (await Netns.list()).filter((one) => one.includes((spec.name ?? '').slice(-8)) && one.startsWith('q')),
    ).toEqual([]);
  },
);

test.skipIf(noOpenVswitch)('on Open vSwitch: a local VLAN for each network on one br-int', async () => {
  const site = await stage('openvswitch');
  const { host, spec } = site;
  const vswitch = await startOpenVswitch(host);
  cleanUp(() => vswitch.stop());
  const openvswitch = await OpenVswitch.connect({ socket: vswitch.socket });
  cleanUp(() => openvswitch.close());
  await openvswitch.addBridge('br-int', { datapathType: 'netdev' });
  const options = { ...site.options, openvswitch };
  cleanUp(() => Node.apply({ name: spec.name ?? '' }, options));
  const report = await Node.apply(spec, options);
  expect(report.ok, String(report)).toBe(true);
  await expectTraffic(site);
  const tags = (spec.networks ?? []).map(({ id }) => id).map((id) => openvswitch.localVlan('br-int', id));
  expect((await Promise.all(tags)).sort()).toEqual([1, 2, 3]);
  const port = vswitch.record('Port', `tap${spec.routers?.[0]?.gateway?.id.slice(0, 11)}`);
  expect(JSON.stringify(port)).toContain(spec.networks?.[0]?.id);
  expect(String(await Node.plan(spec, options))).toBe('0 to create, 0 to update, 0 to delete');
  await Node.apply({ name: spec.name ?? '' }, options);
  expect(await openvswitch.ports('br-int')).toEqual([]);
});
