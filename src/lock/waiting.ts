/**
 * Who holds and who waits for which lock file, in this thread.
 *
 * flock(2) can wait by itself, but only by blocking a thread, which nothing but a signal gets out of it again: one thread for each lock
 * that is waited for, and none of them may be joined. So whoever waits tries again, after 1 ms and then ever later, up to 20 ms: that
 * is how long a lock may lie free. For one file only the first of this thread tries; a lock that this thread lets go is tried at once.
 */
import { addon, type NativeLock } from '../addon.js';
import { fromNative } from '../errors.js';
import { type CallOptions, limit } from '../netlink/call-options.js';

interface Waiter {
  resolve: (lock: NativeLock) => void;
  reject: (error: unknown) => void;
}

/** Milliseconds between tries. */
const shortest = 1;
const longest = 20;

/** Strong references: an object that is collected lets its lock go. */
const held = new Map<NativeLock, string>();
const queues = new Map<string, Queue>();

/** Takes the lock if it is free. */
export function take(path: string): NativeLock | undefined {
  let native: NativeLock | null;
  try {
    native = addon.tryLock(path);
  } catch (error) {
    throw fromNative(error);
  }
  if (native === null) return undefined;
  held.set(native, path);
  return native;
}

export async function waitFor(path: string, options: CallOptions): Promise<NativeLock> {
  options.signal?.throwIfAborted();
  let queue = queues.get(path);
  if (queue === undefined) {
    const native = take(path);
    if (native) return native;
    queue = new Queue(path);
    queues.set(path, queue);
  }
  return queue.wait(options);
}

export function letGo(path: string, native: NativeLock): void {
  held.delete(native);
  native.release();
  queues.get(path)?.attempt();
}

/** Those who wait for one file, in the order of their calls. It is in `queues` while there are any. */
class Queue {
  readonly #path: string;
  readonly #waiters = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;
  #pause = shortest;

  constructor(path: string) {
    this.#path = path;
  }

  wait(options: CallOptions): Promise<NativeLock> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      const call = waiter as { resolve: (lock: unknown) => void; reject: Waiter['reject'] };
      if (!limit(call, options, () => this.#remove(waiter), 'the lock was not free')) return;
      this.#waiters.add(waiter);
      if (this.#waiters.size === 1) this.#later();
    });
  }

  /** Has the first one try. */
  attempt(): void {
    const [first] = this.#waiters;
    if (first === undefined) return;
    let native: NativeLock | undefined;
    try {
      native = take(this.#path);
    } catch (error) {
      this.#remove(first);
      first.reject(error);
      this.attempt();
      return;
    }
    if (native === undefined) return this.#later();
    this.#remove(first);
    this.#pause = shortest;
    first.resolve(native);
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    clearTimeout(this.#timer);
    queues.delete(this.#path);
  }

  #later(): void {
    clearTimeout(this.#timer);
    // What this thread holds is tried when it lets that go. Until then no timer keeps the process from ending.
    for (const path of held.values()) if (path === this.#path) return;
    // Not in step with the others that try.
    this.#timer = setTimeout(() => this.attempt(), this.#pause * (0.5 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, longest);
  }
}
