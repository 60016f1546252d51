/** Devices with a MAC address of their own on one below: ip-link(8). */
import { invalidValue } from '../../errors.js';
import { checkReference, type DeviceReference } from '../device.js';
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

const modes = ['private', 'vepa', 'bridge', 'passthru', 'source'] as const;

/** Whether those on one device reach each other: not, by the switch outside, directly; 'passthru' is the only one on its device. */
export type MacvlanMode = (typeof modes)[number];

export interface MacvlanSpec extends CommonSpec, QueueSpec, PortSpec {
  readonly kind: 'macvlan';
  /** The device below, of this handle's namespace. */
  readonly link: DeviceReference;
  /** Default 'vepa', as the kernel's. */
  readonly mode?: MacvlanMode;
}

export interface MacvlanSettings {
  readonly mode: MacvlanMode;
}

export const macvlan: LinkKind<MacvlanSpec> = {
  keys: [...queueKeys, 'master', 'link', 'mode'],
  check({ link, mode }, path) {
    checkReference(link, `${path}.link`);
    if (mode !== undefined && !modes.includes(mode)) {
      throw invalidValue(`${path}.mode`, `is none of ${modes.join(', ')}`, mode);
    }
  },
  below: ({ link }) => link,
  info: ({ mode }) => ({ mode }),
  read: ({ mode }) => ({ mode }),
};
