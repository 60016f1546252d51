import { describeError } from './describe-error.js';
import type { OutputMode } from './mode.js';
import type { Output, OutputOptions, Progress, Step } from './output.js';

interface StepRecord {
  readonly section: string | undefined;
  readonly label: string;
  state: 'done' | 'failed' | 'skipped' | 'stopped';
  detail: string | undefined;
  error: { readonly name: string; readonly message: string; readonly code: string | undefined } | undefined;
  milliseconds: number;
  readonly notes: string[];
}

/** Collects, and prints `{ title, steps, warnings, results }` as one line at the end. */
export class JsonOutput implements Output {
  readonly mode: OutputMode = 'json';
  readonly color = false;
  readonly unicode: boolean;
  readonly columns: number;
  readonly #options: OutputOptions;
  #title: string | undefined;
  #section: string | undefined;
  readonly #steps: StepRecord[] = [];
  readonly #warnings: string[] = [];
  readonly #results = new Map<string, unknown>();
  #ended = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.unicode = options.unicode ?? true;
    this.columns = options.columns ?? 80;
  }

  title(text: string): void {
    this.#title = text;
  }

  section(text: string): void {
    this.#section = text;
  }

  step(label: string): Step {
    const record: StepRecord = {
      section: this.#section,
      label,
      state: 'stopped',
      detail: undefined,
      error: undefined,
      milliseconds: 0,
      notes: [],
    };
    this.#steps.push(record);
    const startedAt = performance.now();
    let running = true;
    const settle = (outcome: Partial<StepRecord>): void => {
      if (!running) return;
      running = false;
      Object.assign(record, outcome, { milliseconds: Math.round((performance.now() - startedAt) * 1000) / 1000 });
    };
    return {
      note: (text) => void record.notes.push(text),
      done: (detail) => settle({ state: 'done', detail }),
      skip: (reason) => settle({ state: 'skipped', detail: reason }),
      fail: (error) => settle({ state: 'failed', error: describeError(error) }),
    };
  }

  progress(): Progress {
    return { advance() {}, set() {}, done() {}, fail() {} };
  }

  table(): void {}

  text(): void {}

  warn(text: string): void {
    this.#warnings.push(text);
  }

  result(key: string, value: unknown): void {
    this.#results.set(key, value);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const report = {
      title: this.#title,
      steps: this.#steps,
      warnings: this.#warnings,
      results: Object.fromEntries(this.#results),
    };
    this.#options.stdout.write(`${JSON.stringify(report, plainValue)}\n`);
  }

  close(): void {
    this.#ended = true;
  }
}

/** What JSON has no notation for. */
function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Error) return describeError(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}
