/** A device that drops what it is given: a place for addresses. */
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

export interface DummySpec extends CommonSpec, QueueSpec, PortSpec {
  readonly kind: 'dummy';
}

export const dummy: LinkKind<DummySpec> = { keys: [...queueKeys, 'master'] };
