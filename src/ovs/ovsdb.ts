import { createConnection, type Socket } from 'node:net';
import { checkKeys, invalidType } from '../errors.js';
import { abortable, type CallOptions, limit } from '../netlink/call-options.js';
import { OvsdbError } from './errors.js';
import { JsonFramer } from './framing.js';
import { checkTables, type OvsdbMonitorTables, type OvsdbUpdate, toUpdate, UpdateQueue } from './monitor.js';
import { checkOperations, checkResults, type OvsdbOperation, type OvsdbResult } from './operations.js';

export interface OvsdbOptions {
  /** The server's socket: a path, or `unix:` and a path. Default: /run/openvswitch/db.sock */
  readonly socket?: string;
  /** Default: 'Open_vSwitch' */
  readonly database?: string;
}

/** A request that waits for its reply. */
interface Call {
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  readonly method: string;
  readonly text: string;
  /** Sees the result while it is the last that was read from the socket: before what comes after it. */
  readonly received: ((result: unknown) => void) | undefined;
  sent: boolean;
}

/** Of one monitor. */
interface Watcher {
  update(update: OvsdbUpdate): void;
  end(reason: unknown): void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const optionKeys: ReadonlySet<string> = new Set(['socket', 'database', 'signal', 'timeout']);

/**
 * A connection to an OVSDB server, such as Open vSwitch's: RFC 7047, ovsdb-server(7).
 *
 * Requests are pipelined: any number may be under way, and those of one tick leave in one write. A connection that is lost stays lost; what
 * waited for a reply rejects with an `OvsdbError`, and so do calls after it. It keeps the process alive until it is closed.
 */
export class Ovsdb {
  /** The path. */
  readonly socket: string;
  readonly database: string;
  /** Settles when the connection is no more. */
  readonly closed: Promise<void>;
  readonly #connection: Socket;
  readonly #calls: Map<number, Call> = new Map();
  readonly #watchers: Map<number, Watcher> = new Map();
  #unsent: Call[] = [];
  #nextId = 1;
  #end: ((method: string) => OvsdbError) | undefined;

