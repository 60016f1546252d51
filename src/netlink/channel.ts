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
import { BatchError, type BatchFailure, NetlinkError } from '../errors.js';
import { type CallOptions, limit } from './call-options.js';
import { Decoder, Encoder, type Operation, operationList, type Schema, type Wire } from './codec.js';
import { type Column, columnsOperation, writeColumns } from './columns.js';

export type Dispatch = keyof typeof dispatchModes;

export type { CallOptions } from './call-options.js';

export interface Request {
  readonly operation: Operation;
  /** Fields of the operation's schema; or a packed record, written as bytes behind the columns that it refers to. */
  readonly wire: Wire | Uint8Array | Columns;
  /** What the caller passed, for the error. */
  readonly source?: unknown;
  /** The same in one line. */
  readonly subject?: string | (() => string) | undefined;
}

/** Of the columns operation. */
export interface Columns {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** What a family asks for again and again, one spec a request: how it is written, and how an error names it. */
export interface Work<Spec> {
  readonly operation: Operation;
  /** Checks a spec and writes its record. Throws with `path` in front. */
  readonly write: (encoder: Encoder, spec: Spec, path: string) => void;
  readonly describe: (spec: Spec) => string;
}

/** Rows of typed arrays that become as many messages: native/netlink/columns.h. */
export interface PackedWork {
  readonly operation: Operation;
  readonly columns: readonly Column[];
  readonly record: Uint8Array;
  readonly rows: number;
  /** A row as the caller knows it, and in one line. */
  readonly source: (row: number) => unknown;
  readonly describe: (row: number) => string;
}

interface Failure {
  /** Of the request in its call. */
  readonly index: number;
  readonly errno: number;
  readonly kernelMessage: string;
  readonly attribute: string;
  /** Of a packed row, or -1. */
  readonly row: number;
}

type Replies = Record<string, unknown>[];
/** Makes a value of a reply's record, which ends at `end`. */
type Read<T> = (decoder: Decoder, end: number) => T;

/** Encoded requests that are in memory at the most, in bytes; a call that begins below it is taken whole. */
const gatherLimit = 8 << 20;

/** Encoded requests that leave before the tick has ended, in bytes. */
const earlyBytes = 128 << 10;

const endOfTick: Promise<void> = Promise.resolve();

/** How a call's requests are written, and how its results become its promise's value or its error. */
class Call {
  readonly encode: (encoder: Encoder) => number;
  readonly read: Read<unknown> | undefined;
  readonly toError: (failures: Failure[]) => Error;
  /** Undefined for a call whose promise has no value. */
  readonly replies: unknown[] | undefined;
  resolve: (replies: unknown) => void;
  reject: (error: unknown) => void;
  /** Its first request in the submission, and how many there are. */
  first: number = 0;
  count: number = 0;
  /** Where they are in the encoder. */
  start: number = 0;
  end: number = 0;
  failures: Failure[] | undefined;
  /** In which submission; -1 until it is encoded. */
  submission: number = -1;
  /** Its caller has gone. */
  cancelled: boolean = false;

  constructor(
    encode: (encoder: Encoder) => number,
    read: Read<unknown> | undefined,
    replies: unknown[] | undefined,
    toError: (failures: Failure[]) => Error,
    resolve: (replies: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.encode = encode;
    this.read = read;
    this.replies = replies;
    this.toError = toError;
    this.resolve = resolve as (replies: unknown) => void;
    this.reject = reject;
  }

  settle(): void {
    if (this.failures) this.reject(this.toError(this.failures));
    else this.resolve(this.replies);
  }
}

export class Channel {
  readonly #open: () => Promise<NativeChannel>;
  readonly #netns: string | undefined;
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
    this.#dispatch = dispatchModes[dispatch];
  }

  /** One request. Resolves to its replies. */
  one(request: Request, options?: CallOptions): Promise<Replies> {
    return this.#call(
      (encoder) => encodeRequest(encoder, request),
      undefined,
      [],
      (failures) => this.#error(request.operation, request.source, request.subject, failures[0] as Failure),
      options,
    );
  }

