import { Canvas } from './canvas.js';
import { clip, type Span, type Style, span, spansWidth } from './spans.js';
import { textWidth } from './text-width.js';
import type { DrawOptions, Topology, TopologyPort, TopologyRouter, TopologyVm } from './topology.js';
import { floatingIp, floatingLegend, routerName } from './topology-words.js';

type Line = readonly Span[];

/** What a router and all beneath it show, before it has a place. */
interface ColumnContent {
  readonly router: readonly Line[];
  readonly network: readonly Line[];
  readonly vms: readonly (readonly Line[])[];
}

const FRAME: Style = 'faint';
/** A frame and one space on either side. */
const BORDERS = 4;
/** Air between boxes of a router, and between routers, where there is room for it. */
const VM_GAP = { least: 1, most: 3 };
const COLUMN_GAP = { least: 1, most: 5 };
const MAX_INDENT = 2;

/** The picture, or undefined where it would be wider than the terminal. */
export function drawPicture(topology: Topology, options: DrawOptions): string[] | undefined {
  const { unicode, columns } = options;
  for (const portLines of [portsSideBySide, portsStacked]) {
    const contents = topology.routers.map((router) => columnContent(router, portLines, unicode));
    const layout = place(topology, contents, columns);
    if (layout !== undefined) return draw(topology, contents, layout, options);
  }
  return undefined;
}

// --- what is shown ---

function columnContent(
  router: TopologyRouter,
  portLines: (ports: readonly TopologyPort[]) => Line[],
  unicode: boolean,
): ColumnContent {
  const { name, tag, subnets } = router.network;
  return {
    router: [[routerName(router, unicode)], ...portLines([router.gateway, router.internal])],
    network: [[span(name, 'strong'), span(`  tag ${tag}`, 'faint')], [span(subnets.join('  '))]],
    vms: router.vms.map((vm) => vmLines(vm, unicode)),
  };
}

function portsSideBySide(ports: readonly TopologyPort[]): Line[] {
  const width = Math.max(...ports.map(({ device }) => textWidth(device)));
  return ports.flatMap(({ device, addresses }) =>
    (addresses.length === 0 ? [''] : addresses).map((address, index) => {
      const name = index === 0 ? device : '';
      return [span(name.padEnd(name.length + width - textWidth(name)), 'inner'), span(`  ${address}`)];
    }),
  );
}

function portsStacked(ports: readonly TopologyPort[]): Line[] {
  return ports.flatMap(({ device, addresses }) => [
    [span(device, 'inner')],
    ...addresses.map((address) => [span(`  ${address}`)]),
  ]);
}

function vmLines(vm: TopologyVm, unicode: boolean): Line[] {
  return [[span(vm.name, 'strong')], ...vm.addresses.map((address) => [span(address)]), [floatingIp(vm, unicode)]];
}

// --- where it goes ---

interface Layout {
  readonly indent: number;
  readonly width: number;
  readonly columnWidth: number;
  readonly columnGap: number;
  readonly routerWidth: number;
  readonly vmWidth: number;
  readonly vmGap: number;
}

/** All routers get columns of one width and all VMs boxes of one width: the eye finds what corresponds. */
function place(topology: Topology, contents: readonly ColumnContent[], columns: number): Layout | undefined {
  const widest = (lines: readonly Line[]): number => Math.max(0, ...lines.map(spansWidth));
  const vmWidth = widest(contents.flatMap(({ vms }) => vms.flat())) + BORDERS;
  const routerWidth = widest(contents.flatMap(({ router }) => router)) + BORDERS;
  const mostVms = Math.max(1, ...contents.map(({ vms }) => vms.length));
  const count = Math.max(1, contents.length);
  const fixed = Math.max(
    // The bridge's name, in the frame, must end before the router's line comes down in the middle.
    2 * (bridgeTitleWidth(topology.integrationBridge) + 2),
    routerWidth,
    ...contents.map(({ network }) => widest(network) + BORDERS),
  );
  const columnWidthWith = (vmGap: number): number => Math.max(fixed, mostVms * (vmWidth + vmGap) - vmGap);
  const widthWith = (vmGap: number, columnGap: number): number =>
    Math.max(
      count * (columnWidthWith(vmGap) + columnGap) - columnGap,
      spansWidth(externalLine(topology)) + BORDERS,
      spansWidth(outsideLine(topology)) + BORDERS,
    );

  let [vmGap, columnGap] = [VM_GAP.least, COLUMN_GAP.least];
  if (widthWith(vmGap, columnGap) > columns) return undefined;
  // Between two columns runs the bridge's divider: an odd gap puts it in the middle.
  while (columnGap < COLUMN_GAP.most && widthWith(vmGap, columnGap + 2) <= columns) columnGap += 2;
  while (vmGap < VM_GAP.most && widthWith(vmGap + 1, columnGap) <= columns) vmGap += 1;
  const width = widthWith(vmGap, columnGap);
  return {
    indent: Math.min(MAX_INDENT, columns - width),
    width,
    columnWidth: columnWidthWith(vmGap),
    columnGap,
    routerWidth,
    vmWidth,
    vmGap,
  };
}

