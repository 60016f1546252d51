import type { AnnounceOptions } from '../announce/announce.js';
import { invalidValue, NetlinkError } from '../errors.js';
import { formatIpv4, type Prefix, readIpv4 } from '../ip.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import type { Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { type Resize, resizeSets } from '../nftables/resize.js';
import { AddressIndex } from './address-index.js';
import { announceFloatingIps } from './announcements.js';
import {
  type Associations,
  checkAddresses,
  checkFloatingIps,
  checkPools,
  none,
  select,
  slice,
} from './associations.js';
import { type BindingSite, bind, unbind } from './bindings.js';
import type { Companions } from './companions.js';
import { additions, readMap, readRows, removals } from './floating-ip-maps.js';
import { arpSet, capacityFor, dnatMap, listsArp, snatMap } from './ruleset.js';
import type { FloatingIp, FloatingIpBinding, PackedFloatingIps } from './spec.js';
import { table } from './table-builder.js';
import { Undo } from './undo.js';

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
  readonly companions: Companions;
}

/** Up to so many keys are looked up one by one; for more the map is read as a whole. */
const lookupLimit = 256;

/** What looking one key up costs, in rows of a listing. */
const lookupCost = 6;

/** Rows that have a number of their own beside the 32 bits of an address: a double holds 53. */
const mostRows = 2 ** 21;

/** Each address with its row below it. As numbers they are sorted without a comparator, which would take three times as long. */
function rowsByAddress(addresses: Uint32Array): Float64Array {
  const keys = new Float64Array(addresses.length);
  for (let row = 0; row < addresses.length; row++) keys[row] = (addresses[row] as number) * mostRows + row;
  return keys.sort();
}

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
    const sorted = rowsByAddress(floating);
    // Array.from, with its iterator, takes half as long again.
    const list = new Array<FloatingIp>(sorted.length);
    for (let at = 0; at < sorted.length; at++) {
      const row = (sorted[at] as number) % mostRows;
      list[at] = {
        floatingAddress: formatIpv4(floating[row] as number),
        fixedAddress: formatIpv4(fixed[row] as number),
      };
    }
    return list;
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
    if (binding === 'prefix') {
      checkPools(wanted.floating, pools, (row) => `pairs[${row}].floatingAddress`);
    }
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

  // ---- steps

  async #associate(wanted: Associations, device: string, options: InternalOptions, undo: Undo): Promise<void> {
    const { netns } = this.#context;
    await bind({ ...this.#context, device }, wanted.floating, limitsOf(options), undo);
    const moved = await this.#translate(wanted, options, undo);
    await announceFloatingIps(netns, device, wanted.floating, options.announce, limitsOf(options));
    if (moved.length > 0) await netns.conntrack.delete({ address: moved }, limitsOf(options));
  }

  async #disassociate(current: Associations, options: InternalOptions, undo: Undo): Promise<void> {
    const { netns, device } = this.#context;
    await this.#commit(this.#remove(current), options);
    undo.add(() => this.#commit(this.#add(current)));
    if (device !== undefined) {
      const site: BindingSite = { ...this.#context, device };
      await unbind(site, current.floating, limitsOf(options));
      undo.add(() => bind(site, current.floating, {}, new Undo()));
    }
    await netns.conntrack.delete({ address: current.floating }, limitsOf(options));
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

  // ---- maps

  #add(associations: Associations): Request[] {
    const { binding, companions } = this.#context;
    return additions(associations, binding, companions);
  }

  #remove(associations: Associations): Request[] {
    const { binding, companions } = this.#context;
    return removals(associations, binding, companions);
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
    else found(await readRows(this.#context.netns, 'ip', map, limits));
    return { fixed, present, missing: present.indexOf(0) };
  }

  #all(map: string, options: InternalOptions = {}): Promise<Associations> {
    return readMap(this.#context.netns, map, limitsOf(options));
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

/** Of a call of several steps: its time has become a signal. */
interface InternalOptions {
  readonly announce?: AnnounceOptions | false | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Found {
  /** By row, where `present` is 1. */
  readonly fixed: Uint32Array;
  readonly present: Uint8Array;
  readonly missing: number;
}

const limitsOf = ({ signal }: InternalOptions): CallOptions => (signal === undefined ? {} : { signal });