  /** One dump, each of its replies read as it says. */
  dump<T>(request: Request, read: Read<T>, options?: CallOptions): Promise<T[]> {
    return this.#call(
      (encoder) => encodeRequest(encoder, request),
      read,
      [],
      (failures) => this.#error(request.operation, request.source, request.subject, failures[0] as Failure),
      options,
    );
  }

  /** Requests that are answered, each reply read as it says. Fails with the first error. */
  ask<T>(requests: readonly Request[], read: Read<T>, options?: CallOptions): Promise<T[]> {
    return this.#call(
      (encoder) => encodeRequests(encoder, requests),
      read,
      [],
      ([failure]) => {
        const { operation, source, subject } = requests[(failure as Failure).index] as Request;
        return this.#error(operation, source, subject, failure as Failure);
      },
      options,
    );
  }

  /** Many requests, each on its own: a `BatchError` names those that failed. Resolves to all replies. */
  async many(requests: readonly Request[], options?: CallOptions): Promise<Replies> {
    if (requests.length === 0) return [];
    return this.#call(
      (encoder) => encodeRequests(encoder, requests),
      undefined,
      [],
      (failures) =>
        this.#batchError(failures, requests.length, ({ index }) => {
          const { operation, source, subject } = requests[index] as Request;
          return [operation, source, subject];
        }),
      options,
    );
  }

  /** Many requests of which all or none happen (an nftables transaction). `explain` may say more of the error. */
  all(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
  ): Promise<Replies> {
    return this.#call(
      (encoder) => encodeRequests(encoder, requests),
      undefined,
      [],
      (failures) => {
        const failure = failures[0] as Failure;
        const request = requests[failure.index] as Request;
        const error = this.#error(request.operation, request.source, request.subject, failure);
        return explain ? explain(error, request, failure.row) : error;
      },
      options,
    );
  }

  /** One request of a spec. */
  change<Spec>(work: Work<Spec>, spec: Spec, options?: CallOptions): Promise<void> {
    return this.#call(
      (encoder) => encodeSpec(encoder, work, spec),
      undefined,
      undefined,
      (failures) => this.#error(work.operation, spec, () => work.describe(spec), failures[0] as Failure),
      options,
    );
  }

  /** One request for each of an array: a `BatchError` names those that failed. None is sent when one cannot be. */
  changes<Spec>(work: Work<Spec>, specs: readonly Spec[], options?: CallOptions): Promise<void> {
    if (specs.length === 0) return Promise.resolve();
    return this.#call(
      (encoder) => encodeSpecs(encoder, work, specs),
      undefined,
      undefined,
      (failures) =>
        this.#batchError(failures, specs.length, ({ index }) => {
          const spec = specs[index] as Spec;
          return [work.operation, spec, () => work.describe(spec)];
        }),
      options,
    );
  }

  /** One message for each row: a `BatchError` names the rows that failed. */
  packed(work: PackedWork, options?: CallOptions): Promise<void> {
    if (work.rows === 0) return Promise.resolve();
    const { operation, columns, record } = work;
    return this.#call(
      (encoder) => encodeColumns(encoder, work.rows, columns) + encodeRequest(encoder, { operation, wire: record }),
      undefined,
      undefined,
      (failures) => {
        const rows = failures.map((failure) => ({ ...failure, index: failure.row }));
        return this.#batchError(rows, work.rows, ({ row }) => [operation, work.source(row), () => work.describe(row)]);
      },
      options,
    );
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

  #call<T>(
    encode: (encoder: Encoder) => number,
    read: Read<unknown> | undefined,
    replies: unknown[] | undefined,
    toError: (failures: Failure[]) => Error,
    options: CallOptions | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) throw closedError(this.#netns);
      const call = new Call(encode, read, replies, toError, resolve, reject);
      if (options !== undefined && !limit(call, options, () => this.#withdraw(call))) return;
      if (this.#waiting.length > 0 || this.gathered >= gatherLimit) {
        this.#waiting.push(call);
        return;
      }
      this.#gather(call);
    });
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
      settle(calls, results);
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

  #error(operation: Operation, source: unknown, subject: Request['subject'], failure: Failure): NetlinkError {
    return new NetlinkError({
      errno: failure.errno,
      syscall: operation.message,
      subject: typeof subject === 'function' ? subject() : subject,
      netns: this.#netns,
      kernelMessage: failure.kernelMessage,
      attribute: failure.attribute,
      request: source,
    });
  }

  #batchError(
    failures: readonly Failure[],
    total: number,
    about: (failure: Failure) => [Operation, unknown, Request['subject']],
  ): BatchError {
    const listed = failures.map((failure): BatchFailure => {
      return { index: failure.index, error: this.#error(...about(failure), failure) };
    });
    return new BatchError(
      listed.sort((a, b) => a.index - b.index),
      total,
    );
  }
}

export function closedError(netns: string | undefined): Error {
  return Object.assign(new Error(`this handle of ${netns ?? 'the namespace'} is closed`), {
    code: 'ERR_NETNS_CLOSED',
  });
}

function encodeRequest(encoder: Encoder, { operation, wire }: Request): number {
  if (operation === columnsOperation) {
    const { rows, columns } = wire as Columns;
    return encodeColumns(encoder, rows, columns);
  }
  if (wire instanceof Uint8Array) {
    const start = encoder.request(operation, true);
    encoder.raw(wire);
    encoder.close(start);
  } else {
    const start = encoder.request(operation);
    encoder.record(operation.schema as Schema, wire as Wire);
    encoder.close(start);
  }
  return 1;
}

function encodeColumns(encoder: Encoder, rows: number, columns: readonly Column[]): number {
  const start = encoder.request(columnsOperation, true);
  writeColumns(encoder, rows, columns);
  encoder.close(start);
  return 1;
}

function encodeRequests(encoder: Encoder, requests: readonly Request[]): number {
  for (const request of requests) encodeRequest(encoder, request);
  return requests.length;
}

function encodeSpec<Spec>(encoder: Encoder, { operation, write }: Work<Spec>, spec: Spec): number {
  const start = encoder.request(operation);
  write(encoder, spec, 'spec');
  encoder.close(start);
  return 1;
}

function encodeSpecs<Spec>(encoder: Encoder, { operation, write }: Work<Spec>, specs: readonly Spec[]): number {
  for (let i = 0; i < specs.length; i++) {
    const start = encoder.request(operation);
    try {
      write(encoder, specs[i] as Spec, 'spec');
    } catch (error) {
      // Only now is it worth a string that says which one.
      write(encoder, specs[i] as Spec, `specs[${i}]`);
      throw error;
    }
    encoder.close(start);
  }
  return specs.length;
}

/** Hands each call its own part of the results. A request without a result succeeded. */
function settle(calls: readonly Call[], results: Uint8Array | null): void {
  if (results !== null) distribute(calls, results);
  for (const call of calls) call.settle();
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
      if (call.read) call.replies?.push(call.read(decoder, end));
      else call.replies?.push(decoder.record(operation.reply as Schema, end));
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
