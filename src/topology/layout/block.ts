/** A group, laid out from left to right: a router stands above its networks, and these above what hangs on them. */
import type { NetworkNode, RouterNode, TopologyEdge } from '../graph.js';
import type { Measure, Size, Spacing } from './drawing.js';
import type { Group, Leaf, NetworkPart, RouterPart } from './structure.js';

/** Boxes in columns. In one row each hangs on a wire of its own, in several on a wire along the column. */
export interface Grid extends Size {
  readonly columns: readonly (readonly (Leaf & Size)[])[];
  readonly columnWidth: number;
  readonly isStacked: boolean;
}

export interface BlockRouter extends Size {
  readonly node: RouterNode;
  readonly x: number;
  readonly up: readonly Port[];
  readonly down: readonly Port[];
}

export interface Port {
  readonly edge: TopologyEdge;
  /** Where the wire leaves the router. */
  readonly x: number;
}

export interface BlockNetwork extends Size {
  readonly node: NetworkNode;
  readonly x: number;
  readonly grid: Grid;
  readonly gridX: number;
}

type SizedNetwork = Omit<BlockNetwork, 'x' | 'gridX'>;

export interface Block {
  readonly width: number;
  readonly routers: readonly BlockRouter[];
  readonly networks: readonly BlockNetwork[];
  /** Where a wire arrives at its network, from above. */
  readonly arrivals: ReadonlyMap<TopologyEdge, number>;
}

export function gridOf(leaves: readonly Leaf[], measure: Measure, spacing: Spacing): Grid {
  const rows = Math.ceil(leaves.length / Math.max(1, spacing.columns(leaves.length)));
  const sized = leaves.map((leaf) => ({ ...leaf, ...measure.leaf(leaf) }));
  const columns: (Leaf & Size)[][] = [];
  for (let at = 0; at < sized.length; at += rows) columns.push(sized.slice(at, at + rows));
  const isStacked = rows > 1;
  const columnWidth = Math.max(0, ...sized.map(({ width }) => width)) + (isStacked ? spacing.stub : 0);
  const heightOf = (column: readonly Size[]): number =>
    column.reduce((sum, { height }) => sum + height + spacing.stackGap, -spacing.stackGap);
  return {
    columns,
    columnWidth,
    isStacked,
    width: Math.max(0, columns.length * (columnWidth + spacing.boxGap) - spacing.boxGap),
    height: Math.max(0, ...columns.map(heightOf)),
  };
}

export function blockOf(group: Group, measure: Measure, spacing: Spacing): Block {
  const { boxGap } = spacing;
  const arriving = arrivingEdges(group);
  const routers: { part: RouterPart; x: number; width: number; height: number }[] = [];
  let networks: BlockNetwork[] = [];
  let x = 0;
  const putNetworks = (sized: readonly SizedNetwork[], from: number): void => {
    let at = from;
    for (const network of sized) {
      networks.push({ ...network, x: at, gridX: at + Math.floor((network.width - network.grid.width) / 2) });
      at += network.width + boxGap;
    }
  };
  const widthOf = (sized: readonly Size[]): number => sized.reduce((sum, { width }) => sum + width + boxGap, -boxGap);

  for (const part of group.routers) {
    const sized = part.networks.map((network) => sizeNetwork(network, arriving, measure, spacing));
    const box = routerBox(part, measure, spacing);
    const below = Math.max(0, widthOf(sized));
    const width = Math.max(box.slot, below);
    putNetworks(sized, x + Math.floor((width - below) / 2));
    routers.push({
      part,
      x: x + Math.floor(width / 2) - Math.floor(box.width / 2),
      width: box.width,
      height: box.height,
    });
    x += width + boxGap;
  }
  const alone = group.networks.map((network) => sizeNetwork(network, arriving, measure, spacing));
  putNetworks(alone, x);
  if (alone.length > 0) x += widthOf(alone) + boxGap;

  networks = stretched(networks, arriving, new Map(routers.map(({ part, ...place }) => [part.node.id, place])), boxGap);
  const centres = new Map(routers.map(({ part, x: left, width }) => [part.node.id, left + Math.floor(width / 2)]));
  const arrivals = arrivalsOf(networks, arriving, centres, measure, spacing);
  return {
    width: Math.max(0, x - boxGap),
    networks,
    arrivals,
    routers: routers.map(({ part, ...place }) => ({
      ...place,
      node: part.node,
      up: upPorts(part, place, measure, spacing),
      down: downPorts(part, place, arrivals, spacing),
    })),
  };
}

/** Wires to each network, by its id. */
function arrivingEdges({ routers }: Group): ReadonlyMap<string, readonly TopologyEdge[]> {
  const arriving = new Map<string, TopologyEdge[]>();
  for (const edge of routers.flatMap(({ down }) => down)) {
    arriving.set(edge.to, [...(arriving.get(edge.to) ?? []), edge]);
  }
  return arriving;
}

/** A wire and its label, side by side with others. */
function slotWidth(edge: TopologyEdge, measure: Measure, { label, port }: Spacing): number {
  const { width } = measure.label(edge);
  return Math.max(port, width === 0 ? 0 : width + 2 * label);
}

/** Room for wires at one side of a box: a single one is in the middle, with its label to the right. */
function slotsWidth(edges: readonly TopologyEdge[], measure: Measure, spacing: Spacing): number {
  const slots = edges.map((edge) => slotWidth(edge, measure, spacing));
  return edges.length === 1 ? 2 * (slots[0] as number) : slots.reduce((sum, slot) => sum + slot, 0);
}