  private constructor(connection: Socket, socket: string, database: string) {
    this.socket = socket;
    this.database = database;
    this.#connection = connection;
    const framer = new JsonFramer();
    let cause: unknown;
    connection.on('data', (piece) => this.#read(framer, piece));
    connection.on('error', (error) => {
      cause = error;
    });
    this.closed = new Promise((resolve) => {
      connection.on('close', () => {
        this.#finish((method) => connectionLost(method, socket, cause));
        resolve();
      });
    });
  }

  /** @throws OvsdbError ERR_OVSDB_CONNECTION: nothing listens there. */
  static async connect(options: OvsdbOptions & CallOptions = {}): Promise<Ovsdb> {
    checkKeys(options, optionKeys, 'options');
    const { socket = '/run/openvswitch/db.sock', database = 'Open_vSwitch' } = options;
    if (typeof socket !== 'string') throw invalidType('options.socket', 'a path', socket);
    if (typeof database !== 'string') throw invalidType('options.database', 'a name', database);
    const path = socket.startsWith('unix:') ? socket.slice('unix:'.length) : socket;
    const limits = { signal: options.signal, timeout: options.timeout };
    const connection = await abortable(
      () => open(path),
      limits,
      (late) => late.destroy(),
    );
    return new Ovsdb(connection, path, database);
  }

  /**
   * Carries operations out, in order: all of them, or none. Each has a result at its index. Aborting it asks the server to give up, which
   * it does while it waits in a `wait`.
   *
   * @throws OvsdbError ERR_OVSDB_OPERATION: `operation` says which failed, `error` and `details` why.
   */
  async transact<const O extends readonly OvsdbOperation[]>(
    operations: O,
    options: CallOptions = {},
  ): Promise<{ readonly [K in keyof O]: OvsdbResult<O[K]> }> {
    const checked = checkOperations(operations);
    const reply = await this.#request('transact', [this.database, ...checked], options);
    return checkResults(checked, reply) as { readonly [K in keyof O]: OvsdbResult<O[K]> };
  }

  /**
   * Watches tables: first what they hold, then what each transaction changes. Leaving the loop ends it; so does `signal`, whose reason is
   * thrown. `timeout` is for the first.
   *
   * @throws OvsdbError ERR_OVSDB_OVERRUN: more than 65,536 changes wait to be taken. The connection is left as it is.
   */
  async *monitor(tables: OvsdbMonitorTables, options: CallOptions = {}): AsyncGenerator<OvsdbUpdate, void, undefined> {
    const queue = new UpdateQueue();
    const { signal } = options;
    const abort = (): void => queue.end(signal?.reason);
    const cancel = await this.watch(
      tables,
      { update: (update) => queue.push(update), end: (reason) => queue.end(reason) },
      options,
    );
    signal?.addEventListener('abort', abort);
    try {
      signal?.throwIfAborted();
      for (;;) yield await queue.take();
    } finally {
      signal?.removeEventListener('abort', abort);
      cancel();
    }
  }

  /** Has a watcher told of updates as they are read. Returns what ends that. @internal */
  async watch(tables: OvsdbMonitorTables, watcher: Watcher, options: CallOptions = {}): Promise<() => void> {
    const requests = checkTables(tables);
    const id = this.#nextId++;
    const cancel = (): void => {
      if (!this.#watchers.delete(id) || this.#end) return;
      // Nothing waits for the answer, which is an error where the monitor has not been made.
      this.#request('monitor_cancel', [id], {}).catch(() => undefined);
    };
    this.#watchers.set(id, watcher);
    try {
      // An update may follow in the same read as the reply, and must not overtake it.
      await this.#request('monitor', [this.database, id, requests], options, (result) =>
        watcher.update(toUpdate(result, true)),
      );
    } catch (error) {
      cancel();
      throw error;
    }
    return cancel;
  }

  /** Resolves when the server has answered, and so has sent every update of what was committed before. */
  async echo(options: CallOptions = {}): Promise<void> {
    await this.#request('echo', [], options);
  }

  /** What has no reply yet rejects. */
  async close(): Promise<void> {
    this.#finish((method) => new OvsdbError('ERR_OVSDB_CLOSED', `${method}: the connection has been closed`));
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #request(
    method: string,
    params: readonly unknown[],
    options: CallOptions,
    received?: (result: unknown) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end(method);
      const id = this.#nextId++;
      const text = JSON.stringify({ method, params, id });
      const call: Call = { resolve, reject, method, text, received, sent: false };
      if (!limit(call, options, () => this.#withdraw(id, call))) return;
      this.#calls.set(id, call);
      if (this.#unsent.push(call) === 1) process.nextTick(() => this.#flush());
    });
  }

  #flush(): void {
    const calls = this.#unsent;
    this.#unsent = [];
    if (calls.length === 0 || this.#end) return;
    for (const call of calls) call.sent = true;
    this.#connection.write(calls.map(({ text }) => text).join(''));
  }

  #withdraw(id: number, call: Call): void {
    this.#calls.delete(id);
    if (!call.sent) this.#unsent = this.#unsent.filter((other) => other !== call);
    else if (call.method === 'transact' && !this.#end) {
      this.#connection.write(JSON.stringify({ method: 'cancel', params: [id], id: null }));
    }
  }

  #read(framer: JsonFramer, piece: Buffer): void {
    if (this.#end) return;
    try {
      for (const text of framer.push(piece)) this.#receive(JSON.parse(text) as Message);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      const message = `${this.socket} does not speak OVSDB: ${what}`;
      this.#finish((method) => new OvsdbError('ERR_OVSDB_PROTOCOL', `${method}: ${message}`, { cause }));
    }
  }

  #receive({ id, method, params, result, error }: Message): void {
    if (method === undefined) {
      this.#settle(id as number, result, error);
    } else if (method === 'update') {
      const [watcher, updates] = params as [number, unknown];
      this.#watchers.get(watcher)?.update(toUpdate(updates, false));
    } else if (id !== null && id !== undefined) {
      // A server that hears nothing for long asks in this way, and hangs up when nobody answers.
      const reply = method === 'echo' ? { result: params, error: null } : { result: null, error: 'unknown method' };
      this.#connection.write(JSON.stringify({ ...reply, id }));
    }
  }

  #settle(id: number, result: unknown, error: unknown): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    if (error === null || error === undefined) {
      call.received?.(result);
      call.resolve(result);
    } else {
      call.reject(requestError(call.method, error));
    }
  }

  #finish(end: (method: string) => OvsdbError): void {
    if (this.#end) return;
    this.#end = end;
    this.#unsent = [];
    this.#connection.destroy();
    for (const call of this.#calls.values()) call.reject(end(call.method));
    this.#calls.clear();
    for (const watcher of this.#watchers.values()) watcher.end(end('monitor'));
    this.#watchers.clear();
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const connection = createConnection({ path });
    const refuse = (cause: NodeJS.ErrnoException): void => {
      const message = `connect ${path}: ${cause.code ?? cause.message}: is ovsdb-server running?`;
      reject(new OvsdbError('ERR_OVSDB_CONNECTION', message, { cause }));
    };
    connection.once('error', refuse);
    connection.once('connect', () => {
      connection.off('error', refuse);
      resolve(connection);
    });
  });
}

function connectionLost(method: string, socket: string, cause: unknown): OvsdbError {
  const why = (cause as NodeJS.ErrnoException | undefined)?.code;
  const message = `${method}: the connection to ${socket} was lost${why ? ` (${why})` : ''}; what was sent may have been done`;
  return new OvsdbError('ERR_OVSDB_CONNECTION', message, { cause });
}

/** A JSON-RPC error: a string, or an object as RFC 7047's <error>. */
function requestError(method: string, failure: unknown): OvsdbError {
  const { error, details } =
    typeof failure === 'object' ? (failure as { error?: string; details?: string }) : { error: String(failure) };
  const message = `${method}: ${error ?? JSON.stringify(failure)}${details ? `: ${details}` : ''}`;
  return new OvsdbError('ERR_OVSDB_REQUEST', message, { error, details });
}
