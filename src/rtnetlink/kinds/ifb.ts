/** The intermediate functional block device: what tc(8) redirects to. */
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

export interface IfbSpec extends CommonSpec, QueueSpec, PortSpec {
  readonly kind: 'ifb';
}

export const ifb: LinkKind<IfbSpec> = { keys: [...queueKeys, 'master'] };
