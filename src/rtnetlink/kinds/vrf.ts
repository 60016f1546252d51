/** Virtual routing and forwarding: what is enslaved to it routes by its table. ip-vrf(8). */
import { checkInteger } from '../../errors.js';
import { type CommonSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

export interface VrfSpec extends CommonSpec, QueueSpec {
  readonly kind: 'vrf';
  /** 1 to 4294967295. */
  readonly table: number;
}

export interface VrfSettings {
  readonly table: number;
}

export const vrf: LinkKind<VrfSpec> = {
  keys: [...queueKeys, 'table'],
  check: ({ table }, path) => {
    checkInteger(table, `${path}.table`, 1, 0xffffffff);
  },
  info: ({ table }) => ({ table }),
  read: ({ table }) => ({ table }),
};
