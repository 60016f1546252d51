import { checkInteger, checkKeys, invalidValue } from '../errors.js';
import { deadline } from '../netlink/call-options.js';
import type { CallOptions, Channel } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { EventStream, EventStreams } from '../netlink/event-stream.js';
import { type BatchOptions, oneOrMany } from '../rtnetlink/one-or-many.js';
import type { AddressFamily } from '../rtnetlink/values.js';
import {
  addWork,
  checkTimeout,
  deleteWork,
  describe,
  type Expectation,
  type ExpectationChange,
  type ExpectationReference,
  type ExpectationSpec,
  expectationWire,
  readExpectation,
  updateWork,
} from './expectation.js';
import { type ExpectationEvent, type ExpectationEventOptions, expectationEvents } from './expectation-events.js';
import { checkHelper } from './flow-spec.js';
import { countThere, notThere } from './gone.js';
import { checkPartialTuple, type FlowTuple, type FlowTupleSpec } from './tuple.js';

/** All that is given must hold. */
export interface ExpectationFilter {
  readonly id?: number;
  readonly family?: AddressFamily;
  /** The master's. */
  readonly helper?: string;
  /** Some of the fields of the master's tuple. */
  readonly master?: Partial<FlowTupleSpec>;
  /** Some of the fields of what is expected. */
  readonly tuple?: Partial<FlowTupleSpec>;
}

/** What one CPU has counted since the namespace was made. */
export interface ExpectationCpu {
  readonly cpu: number;
  /** Flows that came and were expected. */
  readonly new: number;
  readonly create: number;
  readonly delete: number;
}

const operations = {
  list: operation('expectations.list'),
  get: operation('expectations.get'),
  delete: operation('expectations.delete'),
  cpus: operation('expectations.cpus'),
};

const filterKeys: ReadonlySet<string> = new Set(['id', 'family', 'helper', 'master', 'tuple']);
const flushKeys: ReadonlySet<string> = new Set(['helper']);

/** Flows that helpers wait for: ctnetlink's expectations, `conntrack -L expect`. */
export class Expectations {
  readonly #channel: Channel;
  readonly #streams: EventStreams;

  constructor(channel: Channel, streams: EventStreams) {
    this.#channel = channel;
    this.#streams = streams;
  }

  /** Expectations as they are made and end. Throws ERR_NETNS_CLOSED on a closed handle. */
  events(options: ExpectationEventOptions = {}): EventStream<ExpectationEvent> {
    const { filter, ...rest } = options;
    const matches = filter && compile(filter, 'options.filter');
    return this.#streams.open(expectationEvents(options.groups, matches), rest);
  }

  async list(filter: ExpectationFilter = {}, options?: CallOptions): Promise<Expectation[]> {
    const matches = compile(filter, 'filter');
    const request = { operation: operations.list, wire: { family: filter.family } };
    const read = (...[decoder, end]: Parameters<typeof readExpectation>): Expectation | undefined => {
      const expectation = readExpectation(decoder, end);
      return matches(expectation) ? expectation : undefined;
    };
    return this.#channel.dump(request, read, options);
  }

  /** Throws NetlinkError ENOENT where there is none. */
  async get(reference: ExpectationReference | { readonly id: number }, options?: CallOptions): Promise<Expectation> {
    if ('tuple' in reference) {
      const wire = expectationWire(reference, 'reference');
      const request = { operation: operations.get, wire, source: reference, subject: () => describe(reference) };
      const [found] = await this.#channel.ask([request], readExpectation, options);
      if (found) return found;
    } else {
      const id = checkInteger(reference.id, 'reference.id', 0, 0xffffffff);
      const [found] = await this.list({ id }, options);
      if (found) return found;
    }
    throw notThere(operations.get.message, `expectation ${reference.id}`, reference);
  }

