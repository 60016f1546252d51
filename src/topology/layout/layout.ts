import type { ExternalNode, Topology, TopologyEdge } from '../graph.js';
import { type Band, bandsOf, brokenOf, type Run } from './bands.js';
import type { Block, Grid } from './block.js';
import type {
  Drawing,
  Measure,
  Placed,
  PlacedBar,
  PlacedLabel,
  PlacedLeaf,
  PlacedRouter,
  Point,
  Spacing,
  Trunk,
  Wire,
} from './drawing.js';
import { structureOf } from './structure.js';
import { tracksOf } from './tracks.js';

interface PlacedBlock {
  readonly block: Block;
  readonly x: number;
}

interface PlacedRun {
  readonly run: Run;
  readonly x: number;
  readonly blocks: readonly PlacedBlock[];
}

interface Bar extends Placed {
  readonly node: ExternalNode;
}

/** Places everything. What the drawing is made of decides about sizes, this about places alone. */
export function layOut(topology: Topology, measure: Measure, spacing: Spacing): Drawing {
  const bands = bandsOf(structureOf(topology), measure, spacing);
  return new Layout(measure, spacing, bands).drawing();
}

class Layout {
  readonly #measure: Measure;
  readonly #spacing: Spacing;
  readonly #bands: readonly Band[];
  /** Externals that are drawn in several bands: which. */
  readonly #broken: ReadonlyMap<ExternalNode, readonly number[]>;
  readonly #trunkBars = new Map<ExternalNode, Bar[]>();
  readonly #routers: PlacedRouter[] = [];
  readonly #leaves: PlacedLeaf[] = [];
  readonly #bars: PlacedBar[] = [];
  readonly #wires: Wire[] = [];
  readonly #labels: PlacedLabel[] = [];

  constructor(measure: Measure, spacing: Spacing, bands: readonly Band[]) {
    this.#measure = measure;
    this.#spacing = spacing;
    this.#bands = bands;
    this.#broken = brokenOf(bands);
  }

