import {
  checkAlias,
  checkDeviceName,
  checkInteger,
  checkKeys,
  invalidType,
  invalidValue,
  NetlinkError,
} from '../errors.js';
import { checkMac, formatMac } from '../ip.js';
import type { CallOptions, Channel, Request, Work } from '../netlink/channel.js';
import { operation, type Schema, type Wire } from '../netlink/codec.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';

/** A device, by name or by index. */
export type DeviceReference = string | number;

/** A namespace to put a device in: a handle (`Netns`), or a descriptor. */
export type NetnsTarget = { readonly fd: number; readonly links?: Pick<Links, 'set' | 'delete'> };

interface CommonSpec {
  /** At most 15 bytes. Without it the kernel names the device (veth0, ...). */
  readonly name?: string;
  /** 'aa:bb:cc:dd:ee:ff' */
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
  readonly up?: boolean;
  readonly txQueueLength?: number;
  /** Default: as the kind has it; a veth one for each processor. */
  readonly numTxQueues?: number;
  readonly numRxQueues?: number;
  /** At most 255 bytes. The kernel takes it, and `addrGenMode`, in a second step, which needs a `name`. */
  readonly alias?: string;
  readonly group?: number;
  /** Where to make it; default: this handle's. */
  readonly netns?: NetnsTarget;
  /** How the kernel makes its IPv6 link-local address; 'none' for no address. */
  readonly addrGenMode?: 'eui64' | 'none' | 'stable_secret' | 'random';
}

/**
 * The other end, made at the same time, in another namespace if asked. The kernel cannot open a peer before the pair is
 * whole (veth_open), so `up` takes a second step, and with it a `name` and, for another namespace, a `Netns`.
 */
export interface VethPeerSpec extends CommonSpec {}

export interface VethSpec extends CommonSpec {
  readonly kind: 'veth';
  /** A bridge that it becomes a port of. */
  readonly master?: DeviceReference;
  readonly peer?: VethPeerSpec;
}

/** Times are in 1/100 s, as in `ip -j`. */
export interface BridgeSettings {
  readonly forwardDelay?: number;
  readonly helloTime?: number;
  readonly maxAge?: number;
  readonly ageingTime?: number;
  readonly stpState?: 0 | 1;
  readonly priority?: number;
  readonly vlanFiltering?: 0 | 1;
  readonly mcastSnooping?: 0 | 1;
}

export interface BridgeSpec extends CommonSpec, BridgeSettings {
  readonly kind: 'bridge';
}

export interface IfbSpec extends CommonSpec {
  readonly kind: 'ifb';
  readonly master?: DeviceReference;
}

export type LinkSpec = VethSpec | BridgeSpec | IfbSpec;

/** What can be changed of a device that exists. */
export interface LinkChange {
  /** A new name. */
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  readonly txQueueLength?: number;
  readonly alias?: string;
  readonly group?: number;
  /** A bridge to become a port of; null to leave it. */
  readonly master?: DeviceReference | null;
  /** Moves it to another namespace. */
  readonly netns?: NetnsTarget;
  readonly promisc?: boolean;
  readonly allmulti?: boolean;
  readonly arp?: boolean;
  readonly addrGenMode?: 'eui64' | 'none' | 'stable_secret' | 'random';
  /** net.ipv4.conf.<device>.arp_ignore, 0 to 8, set by the same message. */
  readonly arpIgnore?: number;
}

/**
 * A device. Names are those of `ip -j link`, in camelCase; differences: `index` is `ifindex`, `mac` is `address`, `kind` is
 * `linkinfo.info_kind`, `state` is `operstate` in lower case, `link` and `master` are as `ip` gives them.
 */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly flags: readonly string[];
  /** Administratively up. */
  readonly up: boolean;
  readonly state: string;
  readonly mtu: number;
  readonly mac?: string;
  readonly broadcast?: string;
  readonly kind?: string;
  /** Its bridge, by name. */
  readonly master?: string;
  /** What it is bound to: a veth's peer. By index, since that may be in another namespace (`linkNetnsid`). */
  readonly linkIndex?: number;
  readonly linkNetnsid?: number;
  readonly alias?: string;
  readonly group: number;
  readonly qdisc?: string;
  readonly txQueueLength: number;
  /** Settings of a bridge. */
  readonly bridge?: Required<BridgeSettings>;
  readonly stats?: LinkStats;
}

