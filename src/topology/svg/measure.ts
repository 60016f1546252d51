import { graphemes, sanitize, textWidth } from '../../text/text-width.js';

/** What a text is set in. */
export interface Font {
  /** Pixels. */
  readonly size: number;
  readonly isMono: boolean;
}

/** Of an em. The fonts that viewers have differ: these are of wide ones (DejaVu Sans Bold, DejaVu Sans Mono). */
const monoEm = 0.605;
const sansEm = [
  [/^[ijlIft.,:;'|!()[\]{}\- ]$/, 0.46],
  [/^[mwMWQO@%&…]$/, 1.11],
  [/^[A-Z0-9_+=<>#$?~^*/\\"⇄]$/, 0.84],
] as const;
const otherEm = 0.72;

/** Pixels, rounded up. */
export function widthOf(text: string, { size, isMono }: Font): number {
  if (isMono) return Math.ceil(textWidth(text) * monoEm * size);
  let em = 0;
  for (const [shown, cells] of graphemes(text)) {
    em += cells === 2 ? 1.1 : (sansEm.find(([which]) => which.test(shown))?.[1] ?? otherEm);
  }
  return Math.ceil(em * size);
}

/** One line, cut to a width. */
export function shorten(text: string, font: Font, width: number): string {
  const whole = sanitize(text);
  if (widthOf(whole, font) <= width) return whole;
  let kept = '';
  for (const [shown] of graphemes(whole)) {
    if (widthOf(`${kept}${shown}…`, font) > width) break;
    kept += shown;
  }
  return `${kept}…`;
}
