import { checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkAddress, checkMac, formatIpv4, formatMac } from '../ip.js';
import type { CallOptions, Channel, PackedWork, Work } from '../netlink/channel.js';
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
import { checkColumn, checkTemplate, packedRecord } from '../netlink/columns.js';
import { checkReference, type DeviceReference } from './device.js';
import { deviceNames, type Links } from './links.js';
import { type BatchOptions, oneOrMany, rolledBack } from './one-or-many.js';
import { type AddressFamily, addressAt, addressFamily } from './values.js';

export type NeighbourState =
  | 'incomplete'
  | 'reachable'
  | 'stale'
  | 'delay'
  | 'probe'
  | 'failed'
  | 'noarp'
  | 'permanent';

export interface NeighbourSpec {
  readonly dev: DeviceReference;
  readonly dst: string;
  /** Not for a proxy entry. */
  readonly mac?: string;
  /** Default 'permanent'. */
  readonly state?: NeighbourState;
  /** Answer for this address on `dev` (ARP or NDP proxy). */
  readonly proxy?: boolean;
  /** IPv6: it is a router. */
  readonly router?: boolean;
  /** Who made it, 1 to 255: as a route's `protocol`. */
  readonly protocol?: number;
}

/**
 * Many IPv4 neighbours of one device: 0xc0000201 is 192.0.2.1. No object is made of each; in a `BatchError`, `index` is the
 * address's.
 */
export interface PackedNeighbours extends Pick<NeighbourSpec, 'dev' | 'state' | 'protocol'> {
  readonly addresses: Uint32Array;
  /** Of all of them; or six bytes for each, one after the other. Not needed to delete them. */
  readonly mac?: string | Uint8Array;
}

export type NeighbourReference = Pick<NeighbourSpec, 'dev' | 'dst' | 'proxy'>;

/** A neighbour. Names are those of `ip -j neighbour`; `mac` is `lladdr`. */
export interface Neighbour {
  readonly dev: string;
  readonly family: AddressFamily;
  readonly dst: string;
  readonly mac?: string;
  readonly state: readonly NeighbourState[];
  readonly flags: readonly string[];
  /** Who made it, where somebody has said so. */
  readonly protocol?: number;
}

export interface NeighbourFilter {
  readonly dev?: DeviceReference;
  readonly family?: AddressFamily;
  /** Proxy entries instead of the others. */
  readonly proxy?: boolean;
}

const operations = {
  add: operation('neighbours.add'),
  replace: operation('neighbours.replace'),
  delete: operation('neighbours.delete'),
  list: operation('neighbours.list'),
};

const specKeys: ReadonlySet<string> = new Set(['dev', 'dst', 'mac', 'state', 'proxy', 'router', 'protocol']);

type Verb = 'add' | 'replace' | 'delete';

const works: Readonly<Record<Verb, Work<NeighbourSpec>>> = {
  add: { operation: operations.add, write: (out, spec, path) => writeNeighbour(out, spec, false, path), describe },
  replace: {
    operation: operations.replace,
    write: (out, spec, path) => writeNeighbour(out, spec, false, path),
    describe,
  },
  delete: { operation: operations.delete, write: (out, spec, path) => writeNeighbour(out, spec, true, path), describe },
};

/** ARP and NDP entries: RTM_*NEIGH, ip-neighbour(8). */
export class Neighbours {
  readonly #channel: Channel;
  readonly #links: Links;

  constructor(channel: Channel, links: Links) {
    this.#channel = channel;
    this.#links = links;
  }

