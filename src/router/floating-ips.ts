import type { AnnounceOptions } from '../announce/announce.js';
import { BatchError, invalidValue, NetlinkError } from '../errors.js';
import { checkIpv4, formatIpv4, type Prefix, readIpv4 } from '../ip.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import type { Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { type Resize, resizeSets } from '../nftables/resize.js';
import { columnsRequest, rowsRequest } from '../nftables/rows.js';
import { AddressIndex } from './address-index.js';
import {
  type Associations,
  checkAddresses,
  checkFloatingIps,
  checkPools,
  fromRows,
  none,
  select,
  slice,
} from './associations.js';
import { arpSet, capacityFor, dnatMap, listsArp, snatMap, table } from './ruleset.js';
import type { FloatingIp, FloatingIpBinding, PackedFloatingIps } from './spec.js';
import { Undo } from './undo.js';

/** netloom's own routes and rules, among others' (`proto 78` to ip-route(8)), and the table of the 'prefix' binding. */
export const routeProtocol = 78;
export const poolTable = 78;

/** The nexthop object that routes of the 'route' binding share, which spares the kernel to make and look for one for each. */
export const poolNexthop = 78;

export interface AssociateOptions extends CallOptions {
  /**
   * How the new addresses are announced; false for not at all. Default: three rounds, a second apart, as OpenStack's agent
   * does. The call resolves after the first.
   */
  readonly announce?: AnnounceOptions | false;
}

/** What a router's floating IPs live on. */
export interface FloatingIpContext {
  readonly netns: Netns;
  readonly binding: FloatingIpBinding;
  /** The gateway port, or undefined without a gateway. */
  readonly device: string | undefined;
  readonly pools: readonly Prefix[];
  /** Whether `poolNexthop` is there. */
  readonly sharesNexthop: boolean;
}

const announceDefaults: AnnounceOptions = { count: 3, interval: 1000 };

/** Up to so many keys are looked up one by one; for more the map is read as a whole. */
const lookupLimit = 256;

/** What looking one key up costs, in rows of a listing. */
const lookupCost = 6;

