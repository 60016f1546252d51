/**
 * A channel: one netlink socket of one namespace. Requests of the same tick leave together, in call order, as a
 * pipelining client's do.
 *
 *   call ──> gathered ──(end of tick)──> one submission ──> results ──> settled
 *
 * One submission is under way at a time; what is asked for meanwhile gathers for the next. Beyond a limit calls wait with only
 * the caller's own objects in memory.
 */
import { dispatchModes, type NativeChannel } from '../addon.js';
import type { NetlinkError } from '../errors.js';
import {
  type Call,
  Change,
  Errors,
  encodeColumns,
  encodeRequest,
  encodeRequests,
  encodeSpecs,
  type Failure,
  noteSettlers,
  type PackedWork,
  type Read,
  type Replies,
  type Request,
  Requests,
  type Work,
} from './call.js';
import { type CallOptions, limit } from './call-options.js';
import { Decoder, Encoder, type Operation, operationList, type Schema } from './codec.js';

export type Dispatch = keyof typeof dispatchModes;

export type { Columns, PackedWork, Request, Work } from './call.js';
export type { CallOptions } from './call-options.js';

/** Encoded requests that are in memory at the most, in bytes; a call that begins below it is taken whole. */
const gatherLimit = 8 << 20;

/** Encoded requests that leave before the tick has ended, in bytes. */
const earlyBytes = 128 << 10;

const endOfTick: Promise<void> = Promise.resolve();

export class Channel {
  readonly #open: () => Promise<NativeChannel>;
  readonly #netns: string | undefined;
  readonly #errors: Errors;
  readonly #dispatch: number;
  /** What is gathered, and what a worker reads from meanwhile. */
  #gathering: Encoder = new Encoder();
  #underway: Encoder = new Encoder();
  #calls: Call[] = [];
  #requests = 0;
  /** Counts those that have left. */
  #submission = 0;
  /** Calls beyond the limit, not encoded yet. */
  #waiting: Call[] = [];
  /** Those before it have been taken: to shift each off a long array would move the rest each time. */
  #taken = 0;
  /** What may be asked for once for several calls: see `shared`. */
  #shared: Map<unknown, Shared> | undefined;
  readonly #drained: (() => void)[] = [];
  #native: NativeChannel | undefined;
  #opening = false;
  readonly #flushLater = (): void => this.#flush();
  #scheduled = false;
  #busy = false;
  #closed = false;

  /** `opened` where there is a socket already; else `open` makes one for the first request. */
  constructor(
    open: () => Promise<NativeChannel>,
    netns: string | undefined,
    dispatch: Dispatch,
    opened?: NativeChannel | undefined,
  ) {
    this.#open = open;
    this.#native = opened;
    this.#netns = netns;
    this.#errors = new Errors(netns);
    this.#dispatch = dispatchModes[dispatch];
  }

  /** One request. Resolves to its replies. */
  one(request: Request, options?: CallOptions): Promise<Replies> {
    return this.ask([request], undefined, options);
  }

  /** One dump, each of its replies read as it says. */
  dump<T>(request: Request, read: Read<T>, options?: CallOptions): Promise<T[]> {
    return this.ask([request], read, options);
  }

