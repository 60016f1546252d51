import { clip, type Span, type Style, span, spansWidth } from '../../text/spans.js';
import { textWidth } from '../../text/text-width.js';
import type { ExternalNode, NetworkNode, RouterNode, Topology, TopologyEdge } from '../graph.js';
import { placeWords, portName, shortNames } from '../labels.js';
import {
  type Drawing,
  type Leaf,
  layOut,
  leavesOf,
  type Measure,
  type Placed,
  type Point,
  type Size,
} from '../layout/index.js';
import { Canvas } from './canvas.js';
import type { DrawOptions } from './terminal.js';
import { floatingCount, floatingIps, floatingLegend } from './words.js';

type Line = readonly Span[];

const FRAME: Style = 'faint';
/** A frame and one space on either side. */
const BORDERS = 4;

const base = { margin: 0, trunk: 2, stackGap: 0, bandGap: 1, wire: 1, track: 1, port: 2, label: 0, stub: 3 };

/** The first that fits is taken: with air where there is room for it, ports side by side rather than stacked. */
const attempts = [
  { air: { boxGap: 3, groupGap: 5 }, stacksPorts: false, most: 4 },
  { air: { boxGap: 1, groupGap: 1 }, stacksPorts: false, most: 4 },
  { air: { boxGap: 1, groupGap: 1 }, stacksPorts: true, most: 4 },
  { air: { boxGap: 1, groupGap: 1 }, stacksPorts: true, most: 2 },
] as const;

/** The picture, in one row if that fits, else in several; undefined where not even one router fits. */
export function drawPicture(topology: Topology, options: DrawOptions): string[] | undefined {
  for (const maxWidth of [Number.POSITIVE_INFINITY, options.columns]) {
    for (const { air, stacksPorts, most } of attempts) {
      const content = new CellContent(topology, options.unicode, stacksPorts);
      const columns = (boxes: number): number => (boxes <= most ? boxes : Math.max(2, most - 1));
      const drawing = layOut(topology, content, { ...base, ...air, columns, maxWidth });
      if (drawing.width <= options.columns) return draw(topology, drawing, content, options);
    }
  }
  return undefined;
}

/** What is written into boxes. All of a kind are of one size: the eye finds what corresponds. */
class CellContent implements Measure {
  readonly #topology: Topology;
  readonly #unicode: boolean;
  readonly #stacksPorts: boolean;
  readonly #names: ReadonlyMap<string, string>;
  readonly #routerSize: Size;
  readonly #hostSize: Size;
  readonly #guestSize: Size;
  readonly #barHeight: number;

