/** Settings that a device of any kind has. */
import { checkAlias, checkDeviceName, checkInteger, invalidType, invalidValue } from '../errors.js';
import { checkMac } from '../ip.js';
import type { Wire } from '../netlink/codec.js';
import { checkReference, type DeviceReference } from './device.js';
import type { LinkChange } from './link-change.js';
import type { Links } from './links.js';

/** A namespace to put a device in: a handle (`Netns`), or a descriptor. */
export type NetnsTarget = { readonly fd: number; readonly links?: Pick<Links, 'add' | 'set' | 'delete'> };

export interface CommonSpec {
  /** At most 15 bytes. Without it the kernel names the device (veth0, ...). */
  readonly name?: string;
  /** 'aa:bb:cc:dd:ee:ff' */
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
  readonly up?: boolean;
  readonly txQueueLength?: number;
  /** At most 255 bytes. The kernel takes it, and `addrGenMode`, in a second step, which needs a `name`. */
  readonly alias?: string;
  readonly group?: number;
  /** Where to make it; default: this handle's. */
  readonly netns?: NetnsTarget;
  /** How the kernel makes its IPv6 link-local address; 'none' for no address. */
  readonly addrGenMode?: 'eui64' | 'none' | 'stable_secret' | 'random';
}

/** Of what the kernel makes by a netlink message. */
export interface QueueSpec {
  /** Default: as the kind has it; a veth one for each processor. */
  readonly numTxQueues?: number;
  readonly numRxQueues?: number;
}

/** Of what can be a port. */
export interface PortSpec {
  /** A bridge or a VRF that it becomes a port of. */
  readonly master?: DeviceReference;
}

export const commonKeys: readonly string[] = [
  'name',
  'mac',
  'mtu',
  'up',
  'txQueueLength',
  'alias',
  'group',
  'netns',
  'addrGenMode',
];
export const queueKeys: readonly string[] = ['numTxQueues', 'numRxQueues'];

export function checkCommon(spec: (CommonSpec & QueueSpec & PortSpec) | LinkChange, path: string): void {
  if (spec.name !== undefined) checkDeviceName(spec.name, `${path}.name`);
  if (spec.mac !== undefined) checkMac(spec.mac, `${path}.mac`);
  if (spec.mtu !== undefined) checkInteger(spec.mtu, `${path}.mtu`, 0, 0x7fffffff);
  if (spec.txQueueLength !== undefined) checkInteger(spec.txQueueLength, `${path}.txQueueLength`, 0, 0xffffffff);
  if (spec.group !== undefined) checkInteger(spec.group, `${path}.group`, 0, 0xffffffff);
  for (const key of ['numTxQueues', 'numRxQueues'] as const) {
    const queues = (spec as QueueSpec)[key];
    if (queues !== undefined) checkInteger(queues, `${path}.${key}`, 1, 4096);
  }
  if (spec.master !== undefined && spec.master !== null) checkReference(spec.master, `${path}.master`);
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

/** Whether it has what the kernel does not take in the message that makes a device (rtnl_create_link). */
export function needsFinish({ alias, addrGenMode }: CommonSpec): boolean {
  return alias !== undefined || addrGenMode !== undefined;
}

export function checkFinish({ name, netns }: CommonSpec, path: string): void {
  if (name !== undefined && (!netns || netns.links)) return;
  throw invalidValue(
    path,
    'needs a name (and a Netns, not a bare descriptor) for alias, addrGenMode or a peer that is up',
    name ?? null,
  );
}

export function commonWire(spec: (CommonSpec & QueueSpec) | LinkChange): Wire {
  return {
    name: spec.name,
    mac: spec.mac === undefined ? undefined : checkMac(spec.mac, 'mac'),
    mtu: spec.mtu,
    txQueueLength: spec.txQueueLength,
    alias: spec.alias,
    group: spec.group,
    netnsFd: spec.netns?.fd,
    numTxQueues: (spec as QueueSpec).numTxQueues,
    numRxQueues: (spec as QueueSpec).numRxQueues,
    families: spec.addrGenMode === undefined ? undefined : { inet6: { addrGenMode: spec.addrGenMode } },
  };
}

/** The same without what takes a second step. */
export function madeWire(spec: CommonSpec & QueueSpec): Wire {
  return { ...commonWire(spec), alias: undefined, families: undefined };
}
