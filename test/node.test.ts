/** A whole node from one description: made, changed, left alone, taken back, removed. */
import { expect, test } from 'vitest';
import { Netns, Node, type NodeNetworkSpec, type NodeSpec, Router, type RouterSpec } from '../src/index.js';
import { cleanUp, hostWith, ipJson, type NamedNetns, namespace, runIn, uniqueName } from './helpers/namespaces.js';

const quiet = { announce: false } as const;

/** An external network and two tenants with the same addresses. Ids differ from run to run in their first characters. */
async function stage(): Promise<{ host: NamedNetns; spec: NodeSpec; ids: string[] }> {
  const host = await hostWith('br-ex');
  const name = uniqueName();
  const tail = name.slice(-8);
  cleanUp(() => Node.apply({ name }, { host, ...quiet }));
  const networks: NodeNetworkSpec[] = [
    { id: `${tail}-ext`, bridge: 'br-ex' },
    { id: `a${tail}-net`, mtu: 1450 },
    { id: `b${tail}-net` },
  ];
  const router = (letter: string, last: number): RouterSpec => ({
    id: `${letter}-${name}`,
    floatingIpBinding: 'prefix',
    gateway: {
      id: `${letter}g${tail}`,
      network: `${tail}-ext`,
      addresses: [`203.0.113.${last}/24`],
      nexthops: ['203.0.113.1'],
    },
    interfaces: [{ id: `${letter}i${tail}`, network: `${letter}${tail}-net`, addresses: ['10.0.0.1/24'] }],
    floatingIps: [{ floatingAddress: `203.0.113.${last + 100}`, fixedAddress: '10.0.0.10' }],
  });
  return { host, spec: { name, networks, routers: [router('a', 2), router('b', 3)] }, ids: [`a-${name}`, `b-${name}`] };
}

const outcomes = (report: { units: readonly { kind: string; outcome: string }[] }): string[] =>
  report.units.map(({ kind, outcome }) => `${kind} ${outcome}`);

test('makes what is described, and sends nothing when it is there', async () => {
  const { host, spec, ids } = await stage();
  const plan = await Node.plan(spec, { host });
  expect(plan.toString()).toContain(`+ namespace qrouter-${ids[0]}`);
  expect(await Router.list()).not.toContain(ids[0]);
  const report = await Node.apply(spec, { host, ...quiet });
  expect(outcomes(report)).toEqual([
    'network unchanged',
    'network created',
    'network created',
    'router created',
    'router created',
  ]);
  expect(report.toString()).toMatch(/4 created, 0 updated, 1 unchanged, 0 deleted, 0 failed$/);
  const links = ipJson(host.name, 'link');
  const bridge = spec.networks?.[1]?.id.slice(0, 11);
  expect(links.find(({ ifname }) => ifname === `brq${bridge}`)?.mtu).toBe(1450);
  expect(links.filter(({ master }) => master === `brq${bridge}`)).toHaveLength(1);
  expect(links.filter(({ master }) => master === 'br-ex')).toHaveLength(2);
  const again = await Node.plan(spec, { host });
  expect(again.units).toEqual([]);
  expect(outcomes(await Node.apply(spec, { host, ...quiet })).every((outcome) => outcome.endsWith('unchanged'))).toBe(
    true,
  );
});

test('a router that fails is taken back and told; the others are made', async () => {
  const { host, spec, ids } = await stage();
  const [first, second] = spec.routers as [RouterSpec, RouterSpec];
  // A next hop of a route that no port's subnet reaches.
  const broken = { ...first, routes: [{ dst: '198.51.100.0/24', via: '192.0.2.1' }] };
  const report = await Node.apply({ ...spec, routers: [broken, second] }, { host, ...quiet });
  expect(report.ok).toBe(false);
  expect(report.failed.map(({ id }) => id)).toEqual([ids[0]]);
  expect(report.failed[0]?.error).toMatchObject({ code: 'ENETUNREACH' });
  expect(await Router.list()).not.toContain(ids[0]);
  expect(await Router.list()).toContain(ids[1]);
  expect(report.toString()).toContain(`router ${ids[0]}: failed, `);
});