  constructor(topology: Topology, unicode: boolean, stacksPorts: boolean) {
    this.#topology = topology;
    this.#unicode = unicode;
    this.#stacksPorts = stacksPorts;
    this.#names = shortNames(topology, unicode ? '…' : '...');
    const leaves = leavesOf(topology);
    const isHost = ({ node }: Leaf): boolean => node.kind === 'host';
    const bars = topology.nodes.filter((node) => node.kind === 'network' || node.kind === 'external');
    this.#routerSize = largest(
      topology.nodes.filter((node) => node.kind === 'router').map((node) => this.routerLines(node)),
    );
    this.#hostSize = largest(leaves.filter(isHost).map((leaf) => this.leafLines(leaf)));
    this.#guestSize = largest(leaves.filter((leaf) => !isHost(leaf)).map((leaf) => this.leafLines(leaf)));
    this.#barHeight = Math.max(0, ...bars.map((node) => this.barLines(node).length)) + 2;
  }

  routerLines(node: RouterNode): Line[] {
    const ports = this.#topology.edges.filter(({ from }) => from === node.id);
    const lines = this.#stacksPorts ? portsStacked(ports) : portsSideBySide(ports);
    const counted = floatingCount(node, this.#unicode);
    const unplugged = node.unplugged.map((port): Line => [span(`${portName(port)} unplugged`, 'caution')]);
    return [[span(this.#nameOf(node.id), 'strong')], ...lines, ...unplugged, ...counted.map((one) => [one])];
  }

  leafLines({ node, edge }: Leaf): Line[] {
    return [
      [span(this.#nameOf(node.id), 'strong')],
      ...edge.addresses.map((address) => [span(address)]),
      ...floatingIps(node, this.#unicode).map((one) => [one]),
    ];
  }

  barLines(node: NetworkNode | ExternalNode): Line[] {
    const place = placeWords(node);
    const { subnets } = node;
    const style = node.kind === 'external' ? 'outer' : 'inner';
    return [
      [span(this.#nameOf(node.id), style), ...(place === '' ? [] : [span(`  ${place}`, 'faint')])],
      ...(subnets.length === 0 ? [] : [[span(subnets.join('  '))]]),
    ];
  }

  router(): Size {
    return this.#routerSize;
  }

  leaf({ node }: Leaf): Size {
    return node.kind === 'host' ? this.#hostSize : this.#guestSize;
  }

  bar(node: NetworkNode | ExternalNode): Size {
    return { width: Math.max(...this.barLines(node).map(spansWidth)) + BORDERS, height: this.#barHeight };
  }

  label(): Size {
    return { width: 0, height: 0 };
  }

  #nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

function largest(boxes: readonly (readonly Line[])[]): Size {
  return {
    width: Math.max(0, ...boxes.flat().map(spansWidth)) + BORDERS,
    height: Math.max(0, ...boxes.map((lines) => lines.length)) + 2,
  };
}

function portsSideBySide(ports: readonly TopologyEdge[]): Line[] {
  const width = Math.max(0, ...ports.map((port) => textWidth(portName(port))));
  return ports.flatMap((port) =>
    (port.addresses.length === 0 ? [''] : port.addresses).map((address, index) => {
      const name = index === 0 ? portName(port) : '';
      return [span(name.padEnd(name.length + width - textWidth(name)), 'inner'), span(`  ${address}`)];
    }),
  );
}

function portsStacked(ports: readonly TopologyEdge[]): Line[] {
  return ports.flatMap((port) => [
    [span(portName(port), 'inner')],
    ...port.addresses.map((address) => [span(`  ${address}`)]),
  ]);
}

function draw(topology: Topology, drawing: Drawing, content: CellContent, options: DrawOptions): string[] {
  const legend = floatingLegend(topology, options.unicode).flatMap((entry) => [span('   '), entry]);
  const indent = Math.min(1, options.columns - drawing.width);
  const canvas = new Canvas(options.columns, drawing.height + (legend.length > 0 ? 1 : 0));
  const styleOf = ({ kind }: { readonly kind: string }): Style => (kind === 'external' ? 'outer' : 'inner');
  for (const { points } of drawing.wires) wire(canvas, points, indent);
  for (const { node, points } of drawing.trunks) {
    const [[x, top], [, bottom]] = points;
    canvas.vertical(x + indent, top, bottom, styleOf(node), 'heavy');
  }
  for (const bar of drawing.bars) box(canvas, bar, indent, 'heavy', styleOf(bar.node), content.barLines(bar.node));
  for (const router of drawing.routers) {
    box(canvas, router, indent, 'light', FRAME, content.routerLines(router.node));
  }
  for (const leaf of drawing.leaves) box(canvas, leaf, indent, 'light', FRAME, content.leafLines(leaf));
  canvas.text(indent, drawing.height, legend);
  return canvas.render(options);
}

function box(
  canvas: Canvas,
  { x, y, width, height }: Placed,
  indent: number,
  weight: 'light' | 'heavy',
  style: Style,
  lines: readonly Line[],
): void {
  canvas.box(x + indent, y, width, height, weight, style);
  for (const [at, line] of lines.entries()) canvas.text(x + indent + 2, y + 1 + at, clip(line, width - BORDERS));
}

/** What is above a wire ends in the row before: there the wire joins its frame. */
function wire(canvas: Canvas, points: readonly Point[], indent: number): void {
  const joined = points.map(([x, y], at): Point => {
    const isEnd = at === 0 || at === points.length - 1;
    const [, neighbour] = points[at === 0 ? 1 : at - 1] ?? [x, y];
    return isEnd && neighbour > y ? [x, y - 1] : [x, y];
  });
  for (let at = 1; at < joined.length; at++) {
    const [[x1, y1], [x2, y2]] = [joined[at - 1] as Point, joined[at] as Point];
    if (x1 === x2) canvas.vertical(x1 + indent, Math.min(y1, y2), Math.max(y1, y2), FRAME);
    else canvas.horizontal(Math.min(x1, x2) + indent, Math.max(x1, x2) + indent, y1, FRAME);
  }
}
