/** A device as it is listed. */
import { formatMac } from '../ip.js';
import { type KindSettings, settingsOf } from './kinds/index.js';

/**
 * A device. Names are those of `ip -j link`, in camelCase; differences: `index` is `ifindex`, `mac` is `address`, `kind` is
 * `linkinfo.info_kind`, `state` is `operstate` in lower case, `master` is as `ip` gives it, and a kind's settings stand
 * under the kind's name, as `bridge` or `vxlan`.
 */
export interface Link extends KindSettings {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly flags: readonly string[];
  /** Administratively up. */
  readonly up: boolean;
  readonly state: string;
  readonly mtu: number;
  readonly mac?: string;
  readonly broadcast?: string;
  readonly kind?: string;
  /** Its bridge or VRF, by name. */
  readonly master?: string;
  /** What it is bound to: a veth's peer, what a VLAN is on. By index, since that may be in another namespace (`linkNetnsid`). */
  readonly linkIndex?: number;
  readonly linkNetnsid?: number;
  readonly alias?: string;
  readonly group: number;
  readonly qdisc?: string;
  readonly txQueueLength: number;
  readonly stats?: LinkStats;
}

export interface LinkStats {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
}

export function toLink(
  reply: Record<string, unknown>,
  nameOf: (index: number) => string | undefined,
  stats: boolean,
): Link {
  const flags = reply['flags'] as string[];
  const info = reply['info'] as Record<string, unknown> | undefined;
  const master = reply['master'] as number | undefined;
  const link: Record<string, unknown> = {
    index: reply['index'],
    name: reply['name'],
    type: reply['type'],
    flags,
    up: flags.includes('up'),
    state: reply['state'],
    mtu: reply['mtu'],
    group: reply['group'],
    txQueueLength: reply['txQueueLength'],
  };
  const put = (key: string, value: unknown): void => {
    if (value !== undefined) link[key] = value;
  };
  put('mac', macText(reply['mac']));
  put('broadcast', macText(reply['broadcast']));
  put('kind', info?.['kind']);
  put('master', master === undefined ? undefined : nameOf(master));
  put('linkIndex', reply['link']);
  put('linkNetnsid', reply['linkNetnsid']);
  put('alias', reply['alias']);
  put('qdisc', reply['qdisc']);
  if (info) put(info['kind'] as string, settingsOf(info));
  if (stats) put('stats', reply['stats']);
  return link as unknown as Link;
}

function macText(bytes: unknown): string | undefined {
  return bytes instanceof Uint8Array && bytes.length === 6 ? formatMac(bytes) : undefined;
}
