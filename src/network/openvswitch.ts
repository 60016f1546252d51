/** A node's ports on a bridge of Open vSwitch: all of them in one transaction. */
import { settled } from '../concurrency.js';
import { insteadOf } from '../errors.js';
import type { OpenVswitch, OvsOptions, OvsPort, OvsPortSpec } from '../ovs/index.js';
import type { Change } from '../router/steps.js';

/** Interface.external_ids, by which a later run knows what is this node's. */
const nodeKey = 'netloom-node';

export interface OvsWanted {
  readonly bridge: string;
  readonly node: string;
  readonly ports: readonly OvsWantedPort[];
}

export interface OvsWantedPort {
  /** `tap…` */
  readonly name: string;
  readonly portId: string;
  readonly network: string;
  readonly mac: string | undefined;
}

interface Difference {
  readonly bridge: 'missing' | 'there';
  readonly missing: readonly OvsWantedPort[];
  readonly altered: readonly OvsWantedPort[];
  readonly stale: readonly string[];
}

export async function planOvs(ovs: OpenVswitch, wanted: OvsWanted, options: OvsOptions): Promise<Change[]> {
  const { bridge, missing, altered, stale } = await difference(ovs, wanted, options);
  const on = `on ${wanted.bridge}`;
  const change = (action: Change['action'], name: string): Change => ({
    action,
    kind: 'port',
    subject: `${name} ${on}`,
  });
  return [
    ...(bridge === 'missing' ? [{ action: 'create', kind: 'bridge', subject: wanted.bridge } as const] : []),
    ...missing.map(({ name }) => change('create', name)),
    ...altered.map(({ name }) => change('update', name)),
    ...stale.map((name) => change('delete', name)),
  ];
}

/**
 * Plugs what is not plugged in, and takes out what is this node's and not wanted. `offload` is called of ports that are new on a bridge with
 * the userspace datapath, which drops what a device has left it to compute checksums of.
 */
export async function applyOvs(
  ovs: OpenVswitch,
  wanted: OvsWanted,
  options: OvsOptions,
  offload: (port: OvsWantedPort) => Promise<void>,
): Promise<void> {
  const { bridge, missing, altered, stale } = await difference(ovs, wanted, options);
  if (bridge === 'missing') await ovs.addBridge(wanted.bridge, {}, options);
  const ports = [...missing, ...altered];
  if (ports.length > 0) {
    await ovs.addPorts(
      wanted.bridge,
      ports.map((port) => specOf(port, wanted.node)),
      { ...options, rollback: true },
    );
    const bridges = await ovs.bridges(options);
    if (bridges.find(({ name }) => name === wanted.bridge)?.datapathType === 'netdev') {
      try {
        await settled(missing.map(offload));
      } catch (error) {
        // Plugged in as it is, it would be taken for one that is as it should be.
        await ovs
          .deletePorts(
            wanted.bridge,
            missing.map(({ name }) => name),
          )
          .catch(() => {});
        throw error;
      }
    }
  }
  if (stale.length > 0) await ovs.deletePorts(wanted.bridge, stale, options);
}

async function difference(ovs: OpenVswitch, wanted: OvsWanted, options: OvsOptions): Promise<Difference> {
  const present = await ovs.ports(wanted.bridge, options).catch(insteadOf('ENOENT', undefined));
  const byName = new Map(present?.map((port) => [port.name, port]));
  const names = new Set(wanted.ports.map(({ name }) => name));
  return {
    bridge: present ? 'there' : 'missing',
    missing: wanted.ports.filter(({ name }) => !byName.has(name)),
    altered: wanted.ports.filter((port) => {
      const have = byName.get(port.name);
      return have !== undefined && !same(port, have, wanted.node);
    }),
    stale: (present ?? [])
      .filter(({ name, externalIds }) => externalIds[nodeKey] === wanted.node && !names.has(name))
      .map(({ name }) => name),
  };
}

/** Bridges that hold ports of a node's. */
export async function bridgesOf(ovs: OpenVswitch, node: string, options: OvsOptions): Promise<string[]> {
  const bridges = await ovs.bridges(options);
  const held = await Promise.all(
    bridges.map(async ({ name }) => {
      const ports = await ovs.ports(name, options);
      return ports.some(({ externalIds }) => externalIds[nodeKey] === node) ? [name] : [];
    }),
  );
  return held.flat();
}

function same(port: OvsWantedPort, have: OvsPort, node: string): boolean {
  const ids = idsOf(port, node);
  return have.network === port.network && Object.entries(ids).every(([key, value]) => have.externalIds[key] === value);
}

const specOf = (port: OvsWantedPort, node: string): OvsPortSpec => ({
  name: port.name,
  network: port.network,
  externalIds: idsOf(port, node),
});

/** As Neutron's agent has them: see `neutronExternalIds`. Of a port without a mac of its own, which the kernel gives, that is left out. */
function idsOf({ portId, mac }: OvsWantedPort, node: string): Record<string, string> {
  return {
    'iface-id': portId,
    'iface-status': 'active',
    ...(mac === undefined ? {} : { 'attached-mac': mac.toLowerCase() }),
    [nodeKey]: node,
  };
}
