/** The figures as an SVG file: a panel of bars for each scenario and size, on a logarithmic scale of its own. */
import { type Machine, machineLine } from './machine.js';
import type { Result } from './ratios.js';
import { showFigure } from './report.js';
import { scenarios } from './scenarios.js';

const panel = { width: 560, gap: 40, padding: 16, title: 40, bar: 22, axis: 20 };
const label = 178;
const figures = 122;
const page = { margin: 32, head: 104 };

const colours = {
  paper: '#ffffff',
  card: '#f7f8fa',
  ink: '#1f2430',
  faint: '#6b7280',
  grid: '#dfe3e8',
  floor: '#9aa3af',
  own: '#0f8b8d',
  peer: '#e0a458',
  whisker: '#3b4252',
} as const;

interface Placed {
  readonly results: readonly Result[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export function drawChart(results: readonly Result[], machine: Machine): string {
  const { placed, height } = place(groupsOf(results));
  const width = 2 * page.margin + 2 * panel.width + panel.gap;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif">`,
    '<title>netloom benchmarks</title>',
    rect(0, 0, width, height, colours.paper),
    ...head(machine),
    ...placed.flatMap(drawPanel),
    '</svg>',
    '',
  ].join('\n');
}

/** In the order of the results. */
function groupsOf(results: readonly Result[]): Result[][] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.scenario} ${result.size} ${result.batch ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()];
}

/** Two columns; the next panel goes to the shorter one. */
function place(groups: readonly Result[][]): { placed: Placed[]; height: number } {
  const bottoms: [number, number] = [page.head, page.head];
  const placed = groups.map((results): Placed => {
    const column = bottoms[1] < bottoms[0] ? 1 : 0;
    const height = panel.title + results.length * panel.bar + panel.axis + panel.padding;
    const y = bottoms[column];
    bottoms[column] += height + panel.padding;
    return { results, x: page.margin + column * (panel.width + panel.gap), y, height };
  });
  return { placed, height: Math.max(...bottoms) + page.margin - panel.padding };
}

function head(machine: Machine): string[] {
  const legend = [
    ['floor: the kernel itself', colours.floor],
    ['netloom', colours.own],
    ['others', colours.peer],
  ] as const;
  let x = page.margin;
  return [
    text(page.margin, 42, 'netloom benchmarks', { size: 22, weight: 600 }),
    text(
      page.margin,
      64,
      `${machineLine(machine)}. Medians, in brackets as multiples of the floor; lines span the runs; logarithmic scales.`,
      {
        size: 12.5,
        fill: colours.faint,
      },
    ),
    ...legend.flatMap(([name, colour]) => {
      const at = x;
      x += 44 + name.length * 5.8;
      return [rect(at, 77, 12, 12, colour, 2), text(at + 18, 87, name, { size: 12 })];
    }),
  ];
}

function drawPanel({ results, x, y, height }: Placed): string[] {
  const [first] = results;
  if (!first) return [];
  const scenario = scenarios.find(({ name }) => name === first.scenario);
  const at = first.batch === undefined ? '' : `, ${first.batch.toLocaleString('en-US')} at a time`;
  const left = x + label;
  const right = x + panel.width - figures;
  const top = y + panel.title;
  const bottom = top + results.length * panel.bar;
  const scale = logScale(results, left, right);
  return [
    rect(x, y, panel.width, height, colours.card, 8),
    text(x + panel.padding, y + 25, `${first.scenario}  ${first.size.toLocaleString('en-US')}${at}`, {
      size: 14,
      weight: 600,
    }),
    text(x + panel.width - panel.padding, y + 25, `${first.unit}, ${scenario?.what ?? ''}`, {
      size: 11.5,
      fill: colours.faint,
      anchor: 'end',
    }),
    ...scale.ticks.flatMap(({ at, words }) => [
      `<line x1="${round(at)}" y1="${top}" x2="${round(at)}" y2="${bottom}" stroke="${colours.grid}"/>`,
      text(at, bottom + 16, words, { size: 10.5, fill: colours.faint, anchor: 'middle' }),
    ]),
    ...results.flatMap((result, index) => drawBar(result, x, top + index * panel.bar, scale)),
  ];
}

function drawBar(result: Result, x: number, y: number, scale: Scale): string[] {
  const { contender, median, min, max, ratioToFloor } = result;
  const fill = contender === 'floor' ? colours.floor : contender.startsWith('netloom') ? colours.own : colours.peer;
  const middle = y + panel.bar / 2;
  const left = x + label;
  const end = scale.at(median);
  const times = ratioToFloor === null || contender === 'floor' ? '' : `  (${showFigure(ratioToFloor)} x)`;
  const [from, to] = [scale.at(min), scale.at(max)];
  return [
    text(left - 10, middle + 4, contender, { size: 12, anchor: 'end' }),
    rect(left, y + 4, Math.max(1, end - left), panel.bar - 8, fill, 2),
    ...(to - from > 1
      ? [
          `<line x1="${round(from)}" y1="${middle}" x2="${round(to)}" y2="${middle}" stroke="${colours.whisker}" stroke-width="1.5"/>`,
        ]
      : []),
    text(Math.max(end, to) + 8, middle + 4, `${showFigure(median)}${times}`, { size: 11.5 }),
  ];
}

interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly words: string }[];
}

/** Whole decades, from below the least: a bar's length begins where nothing is. */
function logScale(results: readonly Result[], left: number, right: number): Scale {
  const positive = results.flatMap(({ min, max }) => [min, max]).filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive, 1e9) / 1.5));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive, 1e-9))));
  const at = (value: number): number => {
    const part = value > 0 ? (Math.log10(value) - low) / (high - low) : 0;
    return left + Math.min(1, Math.max(0, part)) * (right - left);
  };
  const decades = Array.from({ length: high - low + 1 }, (_, step) => low + step);
  return { at, ticks: decades.map((decade) => ({ at: at(10 ** decade), words: decadeText(decade) })) };
}

function decadeText(decade: number): string {
  return decade < 0 ? (10 ** decade).toFixed(-decade) : (10 ** decade).toLocaleString('en-US');
}

const round = (value: number): number => Math.round(value * 10) / 10;

function rect(x: number, y: number, width: number, height: number, fill: string, radius = 0): string {
  const rounded = radius > 0 ? ` rx="${radius}"` : '';
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"${rounded} fill="${fill}"/>`;
}

interface TextLook {
  readonly size: number;
  readonly fill?: string;
  readonly weight?: number;
  readonly anchor?: 'middle' | 'end';
}

function text(x: number, y: number, words: string, { size, fill = colours.ink, weight, anchor }: TextLook): string {
  const bold = weight ? ` font-weight="${weight}"` : '';
  const anchored = anchor ? ` text-anchor="${anchor}"` : '';
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}"${bold}${anchored} xml:space="preserve">${escapeXml(words)}</text>`;
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
