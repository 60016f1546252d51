import { BatchError, type BatchFailure, checkArray, checkDeviceName, checkKeys, invalidValue } from '../errors.js';
import { abortable, type CallOptions, deadline } from '../netlink/call-options.js';
import { checkBridge, type OvsBridge, type OvsBridgeSpec, toOvsBridge } from './bridge-spec.js';
import { OvsdbError, OvsError } from './errors.js';
import { localVlans } from './local-vlans.js';
import type { OvsdbInsert, OvsdbOperation, OvsdbResult } from './operations.js';
import { Ovsdb } from './ovsdb.js';
import { findBridge, type Plan, planBridge, planBridgeRemoval, planPortRemoval, planPorts, portsOf } from './plan.js';
import { checkPorts, type OvsPort, type OvsPortChange, type OvsPortSpec, toOvsPort } from './port-spec.js';
import { Replica } from './replica.js';

export interface OpenVswitchOptions {
  /** The database server's socket: a path, or `unix:` and a path. Default: /run/openvswitch/db.sock */
  readonly socket?: string;
}

export interface OvsOptions extends CallOptions {
  /** Milliseconds for the call, most of which are ovs-vswitchd's; default: 10,000. */
  readonly timeout?: number | undefined;
}

/** Options of `addPorts` and `setPorts`. */
export interface OvsPortOptions extends OvsOptions {
  /** When a port fails, undo the others too. Default: false. */
  readonly rollback?: boolean;
}

const defaultTimeout = 10_000;
/** For undoing, which has time of its own: what a call has is often used up by then. */
const undoTimeout = 5_000;

const connectKeys: ReadonlySet<string> = new Set(['socket', 'signal', 'timeout']);

interface Limits {
  readonly signal?: AbortSignal;
  readonly timeout: number;
}

interface Committed<P extends Plan> {
  readonly plan: P;
  /** What undoes each of the plan's steps. */
  readonly undo: readonly (readonly OvsdbOperation[])[];
  /** What ovs-vswitchd's `cur_cfg` is once it has acted. */
  readonly nextCfg: number;
}

/**
 * Open vSwitch, by its database: ovs-vswitchd.conf.db(5).
 *
 * Each call is one transaction, and resolves when ovs-vswitchd has acted on it. What is as it shall be is not written again.
 */
