/** What is written into boxes and bars and beside wires: lines of text, and the room that they take. */
import type { ExternalNode, NetworkNode, RouterNode, Topology, TopologyEdge } from '../graph.js';
import { deviceWords, floatingWords, mtuWords, placeWords, portName, shortNames } from '../labels.js';
import { type Leaf, leavesOf, type Measure, type Size } from '../layout/index.js';
import { type Font, shorten, widthOf } from './measure.js';

export interface Line {
  readonly text: string;
  readonly look: 'name' | 'plain' | 'faint' | 'good' | 'bad' | 'device';
}

export const nameFont: Font = { size: 13, isMono: false };
export const textFont: Font = { size: 11, isMono: true };

export const lineHeight = 16;
export const padding = 12;
/** The icon before a name, with its gap. */
export const iconWidth = 24;
export const barHeight = 34;
/** Between the parts of a bar's text. */
export const barGap = 14;

const longestText = 300;

const fontOf = ({ look }: Line): Font => (look === 'name' ? nameFont : textFont);

/** Texts of a topology's parts; the same part always has the same. */
export class Content implements Measure {
  readonly #names: ReadonlyMap<string, string>;
  readonly #widths: { readonly router: number; readonly host: number; readonly guest: number };

  constructor(topology: Topology) {
    this.#names = shortNames(topology);
    const routers = topology.nodes.filter((node) => node.kind === 'router');
    const leaves = leavesOf(topology);
    // Boxes of one width: the eye finds what corresponds.
    this.#widths = {
      router: Math.max(0, ...routers.map((node) => boxWidth(this.routerLines(node)))),
      host: Math.max(0, ...leaves.filter(isHost).map((leaf) => boxWidth(this.leafLines(leaf)))),
      guest: Math.max(0, ...leaves.filter((leaf) => !isHost(leaf)).map((leaf) => boxWidth(this.leafLines(leaf)))),
    };
  }

  routerLines(node: RouterNode): readonly Line[] {
    const floating = floatingWords(node);
    return cut([
      { text: this.#nameOf(node.id), look: 'name' },
      ...(floating === undefined ? [] : [{ text: `⇄ ${floating}`, look: 'good' as const }]),
      ...node.nexthops.map((nexthop) => ({ text: `default via ${nexthop}`, look: 'plain' as const })),
      ...node.unplugged.map((port) => ({ text: `${portName(port)} unplugged`, look: 'bad' as const })),
    ]);
  }

  leafLines({ node, edge }: Leaf): readonly Line[] {
    const floating = node.kind === 'vm' ? (node.floatingIps ?? []) : [];
    return cut([
      { text: this.#nameOf(node.id), look: 'name' },
      ...edge.addresses.map((text) => ({ text, look: 'plain' as const })),
      ...floating.map((address) => ({ text: `⇄ ${address}`, look: 'good' as const })),
      { text: [deviceWords(edge), ...mtuWords(edge)].join(' '), look: 'faint' },
    ]);
  }

  labelLines(edge: TopologyEdge): readonly Line[] {
    return cut([
      { text: portName(edge), look: 'device' },
      ...edge.addresses.map((text) => ({ text, look: 'plain' as const })),
      ...mtuWords(edge).map((text) => ({ text, look: 'faint' as const })),
    ]);
  }

  /** Side by side. */
  barLines(node: NetworkNode | ExternalNode): readonly Line[] {
    return cut([
      { text: this.#nameOf(node.id), look: 'name' },
      ...[placeWords(node), ...node.subnets].filter(Boolean).map((text) => ({ text, look: 'plain' as const })),
    ]);
  }

  router(node: RouterNode): Size {
    return { width: this.#widths.router, height: boxHeight(this.routerLines(node)) };
  }

  leaf(leaf: Leaf): Size {
    return { width: isHost(leaf) ? this.#widths.host : this.#widths.guest, height: boxHeight(this.leafLines(leaf)) };
  }

  bar(node: NetworkNode | ExternalNode): Size {
    const width = this.barLines(node).reduce((sum, line) => sum + widthOf(line.text, fontOf(line)) + barGap, -barGap);
    return { width: width + 2 * padding, height: barHeight };
  }

  label(edge: TopologyEdge): Size {
    const lines = this.labelLines(edge);
    return { width: widest(lines), height: lines.length * lineHeight };
  }

  #nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

function isHost({ node }: Leaf): boolean {
  return node.kind === 'host';
}

function cut(lines: readonly Line[]): readonly Line[] {
  return lines.map((line) => ({ ...line, text: shorten(line.text, fontOf(line), longestText) }));
}

function boxWidth(lines: readonly Line[]): number {
  const [name, ...rest] = lines;
  return Math.max(widest(name ? [name] : []) + iconWidth, widest(rest)) + 2 * padding;
}

function boxHeight(lines: readonly Line[]): number {
  return lines.length * lineHeight + 2 * padding - 4;
}

function widest(lines: readonly Line[]): number {
  return Math.max(0, ...lines.map((line) => widthOf(line.text, fontOf(line))));
}

export function lineWidth(line: Line): number {
  return widthOf(line.text, fontOf(line));
}
