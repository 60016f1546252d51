import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { addon, dispatchModes, type NativeChannel, type NativeNamespace } from '../addon.js';
import { type Announcement, type AnnounceOptions, Announcer, type PackedAnnouncements } from '../announce/announce.js';
import { Conntrack } from '../conntrack/conntrack.js';
import { checkAlias, checkFileName, fromNative, insteadOf, invalidType, invalidValue } from '../errors.js';
import { Ethtool } from '../ethtool/ethtool.js';
import { abortable, type CallOptions } from '../netlink/call-options.js';
import { Channel, closedError, type Dispatch } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import { type EventStream, EventStreams, type MonitorOptions } from '../netlink/event-stream.js';
import { Nft } from '../nftables/nft.js';
import { Addresses } from '../rtnetlink/addresses.js';
import { Links } from '../rtnetlink/links.js';
import { type MonitorGroup, type NetlinkEvent, netlinkEvents } from '../rtnetlink/monitor.js';
import { Neighbours } from '../rtnetlink/neighbours.js';
import { Nexthops } from '../rtnetlink/nexthops.js';
import { Routes } from '../rtnetlink/routes.js';
import { Rules } from '../rtnetlink/rules.js';
import { type SocketKind, type SocketOptions, socketArguments } from './socket.js';
import { type SpawnOptions, spawnIn } from './spawn.js';
import { Sysctl, type SysctlValues, sysctlEntries } from './sysctl.js';

/** Of a namespace's two sockets. */
const protocols = [operation('links.list').protocol, operation('nft.tables').protocol];

const namespaceId = operation('namespaceIds.get');

/** Where ip-netns(8) keeps named namespaces. */
export const namespaceDirectory = '/run/netns';

/** NSFS_MAGIC of <linux/magic.h>. */
const nsfsMagic = 0x6e736673;

export interface NetnsOptions {
  /**
   * Where requests run: `'inline'` on the calling thread, `'worker'` on one of the library's own, `'adaptive'` (the
   * default) by what they are predicted to cost.
   */
  readonly dispatch?: Dispatch;
}

export interface CreateOptions extends NetnsOptions, CallOptions {
  /** Settings of the new namespace, as `ns.sysctl.set` takes them. When one is refused, there is no namespace. */
  readonly sysctl?: SysctlValues;
  /** Of its loopback device, at most 255 bytes: a mark that is there before the name is. */
  readonly alias?: string;
}

/** A namespace by name (ip-netns(8)), by a process that is in it, by path, or by an open descriptor (not taken over). */
export type NetnsReference = string | { readonly pid: number } | { readonly path: string } | { readonly fd: number };

/**
 * A network namespace: network_namespaces(7), setns(2), ip-netns(8).
 *
 * A handle keeps its namespace alive until it is closed. The process itself stays in its own namespace, on every thread.
 */
export class Netns {
  /** Undefined for an anonymous one, or one that was opened by other means. */
  readonly name: string | undefined;
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly nexthops: Nexthops;
  readonly rules: Rules;
  readonly neighbours: Neighbours;
  readonly nft: Nft;
  readonly conntrack: Conntrack;
  readonly sysctl: Sysctl;
  readonly ethtool: Ethtool;
  readonly #native: NativeNamespace;
  readonly #announcer: Announcer;
  readonly #channels: Channel[];
  readonly #streams: EventStreams;

