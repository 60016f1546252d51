import type { ExternalNode, Topology } from '../graph.js';
import { type Block, blockOf, type Grid, gridOf } from './block.js';
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
import { type Section, structureOf } from './structure.js';
import { tracksOf } from './tracks.js';

/** Blocks of one section, side by side. */
interface Run {
  readonly external: ExternalNode | undefined;
  readonly blocks: readonly Block[];
  /** Above the external network's bar. */
  readonly top: Grid;
  readonly width: number;
}

/** Runs side by side. */
type Band = readonly Run[];

interface Bar extends Placed {
  readonly node: ExternalNode;
  readonly lane: number;
}

/** Places everything. What the drawing is made of decides about sizes, this about places alone. */
export function layOut(topology: Topology, measure: Measure, spacing: Spacing): Drawing {
  const bands = bandsOf(structureOf(topology), measure, spacing);
  return new Layout(measure, spacing, bands).drawing();
}

function bandsOf(sections: readonly Section[], measure: Measure, spacing: Spacing): Band[] {
  const whole = sections.map(({ external, groups, leaves }) => {
    const blocks = groups.map((group) => blockOf(group, measure, spacing));
    return runOf(external, blocks, gridOf(leaves, measure, spacing), measure, spacing);
  });
  const { maxWidth, groupGap, margin } = spacing;
  const room = maxWidth - 2 * margin;
  if (whole.reduce((sum, { width }) => sum + width + groupGap, -groupGap) <= room)
    return whole.length > 0 ? [whole] : [];
  const none = gridOf([], measure, spacing);
  return whole.flatMap(({ external, blocks, top, width }): Band[] => {
    if (width <= room) return [[runOf(external, blocks, top, measure, spacing)]];
    // A trunk takes room on the left.
    const rows = rowsOf(blocks, room - 2 * groupGap, groupGap);
    return rows.map((row, at) => [runOf(external, row, at === 0 ? top : none, measure, spacing)]);
  });
}

function rowsOf(blocks: readonly Block[], room: number, gap: number): Block[][] {
  const rows: Block[][] = [[]];
  let used = 0;
  for (const block of blocks) {
    const row = rows.at(-1) as Block[];
    if (row.length > 0 && used + gap + block.width > room) {
      rows.push([block]);
      used = block.width;
    } else {
      row.push(block);
      used += (row.length > 1 ? gap : 0) + block.width;
    }
  }
  return rows;
}

