import { checkInteger, insteadOf } from '../errors.js';
import { deadline } from '../netlink/call-options.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { type Operation, operation } from '../netlink/codec.js';
import type { EventStream, EventStreams } from '../netlink/event-stream.js';
import { type BatchOptions, oneOrMany } from '../rtnetlink/one-or-many.js';
import { type FlowEvent, type FlowEventOptions, flowEvents } from './events.js';
import { Expectations } from './expectations.js';
import { type CompiledFilter, compileFilter, type FlowFilter } from './filter.js';
import { type Flow, type FlowStatus, readFlow } from './flow.js';
import {
  addWork,
  changeWire,
  deleteFoundWork,
  deleteWork,
  describeFlow,
  type FlowChange,
  type FlowReference,
  type FlowSpec,
  referenceWire,
  updateWork,
} from './flow-spec.js';
import { countThere, notThere } from './gone.js';
import type { ConntrackCpu, ConntrackStatistics } from './statistics.js';

const operations = {
  list: operation('conntrack.list'),
  listReset: operation('conntrack.listReset'),
  dying: operation('conntrack.dying'),
  unconfirmed: operation('conntrack.unconfirmed'),
  get: operation('conntrack.get'),
  reset: operation('conntrack.reset'),
  delete: operation('conntrack.delete'),
  flush: operation('conntrack.flush'),
  count: operation('conntrack.count'),
  cpus: operation('conntrack.cpus'),
};

/** Connection tracking: ctnetlink, conntrack(8). */
export class Conntrack {
  /** Flows that helpers wait for. */
  readonly expectations: Expectations;
  readonly #channel: Channel;
  readonly #streams: EventStreams;

  constructor(channel: Channel, streams: EventStreams) {
    this.#channel = channel;
    this.#streams = streams;
    this.expectations = new Expectations(channel, streams);
  }

  /**
   * Flows as they begin, change and end: ctnetlink's events. With `net.netfilter.nf_conntrack_events` 2, the default, the kernel reports
   * nothing of a flow that began when nobody listened. Throws ERR_NETNS_CLOSED on a closed handle.
   */
  events(options: FlowEventOptions = {}): EventStream<FlowEvent> {
    const { filter, ...rest } = options;
    return this.#streams.open(flowEvents(options.groups, filter), rest);
  }

  /** Those that match. The kernel leaves out what it can tell by itself: see docs/conntrack.md. */
  async list(filter: FlowFilter = {}, options?: CallOptions): Promise<Flow[]> {
    return this.#dump(operations.list, compileFilter(filter), options);
  }

  /** Those that have ended, and whose end has not been told yet to a listener that insists on it (NETLINK_BROADCAST_ERROR). */
  async dying(filter: FlowFilter = {}, options?: CallOptions): Promise<Flow[]> {
    return this.#dump(operations.dying, compileFilter(filter), options);
  }

  /** Those whose first packet is still on its way through. Linux 5.19 and later keep no list of them, and tell none. */
  async unconfirmed(filter: FlowFilter = {}, options?: CallOptions): Promise<Flow[]> {
    return this.#dump(operations.unconfirmed, compileFilter(filter), options);
  }

  /**
   * The flow of a tuple, in one zone (0 unless it says); or, by going through all of them, the one with an id. Throws NetlinkError ENOENT where
   * there is none.
   */
  async get(reference: FlowReference | { readonly id: number }, options?: CallOptions): Promise<Flow> {
    if (isId(reference)) {
      const id = checkInteger(reference.id, 'reference.id', 0, 0xffffffff);
      const [flow] = await this.list({ id }, options);
      if (flow) return flow;
    } else {
      const [flow] = await this.#ask(operations.get, reference, options);
      // The kernel looks at the tuple alone.
      if (flow && (reference.id === undefined || flow.id === reference.id)) return flow;
    }
    const subject = isId(reference) ? `id ${reference.id}` : `${describeFlow(reference)} id ${reference.id}`;
    throw notThere(operations.get.message, subject, reference);
  }

