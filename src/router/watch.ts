/** Keeps an eye on a router: what the kernel tells of its tables, against what is wanted. */
import { watch as watchDirectory } from 'node:fs';
import { checkBoolean, checkInteger, checkKeys } from '../errors.js';
import type { CallOptions } from '../netlink/call-options.js';
import { findNetns } from '../netns/find.js';
import { type Netns, namespaceDirectory } from '../netns/netns.js';
import type { Change } from './steps.js';

export interface WatchOptions {
  /** Ends the iteration with an AbortError. */
  readonly signal?: AbortSignal;
  /** Puts right what has drifted; default false. */
  readonly repair?: boolean;
  /** Milliseconds without an event before it is looked what has changed, 0 to 60,000; default 100. */
  readonly quiet?: number;
  /** Milliseconds after which it is looked in any case, for what no event tells of (settings, services); default 60,000. */
  readonly interval?: number;
}

/** What is not as described. */
export interface Drift {
  /** What puts it right. */
  readonly changes: readonly Change[];
  /** Whether that has been done. */
  readonly repaired: boolean;
  /** Why it could not be. It is tried again at the next event, or after the interval. */
  readonly error?: Error;
}

/** What is watched. */
export interface Watched {
  /** The router's namespace, by name: it may be another one after a repair. */
  readonly namespace: string;
  readonly host: Netns;
  plan(limits: CallOptions): Promise<readonly Change[]>;
  apply(limits: CallOptions): Promise<void>;
}

const keys: ReadonlySet<string> = new Set(['signal', 'repair', 'quiet', 'interval']);

/** Looks at once, and then whenever there is something to look at. */
export async function* watchRouter(watched: Watched, options: WatchOptions): AsyncGenerator<Drift, void, undefined> {
  checkKeys(options, keys, 'options');
  const { repair = false, signal } = options;
  checkBoolean(repair, 'options.repair');
  const quiet = checkInteger(options.quiet ?? 100, 'options.quiet', 0, 60_000);
  const interval = checkInteger(options.interval ?? 60_000, 'options.interval', 1, 86_400_000);
  const limits = signal === undefined ? {} : { signal };
  const bell = new Bell();
  const ring = (): void => bell.ring();
  signal?.addEventListener('abort', ring);
  let ears: Ears | undefined;
  let told = '[]';
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (!ears || ears.renamed) {
        ears?.close();
        ears = await Ears.open(watched, bell);
      }
      ears.throwIfDeaf();
      const changes = await watched.plan(limits);
      // The same drift is told once, unless there is something to be done about it.
      const text = JSON.stringify(changes);
      if (changes.length > 0 && repair) yield await repaired(watched, changes, limits);
      else if (changes.length > 0 && text !== told) yield { changes, repaired: false };
      told = text;
      if (!ears.renamed) await bell.wait(quiet, interval);
    }
  } finally {
    signal?.removeEventListener('abort', ring);
    ears?.close();
  }
}

async function repaired(watched: Watched, changes: readonly Change[], limits: CallOptions): Promise<Drift> {
  try {
    await watched.apply(limits);
    return { changes, repaired: true };
  } catch (error) {
    limits.signal?.throwIfAborted();
    return { changes, repaired: false, error: error as Error };
  }
}

/** Rung by events; waits for it, and then until it has been quiet. */
class Bell {
  #rung = 0;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung++;
    this.#wake?.();
  }

  /** Until it was rung and no more for `quiet` ms, or `interval` ms have passed. What rings without end does not put it off for ever. */
  async wait(quiet: number, interval: number): Promise<void> {
    if (this.#rung === 0) await this.#pause(interval);
    const patience = Date.now() + 10 * quiet;
    while (this.#rung > 0) {
      this.#rung = 0;
      await this.#pause(quiet);
      if (Date.now() > patience) break;
    }
    this.#rung = 0;
  }

  #pause(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.#wake = undefined;
    });
  }
}

/** All that rings the bell: the router's tables, the host's devices, and the namespace's name. */
class Ears {
  /** Whether the name was given, or taken away, since: it may stand for another namespace now. */
  renamed = false;
  readonly #closing: (() => unknown)[] = [];
  #failure: { readonly error: unknown } | undefined;

  static async open({ namespace, host }: Watched, bell: Bell): Promise<Ears> {
    const ears = new Ears();
    const directory = watchDirectory(namespaceDirectory, (_, name) => {
      if (name !== namespace) return;
      ears.renamed = true;
      bell.ring();
    });
    ears.#closing.push(() => directory.close());
    try {
      await ears.#listen(host.monitor(['link']), bell);
      const netns = await findNetns(namespace);
      // There is none just now: its name will be heard of.
      if (typeof netns === 'string') return ears;
      ears.#closing.push(() => netns.close());
      await ears.#listen(netns.monitor(['link', 'address', 'route', 'rule', 'nexthop']), bell);
      await ears.#listen(netns.nft.monitor(), bell);
    } catch (error) {
      ears.close();
      throw error;
    }
    return ears;
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
  }

  /** What hears no more must not be taken for silence. */
  throwIfDeaf(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #listen(
    stream: AsyncIterable<unknown> & { readonly ready: Promise<void>; close(): unknown },
    bell: Bell,
  ): Promise<void> {
    this.#closing.push(() => stream.close());
    await stream.ready;
    const listening = async (): Promise<void> => {
      for await (const _ of stream) bell.ring();
    };
    listening().catch((error: unknown) => {
      this.#failure = { error };
      bell.ring();
    });
  }
}