function bridgeTitleWidth(name: string): number {
  return textWidth(name) + 4;
}

function outsideLine({ outside }: Topology): Line {
  return [span(outside.name, 'strong'), ...outside.addresses.map((address) => span(`  ${address}`))];
}

function externalLine({ external }: Topology): Line {
  return [span(external.subnets.join('  '))];
}

// --- drawing, from the top down ---

function draw(topology: Topology, contents: readonly ColumnContent[], layout: Layout, options: DrawOptions): string[] {
  const { indent, width, columnWidth, columnGap, routerWidth, vmWidth, vmGap } = layout;
  const [routerHeight, networkHeight, vmHeight] = [
    tallest(contents.map(({ router }) => router)),
    tallest(contents.map(({ network }) => network)),
    tallest(contents.flatMap(({ vms }) => vms)),
  ];
  // Rows of the boxes' tops; one row of line between two boxes.
  const outsideY = 0;
  const externalY = outsideY + 4;
  const routerY = externalY + 4;
  const integrationY = routerY + routerHeight + 3;
  const vmY = integrationY + networkHeight + 3;
  const canvas = new Canvas(options.columns, vmY + vmHeight + 3);

  const middle = indent + Math.floor(width / 2);
  const outside = outsideLine(topology);
  const outsideWidth = spansWidth(outside) + BORDERS;
  box(canvas, centred(middle, outsideWidth), outsideY, outsideWidth, [outside]);
  bridge(canvas, indent, externalY, width, 3, topology.external.bridge, 'outer');
  canvas.vertical(middle, outsideY + 2, externalY, FRAME);
  canvas.text(indent + 2, externalY + 1, externalLine(topology));

  bridge(canvas, indent, integrationY, width, networkHeight + 2, topology.integrationBridge, 'inner');
  const columnsWidth = contents.length * (columnWidth + columnGap) - columnGap;
  const firstX = indent + Math.floor((width - columnsWidth) / 2);
  for (const [index, { router, network, vms }] of contents.entries()) {
    const x = firstX + index * (columnWidth + columnGap);
    const centre = x + Math.floor(columnWidth / 2);
    box(canvas, centred(centre, routerWidth), routerY, routerWidth, padLines(router, routerHeight));
    canvas.vertical(centre, externalY + 2, routerY, FRAME);
    canvas.vertical(centre, routerY + routerHeight + 1, integrationY, FRAME);

    const divider = x - Math.ceil(columnGap / 2);
    if (index > 0) canvas.vertical(divider, integrationY, integrationY + networkHeight + 1, 'inner');
    const networkX = (index > 0 ? divider : indent) + 2;
    for (const [line, spans] of network.entries()) canvas.text(networkX, integrationY + 1 + line, spans);

    const vmsWidth = vms.length * (vmWidth + vmGap) - vmGap;
    for (const [position, lines] of vms.entries()) {
      const vmX = centred(centre, vmsWidth) + position * (vmWidth + vmGap);
      box(canvas, vmX, vmY, vmWidth, padLines(lines, vmHeight));
      canvas.vertical(vmX + Math.floor(vmWidth / 2), integrationY + networkHeight + 1, vmY, FRAME);
    }
  }
  const legend = floatingLegend(topology, options.unicode).flatMap((entry) => [span('   '), entry]);
  canvas.text(indent - 1, vmY + vmHeight + 2, legend);
  return canvas.render(options);
}

function box(canvas: Canvas, x: number, y: number, width: number, lines: readonly Line[]): void {
  canvas.box(x, y, width, lines.length + 2, 'light', FRAME);
  for (const [index, line] of lines.entries()) canvas.text(x + 2, y + 1 + index, clip(line, width - BORDERS));
}

function bridge(canvas: Canvas, x: number, y: number, width: number, height: number, name: string, style: Style): void {
  canvas.box(x, y, width, height, 'heavy', style);
  canvas.text(x + 2, y, [span(` ${name} `, style)]);
}

function centred(centre: number, width: number): number {
  return centre - Math.floor(width / 2);
}

function tallest(boxes: readonly (readonly Line[])[]): number {
  return Math.max(0, ...boxes.map((lines) => lines.length));
}

function padLines(lines: readonly Line[], height: number): Line[] {
  return [...lines, ...Array.from({ length: height - lines.length }, () => [])];
}
