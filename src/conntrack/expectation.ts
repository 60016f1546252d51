/** A flow that a helper waits for: as the kernel tells of it, and as it is given. */
import { checkArray, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkAddress, formatAddress, invalidAddress } from '../ip.js';
import type { Work } from '../netlink/channel.js';
import {
  type Decoder,
  type Encoder,
  fieldIndexes,
  flagWords,
  operation,
  type Schema,
  type Wire,
  wordOf,
} from '../netlink/codec.js';
import { type AddressFamily, addressFamily } from '../rtnetlink/values.js';
import { checkHelper } from './flow-spec.js';
import {
  checkPartialTuple,
  checkTuple,
  checkZone,
  describeTuple,
  type FlowTuple,
  type FlowTupleSpec,
  kindOf,
  readTuple,
  tupleWire,
} from './tuple.js';

export type ExpectationFlag = 'permanent' | 'inactive' | 'userspace';

/** Bits of the expected tuple's source that must be as it says. Its destination and protocol must be. */
export interface ExpectationMask {
  /** As an address: '255.255.255.255', or '0.0.0.0' where any will do. */
  readonly src: string;
  /** 65535, or 0 where any will do. */
  readonly srcPort?: number;
}

/** Where the expected flow goes, when its master is translated. */
export interface ExpectationNat {
  readonly direction: 'original' | 'reply';
  readonly address: string;
  readonly port?: number;
}

/** A flow that a helper waits for; `conntrack -L expect`. */
export interface Expectation {
  readonly id: number;
  readonly family: AddressFamily;
  readonly tuple: FlowTuple;
  readonly mask: ExpectationMask;
  /** Of the flow whose helper expects it. */
  readonly master: FlowTuple;
  /** Seconds until it is forgotten. */
  readonly timeout: number;
  readonly flags: readonly ExpectationFlag[];
  /** Which of the helper's policies it is counted by. */
  readonly class: number;
  readonly helper?: string;
  /** What the kernel does to a flow that came: 'nat-follow-master'. */
  readonly function?: string;
  readonly nat?: ExpectationNat;
}

/** An expected tuple: what of its source is left out may be anything. */
export type ExpectedTuple = Omit<FlowTupleSpec, 'src' | 'zone' | 'icmpType' | 'icmpCode' | 'icmpId'> & {
  readonly src?: string;
};

export interface ExpectationSpec {
  readonly tuple: ExpectedTuple;
  /** Default: what `tuple` says of its source. */
  readonly mask?: Partial<ExpectationMask>;
  /** A flow that is there, and has a helper. */
  readonly master: FlowTupleSpec;
  /** The master's; default 0. */
  readonly zone?: number;
  /** Seconds, 0 to 4294967295; default the helper's. Set once the expectation is there. */
  readonly timeout?: number;
  readonly flags?: readonly Exclude<ExpectationFlag, 'userspace'>[];
  /** Default 0. Counts with a `helper`. */
  readonly class?: number;
  /** That follows the flow when it has come. */
  readonly helper?: string;
  readonly function?: string;
  readonly nat?: ExpectationNat;
}

/** Names one. A listed `Expectation` is one, unless its master has a zone: the kernel does not tell that. */
export interface ExpectationReference {
  readonly tuple: ExpectedTuple;
  /** The master's; default 0. */
  readonly zone?: number;
  readonly id?: number;
}

export interface ExpectationChange extends ExpectationReference {
  /** Seconds from now. */
  readonly timeout: number;
}

const schema = operation('expectations.list').reply as Schema;

const tupleKeys: ReadonlySet<string> = new Set(['src', 'dst', 'protocol', 'srcPort', 'dstPort']);
const maskKeys: ReadonlySet<string> = new Set(['src', 'srcPort']);
const natKeys: ReadonlySet<string> = new Set(['direction', 'address', 'port']);
const specKeys: ReadonlySet<string> = new Set([
  'tuple',
  'mask',
  'master',
  'zone',
  'timeout',
  'flags',
  'class',
  'helper',
  'function',
  'nat',
]);
const changeKeys: ReadonlySet<string> = new Set(['tuple', 'zone', 'id', 'timeout']);
const settableFlags: readonly string[] = ['permanent', 'inactive'];

export const addWork: Work<ExpectationSpec> = { operation: operation('expectations.add'), write: writeSpec, describe };