function runOf(
  external: ExternalNode | undefined,
  blocks: readonly Block[],
  top: Grid,
  measure: Measure,
  { groupGap }: Spacing,
): Run {
  const width = blocks.reduce((sum, block) => sum + block.width + groupGap, -groupGap);
  return { external, blocks, top, width: Math.max(0, width, top.width, external ? measure.bar(external).width : 0) };
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
    const { margin, bandGap, groupGap } = this.#spacing;
    const lanes = [...this.#broken.keys()];
    const left = margin + (lanes.length > 0 ? 2 * groupGap : 0);
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
    const { groupGap, wire, label, track } = this.#spacing;
    const runs: { run: Run; x: number; blocks: { block: Block; x: number }[] }[] = [];
    let x = left;
    for (const run of band) {
      const used = run.blocks.reduce((sum, block) => sum + block.width + groupGap, -groupGap);
      let at = x + Math.max(0, Math.floor((run.width - used) / 2));
      const blocks = run.blocks.map((block) => {
        const placed = { block, x: at };
        at += block.width + groupGap;
        return placed;
      });
      runs.push({ run, x, blocks });
      x += run.width + groupGap;
    }
    const placed = runs.flatMap(({ blocks }) => blocks);
    const routers = placed.flatMap(({ block }) => block.routers);
    const networks = placed.flatMap(({ block }) => block.networks);

    const topHeight = highest(band.map(({ top }) => top));
    const barsY = top + (topHeight > 0 ? topHeight + wire : 0);
    const { bars, bottom: barsBottom } = this.#externalBars(runs, index, barsY);
    for (const { run, x: runX } of runs) {
      const bar = run.external && bars.get(run.external.id);
      // Above all bars, whichever theirs is.
      if (bar)
        this.#hang(run.top, runX + Math.floor((run.width - run.top.width) / 2), { bar: bar.y, from: barsY }, 'up');
    }

    const labelled = (edges: readonly { height: number }[]): number => {
      const height = highest(edges);
      return Math.max(wire, height === 0 ? 0 : height + 2 * label);
    };
    const up = labelled(routers.flatMap((router) => router.up.map(({ edge }) => this.#measure.label(edge))));
    const routerY = barsBottom === undefined || routers.length === 0 ? (barsBottom ?? barsY) : barsBottom + up;
    const routerBottom = routerY + highest(routers);
    const tracks = placed.map(({ block }) => tracksOf(block, track));
    const tracksHeight = Math.max(0, ...tracks.map(({ count }) => count)) * track;
    const down = labelled(routers.flatMap((router) => router.down.map(({ edge }) => this.#measure.label(edge))));
    const hasAbove = routers.length > 0 || barsBottom !== undefined;
    const networkY = networks.length === 0 || !hasAbove ? routerBottom : routerBottom + tracksHeight + down;
    const networkBottom = networkY + highest(networks);

    placed.forEach(({ block, x: blockX }, at) => {
      for (const { node, x: own, width, up: ports, down: downPorts } of block.routers) {
        this.#routers.push({ node, x: blockX + own, y: routerY, width, height: highest(routers) });
        for (const { edge, x: port } of ports) {
          const bar = bars.get(edge.to);
          if (!bar) continue;
          const px = blockX + port;
          this.#wires.push({
            edge,
            points: [
              [px, bar.y + bar.height],
              [px, routerY],
            ],
          });
          this.#label(edge, px, routerY - up, up);
        }
        for (const { edge, x: port } of downPorts) {
          const [from, to] = [blockX + port, blockX + (block.arrivals.get(edge) as number)];
          const row = tracks[at]?.of.get(edge);
          const turn = routerBottom + ((row ?? 0) + 1) * track;
          const bend: Point[] =
            row === undefined
              ? []
              : [
                  [to, turn],
                  [from, turn],
                ];
          this.#wires.push({ edge, points: [[to, networkY], ...bend, [from, routerBottom]] });
          this.#label(edge, to, networkY - down, down);
        }
      }
      for (const { node, x: own, width, height, grid, gridX } of block.networks) {
        this.#bars.push({ node, x: blockX + own, y: networkY, width, height, isFirst: true });
        const edge = networkY + height;
        this.#hang(grid, blockX + gridX, { bar: edge, from: edge }, 'down');
      }
    });
    const gridHeight = highest(networks.map(({ grid }) => grid));
    return { right: x - groupGap, bottom: networkBottom + (gridHeight > 0 ? wire + gridHeight : 0) };
  }

  /** Those that one band has, above each other where they would overlap. */
  #externalBars(
    runs: readonly { readonly run: Run; readonly x: number; readonly blocks: readonly { block: Block; x: number }[] }[],
    index: number,
    top: number,
  ): { bars: ReadonlyMap<string, Bar>; bottom: number | undefined } {
    const { margin, groupGap, track } = this.#spacing;
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
      if (lane >= 0) span.from = margin + Math.floor((lane * groupGap) / trunks.length);
    }
    const lanes: { from: number; to: number }[][] = [];
    const bars = new Map<string, Bar>();
    const ordered = [...spans].sort(([, a], [, b]) => a.from - b.from);
    const height = highest(ordered.map(([node]) => this.#measure.bar(node)));
    for (const [node, { from, to }] of ordered) {
      let lane = lanes.findIndex((taken) => taken.every((other) => other.to < from || other.from > to));
      if (lane < 0) lane = lanes.push([]) - 1;
      lanes[lane]?.push({ from, to });
      const bar = { node, lane, x: from, y: top + lane * (height + track), width: to - from, height };
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

  #label(edge: Wire['edge'], x: number, y: number, room: number): void {
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

/** Externals of more than one band. */
function brokenOf(bands: readonly Band[]): ReadonlyMap<ExternalNode, readonly number[]> {
  const externals = new Map<string, ExternalNode>();
  for (const { external } of bands.flat()) if (external) externals.set(external.id, external);
  const found = new Map<ExternalNode, number[]>();
  bands.forEach((band, at) => {
    const edges = band.flatMap(({ blocks }) => blocks.flatMap(({ routers }) => routers.flatMap(({ up }) => up)));
    const ids = new Set(edges.map(({ edge }) => edge.to));
    for (const { external } of band) if (external) ids.add(external.id);
    for (const id of ids) {
      const node = externals.get(id);
      if (node) found.set(node, [...(found.get(node) ?? []), at]);
    }
  });
  for (const [node, at] of found) if (at.length < 2) found.delete(node);
  return found;
}

function middleOf({ x, y, height }: Placed): Point {
  return [x, y + Math.floor(height / 2)];
}

function highest(sizes: readonly { readonly height: number }[]): number {
  return Math.max(0, ...sizes.map(({ height }) => height));
}