  /**
   * Has flows expected. Throws NetlinkError EEXIST where one of the same tuple is expected; ENOENT where there is no such master; EOPNOTSUPP where that
   * has no helper.
   */
  async add(specs: ExpectationSpec | readonly ExpectationSpec[], options?: BatchOptions): Promise<void> {
    const limits = deadline(options);
    await oneOrMany(this.#channel, addWork, specs, { ...options, ...limits, timeout: undefined }, undoAdd);
    // The kernel gives a new one its helper's time whatever it is told (nf_ct_expect_insert).
    const list = Array.isArray(specs) ? (specs as readonly ExpectationSpec[]) : [specs as ExpectationSpec];
    const timed = list.filter(({ timeout }) => timeout !== undefined).map(changeOf);
    // One may have gone already: its flow has come, or the helper has another in its place.
    if (timed.length > 0) await countThere(this.#channel.changes(updateWork, timed, limits), timed.length);
  }

  /** Changes when they are forgotten. Throws NetlinkError ENOENT for one that is not there. */
  update(changes: ExpectationChange | readonly ExpectationChange[], options?: CallOptions): Promise<void> {
    return oneOrMany(this.#channel, updateWork, changes, options);
  }

  /**
   * Deletes expectations, and returns how many: all that match a filter, a listed one, or those of an array, each by its tuple. Of an array, a `BatchError` names
   * those that are not there.
   */
  async delete(
    expectations: ExpectationFilter | Expectation | readonly ExpectationReference[],
    options?: CallOptions,
  ): Promise<number> {
    if (Array.isArray(expectations)) {
      await oneOrMany(
        this.#channel,
        deleteWork,
        (expectations as readonly ExpectationReference[]).map(referenceOf),
        options,
      );
      return expectations.length;
    }
    const limits = deadline(options);
    const matching = isListed(expectations)
      ? [expectations]
      : await this.list(expectations as ExpectationFilter, limits);
    return countThere(this.#channel.changes(deleteWork, matching.map(referenceOf), limits), matching.length);
  }

  /** Deletes all of the namespace, or all of one helper's, without telling how many. */
  async flush(filter: Pick<ExpectationFilter, 'helper'> = {}, options?: CallOptions): Promise<void> {
    checkKeys(filter, flushKeys, 'filter');
    const { helper } = filter;
    const wire = { helper: helper === undefined ? undefined : checkHelper(helper, 'filter.helper') };
    await this.#channel.one({ operation: operations.delete, wire, source: filter, subject: helper ?? 'all' }, options);
  }

  /** By CPU. */
  async statistics(options?: CallOptions): Promise<ExpectationCpu[]> {
    return (await this.#channel.one({ operation: operations.cpus, wire: {} }, options)) as unknown as ExpectationCpu[];
  }
}

const undoAdd = {
  ...deleteWork,
  write: (...[out, spec, path]: Parameters<typeof deleteWork.write>) => deleteWork.write(out, referenceOf(spec), path),
};

/** A filter has no mask. */
function isListed(expectations: object): expectations is Expectation {
  return expectations !== null && 'mask' in expectations;
}

/** Of a listed one too. */
function referenceOf({ tuple, zone, id }: ExpectationReference): ExpectationReference {
  return { tuple, ...(zone === undefined ? {} : { zone }), ...(id === undefined ? {} : { id }) };
}

function changeOf(spec: ExpectationSpec): ExpectationChange {
  return { ...referenceOf(spec), timeout: checkTimeout(spec.timeout, 'spec') };
}

export function compile(filter: ExpectationFilter, path: string): (expectation: Expectation) => boolean {
  checkKeys(filter, filterKeys, path);
  const { id, family, helper } = filter;
  if (id !== undefined) checkInteger(id, `${path}.id`, 0, 0xffffffff);
  if (family !== undefined && family !== 'inet' && family !== 'inet6') {
    throw invalidValue(`${path}.family`, 'is neither inet nor inet6', family);
  }
  if (helper !== undefined) checkHelper(helper, `${path}.helper`);
  const parts = (['master', 'tuple'] as const).map((key) => {
    const { tuple } = checkPartialTuple(filter[key] ?? {}, `${path}.${key}`);
    const wanted = Object.entries(tuple) as [keyof FlowTuple, unknown][];
    return (one: Expectation): boolean => wanted.every(([field, value]) => one[key][field] === value);
  });
  return (one) =>
    (id === undefined || one.id === id) &&
    (family === undefined || one.family === family) &&
    (helper === undefined || one.helper === helper) &&
    parts.every((holds) => holds(one));
}
