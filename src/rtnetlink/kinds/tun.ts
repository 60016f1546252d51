/** TUN and TAP devices, made by ioctl: ip-tuntap(8). */
import { checkDeviceName, checkInteger, invalidType, invalidValue } from '../../errors.js';
import type { CommonSpec, PortSpec } from '../link-settings.js';
import type { LinkKind } from './kind.js';

/** What a program that opens the device must agree with. */
interface TunOptions {
  /** Whole Ethernet frames, or IP packets. */
  readonly mode: 'tap' | 'tun';
  /** The user who may open it without CAP_NET_ADMIN; a number (uid). */
  readonly owner?: number;
  /** The same of a group (gid). `group` is the device's own group. */
  readonly ownerGroup?: number;
  /** Several programs, or several threads of one, may have it open at once, each with a queue. */
  readonly multiQueue?: boolean;
  /** Each packet has a virtio header before it, as virtual machines want it. */
  readonly vnetHdr?: boolean;
  /** Each packet has a header with its protocol before it. */
  readonly pi?: boolean;
}

/** A device that stays until it is deleted, whether or not a program has it open; it has a carrier while one has. */
export interface TunSpec extends CommonSpec, PortSpec, TunOptions {
  readonly kind: 'tun';
  readonly name: string;
}

export interface TunSettings extends Pick<TunOptions, 'mode' | 'owner' | 'ownerGroup'> {
  readonly multiQueue: boolean;
  readonly vnetHdr: boolean;
  readonly pi: boolean;
  /** False for one that goes when the program that made it ends. */
  readonly persist: boolean;
}

const switches = ['multiQueue', 'vnetHdr', 'pi'] as const;

export const tun: LinkKind<TunSpec> = {
  keys: ['master', 'mode', 'owner', 'ownerGroup', ...switches],
  check(spec, path) {
    checkDeviceName(spec.name, `${path}.name`);
    if (spec.mode !== 'tap' && spec.mode !== 'tun') {
      throw invalidValue(`${path}.mode`, "is none of 'tap', 'tun'", spec.mode);
    }
    for (const key of ['owner', 'ownerGroup'] as const) {
      if (spec[key] !== undefined) checkInteger(spec[key], `${path}.${key}`, 0, 0xfffffffe);
    }
    for (const key of switches) {
      if (spec[key] !== undefined && typeof spec[key] !== 'boolean') {
        throw invalidType(`${path}.${key}`, 'a boolean', spec[key]);
      }
    }
    if (spec.netns && !spec.netns.links) {
      throw invalidType(`${path}.netns`, 'an open Netns, not a bare descriptor', spec.netns);
    }
  },
  read(info) {
    const { mode, owner, ownerGroup } = info;
    const settings: Record<string, unknown> = { mode };
    if (owner !== undefined) settings['owner'] = owner;
    if (ownerGroup !== undefined) settings['ownerGroup'] = ownerGroup;
    for (const key of [...switches, 'persist']) settings[key] = info[key] === 1;
    return settings;
  },
};