function sizeNetwork(
  { node, leaves }: NetworkPart,
  arriving: ReadonlyMap<string, readonly TopologyEdge[]>,
  measure: Measure,
  spacing: Spacing,
): SizedNetwork {
  const grid = gridOf(leaves, measure, spacing);
  const { width, height } = measure.bar(node);
  const wires = slotsWidth(arriving.get(node.id) ?? [], measure, spacing);
  return { node, grid, height, width: Math.max(width, wires + spacing.label + 1, grid.width) };
}

/** `slot`: what is needed beside the next router, labels included. */
function routerBox(part: RouterPart, measure: Measure, spacing: Spacing): Size & { readonly slot: number } {
  const { width, height } = measure.router(part.node);
  const above = slotsWidth(part.up, measure, spacing);
  const ports = (Math.max(part.up.length, part.down.length) + 1) * spacing.port;
  const box = Math.max(width, ports, part.up.length > 1 ? above : 0);
  return { width: box, height, slot: Math.max(box, above) };
}

/** A network of several routers reaches beneath all of them, as far as there is room. */
function stretched(
  networks: readonly BlockNetwork[],
  arriving: ReadonlyMap<string, readonly TopologyEdge[]>,
  routers: ReadonlyMap<string, { readonly x: number; readonly width: number }>,
  gap: number,
): BlockNetwork[] {
  return networks.map((network, at) => {
    const attached = (arriving.get(network.node.id) ?? []).flatMap(({ from }) => routers.get(from) ?? []);
    const end = network.x + network.width;
    const farthest = Math.max(end, ...attached.map(({ x, width }) => x + width));
    const next = networks[at + 1]?.x ?? Number.POSITIVE_INFINITY;
    return attached.length < 2
      ? network
      : { ...network, width: Math.max(end, Math.min(farthest, next - gap)) - network.x };
  });
}

/** Beneath the router if the network reaches there, and as near to it as the other wires and labels let it otherwise. */
function arrivalsOf(
  networks: readonly BlockNetwork[],
  arriving: ReadonlyMap<string, readonly TopologyEdge[]>,
  centres: ReadonlyMap<string, number>,
  measure: Measure,
  spacing: Spacing,
): ReadonlyMap<TopologyEdge, number> {
  const arrivals = new Map<TopologyEdge, number>();
  const centre = (edge: TopologyEdge): number => centres.get(edge.from) as number;
  for (const { node, x, width } of networks) {
    const edges = [...(arriving.get(node.id) ?? [])].sort((a, b) => centre(a) - centre(b));
    const slots = edges.map((edge) => slotWidth(edge, measure, spacing));
    const [only, ...others] = edges;
    if (only !== undefined && others.length === 0) {
      const isBeneath = centre(only) > x && centre(only) + (slots[0] as number) <= x + width;
      const middle = x + Math.floor(width / 2);
      // A step of one unit would look like a mistake.
      arrivals.set(only, isBeneath || Math.abs(centre(only) - middle) <= 1 ? centre(only) : middle);
      continue;
    }
    let free = x + spacing.label + 1;
    let needed = slots.reduce((sum, slot) => sum + slot, 0);
    edges.forEach((edge, at) => {
      const place = Math.max(free, Math.min(centre(edge), x + width - needed));
      arrivals.set(edge, place);
      free = place + (slots[at] as number);
      needed -= slots[at] as number;
    });
  }
  return arrivals;
}

function upPorts(
  { up }: RouterPart,
  { x, width }: { readonly x: number; readonly width: number },
  measure: Measure,
  spacing: Spacing,
): Port[] {
  const [only, ...others] = up;
  if (only !== undefined && others.length === 0) return [{ edge: only, x: x + Math.floor(width / 2) }];
  let at = x + spacing.label;
  return up.map((edge) => {
    const port = { edge, x: at };
    at += slotWidth(edge, measure, spacing);
    return port;
  });
}

/** Straight down where the network lies beneath; else from the near end, so that wires of one router do not cross. */
function downPorts(
  { down }: RouterPart,
  { x, width }: { readonly x: number; readonly width: number },
  arrivals: ReadonlyMap<TopologyEdge, number>,
  { port }: Spacing,
): Port[] {
  const target = (edge: TopologyEdge): number => arrivals.get(edge) as number;
  const sorted = [...down].sort((a, b) => target(a) - target(b));
  const fitsStraight = (from: number, to: number): boolean =>
    sorted.slice(from, to).every((edge) => {
      return target(edge) >= x + (from + 1) * port && target(edge) <= x + width - 1 - (sorted.length - to + 1) * port;
    });
  let [left, right] = [0, sorted.length];
  while (left < right && target(sorted[left] as TopologyEdge) < x + (left + 1) * port) left++;
  while (
    right > left &&
    target(sorted[right - 1] as TopologyEdge) > x + width - 1 - (sorted.length - right + 1) * port
  ) {
    right--;
  }
  // Those at the ends take room from those that go straight.
  while (left < right && !fitsStraight(left, right)) left++;
  return sorted.map((edge, at) => {
    if (at < left) return { edge, x: x + (at + 1) * port };
    if (at >= right) return { edge, x: x + width - 1 - (sorted.length - at) * port };
    return { edge, x: target(edge) };
  });
}
