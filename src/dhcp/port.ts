/** The DHCP port: a veth pair, both ends named `tap<id>`, one in the network's namespace and one on the host's bridge. */
import { settled } from '../concurrency.js';
import { insteadOf } from '../errors.js';
import { formatPrefix } from '../ip.js';
import type { Netns } from '../netns/netns.js';
import { protocol } from '../router/names.js';
import { withoutIpv6 } from '../router/ports.js';
import type { Address } from '../rtnetlink/addresses.js';
import type { Link } from '../rtnetlink/link.js';
import type { Route } from '../rtnetlink/routes.js';
import { metadataAddresses } from './names.js';
import type { DhcpPort, Network } from './network.js';

/** What there is of it. */
export interface PortState {
  /** What the namespace's loopback device says of whose it is; undefined where there is no namespace. */
  readonly mark: string | undefined;
  readonly inside: Link | undefined;
  readonly outside: Link | undefined;
  /** Ports that the namespace has besides: of an earlier DHCP port. */
  readonly others: readonly Link[];
  readonly addresses: readonly Address[];
  /** netloom's. */
  readonly routes: readonly Route[];
}

/** A change of the port, and how it is taken back; without `undo` it is not. */
export interface PortChange {
  readonly action: 'create' | 'update' | 'delete';
  readonly kind: 'port' | 'address' | 'route';
  readonly subject: string;
  run(netns: Netns): Promise<void>;
  undo?(netns: Netns): Promise<void>;
}

export async function readPort(host: Netns, netns: Netns | undefined, device: string): Promise<PortState> {
  const outside = await host.links.get(device).catch(insteadOf('ENODEV', undefined));
  if (!netns) return { mark: undefined, inside: undefined, outside, others: [], addresses: [], routes: [] };
  const [links, addresses, routes] = await Promise.all([
    netns.links.list(),
    netns.addresses.list(),
    netns.routes.list(),
  ]);
  return {
    mark: links.find(({ name }) => name === 'lo')?.alias,
    inside: links.find(({ name }) => name === device),
    outside,
    others: links.filter(({ name }) => name.startsWith('tap') && name !== device),
    addresses: addresses.filter(({ dev }) => dev === device),
    routes: routes.filter((route) => route.protocol === protocol && route.dst === 'default'),
  };
}

export function diffPort(host: Netns, network: Network, port: DhcpPort, state: PortState): PortChange[] {
  const { inside, outside } = state;
  const changes: PortChange[] = state.others.map(({ index, name }) => ({
    action: 'delete',
    kind: 'port',
    subject: name,
    run: (netns) => netns.links.delete(index),
  }));
  // One end without the other: that is in a namespace which has lost its name.
  const whole = inside !== undefined && outside !== undefined;
  if (!whole) changes.push(...create(host, network, port, state));
  else changes.push(...update(host, network, port, inside, outside));
  return [
    ...changes,
    ...diffAddresses(port, whole ? state.addresses : []),
    ...diffRoutes(network, port, whole ? state.routes : []),
  ];
}

/** Every queue of a device is an object in sysfs, and a veth would have one for each processor. */
const queues = { numTxQueues: 1, numRxQueues: 1 };

function create(host: Netns, { mtu, bridge }: Network, { device, mac }: DhcpPort, state: PortState): PortChange[] {
  const size = mtu === undefined ? {} : { mtu };
  return [
    {
      action: 'create',
      kind: 'port',
      subject: device,
      run: async (netns) => {
        if (state.outside) await host.links.delete(state.outside.index);
        else if (state.inside) await netns.links.delete(state.inside.index);
        const peer = { name: device, netns, ...queues, ...size, ...(mac === undefined ? {} : { mac }) };
        const master = bridge === undefined ? {} : { master: bridge };
        await host.links.add({ kind: 'veth', name: device, ...master, ...queues, ...size, peer });
        try {
          await withoutIpv6(host, [device]);
          await settled([
            host.links.set(device, { up: true }),
            netns.links.set('lo', { up: true }),
            netns.links.set(device, { up: true }),
          ]);
        } catch (error) {
          await host.links.delete(device);
          throw error;
        }
      },
      undo: () => host.links.delete(device),
    },
  ];
}

