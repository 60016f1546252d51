/** From what the host has of a network to what is wanted: bridges, and VMs' ports on them. */
import { settled } from '../concurrency.js';
import { Netns } from '../netns/netns.js';
import { markOf } from '../router/names.js';
import { type Change, type Stage, type Step, stepOf } from '../router/steps.js';
import type { Link } from '../rtnetlink/link.js';
import type { WantedNetwork, WantedPort } from './wanted.js';

/** The host's devices, by name. */
export type HostLinks = ReadonlyMap<string, Link>;

export function networkStages(network: WantedNetwork, links: HostLinks, owner: string | undefined): Stage[] {
  // Open vSwitch's ports are plugged in together, when they are all there.
  return [
    [bridgeStep(network, links, owner)],
    [physicalStep(network, links), ...network.ports.map((port) => portStep(network, port, links, owner))],
  ];
}

function bridgeStep(
  { bridge, ownsBridge, mtu }: WantedNetwork,
  links: HostLinks,
  owner: string | undefined,
): Step | undefined {
  if (!ownsBridge) return undefined;
  const present = links.get(bridge);
  if (!present) {
    return stepOf([{ action: 'create', kind: 'bridge', subject: bridge }], async ({ host, undo }) => {
      await host.links.add({
        kind: 'bridge',
        name: bridge,
        up: true,
        stpState: 0,
        // Neutron leaves a bridge without addresses of its own.
        addrGenMode: 'none',
        alias: markOf(owner),
        ...(mtu === undefined ? {} : { mtu }),
      });
      undo.add(() => host.links.delete(bridge));
    });
  }
  const alias = owner === undefined ? present.alias : markOf(owner);
  const details = [
    ...(present.up ? [] : ['up']),
    ...(mtu === undefined || mtu === present.mtu ? [] : [`mtu ${present.mtu} -> ${mtu}`]),
    ...(alias === present.alias ? [] : [`alias ${alias}`]),
  ];
  const changes = details.map((detail): Change => ({ action: 'update', kind: 'bridge', subject: bridge, detail }));
  return stepOf(changes, async ({ host, undo }) => {
    await host.links.set(bridge, {
      up: true,
      ...(mtu === undefined ? {} : { mtu }),
      ...(alias === undefined ? {} : { alias }),
    });
    undo.add(() => host.links.set(bridge, { mtu: present.mtu, alias: present.alias ?? '', up: present.up }));
  });
}

function physicalStep({ bridge, physicalDevice }: WantedNetwork, links: HostLinks): Step | undefined {
  if (physicalDevice === undefined) return undefined;
  const present = links.get(physicalDevice);
  if (present?.master === bridge && present.up) return undefined;
  const detail = `bridge ${present?.master ?? 'none'} -> ${bridge}`;
  return stepOf([{ action: 'update', kind: 'port', subject: physicalDevice, detail }], async ({ host, undo }) => {
    await host.links.set(physicalDevice, { master: bridge, up: true });
    undo.add(() => host.links.set(physicalDevice, { master: present?.master ?? null, up: present?.up ?? false }));
  });
}

function portStep(
  { bridge, mtu, mechanism }: WantedNetwork,
  port: WantedPort,
  links: HostLinks,
  owner: string | undefined,
): Step | undefined {
  const { tap } = port;
  const present = links.get(tap);
  const master = mechanism === 'linuxbridge' ? bridge : undefined;
  if (!present) {
    const changes: Change[] = [{ action: 'create', kind: 'port', subject: tap, detail: `on ${bridge}` }];
    return stepOf(changes, async ({ host, undo }) => {
      await plug(host, port, master, mtu, owner);
      undo.add(() => host.links.delete(tap));
    });
  }
  const moves = master !== undefined && present.master !== master;
  const details = [
    ...(moves ? [`bridge ${present.master ?? 'none'} -> ${bridge}`] : []),
    ...(mtu === undefined || mtu === present.mtu ? [] : [`mtu ${present.mtu} -> ${mtu}`]),
    ...(present.up ? [] : ['up']),
  ];
  const changes = details.map((detail): Change => ({ action: 'update', kind: 'port', subject: tap, detail }));
  return stepOf(changes, async ({ host, undo }) => {
    await host.links.set(tap, { up: true, ...(moves ? { master } : {}), ...(mtu === undefined ? {} : { mtu }) });
    const before = { mtu: present.mtu, up: present.up, ...(moves ? { master: present.master ?? null } : {}) };
    undo.add(() => host.links.set(tap, before));
  });
}

async function plug(
  host: Netns,
  { tap, mac, device }: WantedPort,
  master: string | undefined,
  mtu: number | undefined,
  owner: string | undefined,
): Promise<void> {
  const size = mtu === undefined ? {} : { mtu };
  const common = { name: tap, up: true, alias: markOf(owner), ...(master === undefined ? {} : { master }), ...size };
  if (device.kind === 'tap') {
    // The VM's end has the port's mac; the host's has one of its own.
    const user = device.owner === undefined ? {} : { owner: device.owner };
    return host.links.add({ kind: 'tun', mode: 'tap', ...common, ...user });
  }
  const netns = await Netns.open(device.netns);
  try {
    const peer = { name: device.name, netns, up: true, ...size, ...(mac === undefined ? {} : { mac }) };
    await host.links.add({ kind: 'veth', ...common, peer });
  } finally {
    await netns.close();
  }
}

/** Bridges and VMs' ports that carry this owner's mark, and are in no description. */
export function staleStages(networks: readonly WantedNetwork[], links: HostLinks, owner: string): Stage[] {
  const wanted = new Set(networks.flatMap(({ bridge, ports }) => [bridge, ...ports.map(({ tap }) => tap)]));
  const stale = [...links.values()].filter(({ name, alias }) => alias === markOf(owner) && !wanted.has(name));
  const remove = (bridges: boolean): Step | undefined => {
    const those = stale.filter(({ kind }) => (kind === 'bridge') === bridges);
    const kind = bridges ? 'bridge' : 'port';
    const changes = those.map(({ name }): Change => ({ action: 'delete', kind, subject: name }));
    return stepOf(changes, ({ host }) => settled(those.map(({ index }) => host.links.delete(index))));
  };
  // A bridge's ports first: what leads nowhere carries nothing.
  return [[remove(false)], [remove(true)]];
}
