import { isAlive, type ProcessReference, statOf } from './process.js';
import type { ServiceReference, ServiceSpec } from './spec.js';

/** What happened to a watched service. */
export type ServiceEvent = ServiceReference &
  (
    | { readonly type: 'died'; readonly pid: number }
    | { readonly type: 'restarted'; readonly pid: number }
    /** Another process has stopped it. It is watched no more. */
    | { readonly type: 'stopped' }
    /** It did not start; the next attempt is `retryIn` ms from now. */
    | { readonly type: 'failed'; readonly error: Error; readonly retryIn: number }
  );

export type ServiceListener = (event: ServiceEvent) => void;

/** A watch, until it is closed. The program goes on. */
export interface ServiceWatch {
  close(): void;
  [Symbol.dispose](): void;
}

interface WatcherOptions {
  readonly interval: number;
  readonly longestWait: number;
  /** Applies what is wanted when its turn comes; nothing when that is nothing by then. `wanted` is told whether the directory is there. */
  readonly restart: (
    reference: ServiceReference,
    wanted: (exists: boolean) => ServiceSpec | undefined,
  ) => Promise<number | undefined>;
}

interface Watched {
  spec: ServiceSpec;
  readonly listener: ServiceListener;
  process: ProcessReference | undefined;
  /** Starts in a row that did not last. */
  failures: number;
  /** When it may be started again, or was last: on the clock of `performance.now`. */
  due: number;
  startedAt: number;
  busy: boolean;
  hasRun: boolean;
}

/** The first wait, in ms. */
const firstWait = 1000;

/** One timer, which looks at all watched programs: pids are cheaper to look at than to hold descriptors of. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  async watch(directory: string, spec: ServiceSpec, listener: ServiceListener): Promise<ServiceWatch> {
    const entry: Watched = {
      spec,
      listener,
      process: undefined,
      failures: 0,
      due: 0,
      startedAt: 0,
      busy: false,
      hasRun: false,
    };
    this.#watched.set(directory, entry);
    this.#timer ??= setInterval(() => this.#look(), this.#options.interval).unref();
    await this.#start(directory, entry, false);
    const close = (): void => {
      if (this.#watched.get(directory) === entry) this.forget(directory);
    };
    return { close, [Symbol.dispose]: close };
  }

  /** What is watched for has changed, or has another pid. */
  update(directory: string, spec: ServiceSpec, pid: number): void {
    const entry = this.#watched.get(directory);
    if (!entry) return;
    entry.spec = spec;
    entry.process = referenceTo(pid);
    entry.hasRun = true;
    entry.startedAt = performance.now();
  }

  forget(directory: string): void {
    this.#watched.delete(directory);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const [directory, entry] of this.#watched) {
      if (entry.busy) continue;
      if (entry.process) {
        if (isAlive(entry.process)) continue;
        // One that has lasted longer than the longest wait is a new case.
        if (now - entry.startedAt > this.#options.longestWait) entry.failures = 0;
        const { pid } = entry.process;
        entry.process = undefined;
        entry.due = now + this.#wait(entry);
        tell(entry, { ...referenceOf(entry), type: 'died', pid });
      }
      if (now >= entry.due && this.#watched.get(directory) === entry) void this.#start(directory, entry, true);
    }
  }

  async #start(directory: string, entry: Watched, again: boolean): Promise<void> {
    entry.busy = true;
    if (again) entry.failures++;
    try {
      const pid = await this.#options.restart(entry.spec, (exists) => this.#wanted(directory, entry, exists));
      if (pid !== undefined && again) {
        tell(entry, { ...referenceOf(entry), type: 'restarted', pid });
      }
    } catch (reason) {
      if (!again) entry.failures++;
      const retryIn = this.#wait(entry);
      entry.due = performance.now() + retryIn;
      const error = reason instanceof Error ? reason : new Error(String(reason));
      if (this.#watched.get(directory) === entry) {
        tell(entry, { ...referenceOf(entry), type: 'failed', error, retryIn });
      }
    } finally {
      entry.busy = false;
    }
  }

  #wanted(directory: string, entry: Watched, exists: boolean): ServiceSpec | undefined {
    if (this.#watched.get(directory) !== entry) return undefined;
    if (exists || !entry.hasRun) return entry.spec;
    this.forget(directory);
    tell(entry, { ...referenceOf(entry), type: 'stopped' });
    return undefined;
  }

  #wait({ failures }: Watched): number {
    return failures === 0 ? 0 : Math.min(firstWait * 2 ** (failures - 1), this.#options.longestWait);
  }
}

const referenceOf = ({ spec: { kind, id } }: Watched): ServiceReference => ({ kind, id });

/** What a listener throws is its caller's to see, as with an event emitter, and no reason to stop watching. */
function tell({ listener }: Watched, event: ServiceEvent): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function referenceTo(pid: number): ProcessReference {
  // One that has ended already is noticed at the next look.
  return { pid, startTime: statOf(pid)?.startTime ?? -1 };
}
