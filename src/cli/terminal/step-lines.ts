import { clip, pad, type Span, type Style, span, spansWidth } from '../../text/spans.js';
import { wrapWords } from '../../text/text-width.js';
import { duration } from './quantities.js';

export type Outcome = 'done' | 'failed' | 'skipped' | 'stopped' | 'running';

export interface StepLine {
  readonly outcome: Outcome;
  readonly label: string;
  readonly detail?: string | undefined;
  readonly notes: readonly string[];
  readonly elapsedMs?: number | undefined;
}

const INDENT = 2;
const LABEL_WIDTH = 34;
/** Elapsed times stand at the right end of this many columns, or of the terminal if it has fewer. */
const LINE_WIDTH = 96;

interface Mark {
  readonly glyph: string;
  readonly ascii: string;
  /** For logs, where it should be possible to search for it. */
  readonly word: string;
  readonly style: Style | undefined;
}

const MARKS: Readonly<Record<Outcome, Mark>> = {
  done: { glyph: '✓', ascii: '+', word: 'ok', style: 'good' },
  failed: { glyph: '✗', ascii: 'x', word: 'FAILED', style: 'bad' },
  skipped: { glyph: '–', ascii: '-', word: 'skipped', style: 'caution' },
  stopped: { glyph: '■', ascii: '!', word: 'stopped', style: 'caution' },
  running: { glyph: '·', ascii: '.', word: '...', style: 'faint' },
};

/**
 * The lines that a step leaves behind: mark, label, detail and elapsed time in columns. On a terminal a detail that
 * does not fit goes beneath the label; a log keeps it on the line, however long.
 */
export function stepLines(
  line: StepLine,
  { terminal, unicode, columns }: { terminal: boolean; unicode: boolean; columns: number },
): Span[][] {
  const mark = MARKS[line.outcome];
  const markText = terminal ? (unicode ? mark.glyph : mark.ascii) : mark.word.padEnd(7);
  const lead = [span(' '.repeat(INDENT)), span(markText, mark.style), span(' ')];
  const hanging = span(' '.repeat(spansWidth(lead)));
  const width = terminal ? Math.min(columns, LINE_WIDTH) : LINE_WIDTH;

  const time = line.elapsedMs === undefined ? [] : [span(duration(line.elapsedMs), 'faint')];
  const detailStyle = line.outcome === 'failed' ? 'bad' : 'faint';
  const detail = line.detail ? [span('  '), span(line.detail, detailStyle)] : [];
  const labelled = [...lead, ...pad([span(line.label)], detail.length > 0 ? LABEL_WIDTH : 0)];
  const room = width - spansWidth(time) - 2;
  const notes = line.notes.map((note) => [hanging, span(note, 'faint')]);

  const whole = [...labelled, ...detail];
  if (!terminal || spansWidth(whole) <= room) return [[...pad(whole, room), span('  '), ...time], ...notes];

  const below = wrapWords(line.detail ?? '', Math.max(20, columns - spansWidth([hanging]) - 1));
  return [
    [...pad(clip([...lead, span(line.label)], room, unicode ? '…' : '...'), room), span('  '), ...time],
    ...below.map((text) => [hanging, span(text, detailStyle)]),
    ...notes,
  ];
}
