import { styleText } from 'node:util';
import { sanitize, textWidth, truncate } from './text-width.js';

/** The palette: what a piece of text means, not what it looks like. */
export type Style = 'strong' | 'heading' | 'faint' | 'outer' | 'inner' | 'good' | 'bad' | 'caution';

const LOOKS = {
  strong: 'bold',
  heading: ['bold', 'cyan'],
  faint: 'dim',
  outer: 'blue',
  inner: 'cyan',
  good: 'green',
  bad: 'red',
  caution: 'yellow',
} as const satisfies Record<Style, Parameters<typeof styleText>[0]>;

/** A run of text in one style. A line is laid out as spans and painted last, so widths never count escapes. */
export interface Span {
  readonly text: string;
  readonly style: Style | undefined;
}

export function span(text: string, style?: Style): Span {
  return { text: sanitize(text), style };
}

export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((width, { text }) => width + textWidth(text), 0);
}

/** Fills up with spaces to `width` columns. */
export function pad(spans: readonly Span[], width: number): Span[] {
  return [...spans, span(' '.repeat(Math.max(0, width - spansWidth(spans))))];
}

/** Cuts to `width` columns, the ellipsis included. */
export function clip(spans: readonly Span[], width: number, ellipsis = '…'): readonly Span[] {
  if (spansWidth(spans) <= width) return spans;
  const kept: Span[] = [];
  let room = width - textWidth(ellipsis);
  for (const { text, style } of spans) {
    const shown = truncate(text, Math.max(0, room), '');
    kept.push({ text: shown, style });
    room -= textWidth(text);
    if (room < 0) break;
  }
  kept.push({ text: truncate(ellipsis, Math.max(0, width), ''), style: kept.at(-1)?.style });
  return kept;
}

/** The string for the stream. Trailing spaces are dropped. */
export function paint(spans: readonly Span[], color: boolean): string {
  const last = spans.findLastIndex(({ text }) => text.trim() !== '');
  return spans
    .slice(0, last + 1)
    .map(({ text, style }, index) => {
      const shown = index === last ? text.trimEnd() : text;
      if (!color || style === undefined || shown.trim() === '') return shown;
      // The stream was judged by `detectMode`; Node's own check would look at the wrong one in tests.
      return styleText(LOOKS[style] as Parameters<typeof styleText>[0], shown, { validateStream: false });
    })
    .join('');
}
