/** A flow as the kernel tells of it. */
import { type Decoder, fieldIndexes, flagWords, operation, type Schema, wordOf } from '../netlink/codec.js';
import type { AddressFamily } from '../rtnetlink/values.js';
import { labelNumbers } from './labels.js';
import { type ProtocolStates, readState } from './protocol-state.js';
import { type FlowTuple, readTuple } from './tuple.js';

export type FlowStatus =
  | 'expected'
  | 'seen-reply'
  | 'assured'
  | 'confirmed'
  | 'snat'
  | 'dnat'
  | 'seq-adjust'
  | 'snat-done'
  | 'dnat-done'
  | 'dying'
  | 'fixed-timeout'
  | 'template'
  | 'helper'
  | 'offload'
  | 'hw-offload';

export interface FlowCounters {
  readonly packets: number;
  readonly bytes: number;
}

/** By how much NAT has moved a direction's sequence numbers: linux/netfilter/nfnetlink_conntrack.h, CTA_SEQADJ_*. */
export interface SequenceAdjustment {
  /** Of the last correction. */
  readonly position: number;
  /** What numbers before it, and after it, are moved by. */
  readonly before: number;
  readonly after: number;
}

/** A flow that the kernel tracks; conntrack(8). */
export interface Flow extends ProtocolStates {
  readonly id: number;
  readonly family: AddressFamily;
  readonly original: FlowTuple;
  /** What answers look like: NAT shows as a difference to `original` turned round. */
  readonly reply: FlowTuple;
  readonly status: readonly FlowStatus[];
  /** Seconds until it is forgotten. */
  readonly timeout?: number;
  readonly mark?: number;
  /** Of both directions. A zone of one direction is in its tuple. */
  readonly zone?: number;
  /** Where `net.netfilter.nf_conntrack_acct` was 1 when it began. */
  readonly counters?: { readonly original: FlowCounters; readonly reply: FlowCounters };
  /** When it began, and ended: milliseconds since 1970, as `Date.now()`. Where `net.netfilter.nf_conntrack_timestamp` was 1 when it began. */
  readonly timestamp?: { readonly start: number; readonly stop?: number };
  /** Bits that are set, 0 to 127. Where a rule in the namespace has to do with labels. */
  readonly labels?: readonly number[];
  readonly helper?: string;
  /** Of the flow whose helper expected this one. */
  readonly master?: FlowTuple;
  /** Where it has the status 'seq-adjust'. */
  readonly sequence?: { readonly original: SequenceAdjustment; readonly reply: SequenceAdjustment };
  /** Where `synproxy` has answered in its place. */
  readonly synproxy?: { readonly isn: number; readonly its: number; readonly tsoff: number };
  /** Its security context, as the security module writes it. */
  readonly secctx?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const schema = operation('conntrack.list').reply as Schema;
const fields = fieldIndexes(schema);
const slots: number[] = schema.fields.map(() => -1);
const familyWord = wordOf('addressFamily');
const statusWords = flagWords('conntrackStatus');

const nested = (name: string): { readonly at: number; readonly schema: Schema } => ({
  at: fields[name] as number,
  schema: schema.byName.get(name)?.schema as Schema,
});

const at = {
  family: fields['family'] as number,
  original: fields['original'] as number,
  reply: fields['reply'] as number,
  status: fields['status'] as number,
  timeout: fields['timeout'] as number,
  mark: fields['mark'] as number,
  id: fields['id'] as number,
  zone: fields['zone'] as number,
  labels: fields['labels'] as number,
  eventTimestamp: fields['eventTimestamp'] as number,
} as const;

const nests = {
  originalCounters: nested('originalCounters'),
  replyCounters: nested('replyCounters'),
  timestamp: nested('timestamp'),
  helper: nested('helper'),
  state: nested('state'),
  originalSequence: nested('originalSequence'),
  replySequence: nested('replySequence'),
  synproxy: nested('synproxy'),
  security: nested('security'),
} as const;
const masterAt = fields['master'] as number;

/**
 * Reads one; undefined where it does not match. Of a listing most may not: what a filter looks at is read first, and the rest of those that it
 * takes.
 */
export function readFlow(decoder: Decoder, end: number, matches?: (flow: Flow) => boolean): Flow | undefined {
  decoder.slots(schema, end, slots);
  const flow: Mutable<Flow> = {
    id: slots[at.id] as number,
    family: familyWord(slots[at.family] as number) as AddressFamily,
    original: readTuple(decoder, slots[at.original] as number),
    reply: readTuple(decoder, slots[at.reply] as number),
    status: statusWords(Math.max(0, slots[at.status] as number)) as readonly FlowStatus[],
  };
  const labels = slots[at.labels] as number;
  if ((slots[at.timeout] as number) >= 0) flow.timeout = slots[at.timeout] as number;
  if ((slots[at.mark] as number) >= 0) flow.mark = slots[at.mark] as number;
  if ((slots[at.zone] as number) >= 0) flow.zone = slots[at.zone] as number;
  if (labels >= 0) flow.labels = labelNumbers(decoder.bytesAt(labels));
  if (matches && !matches(flow)) return undefined;
  readRest(decoder, flow);
  return flow;
}

/** When the event happened that the flow was last read from, where the kernel said so. */
export function eventTime(): number | undefined {
  return milliseconds(slots[at.eventTimestamp] as number);
}

function readRest(decoder: Decoder, flow: Mutable<Flow>): void {
  const record = (name: keyof typeof nests): Record<string, unknown> | undefined => {
    const nest = nests[name];
    const start = slots[nest.at] as number;
    return start < 0 ? undefined : decoder.recordAt(start, nest.schema);
  };
  const state = record('state');
  if (state) Object.assign(flow, readState(state));
  const counters = record('originalCounters');
  if (counters) {
    flow.counters = {
      original: counters as unknown as FlowCounters,
      reply: record('replyCounters') as unknown as FlowCounters,
    };
  }
  const timestamp = record('timestamp') as { start: number; stop?: number } | undefined;
  if (timestamp) {
    flow.timestamp = {
      start: timestamp.start / 1e6,
      ...(timestamp.stop === undefined ? {} : { stop: timestamp.stop / 1e6 }),
    };
  }
  const helper = record('helper');
  if (helper) flow.helper = helper['name'] as string;
  const sequence = record('originalSequence');
  if (sequence) {
    flow.sequence = {
      original: sequence as unknown as SequenceAdjustment,
      reply: record('replySequence') as unknown as SequenceAdjustment,
    };
  }
  const synproxy = record('synproxy');
  // There is room for it in each flow that has been added (ctnetlink_create_conntrack).
  if (synproxy && Object.values(synproxy).some((value) => value !== 0))
    flow.synproxy = synproxy as unknown as NonNullable<Flow['synproxy']>;
  const security = record('security');
  if (security) flow.secctx = security['name'] as string;
  const master = slots[masterAt] as number;
  if (master >= 0) flow.master = readTuple(decoder, master);
}

function milliseconds(nanoseconds: number): number | undefined {
  return nanoseconds < 0 ? undefined : nanoseconds / 1e6;
}