export interface LinkStats {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
}

export interface LinkFilter {
  readonly kind?: string;
  readonly master?: DeviceReference;
  readonly up?: boolean;
  /** With counters. */
  readonly stats?: boolean;
}

const operations = {
  add: operation('links.add'),
  set: operation('links.set'),
  delete: operation('links.delete'),
  get: operation('links.get'),
  list: operation('links.list'),
};

const commonKeys = ['name', 'mac', 'mtu', 'up', 'txQueueLength', 'alias', 'group', 'netns', 'addrGenMode'];
const madeKeys = [...commonKeys, 'numTxQueues', 'numRxQueues'];
const bridgeKeys = [
  'forwardDelay',
  'helloTime',
  'maxAge',
  'ageingTime',
  'stpState',
  'priority',
  'vlanFiltering',
  'mcastSnooping',
];
const specKeys: Readonly<Record<LinkSpec['kind'], ReadonlySet<string>>> = {
  veth: new Set([...madeKeys, 'kind', 'master', 'peer']),
  bridge: new Set([...madeKeys, 'kind', ...bridgeKeys]),
  ifb: new Set([...madeKeys, 'kind', 'master']),
};
const peerKeys: ReadonlySet<string> = new Set(madeKeys);
const changeKeys: ReadonlySet<string> = new Set([...commonKeys, 'master', 'promisc', 'allmulti', 'arp', 'arpIgnore']);

