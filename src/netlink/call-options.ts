/** What every call takes, and how it ends a call early. */
import { invalidType, outOfRange } from '../errors.js';

/** Every call takes these. */
export interface CallOptions {
  /**
   * Aborting before the request has left, which is at the end of its tick or when 128 KiB have gathered, sends nothing; afterwards the
   * promise rejects, but the kernel may have acted.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then the promise rejects with a `TimeoutError`. The kernel may have acted. */
  readonly timeout?: number | undefined;
}

/** Ends of a promise. */
interface Settler {
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** The longest that a timer of Node's runs, in ms. */
const longest = 0x7fffffff;

export function checkCallOptions({ signal, timeout }: CallOptions): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidType('options.signal', 'an AbortSignal', signal);
  }
  if (timeout === undefined) return;
  if (typeof timeout !== 'number') throw invalidType('options.timeout', 'a number of milliseconds', timeout);
  if (!(timeout >= 0 && timeout <= longest)) throw outOfRange('options.timeout', `0 to ${longest}`, timeout);
}

/**
 * Has a call end with its signal or its time too: `withdraw` is told before its promise rejects. False when it has ended
 * already. `missing` is what has not come when time is up, for the error.
 */
export function limit(
  call: Settler,
  options: CallOptions,
  withdraw: () => void,
  missing: string = 'no reply',
): boolean {
  const { signal, timeout } = options;
  if (signal === undefined && timeout === undefined) return true;
  checkCallOptions(options);
  if (signal?.aborted) {
    call.reject(signal.reason);
    return false;
  }
  const { resolve, reject } = call;
  const end = (): void => {
    forget?.();
    clearTimeout(timer);
  };
  const cancel = (reason: unknown): void => {
    withdraw();
    end();
    reject(reason);
  };
  const forget = signal && onAbort(signal, cancel);
  const timer = timeout === undefined ? undefined : setTimeout(() => cancel(timeoutError(missing, timeout)), timeout);
  call.resolve = (value) => {
    end();
    resolve(value);
  };
  call.reject = (error) => {
    end();
    reject(error);
  };
  return true;
}

/** What waits for each signal. */
const waiting = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>();

/**
 * One listener for each signal, however many calls it ends: Node warns of more than ten, and looks through all of them for each that is
 * added. Returns what forgets the call again.
 */
export function onAbort(signal: AbortSignal, cancel: (reason: unknown) => void): () => void {
  let calls = waiting.get(signal);
  if (calls === undefined) {
    calls = new Set();
    waiting.set(signal, calls);
    signal.addEventListener('abort', abortAll);
  }
  const others = calls.add(cancel);
  return () => {
    if (!others.delete(cancel) || others.size > 0) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', abortAll);
  };
}

function abortAll(this: AbortSignal): void {
  for (const cancel of waiting.get(this) ?? []) cancel(this.reason);
}

function timeoutError(missing: string, timeout: number): DOMException {
  return new DOMException(`${missing} within ${timeout} ms`, 'TimeoutError');
}

/**
 * The same limits for a call of several steps: one signal for all of them, so that the time counts from here.
 */
export function deadline(options: CallOptions | undefined): { readonly signal?: AbortSignal } {
  if (options === undefined || (options.signal === undefined && options.timeout === undefined)) return {};
  checkCallOptions(options);
  const { signal, timeout } = options;
  if (timeout === undefined) return signal === undefined ? {} : { signal };
  const timer = AbortSignal.timeout(timeout);
  return { signal: signal === undefined ? timer : AbortSignal.any([signal, timer]) };
}

/**
 * Work of the native threads, which cannot be called back: the promise rejects with the signal, or when time is up, and what the work
 * has made by then goes to `discard`.
 */
export function abortable<T>(
  work: () => Promise<T>,
  options: CallOptions | undefined,
  discard?: (made: T) => void,
): Promise<T> {
  if (options === undefined || (options.signal === undefined && options.timeout === undefined)) return work();
  return new Promise<T>((resolve, reject) => {
    let gone = false;
    const call: Settler = { resolve: resolve as (value: unknown) => void, reject };
    const goes = limit(call, options, () => {
      gone = true;
    });
    if (!goes) return;
    work().then(
      (made) => (gone ? discard?.(made) : call.resolve(made)),
      (error: unknown) => call.reject(error),
    );
  });
}
