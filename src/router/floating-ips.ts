import type { AnnounceOptions } from '../announce/announce.js';
import { BatchError, invalidType, invalidValue, NetlinkError } from '../errors.js';
import { checkIpv4, formatIpv4, type Prefix, writeIpv4 } from '../ip.js';
import type { Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { resizeSets } from '../nftables/resize.js';
import { elementIpv4, packIpv4 } from '../nftables/set-handle.js';
import { rowsRequest } from '../nftables/transaction.js';
import { arpSet, capacityFor, dnatMap, filtersArp, snatMap, table } from './ruleset.js';
import { checkFloatingIps, checkPools, type FloatingIp, type FloatingIpBinding } from './spec.js';
import { Undo } from './undo.js';

/** netloom's own routes and rules, among others' (`proto 78` to ip-route(8)), and the table of the 'prefix' binding. */
export const routeProtocol = 78;
export const poolTable = 78;

export interface AssociateOptions {
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
}

const announceDefaults: AnnounceOptions = { count: 3, interval: 1000 };

/** Up to so many keys are looked up one by one; for more the map is read as a whole. */
const lookupLimit = 256;

/** floating -> fixed, as numbers. */
type Associations = Map<number, number>;

/** A router's floating IPs. Changes are made one after the other, in the order of the calls. */
export class FloatingIps {
  readonly #context: FloatingIpContext;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(context: FloatingIpContext) {
    this.#context = context;
  }

  /** All of them, by address. */
  async list(): Promise<FloatingIp[]> {
    const associations = await this.#all(dnatMap);
    return [...associations]
      .sort(([a], [b]) => a - b)
      .map(([floating, fixed]) => ({ floatingAddress: formatIpv4(floating), fixedAddress: formatIpv4(fixed) }));
  }

  /**
   * Associates floating IPs with fixed addresses. One that is associated with another fixed address moves: in the same
   * transaction, and its old flows are forgotten. All of them are associated, or none.
   *
   * @throws NetlinkError EEXIST: a fixed address has another floating IP.
   */
  associate(pairs: readonly FloatingIp[], options: AssociateOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      checkFloatingIps(pairs, 'pairs');
      if (pairs.length === 0) return;
      const { binding, device, pools } = this.#context;
      if (device === undefined)
        throw invalidValue('pairs', 'cannot be associated: the router has no gateway', pairs.length);
      if (binding === 'prefix') checkPools(pairs, pools, 'pairs');
      const wanted: Associations = new Map(
        pairs.map(({ floatingAddress, fixedAddress }) => [checkIpv4(floatingAddress, ''), checkIpv4(fixedAddress, '')]),
      );
      await Undo.guard((undo) => this.#associate(wanted, device, options, undo));
    });
  }

  /**
   * Ends associations, and forgets their flows. All of them, or none.
   *
   * @throws NetlinkError ENOENT: one of them is not associated.
   */
  disassociate(addresses: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (!Array.isArray(addresses)) throw invalidType('addresses', 'an array', addresses);
      const floating = addresses.map((address: string, at) => checkIpv4(address, `addresses[${at}]`));
      if (floating.length === 0) return;
      const current = await this.#lookup(dnatMap, floating);
      const missing = floating.find((address) => !current.has(address));
      if (missing !== undefined) {
        throw new NetlinkError({
          errno: 2,
          syscall: 'disassociate',
          subject: formatIpv4(missing),
          netns: this.#context.netns.name,
          kernelMessage: 'the address is not associated',
          request: formatIpv4(missing),
        });
      }
      await Undo.guard((undo) => this.#disassociate(current, undo));
    });
  }

  /** Makes the associations exactly these. Returns those that are new or were moved. @internal */
  reconcile(pairs: readonly FloatingIp[], options: AssociateOptions): Promise<number> {
    return this.#inTurn(async () => {
      const { device } = this.#context;
      const wanted: Associations = new Map(
        pairs.map(({ floatingAddress, fixedAddress }) => [checkIpv4(floatingAddress, ''), checkIpv4(fixedAddress, '')]),
      );
      const current = await this.#all(dnatMap);
      const gone: Associations = new Map([...current].filter(([floating]) => !wanted.has(floating)));
      const fresh: Associations = new Map([...wanted].filter(([floating, fixed]) => current.get(floating) !== fixed));
      await this.#repair(wanted, current);
      if (gone.size > 0) await Undo.guard((undo) => this.#disassociate(gone, undo));
      if (fresh.size > 0 && device) await Undo.guard((undo) => this.#associate(fresh, device, options, undo));
      return fresh.size;
    });
  }

  // ---- steps

  async #associate(wanted: Associations, device: string, options: AssociateOptions, undo: Undo): Promise<void> {
    await this.#bind(wanted.keys(), device, undo);
    const moved = await this.#translate(wanted, undo);
    const { netns } = this.#context;
    if (options.announce !== false) {
      const announcements = [...wanted.keys()].map((address) => ({ dev: device, address: formatIpv4(address) }));
      await netns.announce(announcements, { ...announceDefaults, ...options.announce });
    }
    if (moved.length > 0) await netns.conntrack.delete({ address: moved.map(formatIpv4) });
  }

  async #disassociate(current: Associations, undo: Undo): Promise<void> {
    const { netns } = this.#context;
    await this.#commit(this.#remove(current));
    undo.add(() => this.#commit(this.#add(current)));
    await this.#unbind(current.keys());
    undo.add(() => this.#bind(current.keys(), this.#context.device as string, new Undo()));
    await netns.conntrack.delete({ address: [...current.keys()].map(formatIpv4) });
  }

  /** The kernel object that makes the gateway port answer for an address, where the binding has one. */
  async #bind(addresses: Iterable<number>, device: string, undo: Undo): Promise<void> {
    const { netns, binding } = this.#context;
    if (binding === 'prefix') return;
    const specs = this.#bindings(addresses, device);
    const family = binding === 'address' ? netns.addresses : netns.routes;
    let made = specs;
    try {
      await family.add(specs as never);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const failed = new Set(error.failures.map(({ index }) => index));
      made = specs.filter((_, index) => !failed.has(index));
      undo.add(() => family.delete(made as never));
      // What is there already is as good as made.
      if (error.failures.every((failure) => (failure.error as NetlinkError).code === 'EEXIST')) return;
      throw error;
    }
    undo.add(() => family.delete(made as never));
  }

  async #unbind(addresses: Iterable<number>): Promise<void> {
    const { netns, binding, device } = this.#context;
    if (binding === 'prefix' || device === undefined) return;
    const specs = this.#bindings(addresses, device);
    try {
      await (binding === 'address' ? netns.addresses : netns.routes).delete(specs as never);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      // What has gone already need not be deleted.
      const absent = new Set(['EADDRNOTAVAIL', 'ESRCH']);
      if (!error.failures.every((failure) => absent.has((failure.error as NetlinkError).code))) throw error;
    }
  }

  #bindings(addresses: Iterable<number>, device: string): readonly object[] {
    if (this.#context.binding === 'address') {
      return Array.from(addresses, (address) => ({ dev: device, address: `${formatIpv4(address)}/32` }));
    }
    return Array.from(addresses, (address) => ({
      dst: formatIpv4(address),
      type: 'local',
      dev: device,
      protocol: routeProtocol,
    }));
  }

  /** Puts the associations into the maps. Returns the addresses that had another fixed address before. */
  async #translate(wanted: Associations, undo: Undo): Promise<number[]> {
    if (wanted.size > lookupLimit && wanted.size > (await this.#size()) / 2) await this.#grow(wanted.size);
    try {
      await this.#commit(this.#add(wanted));
      undo.add(() => this.#commit(this.#remove(wanted)));
      return [];
    } catch (error) {
      const code = error instanceof NetlinkError ? error.code : undefined;
      if (code === 'ENFILE') {
        await this.#grow(wanted.size);
        return this.#translate(wanted, undo);
      }
      if (code === 'EMSGSIZE' && wanted.size > 1) return this.#translateInHalves(wanted, undo);
      if (code !== 'EEXIST') throw error;
    }
    return this.#move(wanted, undo);
  }

  /** A transaction is one datagram, and an ordinary user's socket buffer may be too small for all. */
  async #translateInHalves(wanted: Associations, undo: Undo): Promise<number[]> {
    const entries = [...wanted];
    const half = entries.length >> 1;
    const first = await this.#translate(new Map(entries.slice(0, half)), undo);
    return [...first, ...(await this.#translate(new Map(entries.slice(half)), undo))];
  }

  async #move(wanted: Associations, undo: Undo): Promise<number[]> {
    const current = await this.#lookup(dnatMap, [...wanted.keys()]);
    const holders = await this.#lookup(snatMap, [...wanted.values()]);
    for (const [floating, fixed] of wanted) {
      const holder = holders.get(fixed);
      if (holder === undefined || holder === floating || wanted.has(holder)) continue;
      throw new NetlinkError({
        errno: 17,
        syscall: 'associate',
        subject: `${formatIpv4(floating)} with ${formatIpv4(fixed)}`,
        netns: this.#context.netns.name,
        kernelMessage: `the fixed address has the floating IP ${formatIpv4(holder)}`,
        request: { floatingAddress: formatIpv4(floating), fixedAddress: formatIpv4(fixed) },
      });
    }
    const fresh: Associations = new Map([...wanted].filter(([floating, fixed]) => current.get(floating) !== fixed));
    const replaced: Associations = new Map([...current].filter(([floating]) => fresh.has(floating)));
    await this.#commit([...this.#remove(replaced), ...this.#add(fresh)]);
    undo.add(() => this.#commit([...this.#remove(fresh), ...this.#add(replaced)]));
    return [...replaced.keys()];
  }

  /** What the maps were made for. */
  async #size(): Promise<number> {
    const sets = await this.#context.netns.nft.sets('ip', table);
    return sets.find(({ name }) => name === dnatMap)?.desc?.size ?? Number.POSITIVE_INFINITY;
  }

  /** A transaction that finds its map full has done its work for nothing, so a large one is asked about beforehand. */
  async #grow(more: number): Promise<void> {
    const { netns, binding } = this.#context;
    const count = (await this.#all(dnatMap)).size;
    const size = capacityFor(2 * (count + more));
    await resizeSets(netns.nft, 'ip', table, [dnatMap, snatMap], size);
    if (filtersArp(binding)) await resizeSets(netns.nft, 'arp', table, [arpSet], size + 64);
  }

  /** Brings back what a crash left half done: the maps and the bindings agree with `current`, or with nothing. */
  async #repair(wanted: Associations, current: Associations): Promise<void> {
    const { netns, binding, device } = this.#context;
    const back = await this.#all(snatMap);
    const stale = [...back].filter(([fixed, floating]) => current.get(floating) !== fixed).map(([fixed]) => fixed);
    const requests: Request[] = [];
    if (stale.length > 0) requests.push(this.#rows('del', 'ip', snatMap, 1, stale));
    const lacking = [...current].filter(([floating, fixed]) => back.get(fixed) !== floating);
    if (lacking.length > 0)
      requests.push(
        this.#rows(
          'new',
          'ip',
          snatMap,
          2,
          lacking.flatMap(([floating, fixed]) => [fixed, floating]),
        ),
      );
    if (filtersArp(binding) && device) {
      const answered = new Set(
        (await netns.nft.elements('arp', table, arpSet)).map((element) => elementIpv4(element, 'key')),
      );
      const own = new Set(
        (await netns.addresses.list({ dev: device, family: 'inet' })).map(({ local }) => checkIpv4(local, '')),
      );
      const silent = [...new Set([...own, ...current.keys()])].filter((address) => !answered.has(address));
      const strays = [...answered].filter((address) => !own.has(address) && !current.has(address));
      if (silent.length > 0) requests.push(this.#rows('new', 'arp', arpSet, 1, silent));
      if (strays.length > 0) requests.push(this.#rows('del', 'arp', arpSet, 1, strays));
    }
    await this.#commit(requests);
    if (binding === 'prefix' || !device) return;
    const bound = await this.#bound(device);
    const unbound = [...current.keys()].filter((address) => wanted.has(address) && !bound.has(address));
    const stray = [...bound].filter((address) => !current.has(address));
    if (unbound.length > 0) await this.#bind(unbound, device, new Undo());
    if (stray.length > 0) await this.#unbind(stray);
  }

  /** Addresses that have a kernel object of this binding's. */
  async #bound(device: string): Promise<Set<number>> {
    const { netns, binding } = this.#context;
    if (binding === 'address') {
      const listed = await netns.addresses.list({ dev: device, family: 'inet' });
      return new Set(listed.filter(({ prefixlen }) => prefixlen === 32).map(({ local }) => checkIpv4(local, '')));
    }
    const listed = await netns.routes.list({ table: 'local', family: 'inet', type: 'local', protocol: routeProtocol });
    return new Set(listed.map(({ dst }) => checkIpv4(dst, '')));
  }

  // ---- maps

  #add(associations: Associations): Request[] {
    if (associations.size === 0) return [];
    const pairs = [...associations];
    return [
      this.#rows('new', 'ip', dnatMap, 2, pairs.flat()),
      this.#rows(
        'new',
        'ip',
        snatMap,
        2,
        pairs.flatMap(([floating, fixed]) => [fixed, floating]),
      ),
      ...this.#arp('new', associations),
    ];
  }

  #remove(associations: Associations): Request[] {
    if (associations.size === 0) return [];
    return [
      this.#rows('del', 'ip', dnatMap, 1, [...associations.keys()]),
      this.#rows('del', 'ip', snatMap, 1, [...associations.values()]),
      ...this.#arp('del', associations),
    ];
  }

  #arp(verb: 'new' | 'del', associations: Associations): Request[] {
    return filtersArp(this.#context.binding) ? [this.#rows(verb, 'arp', arpSet, 1, [...associations.keys()])] : [];
  }

  #rows(verb: 'new' | 'del', family: 'ip' | 'arp', set: string, columns: 1 | 2, addresses: readonly number[]): Request {
    const rows = packIpv4(addresses.length / columns, columns, (at) => addresses[at] as number);
    return rowsRequest(verb, { family, table, set, keyLen: 4, dataLen: columns === 2 ? 4 : 0, rows }, undefined);
  }

  #commit(requests: readonly Request[]): Promise<void> {
    return this.#context.netns.nft.commit(requests);
  }

  /** Of these keys, those that a map holds. */
  async #lookup(map: string, keys: readonly number[]): Promise<Associations> {
    if (keys.length > lookupLimit) {
      const all = await this.#all(map);
      return new Map(keys.flatMap((key): [number, number][] => (all.has(key) ? [[key, all.get(key) as number]] : [])));
    }
    const { nft } = this.#context.netns;
    const found = await Promise.all(
      keys.map((key) => {
        const bytes = new Uint8Array(4);
        writeIpv4(bytes, 0, key);
        return nft.element('ip', table, map, bytes);
      }),
    );
    return new Map(
      keys.flatMap((key, at): [number, number][] => {
        const element = found[at];
        return element ? [[key, elementIpv4(element, 'data')]] : [];
      }),
    );
  }

  async #all(map: string): Promise<Associations> {
    const elements = await this.#context.netns.nft.elements('ip', table, map);
    return new Map(elements.map((element) => [elementIpv4(element, 'key'), elementIpv4(element, 'data')]));
  }

  /** One change at a time, in call order; one that fails does not hold up the next. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => {});
    return turn;
  }
}
