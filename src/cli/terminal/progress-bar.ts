import { type Span, span, spansWidth } from '../../text/spans.js';
import { count, rate, wholeSeconds } from './quantities.js';

const MAX_BAR = 40;
const MIN_BAR = 10;

export interface ProgressState {
  readonly value: number;
  readonly total: number;
  readonly elapsedMs: number;
}

export function percent({ value, total }: ProgressState): number {
  return total > 0 ? Math.min(100, Math.floor((value / total) * 100)) : 100;
}

export function perSecond({ value, elapsedMs }: ProgressState): number {
  return elapsedMs > 0 ? (value * 1000) / elapsedMs : 0;
}

/** `⠹ label  ━━━━━━━━━━───────  6,120 / 10,000   61 %  9,120/s  3 s left`; figures go first when there is no room. */
export function progressLine(lead: readonly Span[], state: ProgressState, width: number, unicode: boolean): Span[] {
  const { value, total, elapsedMs } = state;
  const speed = perSecond(state);
  const secondsLeft = Math.ceil((total - value) / speed);
  // A first estimate would be noise.
  const isKnown = speed > 0 && elapsedMs > 500;
  const figures = [
    { text: `${count(value).padStart(count(total).length)} / ${count(total)}`, width: 2 * count(total).length + 3 },
    { text: `${String(percent(state)).padStart(3)} %`, width: 5 },
    { text: isKnown ? rate(speed) : '', width: 9 },
    { text: isKnown && value < total ? `${wholeSeconds(secondsLeft * 1000)} left` : '', width: 15 },
  ];

  // Room is kept for figures at their widest: a bar that changes its length with them is hard to look at.
  const barRoom = (): number =>
    width - spansWidth(lead) - 2 - figures.reduce((sum, figure) => sum + 2 + figure.width, 0);
  while (figures.length > 1 && barRoom() < MIN_BAR) figures.pop();
  const bar = Math.min(MAX_BAR, barRoom());
  const [amount, ...rest] = figures;
  return [
    ...lead,
    span('  '),
    ...(bar >= MIN_BAR ? [...drawBar(state, bar, unicode), span('  ')] : []),
    span(amount?.text ?? ''),
    span(rest.map(({ text }) => `  ${text}`).join(''), 'faint'),
  ];
}

function drawBar({ value, total }: ProgressState, width: number, unicode: boolean): Span[] {
  const filled = total > 0 ? Math.min(width, Math.floor((value / total) * width)) : width;
  if (!unicode) return [span(`[${'#'.repeat(filled).padEnd(width, '.').slice(1, -1)}]`)];
  return [span('━'.repeat(filled), 'inner'), span('─'.repeat(width - filled), 'faint')];
}
