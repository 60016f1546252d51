import { checkArray, checkInteger, checkKeys, invalidValue } from '../errors.js';
import { checkNetwork, type WantedNetwork } from '../network/wanted.js';
import { checkId } from '../router/names.js';
import { checkSpec, type Wanted } from '../router/wanted.js';
import type { NodeOptions, NodeSpec } from './spec.js';

/** A node's description, checked. */
export interface WantedNode {
  readonly name: string;
  readonly networks: readonly WantedNetwork[];
  readonly routers: readonly Wanted[];
}

const keys: ReadonlySet<string> = new Set(['name', 'networks', 'routers']);

export function checkNode(spec: NodeSpec): WantedNode {
  checkKeys(spec, keys, 'spec');
  const { networks = [], routers = [] } = spec;
  for (const [key, list] of Object.entries({ networks, routers })) checkArray<unknown>(list, `spec.${key}`);
  const checked = networks.map((network, at) => checkNetwork(network, `spec.networks[${at}]`));
  const byId = new Map(checked.map((network) => [network.id, network]));
  const node: WantedNode = {
    name: checkId(spec.name ?? 'node', 'spec.name'),
    networks: checked,
    routers: routers.map((router, at) => checkSpec(router, `spec.routers[${at}]`, (id) => plugged(byId.get(id)))),
  };
  checkOnce(
    node.networks.map(({ id }) => id),
    'spec.networks',
    'have one id twice',
  );
  checkOnce(
    node.routers.map(({ id }) => id),
    'spec.routers',
    'have one id twice',
  );
  const bridges = node.networks.filter(({ ownsBridge }) => ownsBridge).map(({ bridge }) => bridge);
  const own = node.networks.filter(({ mechanism }) => mechanism === 'linuxbridge').map(({ bridge }) => bridge);
  checkOnce(own, 'spec.networks', 'have one bridge');
  const taps = [
    ...node.networks.flatMap(({ ports, dhcp }) => [
      ...ports.map(({ tap }) => tap),
      ...(dhcp?.dhcp ? [dhcp.dhcp.device] : []),
    ]),
    ...node.routers.flatMap(({ interfaces, gateway }) =>
      [...interfaces, ...(gateway ? [gateway] : [])].map(({ tap }) => tap),
    ),
  ];
  checkOnce([...taps, ...bridges], 'spec', 'has two ports, or networks, whose ids begin with the same 11 characters');
  return node;
}

/** On Open vSwitch a port's other end is left alone, and plugged in with all others. */
function plugged(network: WantedNetwork | undefined) {
  return network && { bridge: network.mechanism === 'linuxbridge' ? network.bridge : undefined, mtu: network.mtu };
}

export function checkConcurrency({ concurrency = 32 }: NodeOptions): number {
  return checkInteger(concurrency, 'options.concurrency', 1, 1024);
}

function checkOnce(names: readonly string[], path: string, reason: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw invalidValue(path, reason, name);
    seen.add(name);
  }
}
