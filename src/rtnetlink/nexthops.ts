import { checkInteger, checkKeys, invalidValue } from '../errors.js';
import { checkAddress, formatAddress } from '../ip.js';
import type { CallOptions, Channel, Work } from '../netlink/channel.js';
import { type Encoder, operation, type Schema, type Wire } from '../netlink/codec.js';
import { checkReference, type DeviceReference } from './device.js';
import { nameTable } from './links.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';
import { type AddressFamily, addressFamily } from './values.js';

/** A member of a group. */
export interface NexthopMember {
  readonly id: number;
  /** 1 to 256; default 1. */
  readonly weight?: number;
}

/** What routes share by naming its `id` (`nhid`): a device, a gateway, both, a group of others, or a black hole. */
export interface NexthopObjectSpec {
  /** 1 to 4294967295. */
  readonly id: number;
  readonly dev?: DeviceReference;
  readonly via?: string;
  readonly blackhole?: boolean;
  readonly group?: readonly NexthopMember[];
  /** The gateway is on the link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** Who made it: a name of ip-route(8) or a number. */
  readonly protocol?: string | number;
  /** Of one without a gateway; default 'inet'. */
  readonly family?: AddressFamily;
}

/** A nexthop object. Names are those of `ip -j nexthop`, in camelCase. */
export interface NexthopObject {
  readonly id: number;
  readonly dev?: string;
  readonly gateway?: string;
  readonly blackhole: boolean;
  readonly group?: readonly Required<NexthopMember>[];
  readonly scope: string | number;
  readonly protocol: string | number;
  readonly flags: readonly string[];
}

const operations = {
  add: operation('nexthops.add'),
  replace: operation('nexthops.replace'),
  delete: operation('nexthops.delete'),
  list: operation('nexthops.list'),
};

const specKeys: ReadonlySet<string> = new Set([
  'id',
  'dev',
  'via',
  'blackhole',
  'group',
  'onlink',
  'protocol',
  'family',
]);
const memberKeys: ReadonlySet<string> = new Set(['id', 'weight']);
const schema = operations.add.schema as Schema;

/** struct nexthop_grp: u32 id, u8 weight - 1, three bytes of padding. */
const memberSize = 8;

const works = {
  add: { operation: operations.add, write, describe },
  replace: { operation: operations.replace, write, describe },
  delete: {
    operation: operations.delete,
    write: (out: Encoder, { id }: Pick<NexthopObjectSpec, 'id'>, path: string) =>
      out.record(schema, { id: checkInteger(id, `${path}.id`, 1, 0xffffffff) }),
    describe,
  },
} satisfies Record<string, Work<never>>;

/** Nexthop objects: RTM_*NEXTHOP, ip-nexthop(8). Linux 5.3 and later. */
export class Nexthops {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async list(options?: CallOptions): Promise<NexthopObject[]> {
    const [replies, names] = await Promise.all([
      this.#channel.one({ operation: operations.list, wire: {} }, options),
      nameTable(this.#channel, options),
    ]);
    return replies.map((reply) => toNexthop(reply, names));
  }

  /** Throws NetlinkError EEXIST for an id that is there. */
  add(specs: NexthopObjectSpec | readonly NexthopObjectSpec[], options?: BatchOptions): Promise<void> {
    return oneOrMany(this.#channel, works.add, specs, options, works.delete);
  }

  /** Routes that name it go over to the new one. */
  replace(specs: NexthopObjectSpec | readonly NexthopObjectSpec[], options?: BatchOptions): Promise<void> {
    return oneOrMany(this.#channel, works.replace, specs, options);
  }

  /** Routes that name it go with it. Throws NetlinkError ENOENT for an id that is not there. */
  delete(
    specs: Pick<NexthopObjectSpec, 'id'> | readonly Pick<NexthopObjectSpec, 'id'>[],
    options?: BatchOptions,
  ): Promise<void> {
    return oneOrMany(this.#channel, works.delete, specs, options);
  }
}

function describe({ id }: Pick<NexthopObjectSpec, 'id'>): string {
  return `id ${id}`;
}

function write(out: Encoder, spec: NexthopObjectSpec, path: string): void {
  checkKeys(spec, specKeys, path);
  const { id, dev, via, blackhole, group, onlink, protocol } = spec;
  checkInteger(id, `${path}.id`, 1, 0xffffffff);
  const kinds = [dev !== undefined || via !== undefined, blackhole === true, group !== undefined];
  if (kinds.filter(Boolean).length !== 1) {
    throw invalidValue(path, 'is to have either `dev` and `via`, or `blackhole`, or `group`', id);
  }
  if (dev !== undefined) checkReference(dev, `${path}.dev`);
  const gateway = via === undefined ? undefined : checkAddress(via, `${path}.via`);
  const wire: Wire = {
    family: group ? 'unspec' : gateway ? addressFamily(gateway) : (spec.family ?? 'inet'),
    protocol,
    flags: onlink ? ['onlink'] : undefined,
    id,
    group: group?.length ? groupBytes(group, `${path}.group`) : undefined,
    blackhole,
    dev,
    gateway,
  };
  out.record(schema, wire);
}

function groupBytes(group: readonly NexthopMember[], path: string): Uint8Array {
  const bytes = new Uint8Array(group.length * memberSize);
  const view = new DataView(bytes.buffer);
  group.forEach((member, at) => {
    checkKeys(member, memberKeys, `${path}[${at}]`);
    view.setUint32(at * memberSize, checkInteger(member.id, `${path}[${at}].id`, 1, 0xffffffff), true);
    bytes[at * memberSize + 4] = checkInteger(member.weight ?? 1, `${path}[${at}].weight`, 1, 256) - 1;
  });
  return bytes;
}

export function toNexthop(reply: Record<string, unknown>, names: ReadonlyMap<number, string>): NexthopObject {
  const dev = reply['dev'] as number | undefined;
  const gateway = reply['gateway'] as Uint8Array | undefined;
  const group = reply['group'] as Uint8Array | undefined;
  return {
    id: reply['id'] as number,
    ...(dev === undefined ? {} : { dev: names.get(dev) ?? String(dev) }),
    ...(gateway === undefined ? {} : { gateway: formatAddress(gateway) }),
    blackhole: reply['blackhole'] === true,
    ...(group === undefined ? {} : { group: members(group) }),
    scope: reply['scope'] as string | number,
    protocol: reply['protocol'] as string | number,
    flags: reply['flags'] as string[],
  };
}

function members(bytes: Uint8Array): Required<NexthopMember>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / memberSize }, (_, at) => ({
    id: view.getUint32(at * memberSize, true),
    weight: (bytes[at * memberSize + 4] as number) + 1,
  }));
}
