/** Words that every drawing uses. */
import type { ExternalNode, NetworkNode, Topology, TopologyEdge, TopologyNode, TopologyPort } from './graph.js';

const uuid = /^(q(?:router|dhcp)-[0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What nodes are called in a drawing, by id: UUIDs are cut to their first part where that is enough to tell them apart. */
export function shortNames({ nodes }: Topology, ellipsis = '…'): ReadonlyMap<string, string> {
  const short = (name: string): string => {
    const start = uuid.exec(name)?.[1];
    return start === undefined ? name : start + ellipsis;
  };
  const count = new Map<string, number>();
  for (const { name } of nodes) count.set(short(name), (count.get(short(name)) ?? 0) + 1);
  return new Map(nodes.map(({ id, name }) => [id, count.get(short(name)) === 1 ? short(name) : name]));
}

/** What the floating IPs of a router or a VM are said to be; undefined where there is nothing to say. */
export function floatingWords(node: TopologyNode): string | undefined {
  if (node.kind === 'vm') return node.floatingIps?.join(', ') || undefined;
  if (node.kind !== 'router' || node.floatingIps === 0) return undefined;
  return `${node.floatingIps.toLocaleString('en')} floating IP${node.floatingIps === 1 ? '' : 's'}`;
}

/** `eth0 · tap1`, or what is known of the two. */
export function deviceWords({ device, peer }: TopologyPort): string {
  return device === peer ? (device ?? '') : [device, peer].filter((name) => name !== undefined).join(' · ');
}

/** The order in which a drawing reads: from the outside in. */
export function outsideIn(node: TopologyNode, to: TopologyNode): readonly [upper: TopologyNode, lower: TopologyNode] {
  const isAbove = node.kind === 'host' || (node.kind === 'router' && to.kind === 'network');
  return isAbove ? [node, to] : [to, node];
}

/** What a drawing of boxes and lines says beneath a node's name. */
export function boxWords(node: TopologyNode): string[] {
  switch (node.kind) {
    case 'external':
    case 'network':
      return [...[placeWords(node)].filter(Boolean), ...node.subnets];
    case 'router': {
      const unplugged = node.unplugged.map((port) => `${portName(port)} unplugged`);
      const nexthops = node.nexthops.map((nexthop) => `default via ${nexthop}`);
      return [...markedFloating(node), ...nexthops, ...unplugged];
    }
    case 'vm':
      return markedFloating(node);
    default:
      return [];
  }
}

/** And beside a line. */
export function edgeWords(edge: TopologyEdge): string[] {
  return [deviceWords(edge), ...edge.addresses, ...mtuWords(edge)].filter(Boolean);
}

/** What Ethernet has goes without saying. */
export function mtuWords({ mtu }: TopologyPort): string[] {
  return mtu === undefined || mtu === 1500 ? [] : [`mtu ${mtu}`];
}

/** `br-int tag 1`, of a network that is not called as its bridge is. */
export function placeWords({ name, bridge, tag }: NetworkNode | ExternalNode): string {
  return [...(name === bridge ? [] : [bridge]), ...(tag === undefined ? [] : [`tag ${tag}`])].join(' ');
}

export function portName({ device, peer }: TopologyPort): string {
  return device ?? peer ?? '';
}

function markedFloating(node: TopologyNode): string[] {
  const words = floatingWords(node);
  return words === undefined ? [] : [`⇄ ${words}`];
}
