/**
 * A channel: one netlink socket of one namespace. Requests of the same tick leave together, in call order, as a
 * pipelining client's do.
 *
 *   call ──> waiting ──(end of tick)──> one submission ──> results ──> settled
 */
import { dispatchModes, type NativeChannel } from '../addon.js';
import { BatchError, type BatchFailure, NetlinkError } from '../errors.js';
import { Decoder, Encoder, type Operation, type Schema, type Wire } from './codec.js';

export type Dispatch = keyof typeof dispatchModes;

/** Every call takes these. */
export interface CallOptions {
  /**
   * Aborting before the request has left sends nothing; afterwards the promise rejects, but the kernel may have acted.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then the promise rejects with a `TimeoutError`. The kernel may have acted. */
  readonly timeout?: number | undefined;
}

export interface Request {
  readonly operation: Operation;
  /** Fields of the operation's schema, or a record as bytes (packed rows). */
  readonly wire: Wire | Uint8Array;
  /** What the caller passed, for the error. */
  readonly source?: unknown;
  /** The same in one line. */
  readonly subject?: string | (() => string) | undefined;
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

/** How a call's results become its promise's value or its error. */
interface Call {
  readonly requests: readonly Request[];
  readonly settle: (replies: Record<string, unknown>[], failures: Failure[]) => void;
  readonly fail: (error: unknown) => void;
  /** Its caller has gone. */
  cancelled: boolean;
}

export class Channel {
  readonly #open: () => Promise<NativeChannel>;
  readonly #netns: string | undefined;
  readonly #encoder = new Encoder();
  readonly #dispatch: number;
  #native: NativeChannel | undefined;
  #opening = false;
  #waiting: Call[] = [];
  #scheduled = false;
  #closed = false;

  constructor(open: () => Promise<NativeChannel>, netns: string | undefined, dispatch: Dispatch) {
    this.#open = open;
    this.#netns = netns;
    this.#dispatch = dispatchModes[dispatch];
  }

  /** One request. Resolves to its replies. */
  async one(request: Request, options?: CallOptions): Promise<Record<string, unknown>[]> {
    return this.#call([request], options, (failures) => this.#error(request, failures[0] as Failure));
  }

  /** Many requests, each on its own: a `BatchError` names those that failed. Resolves to all replies. */
  async many(requests: readonly Request[], options?: CallOptions): Promise<Record<string, unknown>[]> {
    if (requests.length === 0) return [];
    return this.#call(requests, options, (failures) => {
      const listed = failures.map(
        (failure): BatchFailure => ({
          index: failure.index,
          error: this.#error(requests[failure.index] as Request, failure),
        }),
      );
      return new BatchError(
        listed.sort((a, b) => a.index - b.index),
        requests.length,
      );
    });
  }

  /** Many requests of which all or none happen (an nftables transaction). `explain` may say more of the error. */
  async all(
    requests: readonly Request[],
    options?: CallOptions,
    explain?: (error: NetlinkError, request: Request, row: number) => NetlinkError,
  ): Promise<Record<string, unknown>[]> {
    return this.#call(requests, options, (failures) => {
      const failure = failures[0] as Failure;
      const request = requests[failure.index] as Request;
      const error = this.#error(request, failure);
      return explain ? explain(error, request, failure.row) : error;
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flush();
    this.#native?.close();
  }

  #call(
    requests: readonly Request[],
    options: CallOptions | undefined,
    toError: (failures: Failure[]) => Error,
  ): Promise<Record<string, unknown>[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closedError(this.#netns);
      const call: Call = {
        requests,
        settle: (replies, failures) => (failures.length > 0 ? reject(toError(failures)) : resolve(replies)),
        fail: reject,
        cancelled: false,
      };
      const limited = options?.signal || options?.timeout !== undefined ? limit(call, options) : call;
      if (!limited) return;
      this.#waiting.push(limited);
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const native = this.#native;
    if (!native) {
      if (!this.#opening) this.#start();
      return;
    }
    const calls = this.#waiting.filter((call) => !call.cancelled);
    this.#waiting = [];
    if (calls.length === 0) return;
    const encoder = this.#encoder;
    encoder.reset();
    const sent: Call[] = [];
    for (const call of calls) {
      const start = encoder.length;
      try {
        for (const request of call.requests) encodeRequest(encoder, request);
        sent.push(call);
      } catch (error) {
        encoder.truncate(start);
        call.fail(error);
      }
    }
    if (sent.length === 0) return;
    const now = native.submit(encoder.written, this.#dispatch, (results) => settle(sent, results));
    if (now !== undefined) settle(sent, now);
  }

  #start(): void {
    this.#opening = true;
    this.#open().then(
      (native) => {
        this.#opening = false;
        this.#native = native;
        this.#flush();
        if (this.#closed) native.close();
      },
      (error: unknown) => {
        this.#opening = false;
        const calls = this.#waiting;
        this.#waiting = [];
        for (const call of calls) call.fail(error);
      },
    );
  }

  #error(request: Request, failure: Failure): NetlinkError {
    const { subject } = request;
    return new NetlinkError({
      errno: failure.errno,
      syscall: request.operation.message,
      subject: typeof subject === 'function' ? subject() : subject,
      netns: this.#netns,
      kernelMessage: failure.kernelMessage,
      attribute: failure.attribute,
      request: request.source,
    });
  }
}

