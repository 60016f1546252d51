import type { NativeNamespace } from '../addon.js';
import { checkInteger, checkKeys, fromNative } from '../errors.js';
import { checkAddress, checkMac } from '../ip.js';
import type { DeviceReference, Links } from '../rtnetlink/links.js';

export interface Announcement {
  readonly dev: DeviceReference;
  /** IPv4: by gratuitous ARP. IPv6: by an unsolicited neighbour advertisement. */
  readonly address: string;
  /** Default: the device's own. */
  readonly mac?: string;
  /** IPv6: the address is a router's (the R flag). */
  readonly router?: boolean;
}

export interface AnnounceOptions {
  /** Rounds, 1 to 100; default 1. */
  readonly count?: number;
  /** Milliseconds from round to round, 1 to 60,000; default 1,000 (RFC 5227 says 2,000, arping(8) 1,000). */
  readonly interval?: number;
}

const announcementKeys: ReadonlySet<string> = new Set(['dev', 'address', 'mac', 'router']);
const optionKeys: ReadonlySet<string> = new Set(['count', 'interval']);

/** Bytes of a row: native/packet/announce.h. */
const rowSize = 28;

/** Announcements of one namespace, and the rounds that are still to come. */
export class Announcer {
  readonly #native: NativeNamespace;
  readonly #links: Links;
  readonly #netns: string;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(native: NativeNamespace, links: Links, netns: string) {
    this.#native = native;
    this.#links = links;
    this.#netns = netns;
  }

  async announce(announcements: readonly Announcement[], options: AnnounceOptions): Promise<void> {
    checkKeys(options, optionKeys, 'options');
    const count = checkInteger(options.count ?? 1, 'options.count', 1, 100);
    const interval = checkInteger(options.interval ?? 1000, 'options.interval', 1, 60_000);
    if (announcements.length === 0) return;
    const rows = await this.#rows(announcements);
    await this.#send(rows);
    this.#repeat(rows, count - 1, interval);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #repeat(rows: Uint8Array, rounds: number, interval: number): void {
    if (rounds === 0 || this.#native.fd < 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // The device may have gone meanwhile, and its addresses with it: there is nobody to tell.
      this.#send(rows).then(
        () => this.#repeat(rows, rounds - 1, interval),
        () => {},
      );
    }, interval);
    timer.unref();
    this.#timers.add(timer);
  }

  async #rows(announcements: readonly Announcement[]): Promise<Uint8Array> {
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
      const link = await this.#links.get(dev);
      devices.set(dev, { index: link.index, mac: checkMac(link.mac, `the address of ${dev}`) });
    }
    announcements.forEach(({ dev, mac }, at) => {
      const device = devices.get(dev) as { index: number; mac: Uint8Array };
      view.setUint32(at * rowSize, device.index, true);
      if (mac === undefined) rows.set(device.mac, at * rowSize + 4);
    });
    return rows;
  }

  async #send(rows: Uint8Array): Promise<void> {
    try {
      await this.#native.announce(rows);
    } catch (error) {
      throw fromNative(error, undefined, this.#netns);
    }
  }
}
