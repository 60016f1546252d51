import { checkInteger, checkKeys, invalidAddressFamily, invalidValue } from '../errors.js';
import { checkAddress, formatAddress } from '../ip.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import { type DeviceReference, type Links, nameTable } from './links.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';
import { type AddressFamily, addressFamily, checkAddressOrPrefix, type RouteScope } from './values.js';

export interface AddressSpec {
  readonly dev: DeviceReference;
  /** '192.0.2.1/24', '2001:db8::1/64'; without a length it is a host's (/32, /128). */
  readonly address: string;
  /** The other end of a point-to-point link; the length is that of `address`. */
  readonly peer?: string;
  /** IPv4. */
  readonly broadcast?: string;
  /** IPv4: a name for the address, beginning with the device's. */
  readonly label?: string;
  /** Default 'global'. */
  readonly scope?: RouteScope;
  /** IPv6: usable at once, without duplicate address detection. */
  readonly nodad?: boolean;
  /** No route for the prefix. */
  readonly noprefixroute?: boolean;
  /** Seconds; default for ever. */
  readonly validLifeTime?: number;
  /** Seconds, at most `validLifeTime`; default for ever. */
  readonly preferredLifeTime?: number;
  /** Of the prefix route. */
  readonly metric?: number;
}

/** Which address to delete: of several with the same bytes, the one of this device and length. */
export type AddressReference = Pick<AddressSpec, 'dev' | 'address' | 'peer'>;

/** An address. Names are those of `ip -j address`, in camelCase; `address` is `local`/`prefixlen`, `dev` is `ifname`. */
export interface Address {
  readonly dev: string;
  readonly index: number;
  readonly family: AddressFamily;
  /** With its length, as a spec has it. */
  readonly address: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope: RouteScope | number;
  readonly flags: readonly string[];
  /** Seconds; 4294967295 is for ever. */
  readonly validLifeTime: number;
  readonly preferredLifeTime: number;
  readonly metric?: number;
}

export interface AddressFilter {
  readonly dev?: DeviceReference;
  readonly family?: AddressFamily;
}

const operations = {
  add: operation('addresses.add'),
  replace: operation('addresses.replace'),
  delete: operation('addresses.delete'),
  list: operation('addresses.list'),
};

const specKeys: ReadonlySet<string> = new Set([
  'dev',
  'address',
  'peer',
  'broadcast',
  'label',
  'scope',
  'nodad',
  'noprefixroute',
  'validLifeTime',
  'preferredLifeTime',
  'metric',
]);

const forever = 0xffffffff;

/** Addresses of devices: RTM_*ADDR, ip-address(8). */
export class Addresses {
  readonly #channel: Channel;
  readonly #links: Links;

  constructor(channel: Channel, links: Links) {
    this.#channel = channel;
    this.#links = links;
  }

  async list(filter: AddressFilter = {}, options?: CallOptions): Promise<Address[]> {
    const wire: Wire = {
      family: filter.family ?? 'unspec',
      index: filter.dev === undefined ? undefined : await this.#links.index(filter.dev, options),
    };
    const [replies, names] = await Promise.all([
      this.#channel.one({ operation: operations.list, wire }, options),
      nameTable(this.#channel, options),
    ]);
    return replies.map((reply) => toAddress(reply, names));
  }

  /** Throws NetlinkError EEXIST for an address that the device has; a `BatchError` for an array that fails in part. */
  add(specs: AddressSpec | readonly AddressSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  /** Adds, or changes flags and lifetimes of what is there. */
  replace(specs: AddressSpec | readonly AddressSpec[], options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError EADDRNOTAVAIL for one that is not there. */
  delete(specs: AddressReference | readonly AddressReference[], options?: BatchOptions): Promise<void> {
    return this.#change('delete', specs, options);
  }

  async #change(
    verb: 'add' | 'replace' | 'delete',
    specs: AddressSpec | readonly AddressSpec[],
    options: BatchOptions | undefined,
  ): Promise<void> {
    const list = Array.isArray(specs) ? (specs as readonly AddressSpec[]) : [specs as AddressSpec];
    const wires = list.map((spec, at) => specWire(spec, Array.isArray(specs) ? `specs[${at}]` : 'spec'));
    const indexes = await this.#links.indexes(list.map((spec) => spec.dev));
    let at = 0;
    await oneOrMany(
      this.#channel,
      specs,
      (spec): Request => ({
        operation: operations[verb],
        wire: { index: indexes.get(spec.dev), ...wires[at++] },
        source: spec,
        subject: () => `${spec.address} on ${spec.dev}`,
      }),
      options,
      verb === 'replace'
        ? undefined
        : (request) => ({ ...request, operation: operations[verb === 'add' ? 'delete' : 'add'] }),
    );
  }
}

function specWire(spec: AddressSpec, path: string): Wire {
  checkKeys(spec, specKeys, path);
  const { bytes, length } = checkAddressOrPrefix(spec.address, `${path}.address`);
  const peer = spec.peer === undefined ? bytes : checkAddress(spec.peer, `${path}.peer`);
  if (peer.length !== bytes.length) throw invalidAddressFamily(`${path}.peer`, spec.peer, spec.address);
  const valid = spec.validLifeTime ?? forever;
  const preferred = spec.preferredLifeTime ?? Math.min(valid, forever);
  checkInteger(valid, `${path}.validLifeTime`, 1, forever);
  checkInteger(preferred, `${path}.preferredLifeTime`, 0, valid);
  const flags = [...(spec.nodad ? ['nodad'] : []), ...(spec.noprefixroute ? ['noprefixroute'] : [])];
  const broadcast = spec.broadcast === undefined ? undefined : checkAddress(spec.broadcast, `${path}.broadcast`);
  if (broadcast && (broadcast.length !== 4 || bytes.length !== 4)) {
    throw invalidValue(`${path}.broadcast`, 'belongs to IPv4 only', spec.broadcast);
  }
  return {
    family: addressFamily(bytes),
    prefixLength: length,
    scope: spec.scope,
    local: bytes,
    address: peer,
    broadcast,
    label: spec.label,
    flags: flags.length > 0 ? flags : undefined,
    metric: spec.metric === undefined ? undefined : checkInteger(spec.metric, `${path}.metric`, 0, forever),
    cache: valid === forever && preferred === forever ? undefined : { preferred, valid },
  };
}

function toAddress(reply: Record<string, unknown>, names: ReadonlyMap<number, string>): Address {
  const index = reply['index'] as number;
  const prefixlen = reply['prefixLength'] as number;
  const far = reply['address'] as Uint8Array | undefined;
  const near = (reply['local'] ?? far) as Uint8Array;
  const local = formatAddress(near);
  const cache = reply['cache'] as { preferred: number; valid: number } | undefined;
  const address: Record<string, unknown> = {
    dev: names.get(index) ?? String(index),
    index,
    family: reply['family'],
    address: `${local}/${prefixlen}`,
    local,
    prefixlen,
    scope: reply['scope'],
    flags: reply['flags'] ?? [],
    validLifeTime: cache?.valid ?? forever,
    preferredLifeTime: cache?.preferred ?? forever,
  };
  if (far && formatAddress(far) !== local) address['peer'] = formatAddress(far);
  if (reply['broadcast']) address['broadcast'] = formatAddress(reply['broadcast'] as Uint8Array);
  if (reply['label'] !== undefined) address['label'] = reply['label'];
  if (reply['metric'] !== undefined) address['metric'] = reply['metric'];
  return address as unknown as Address;
}
