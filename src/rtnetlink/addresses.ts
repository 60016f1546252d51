import { checkInteger, checkKeys, invalidAddressFamily, invalidType, invalidValue } from '../errors.js';
import { checkAddress, formatAddress, formatIpv4, parseIpv4 } from '../ip.js';
import type { CallOptions, Channel, PackedWork, Work } from '../netlink/channel.js';
import { type Encoder, fieldIndexes, namesOf, operation, type Schema, type Wire } from '../netlink/codec.js';
import { checkColumn, checkTemplate, packedRecord } from '../netlink/columns.js';
import { checkReference, type DeviceReference } from './device.js';
import { nameTable } from './links.js';
import { type BatchOptions, oneOrMany, rolledBack } from './one-or-many.js';
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
  /** Who made it, 1 to 255; 1 to 3 are the kernel's own. Linux 5.18 and later; earlier ones forget it. */
  readonly protocol?: number;
}

/** Which address to delete: of several with the same bytes, the one of this device and length. */
export type AddressReference = Pick<AddressSpec, 'dev' | 'address' | 'peer'>;

/**
 * Many IPv4 addresses of one device: 0xc0000201 is 192.0.2.1. No object is made of each; in a `BatchError`, `index` is the
 * address's.
 */
export interface PackedAddresses extends Omit<AddressSpec, 'address' | 'peer' | 'broadcast'> {
  readonly addresses: Uint32Array;
  /** Of all of them; default 32. */
  readonly prefixlen?: number;
}

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
  /** Where somebody said who made it: 'kernel_ll', 78. */
  readonly protocol?: string | number;
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
  'protocol',
]);

const forever = 0xffffffff;

type Verb = 'add' | 'replace' | 'delete';

const field = fieldIndexes(operations.add.schema);
const { inet, inet6 } = Object.fromEntries(namesOf('addressFamily')) as { inet: number; inet6: number };
const scopeNumbers = namesOf('routeScope');

const works: Readonly<Record<Verb, Work<AddressSpec>>> = {
  add: { operation: operations.add, write: writeAddress, describe },
  replace: { operation: operations.replace, write: writeAddress, describe },
  delete: { operation: operations.delete, write: writeAddress, describe },
};

/** Addresses of devices: RTM_*ADDR, ip-address(8). */
export class Addresses {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async list(filter: AddressFilter = {}, options?: CallOptions): Promise<Address[]> {
    const wire: Wire = {
      family: filter.family ?? 'unspec',
      index: filter.dev,
    };
    const [replies, names] = await Promise.all([
      this.#channel.one({ operation: operations.list, wire }, options),
      nameTable(this.#channel, options),
    ]);
    return replies.map((reply) => toAddress(reply, names));
  }

  /** Throws NetlinkError EEXIST for an address that the device has; a `BatchError` for an array that fails in part. */
  add(specs: AddressSpec | readonly AddressSpec[] | PackedAddresses, options?: BatchOptions): Promise<void> {
    return this.#change('add', specs, options);
  }

  /** Adds, or changes flags and lifetimes of what is there. */
  replace(specs: AddressSpec | readonly AddressSpec[] | PackedAddresses, options?: BatchOptions): Promise<void> {
    return this.#change('replace', specs, options);
  }

  /** Throws NetlinkError EADDRNOTAVAIL for one that is not there. */
  delete(
    specs: AddressReference | readonly AddressReference[] | PackedAddresses,
    options?: BatchOptions,
  ): Promise<void> {
    return this.#change('delete', specs, options);
  }

  #change(
    verb: Verb,
    specs: AddressSpec | readonly AddressSpec[] | PackedAddresses,
    options: BatchOptions | undefined,
  ): Promise<void> {
    const undo = verb === 'replace' ? undefined : works[verb === 'add' ? 'delete' : 'add'];
    if (isPacked(specs)) return this.#changePacked(works[verb], specs, options, undo);
    return oneOrMany(this.#channel, works[verb], specs, options, undo);
  }

  async #changePacked(
    work: Work<AddressSpec>,
    given: PackedAddresses,
    options: BatchOptions | undefined,
    undo: Work<AddressSpec> | undefined,
  ): Promise<void> {
    // The caller's array may change while the call is under way.
    const specs = { ...given, addresses: checkColumn(given.addresses, 'specs.addresses').slice() };
    checkTemplate(specs, ['address', 'peer', 'broadcast'], 'specs');
    const sent = this.#channel.packed(packedWork(work, specs), options);
    if (!options?.rollback || !undo) return sent;
    return rolledBack(sent, specs.addresses.length, (failed) => {
      const done = specs.addresses.filter((_, row) => !failed.has(row)).reverse();
      return this.#channel.packed(packedWork(undo, { ...specs, addresses: done }));
    });
  }
}

