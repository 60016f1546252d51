import { stripVTControlCharacters } from 'node:util';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g;
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One line that cannot move the cursor: a name read from the kernel may hold anything. */
export function sanitize(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return stripVTControlCharacters(text).replace(CONTROLS, ' ');
}

/** Yields what the terminal puts into one cell (or two), with its width. */
export function* graphemes(text: string): Generator<readonly [text: string, width: number]> {
  for (const { segment } of segmenter.segment(text)) yield [segment, graphemeWidth(segment)];
}

/** Columns that a sanitized text takes. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const [, cells] of graphemes(text)) width += cells;
  return width;
}

/** Cuts a sanitized text to `width` columns, the ellipsis included. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(ellipsis);
  if (room < 0) return ellipsis.slice(0, Math.max(0, width));
  let kept = '';
  let used = 0;
  for (const [segment, cells] of graphemes(text)) {
    if (used + cells > room) break;
    kept += segment;
    used += cells;
  }
  return kept + ellipsis;
}

/** Breaks at spaces; a word longer than a line is left whole, so that it can still be copied. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter(Boolean)) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

function graphemeWidth(segment: string): number {
  if (WIDE.test(segment) || segment.includes('\ufe0f')) return 2;
  return ZERO_WIDTH.test(segment) ? 0 : 1;
}