export class OpenVswitch {
  /** The connection, for what has no method here. */
  readonly database: Ovsdb;
  readonly #replica: Replica;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(database: Ovsdb, replica: Replica) {
    this.database = database;
    this.#replica = replica;
  }

  /** @throws OvsdbError ERR_OVSDB_CONNECTION: nothing listens there. */
  static async connect(options: OpenVswitchOptions & OvsOptions = {}): Promise<OpenVswitch> {
    checkKeys(options, connectKeys, 'options');
    const { socket } = options;
    const limits = limitsOf(options);
    const database = await Ovsdb.connect({ ...(socket === undefined ? {} : { socket }), signal: limits.signal });
    try {
      return new OpenVswitch(database, await Replica.open(database, limits));
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async bridges(options?: OvsOptions): Promise<OvsBridge[]> {
    await this.#replica.sync(limitsOf(options));
    return this.#replica.root.bridges.flatMap((uuid) => {
      const bridge = this.#replica.bridges.get(uuid);
      return bridge ? [toOvsBridge(this.#replica, bridge)] : [];
    });
  }

  /**
   * Makes a bridge; one that is there is changed where it differs.
   *
   * @throws OvsError EEXIST: a port has this name. ERR_OVS_PORT: ovs-vswitchd could not make it; it is removed again.
   */
  async addBridge(name: string, spec: OvsBridgeSpec = {}, options?: OvsOptions): Promise<OvsBridge> {
    const wanted = checkBridge(name, spec);
    const limits = limitsOf(options);
    const done = await this.#commit((replica) => planBridge(replica, wanted), limits);
    await this.#actedOrUndone(done, name, limits);
    const failure = this.#failure(name);
    if (failure) {
      await this.#undo(done.undo, true);
      throw failure;
    }
    return toOvsBridge(this.#replica, findBridge(this.#replica, name));
  }

  /** With its ports. False when there was none. */
  async deleteBridge(name: string, options?: OvsOptions): Promise<boolean> {
    checkDeviceName(name, 'name');
    const limits = limitsOf(options);
    const done = await this.#commit((replica) => planBridgeRemoval(replica, name), limits);
    await this.#acted(done.nextCfg, name, limits);
    return done.plan.operations.length > 0;
  }

  /** All but the bridge's own. */
  async ports(bridge: string, options?: OvsOptions): Promise<OvsPort[]> {
    await this.#replica.sync(limitsOf(options));
    return portsOf(this.#replica, findBridge(this.#replica, bridge))
      .filter(({ name }) => name !== bridge)
      .map((port) => toOvsPort(port, this.#replica.interfaces.get(port.interfaces[0] as string)));
  }

  /**
   * Adds ports, in one transaction; those that are on the bridge are changed where they differ. Those that ovs-vswitchd could not make
   * are removed again, or are what they were, and the others stay unless `rollback` is given.
   *
   * @returns one for each spec, at its index.
   * @throws OvsError ENOENT: no such bridge. EEXIST: a port of another bridge, or of a bond, has the name. ENOSPC: no local VLAN is free.
   * Nothing was done then.
   * @throws BatchError: ovs-vswitchd could not make some, for each an OvsError ERR_OVS_PORT.
   * @throws OvsError ERR_OVS_VSWITCHD_TIMEOUT: the ports have been taken out of the database again.
   */
  async addPorts(bridge: string, ports: readonly OvsPortSpec[], options?: OvsPortOptions): Promise<OvsPort[]> {
    return this.#putPorts(bridge, ports, 'add', options);
  }

  /**
   * Changes ports in one transaction, where they differ.
   *
   * @throws OvsError ENOENT: no such port on this bridge.
   */
  async setPorts(bridge: string, ports: readonly OvsPortChange[], options?: OvsPortOptions): Promise<OvsPort[]> {
    return this.#putPorts(bridge, ports, 'set', options);
  }

  /** Removes ports in one transaction; what is not on this bridge is passed over. Returns how many there were. */
  async deletePorts(bridge: string, names: readonly string[], options?: OvsOptions): Promise<number> {
    checkDeviceName(bridge, 'bridge');
    checkArray(names, 'names');
    for (const [index, name] of names.entries()) {
      checkDeviceName(name, `names[${index}]`);
      if (name === bridge) throw invalidValue(`names[${index}]`, "is the bridge's own port, which goes with it", name);
    }
    const limits = limitsOf(options);
    const unique = [...new Set(names)];
    const done = await this.#commit((replica) => planPortRemoval(replica, bridge, unique), limits);
    await this.#acted(done.nextCfg, bridge, limits);
    return done.plan.count;
  }

  /** The tag of a network on a bridge, or undefined while no port is of it: `addPorts` chooses one with the first. */
  async localVlan(bridge: string, network: string, options?: OvsOptions): Promise<number | undefined> {
    return (await this.localVlans(bridge, options)).get(network);
  }

  /** The tag of each network that has a port on the bridge. */
  async localVlans(bridge: string, options?: OvsOptions): Promise<ReadonlyMap<string, number>> {
    await this.#replica.sync(limitsOf(options));
    return localVlans(portsOf(this.#replica, findBridge(this.#replica, bridge)));
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #putPorts(
    bridge: string,
    ports: readonly (OvsPortSpec | OvsPortChange)[],
    mode: 'add' | 'set',
    options: OvsPortOptions = {},
  ): Promise<OvsPort[]> {
    checkDeviceName(bridge, 'bridge');
    const wanted = checkPorts(bridge, ports, mode);
    const limits = limitsOf(options);
    if (wanted.length === 0) return [];
    const done = await this.#commit((replica) => planPorts(replica, bridge, wanted, mode), limits);
    await this.#actedOrUndone(done, bridge, limits);
    const failures = wanted.flatMap(({ name }, index): BatchFailure[] => {
      const error = this.#failure(name);
      return error ? [{ index, error }] : [];
    });
    if (failures.length > 0) {
      const all = options.rollback === true;
      const undone = await this.#undo(all ? done.undo : failures.map(({ index }) => done.undo[index] ?? []), true);
      throw new BatchError(failures, wanted.length, all && undone);
    }
    return wanted.flatMap(({ name }) => {
      const port = this.#replica.ports.named(name);
      return port ? [toOvsPort(port, this.#replica.interfaces.named(name))] : [];
    });
  }

  /**
   * Commits what `make` plans by the database as it is. The transactions of this handle go one after the other, since each is planned by
   * what the one before has left. Another process's may come in between: then the plan's guards or the schema's own rules refuse it, and
   * it is planned anew.
   */
  #commit<P extends Plan>(make: (replica: Replica) => P, limits: Limits): Promise<Committed<P>> {
    const turn = this.#tail.then(async () => {
      for (;;) {
        await this.#replica.sync(limits);
        const { version } = this.#replica;
        const plan = make(this.#replica);
        try {
          return await this.#transact(plan, limits);
        } catch (error) {
          if (!(error instanceof OvsdbError && error.code === 'ERR_OVSDB_OPERATION')) throw error;
          await this.#replica.sync(limits);
          if (this.#replica.version === version) throw error;
        }
      }
    });
    this.#tail = turn.catch(() => undefined);
    // Its time runs while it waits for its turn, too.
    return abortable(
      () => turn,
      limits.signal ? { signal: limits.signal } : {},
      (done) => void this.#undo(done.undo, false),
    );
  }

  async #transact<P extends Plan>(plan: P, limits: Limits): Promise<Committed<P>> {
    const { root } = this.#replica;
    const { guards, operations, steps } = plan;
    const failed = steps.some(({ name }) => this.#failure(name) !== undefined && this.#replica.interfaces.named(name));
    // Any transaction has ovs-vswitchd try again what it could not do before.
    if (operations.length === 0 && !failed) return { plan, undo: [], nextCfg: root.nextCfg };
    const where = [['_uuid', '==', ['uuid', root.uuid]]] as const;
    const results = await this.database.transact(
      [
        ...guards,
        ...operations,
        { op: 'mutate', table: 'Open_vSwitch', where, mutations: [['next_cfg', '+=', 1]] },
        { op: 'select', table: 'Open_vSwitch', where, columns: ['next_cfg'] },
      ],
      limits.signal ? { signal: limits.signal } : {},
    );
    const last = results.at(-1) as { rows: readonly { next_cfg: number }[] };
    return {
      plan,
      undo: steps.map(({ insert, undo }) =>
        undo(insert === undefined ? '' : insertedUuid(results[guards.length + insert])),
      ),
      nextCfg: last.rows[0]?.next_cfg as number,
    };
  }

  async #acted(nextCfg: number, subject: string, { signal, timeout }: Limits): Promise<void> {
    try {
      await this.#replica.until(() => this.#replica.root.curCfg >= nextCfg, signal ? { signal } : {});
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error;
      const { curCfg } = this.#replica.root;
      const state = `cur_cfg is ${curCfg}, ${nextCfg} was wanted`;
      const message = `ovs-vswitchd has not acted within ${timeout} ms (${state}): is it running?`;
      throw new OvsError('ERR_OVS_VSWITCHD_TIMEOUT', subject, message, error);
    }
  }

  async #actedOrUndone(done: Committed<Plan>, subject: string, limits: Limits): Promise<void> {
    try {
      await this.#acted(done.nextCfg, subject, limits);
    } catch (error) {
      await this.#undo(done.undo, false);
      throw error;
    }
  }

  /** Why ovs-vswitchd could not make a port. */
  #failure(name: string): OvsError | undefined {
    const device = this.#replica.interfaces.named(name);
    if (device === undefined) return new OvsError('ERR_OVS_PORT', name, 'it was deleted meanwhile');
    // A patch port whose other end is not there yet has an error as well, and is waiting for it.
    const waits = device.type === 'patch' && (device.ofport ?? -1) > 0;
    if (device.error && !waits) return new OvsError('ERR_OVS_PORT', name, device.error);
    if (device.ofport === undefined || device.ofport < 0) {
      return new OvsError('ERR_OVS_PORT', name, 'ovs-vswitchd could not make it; its log has the reason');
    }
    return undefined;
  }

  /** Whether that succeeded. `wait`: for ovs-vswitchd too, so that devices are gone. */
  async #undo(undo: readonly (readonly OvsdbOperation[])[], wait: boolean): Promise<boolean> {
    const operations = undo.flat();
    if (operations.length === 0) return true;
    const limits = limitsOf({ timeout: undoTimeout });
    try {
      const { nextCfg } = await this.#transact({ guards: [], operations, steps: [] }, limits);
      if (wait) await this.#acted(nextCfg, 'undo', limits);
      return true;
    } catch {
      // What went wrong first is what the caller is told.
      return false;
    }
  }
}

function limitsOf({ signal, timeout = defaultTimeout }: OvsOptions = {}): Limits {
  return { ...deadline({ signal, timeout }), timeout };
}

function insertedUuid(result: OvsdbResult | undefined): string {
  return (result as OvsdbResult<OvsdbInsert>).uuid[1];
}
