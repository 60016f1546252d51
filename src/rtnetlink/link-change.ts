/** What can be changed of a device that exists, and its message. */
import { checkInteger, checkKeys } from '../errors.js';
import type { Wire } from '../netlink/codec.js';
import type { DeviceReference } from './device.js';
import { checkCommon, commonKeys, commonWire, type NetnsTarget } from './link-settings.js';

export interface LinkChange {
  /** A new name. */
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  readonly txQueueLength?: number;
  readonly alias?: string;
  readonly group?: number;
  /** A bridge to become a port of; null to leave it. */
  readonly master?: DeviceReference | null;
  /** Moves it to another namespace. */
  readonly netns?: NetnsTarget;
  readonly promisc?: boolean;
  readonly allmulti?: boolean;
  readonly arp?: boolean;
  readonly addrGenMode?: 'eui64' | 'none' | 'stable_secret' | 'random';
  /** net.ipv4.conf.<device>.arp_ignore, 0 to 8, set by the same message. */
  readonly arpIgnore?: number;
}

const changeKeys: ReadonlySet<string> = new Set([...commonKeys, 'master', 'promisc', 'allmulti', 'arp', 'arpIgnore']);

export function checkChange(change: LinkChange): void {
  checkKeys(change, changeKeys, 'change');
  checkCommon(change, 'change');
  if (change.arpIgnore !== undefined) checkInteger(change.arpIgnore, 'change.arpIgnore', 0, 8);
}

export function upWire(up: boolean | undefined): Wire {
  return up === undefined ? {} : { flags: up ? ['up'] : [], change: ['up'] };
}

export function changeWire(change: LinkChange): Wire {
  const flags: string[] = [];
  const changed: string[] = [];
  const flag = (name: string, value: boolean | undefined): void => {
    if (value === undefined) return;
    changed.push(name);
    if (value) flags.push(name);
  };
  flag('up', change.up);
  flag('promisc', change.promisc);
  flag('allmulti', change.allmulti);
  flag('noarp', change.arp === undefined ? undefined : !change.arp);
  const { master } = change;
  const wire: Record<string, unknown> = {
    flags: changed.length > 0 ? flags : undefined,
    change: changed.length > 0 ? changed : undefined,
    // No name: out of the bridge.
    master: master === null ? '' : master,
  };
  for (const [key, value] of Object.entries(commonWire(change))) if (value !== undefined) wire[key] = value;
  if (change.arpIgnore !== undefined) {
    wire['families'] = { ...(wire['families'] as Wire | undefined), inet: { conf: { arpIgnore: change.arpIgnore } } };
  }
  return wire;
}
