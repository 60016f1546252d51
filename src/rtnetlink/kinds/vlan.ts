/** IEEE 802.1Q and 802.1ad: ip-link(8). */
import { checkInteger, invalidValue } from '../../errors.js';
import { checkReference, type DeviceReference } from '../device.js';
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

export type VlanProtocol = '802.1Q' | '802.1ad';

export interface VlanSpec extends CommonSpec, QueueSpec, PortSpec {
  readonly kind: 'vlan';
  /** The device below, of this handle's namespace. */
  readonly link: DeviceReference;
  /** 0 to 4094; 0 is for frames with a priority and no VLAN. */
  readonly id: number;
  /** Default '802.1Q'. */
  readonly protocol?: VlanProtocol;
}

export interface VlanSettings {
  readonly id: number;
  readonly protocol: VlanProtocol;
}

export const vlan: LinkKind<VlanSpec> = {
  keys: [...queueKeys, 'master', 'link', 'id', 'protocol'],
  check({ link, id, protocol }, path) {
    checkReference(link, `${path}.link`);
    checkInteger(id, `${path}.id`, 0, 4094);
    if (protocol !== undefined && protocol !== '802.1Q' && protocol !== '802.1ad') {
      throw invalidValue(`${path}.protocol`, "is none of '802.1Q', '802.1ad'", protocol);
    }
  },
  below: ({ link }) => link,
  info: ({ id, protocol }) => ({ id, protocol }),
  read: ({ id, protocol }) => ({ id, protocol }),
};
