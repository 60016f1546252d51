/**
 * Event streams: what a multicast group tells, as an async iterator.
 *
 *   kernel's buffer ──(poll)──> queue of encoded events ──(next)──> event
 *
 * Both are bounded. When the queue is full the socket is not read any more; when the kernel's buffer is full too, the kernel drops events and
 * says so, and the consumer hears of it as an event, behind all that came before the loss.
 */
import { addon, type NativeMonitor, type NativeNamespace } from '../addon.js';
import { checkInteger, checkKeys, fromNative, NetlinkError } from '../errors.js';
import { checkCallOptions, onAbort } from './call-options.js';
import { closedError } from './channel.js';
import { Decoder, type EventMessage, eventMessages } from './codec.js';

export interface MonitorOptions {
  /** Ends the iteration with an AbortError (`code` 'ABORT_ERR', `cause` the signal's reason), at once: what is queued is not delivered. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Bytes that the kernel keeps for a consumer that is behind, 2,304 to 1,073,741,823; default 8 MiB. The kernel doubles it for its own overhead (socket(7),
   * SO_RCVBUF). Without CAP_NET_ADMIN in the initial user namespace, net.core.rmem_max is the limit.
   */
  readonly receiveBuffer?: number | undefined;
}

/** An event stream's source: which groups, and how their messages become events. */
export interface EventSource<Event> {
  /** Of the native tables. */
  readonly groups: readonly string[];
  readonly overrun: Event;
  /** Learns what reading needs to know, as it is now. Messages that come meanwhile are read afterwards. Again after each loss. */
  prepare?(): Promise<unknown>;
  /** Reads a message, whose record ends at `end`, and emits what it says: nothing, one event or several. */
  read(message: EventMessage, decoder: Decoder, end: number, emit: (event: Event) => void): void;
}

/** In place of a message's index: kOverrun in native/netlink/event.h. */
const lost = 0xffff;

/** Encoded events that wait for the consumer, in bytes: at the first the socket is no longer read, at the second it is read again. */
const queueLimit = 1 << 20;
const queueLow = queueLimit / 2;

const optionKeys: ReadonlySet<string> = new Set(['signal', 'receiveBuffer', 'groups']);

const done = { done: true, value: undefined } as const;

