/** A call: what is asked for, how its requests are written, and how its results become its promise's value or its error. */
import { BatchError, type BatchFailure, NetlinkError } from '../errors.js';
import type { Decoder, Encoder, Operation, Schema, Wire } from './codec.js';
import { type Column, columnsOperation, writeColumns } from './columns.js';

export interface Request {
  readonly operation: Operation;
  /** Fields of the operation's schema; or a packed record, written as bytes behind the columns that it refers to. */
  readonly wire: Wire | Uint8Array | Columns;
  /** What the caller passed, for the error. */
  readonly source?: unknown;
  /** The same in one line, or what makes it of the request. */
  readonly subject?: string | ((request: Request) => string) | undefined;
  /** Where it stands in the array that the caller passed. */
  readonly index?: number;
}

export const subjectOf = (request: Request): string | undefined =>
  typeof request.subject === 'function' ? request.subject(request) : request.subject;

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

export interface Failure {
  /** Of the request in its call. */
  readonly index: number;
  readonly errno: number;
  readonly kernelMessage: string;
  readonly attribute: string;
  /** Of a packed row, or -1. */
  readonly row: number;
}

export type Replies = Record<string, unknown>[];
/** Makes a value of a reply's record, which ends at `end`; or undefined, to leave it out. `index`: of the request in its call. */
export type Read<T> = (decoder: Decoder, end: number, index: number) => T | undefined;

/** What a promise's own functions are, without a closure for each promise. */
let resolveMade: (value: unknown) => void;
let rejectMade: (reason: unknown) => void;
export const noteSettlers = (resolve: (value: never) => void, reject: (reason: unknown) => void): void => {
  resolveMade = resolve as (value: unknown) => void;
  rejectMade = reject;
};

/** What is asked for in one call, and its promise. */
export abstract class Call {
  resolve: (replies: unknown) => void = resolveMade;
  reject: (error: unknown) => void = rejectMade;
  /** Undefined for a call whose promise has no value. */
  replies: unknown[] | undefined;
  failures: Failure[] | undefined;
  /** How a reply is read; undefined for all of its fields. */
  read: Read<unknown> | undefined;
  /** Its first request in the submission, and how many there are. */
  first: number = 0;
  count: number = 0;
  /** Where they are in the encoder. */
  start: number = 0;
  end: number = 0;
  /** In which submission; -1 until it is encoded. */
  submission: number = -1;
  /** Its caller has gone. */
  cancelled: boolean = false;

  /** Writes its requests, and returns how many. */
  abstract encode(encoder: Encoder): number;
  abstract toError(failures: Failure[], errors: Errors): Error;

  settle(errors: Errors): void {
    if (this.failures) this.reject(this.toError(this.failures, errors));
    else this.resolve(this.replies);
  }
}

/** One request of a spec: what there are most of, so it is one object. */
export class Change<Spec> extends Call {
  readonly work: Work<Spec>;
  readonly spec: Spec;

  constructor(work: Work<Spec>, spec: Spec) {
    super();
    this.work = work;
    this.spec = spec;
  }

  override encode(encoder: Encoder): number {
    const start = encoder.request(this.work.operation);
    this.work.write(encoder, this.spec, 'spec');
    encoder.close(start);
    return 1;
  }

  override toError([failure]: Failure[], errors: Errors): Error {
    const { work, spec } = this;
    return errors.one(work.operation, spec, () => work.describe(spec), failure as Failure);
  }
}

/** Anything else. */
export class Requests extends Call {
  override readonly encode: (encoder: Encoder) => number;
  override readonly toError: (failures: Failure[], errors: Errors) => Error;

  constructor(
    encode: (encoder: Encoder) => number,
    toError: (failures: Failure[], errors: Errors) => Error,
    replies?: unknown[],
    read?: Read<unknown>,
  ) {
    super();
    this.encode = encode;
    this.toError = toError;
    this.replies = replies;
    this.read = read;
  }
}

/** Makes errors of failures, with what the caller had asked for. */
export class Errors {
  readonly #netns: string | undefined;

  constructor(netns: string | undefined) {
    this.#netns = netns;
  }

  one(
    operation: Operation,
    source: unknown,
    subject: string | (() => string) | undefined,
    failure: Failure,
    index?: number,
  ): NetlinkError {
    return new NetlinkError({
      errno: failure.errno,
      syscall: operation.message,
      subject: typeof subject === 'function' ? subject() : subject,
      netns: this.#netns,
      kernelMessage: failure.kernelMessage,
      attribute: failure.attribute,
      request: source,
      index,
    });
  }

  ofRequest(request: Request, failure: Failure): NetlinkError {
    return this.one(request.operation, request.source, subjectOf(request), failure, request.index);
  }

  many(failures: readonly Failure[], total: number, one: (failure: Failure) => NetlinkError): BatchError {
    const listed = failures.map((failure): BatchFailure => ({ index: failure.index, error: one(failure) }));
    return new BatchError(
      listed.sort((a, b) => a.index - b.index),
      total,
    );
  }
}

export function encodeRequest(encoder: Encoder, { operation, wire }: Request): number {
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

export function encodeColumns(encoder: Encoder, rows: number, columns: readonly Column[]): number {
  const start = encoder.request(columnsOperation, true);
  writeColumns(encoder, rows, columns);
  encoder.close(start);
  return 1;
}

export function encodeRequests(encoder: Encoder, requests: readonly Request[]): number {
  for (const request of requests) encodeRequest(encoder, request);
  return requests.length;
}

export function encodeSpecs<Spec>(encoder: Encoder, { operation, write }: Work<Spec>, specs: readonly Spec[]): number {
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