/** Network devices: RTM_*LINK, ip-link(8). */
export class Links {
  readonly #channel: Channel;
  /** Lookups under way, so that a burst of calls that name one device asks for it once. */
  readonly #lookups = new Map<string, Promise<number>>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async list(filter: LinkFilter = {}, options?: CallOptions): Promise<Link[]> {
    const wire = filter.stats ? {} : { extensions: ['skip-stats'] };
    const replies = await this.#channel.one({ operation: operations.list, wire }, options);
    const names = new Map(replies.map((reply) => [reply['index'] as number, reply['name'] as string]));
    const master = typeof filter.master === 'number' ? names.get(filter.master) : filter.master;
    return replies
      .map((reply) => toLink(reply, (index) => names.get(index), filter.stats === true))
      .filter(
        (link) =>
          (filter.kind === undefined || link.kind === filter.kind) &&
          (filter.master === undefined || link.master === master) &&
          (filter.up === undefined || link.up === filter.up),
      );
  }

  /** Throws NetlinkError ENODEV where there is none. */
  async get(reference: DeviceReference, options?: CallOptions): Promise<Link> {
    const reply = await this.#get(reference, options);
    const { master } = reply;
    const name = master === undefined ? undefined : ((await this.#get(master as number, options))['name'] as string);
    return toLink(reply, () => name, true);
  }

  /** Makes devices. A veth's peer is made with it, directly in its namespace. */
  async add(specs: LinkSpec | readonly LinkSpec[], options?: BatchOptions): Promise<void> {
    const list = Array.isArray(specs) ? (specs as readonly LinkSpec[]) : [specs as LinkSpec];
    list.forEach((spec, at) => {
      checkSpec(spec, Array.isArray(specs) ? `specs[${at}]` : 'spec');
    });
    await oneOrMany(this.#channel, addWork, specs, options, deleteMade);
    try {
      await Promise.all(list.map((spec) => this.#finish(spec)));
    } catch (error) {
      for (const { name, netns } of list) if (name !== undefined) await (netns?.links ?? this).delete(name);
      throw error;
    }
  }

  /** What the kernel does not take in the message that makes a device: see `CommonSpec` and `VethPeerSpec`. */
  async #finish(spec: LinkSpec): Promise<void> {
    const ends: [CommonSpec, boolean][] = [[spec, needsFinish(spec)]];
    if (spec.kind === 'veth' && spec.peer) ends.push([spec.peer, needsFinish(spec.peer) || spec.peer.up === true]);
    for (const [{ name, netns, alias, addrGenMode, up }, needed] of ends) {
      if (!needed) continue;
      const links = netns?.links ?? this;
      const change = {
        ...(alias === undefined ? {} : { alias }),
        ...(addrGenMode === undefined ? {} : { addrGenMode }),
      };
      if (Object.keys(change).length > 0) await links.set(name as string, change);
      // Last: going up makes the link-local address.
      if (up) await links.set(name as string, { up });
    }
  }

  async set(reference: DeviceReference, change: LinkChange, options?: CallOptions): Promise<void> {
    checkReference(reference, 'reference');
    checkKeys(change, changeKeys, 'change');
    checkCommon(change, 'change');
    if (change.arpIgnore !== undefined) checkInteger(change.arpIgnore, 'change.arpIgnore', 0, 8);
    // By its index, as a message that renames holds the new name.
    const which = change.name === undefined ? referenceWire(reference) : { index: reference };
    await this.#channel.one(
      {
        operation: operations.set,
        wire: { ...which, ...changeWire(change) },
        source: change,
        subject: String(reference),
      },
      options,
    );
  }

  /** Devices, or with `{ group }` all of a group at once: then the kernel waits for its readers once, not once for each device. */
  delete(
    references: DeviceReference | readonly DeviceReference[] | { readonly group: number },
    options?: CallOptions,
  ): Promise<void> {
    if (typeof references === 'object' && 'group' in references) {
      return this.#channel.change(deleteGroupWork, references, options);
    }
    return oneOrMany(this.#channel, deleteWork, references, options);
  }

  /** A device's index. Throws NetlinkError ENODEV where there is none. */
  async index(reference: DeviceReference, options?: CallOptions): Promise<number> {
    checkReference(reference, 'dev');
    if (typeof reference === 'number') return reference;
    const under = this.#lookups.get(reference);
    if (under) return under;
    const lookup = this.#get(reference, options).then((reply) => reply['index'] as number);
    this.#lookups.set(reference, lookup);
    try {
      return await lookup;
    } finally {
      this.#lookups.delete(reference);
    }
  }

  async #get(reference: DeviceReference, options?: CallOptions): Promise<Record<string, unknown>> {
    checkReference(reference, 'reference');
    const request: Request = {
      operation: operations.get,
      wire: { ...referenceWire(reference), extensions: ['skip-stats'] },
      source: reference,
      subject: String(reference),
    };
    const [reply] = await this.#channel.one(request, options);
    if (!reply)
      throw new NetlinkError({ errno: 19, syscall: 'RTM_GETLINK', subject: String(reference), request: reference });
    return reply;
  }
}

const schema = operations.add.schema as Schema;

const addWork: Work<LinkSpec> = {
  operation: operations.add,
  write: (out, spec) => out.record(schema, specWire(spec)),
  describe: (spec) => `${spec.name ?? '(unnamed)'} (${spec.kind})`,
};

const deleteMade: Work<LinkSpec> = {
  operation: operations.delete,
  write: (out, { name }) => out.record(schema, referenceWire(name as string)),
  describe: ({ name }) => name as string,
};

const deleteWork: Work<DeviceReference> = {
  operation: operations.delete,
  write: (out, reference, path) => {
    checkReference(reference, path === 'spec' ? 'reference' : path.replace('specs', 'references'));
    out.record(schema, referenceWire(reference));
  },
  describe: String,
};

const deleteGroupWork: Work<{ readonly group: number }> = {
  operation: operations.delete,
  write: (out, { group }) => out.record(schema, { group: checkInteger(group, 'group', 1, 0xffffffff) }),
  describe: ({ group }) => `group ${group}`,
};

export function checkReference(reference: unknown, path: string, key?: string): void {
  if (typeof reference === 'number') checkInteger(reference, path, 1, 0x7fffffff, key);
  else checkDeviceName(reference, key === undefined ? path : `${path}.${key}`);
}

function referenceWire(reference: DeviceReference): Wire {
  return typeof reference === 'number' ? { index: reference } : { name: reference };
}

function checkCommon(spec: CommonSpec | LinkChange, path: string): void {
  if (spec.name !== undefined) checkDeviceName(spec.name, `${path}.name`);
  if (spec.mac !== undefined) checkMac(spec.mac, `${path}.mac`);
  if (spec.mtu !== undefined) checkInteger(spec.mtu, `${path}.mtu`, 0, 0x7fffffff);
  if (spec.txQueueLength !== undefined) checkInteger(spec.txQueueLength, `${path}.txQueueLength`, 0, 0xffffffff);
  if (spec.group !== undefined) checkInteger(spec.group, `${path}.group`, 0, 0xffffffff);
  for (const key of ['numTxQueues', 'numRxQueues'] as const) {
    const queues = (spec as CommonSpec)[key];
    if (queues !== undefined) checkInteger(queues, `${path}.${key}`, 1, 4096);
  }
  if (spec.up !== undefined && typeof spec.up !== 'boolean') throw invalidType(`${path}.up`, 'a boolean', spec.up);
  if (spec.alias !== undefined) checkAlias(spec.alias, `${path}.alias`);
  if (
    spec.netns !== undefined &&
    (typeof spec.netns !== 'object' || !Number.isInteger(spec.netns?.fd) || spec.netns.fd < 0)
  ) {
    throw invalidType(`${path}.netns`, 'an open Netns or { fd }', spec.netns);
  }
  const mode = spec.addrGenMode;
  if (mode !== undefined && !['eui64', 'none', 'stable_secret', 'random'].includes(mode)) {
    throw invalidValue(`${path}.addrGenMode`, "is none of 'eui64', 'none', 'stable_secret', 'random'", mode);
  }
}

function checkSpec(spec: LinkSpec, path: string): void {
  if (typeof spec !== 'object' || spec === null) throw invalidType(path, 'an object', spec);
  const keys = specKeys[spec.kind];
  if (!keys) throw invalidValue(`${path}.kind`, `is none of ${Object.keys(specKeys).join(', ')}`, spec.kind);
  checkKeys(spec, keys, path);
  checkCommon(spec, path);
  if (spec.kind === 'veth' && spec.peer !== undefined) {
    checkKeys(spec.peer, peerKeys, `${path}.peer`);
    checkCommon(spec.peer, `${path}.peer`);
    if (needsFinish(spec.peer) || spec.peer.up) checkFinish(spec.peer, `${path}.peer`);
  }
  if (needsFinish(spec)) checkFinish(spec, path);
  if (spec.kind === 'bridge') {
    for (const key of bridgeKeys) {
      const value = spec[key as keyof BridgeSettings];
      if (value !== undefined) checkInteger(value, `${path}.${key}`, 0, 0xffffffff);
    }
  }
}

function needsFinish({ alias, addrGenMode }: CommonSpec): boolean {
  return alias !== undefined || addrGenMode !== undefined;
}

function checkFinish({ name, netns }: CommonSpec, path: string): void {
  if (name !== undefined && (!netns || netns.links)) return;
  throw invalidValue(
    path,
    'needs a name (and a Netns, not a bare descriptor) for alias, addrGenMode or a peer that is up',
    name ?? null,
  );
}

function commonWire(spec: CommonSpec | LinkChange): Wire {
  return {
    name: spec.name,
    mac: spec.mac === undefined ? undefined : checkMac(spec.mac, 'mac'),
    mtu: spec.mtu,
    txQueueLength: spec.txQueueLength,
    alias: spec.alias,
    group: spec.group,
    netnsFd: spec.netns?.fd,
    numTxQueues: (spec as CommonSpec).numTxQueues,
    numRxQueues: (spec as CommonSpec).numRxQueues,
    families: spec.addrGenMode === undefined ? undefined : { inet6: { addrGenMode: spec.addrGenMode } },
  };
}

function upWire(up: boolean | undefined): Wire {
  return up === undefined ? {} : { flags: up ? ['up'] : [], change: ['up'] };
}

function specWire(spec: LinkSpec): Wire {
  const later: Wire = { alias: undefined, families: undefined };
  const info: Record<string, unknown> = { kind: spec.kind };
  if (spec.kind === 'veth' && spec.peer) info['peer'] = { ...commonWire(spec.peer), ...later };
  if (spec.kind === 'bridge') for (const key of bridgeKeys) info[key] = spec[key as keyof BridgeSettings];
  const master = 'master' in spec ? spec.master : undefined;
  return { ...commonWire(spec), ...upWire(needsFinish(spec) ? undefined : spec.up), ...later, master, info };
}

function changeWire(change: LinkChange): Wire {
  const flags: string[] = [];
  const changed: string[] = [];
  const flag = (name: string, value: boolean | undefined): void => {
    if (value === undefined) return;
    changed.push(name);
    if (value) flags.push(name);
  };
  flag('up', change.up);
  flag('promisc', change.promisc);
  flag('allmulti', change.allmulti);
  flag('noarp', change.arp === undefined ? undefined : !change.arp);
  const { master } = change;
  const wire: Record<string, unknown> = {
    flags: changed.length > 0 ? flags : undefined,
    change: changed.length > 0 ? changed : undefined,
    // No name: out of the bridge.
    master: master === null ? '' : master,
  };
  for (const [key, value] of Object.entries(commonWire(change))) if (value !== undefined) wire[key] = value;
  if (change.arpIgnore !== undefined) {
    wire['families'] = { ...(wire['families'] as Wire | undefined), inet: { conf: { arpIgnore: change.arpIgnore } } };
  }
  return wire;
}

export function toLink(
  reply: Record<string, unknown>,
  nameOf: (index: number) => string | undefined,
  stats: boolean,
): Link {
  const flags = reply['flags'] as string[];
  const info = reply['info'] as Record<string, unknown> | undefined;
  const master = reply['master'] as number | undefined;
  const link: Record<string, unknown> = {
    index: reply['index'],
    name: reply['name'],
    type: reply['type'],
    flags,
    up: flags.includes('up'),
    state: reply['state'],
    mtu: reply['mtu'],
    group: reply['group'],
    txQueueLength: reply['txQueueLength'],
  };
  const put = (key: string, value: unknown): void => {
    if (value !== undefined) link[key] = value;
  };
  put('mac', macText(reply['mac']));
  put('broadcast', macText(reply['broadcast']));
  put('kind', info?.['kind']);
  put('master', master === undefined ? undefined : nameOf(master));
  put('linkIndex', reply['link']);
  put('linkNetnsid', reply['linkNetnsid']);
  put('alias', reply['alias']);
  put('qdisc', reply['qdisc']);
  if (info?.['kind'] === 'bridge') {
    put('bridge', Object.fromEntries(bridgeKeys.map((key) => [key, info[key]])));
  }
  if (stats) put('stats', reply['stats']);
  return link as unknown as Link;
}

function macText(bytes: unknown): string | undefined {
  return bytes instanceof Uint8Array && bytes.length === 6 ? formatMac(bytes) : undefined;
}

/** Has names of devices by their indexes put into a map: ahead of the replies to what is asked for next. */
export function fillNames(channel: Channel, names: Map<number, string>, options?: CallOptions): Promise<unknown> {
  const request = { operation: operations.list, wire: { extensions: ['skip-stats'] } };
  return channel.dump(
    request,
    (decoder, end) => {
      const { index, name } = decoder.record(schema, end);
      names.set(index as number, name as string);
    },
    options,
  );
}

/** Names of all devices, by index. */
export async function nameTable(channel: Channel, options?: CallOptions): Promise<ReadonlyMap<number, string>> {
  const replies = await channel.one({ operation: operations.list, wire: { extensions: ['skip-stats'] } }, options);
  return new Map(replies.map((reply) => [reply['index'] as number, reply['name'] as string]));
}
