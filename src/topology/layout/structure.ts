/** Which boxes belong together, before anything has a place. */
import {
  byCodeUnits,
  type ExternalNode,
  type NetworkNode,
  type RouterNode,
  type Topology,
  type TopologyEdge,
  type TopologyNode,
} from '../graph.js';

/** What hangs on a network: a VM, a DHCP server, a host. One on two networks hangs on both. */
export interface Leaf {
  readonly node: TopologyNode;
  readonly edge: TopologyEdge;
}

export interface RouterPart {
  readonly node: RouterNode;
  /** To external networks. */
  readonly up: readonly TopologyEdge[];
  /** To networks. */
  readonly down: readonly TopologyEdge[];
  /** Networks that stand beneath it: those that no router before it has. */
  readonly networks: readonly NetworkPart[];
}

export interface NetworkPart {
  readonly node: NetworkNode;
  readonly leaves: readonly Leaf[];
}

/** Routers that share networks, or a network without a router. */
export interface Group {
  readonly routers: readonly RouterPart[];
  /** Without a router. */
  readonly networks: readonly NetworkPart[];
}

/** Groups whose first gateway is on one external network. */
export interface Section {
  readonly external: ExternalNode | undefined;
  readonly groups: readonly Group[];
  readonly leaves: readonly Leaf[];
}

export function structureOf(topology: Topology): Section[] {
  const { nodes, edges } = topology;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const outgoing = groupBy(edges, ({ from }) => from);
  const leaves = groupBy(leavesOf(topology), ({ edge }) => edge.to);
  const leavesOn = (id: string): readonly Leaf[] => leaves.get(id) ?? [];

  const externals = nodes.filter((node) => node.kind === 'external');
  const rank = new Map(externals.map(({ id }, at) => [id, at]));
  const isUp = ({ to }: TopologyEdge): boolean => rank.has(to);
  const rankOf = (id: string): number =>
    Math.min(externals.length, ...(outgoing.get(id) ?? []).map(({ to }) => rank.get(to) ?? externals.length));
  const routers = nodes
    .filter((node) => node.kind === 'router')
    .sort((a, b) => rankOf(a.id) - rankOf(b.id) || byCodeUnits(a.id, b.id));

  const taken = new Set<string>();
  const partOf = (node: RouterNode): RouterPart => {
    const own = outgoing.get(node.id) ?? [];
    const down = own.filter((edge) => !isUp(edge));
    const networks = [...new Set(down.map(({ to }) => to))]
      .filter((id) => !taken.has(id))
      .map((id) => {
        taken.add(id);
        return { node: byId.get(id) as NetworkNode, leaves: leavesOn(id) };
      });
    return { node, up: own.filter(isUp), down, networks };
  };
  const groups: Group[] = connected(routers, outgoing, isUp).map((members) => ({
    routers: members.map(partOf),
    networks: [],
  }));
  const alone = nodes.filter((node) => node.kind === 'network').filter(({ id }) => !taken.has(id));
  groups.push(...alone.map((node) => ({ routers: [], networks: [{ node, leaves: leavesOn(node.id) }] })));

  const sectionOf = (group: Group): number => (group.routers[0] ? rankOf(group.routers[0].node.id) : externals.length);
  return [...externals, undefined]
    .map((external, at) => ({
      external,
      groups: groups.filter((group) => sectionOf(group) === at),
      leaves: external ? leavesOn(external.id) : [],
    }))
    .filter(({ external, groups }) => external !== undefined || groups.length > 0);
}

export function leavesOf({ nodes, edges }: Topology): Leaf[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return edges.flatMap((edge) => {
    const node = byId.get(edge.from);
    return node === undefined || node.kind === 'router' ? [] : [{ node, edge }];
  });
}

/** Routers that reach each other by tenant networks, in the order given. */
function connected(
  routers: readonly RouterNode[],
  outgoing: ReadonlyMap<string, readonly TopologyEdge[]>,
  isUp: (edge: TopologyEdge) => boolean,
): RouterNode[][] {
  const root = new Map<string, string>();
  const find = (id: string): string => {
    let at = id;
    for (let next = root.get(at); next !== undefined && next !== at; next = root.get(at)) at = next;
    return at;
  };
  for (const { id } of routers) {
    for (const edge of outgoing.get(id) ?? []) if (!isUp(edge)) root.set(find(edge.to), find(id));
  }
  return [...groupBy(routers, ({ id }) => find(id)).values()];
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
