/** Bridges: ip-link(8). */
import { checkInteger } from '../../errors.js';
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

/** Times are in 1/100 s, as in `ip -j`. */
export interface BridgeSettings {
  readonly forwardDelay?: number;
  readonly helloTime?: number;
  readonly maxAge?: number;
  readonly ageingTime?: number;
  readonly stpState?: 0 | 1;
  readonly priority?: number;
  readonly vlanFiltering?: 0 | 1;
  readonly mcastSnooping?: 0 | 1;
}

export interface BridgeSpec extends CommonSpec, QueueSpec, PortSpec, BridgeSettings {
  readonly kind: 'bridge';
}

const settings = [
  'forwardDelay',
  'helloTime',
  'maxAge',
  'ageingTime',
  'stpState',
  'priority',
  'vlanFiltering',
  'mcastSnooping',
] as const;

export const bridge: LinkKind<BridgeSpec> = {
  keys: [...queueKeys, 'master', ...settings],
  check(spec, path) {
    for (const key of settings) if (spec[key] !== undefined) checkInteger(spec[key], `${path}.${key}`, 0, 0xffffffff);
  },
  info: (spec) => Object.fromEntries(settings.map((key) => [key, spec[key]])),
  read: (info) => Object.fromEntries(settings.map((key) => [key, info[key]])),
};