  /** Both families unless one is asked for; entries without a use (`noarp`) included. */
  async list(filter: NeighbourFilter = {}, options?: CallOptions): Promise<Neighbour[]> {
    const index = filter.dev === undefined ? undefined : await this.#links.index(filter.dev, options);
    const families = filter.family ? [filter.family] : (['inet', 'inet6'] as const);
    const { names, filled } = deviceNames(this.#channel, options);
    const dumps = families.map((family) => {
      const wire: Wire = filter.proxy ? { family, flags: ['proxy'], viaIndex: index } : { family, viaIndex: index };
      const request = { operation: operations.list, wire };
      return this.#channel.dump(request, (decoder, end) => readNeighbour(decoder, end, names, index), options);
    });
    const [[neighbours = [], more]] = await Promise.all([Promise.all(dumps), filled]);
    return more ? [...neighbours, ...more] : neighbours;
  }

  /** Throws NetlinkError EEXIST for one that is there. */
  add(specs: NeighbourSpec | readonly NeighbourSpec[] | PackedNeighbours, options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  replace(specs: NeighbourSpec | readonly NeighbourSpec[] | PackedNeighbours, options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError ENOENT for one that is not there. */
  delete(
    specs: NeighbourReference | readonly NeighbourReference[] | PackedNeighbours,
    options?: BatchOptions,
  ): Promise<void> {
    return this.#change('delete', specs, options);
  }

  #change(
    verb: Verb,
    specs: NeighbourSpec | readonly NeighbourSpec[] | PackedNeighbours,
    options: BatchOptions | undefined,
  ): Promise<void> {
    const undo = verb === 'add' ? works.delete : undefined;
    if (isPacked(specs)) return this.#changePacked(verb, specs, options, undo);
    return oneOrMany(this.#channel, works[verb], specs, options, undo);
  }

  async #changePacked(
    verb: Verb,
    given: PackedNeighbours,
    options: BatchOptions | undefined,
    undo: Work<NeighbourSpec> | undefined,
  ): Promise<void> {
    // The caller's arrays may change while the call is under way.
    const { mac } = given;
    const specs = {
      ...given,
      addresses: checkColumn(given.addresses, 'specs.addresses').slice(),
      ...(mac instanceof Uint8Array ? { mac: mac.slice() } : {}),
    };
    checkTemplate(specs, ['dst', 'proxy', 'router'], 'specs');
    const sent = this.#channel.packed(packedWork(works[verb], specs, verb === 'delete'), options);
    if (!options?.rollback || !undo) return sent;
    return rolledBack(sent, specs.addresses.length, (failed) => {
      const addresses = specs.addresses.filter((_, row) => !failed.has(row));
      return this.#channel.packed(packedWork(undo, { dev: specs.dev, addresses }, true));
    });
  }
}

function isPacked(specs: NeighbourSpec | readonly NeighbourSpec[] | PackedNeighbours): specs is PackedNeighbours {
  return typeof specs === 'object' && specs !== null && 'addresses' in specs;
}

function packedWork({ operation, write }: Work<NeighbourSpec>, specs: PackedNeighbours, deleting: boolean): PackedWork {
  const { addresses, mac, ...template } = specs;
  const macs = mac instanceof Uint8Array ? mac : undefined;
  if (macs && macs.length !== addresses.length * 6) {
    throw invalidValue('specs.mac', `has not six bytes for each of ${addresses.length} addresses`, macs.length);
  }
  const macOf = (row: number): { mac?: string } => {
    if (macs) return { mac: formatMac(macs.subarray(row * 6, row * 6 + 6)) };
    return mac === undefined ? {} : { mac: mac as string };
  };
  const row = (at: number): NeighbourSpec => ({ ...template, dst: formatIpv4(addresses[at] as number), ...macOf(at) });
  const first: NeighbourSpec = { ...template, dst: '0.0.0.0', ...(macs ? { mac: '00:00:00:00:00:00' } : macOf(0)) };
  const withMacs = macs && !deleting ? [{ field: field['mac'] as number, column: 1, size: 6 }] : [];
  return {
    operation,
    columns: macs ? [addresses, { bytes: macs, width: 6 }] : [addresses],
    rows: addresses.length,
    record: packedRecord([{ field: field['dst'] as number, column: 0, size: 4 }, ...withMacs], (out) =>
      write(out, first, 'specs'),
    ),
    source: row,
    describe: (at) => describe(row(at)),
  };
}

function describe(spec: NeighbourSpec): string {
  return `${spec.dst} on ${spec.dev}`;
}

/** Checks a spec and writes its record. */
function writeNeighbour(out: Encoder, spec: NeighbourSpec, deleting: boolean, path: string): void {
  checkKeys(spec, specKeys, path);
  if (spec.dev === undefined) throw invalidType(`${path}.dev`, "a device's name or index", spec.dev);
  checkReference(spec.dev, `${path}.dev`);
  const dst = checkAddress(spec.dst, `${path}.dst`);
  if (!deleting && !spec.proxy && spec.mac === undefined)
    throw invalidValue(`${path}.mac`, 'is needed', spec.mac ?? null);
  const flags = [...(spec.proxy ? ['proxy'] : []), ...(spec.router ? ['router'] : [])];
  out.record(schema, {
    family: addressFamily(dst),
    index: spec.dev,
    state: deleting || spec.proxy ? undefined : [spec.state ?? 'permanent'],
    flags: flags.length > 0 ? flags : undefined,
    dst,
    mac: spec.mac === undefined ? undefined : checkMac(spec.mac, `${path}.mac`),
    protocol: spec.protocol === undefined ? undefined : checkInteger(spec.protocol, `${path}.protocol`, 1, 255),
  });
}

// ---- replies

const schema = operations.add.schema as Schema;
const field = fieldIndexes(schema);
const slots: number[] = schema.fields.map(() => -1);
const familyWord = wordOf('addressFamily');
const states = flagWords('neighbourState');
const flagsOf = flagWords('neighbourFlags');

/** Where the slots of fields are. */
const at = {
  index: field['index'] as number,
  family: field['family'] as number,
  dst: field['dst'] as number,
  state: field['state'] as number,
  flags: field['flags'] as number,
  mac: field['mac'] as number,
  protocol: field['protocol'] as number,
} as const;

export function readNeighbour(
  decoder: Decoder,
  end: number,
  names: ReadonlyMap<number, string>,
  wanted: number | undefined,
): Neighbour | undefined {
  decoder.slots(schema, end, slots);
  const index = slots[at.index] as number;
  if (wanted !== undefined && index !== wanted) return undefined;
  const family = familyWord(slots[at.family] as number);
  if (family !== 'inet' && family !== 'inet6') return undefined;
  const mac = slots[at.mac] as number;
  const neighbour: { -readonly [K in keyof Neighbour]: Neighbour[K] } = {
    dev: names.get(index) ?? String(index),
    family,
    dst: addressAt(decoder, slots[at.dst] as number),
    state: states(slots[at.state] as number) as readonly NeighbourState[],
    flags: flagsOf(slots[at.flags] as number),
  };
  if (mac >= 0 && decoder.sizeAt(mac) === 6) neighbour.mac = formatMac(decoder.bytesAt(mac));
  const protocol = slots[at.protocol] as number;
  if (protocol > 0) neighbour.protocol = protocol;
  return neighbour;
}
