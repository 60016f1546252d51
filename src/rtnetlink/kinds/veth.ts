/** veth(4). */
import { checkKeys } from '../../errors.js';
import {
  type CommonSpec,
  checkCommon,
  checkFinish,
  commonKeys,
  madeWire,
  needsFinish,
  type PortSpec,
  type QueueSpec,
  queueKeys,
} from '../link-settings.js';
import type { LinkKind } from './kind.js';

/**
 * The other end, made at the same time, in another namespace if asked. The kernel cannot open a peer before the pair is
 * whole (veth_open), so `up` takes a second step, and with it a `name` and, for another namespace, a `Netns`.
 */
export interface VethPeerSpec extends CommonSpec, QueueSpec {}

export interface VethSpec extends CommonSpec, QueueSpec, PortSpec {
  readonly kind: 'veth';
  readonly peer?: VethPeerSpec;
}

const peerKeys: ReadonlySet<string> = new Set([...commonKeys, ...queueKeys]);

export const veth: LinkKind<VethSpec> = {
  keys: [...queueKeys, 'master', 'peer'],
  check({ peer }, path) {
    if (peer === undefined) return;
    checkKeys(peer, peerKeys, `${path}.peer`);
    checkCommon(peer, `${path}.peer`);
    if (needsFinish(peer) || peer.up) checkFinish(peer, `${path}.peer`);
  },
  info: ({ peer }) => (peer ? { peer: madeWire(peer) } : {}),
};