  /** Requests that are answered, each reply read as it says. Fails with the first error. */
  ask<T>(requests: readonly Request[], read: Read<T> | undefined, options?: CallOptions): Promise<T[]> {
    if (requests.some(({ operation }) => operation.kind === 'change')) this.#shared = undefined;
    return this.#begin(options, () => {
      return new Requests(
        (encoder) => encodeRequests(encoder, requests),
        ([failure], errors) => {
          const { index } = failure as Failure;
          return errors.ofRequest(requests[index] as Request, failure as Failure);
        },
        [],
        read,
      );
    });
  }

  /**
   * What `ask` asks for, or what was asked for under the same key already by a call that leaves in the same submission, is ended by the same
   * signal, and has no change behind it. So listings that leave together ask for names of devices once.
   */
  shared<T>(key: unknown, options: CallOptions | undefined, ask: () => T): T {
    if (options?.timeout !== undefined) return ask();
    const submission = this.#submission;
    const signal = options?.signal;
    const known = this.#shared?.get(key);
    if (known && known.submission === submission && known.signal === signal) return known.asked as T;
    const asked = ask();
    this.#shared ??= new Map();
    this.#shared.set(key, { submission, signal, asked });
    return asked;
  }

  /**
   * Many requests of which all or none happen (an nftables transaction). `explain` may say more of the error. With `read` it resolves to what
   * the kernel tells back of those that are echoed.
   */
  all<T = never>(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
    read?: Read<T>,
  ): Promise<T[]> {
    this.#shared = undefined;
    return this.#begin(options, () => {
      return new Requests(
        (encoder) => encodeRequests(encoder, requests),
        ([first], errors) => {
          const failure = first as Failure;
          const request = requests[failure.index] as Request;
          const error = errors.ofRequest(request, failure);
          return explain ? explain(error, request, failure.row) : error;
        },
        read && [],
        read,
      );
    });
  }

  /** One request of a spec. */
  change<Spec>(work: Work<Spec>, spec: Spec, options?: CallOptions): Promise<void> {
    this.#shared = undefined;
    const promise = new Promise<void>(noteSettlers);
    this.#take(new Change(work, spec), options);
    return promise;
  }

  /** One request for each of an array: a `BatchError` names those that failed. None is sent when one cannot be. */
  changes<Spec>(work: Work<Spec>, specs: readonly Spec[], options?: CallOptions): Promise<void> {
    if (specs.length === 0) return Promise.resolve();
    this.#shared = undefined;
    return this.#begin(options, () => {
      return new Requests(
        (encoder) => encodeSpecs(encoder, work, specs),
        (failures, errors) =>
          errors.many(failures, specs.length, (failure) => {
            const spec = specs[failure.index] as Spec;
            return errors.one(work.operation, spec, () => work.describe(spec), failure);
          }),
      );
    });
  }

  /** One message for each row: a `BatchError` names the rows that failed. */
  packed(work: PackedWork, options?: CallOptions): Promise<void> {
    if (work.rows === 0) return Promise.resolve();
    this.#shared = undefined;
    const { operation, columns, record } = work;
    return this.#begin(options, () => {
      return new Requests(
        (encoder) => encodeColumns(encoder, work.rows, columns) + encodeRequest(encoder, { operation, wire: record }),
        (failures, errors) => {
          const rows = failures.map((failure) => ({ ...failure, index: failure.row }));
          return errors.many(rows, work.rows, (failure) => {
            const { row } = failure;
            return errors.one(operation, work.source(row), () => work.describe(row), failure);
          });
        },
      );
    });
  }

  /** Whether calls wait because so much is gathered already. */
  get needDrain(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when no call waits any more. */
  drain(): Promise<void> {
    if (!this.needDrain) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Bytes of encoded requests that are in memory. */
  get gathered(): number {
    return this.#gathering.length + this.#underway.length;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flush();
    this.#closeNative();
  }

  /** `make` makes a call whose promise has been made just before. */
  #begin<T>(options: CallOptions | undefined, make: () => Call): Promise<T> {
    const promise = new Promise<T>(noteSettlers);
    this.#take(make(), options);
    return promise;
  }

  #take(call: Call, options: CallOptions | undefined): void {
    if (this.#closed) return call.reject(closedError(this.#netns));
    if (options !== undefined) {
      try {
        if (!limit(call, options, () => this.#withdraw(call))) return;
      } catch (error) {
        return call.reject(error);
      }
    }
    if (this.#waiting.length > 0 || this.gathered >= gatherLimit) this.#waiting.push(call);
    else this.#gather(call);
  }

  #gather(call: Call): void {
    const encoder = this.#gathering;
    call.start = encoder.length;
    try {
      call.count = call.encode(encoder);
    } catch (error) {
      encoder.truncate(call.start);
      call.reject(error);
      return;
    }
    call.end = encoder.length;
    call.submission = this.#submission;
    call.first = this.#requests;
    this.#requests += call.count;
    this.#calls.push(call);
    if (this.#busy) return;
    // So much is a datagram of its own: a worker begins with it while the tick goes on.
    if (encoder.length >= earlyBytes && this.#native && this.#dispatch !== dispatchModes.inline) return this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A promise's reaction costs a fraction of queueMicrotask, which makes an AsyncResource of each.
    endOfTick.then(this.#flushLater);
  }

  /** Has what has not left yet stay here. */
  #withdraw(call: Call): void {
    call.cancelled = true;
    if (call.submission === this.#submission) this.#gathering.cancel(call.start, call.end);
  }

  #flush(): void {
    this.#scheduled = false;
    const native = this.#native;
    if (this.#busy) return;
    if (!native) {
      if (!this.#opening && this.#calls.length > 0) this.#start();
      return;
    }
    if (this.#calls.length === 0) return;
    const calls = this.#calls;
    const encoder = this.#gathering;
    this.#calls = [];
    this.#requests = 0;
    this.#submission++;
    // What is asked for from here on, even by those that hear of these results, gathers elsewhere.
    this.#gathering = this.#underway;
    this.#underway = encoder;
    const done = (results: Uint8Array | null): void => {
      this.#busy = false;
      encoder.reset();
      settle(calls, results, this.#errors);
      this.#takeWaiting();
    };
    this.#busy = true;
    const results = native.submit(encoder.buffer, encoder.length, this.#dispatch, done);
    if (results !== undefined) done(results);
  }

  /** There is room again: those that waited are gathered, and what is gathered leaves. */
  #takeWaiting(): void {
    while (this.#taken < this.#waiting.length && this.#gathering.length < gatherLimit) {
      const call = this.#waiting[this.#taken++] as Call;
      if (!call.cancelled) this.#gather(call);
    }
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    if (this.#waiting.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
    if (this.#calls.length > 0 && !this.#scheduled) this.#flush();
    this.#closeNative();
  }

  #closeNative(): void {
    if (this.#closed && !this.#busy && this.#calls.length === 0 && this.#waiting.length === 0) this.#native?.close();
  }

  #start(): void {
    this.#opening = true;
    this.#open().then(
      (native) => {
        this.#opening = false;
        this.#native = native;
        this.#flush();
        this.#closeNative();
      },
      (error: unknown) => {
        this.#opening = false;
        const calls = [...this.#calls, ...this.#waiting];
        this.#calls = [];
        this.#waiting = [];
        this.#requests = 0;
        this.#submission++;
        this.#gathering.reset();
        for (const call of calls) call.reject(error);
        for (const resolve of this.#drained.splice(0)) resolve();
      },
    );
  }
}

interface Shared {
  readonly submission: number;
  readonly signal: AbortSignal | undefined;
  readonly asked: unknown;
}

export function closedError(netns: string | undefined): Error {
  return Object.assign(new Error(`this handle of ${netns ?? 'the namespace'} is closed`), {
    code: 'ERR_NETNS_CLOSED',
  });
}

/** Hands each call its own part of the results. A request without a result succeeded. */
function settle(calls: readonly Call[], results: Uint8Array | null, errors: Errors): void {
  if (results !== null) distribute(calls, results);
  for (const call of calls) call.settle(errors);
}

function distribute(calls: readonly Call[], results: Uint8Array): void {
  const decoder = new Decoder(results);
  let at = 0;
  while (!decoder.done) {
    const end = decoder.u32() + decoder.at;
    const number = decoder.u32();
    const operation = operationList[decoder.u16()] as Operation;
    const errno = decoder.u16();
    // Results come nearly in order.
    while (at + 1 < calls.length && number >= (calls[at + 1] as Call).first) at++;
    while (at > 0 && number < (calls[at] as Call).first) at--;
    const call = calls[at] as Call;
    if (errno === 0) {
      if (call.read) {
        const reply = call.read(decoder, end, number - call.first);
        if (reply !== undefined) call.replies?.push(reply);
      } else call.replies?.push(decoder.record(operation.reply as Schema, end));
    } else {
      const kernelMessage = decoder.string();
      const attribute = decoder.string();
      call.failures ??= [];
      call.failures.push({
        index: number - call.first,
        errno,
        kernelMessage,
        attribute,
        row: decoder.u32() - 1,
      });
    }
  }
}
