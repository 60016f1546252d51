import type { NativeNamespace } from '../addon.js';
import { checkInteger, checkKeys, fromNative } from '../errors.js';
import { checkAddress, checkMac, writeIpv4 } from '../ip.js';
import { abortable, type CallOptions, deadline } from '../netlink/call-options.js';
import { checkColumn } from '../netlink/columns.js';
import type { DeviceReference } from '../rtnetlink/device.js';
import type { Links } from '../rtnetlink/links.js';

export interface Announcement {
  readonly dev: DeviceReference;
  /** IPv4: by gratuitous ARP. IPv6: by an unsolicited neighbour advertisement. */
  readonly address: string;
  /** Default: the device's own. */
  readonly mac?: string;
  /** IPv6: the address is a router's (the R flag). */
  readonly router?: boolean;
}

/** Many IPv4 addresses of one device: 0xc0000201 is 192.0.2.1. */
export interface PackedAnnouncements extends Pick<Announcement, 'dev' | 'mac'> {
  readonly addresses: Uint32Array;
}

export interface AnnounceOptions extends CallOptions {
  /** Rounds, 1 to 100; default 1. */
  readonly count?: number;
  /** Milliseconds from round to round, 1 to 60,000; default 1,000 (RFC 5227 says 2,000, arping(8) 1,000). */
  readonly interval?: number;
}

const announcementKeys: ReadonlySet<string> = new Set(['dev', 'address', 'mac', 'router']);
const optionKeys: ReadonlySet<string> = new Set(['count', 'interval', 'signal', 'timeout']);
const packedKeys: ReadonlySet<string> = new Set(['dev', 'addresses', 'mac']);

/** Bytes of a row: native/packet/announce.h. */
const rowSize = 28;

/** Announcements of one namespace, and the rounds that are still to come. */
export class Announcer {
  readonly #native: NativeNamespace;
  readonly #links: Links;
  readonly #netns: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Announcements that have rounds to come. */
  #series = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(native: NativeNamespace, links: Links, netns: string) {
    this.#native = native;
    this.#links = links;
    this.#netns = netns;
  }

  async announce(
    announcements: readonly Announcement[] | PackedAnnouncements,
    options: AnnounceOptions,
  ): Promise<void> {
    checkKeys(options, optionKeys, 'options');
    const count = checkInteger(options.count ?? 1, 'options.count', 1, 100);
    const interval = checkInteger(options.interval ?? 1000, 'options.interval', 1, 60_000);
    const limits = deadline(options);
    const rows = Array.isArray(announcements)
      ? await this.#rows(announcements as readonly Announcement[], limits)
      : await this.#packedRows(announcements as PackedAnnouncements, limits);
    if (rows.length === 0) return;
    await this.#send(rows, count - 1, limits);
    this.#repeat(rows, count - 1, interval);
  }

  /** Resolves when no round is to come, also by `close`. */
  idle(): Promise<void> {
    return this.#series === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#series = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #repeat(rows: Uint8Array, rounds: number, interval: number): void {
    if (rounds === 0 || this.#native.fd < 0) return;
    this.#series++;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // The device may have gone meanwhile, and its addresses with it: there is nobody to tell.
      this.#send(rows, rounds - 1)
        .then(
          () => this.#repeat(rows, rounds - 1, interval),
          () => {},
        )
        .then(() => this.#ended());
    }, interval);
    timer.unref();
    this.#timers.add(timer);
  }

  #ended(): void {
    if (this.#series === 0 || --this.#series > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #rows(announcements: readonly Announcement[], limits: CallOptions): Promise<Uint8Array> {
    const rows = new Uint8Array(announcements.length * rowSize);
    const view = new DataView(rows.buffer);
    announcements.forEach((announcement, at) => {
      const path = `announcements[${at}]`;
      checkKeys(announcement, announcementKeys, path);
      const address = checkAddress(announcement.address, `${path}.address`);
      const start = at * rowSize;
      if (announcement.mac !== undefined) rows.set(checkMac(announcement.mac, `${path}.mac`), start + 4);
      rows[start + 10] = address.length === 4 ? 4 : 6;
      rows[start + 11] = announcement.router ? 1 : 0;
      rows.set(address, start + 12);
    });
    const devices = new Map<DeviceReference, { index: number; mac: Uint8Array }>();
    for (const { dev } of announcements) {
      if (devices.has(dev)) continue;
      const link = await this.#links.get(dev, limits);
      devices.set(dev, { index: link.index, mac: checkMac(link.mac, `the address of ${dev}`) });
    }
    announcements.forEach(({ dev, mac }, at) => {
      const device = devices.get(dev) as { index: number; mac: Uint8Array };
      view.setUint32(at * rowSize, device.index, true);
      if (mac === undefined) rows.set(device.mac, at * rowSize + 4);
    });
    return rows;
  }

  async #packedRows(packed: PackedAnnouncements, limits: CallOptions): Promise<Uint8Array> {
    checkKeys(packed, packedKeys, 'announcements');
    const { dev, mac } = packed;
    const addresses = checkColumn(packed.addresses, 'announcements.addresses').slice();
    const given = mac === undefined ? undefined : checkMac(mac, 'announcements.mac');
    const link = await this.#links.get(dev, limits);
    const first = new Uint8Array(rowSize);
    new DataView(first.buffer).setUint32(0, link.index, true);
    first.set(given ?? checkMac(link.mac, `the address of ${dev}`), 4);
    first[10] = 4;
    const rows = new Uint8Array(addresses.length * rowSize);
    for (let row = 0; row < addresses.length; row++) {
      rows.set(first, row * rowSize);
      writeIpv4(rows, row * rowSize + 12, addresses[row] as number);
    }
    return rows;
  }

  async #send(rows: Uint8Array, rounds: number, limits?: CallOptions): Promise<void> {
    try {
      const last = this.#timers.size === 0 && rounds === 0;
      await abortable(() => this.#native.announce(rows, last), limits);
    } catch (error) {
      throw fromNative(error, undefined, this.#netns);
    }
  }
}
