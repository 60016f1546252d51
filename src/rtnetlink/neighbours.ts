import { checkKeys, invalidValue } from '../errors.js';
import { checkAddress, checkMac, formatAddress, formatMac } from '../ip.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import { type DeviceReference, type Links, nameTable } from './links.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';
import { type AddressFamily, addressFamily } from './values.js';

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

const specKeys: ReadonlySet<string> = new Set(['dev', 'dst', 'mac', 'state', 'proxy', 'router']);

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
    const dumps = families.map((family) => {
      const wire: Wire = filter.proxy ? { family, flags: ['proxy'], viaIndex: index } : { family, viaIndex: index };
      return this.#channel.one({ operation: operations.list, wire }, options);
    });
    const [names, ...replies] = await Promise.all([nameTable(this.#channel, options), ...dumps]);
    return replies
      .flat()
      .filter((reply) => index === undefined || reply['index'] === index)
      .map((reply) => toNeighbour(reply, names));
  }

  /** Throws NetlinkError EEXIST for one that is there. */
  add(specs: NeighbourSpec | readonly NeighbourSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  replace(specs: NeighbourSpec | readonly NeighbourSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError ENOENT for one that is not there. */
  delete(specs: NeighbourReference | readonly NeighbourReference[], options?: BatchOptions): Promise<void> {
    return this.#change('delete', specs, options);
  }

  async #change(
    verb: 'add' | 'replace' | 'delete',
    specs: NeighbourSpec | readonly NeighbourSpec[],
    options: BatchOptions | undefined,
  ): Promise<void> {
    const list = Array.isArray(specs) ? (specs as readonly NeighbourSpec[]) : [specs as NeighbourSpec];
    const wires = list.map((spec, at) =>
      specWire(spec, verb === 'delete', Array.isArray(specs) ? `specs[${at}]` : 'spec'),
    );
    const indexes = await this.#links.indexes(list.map((spec) => spec.dev));
    let at = 0;
    await oneOrMany(
      this.#channel,
      specs,
      (spec): Request => ({
        operation: operations[verb],
        wire: { ...wires[at++], index: indexes.get(spec.dev) },
        source: spec,
        subject: () => `${spec.dst} on ${spec.dev}`,
      }),
      options,
      verb === 'add' ? (request) => ({ ...request, operation: operations.delete }) : undefined,
    );
  }
}

function specWire(spec: NeighbourSpec, deleting: boolean, path: string): Wire {
  checkKeys(spec, specKeys, path);
  const dst = checkAddress(spec.dst, `${path}.dst`);
  if (!deleting && !spec.proxy && spec.mac === undefined)
    throw invalidValue(`${path}.mac`, 'is needed', spec.mac ?? null);
  const flags = [...(spec.proxy ? ['proxy'] : []), ...(spec.router ? ['router'] : [])];
  return {
    family: addressFamily(dst),
    state: deleting || spec.proxy ? undefined : [spec.state ?? 'permanent'],
    flags: flags.length > 0 ? flags : undefined,
    dst,
    mac: spec.mac === undefined ? undefined : checkMac(spec.mac, `${path}.mac`),
  };
}

function toNeighbour(reply: Record<string, unknown>, names: ReadonlyMap<number, string>): Neighbour {
  const mac = reply['mac'] as Uint8Array | undefined;
  return {
    dev: names.get(reply['index'] as number) ?? String(reply['index']),
    family: reply['family'] as AddressFamily,
    dst: formatAddress(reply['dst'] as Uint8Array),
    ...(mac && mac.length === 6 ? { mac: formatMac(mac) } : {}),
    state: reply['state'] as NeighbourState[],
    flags: reply['flags'] as string[],
  };
}
