import { OvsError } from './errors.js';
import type { OvsdbUpdate } from './monitor.js';
import type { OvsdbRow } from './operations.js';
import type { Ovsdb } from './ovsdb.js';
import {
  type BridgeRow,
  type InterfaceRow,
  type PortRow,
  type RootRow,
  toBridge,
  toInterface,
  toPort,
  toRoot,
  watched,
} from './tables.js';

/** Rows of a table, by uuid and by name. */
export class Table<Row extends { readonly uuid: string; readonly name: string }> {
  readonly #read: (uuid: string, row: OvsdbRow) => Row;
  readonly #rows: Map<string, Row> = new Map();
  readonly #named: Map<string, Row> = new Map();

  constructor(read: (uuid: string, row: OvsdbRow) => Row) {
    this.#read = read;
  }

  get(uuid: string): Row | undefined {
    return this.#rows.get(uuid);
  }

  named(name: string): Row | undefined {
    return this.#named.get(name);
  }

  values(): Iterable<Row> {
    return this.#rows.values();
  }

  /** `row` is undefined for one that was deleted. */
  set(uuid: string, row: OvsdbRow | undefined): void {
    const before = this.#rows.get(uuid);
    // A transaction may delete a row and insert another of its name, in either order here.
    if (before && this.#named.get(before.name) === before) this.#named.delete(before.name);
    if (row === undefined) {
      this.#rows.delete(uuid);
      return;
    }
    const after = this.#read(uuid, row);
    this.#rows.set(uuid, after);
    this.#named.set(after.name, after);
  }
}

/**
 * What the database holds of bridges, ports and interfaces, as its monitor tells. It is as old as what was last read from the socket:
 * `sync` brings it up to date.
 */
export class Replica {
  readonly bridges: Table<BridgeRow> = new Table(toBridge);
  readonly ports: Table<PortRow> = new Table(toPort);
  readonly interfaces: Table<InterfaceRow> = new Table(toInterface);
  /** Raised by each change. */
  version = 0;
  readonly #database: Ovsdb;
  readonly #waiting: Set<() => void> = new Set();
  #root: RootRow | undefined;
  #ended: { readonly reason: unknown } | undefined;

  private constructor(database: Ovsdb) {
    this.#database = database;
  }

  static async open(database: Ovsdb, options: { readonly signal?: AbortSignal }): Promise<Replica> {
    const replica = new Replica(database);
    const watcher = {
      update: (update: OvsdbUpdate): void => replica.#apply(update),
      end: (reason: unknown): void => replica.#end(reason),
    };
    await database.watch(watched, watcher, options);
    return replica;
  }

  /** @throws OvsError ENOENT: a database that was made and never filled. */
  get root(): RootRow {
    if (this.#root === undefined) {
      throw new OvsError(
        'ENOENT',
        this.#database.socket,
        'no row in Open_vSwitch: Open vSwitch has not been set up here',
      );
    }
    return this.#root;
  }

  /** The bridge that each port is of, as uuids. */
  owners(): ReadonlyMap<string, BridgeRow> {
    const owners = new Map<string, BridgeRow>();
    for (const bridge of this.bridges.values()) for (const port of bridge.ports) owners.set(port, bridge);
    return owners;
  }

  /** After this it has all that was committed before. The server sends a client's updates before it reads its next request. */
  sync(options: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#database.echo(options);
  }

  /** Resolves when `holds` does, which is asked after each update. */
  async until(holds: () => boolean, { signal }: { readonly signal?: AbortSignal }): Promise<void> {
    while (!holds()) {
      if (this.#ended) throw this.#ended.reason;
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
  }

  #apply({ changes }: OvsdbUpdate): void {
    this.version++;
    for (const change of changes) {
      const row = change.type === 'delete' ? undefined : change.new;
      if (change.table === 'Open_vSwitch') this.#root = row && toRoot(change.uuid, row);
      else if (change.table === 'Bridge') this.bridges.set(change.uuid, row);
      else if (change.table === 'Port') this.ports.set(change.uuid, row);
      else this.interfaces.set(change.uuid, row);
    }
    this.#wake();
  }

  #end(reason: unknown): void {
    this.#ended = { reason };
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