interface Waiting<Event> {
  readonly resolve: (result: IteratorResult<Event, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Events as they come. For one consumer: what one has been given, no other gets.
 *
 * It listens from when `ready` resolves, whether or not it is iterated: what happens afterwards is delivered, or a loss reported. It ends by
 * `break`, by `close()`, by its signal, or with its namespace's handle. While a `next()` is pending it keeps the process alive, as a socket
 * that is read does; a stream that nobody waits for does not.
 */
export class EventStream<Event> implements AsyncIterableIterator<Event, undefined, undefined> {
  /**
   * Resolves when the socket is a member of its groups. Rejects, as the iteration does, when it cannot be; that need not be handled in both
   * places.
   */
  readonly ready: Promise<void>;
  readonly #source: EventSource<Event>;
  readonly #netns: string;
  readonly #forget: () => void;
  #native: NativeMonitor | undefined;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #decoder: Decoder | undefined;
  /** Of the batch that is being read. */
  #size = 0;
  readonly #events: Event[] = [];
  readonly #emit = (event: Event): void => void this.#events.push(event);
  /** Until it is prepared, nothing is read. */
  #prepared = false;
  readonly #waiting: Waiting<Event>[] = [];
  #ended = false;
  /** Why it ended, if not by choice: told once, as events.on tells it. */
  #reason: unknown;
  #told = false;

  /** @internal */
  constructor(
    native: NativeNamespace,
    netns: string,
    source: EventSource<Event>,
    { signal, receiveBuffer }: MonitorOptions,
    ended: (stream: EventStream<Event>) => void,
  ) {
    this.#source = source;
    this.#netns = netns;
    const forget = signal && onAbort(signal, (reason) => this.#end(abortError(reason)));
    this.#forget = () => {
      forget?.();
      ended(this);
    };
    if (signal?.aborted) this.#end(abortError(signal.reason));
    this.ready = this.#start(native, receiveBuffer ?? 0);
    // Who iterates hears of it there.
    this.ready.catch(() => {});
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) {
      if (this.#told || this.#reason === undefined) return Promise.resolve(done);
      this.#told = true;
      return Promise.reject(this.#reason);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#native?.hold();
    });
  }

  /** @internal */
  get ended(): boolean {
    return this.#ended;
  }

  /** What `break` calls. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    this.close();
    return done;
  }

  async throw(error: unknown): Promise<IteratorResult<Event, undefined>> {
    this.close();
    throw error;
  }

  /** Ends the iteration: every `next()`, pending or to come, is done. Closes the socket. */
  close(): void {
    this.#end(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #start(native: NativeNamespace, receiveBuffer: number): Promise<void> {
    if (this.#ended) throw this.#reason;
    try {
      const groups = this.#source.groups.map(
        (name) => addon.tables.groups[name] as (typeof addon.tables.groups)[string],
      );
      const numbers = groups.flatMap((group) => group.numbers);
      const made = await native.monitor(groups[0]?.protocol as number, numbers, receiveBuffer);
      if (made.errno !== undefined) throw this.#failure(made.errno, 'epoll_ctl');
      if (this.#ended) {
        made.close();
      } else {
        this.#listen(made);
        await this.#prepare();
      }
    } catch (error) {
      const reason = fromNative(error, undefined, this.#netns);
      this.#end(reason);
      throw reason;
    }
    if (this.#ended) throw this.#reason ?? closedError(this.#netns);
  }

  #listen(native: NativeMonitor): void {
    this.#native = native;
    native.onEvents = (events, errno) => {
      if (events === null) return this.#end(this.#failure(errno, 'recvmsg'));
      this.#queue.push(events);
      this.#queued += events.length;
      this.#serve();
      if (this.#queued >= queueLimit && !this.#paused) {
        this.#paused = true;
        native.pause();
      }
    };
    if (this.#waiting.length > 0) native.hold();
    native.resume();
  }

  async #prepare(): Promise<void> {
    this.#prepared = false;
    await this.#source.prepare?.();
    this.#prepared = true;
    this.#serve();
  }

  /** Gives those who wait what there is. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      const event = this.#take();
      if (event === undefined) return;
      this.#waiting.shift()?.resolve({ done: false, value: event });
    }
    if (!this.#ended) this.#native?.release();
  }

  #take(): Event | undefined {
    try {
      while (this.#events.length === 0) {
        if (this.#ended || !this.#prepared || !this.#read()) return undefined;
      }
    } catch (error) {
      this.#end(error);
    }
    return this.#events.shift();
  }

  /** Reads one message. False when there is none. */
  #read(): boolean {
    if (this.#decoder === undefined) {
      const batch = this.#queue.shift();
      if (batch === undefined) return false;
      this.#decoder = new Decoder(batch);
      this.#size = batch.length;
    }
    const decoder = this.#decoder;
    const end = decoder.u32() + decoder.at;
    const index = decoder.u16();
    if (index === lost) {
      this.#emit(this.#source.overrun);
      if (this.#source.prepare) this.#prepare().catch((error: unknown) => this.#end(error));
    } else {
      this.#source.read(eventMessages[index] as EventMessage, decoder, end, this.#emit);
      decoder.skip(end - decoder.at);
    }
    if (decoder.done) this.#release();
    return true;
  }

  /** A batch has been read. */
  #release(): void {
    this.#decoder = undefined;
    this.#queued -= this.#size;
    if (!this.#paused || this.#queued >= queueLow) return;
    this.#paused = false;
    this.#native?.resume();
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = error;
    this.#native?.close();
    this.#native = undefined;
    this.#decoder = undefined;
    this.#queue.length = 0;
    this.#events.length = 0;
    const waiting = this.#waiting.splice(0);
    for (const { resolve, reject } of waiting) {
      if (error === undefined || this.#told) {
        resolve(done);
      } else {
        this.#told = true;
        reject(error);
      }
    }
    this.#forget();
  }

  #failure(errno: number, syscall: string): NetlinkError {
    return new NetlinkError({ errno, syscall, netns: this.#netns });
  }
}

/** The streams of one namespace's handle, which end with it. */
export class EventStreams {
  readonly #native: NativeNamespace;
  readonly #netns: string;
  readonly #open = new Set<{ close(): void }>();

  constructor(native: NativeNamespace, netns: string) {
    this.#native = native;
    this.#netns = netns;
  }

  open<Event>(source: EventSource<Event>, options: MonitorOptions): EventStream<Event> {
    checkKeys(options, optionKeys, 'options');
    checkCallOptions({ signal: options.signal });
    if (options.receiveBuffer !== undefined) {
      checkInteger(options.receiveBuffer, 'options.receiveBuffer', 2304, 0x3fff_ffff);
    }
    if (this.#native.fd < 0) throw closedError(this.#netns);
    const stream = new EventStream(this.#native, this.#netns, source, options, (ended) => this.#open.delete(ended));
    if (!stream.ended) this.#open.add(stream);
    return stream;
  }

  close(): void {
    for (const stream of this.#open) stream.close();
  }
}

/** As events.on of Node's has it. */
function abortError(cause: unknown): Error {
  return Object.assign(new Error('The operation was aborted', { cause }), { name: 'AbortError', code: 'ABORT_ERR' });
}
