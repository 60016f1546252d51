/** The networks: a node with its two bridges, the world outside, and tenants with their routers and VMs. */
import { randomUUID } from 'node:crypto';
import { Netns } from '../../netns/index.js';
import { type FloatingIpBinding, Router } from '../../router/index.js';
import { readTopology, type Topology } from '../../topology/index.js';
import { isolate } from './bridge.js';
import { namespaceName, routerId } from './leftovers.js';
import type { Stage } from './stage.js';

export interface Vm {
  readonly name: string;
  readonly netns: Netns;
  readonly fixedAddress: string;
  readonly floatingAddress: string | undefined;
}

export interface Tenant {
  readonly name: string;
  readonly tag: number;
  readonly subnets: readonly string[];
  readonly router: Router;
  readonly gateway: Port;
  readonly internal: Port;
  readonly gatewayAddress: string;
  readonly vms: readonly [Vm, Vm];
  /** On br-int. */
  readonly taps: readonly string[];
}

/** Of a router: its id, and what its two ends are called. */
interface Port {
  readonly id: string;
  readonly device: string;
  readonly tap: string;
  readonly addresses: readonly string[];
}

export interface Networks {
  /** Stands for a compute node: the machine's own network is not touched. */
  readonly node: Netns;
  readonly outside: Netns;
  readonly red: Tenant;
  readonly blue: Tenant;
}

export const outsideAddresses = ['203.0.113.1/24', '2001:db8:f::1/64'] as const;
export const outsideAddress = '203.0.113.1';

export async function buildNetworks(stage: Stage): Promise<Networks> {
  const { node, outside } = await stage.step('External network', async () => {
    const node = await makeNamespace(stage, 'node');
    const outside = await makeNamespace(stage, 'outside');
    for (const name of ['br-ex', 'br-int']) await node.links.add({ kind: 'bridge', name, up: true });
    await plug(node, outside, 'outside', 'br-ex', outsideAddresses);
    return { node, outside };
  });
  const red = await stage.step('Tenant red', () =>
    makeTenant(stage, node, { name: 'red', tag: 1, net: 'fd00:a:', gateway: 10, floating: ['203.0.113.101'] }),
  );
  const blue = await stage.step('Tenant blue', () =>
    makeTenant(stage, node, {
      name: 'blue',
      tag: 2,
      net: 'fd00:b:',
      gateway: 20,
      floating: ['203.0.113.201', '203.0.113.202'],
    }),
  );
  await stage.step('Isolation on br-int', () =>
    isolate(node, Object.fromEntries([red, blue].flatMap(({ taps, tag }) => taps.map((tap) => [tap, tag])))),
  );
  await stage.step('Floating IPs', async () => {
    for (const { router, vms } of [red, blue]) {
      await router.floatingIps.associate(
        vms.flatMap(({ fixedAddress, floatingAddress }) =>
          floatingAddress ? [{ fixedAddress, floatingAddress }] : [],
        ),
      );
    }
  });
  return { node, outside, red, blue };
}

interface TenantPlan {
  readonly name: string;
  readonly tag: number;
  /** First half of its IPv6 subnet. */
  readonly net: string;
  /** The gateway's last number. */
  readonly gateway: number;
  readonly floating: readonly string[];
}

async function makeTenant(stage: Stage, node: Netns, plan: TenantPlan): Promise<Tenant> {
  const { name, tag, net, floating } = plan;
  const makeVm = async (number: 1 | 2): Promise<Vm> => {
    const vm = `${name}-${number}`;
    const netns = await makeNamespace(stage, vm);
    const fixedAddress = `10.0.0.1${number}`;
    await plug(node, netns, vm, 'br-int', [`${fixedAddress}/24`, `${net}:1${number}/64`]);
    await netns.routes.add([
      { dst: 'default', via: '10.0.0.1' },
      { dst: 'default', via: `${net}:1`, dev: 'eth0' },
    ]);
    return { name: vm, netns, fixedAddress, floatingAddress: floating[number - 1] };
  };
  const vms = [await makeVm(1), await makeVm(2)] as const;
  const { router, gateway, internal } = await makeRouter(stage, node, {
    index: tag,
    gateway: plan.gateway,
    addresses: ['10.0.0.1/24', `${net}:1/64`],
    binding: 'address',
  });
  const subnets = ['10.0.0.0/24', `${net}:/64`];
  const taps = [internal.tap, ...vms.map((vm) => vm.name)];
  return { name, tag, subnets, router, gateway, internal, gatewayAddress: `203.0.113.${plan.gateway}`, vms, taps };
}

export interface RouterPlan {
  readonly index: number;
  /** The gateway's last number. */
  readonly gateway: number;
  readonly addresses: readonly string[];
  readonly binding: FloatingIpBinding;
  readonly pools?: readonly string[];
}

export async function makeRouter(
  stage: Stage,
  node: Netns,
  { index, gateway: last, addresses, binding, pools }: RouterPlan,
): Promise<{ router: Router; gateway: Port; internal: Port }> {
  stage.check();
  const gateway = makePort('qg-', [`203.0.113.${last}/24`, `2001:db8:f::${last}/64`]);
  const internal = makePort('qr-', addresses);
  const router = await Router.apply(
    {
      id: routerId(index),
      floatingIpBinding: binding,
      gateway: {
        id: gateway.id,
        bridge: 'br-ex',
        addresses: gateway.addresses,
        nexthops: outsideAddresses.map((address) => address.split('/')[0] as string),
        ...(pools ? { floatingPools: pools } : {}),
      },
      interfaces: [{ id: internal.id, bridge: 'br-int', addresses }],
    },
    { host: node },
  );
  stage.owns(() => router.delete());
  return { router, gateway, internal };
}

function makePort(prefix: 'qg-' | 'qr-', addresses: readonly string[]): Port {
  const id = randomUUID();
  return { id, device: prefix + id.slice(0, 11), tap: `tap${id.slice(0, 11)}`, addresses };
}

async function makeNamespace(stage: Stage, role: string): Promise<Netns> {
  stage.check();
  const name = namespaceName(role);
  const netns = await Netns.create(name);
  stage.owns(async () => {
    await netns.close();
    await Netns.delete(name);
  });
  await netns.links.set('lo', { up: true });
  await netns.sysctl.set({ 'net.ipv4.ping_group_range': '0 0' });
  return netns;
}

async function plug(
  node: Netns,
  netns: Netns,
  tap: string,
  master: string,
  addresses: readonly string[],
): Promise<void> {
  await node.links.add({ kind: 'veth', name: tap, up: true, master, peer: { name: 'eth0', netns, up: true } });
  await netns.addresses.add(
    addresses.map((address) => ({ dev: 'eth0', address, ...(address.includes(':') ? { nodad: true } : {}) })),
  );
}

/** As the kernel has them; what it cannot know is which names they go by, and which ports of br-int are whose. */
export function readNetworks({ node, red, blue }: Networks): Promise<Topology> {
  const roles = ['outside', ...[red, blue].flatMap(({ vms }) => vms.map(({ name }) => name))];
  return readTopology({
    host: node,
    names: Object.fromEntries(roles.map((role) => [namespaceName(role), role])),
    shared: [red, blue].map(({ name, tag, taps }) => ({ bridge: 'br-int', name, tag, ports: taps })),
  });
}
