/** Named objects that tell conntrack something: helpers, timeout policies, expectations. */

import { checkObject, checkString, checkUint, type JsonObject, oneOf, wrongValue } from './errors.js';
import type { NamedObject } from './wire.js';

type Body<Kind extends NamedObject['type']> = Omit<
  Extract<NamedObject, { type: Kind }>,
  'family' | 'table' | 'name' | 'handle' | 'userdata'
>;

const l3Protocols = ['ip', 'ip6', 'inet'] as const;

function layer3(object: JsonObject, path: string): { readonly l3proto?: (typeof l3Protocols)[number] } {
  const said = object['l3proto'];
  return said === undefined ? {} : { l3proto: oneOf(said, `${path}.l3proto`, l3Protocols) };
}

export const helperKeys: readonly string[] = ['type', 'protocol', 'l3proto'];

/** NF_CT_HELPER_NAME_LEN, with the NUL. */
const HELPER_NAME = 16;

export function helperData(object: JsonObject, path: string): Body<'ct helper'> {
  const helper = checkString(object['type'], `${path}.type`);
  if (helper === '' || helper.includes('\0') || Buffer.byteLength(helper) >= HELPER_NAME)
    throw wrongValue(`${path}.type`, `must be a helper's name of 1 to ${HELPER_NAME - 1} bytes`);
  return {
    type: 'ct helper',
    helper,
    l4proto: oneOf(object['protocol'], `${path}.protocol`, ['tcp', 'udp']),
    ...layer3(object, path),
  };
}

export function helperJson({ helper, l4proto, l3proto }: Body<'ct helper'>): JsonObject {
  return { type: helper, protocol: l4proto, ...(l3proto === undefined ? {} : { l3proto }) };
}

/** Seconds that nft gives each state where a policy says nothing of it, and does not list. */
const defaultTimeouts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  tcp: {
    syn_sent: 120,
    syn_recv: 60,
    established: 432_000,
    fin_wait: 120,
    close_wait: 60,
    last_ack: 30,
    time_wait: 120,
    close: 10,
    syn_sent2: 120,
    retrans: 300,
    unack: 300,
  },
  udp: { unreplied: 30, replied: 120 },
};

export const timeoutKeys: readonly string[] = ['protocol', 'l3proto', 'policy'];

export function timeoutData(object: JsonObject, path: string): Body<'ct timeout'> {
  const l4proto = oneOf(object['protocol'], `${path}.protocol`, ['tcp', 'udp']);
  const defaults = defaultTimeouts[l4proto]!;
  const { policy } = object;
  const said =
    policy === undefined || policy === null ? {} : checkObject(policy, `${path}.policy`, Object.keys(defaults));
  const timeouts = Object.fromEntries(
    Object.entries(said).map(([state, value]) => [state, checkUint(value, `${path}.policy.${state}`)]),
  );
  return { type: 'ct timeout', l4proto, ...layer3(object, path), ...defaults, ...timeouts };
}

export function timeoutJson(body: Body<'ct timeout'>): JsonObject {
  const states = Object.entries(body).filter(
    ([state, value]) => typeof value === 'number' && value !== defaultTimeouts[body.l4proto]?.[state],
  );
  return {
    protocol: body.l4proto,
    ...(body.l3proto === undefined ? {} : { l3proto: body.l3proto }),
    policy: states.length === 0 ? null : Object.fromEntries(states),
  };
}

export const expectationKeys: readonly string[] = ['protocol', 'l3proto', 'dport', 'timeout', 'size'];

export function expectationData(object: JsonObject, path: string): Body<'ct expectation'> {
  return {
    type: 'ct expectation',
    l4proto: oneOf(object['protocol'], `${path}.protocol`, ['tcp', 'udp', 'sctp', 'dccp', 'udplite']),
    ...layer3(object, path),
    dport: checkUint(object['dport'], `${path}.dport`, 0xffff),
    timeout: checkUint(object['timeout'], `${path}.timeout`),
    size: checkUint(object['size'], `${path}.size`, 0xff),
  };
}

export function expectationJson({ l4proto, l3proto, dport, timeout, size }: Body<'ct expectation'>): JsonObject {
  return { protocol: l4proto, dport, timeout, size, ...(l3proto === undefined ? {} : { l3proto }) };
}
