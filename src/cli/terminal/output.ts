import { HumanOutput } from './human-output.js';
import { JsonOutput } from './json-output.js';
import type { TerminalStream } from './live-region.js';
import type { OutputMode } from './mode.js';

export interface OutputOptions {
  readonly mode: OutputMode;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly color: boolean;
  /** Default: true. */
  readonly unicode?: boolean | undefined;
  /** Default: what stdout says at the time, else 80. */
  readonly columns?: number | undefined;
}

/**
 * Where a command says what it does. In `tty` and `plain` mode everything that stays is written to stdout in order;
 * what moves (spinners, bars) is on the terminal only. In `json` mode nothing is written before {@link Output.end}.
 */
export interface Output {
  readonly mode: OutputMode;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly columns: number;
  title(text: string): void;
  section(text: string): void;
  /** Starts a step. Several may run at a time; each takes its place among the lines when it ends. */
  step(label: string): Step;
  /** Starts a step that counts up to `total`. JSON has no trace of it: report its figures with {@link Output.result}. */
  progress(label: string, total: number): Progress;
  /** JSON has no trace of it: report the figures with {@link Output.result}. */
  table<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): void;
  /** Lines as they are (they may hold colours), for people only. */
  text(lines: string | readonly string[]): void;
  warn(text: string): void;
  /** A value for programs: `results[key]` in the JSON object, ignored elsewhere. */
  result(key: string, value: unknown): void;
  /** Prints the JSON object; ends what still runs. Later calls do nothing. */
  end(): void;
  /** Restores the terminal without printing a result; what still runs is shown as stopped. Idempotent. */
  close(): void;
}

/** The first of `done`, `fail` and `skip` ends the step; later calls do nothing. */
export interface Step {
  /** A line that belongs to the step, shown beneath it, at once on a terminal. */
  note(text: string): void;
  done(detail?: string): void;
  fail(error: unknown): void;
  skip(reason: string): void;
}

/** The first of `done` and `fail` ends it. */
export interface Progress {
  advance(count?: number): void;
  set(count: number): void;
  done(detail?: string): void;
  fail(error: unknown): void;
}

export interface Column<Row> {
  readonly key: keyof Row & string;
  readonly title: string;
  /** Default: right for a column of numbers. */
  readonly align?: 'left' | 'right' | undefined;
  /** Default: numbers grouped by thousands, all of a column with the same decimals (at most two). */
  readonly format?: ((value: Row[keyof Row & string], row: Row) => string) | undefined;
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr } = options;
  for (const stream of new Set([stdout, stderr])) {
    // A reader that went away (`| head`) must not stop a command before it has cleaned up.
    stream.on?.('error', () => {});
  }
  return options.mode === 'json' ? new JsonOutput(options) : new HumanOutput(options);
}