function isPacked(specs: AddressSpec | readonly AddressSpec[] | PackedAddresses): specs is PackedAddresses {
  return typeof specs === 'object' && specs !== null && 'addresses' in specs;
}

function packedWork({ operation, write }: Work<AddressSpec>, specs: PackedAddresses): PackedWork {
  const { addresses, prefixlen = 32, ...template } = specs;
  checkInteger(prefixlen, 'specs.prefixlen', 0, 32);
  const spec = (address: string): AddressSpec => ({ ...template, address: `${address}/${prefixlen}` });
  const row = (at: number): AddressSpec => spec(formatIpv4(addresses[at] as number));
  const cell = (name: string) => ({ field: field[name] as number, column: 0, size: 4 });
  return {
    operation,
    columns: [addresses],
    rows: addresses.length,
    record: packedRecord([cell('local'), cell('address')], (out) => write(out, spec('0.0.0.0'), 'specs')),
    source: row,
    describe: (at) => describe(row(at)),
  };
}

function describe(spec: AddressSpec): string {
  return `${spec.address} on ${spec.dev}`;
}

/** Checks a spec and writes its record. */
function writeAddress(out: Encoder, spec: AddressSpec, path: string): void {
  checkKeys(spec, specKeys, path);
  if (spec.dev === undefined) throw invalidType(`${path}.dev`, "a device's name or index", spec.dev);
  checkReference(spec.dev, path, 'dev');
  out.fieldDevice(field['index'] as number, spec.dev);
  // A host's IPv4 address is what there are many of.
  const host = spec.peer === undefined ? hostAddress(spec.address) : -1;
  let v4 = true;
  if (host >= 0) {
    out.fieldU8(field['family'] as number, inet);
    out.fieldU8(field['prefixLength'] as number, 32);
    out.fieldIpv4(field['local'] as number, host);
    out.fieldIpv4(field['address'] as number, host);
  } else {
    const { bytes, length } = checkAddressOrPrefix(spec.address, `${path}.address`);
    const peer = spec.peer === undefined ? bytes : checkAddress(spec.peer, `${path}.peer`);
    if (peer.length !== bytes.length) throw invalidAddressFamily(`${path}.peer`, spec.peer, spec.address);
    v4 = addressFamily(bytes) === 'inet';
    out.fieldU8(field['family'] as number, v4 ? inet : inet6);
    out.fieldU8(field['prefixLength'] as number, length);
    out.fieldBytes(field['local'] as number, bytes);
    out.fieldBytes(field['address'] as number, peer);
  }
  if (spec.scope !== undefined) {
    const scope = scopeNumbers.get(spec.scope);
    if (scope === undefined)
      throw invalidValue(`${path}.scope`, `is none of ${[...scopeNumbers.keys()].join(', ')}`, spec.scope);
    out.fieldU8(field['scope'] as number, scope);
  }
  const { validLifeTime: valid = forever } = spec;
  const { preferredLifeTime: preferred = valid } = spec;
  checkInteger(valid, path, 1, forever, 'validLifeTime');
  checkInteger(preferred, path, 0, valid, 'preferredLifeTime');
  if (spec.protocol !== undefined) {
    out.fieldU8(field['protocol'] as number, checkInteger(spec.protocol, path, 1, 255, 'protocol'));
  }
  const { nodad, noprefixroute, broadcast, label, metric } = spec;
  const lasting = valid === forever && preferred === forever;
  if (!nodad && !noprefixroute && broadcast === undefined && label === undefined && metric === undefined && lasting)
    return;
  const brd = broadcast === undefined ? undefined : checkAddress(broadcast, `${path}.broadcast`);
  if (brd && (brd.length !== 4 || !v4)) throw invalidValue(`${path}.broadcast`, 'belongs to IPv4 only', broadcast);
  const flags = [...(nodad ? ['nodad'] : []), ...(noprefixroute ? ['noprefixroute'] : [])];
  out.record(operations.add.schema as Schema, {
    broadcast: brd,
    label,
    flags: flags.length > 0 ? flags : undefined,
    metric: metric === undefined ? undefined : checkInteger(metric, `${path}.metric`, 0, forever),
    cache: lasting ? undefined : { preferred, valid },
  });
}

/** Of an IPv4 address without a length or with the whole one; else -1. */
function hostAddress(address: unknown): number {
  if (typeof address !== 'string') return -1;
  return parseIpv4(address.endsWith('/32') ? address.slice(0, -3) : address);
}

export function toAddress(reply: Record<string, unknown>, names: ReadonlyMap<number, string>): Address {
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
  if (reply['protocol'] !== undefined) address['protocol'] = reply['protocol'];
  return address as unknown as Address;
}