export const updateWork: Work<ExpectationChange> = {
  operation: operation('expectations.update'),
  write: (out, change, path) => {
    checkKeys(change, changeKeys, path);
    const wire = expectationWire(change, path);
    // The kernel looks whether these are there, and no more (ctnetlink_new_expect).
    const { tuple } = wire;
    out.record(schema, { ...wire, mask: tuple, master: tuple, timeout: checkTimeout(change.timeout, path) });
  },
  describe,
};

export const deleteWork: Work<ExpectationReference> = {
  operation: operation('expectations.delete'),
  write: (out, reference, path) => out.record(schema, expectationWire(reference, path)),
  describe,
};

export function describe({ tuple }: { readonly tuple: ExpectedTuple }): string {
  return tuple === undefined ? 'expectation' : `expected ${describeTuple({ src: 'any', ...tuple })}`;
}

/** What names it, checked. */
export function expectationWire({ tuple, zone, id }: ExpectationReference, path: string): Wire {
  const { family, expected } = checkExpected(tuple, `${path}.tuple`);
  return {
    family,
    tuple: tupleWire(expected, family),
    zone: zone === undefined ? undefined : checkZone(zone, `${path}.zone`),
    id: id === undefined ? undefined : checkInteger(id, `${path}.id`, 0, 0xffffffff),
  };
}

export function checkTimeout(timeout: unknown, path: string): number {
  return checkInteger(timeout, `${path}.timeout`, 0, 0xffffffff);
}

interface Expected {
  readonly family: AddressFamily;
  /** With zeros for what may be anything. */
  readonly expected: FlowTuple;
}

function checkExpected(spec: ExpectedTuple, path: string): Expected {
  if (spec === undefined) throw invalidValue(path, 'is needed', null);
  checkKeys(spec, tupleKeys, path);
  const { family, tuple } = checkPartialTuple(spec, path);
  for (const key of ['dst', 'protocol'] as const) {
    if (tuple[key] === undefined) throw invalidValue(`${path}.${key}`, 'is needed', null);
  }
  const kind = kindOf(tuple.protocol as number);
  if (kind === 'icmp' || kind === 'icmpv6')
    throw invalidValue(`${path}.protocol`, 'is of no flow that is expected', spec.protocol);
  if (kind === 'ports' && tuple.dstPort === undefined) throw invalidValue(`${path}.dstPort`, 'is needed', null);
  const any = { src: family === 'inet' ? '0.0.0.0' : '::', ...(kind === 'ports' ? { srcPort: 0 } : {}) };
  return { family: family as AddressFamily, expected: { ...any, ...(tuple as FlowTuple) } };
}

function writeSpec(out: Encoder, spec: ExpectationSpec, path: string): void {
  checkKeys(spec, specKeys, path);
  const { family, expected } = checkExpected(spec.tuple, `${path}.tuple`);
  if (spec.master === undefined) throw invalidValue(`${path}.master`, 'is needed', null);
  const master = checkTuple(spec.master, `${path}.master`);
  if (master.family !== family) throw invalidValue(`${path}.master`, 'is of another family than tuple', spec.master);
  const { class: policy, helper, flags, nat } = spec;
  out.record(schema, {
    family,
    tuple: tupleWire(expected, family),
    mask: tupleWire(maskTuple(spec, expected, family, `${path}.mask`), family),
    master: master.wire,
    zone: spec.zone === undefined ? undefined : checkZone(spec.zone, `${path}.zone`),
    flags: flags && checkFlags(flags, `${path}.flags`),
    class: policy === undefined ? undefined : checkInteger(policy, `${path}.class`, 0, 0xffffffff),
    helper: helper === undefined ? undefined : checkHelper(helper, `${path}.helper`),
    function: spec.function === undefined ? undefined : checkFunction(spec.function, `${path}.function`),
    nat: nat && natWire(nat, expected, family, `${path}.nat`),
  });
  if (spec.timeout !== undefined) checkTimeout(spec.timeout, path);
}