function update(host: Netns, network: Network, port: DhcpPort, inside: Link, outside: Link): PortChange[] {
  const { mtu, bridge } = network;
  const { device, mac } = port;
  const own = {
    ...(mac !== undefined && mac !== inside.mac ? { mac } : {}),
    ...(mtu !== undefined && mtu !== inside.mtu ? { mtu } : {}),
    ...(inside.up ? {} : { up: true }),
  };
  const other = {
    ...(mtu !== undefined && mtu !== outside.mtu ? { mtu } : {}),
    ...(bridge !== undefined && bridge !== outside.master ? { master: bridge } : {}),
    ...(outside.up ? {} : { up: true }),
  };
  const what = [...new Set([...Object.keys(own), ...Object.keys(other)])];
  if (what.length === 0) return [];
  return [
    {
      action: 'update',
      kind: 'port',
      subject: `${device} (${what.join(', ')})`,
      run: async (netns) => {
        if (Object.keys(own).length > 0) await netns.links.set(device, own);
        if (Object.keys(other).length > 0) await host.links.set(device, other);
      },
    },
  ];
}

/** Its addresses, exactly; but for the one that the kernel gives each device. */
function diffAddresses(port: DhcpPort, present: readonly Address[]): PortChange[] {
  const own = port.addresses.map(formatPrefix);
  const wanted = [...own, ...(port.isolatedMetadata ? metadataAddresses : [])];
  const dev = port.device;
  const spec = (address: string): { dev: string; address: string; nodad?: true } => ({
    dev,
    address,
    ...(address.includes(':') ? { nodad: true } : {}),
  });
  const missing = wanted.filter((address) => !present.some((one) => one.address === address));
  const stale = present.filter(
    ({ address, scope }) => !wanted.includes(address) && (scope !== 'link' || metadataAddresses.includes(address)),
  );
  return [
    ...stale.map(
      ({ address }): PortChange => ({
        action: 'delete',
        kind: 'address',
        subject: `${address} on ${dev}`,
        run: (netns) => netns.addresses.delete({ dev, address }),
        undo: (netns) => netns.addresses.add(spec(address)),
      }),
    ),
    ...missing.map(
      (address): PortChange => ({
        action: 'create',
        kind: 'address',
        subject: `${address} on ${dev}`,
        run: (netns) => netns.addresses.add(spec(address)),
        undo: (netns) => netns.addresses.delete({ dev, address }),
      }),
    ),
  ];
}

/** A default route for each family, by the first subnet that has a gateway: for dnsmasq's own questions. */
function diffRoutes({ subnets }: Network, { device }: DhcpPort, present: readonly Route[]): PortChange[] {
  return (['ip', 'ip6'] as const).flatMap((family): PortChange[] => {
    const inet = family === 'ip' ? 'inet' : 'inet6';
    const via = subnets.find((one) => one.prefix.family === family && one.enabled && one.gateway)?.gateway;
    const [have] = present.filter((route) => route.family === inet);
    const route = { dst: 'default', family: inet, dev: device, protocol } as const;
    const subject = (gateway: string | undefined): string => `default via ${gateway} (${inet})`;
    // A gateway may lie outside its subnet.
    const add = (gateway: string) => (netns: Netns) => netns.routes.replace({ ...route, via: gateway, onlink: true });
    const remove = (netns: Netns): Promise<void> => netns.routes.delete(route);
    if (via === have?.gateway && (via === undefined || have?.dev === device)) return [];
    if (via === undefined) return [{ action: 'delete', kind: 'route', subject: subject(have?.gateway), run: remove }];
    return [
      {
        action: have ? 'update' : 'create',
        kind: 'route',
        subject: subject(via),
        run: add(via),
        ...(have ? {} : { undo: remove }),
      },
    ];
  });
}
