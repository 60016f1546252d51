import type { Topology, TopologyNode } from '../graph.js';
import { type Drawing, layOut, type Placed, type Spacing } from '../layout/index.js';
import { barGap, Content, iconWidth, type Line, lineHeight, lineWidth, padding } from './content.js';
import { icons } from './icons.js';
import { css, tenantColors } from './style.js';
import { escapeXml } from './xml.js';

export interface SvgOptions {
  /** What a screen reader, and a tool tip, call the picture. Default 'Network topology'. */
  readonly title?: string;
  /** Pixels. What is wider goes on in rows beneath each other. Default: by the size of the topology. */
  readonly maxWidth?: number;
}

const spacing: Omit<Spacing, 'maxWidth'> = {
  margin: 28,
  boxGap: 18,
  groupGap: 36,
  stackGap: 12,
  bandGap: 56,
  wire: 28,
  track: 14,
  trunk: 14,
  port: 16,
  label: 10,
  stub: 24,
  columns: (boxes) => (boxes <= 4 ? boxes : Math.max(3, Math.ceil(Math.sqrt(boxes / 2)))),
};

/** Wider than high, as screens are. */
const aspect = 1.7;
const narrowest = 1600;

/**
 * A picture, for a browser, a wiki or a report: SVG 1.1 with a style sheet, light or dark as the reader has it, no script, no fonts to load.
 * The same topology gives the same text.
 */
export function toSvg(topology: Topology, options: SvgOptions = {}): string {
  const content = new Content(topology);
  const drawing = layOut(topology, content, { ...spacing, maxWidth: options.maxWidth ?? widthFor(topology, content) });
  const { width, height } = drawing;
  const title = escapeXml(options.title ?? 'Network topology');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${css}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...parts(topology, drawing, content),
    '</svg>',
    '',
  ].join('\n');
}

/** Such that the whole is about as wide as screens are. */
function widthFor(topology: Topology, content: Content): number {
  const { width, height } = layOut(topology, content, { ...spacing, maxWidth: Number.POSITIVE_INFINITY });
  return width <= narrowest ? narrowest : Math.max(narrowest, Math.ceil(Math.sqrt(width * height * aspect)));
}

function parts(topology: Topology, drawing: Drawing, content: Content): string[] {
  const colors = colorsOf(topology);
  const colored = (id: string, inside: string): string => `<g class="${colors.get(id) ?? 'ext'}">${inside}</g>`;
  const { trunks, wires, bars, routers, leaves, labels } = drawing;
  return [
    ...trunks.map(({ node, points }) => colored(node.id, `<path class="wire trunk" d="${path(points)}"/>`)),
    ...wires.map(({ edge, points: [start = [0, 0], ...rest] }) =>
      colored(
        edge.to,
        `<path class="wire" d="${path([start, ...rest])}"/><circle class="fill" cx="${start[0]}" cy="${start[1]}" r="3.5"/>`,
      ),
    ),
    ...bars.map((bar) => colored(bar.node.id, barOf(bar, content.barLines(bar.node)))),
    ...routers.map((box) => boxOf(box, content.routerLines(box.node))),
    ...leaves.map((box) => boxOf(box, content.leafLines(box))),
    ...labels.map(({ edge, x, y }) =>
      colored(
        edge.to,
        content
          .labelLines(edge)
          .map((line, at) => text(line, x, baseline(y, at), 'label'))
          .join(''),
      ),
    ),
  ];
}

/** Class names, by network. */
function colorsOf({ nodes }: Topology): ReadonlyMap<string, string> {
  const networks = nodes.filter(({ kind }) => kind === 'network');
  return new Map(networks.map(({ id }, at) => [id, `net${at % tenantColors}`]));
}

function boxOf(
  { node, x, y, width, height }: Placed & { readonly node: TopologyNode },
  lines: readonly Line[],
): string {
  const top = y + padding - 2;
  const [name, ...rest] = lines;
  const tip = `<title>${escapeXml(node.name)}</title>`;
  const frame = `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;
  const icon = `<g class="icon" transform="translate(${x + padding} ${top})">${icons[node.kind] ?? ''}</g>`;
  const head = name ? text(name, x + padding + iconWidth, baseline(top, 0)) : '';
  const body = rest.map((line, at) => text(line, x + padding, baseline(top, at + 1) + 2)).join('');
  return `<g class="${node.kind}">${tip}${frame}${icon}${head}${body}</g>`;
}

function barOf({ node, x, y, width, height, isFirst }: Drawing['bars'][number], lines: readonly Line[]): string {
  let at = x + padding;
  const words = lines.map((line) => {
    const shown = text(line, at, y + height / 2 + 4);
    at += lineWidth(line) + barGap;
    return shown;
  });
  const tip = `<title>${escapeXml(`${node.name}${isFirst ? '' : ' (continued)'}`)}</title>`;
  const frame = `<rect class="fill" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;
  return `${tip}${frame}<g class="bar">${words.join('')}</g>`;
}

function text({ text: shown, look }: Line, x: number, y: number, more = ''): string {
  return `<text class="${more === '' ? look : `${look} ${more}`}" x="${x}" y="${y}">${escapeXml(shown)}</text>`;
}

function baseline(top: number, line: number): number {
  return top + line * lineHeight + 12;
}

function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join('');
}
