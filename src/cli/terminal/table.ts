import { clip, pad, type Span, span, spansWidth } from '../../text/spans.js';
import { textWidth } from '../../text/text-width.js';
import type { Column } from './output.js';

const GAP = '   ';
const MIN_TEXT_COLUMN = 8;

/** Lays out a table no wider than `width` where shortening its text columns can achieve that. */
export function layoutTable<Row extends object>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, unicode }: { width: number; unicode: boolean },
): Span[][] {
  const ellipsis = unicode ? '…' : '...';
  const laidOut = columns.map((column) => {
    const cells = formatCells(rows, column, unicode);
    const right = (column.align ?? (isNumeric(rows, column) ? 'right' : 'left')) === 'right';
    return { title: column.title, cells, right, width: Math.max(...[column.title, ...cells].map(textWidth)) };
  });

  const total = (): number => laidOut.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  while (total() > width) {
    const widest = laidOut.filter(({ right }) => !right).sort((a, b) => b.width - a.width)[0];
    if (widest === undefined || widest.width <= MIN_TEXT_COLUMN) break;
    widest.width -= 1;
  }

  const line = (cellOf: (column: (typeof laidOut)[number]) => Span): Span[] =>
    laidOut.flatMap((column, index) => {
      const cell = clip([cellOf(column)], column.width, ellipsis);
      const space = span(' '.repeat(column.width - spansWidth(cell)));
      return [span(index === 0 ? '' : GAP), ...(column.right ? [space, ...cell] : pad(cell, column.width))];
    });

  return [
    line(({ title }) => span(title, 'faint')),
    line((column) => span((unicode ? '─' : '-').repeat(column.width), 'faint')),
    ...rows.map((_, index) => line(({ cells }) => span(cells[index] ?? ''))),
  ];
}

function isNumeric<Row>(rows: readonly Row[], { key }: Column<Row>): boolean {
  const present = rows.map((row) => row[key]).filter((value) => value !== undefined && value !== null);
  return present.length > 0 && present.every((value) => typeof value === 'number' || typeof value === 'bigint');
}

function formatCells<Row>(rows: readonly Row[], { key, format }: Column<Row>, unicode: boolean): string[] {
  const decimals = Math.max(0, ...rows.map((row) => decimalsOf(row[key])));
  const numbers = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return rows.map((row) => {
    const value = row[key];
    if (value === undefined || value === null) return unicode ? '–' : '-';
    if (format !== undefined) return format(value, row);
    return typeof value === 'number' || typeof value === 'bigint' ? numbers.format(value) : String(value);
  });
}

function decimalsOf(value: unknown): number {
  if (typeof value !== 'number' || Number.isInteger(value)) return 0;
  return Number.isInteger(Math.round(value * 100) / 10) ? 1 : 2;
}