  private constructor(
    native: NativeNamespace,
    name: string | undefined,
    label: string,
    options: NetnsOptions,
    opened: readonly NativeChannel[] = [],
  ) {
    const dispatch = dispatchOf(options);
    this.name = name;
    this.#native = native;
    this.#channels = protocols.map((protocol, at) => {
      const open = (): Promise<NativeChannel> =>
        native.channel(protocol).catch((error: unknown) => {
          throw fromNative(error, undefined, label);
        });
      return new Channel(open, label, dispatch, opened[at]);
    });
    this.#streams = new EventStreams(native, label);
    const [route, netfilter] = this.#channels as [Channel, Channel];
    this.links = new Links(route, native, label);
    this.addresses = new Addresses(route);
    this.routes = new Routes(route);
    this.nexthops = new Nexthops(route);
    this.rules = new Rules(route);
    this.neighbours = new Neighbours(route, this.links);
    this.nft = new Nft(
      netfilter,
      this.#streams,
      (options) => this.links.list({}, options),
      () => Netns.create(),
    );
    this.conntrack = new Conntrack(netfilter, this.#streams);
    this.sysctl = new Sysctl(native, label);
    this.ethtool = new Ethtool(native, label);
    this.#announcer = new Announcer(native, this.links, label);
  }

  /**
   * Makes a namespace: named, as `ip netns add` does, or without a name an anonymous one that goes when it is closed.
   * Its loopback device is down, as the kernel makes it.
   *
   * @throws NetlinkError EEXIST: the name is taken. EPERM: no CAP_SYS_ADMIN.
   */
  static async create(name?: string, options: CreateOptions = {}): Promise<Netns> {
    if (name !== undefined) checkNetnsName(name);
    dispatchOf(options);
    const sysctls = sysctlEntries(options.sysctl ?? {});
    const label = name ?? 'an anonymous namespace';
    const alias = options.alias === undefined ? null : checkAlias(options.alias, 'options.alias');
    try {
      const made = await abortable(
        () => addon.createNamespace(name ?? null, sysctls, protocols, alias),
        options,
        // Made when nobody waited for it any more.
        ({ namespace, channels }) => {
          for (const channel of channels) channel.close();
          namespace.close();
          if (name !== undefined) addon.deleteNamespace(name).catch(() => {});
        },
      );
      return new Netns(made.namespace, name, label, options, made.channels);
    } catch (error) {
      throw fromNative(error, name === undefined ? undefined : `namespace ${name}`, undefined);
    }
  }

  /** Opens one that exists. Throws NetlinkError ENOENT where there is none. */
  static async open(reference: NetnsReference, options: NetnsOptions = {}): Promise<Netns> {
    const { path, name, label } = locate(reference);
    dispatchOf(options);
    try {
      return new Netns(addon.openNamespace(path), name, label, options);
    } catch (error) {
      throw fromNative(error, label);
    }
  }

  /** The one that the process is in. */
  static async current(options: NetnsOptions = {}): Promise<Netns> {
    dispatchOf(options);
    try {
      return new Netns(addon.openNamespace('/proc/self/ns/net'), undefined, "the process's own namespace", options);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** Names of the named ones, sorted; what `ip netns list` shows. */
  static async list(): Promise<string[]> {
    return (await readdir(namespaceDirectory).catch(insteadOf('ENOENT', []))).sort();
  }

  /**
   * Removes a name, as `ip netns delete` does. The namespace itself goes with its last handle, process and socket.
   *
   * @throws NetlinkError ENOENT: there is none of that name.
   */
  static async delete(name: string, options?: CallOptions): Promise<void> {
    checkNetnsName(name);
    try {
      await abortable(() => addon.deleteNamespace(name), options);
    } catch (error) {
      throw fromNative(error, name);
    }
  }

  /**
   * Whether a name is all that there is: left by a process of netloom's that was killed between making the name and binding the namespace
   * to it, or about to be bound by one. `delete` tells these two apart. @internal
   */
  static async isLeftover(name: string): Promise<boolean> {
    try {
      const { mode } = await stat(`${namespaceDirectory}/${name}`);
      return (mode & 0o777) === 0o400 && (await statfs(`${namespaceDirectory}/${name}`)).type !== nsfsMagic;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Of the namespace, as `/proc/<pid>/fd/<fd>` can be opened while this handle is; -1 once closed. */
  get fd(): number {
    return this.#native.fd;
  }

  /**
   * The number under which this namespace knows another: `linkNetnsid` of its devices that have a peer there, `ip netns list-id`.
   * Undefined where it has none.
   */
  async idOf(other: Netns, options?: CallOptions): Promise<number | undefined> {
    const wire = { fd: other.#open().fd };
    const [reply] = await (this.#channels[0] as Channel).one({ operation: namespaceId, wire }, options);
    const id = reply?.['id'] as number | undefined;
    return id === undefined || id < 0 ? undefined : id;
  }

  /**
   * Whether calls wait because the requests gathered before them have reached the limit (8 MiB for each of the two sockets). Such a
   * call has not been encoded yet; its promise settles like any other's.
   */
  get needDrain(): boolean {
    return this.#channels.some((channel) => channel.needDrain);
  }

  /** Resolves when no call waits. A producer that does not await its calls awaits this, and so keeps its memory bounded. */
  async drain(): Promise<void> {
    while (this.needDrain) await Promise.all(this.#channels.map((channel) => channel.drain()));
  }

  /** Bytes of encoded requests in memory. @internal */
  get gathered(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.gathered, 0);
  }

  /** Starts a program inside, with the arguments and the result of `child_process.spawn`. */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    return spawnIn(this.#open(), command, args, options);
  }

  /**
   * A socket inside, as a descriptor for `net.Server#listen({ fd })`, `new net.Socket({ fd })` or
   * `dgram.Socket#bind({ fd })`; bound to `address` and `port` if they are given. It is the caller's to close.
   */
  async socket(kind: SocketKind, options: SocketOptions = {}): Promise<number> {
    const { address, port, reuseAddress } = socketArguments(kind, options);
    try {
      const native = this.#open();
      return await abortable(() => native.socket(kind, address, port, reuseAddress), options, closeSync);
    } catch (error) {
      throw fromNative(
        error,
        options.address === undefined ? kind : `${kind} ${options.address} port ${port}`,
        this.name,
      );
    }
  }

  /**
   * What changes in the kernel's tables, as ip-monitor(8) shows it, by whomever: rtnetlink(7)'s multicast groups, all of them unless some are
   * named. It listens from when its `ready` resolves.
   *
   * @throws ERR_NETNS_CLOSED on a closed handle; TypeError for a group that there is not.
   */
  monitor(groups?: readonly MonitorGroup[], options: MonitorOptions = {}): EventStream<NetlinkEvent> {
    const [route] = this.#channels as [Channel, Channel];
    return this.#streams.open(netlinkEvents(route, groups), options);
  }

  /**
   * Tells the neighbours where addresses live: gratuitous ARP (RFC 5227) and unsolicited neighbour advertisements
   * (RFC 4861). Resolves when the first round is sent; the others follow by themselves, and end with the handle.
   */
  announce(announcements: readonly Announcement[] | PackedAnnouncements, options: AnnounceOptions = {}): Promise<void> {
    this.#open();
    return this.#announcer.announce(announcements, options);
  }

  /** Resolves when no round of announcements is to come. @internal */
  announced(): Promise<void> {
    return this.#announcer.idle();
  }

  /**
   * Closes its sockets, ends its event streams and lets the namespace go. Requests that were made are carried out; a call of several steps, such as
   * one that gives a new device an alias, rejects with ERR_NETNS_CLOSED at its next step. Await calls, then close.
   */
  async close(): Promise<void> {
    this.#announcer.close();
    this.#streams.close();
    for (const channel of this.#channels) channel.close();
    this.#native.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(): NativeNamespace {
    if (this.#native.fd < 0) throw closedError(this.name);
    return this.#native;
  }
}

/** Checked before anything is made or opened. */
function dispatchOf({ dispatch = 'adaptive' }: NetnsOptions): Dispatch {
  if (typeof dispatch === 'string' && Object.hasOwn(dispatchModes, dispatch)) return dispatch;
  throw invalidValue('options.dispatch', `is none of ${Object.keys(dispatchModes).join(', ')}`, dispatch);
}

/** A file's name, as iproute2 checks it: not empty, '.' or '..', no '/' and no NUL, 255 bytes at most. */
export function checkNetnsName(name: unknown): asserts name is string {
  checkFileName(name, 'name', "a namespace's name");
}

function locate(reference: NetnsReference): { path: string; name: string | undefined; label: string } {
  if (typeof reference === 'string') {
    checkNetnsName(reference);
    return { path: `${namespaceDirectory}/${reference}`, name: reference, label: reference };
  }
  if (typeof reference === 'object' && reference !== null) {
    if ('pid' in reference && Number.isInteger(reference.pid) && reference.pid > 0) {
      return {
        path: `/proc/${reference.pid}/ns/net`,
        name: undefined,
        label: `the namespace of process ${reference.pid}`,
      };
    }
    if ('path' in reference && typeof reference.path === 'string' && reference.path !== '') {
      return { path: reference.path, name: undefined, label: reference.path };
    }
    if ('fd' in reference && Number.isInteger(reference.fd) && reference.fd >= 0) {
      return {
        path: `/proc/self/fd/${reference.fd}`,
        name: undefined,
        label: `the namespace of descriptor ${reference.fd}`,
      };
    }
  }
  throw invalidType('reference', 'a name, { pid }, { path } or { fd }', reference);
}
