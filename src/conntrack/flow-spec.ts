/** Flows to be added, changed, or named: checked, and written as messages. */
import { checkArray, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import type { Work } from '../netlink/channel.js';
import { type Encoder, namesOf, operation, type Schema, type Wire } from '../netlink/codec.js';
import type { Flow, FlowStatus, SequenceAdjustment } from './flow.js';
import { labelBits } from './labels.js';
import { type FlowNat, natWire } from './nat.js';
import { type ProtocolStates, stateKeys, stateWire } from './protocol-state.js';
import {
  type CheckedTuple,
  checkTuple,
  checkZone,
  describeTuple,
  type FlowTupleSpec,
  tupleWire,
  turnedRound,
} from './tuple.js';

/** What can be set of a flow's status, and not be taken back. */
export type FlowStatusSetting = Extract<FlowStatus, 'seen-reply' | 'assured' | 'fixed-timeout'>;

/** What a flow has that can be changed later on. */
export interface FlowSettings extends ProtocolStates {
  /** 0 to 4294967295. */
  readonly mark?: number;
  readonly status?: readonly FlowStatusSetting[];
  /** Of the kernel's, by name: 'ftp'. A flow that began without one gets none; `''` takes away the one that it has. */
  readonly helper?: string;
  /** Bits that are set, 0 to 127. The kernel has room for them where a rule in the namespace has to do with labels (`ct label`). */
  readonly labels?: readonly number[];
  readonly sequence?: { readonly original?: SequenceAdjustment; readonly reply?: SequenceAdjustment };
  readonly synproxy?: { readonly isn: number; readonly its: number; readonly tsoff: number };
}

/** A flow to be tracked, without a packet of it. */
export interface FlowSpec extends FlowSettings {
  readonly original: FlowTupleSpec;
  /** Default: `original` turned round. What `nat` translates, the kernel puts in. */
  readonly reply?: FlowTupleSpec;
  /** Seconds until it is forgotten, 0 to 4294967295; the kernel takes more than 2147483647 of its ticks, 24 to 248 days, for so many. */
  readonly timeout: number;
  /** 0 to 65535, of both directions. Instead, one tuple may have a `zone`. */
  readonly zone?: number;
  readonly nat?: FlowNat;
  /** A flow that is there, of which this one is expected. */
  readonly master?: FlowTupleSpec;
}

/** Names one flow, by either direction. A listed `Flow` is one. */
export type FlowReference = {
  /** Default 0. */
  readonly zone?: number;
  /** Then it must be this very flow. The kernel makes ids of a flow's place in memory and its tuple, so a later one may have the same. */
  readonly id?: number;
} & ({ readonly original: FlowTupleSpec } | { readonly original?: undefined; readonly reply: FlowTupleSpec });

/** What is left out stays as it is. */
export interface FlowChange extends FlowSettings {
  readonly original?: FlowTupleSpec;
  /** Names the flow where `original` does not. */
  readonly reply?: FlowTupleSpec;
  readonly zone?: number;
  readonly timeout?: number;
  /** Bits of the mark that are changed; default all. */
  readonly markMask?: number;
  /** Bits that are set, in addition to those it has. */
  readonly status?: readonly FlowStatusSetting[];
  /** Labels that are changed, to what `labels` says of them; default all. */
  readonly labelsMask?: readonly number[];
}

const schema = operation('conntrack.add').schema as Schema;

const tcp = namesOf('conntrackProtocol').get('tcp');

const settingKeys = ['timeout', 'mark', 'status', 'helper', 'labels', 'sequence', 'synproxy', ...stateKeys] as const;
const specKeys: ReadonlySet<string> = new Set(['original', 'reply', 'zone', 'nat', 'master', ...settingKeys]);
const changeKeys: ReadonlySet<string> = new Set([
  'original',
  'reply',
  'zone',
  'markMask',
  'labelsMask',
  ...settingKeys,
]);
const sequenceKeys: ReadonlySet<string> = new Set(['original', 'reply']);
const adjustmentKeys: ReadonlySet<string> = new Set(['position', 'before', 'after']);
const synproxyKeys: ReadonlySet<string> = new Set(['isn', 'its', 'tsoff']);
const settableStatus: readonly string[] = ['seen-reply', 'assured', 'fixed-timeout'];

export const addWork: Work<FlowSpec> = {
  operation: operation('conntrack.add'),
  write: writeSpec,
  describe: describeFlow,
};

export const deleteWork: Work<FlowReference> = {
  operation: operation('conntrack.delete'),
  write: (out, reference, path) => out.record(schema, referenceWire(reference, path)),
  describe: describeFlow,
};

/** Of flows that the kernel has told of. */
export const deleteFoundWork: Work<Flow> = {
  operation: operation('conntrack.delete'),
  write: (out, { family, original, zone, id }) => {
    out.record(schema, { family, original: tupleWire(original, family), zone, id });
  },
  describe: describeFlow,
};

/** `statusOf` is what each has of status already. */
export function updateWork(statusOf: (change: FlowChange) => readonly FlowStatus[] | undefined): Work<FlowChange> {
  return {
    operation: operation('conntrack.update'),
    write: (out, change, path) => out.record(schema, changeWire(change, statusOf(change), path)),
    describe: describeFlow,
  };
}

export function describeFlow(spec: {
  readonly original?: FlowTupleSpec | undefined;
  readonly reply?: FlowTupleSpec;
}): string {
  const tuple = spec.original ?? spec.reply;
  return tuple === undefined ? 'flow' : describeTuple(tuple);
}

function writeSpec(out: Encoder, spec: FlowSpec, path: string): void {
  checkKeys(spec, specKeys, path);
  const original = checkTuple(needed(spec.original, `${path}.original`), `${path}.original`);
  const reply = checkTuple(spec.reply ?? turnedRound(original), `${path}.reply`);
  if (reply.family !== original.family || reply.tuple.protocol !== original.tuple.protocol) {
    throw invalidValue(`${path}.reply`, 'is of another family or protocol than original', spec.reply);
  }
  checkZones(spec.zone, [original, reply], path);
  const { nat, master } = spec;
  out.record(schema, {
    family: original.family,
    original: original.wire,
    reply: reply.wire,
    zone: spec.zone,
    timeout: checkInteger(needed(spec.timeout, `${path}.timeout`), `${path}.timeout`, 0, 0xffffffff),
    ...(nat && natWire(nat, original.family, `${path}.nat`)),
    master: master && checkTuple(master, `${path}.master`).wire,
    ...settings(withWindow(spec, original), original, [], path),
  });
}

/** Nobody knows the sequence numbers of a TCP connection that is added, so its windows are not held against it, as conntrack(8) has it. */
function withWindow(spec: FlowSpec, { tuple }: CheckedTuple): FlowSpec {
  if (tuple.protocol !== tcp) return spec;
  const liberal = { flags: ['sack-permitted', 'be-liberal'] } as const;
  return {
    ...spec,
    tcp: {
      ...spec.tcp,
      original: { ...liberal, ...spec.tcp?.original },
      reply: { ...liberal, ...spec.tcp?.reply },
    },
  };
}

/** Checks it too. */
export function changeWire(change: FlowChange, status: readonly FlowStatus[] | undefined, path: string): Wire {
  checkKeys(change, changeKeys, path);
  const { named, wire } = namedFlow(change, path);
  const { mark, markMask, labels, labelsMask, timeout } = change;
  if (markMask !== undefined) checkMark(mark, markMask, path);
  if (labelsMask !== undefined && labels === undefined) throw invalidValue(`${path}.labels`, 'is needed', null);
  return {
    ...wire,
    timeout: timeout === undefined ? undefined : checkInteger(timeout, `${path}.timeout`, 0, 0xffffffff),
    markMask,
    labelsMask: labelsMask && labelBits(labelsMask, `${path}.labelsMask`),
    ...settings(change, named, status ?? [], path),
  };
}

/** Checks it too. */
export function referenceWire(reference: FlowReference, path: string): Wire {
  if (typeof reference !== 'object' || reference === null) throw invalidType(path, 'an object', reference);
  const { id } = reference;
  const { wire } = namedFlow(reference, path);
  return { ...wire, id: id === undefined ? undefined : checkInteger(id, `${path}.id`, 0, 0xffffffff) };
}

/** The tuple that a flow is named by, and the message so far. */
function namedFlow(
  {
    original,
    reply,
    zone,
  }: { readonly original?: FlowTupleSpec | undefined; readonly reply?: FlowTupleSpec; readonly zone?: number },
  path: string,
): { readonly named: CheckedTuple; readonly wire: Wire } {
  const key = original === undefined ? 'reply' : 'original';
  const named = checkTuple(needed(original ?? reply, `${path}.original`), `${path}.${key}`);
  checkZones(zone, [named], path);
  return { named, wire: { family: named.family, [key]: named.wire, zone } };
}

/** The kernel takes the zone from one place (ctnetlink_parse_tuple_zone). */
function checkZones(zone: number | undefined, tuples: readonly CheckedTuple[], path: string): void {
  if (zone !== undefined) checkZone(zone, `${path}.zone`);
  const zones = [zone, ...tuples.map(({ tuple }) => tuple.zone)].filter((one) => one !== undefined);
  if (zones.length > 1)
    throw invalidValue(`${path}.zone`, 'is one of several: a flow has one zone, or a direction has', zones);
}

function settings(spec: FlowSettings, { tuple }: CheckedTuple, status: readonly FlowStatus[], path: string): Wire {
  const { mark, helper, labels, sequence, synproxy } = spec;
  return {
    mark: mark === undefined ? undefined : checkInteger(mark, `${path}.mark`, 0, 0xffffffff),
    status: spec.status && statusWire(spec.status, status, `${path}.status`),
    helper: helper === undefined ? undefined : { name: checkHelper(helper, `${path}.helper`) },
    labels: labels && labelBits(labels, `${path}.labels`),
    state: stateWire(spec, tuple.protocol, path),
    ...(sequence && sequenceWire(sequence, `${path}.sequence`)),
    synproxy: synproxy && numbers(synproxy, synproxyKeys, 0, 0xffffffff, `${path}.synproxy`),
  };
}

/** The kernel wants all that cannot be taken back, too (nf_ct_change_status_common). */
function statusWire(
  given: readonly FlowStatusSetting[],
  current: readonly FlowStatus[],
  path: string,
): readonly FlowStatus[] {
  checkArray(given, path).forEach((word, at) => {
    if (!settableStatus.includes(word)) {
      throw invalidValue(`${path}[${at}]`, `is none of ${settableStatus.join(', ')}, which can be set`, word);
    }
  });
  return [...new Set<FlowStatus>(['confirmed', ...current, ...given])];
}

/** NF_CT_HELPER_NAME_LEN. */
export function checkHelper(value: unknown, path: string): string {
  if (typeof value === 'string' && Buffer.byteLength(value) <= 15 && !value.includes('\0')) return value;
  throw invalidType(path, "a helper's name, 15 bytes at most", value);
}

/** Outside the mask the kernel would turn bits over (ctnetlink_change_mark), or match nothing. */
export function checkMark(mark: number | undefined, mask: number, path: string): void {
  if (mark === undefined) throw invalidValue(`${path}.mark`, 'is needed with markMask', null);
  checkInteger(mark, `${path}.mark`, 0, 0xffffffff);
  checkInteger(mask, `${path}.markMask`, 0, 0xffffffff);
  if ((mark & ~mask) !== 0) throw invalidValue(`${path}.mark`, `has bits outside markMask ${mask}`, mark);
}

function sequenceWire(sequence: NonNullable<FlowSpec['sequence']>, path: string): Wire {
  checkKeys(sequence, sequenceKeys, path);
  const one = (key: 'original' | 'reply'): Wire | undefined => {
    const given = sequence[key];
    if (given === undefined) return undefined;
    checkKeys(given, adjustmentKeys, `${path}.${key}`);
    return {
      position: checkInteger(given.position, `${path}.${key}.position`, 0, 0xffffffff),
      before: checkInteger(given.before, `${path}.${key}.before`, -0x80000000, 0x7fffffff),
      after: checkInteger(given.after, `${path}.${key}.after`, -0x80000000, 0x7fffffff),
    };
  };
  return { originalSequence: one('original'), replySequence: one('reply') };
}

function numbers(given: object, keys: ReadonlySet<string>, min: number, max: number, path: string): Wire {
  checkKeys(given, keys, path);
  const values = given as Record<string, unknown>;
  return Object.fromEntries([...keys].map((key) => [key, checkInteger(values[key], `${path}.${key}`, min, max)]));
}

function needed<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw invalidValue(path, 'is needed', null);
  return value;
}