/** A router's floating IPs. Changes are made one after the other, in the order of the calls. */
export class FloatingIps {
  readonly #context: FloatingIpContext;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(context: FloatingIpContext) {
    this.#context = context;
  }

  /** All of them, by address. */
  async list(options?: CallOptions): Promise<FloatingIp[]> {
    const { floating, fixed } = await this.#all(dnatMap, options);
    const rows = Uint32Array.from(floating.keys()).sort((a, b) => (floating[a] as number) - (floating[b] as number));
    return Array.from(rows, (row) => ({
      floatingAddress: formatIpv4(floating[row] as number),
      fixedAddress: formatIpv4(fixed[row] as number),
    }));
  }

  /** All of them as numbers, in no order. */
  async listPacked(options?: CallOptions): Promise<PackedFloatingIps> {
    const { floating, fixed } = await this.#all(dnatMap, options);
    return { floatingAddresses: floating, fixedAddresses: fixed };
  }

  /**
   * Associates floating IPs with fixed addresses. One that is associated with another fixed address moves: in the same
   * transaction, and its old flows are forgotten. All of them are associated, or none.
   *
   * @throws NetlinkError EEXIST: a fixed address has another floating IP.
   */
  async associate(pairs: readonly FloatingIp[] | PackedFloatingIps, options: AssociateOptions = {}): Promise<void> {
    const wanted = checkFloatingIps(pairs, 'pairs');
    const limits = deadline(options);
    if (wanted.floating.length === 0) return;
    const { binding, device, pools } = this.#context;
    if (device === undefined)
      throw invalidValue('pairs', 'cannot be associated: the router has no gateway', wanted.floating.length);
    if (binding === 'prefix') checkPools(wanted, pools, 'pairs');
    await this.#inTurn(() =>
      Undo.guard((undo) => this.#associate(wanted, device, { announce: options.announce, ...limits }, undo)),
    );
  }

  /**
   * Ends associations, and forgets their flows. All of them, or none.
   *
   * @throws NetlinkError ENOENT: one of them is not associated.
   */
  async disassociate(addresses: readonly string[] | Uint32Array, options?: CallOptions): Promise<void> {
    const floating = checkAddresses(addresses, 'addresses');
    const limits = deadline(options);
    if (floating.length === 0) return;
    await this.#inTurn(async () => {
      const { fixed, missing } = await this.#lookup(dnatMap, floating, limits);
      if (missing >= 0) throw this.#notAssociated(floating[missing] as number);
      await Undo.guard((undo) => this.#disassociate({ floating, fixed }, limits, undo));
    });
  }

  /** What puts associations into the maps, for the transaction that makes these. @internal */
  additions(wanted: Associations): Request[] {
    return this.#add(wanted);
  }

  /** For a router that was made just now, with these associations in its maps: the rest of what they need. @internal */
  start(wanted: Associations, options: InternalOptions): Promise<void> {
    return this.#inTurn(async () => {
      const { device } = this.#context;
      if (wanted.floating.length === 0 || device === undefined) return;
      await Undo.guard((undo) => this.#bind(wanted.floating, device, options, undo));
      await this.#announce(wanted.floating, device, options);
    });
  }

  /** Makes the associations exactly these. Returns how many are new or were moved. @internal */
  reconcile(wanted: Associations, options: InternalOptions): Promise<number> {
    return this.#inTurn(async () => {
      const { device } = this.#context;
      const current = await this.#all(dnatMap, options);
      const wantedIndex = new AddressIndex(wanted.floating);
      const currentIndex = new AddressIndex(current.floating);
      await this.#repair(wantedIndex, current, options);
      const gone = select(current, (row) => !wantedIndex.has(current.floating[row] as number));
      const added = select(wanted, (row) => {
        const at = currentIndex.row(wanted.floating[row] as number);
        return at < 0 || current.fixed[at] !== wanted.fixed[row];
      });
      if (gone.floating.length > 0) await Undo.guard((undo) => this.#disassociate(gone, options, undo));
      if (added.floating.length > 0 && device) {
        await Undo.guard((undo) => this.#associate(added, device, options, undo));
      }
      return added.floating.length;
    });
  }

  // ---- steps

  async #associate(wanted: Associations, device: string, options: InternalOptions, undo: Undo): Promise<void> {
    const { netns } = this.#context;
    await this.#bind(wanted.floating, device, options, undo);
    const moved = await this.#translate(wanted, options, undo);
    await this.#announce(wanted.floating, device, options);
    if (moved.length > 0) await netns.conntrack.delete({ address: moved }, limitsOf(options));
  }

  async #announce(addresses: Uint32Array, dev: string, options: InternalOptions): Promise<void> {
    if (options.announce === false) return;
    const announce = { ...announceDefaults, ...options.announce, ...limitsOf(options) };
    await this.#context.netns.announce({ dev, addresses }, announce);
  }

  async #disassociate(current: Associations, options: InternalOptions, undo: Undo): Promise<void> {
    const { netns, device } = this.#context;
    await this.#commit(this.#remove(current), options);
    undo.add(() => this.#commit(this.#add(current)));
    await this.#unbind(current.floating, options);
    undo.add(() => this.#bind(current.floating, device as string, {}, new Undo()));
    await netns.conntrack.delete({ address: current.floating }, limitsOf(options));
  }

  /** The kernel object that makes the gateway port answer for an address, where the binding has one. */
  async #bind(addresses: Uint32Array, device: string, options: InternalOptions, undo: Undo): Promise<void> {
    if (this.#context.binding === 'prefix') return;
    let made = addresses;
    try {
      await this.#bindings('add', addresses, device, options);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const failed = new AddressIndex(Uint32Array.from(error.failures, ({ error }) => addressOf(error)));
      made = addresses.filter((address) => !failed.has(address));
      undo.add(() => this.#bindings('delete', made, device));
      // What is there already is as good as made.
      if (error.failures.every((failure) => (failure.error as NetlinkError).code === 'EEXIST')) return;
      throw error;
    }
    undo.add(() => this.#bindings('delete', made, device));
  }

  async #unbind(addresses: Uint32Array, options: InternalOptions = {}): Promise<void> {
    const { binding, device } = this.#context;
    if (binding === 'prefix' || device === undefined) return;
    try {
      await this.#bindings('delete', addresses, device, options);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      // What has gone already need not be deleted.
      const absent = new Set(['EADDRNOTAVAIL', 'ESRCH']);
      if (!error.failures.every((failure) => absent.has((failure.error as NetlinkError).code))) throw error;
    }
  }

  #bindings(verb: 'add' | 'delete', addresses: Uint32Array, dev: string, options: InternalOptions = {}): Promise<void> {
    const { netns, binding, sharesNexthop } = this.#context;
    if (binding === 'address') return netns.addresses[verb]({ dev, addresses }, limitsOf(options));
    const route = { destinations: spread(addresses), type: 'local', protocol: routeProtocol } as const;
    // To delete, what a route leads to need not be said: by a nexthop object, or before there was one.
    if (verb === 'delete') return netns.routes.delete(route, limitsOf(options));
    return netns.routes.add({ ...route, ...(sharesNexthop ? { nhid: poolNexthop } : { dev }) }, limitsOf(options));
  }

  /** Puts the associations into the maps. Returns the addresses that had another fixed address before. */
  async #translate(wanted: Associations, options: InternalOptions, undo: Undo): Promise<Uint32Array> {
    const count = wanted.floating.length;
    const additions = this.#add(wanted);
    try {
      // A transaction that finds its map full has done its work for nothing, so a large one asks beforehand.
      const size = count > lookupLimit ? await this.#sizeFor(count, options) : undefined;
      if (size === undefined) await this.#commit(additions, options);
      else await this.#grow(size, additions, options);
      undo.add(() => this.#commit(this.#remove(wanted)));
      return none.floating;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === 'ENFILE') {
        const size = await this.#sizeFor(count, options);
        if (size === undefined) throw error;
        await this.#grow(size, [], options);
        return this.#translate(wanted, options, undo);
      }
      if (code === 'ERR_TRANSACTION_TOO_LARGE' && count > 1) return this.#translateInHalves(wanted, options, undo);
      if (code !== 'EEXIST') throw error;
    }
    return this.#move(wanted, options, undo);
  }

  /** A transaction is one datagram, and an ordinary user's socket buffer may be too small for all. */
  async #translateInHalves(wanted: Associations, options: InternalOptions, undo: Undo): Promise<Uint32Array> {
    const half = wanted.floating.length >> 1;
    const first = await this.#translate(slice(wanted, 0, half), options, undo);
    const second = await this.#translate(slice(wanted, half), options, undo);
    return Uint32Array.of(...first, ...second);
  }

  async #move(wanted: Associations, options: InternalOptions, undo: Undo): Promise<Uint32Array> {
    const current = await this.#lookup(dnatMap, wanted.floating, options);
    const holders = await this.#lookup(snatMap, wanted.fixed, options);
    const wantedIndex = new AddressIndex(wanted.floating);
    wanted.floating.forEach((floating, row) => {
      const holder = holders.fixed[row] as number;
      if (!holders.present[row] || holder === floating || wantedIndex.has(holder)) return;
      const fixed = wanted.fixed[row] as number;
      throw new NetlinkError({
        errno: 17,
        syscall: 'associate',
        subject: `${formatIpv4(floating)} with ${formatIpv4(fixed)}`,
        netns: this.#context.netns.name,
        kernelMessage: `the fixed address has the floating IP ${formatIpv4(holder)}`,
        request: { floatingAddress: formatIpv4(floating), fixedAddress: formatIpv4(fixed) },
      });
    });
    const changes = (row: number): boolean => !current.present[row] || current.fixed[row] !== wanted.fixed[row];
    const fresh = select(wanted, changes);
    const replaced = select(
      { floating: wanted.floating, fixed: current.fixed },
      (row) => current.present[row] === 1 && changes(row),
    );
    await this.#commit([...this.#remove(replaced), ...this.#add(fresh)], options);
    undo.add(() => this.#commit([...this.#remove(fresh), ...this.#add(replaced)]));
    return replaced.floating;
  }

  /** The size that the maps must have for so many more; undefined when they have it. */
  async #sizeFor(more: number, options: InternalOptions): Promise<number | undefined> {
    const { size, count } = await this.#room(limitsOf(options));
    return count + more > size ? capacityFor(count + more) : undefined;
  }

  /** What the maps were made for, and what is in them. */
  async #room(limits: CallOptions): Promise<{ size: number; count: number }> {
    const sets = await this.#context.netns.nft.sets('ip', table, limits);
    const map = sets.find(({ name }) => name === dnatMap);
    const size = map?.desc?.size ?? Number.POSITIVE_INFINITY;
    // Older kernels do not say how many there are.
    return { size, count: map?.count ?? (await this.#all(dnatMap, limits)).floating.length };
  }

  /** Gives the maps that size, and adds to them in the same transaction. */
  async #grow(size: number, additions: readonly Request[], options: InternalOptions): Promise<void> {
    const { netns, binding } = this.#context;
    const resizes: Resize[] = [{ family: 'ip', table, names: [dnatMap, snatMap], size }];
    if (listsArp(binding)) resizes.push({ family: 'arp', table, names: [arpSet], size: size + 64 });
    await resizeSets(netns.nft, resizes, additions, limitsOf(options));
  }

  /** Brings back what a crash left half done: the maps and the bindings agree with `current`, or with nothing. */
  async #repair(wanted: AddressIndex, current: Associations, options: InternalOptions): Promise<void> {
    const { netns, binding, device } = this.#context;
    const limits = limitsOf(options);
    const [back, answered, own, bound] = await Promise.all([
      // The other way round: its keys are the fixed addresses.
      this.#all(snatMap, options).then(({ floating, fixed }) => ({ floating: fixed, fixed: floating })),
      listsArp(binding) && device ? this.#answered(options) : undefined,
      listsArp(binding) && device ? netns.addresses.list({ dev: device, family: 'inet' }, limits) : [],
      binding !== 'prefix' && device ? this.#bound(device, options) : undefined,
    ]);
    const index = new AddressIndex(current.floating);
    const backIndex = new AddressIndex(back.fixed);
    const requests: Request[] = [];
    const stale = select(back, (row) => {
      const at = index.row(back.floating[row] as number);
      return at < 0 || current.fixed[at] !== back.fixed[row];
    });
    if (stale.fixed.length > 0) requests.push(...this.#keys('del', 'ip', snatMap, stale.fixed));
    const lacking = select(current, (row) => {
      const at = backIndex.row(current.fixed[row] as number);
      return at < 0 || back.floating[at] !== current.floating[row];
    });
    if (lacking.fixed.length > 0) {
      requests.push(columnsRequest(lacking.fixed.length, [lacking.fixed, lacking.floating]));
      requests.push(rowsRequest('new', { family: 'ip', table, set: snatMap, ...pair(0, 1) }));
    }
    if (answered) {
      const answers = new AddressIndex(answered);
      const mine = new AddressIndex(Uint32Array.from(own, ({ local }) => checkIpv4(local, '')));
      const silent = [...own.map(({ local }) => checkIpv4(local, '')), ...current.floating].filter(
        (address) => !answers.has(address),
      );
      const strays = answered.filter((address) => !mine.has(address) && !index.has(address));
      if (silent.length > 0) requests.push(...this.#keys('new', 'arp', arpSet, Uint32Array.from(silent)));
      if (strays.length > 0) requests.push(...this.#keys('del', 'arp', arpSet, strays));
    }
    await this.#commit(requests, options);
    if (!bound || !device) return;
    const bindings = new AddressIndex(bound);
    const unbound = current.floating.filter((address) => wanted.has(address) && !bindings.has(address));
    const stray = bound.filter((address) => !index.has(address));
    if (unbound.length > 0) await this.#bind(unbound, device, options, new Undo());
    if (stray.length > 0) await this.#unbind(stray, options);
  }

  /** Addresses that the gateway port answers ARP for. */
  async #answered(options: InternalOptions): Promise<Uint32Array> {
    const rows = await this.#rows('arp', arpSet, options);
    return Uint32Array.from({ length: rows.length / 4 }, (_, row) => readIpv4(rows, row * 4));
  }

  /** Addresses that have a kernel object of this binding's. */
  async #bound(device: string, options: InternalOptions): Promise<Uint32Array> {
    const { netns, binding } = this.#context;
    if (binding === 'address') {
      const listed = await netns.addresses.list({ dev: device, family: 'inet' }, limitsOf(options));
      return Uint32Array.from(
        listed.filter(({ prefixlen }) => prefixlen === 32),
        ({ local }) => checkIpv4(local, ''),
      );
    }
    const filter = { table: 'local', family: 'inet', type: 'local', protocol: routeProtocol } as const;
    return Uint32Array.from(await netns.routes.list(filter, limitsOf(options)), ({ dst }) => checkIpv4(dst, ''));
  }

  // ---- maps

  #add(associations: Associations): Request[] {
    return this.#change('new', associations, { ...pair(0, 1) }, { ...pair(1, 0) });
  }

  #remove(associations: Associations): Request[] {
    return this.#change('del', associations, { key: cell(0) }, { key: cell(1) });
  }

  /** In one transaction: both maps, and the set where there is one. */
  #change(verb: 'new' | 'del', { floating, fixed }: Associations, dnat: Cells, snat: Cells): Request[] {
    if (floating.length === 0) return [];
    const requests = [
      columnsRequest(floating.length, [floating, fixed]),
      rowsRequest(verb, { family: 'ip', table, set: dnatMap, ...dnat }),
      rowsRequest(verb, { family: 'ip', table, set: snatMap, ...snat }),
    ];
    if (listsArp(this.#context.binding)) {
      requests.push(rowsRequest(verb, { family: 'arp', table, set: arpSet, key: cell(0) }));
    }
    return requests;
  }

  #keys(verb: 'new' | 'del', family: 'ip' | 'arp', set: string, addresses: Uint32Array): Request[] {
    return [columnsRequest(addresses.length, [addresses]), rowsRequest(verb, { family, table, set, key: cell(0) })];
  }

  #commit(requests: readonly Request[], options: InternalOptions = {}): Promise<void> {
    return this.#context.netns.nft.commit(requests, limitsOf(options));
  }

  /** What a map holds for these keys; `missing` is the first row that it lacks, or -1. */
  async #lookup(map: string, keys: Uint32Array, options: InternalOptions): Promise<Found> {
    const fixed = new Uint32Array(keys.length);
    const present = new Uint8Array(keys.length);
    const { nft } = this.#context.netns;
    const limits = limitsOf(options);
    const index = new AddressIndex(keys);
    const found = (rows: Uint8Array): void => {
      for (let at = 0; at < rows.length; at += 8) {
        const row = index.row(readIpv4(rows, at));
        if (row < 0) continue;
        present[row] = 1;
        fixed[row] = readIpv4(rows, at + 4);
      }
    };
    // A row of a listing costs a fraction of one that is asked for.
    const few = keys.length <= lookupLimit || keys.length * lookupCost < (await this.#room(limits)).count;
    if (few) for (const rows of await nft.lookup('ip', table, map, keys, limits)) found(rows);
    else found(await this.#rows('ip', map, options));
    return { fixed, present, missing: present.indexOf(0) };
  }

  async #all(map: string, options: InternalOptions = {}): Promise<Associations> {
    return fromRows(await this.#rows('ip', map, options));
  }

  async #rows(family: 'ip' | 'arp', set: string, options: InternalOptions): Promise<Uint8Array> {
    const rows = await this.#context.netns.nft.rows(family, table, set, limitsOf(options));
    if (rows) return rows;
    throw invalidValue(`${family} ${table} ${set}`, 'holds elements with more to them than addresses', set);
  }

  #notAssociated(address: number): NetlinkError {
    return new NetlinkError({
      errno: 2,
      syscall: 'disassociate',
      subject: formatIpv4(address),
      netns: this.#context.netns.name,
      kernelMessage: 'the address is not associated',
      request: formatIpv4(address),
    });
  }

  /** One change at a time, in call order; one that fails does not hold up the next. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => {});
    return turn;
  }
}

/** Of the route or the address that could not be made. */
function addressOf(error: Error): number {
  const { dst, address } = (error as NetlinkError).request as { dst?: string; address?: string };
  return checkIpv4((dst ?? address ?? '').replace(/\/32$/, ''), 'request');
}

/**
 * Every sixteenth first: routes that come in the order of their addresses have the kernel resize the same nodes of its tree over and over
 * (fib_trie's resize).
 */
function spread(addresses: Uint32Array): Uint32Array {
  const stride = 16;
  const spreadOut = new Uint32Array(addresses.length);
  let to = 0;
  for (let start = 0; start < stride; start++) {
    for (let at = start; at < addresses.length; at += stride) spreadOut[to++] = addresses[at] as number;
  }
  return spreadOut;
}

/** Of a call of several steps: its time has become a signal. */
export interface InternalOptions {
  readonly announce?: AnnounceOptions | false | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Found {
  /** By row, where `present` is 1. */
  readonly fixed: Uint32Array;
  readonly present: Uint8Array;
  readonly missing: number;
}

interface Cells {
  readonly key: { readonly column: number; readonly size: number };
  readonly data?: { readonly column: number; readonly size: number };
}

const cell = (column: number) => ({ column, size: 4 });
const pair = (key: number, data: number) => ({ key: cell(key), data: cell(data) });
const limitsOf = ({ signal }: InternalOptions): CallOptions => (signal === undefined ? {} : { signal });