test('removes what is no longer described and bears its name, and nothing else', async () => {
  const { host, spec, ids } = await stage();
  await Node.apply(spec, { host, ...quiet });
  const other = await Router.apply({ id: `other-${ids[0]}` }, { host });
  cleanUp(() => other.delete());
  const foreign = `qrouter-foreign-${ids[0]}`;
  await (await Netns.create(foreign)).close();
  cleanUp(() => Netns.delete(foreign));
  const { networks = [], routers = [] } = spec;
  const less = { ...spec, networks: networks.slice(0, 2), routers: routers.slice(0, 1) };
  const plan = await Node.plan(less, { host });
  expect(plan.changes.map(({ action, kind }) => `${action} ${kind}`)).toEqual(['delete namespace', 'delete bridge']);
  expect(outcomes(await Node.apply(less, { host, ...quiet }))).toEqual([
    'network unchanged',
    'network unchanged',
    'router unchanged',
    'router deleted',
    'network deleted',
  ]);
  const left = await Netns.list();
  expect(left).toContain(`qrouter-${ids[0]}`);
  expect(left).not.toContain(`qrouter-${ids[1]}`);
  expect(left).toContain(foreign);
  expect(left).toContain(`qrouter-other-${ids[0]}`);
  expect((await host.links.list({ kind: 'bridge' })).map(({ name }) => name)).toHaveLength(2);
});

test('refuses what cannot be before anything is done', async () => {
  const { host, spec } = await stage();
  const { networks = [], routers = [] } = spec;
  const refused = async (wrong: unknown, message: string): Promise<void> => {
    await expect(Node.apply(wrong as NodeSpec, { host })).rejects.toThrow(message);
  };
  await refused({ ...spec, network: [] }, 'spec.network: unknown key');
  await refused({ ...spec, networks: networks.slice(1) }, 'spec.routers[0].gateway.network');
  await refused({ ...spec, routers: [...routers, routers[0]] }, 'spec.routers: ');
  await refused({ ...spec, networks: [...networks, { id: 'x', mtu: 12 }] }, 'spec.networks[3].mtu');
  await expect(Node.apply(spec, { host, concurrency: 0 })).rejects.toThrow('options.concurrency');
  await expect(Router.apply(routers[0] as RouterSpec, { host })).rejects.toThrow('needs Node.apply');
  expect((await host.links.list()).map(({ name }) => name)).toEqual(['lo', 'br-ex']);
});

test('ports of VMs: a veth pair into a namespace that is there', async () => {
  const { host, spec, ids } = await stage();
  const vm = await namespace();
  const { networks = [] } = spec;
  const [external, network, rest] = networks as [NodeNetworkSpec, NodeNetworkSpec, NodeNetworkSpec];
  const id = `vm${ids[0]?.slice(-8)}`;
  const port = { id, mac: '02:00:00:00:00:10', device: { kind: 'veth', netns: { fd: vm.fd } } } as const;
  const withPort = { ...spec, networks: [external, { ...network, ports: [port] }, rest] };
  await Node.apply(withPort, { host, ...quiet });
  const eth0 = await vm.links.get('eth0');
  expect(eth0).toMatchObject({ mac: '02:00:00:00:00:10', up: true, mtu: 1450 });
  await vm.addresses.add({ dev: 'eth0', address: '10.0.0.10/24' });
  runIn(vm, 'ping', '-c3', '-i0.5', '-W1', '10.0.0.1');
  expect((await Node.plan(withPort, { host })).units).toEqual([]);
  await Node.apply(spec, { host, ...quiet });
  expect((await vm.links.list()).map(({ name }) => name)).toEqual(['lo']);
});
