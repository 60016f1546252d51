import { paint, type Span, type Style, span } from '../../text/spans.js';
import { graphemes } from '../../text/text-width.js';

export type Weight = 'light' | 'heavy';

type Arm = 'up' | 'down' | 'left' | 'right';

interface Cell {
  /** Text covers lines, spaces included. */
  text: string | undefined;
  style: Style | undefined;
  /** Lines leave the cell in these directions: 1 light, 2 heavy. Their union decides the glyph. */
  readonly arms: Record<Arm, 0 | 1 | 2>;
}

/** Glyphs by weight of the arms up, down, left, right. */
const JOINTS: Readonly<Record<string, string>> = {
  '0011': '─',
  '1100': '│',
  '0101': '╭',
  '0110': '╮',
  '1001': '╰',
  '1010': '╯',
  '0111': '┬',
  '1011': '┴',
  '1101': '├',
  '1110': '┤',
  '1111': '┼',
  '0022': '━',
  '2200': '┃',
  '0202': '┏',
  '0220': '┓',
  '2002': '┗',
  '2020': '┛',
  '0122': '┯',
  '1022': '┷',
  '1122': '┿',
  '2202': '┣',
};

/** A grid of characters on which lines that touch are joined. What lies outside is not drawn. */
export class Canvas {
  readonly #rows: Cell[][];

  constructor(width: number, height: number) {
    this.#rows = Array.from({ length: height }, () =>
      Array.from({ length: width }, () => ({
        text: undefined,
        style: undefined,
        arms: { up: 0, down: 0, left: 0, right: 0 },
      })),
    );
  }

  text(x: number, y: number, spans: readonly Span[]): void {
    let column = x;
    for (const { text, style } of spans) {
      for (const [shown, width] of graphemes(text)) {
        this.#put(column, y, shown, width, style);
        column += width;
      }
    }
  }

  box(x: number, y: number, width: number, height: number, weight: Weight, style: Style): void {
    const [right, bottom] = [x + width - 1, y + height - 1];
    for (const row of [y, bottom]) this.#line([x, row], [right, row], ['right', 'left'], weight, style);
    for (const column of [x, right]) this.#line([column, y], [column, bottom], ['down', 'up'], weight, style);
  }

  vertical(x: number, top: number, bottom: number, style: Style, weight: Weight = 'light'): void {
    this.#line([x, top], [x, bottom], ['down', 'up'], weight, style);
  }

  horizontal(left: number, right: number, y: number, style: Style): void {
    this.#line([left, y], [right, y], ['right', 'left'], 'light', style);
  }

  render({ unicode, color }: { unicode: boolean; color: boolean }): string[] {
    return this.#rows.map((row) => paint(mergeRuns(row.map((cell) => toSpan(cell, unicode))), color));
  }

  #put(x: number, y: number, text: string, width: number, style: Style | undefined): void {
    const cell = this.#rows[y]?.[width === 0 ? x - 1 : x];
    if (cell === undefined) return;
    cell.text = width === 0 ? `${cell.text ?? ''}${text}` : text;
    cell.style = style;
    // The second half of a wide character belongs to the first.
    const hidden = width === 2 ? this.#rows[y]?.[x + 1] : undefined;
    if (hidden !== undefined) hidden.text = '';
  }

  #line(from: Point, to: Point, [ahead, back]: readonly [Arm, Arm], weight: Weight, style: Style): void {
    for (let [x, y] = from; x <= to[0] && y <= to[1]; ahead === 'right' ? x++ : y++) {
      const cell = this.#rows[y]?.[x];
      if (cell === undefined) continue;
      const strength = weight === 'heavy' ? 2 : 1;
      if (x < to[0] || y < to[1]) cell.arms[ahead] = strength;
      if (x > from[0] || y > from[1]) cell.arms[back] = strength;
      cell.style ??= style;
    }
  }
}

type Point = readonly [x: number, y: number];

function toSpan({ text, style, arms }: Cell, unicode: boolean): Span {
  if (text !== undefined) return { text, style };
  const joint = `${arms.up}${arms.down}${arms.left}${arms.right}`;
  if (joint === '0000') return { text: ' ', style };
  return { text: unicode ? (JOINTS[joint] ?? '┼') : asciiJoint(arms), style };
}

function asciiJoint({ up, down, left, right }: Cell['arms']): string {
  const [isVertical, isHorizontal] = [up + down > 0, left + right > 0];
  if (isVertical && isHorizontal) return '+';
  if (isVertical) return '|';
  return left === 2 || right === 2 ? '=' : '-';
}

/** One span for neighbours of one style, so that a coloured line is not an escape sequence for each cell. */
function mergeRuns(spans: readonly Span[]): Span[] {
  const runs: Span[] = [];
  for (const { text, style } of spans) {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) runs[runs.length - 1] = { text: last.text + text, style };
    else runs.push(span(text, style));
  }
  return runs;
}