  drawing(): Drawing {
    const { margin, bandGap, trunk } = this.#spacing;
    const left = margin + (this.#broken.size > 0 ? (this.#broken.size + 1) * trunk : 0);
    let y = margin;
    let width = 0;
    this.#bands.forEach((band, at) => {
      const placed = this.#band(band, at, left, y);
      y = placed.bottom + bandGap;
      width = Math.max(width, placed.right);
    });
    const trunks = [...this.#trunkBars].map(([node, bars]): Trunk => {
      const [first, last] = [bars[0] as Bar, bars.at(-1) as Bar];
      return { node, points: [middleOf(first), middleOf(last)] };
    });
    return {
      routers: this.#routers,
      leaves: this.#leaves,
      bars: this.#bars,
      wires: this.#wires,
      labels: this.#labels,
      trunks,
      width: width + margin,
      height: Math.max(0, y - bandGap) + margin,
    };
  }

  #band(band: Band, index: number, left: number, top: number): { right: number; bottom: number } {
    const { wire } = this.#spacing;
    const { runs, right } = sideBySide(band, left, this.#spacing.groupGap);
    const blocks = runs.flatMap((run) => run.blocks);
    const topHeight = highest(band.map((run) => run.top));
    const barsY = top + (topHeight > 0 ? topHeight + wire : 0);
    const { bars, bottom: barsBottom } = this.#externalBars(runs, index, barsY);
    for (const { run, x } of runs) {
      const bar = run.external && bars.get(run.external.id);
      // Above all bars, whichever theirs is.
      const middle = x + Math.floor((run.width - run.top.width) / 2);
      if (bar) this.#hang(run.top, middle, { bar: bar.y, from: barsY }, 'up');
    }
    const routersBottom = this.#routersOf(blocks, bars, barsBottom ?? barsY);
    const networksBottom = this.#networksOf(blocks, routersBottom, routersBottom > barsY);
    const gridHeight = highest(blocks.flatMap(({ block }) => block.networks.map(({ grid }) => grid)));
    return { right, bottom: networksBottom + (gridHeight > 0 ? wire + gridHeight : 0) };
  }

  /** Returns where they end. */
  #routersOf(blocks: readonly PlacedBlock[], bars: ReadonlyMap<string, Bar>, top: number): number {
    const routers = blocks.flatMap(({ block }) => block.routers);
    if (routers.length === 0) return top;
    const room = bars.size === 0 ? 0 : this.#labelled(routers.flatMap(({ up }) => up));
    const height = highest(routers);
    const y = top + room;
    for (const { block, x: blockX } of blocks) {
      for (const { node, x, width, up } of block.routers) {
        this.#routers.push({ node, x: blockX + x, y, width, height });
        for (const port of up) {
          const bar = bars.get(port.edge.to);
          const at = blockX + port.x;
          if (bar) this.#wire(port.edge, [at, bar.y + bar.height], [at, y]);
          if (bar) this.#label(port.edge, at, top, room);
        }
      }
    }
    return y + height;
  }

  /** Returns where their bars end; what hangs on them comes beneath. */
  #networksOf(blocks: readonly PlacedBlock[], top: number, hasAbove: boolean): number {
    const { track } = this.#spacing;
    const networks = blocks.flatMap(({ block }) => block.networks);
    if (networks.length === 0) return top;
    const tracks = blocks.map(({ block }) => tracksOf(block, track));
    const turning = Math.max(0, ...tracks.map(({ count }) => count)) * track;
    const room = this.#labelled(blocks.flatMap(({ block }) => block.routers.flatMap(({ down }) => down)));
    const y = hasAbove ? top + turning + room : top;
    blocks.forEach(({ block, x: blockX }, at) => {
      for (const { edge, x } of block.routers.flatMap(({ down }) => down)) {
        const [from, to] = [blockX + x, blockX + (block.arrivals.get(edge) as number)];
        const row = tracks[at]?.of.get(edge);
        if (row === undefined) this.#wire(edge, [to, y], [from, top]);
        else {
          const turn = top + (row + 1) * track;
          this.#wire(edge, [to, y], [to, turn], [from, turn], [from, top]);
        }
        this.#label(edge, to, y - room, room);
      }
      for (const { node, x, width, height, grid, gridX } of block.networks) {
        this.#bars.push({ node, x: blockX + x, y, width, height, isFirst: true });
        this.#hang(grid, blockX + gridX, { bar: y + height, from: y + height }, 'down');
      }
    });
    return y + highest(networks);
  }

  /** Those that one band has, above each other where they would overlap. */
  #externalBars(
    runs: readonly PlacedRun[],
    index: number,
    top: number,
  ): { bars: ReadonlyMap<string, Bar>; bottom: number | undefined } {
    const { margin, trunk, track } = this.#spacing;
    const spans = new Map<ExternalNode, { from: number; to: number }>();
    const cover = (node: ExternalNode, from: number, to: number): void => {
      const span = spans.get(node) ?? { from, to };
      spans.set(node, { from: Math.min(span.from, from), to: Math.max(span.to, to) });
    };
    for (const { run, x } of runs) if (run.external) cover(run.external, x, x + run.width);
    for (const { block, x } of runs.flatMap(({ blocks }) => blocks)) {
      for (const router of block.routers) {
        for (const { edge } of router.up) {
          const node = this.#externalOf(edge.to);
          if (node) cover(node, x + router.x, x + router.x + router.width);
        }
      }
    }
    const trunks = [...this.#broken.keys()];
    for (const [node, span] of spans) {
      const lane = trunks.indexOf(node);
      if (lane >= 0) span.from = margin + lane * trunk;
    }
    const lanes: { from: number; to: number }[][] = [];
    const bars = new Map<string, Bar>();
    const ordered = [...spans].sort(([, a], [, b]) => a.from - b.from);
    const height = highest(ordered.map(([node]) => this.#measure.bar(node)));
    for (const [node, { from, to }] of ordered) {
      let lane = lanes.findIndex((taken) => taken.every((other) => other.to < from || other.from > to));
      if (lane < 0) lane = lanes.push([]) - 1;
      lanes[lane]?.push({ from, to });
      const bar = { node, x: from, y: top + lane * (height + track), width: to - from, height };
      bars.set(node.id, bar);
      const isFirst = (this.#broken.get(node)?.[0] ?? index) === index;
      this.#bars.push({ node, x: bar.x, y: bar.y, width: bar.width, height, isFirst });
      if (this.#broken.has(node)) this.#trunkBars.set(node, [...(this.#trunkBars.get(node) ?? []), bar]);
    }
    return { bars, bottom: lanes.length === 0 ? undefined : top + lanes.length * (height + track) - track };
  }

  #externalOf(id: string): ExternalNode | undefined {
    for (const band of this.#bands) for (const { external } of band) if (external?.id === id) return external;
    return undefined;
  }

  #wire(edge: TopologyEdge, ...points: Point[]): void {
    this.#wires.push({ edge, points });
  }

  /** How long wires are to be, for their labels to be beside them. */
  #labelled(ports: readonly { readonly edge: TopologyEdge }[]): number {
    const { wire, label } = this.#spacing;
    const height = highest(ports.map(({ edge }) => this.#measure.label(edge)));
    return Math.max(wire, height === 0 ? 0 : height + 2 * label);
  }

  #label(edge: TopologyEdge, x: number, y: number, room: number): void {
    const { width, height } = this.#measure.label(edge);
    if (width === 0) return;
    const { label } = this.#spacing;
    this.#labels.push({ edge, x: x + label, y: y + Math.floor((room - height) / 2), width, height });
  }

  /** What hangs on a bar, or stands on it: wires begin at the bar's edge, boxes one wire away from `from`. */
  #hang(grid: Grid, x: number, { bar, from }: { bar: number; from: number }, direction: 'up' | 'down'): void {
    const { wire, boxGap, stackGap, stub } = this.#spacing;
    const sign = direction === 'down' ? 1 : -1;
    grid.columns.forEach((column, index) => {
      const columnX = x + index * (grid.columnWidth + boxGap);
      const spine = columnX + Math.floor(stub / 3);
      let reach = wire;
      for (const { node, edge, width, height } of column) {
        const boxX = grid.isStacked ? columnX + stub : columnX;
        const near = from + sign * reach;
        const boxY = direction === 'down' ? near : near - height;
        this.#leaves.push({ node, edge, x: boxX, y: boxY, width, height });
        const middle = boxY + Math.floor(height / 2);
        const centre = boxX + Math.floor(width / 2);
        const points: Point[] = grid.isStacked
          ? [
              [spine, bar],
              [spine, middle],
              [boxX, middle],
            ]
          : [
              [centre, bar],
              [centre, near],
            ];
        this.#wires.push({ edge, points });
        reach += height + stackGap;
      }
    });
  }
}

/** Blocks in the middle of their run, which may be wider for the sake of its bar. */
function sideBySide(band: Band, left: number, gap: number): { runs: PlacedRun[]; right: number } {
  let x = left;
  const runs = band.map((run): PlacedRun => {
    const used = run.blocks.reduce((sum, block) => sum + block.width + gap, -gap);
    let at = x + Math.max(0, Math.floor((run.width - used) / 2));
    const blocks = run.blocks.map((block): PlacedBlock => {
      const placed = { block, x: at };
      at += block.width + gap;
      return placed;
    });
    const placed = { run, x, blocks };
    x += run.width + gap;
    return placed;
  });
  return { runs, right: x - gap };
}

function middleOf({ x, y, height }: Placed): Point {
  return [x, y + Math.floor(height / 2)];
}

function highest(sizes: readonly { readonly height: number }[]): number {
  return Math.max(0, ...sizes.map(({ height }) => height));
}