  /**
   * Has flows tracked, without a packet of them. Throws NetlinkError EEXIST where one of the same tuple is there, or `nat` finds no free address and
   * port; EOPNOTSUPP where the kernel has no such helper.
   */
  add(specs: FlowSpec | readonly FlowSpec[], options?: BatchOptions): Promise<void> {
    return oneOrMany(this.#channel, addWork, specs, options, undoAdd);
  }

  /** Throws NetlinkError ENOENT for a flow that is not there. What one has been changed to is not taken back when another fails. */
  async update(changes: FlowChange | readonly FlowChange[], options?: CallOptions): Promise<void> {
    const list = Array.isArray(changes) ? (changes as readonly FlowChange[]) : [changes as FlowChange];
    const status = new Map<FlowChange, readonly FlowStatus[]>();
    const limits = deadline(options);
    if (list.some((change) => change?.status !== undefined)) {
      // Nothing is asked before all is checked.
      list.forEach((change, at) => changeWire(change, [], Array.isArray(changes) ? `specs[${at}]` : 'spec'));
      await Promise.all(
        list.map(async (change) => {
          if (change.status === undefined) return;
          const flow = await this.#find(operations.get, change as FlowReference, limits);
          if (flow) status.set(change, flow.status);
        }),
      );
    }
    return oneOrMany(
      this.#channel,
      updateWork((change) => status.get(change)),
      changes,
      limits,
    );
  }

  /**
   * Deletes flows, and returns how many: all that match a filter, a listed one, or those of an array, each by its tuple.
   *
   * For a filter the matching ones are listed first, so that they can be counted; one that ends by itself in between is not an error. Of an
   * array, a `BatchError` names those that are not there.
   */
  async delete(flows: FlowFilter | Flow | readonly FlowReference[], options?: CallOptions): Promise<number> {
    if (Array.isArray(flows)) {
      await oneOrMany(this.#channel, deleteWork, flows as readonly FlowReference[], options);
      return flows.length;
    }
    const limits = deadline(options);
    if (isListed(flows)) return countThere(this.#channel.changes(deleteWork, [flows], limits), 1);
    const compiled = compileFilter(flows as FlowFilter);
    // A listing walks the kernel's whole hash table, which all namespaces share. Nothing tracked, nothing to walk.
    if ((await this.count(limits)) === 0) return 0;
    const matching = await this.#dump(operations.list, compiled, limits);
    return countThere(this.#channel.changes(deleteFoundWork, matching, limits), matching.length);
  }

  /**
   * Deletes all of the namespace, or all that match, without telling how many. Where the kernel can tell by itself which (docs/conntrack.md),
   * that is one message, and nothing is listed.
   */
  async flush(filter: FlowFilter = {}, options?: CallOptions): Promise<void> {
    const { wire, exact } = compileFilter(filter);
    if (exact)
      await this.#channel.one({ operation: operations.flush, wire, source: filter, subject: 'flush' }, options);
    else await this.delete(filter, options);
  }

  /** Sets the counters of those that match to zero, and returns the flows with what they were. */
  async reset(filter: FlowFilter = {}, options?: CallOptions): Promise<Flow[]> {
    const compiled = compileFilter(filter);
    if (compiled.exact) return this.#dump(operations.listReset, compiled, options);
    const limits = deadline(options);
    const matching = await this.#dump(operations.list, compiled, limits);
    const were = await Promise.all(matching.map((flow) => this.#find(operations.reset, flow, limits)));
    return were.filter((flow) => flow !== undefined);
  }

  /** How many flows there are and may be, and what each CPU has counted. */
  async statistics(options?: CallOptions): Promise<ConntrackStatistics> {
    const [[count], cpus] = await Promise.all([
      this.#channel.one({ operation: operations.count, wire: {} }, options),
      this.#channel.one({ operation: operations.cpus, wire: {} }, options),
    ]);
    return {
      entries: (count?.['entries'] as number | undefined) ?? 0,
      maxEntries: (count?.['maxEntries'] as number | undefined) ?? 0,
      cpus: cpus as unknown as readonly ConntrackCpu[],
    };
  }

  /** How many the namespace has. */
  async count(options?: CallOptions): Promise<number> {
    const [reply] = await this.#channel.one({ operation: operations.count, wire: {} }, options);
    return (reply?.['entries'] as number | undefined) ?? 0;
  }

  #dump(operation: Operation, { wire, matches }: CompiledFilter, options: CallOptions | undefined): Promise<Flow[]> {
    return this.#channel.dump({ operation, wire }, (decoder, end) => readFlow(decoder, end, matches), options);
  }

  #ask(operation: Operation, reference: FlowReference, options: CallOptions | undefined): Promise<Flow[]> {
    const request: Request = {
      operation,
      wire: { ...referenceWire(reference, 'reference'), id: undefined },
      source: reference,
      subject: () => describeFlow(reference),
    };
    return this.#channel.ask([request], (decoder, end) => readFlow(decoder, end), options);
  }

  /** The flow, unless it is not there. */
  async #find(
    operation: Operation,
    reference: FlowReference,
    options: CallOptions | undefined,
  ): Promise<Flow | undefined> {
    const [flow] = await this.#ask(operation, reference, options).catch(insteadOf('ENOENT', []));
    return flow;
  }
}

const undoAdd = {
  ...deleteWork,
  write: (...[out, { original, zone }, path]: Parameters<typeof deleteWork.write>) =>
    deleteWork.write(out, { original, zone } as FlowReference, path),
};

/** It has what a listed flow has always, and hardly a filter. */
function isListed(flows: object): flows is Flow {
  return flows !== null && ['id', 'family', 'original', 'reply', 'status'].every((key) => key in flows);
}

function isId(reference: FlowReference | { readonly id: number }): reference is { readonly id: number } {
  return !('original' in reference) && !('reply' in reference);
}
