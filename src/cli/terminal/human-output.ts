import { stripVTControlCharacters } from 'node:util';
import { paint, type Span, span } from '../../text/spans.js';
import { describeError } from './describe-error.js';
import { type LiveItem, LiveRegion } from './live-region.js';
import type { OutputMode } from './mode.js';
import type { Column, Output, OutputOptions, Progress, Step } from './output.js';
import { type ProgressState, percent, perSecond, progressLine } from './progress-bar.js';
import { count, rate, wholeSeconds } from './quantities.js';
import { type Outcome, type StepLine, stepLines } from './step-lines.js';
import { layoutTable } from './table.js';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ASCII_SPINNER = ['|', '/', '-', '\\'];
const SPINNER_MS = 80;
/** Notes that are shown of a running step: the last ones. All of them appear when it has ended. */
const LIVE_NOTES = 5;

/** Output for people: lines on stdout, and on a terminal a live region beneath them. */
export class HumanOutput implements Output {
  readonly mode: OutputMode;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly #options: OutputOptions;
  readonly #live: LiveRegion | undefined;
  readonly #running = new Set<Task>();
  /** Blank lines are written before what needs one, never after, so that two never meet. */
  #spacing: 'start' | 'after heading' | 'none' | 'wanted' = 'start';
  #closed = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.color = options.color;
    this.unicode = options.unicode ?? true;
    if (options.mode !== 'tty') return;
    this.#live = new LiveRegion({
      stream: options.stderr.isTTY === true ? options.stderr : options.stdout,
      columns: () => this.columns,
      color: this.color,
      unicode: this.unicode,
    });
  }

  get columns(): number {
    return this.#options.columns ?? (this.#options.stdout.columns || 80);
  }

  title(text: string): void {
    this.#heading(span(text, 'strong'));
  }

  section(text: string): void {
    this.#heading(span(text, 'heading'));
  }

  step(label: string): Step {
    const notes: string[] = [];
    const task = this.#start(label, notes, (spinner, elapsedMs) => {
      const time = elapsedMs < 1000 ? '' : `  ${wholeSeconds(elapsedMs)}`;
      const bullet = this.unicode ? '·' : '-';
      return [
        [...spinner, span(label), span(time, 'faint')],
        ...notes.slice(-LIVE_NOTES).map((note) => [span(`    ${bullet} ${note}`, 'faint')]),
      ];
    });
    return {
      note: (text) => {
        if (!task.isRunning) return;
        notes.push(text);
        this.#live?.refresh();
      },
      done: (detail) => task.settle('done', detail),
      fail: (error) => task.settle('failed', describeError(error).message),
      skip: (reason) => task.settle('skipped', reason),
    };
  }

  progress(label: string, total: number): Progress {
    let value = 0;
    let quartersShown = 0;
    const startedAt = performance.now();
    const state = (): ProgressState => ({ value, total, elapsedMs: performance.now() - startedAt });
    const task = this.#start(label, [], (spinner, _elapsedMs, width) => [
      progressLine([...spinner, span(label)], state(), width, this.unicode),
    ]);

    const set = (next: number): void => {
      if (!task.isRunning) return;
      value = next;
      this.#live?.refresh();
      const quarters = Math.floor(percent(state()) / 25);
      // `done` writes the line of the whole.
      if (this.#live === undefined && quarters > quartersShown && quarters < 4) {
        const detail = `${String(quarters * 25).padStart(3)} %  ${count(value)} of ${count(total)}`;
        this.#writeStep({ outcome: 'running', label, detail, notes: [] });
      }
      quartersShown = Math.max(quartersShown, quarters);
    };
    return {
      advance: (n = 1) => set(value + n),
      set,
      done: (detail) => {
        const figures = `${count(value)} at ${rate(perSecond(state()))}`;
        task.settle('done', detail ? `${figures}, ${detail}` : figures);
      },
      fail: (error) => task.settle('failed', `at ${count(value)} of ${count(total)}: ${describeError(error).message}`),
    };
  }

  table<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const width = this.mode === 'tty' ? this.columns - 2 : Number.POSITIVE_INFINITY;
    const lines = layoutTable(rows, columns, { width, unicode: this.unicode });
    this.#block(lines.map((line) => [span('  '), ...line]).map((line) => paint(line, this.color)));
  }

  text(lines: string | readonly string[]): void {
    const split = (typeof lines === 'string' ? [lines] : lines).flatMap((line) => line.split('\n'));
    const shown = this.color ? split : split.map((line) => stripVTControlCharacters(line));
    if (shown.length > 1) this.#block(shown);
    else this.#write(shown);
  }

  warn(text: string): void {
    const mark = this.mode === 'tty' ? '!' : 'warning';
    this.#write([paint([span(`  ${mark} ${text}`, 'caution')], this.color)]);
  }

  result(): void {}

  end(): void {
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    for (const task of this.#running) task.settle('stopped', undefined);
    this.#live?.close();
    this.#closed = true;
  }

  /** Starts what the caller ends by `settle`; `draw` says how it looks on a terminal until then. */
  #start(
    label: string,
    notes: readonly string[],
    draw: (spinner: readonly Span[], elapsedMs: number, width: number) => Span[][],
  ): Task {
    const startedAt = performance.now();
    const frames = this.unicode ? SPINNER : ASCII_SPINNER;
    const item: LiveItem = {
      lines: (width) => {
        const elapsedMs = performance.now() - startedAt;
        const frame = frames[Math.floor(elapsedMs / SPINNER_MS) % frames.length] ?? '';
        return draw([span('  '), span(frame, 'inner'), span(' ')], elapsedMs, width);
      },
    };
    const task: Task = {
      isRunning: !this.#closed,
      settle: (outcome, detail) => {
        if (!task.isRunning) return;
        task.isRunning = false;
        this.#running.delete(task);
        this.#live?.remove(item);
        const elapsedMs = outcome === 'skipped' ? undefined : performance.now() - startedAt;
        this.#writeStep({ outcome, label, detail, notes, elapsedMs });
      },
    };
    if (!task.isRunning) return task;
    this.#running.add(task);
    this.#live?.add(item);
    return task;
  }

  #writeStep(line: StepLine): void {
    const { unicode, columns } = this;
    const lines = stepLines(line, { terminal: this.mode === 'tty', unicode, columns });
    this.#write(lines.map((spans) => paint(spans, this.color)));
  }

  #heading(text: Span): void {
    if (this.#spacing !== 'start') this.#spacing = 'wanted';
    this.#write([paint([text], this.color)]);
    this.#spacing = 'after heading';
  }

  /** Lines with a blank one on either side. */
  #block(lines: readonly string[]): void {
    if (this.#spacing === 'none') this.#spacing = 'wanted';
    this.#write(lines);
    this.#spacing = 'wanted';
  }

  #write(lines: readonly string[]): void {
    if (this.#closed) return;
    const spaced = this.#spacing === 'wanted' ? ['', ...lines] : lines;
    this.#spacing = 'none';
    const write = (): void => void this.#options.stdout.write(spaced.map((line) => `${line}\n`).join(''));
    if (this.#live === undefined) write();
    else this.#live.above(write);
  }
}

interface Task {
  isRunning: boolean;
  settle(outcome: Outcome, detail: string | undefined): void;
}
