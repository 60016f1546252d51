import type { NativeNamespace } from '../addon.js';
import {
  BatchError,
  type BatchFailure,
  checkInteger,
  checkKeys,
  invalidType,
  invalidValue,
  NetlinkError,
} from '../errors.js';
import { deadline } from '../netlink/call-options.js';
import type { CallOptions, Channel, Request, Work } from '../netlink/channel.js';
import { operation, type Schema, type Wire } from '../netlink/codec.js';
import { checkReference, type DeviceReference, referenceWire } from './device.js';
import { kindOf, kinds, type LinkSpec, type TunSpec } from './kinds/index.js';
import { type Link, toLink } from './link.js';
import { changeWire, checkChange, type LinkChange, upWire } from './link-change.js';
import { type CommonSpec, checkCommon, checkFinish, commonKeys, madeWire, needsFinish } from './link-settings.js';
import { type BatchOptions, oneOrMany, rolledBack } from './one-or-many.js';
import { makeTun } from './tun-device.js';

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

const specKeys: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(kinds).map(([kind, { keys }]) => [kind, new Set(['kind', ...commonKeys, ...keys])]),
);
/** Network devices: RTM_*LINK, ip-link(8). */
export class Links {
  readonly #channel: Channel;
  /** Lookups under way, so that a burst of calls that name one device asks for it once. */
  readonly #lookups = new Map<string, Promise<number>>();

  readonly #native: NativeNamespace;
  readonly #netns: string;

  constructor(channel: Channel, native: NativeNamespace, netns: string) {
    this.#channel = channel;
    this.#native = native;
    this.#netns = netns;
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

  /**
   * Makes devices. A veth's peer is made with it, directly in its namespace. Those of an array are made in its order, so that one may be
   * on another that stands before it.
   *
   * A setting that takes a second step (see `CommonSpec`) and fails undoes the whole call. `rollback` needs names, and `Netns` handles
   * where devices are made in other namespaces.
   */
  async add(specs: LinkSpec | readonly LinkSpec[], options: BatchOptions = {}): Promise<void> {
    const list = Array.isArray(specs) ? (specs as readonly LinkSpec[]) : [specs as LinkSpec];
    list.forEach((spec, at) => {
      const path = Array.isArray(specs) ? `specs[${at}]` : 'spec';
      checkSpec(spec, path);
      if (options.rollback) checkUndoable(spec, path);
    });
    if (!list.some(isTun)) return this.#addByNetlink(specs, list, options);
    if (!Array.isArray(specs)) return this.#addTun(specs as TunSpec, options);
    return this.#addMixed(list, options);
  }

  async #addByNetlink(
    specs: LinkSpec | readonly LinkSpec[],
    list: readonly LinkSpec[],
    options: BatchOptions,
  ): Promise<void> {
    const sent = oneOrMany(this.#channel, addWork, specs, options);
    const undo = (failed: ReadonlySet<number>): Promise<void> => this.#remove(list.filter((_, at) => !failed.has(at)));
    await (options.rollback ? rolledBack(sent, list.length, undo) : sent);
    try {
      await Promise.all(list.map((spec) => this.#finish(spec)));
    } catch (error) {
      await this.#remove(list).catch(() => {});
      throw error;
    }
  }

  async #addTun(spec: TunSpec, options: CallOptions): Promise<void> {
    const { netns, ...here } = spec;
    // Checked: a handle, which enters its own namespace.
    if (netns?.links) return netns.links.add(here, options);
    return makeTun(this.#native, this, this.#netns, spec, options);
  }

  /** In runs of those that one message makes, and of those that take an ioctl. */
  async #addMixed(list: readonly LinkSpec[], { rollback = false, ...options }: BatchOptions): Promise<void> {
    const limits = deadline(options);
    const failures: BatchFailure[] = [];
    for (let start = 0, end = 0; start < list.length; start = end) {
      const first = list[start] as LinkSpec;
      while (end < list.length && isTun(list[end] as LinkSpec) === isTun(first)) end++;
      const run = list.slice(start, end);
      try {
        if (isTun(first)) await this.#addTuns(run as TunSpec[], limits);
        else await this.#addByNetlink(run, run, limits);
      } catch (error) {
        if (error instanceof BatchError) {
          failures.push(...error.failures.map((failure) => ({ ...failure, index: start + failure.index })));
          continue;
        }
        // Not of one device but of the run, which has undone itself, or whose caller has gone.
        const failed = new Set(failures.map(({ index }) => index));
        await this.#remove(list.slice(0, start).filter((_, at) => !failed.has(at))).catch(() => {});
        throw error;
      }
    }
    if (failures.length === 0) return;
    const failed = new Set(failures.map(({ index }) => index));
    if (rollback) await this.#remove(list.filter((_, at) => !failed.has(at)));
    throw new BatchError(failures, list.length, rollback);
  }

  async #addTuns(specs: readonly TunSpec[], options: CallOptions): Promise<void> {
    const results = await Promise.allSettled(specs.map((spec) => this.#addTun(spec, options)));
    const failures = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ index, error: result.reason as Error }] : [],
    );
    if (failures.length > 0) throw new BatchError(failures, specs.length);
  }

  /** Takes back what was made, the last first; what goes with the device that it is on is gone. */
  async #remove(list: readonly LinkSpec[]): Promise<void> {
    const removals = list.toReversed().map(async ({ name, netns }) => {
      if (name !== undefined) await (netns?.links ?? this).delete(name).catch(ignoreGone);
    });
    await Promise.all(removals);
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
    checkChange(change);
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

function checkSpec(spec: LinkSpec, path: string): void {
  if (typeof spec !== 'object' || spec === null) throw invalidType(path, 'an object', spec);
  const keys = specKeys.get(spec.kind);
  if (!keys) throw invalidValue(`${path}.kind`, `is none of ${[...specKeys.keys()].join(', ')}`, spec.kind);
  checkKeys(spec, keys, path);
  checkCommon(spec, path);
  kindOf(spec).check?.(spec, path);
  if (needsFinish(spec)) checkFinish(spec, path);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
}

/** What is to be taken back has to be found again. */
function checkUndoable({ name, netns }: LinkSpec, path: string): void {
  if (name !== undefined && (!netns || netns.links)) return;
  throw invalidValue(path, 'needs a name (and a Netns, not a bare descriptor) for rollback', name ?? null);
}

function isTun(spec: LinkSpec): spec is TunSpec {
  return spec.kind === 'tun';
}

function specWire(spec: LinkSpec): Wire {
  const { info, below } = kindOf(spec);
  return {
    ...madeWire(spec),
    ...upWire(needsFinish(spec) ? undefined : spec.up),
    link: below?.(spec),
    master: 'master' in spec ? spec.master : undefined,
    info: { kind: spec.kind, ...info?.(spec) },
  };
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

/** Names of devices by their indexes, for replies to what is asked for next: there when these are read. */
export interface DeviceNames {
  readonly names: ReadonlyMap<number, string>;
  /** Rejects where they could not be had. */
  readonly filled: Promise<unknown>;
}

/** Of listings that leave together, one asks for all. */
export function deviceNames(channel: Channel, options?: CallOptions): DeviceNames {
  return channel.shared(deviceNames, options, () => {
    const names = new Map<number, string>();
    return { names, filled: fillNames(channel, names, options) };
  });
}

/** Names of all devices, by index. */
export async function nameTable(channel: Channel, options?: CallOptions): Promise<ReadonlyMap<number, string>> {
  const { names, filled } = deviceNames(channel, options);
  await filled;
  return names;
}