/** A mask as the tuple that a message has. The kernel looks at its source. */
function maskTuple(
  { tuple, mask = {} }: ExpectationSpec,
  expected: FlowTuple,
  family: AddressFamily,
  path: string,
): FlowTuple {
  checkKeys(mask, maskKeys, path);
  const [none, all] =
    family === 'inet' ? ['0.0.0.0', '255.255.255.255'] : ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
  const src = mask.src ?? (tuple.src === undefined ? none : all);
  if (addressFamily(checkAddress(src, `${path}.src`)) !== family) {
    throw invalidAddress(src, `${path}.src`, "a mask of the tuple's family");
  }
  if (expected.srcPort === undefined) {
    if (mask.srcPort !== undefined) throw invalidType(`${path}.srcPort`, 'left out: there are no ports', mask.srcPort);
    return { src, dst: all, protocol: expected.protocol };
  }
  const srcPort = mask.srcPort ?? (tuple.srcPort === undefined ? 0 : 65535);
  checkInteger(srcPort, `${path}.srcPort`, 0, 65535);
  return { src, dst: all, protocol: expected.protocol, srcPort, dstPort: 65535 };
}

function checkFlags(flags: readonly string[], path: string): readonly string[] {
  checkArray(flags, path).forEach((flag, at) => {
    if (!settableFlags.includes(flag))
      throw invalidValue(`${path}[${at}]`, `is none of ${settableFlags.join(', ')}`, flag);
  });
  return flags;
}

function checkFunction(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '' && value.length < 64 && !value.includes('\0')) return value;
  throw invalidType(path, "the name of a helper's function", value);
}

function natWire(nat: ExpectationNat, { protocol, srcPort }: FlowTuple, family: AddressFamily, path: string): Wire {
  checkKeys(nat, natKeys, path);
  if (nat.direction !== 'original' && nat.direction !== 'reply') {
    throw invalidValue(`${path}.direction`, 'is neither original nor reply', nat.direction ?? null);
  }
  const src = formatAddress(checkAddress(nat.address, `${path}.address`));
  if (addressFamily(checkAddress(src, path)) !== family) {
    throw invalidAddress(nat.address, `${path}.address`, "an address of the tuple's family");
  }
  const port = nat.port ?? 0;
  checkInteger(port, `${path}.port`, 0, 65535);
  const dst = family === 'inet' ? '0.0.0.0' : '::';
  const ports = srcPort === undefined ? {} : { srcPort: port, dstPort: 0 };
  return { direction: nat.direction, tuple: tupleWire({ src, dst, protocol, ...ports }, family) };
}

// ---- replies

const fields = fieldIndexes(schema);
const slots: number[] = schema.fields.map(() => -1);
const familyWord = wordOf('addressFamily');
const flagsOf = flagWords('expectationFlags');
const natSchema = schema.byName.get('nat')?.schema as Schema;
const natFields = fieldIndexes(natSchema);
const natSlots: number[] = natSchema.fields.map(() => -1);
const directionWord = wordOf('conntrackDirection');

export function readExpectation(decoder: Decoder, end: number): Expectation {
  decoder.slots(schema, end, slots);
  const slot = (name: string): number => slots[fields[name] as number] as number;
  const text = (name: string): string | undefined => {
    const start = slot(name);
    return start < 0 ? undefined : Buffer.from(decoder.bytesAt(start)).toString();
  };
  const { src, srcPort } = readTuple(decoder, slot('mask'));
  const helper = text('helper');
  const called = text('function');
  const nat = slot('nat');
  return {
    id: slot('id'),
    family: familyWord(slot('family')) as AddressFamily,
    tuple: readTuple(decoder, slot('tuple')),
    mask: { src, ...(srcPort === undefined ? {} : { srcPort }) },
    master: readTuple(decoder, slot('master')),
    timeout: slot('timeout'),
    flags: flagsOf(Math.max(0, slot('flags'))) as readonly ExpectationFlag[],
    class: Math.max(0, slot('class')),
    ...(helper === undefined ? {} : { helper }),
    ...(called === undefined ? {} : { function: called }),
    ...(nat < 0 ? {} : { nat: readNat(decoder, nat) }),
  };
}

function readNat(decoder: Decoder, start: number): ExpectationNat {
  decoder.slotsAt(start, natSchema, natSlots);
  const { src, srcPort } = readTuple(decoder, natSlots[natFields['tuple'] as number] as number);
  const direction = directionWord(natSlots[natFields['direction'] as number] as number) as ExpectationNat['direction'];
  return { direction, address: src, ...(srcPort === undefined ? {} : { port: srcPort }) };
}