export function closedError(netns: string | undefined): Error {
  return Object.assign(new Error(`this handle of ${netns ?? 'the namespace'} is closed`), {
    code: 'ERR_NETNS_CLOSED',
  });
}

function encodeRequest(encoder: Encoder, { operation, wire }: Request): void {
  const start = encoder.open();
  encoder.u16(operation.index);
  encoder.u16(0);
  if (wire instanceof Uint8Array) encoder.raw(wire);
  else encoder.record(operation.schema as Schema, wire);
  encoder.close(start);
}

/** Hands each call its own part of the results. A request without a result succeeded. */
function settle(calls: readonly Call[], results: Uint8Array | null): void {
  if (results === null) {
    for (const call of calls) call.settle([], []);
    return;
  }
  const starts: number[] = [];
  let total = 0;
  for (const call of calls) {
    starts.push(total);
    total += call.requests.length;
  }
  const replies: Record<string, unknown>[][] = calls.map(() => []);
  const failures: Failure[][] = calls.map(() => []);
  const decoder = new Decoder(results);
  let at = 0;
  while (!decoder.done) {
    const end = decoder.u32() + decoder.at;
    const number = decoder.u32();
    decoder.u16();
    const errno = decoder.u16();
    // Results come nearly in order.
    while (at + 1 < calls.length && number >= (starts[at + 1] as number)) at++;
    while (at > 0 && number < (starts[at] as number)) at--;
    const index = number - (starts[at] as number);
    if (errno === 0) {
      const reply = calls[at]?.requests[index]?.operation.reply as Schema;
      replies[at]?.push(decoder.record(reply, end));
    } else {
      const kernelMessage = decoder.string();
      const attribute = decoder.string();
      failures[at]?.push({ index, errno, kernelMessage, attribute, row: decoder.u32() - 1 });
    }
  }
  calls.forEach((call, i) => {
    call.settle(replies[i] as Record<string, unknown>[], failures[i] as Failure[]);
  });
}

/** A call that also ends with its signal or its time. Undefined when it has ended already. */
function limit(call: Call, { signal, timeout }: CallOptions): Call | undefined {
  if (signal?.aborted) {
    call.fail(signal.reason);
    return undefined;
  }
  const end = (): void => {
    signal?.removeEventListener('abort', abort);
    clearTimeout(timer);
  };
  const limited: Call = {
    requests: call.requests,
    cancelled: false,
    settle: (replies, failures) => {
      end();
      call.settle(replies, failures);
    },
    fail: (error) => {
      end();
      call.fail(error);
    },
  };
  const cancel = (reason: unknown): void => {
    limited.cancelled = true;
    limited.fail(reason);
  };
  const abort = (): void => cancel(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => cancel(new DOMException(`no reply within ${timeout} ms`, 'TimeoutError')), timeout);
  return limited;
}
