/** RFC 7348: ip-link(8). */
import { checkInteger, invalidAddressFamily, invalidType, invalidValue } from '../../errors.js';
import { checkAddress, formatAddress } from '../../ip.js';
import type { Wire } from '../../netlink/codec.js';
import { checkReference, type DeviceReference } from '../device.js';
import { type CommonSpec, type PortSpec, type QueueSpec, queueKeys } from '../link-settings.js';
import type { LinkKind } from './kind.js';

interface VxlanOptions {
  /** The address to send from, of the same family as `remote`. */
  readonly local?: string;
  /** UDP port to send to and listen on; default 4789 (IANA's; the kernel's own default is 8472). `dstport` of ip-link(8). */
  readonly port?: number;
  /** 0 to 255, or 'inherit' that of the packet inside. Default: the kernel's, 1 for multicast. */
  readonly ttl?: number | 'inherit';
  /** 0 to 255, or 'inherit'. */
  readonly tos?: number | 'inherit';
  /** Whether the addresses of what comes in become forwarding entries; default true. */
  readonly learning?: boolean;
  /** Seconds that such an entry lives; default 300. */
  readonly ageing?: number;
  /** How many such entries there may be; default, and 0: any number. */
  readonly limit?: number;
  /** Answers ARP and neighbour solicitations from its own neighbour entries. */
  readonly proxy?: boolean;
  /** Whether it tells of forwarding entries that are missing (RTM_GETNEIGH). */
  readonly l2miss?: boolean;
  /** Whether it tells of neighbour entries that are missing. */
  readonly l3miss?: boolean;
  readonly udpCsum?: boolean;
  readonly udpZeroCsum6Tx?: boolean;
  readonly udpZeroCsum6Rx?: boolean;
}

export interface VxlanSpec extends CommonSpec, QueueSpec, PortSpec, VxlanOptions {
  readonly kind: 'vxlan';
  /** The network identifier (VNI), 0 to 16777215. */
  readonly id: number;
  /**
   * Where frames without a forwarding entry go: a host, or a multicast group that it joins, for which it needs `link`. Without it, to
   * those of the entry for 00:00:00:00:00:00.
   */
  readonly remote?: string;
  /** The device to send by, of this handle's namespace. */
  readonly link?: DeviceReference;
}

/** Of a listed device. */
export interface VxlanSettings extends Required<Omit<VxlanOptions, 'local'>> {
  readonly id: number;
  readonly local?: string;
  readonly remote?: string;
  /** The device to send by: its index, since it may be in another namespace (the device's `linkNetnsid`). */
  readonly linkIndex?: number;
}

const switches = ['learning', 'proxy', 'l2miss', 'l3miss', 'udpCsum', 'udpZeroCsum6Tx', 'udpZeroCsum6Rx'] as const;
const numbers = { port: [1, 65535], ageing: [0, 0xffffffff], limit: [0, 0xffffffff] } as const;

/** In IP_TOS: that of the packet inside (vxlan's own meaning of 1). */
const tosInherit = 1;

export const vxlan: LinkKind<VxlanSpec> = {
  keys: [...queueKeys, 'master', 'id', 'local', 'remote', 'link', 'ttl', 'tos', 'port', 'ageing', 'limit'].concat(
    switches,
  ),
  check,
  info,
  read,
};

function check(spec: VxlanSpec, path: string): void {
  checkInteger(spec.id, `${path}.id`, 0, 0xffffff);
  const { local, remote, link } = spec;
  const from = local === undefined ? undefined : checkAddress(local, `${path}.local`);
  const to = remote === undefined ? undefined : checkAddress(remote, `${path}.remote`);
  if (from && isMulticast(from)) throw invalidValue(`${path}.local`, 'is a multicast address', local);
  if (from && to && from.length !== to.length) throw invalidAddressFamily(`${path}.remote`, remote, local);
  if (link !== undefined || (to && isMulticast(to))) checkReference(link, `${path}.link`);
  for (const key of ['ttl', 'tos'] as const) {
    if (spec[key] !== undefined && spec[key] !== 'inherit') checkInteger(spec[key], `${path}.${key}`, 0, 255);
  }
  for (const [key, [min, max]] of Object.entries(numbers)) {
    const value = spec[key as keyof typeof numbers];
    if (value !== undefined) checkInteger(value, `${path}.${key}`, min, max);
  }
  for (const key of switches) {
    if (spec[key] !== undefined && typeof spec[key] !== 'boolean') {
      throw invalidType(`${path}.${key}`, 'a boolean', spec[key]);
    }
  }
}

function info(spec: VxlanSpec): Wire {
  const wire: Record<string, unknown> = {
    id: spec.id,
    link: spec.link,
    port: spec.port ?? 4789,
    ttl: spec.ttl === 'inherit' ? undefined : spec.ttl,
    ttlInherit: spec.ttl === 'inherit',
    tos: spec.tos === 'inherit' ? tosInherit : spec.tos,
    ageing: spec.ageing,
    limit: spec.limit,
  };
  const address = (key: 'local' | 'group', text: string | undefined): void => {
    if (text === undefined) return;
    const bytes = checkAddress(text, key);
    wire[bytes.length === 4 ? key : `${key}6`] = bytes;
  };
  address('local', spec.local);
  address('group', spec.remote);
  for (const key of switches) if (spec[key] !== undefined) wire[key] = Number(spec[key]);
  wire['learning'] ??= 1;
  return wire;
}

function read(wire: Readonly<Record<string, unknown>>): object {
  const { id, port, ageing, limit } = wire;
  const inherits = wire['ttlInherits'] as Uint8Array | undefined;
  const settings: Record<string, unknown> = {
    id,
    port,
    ttl: inherits?.[0] ? 'inherit' : wire['ttl'],
    tos: wire['tos'] === tosInherit ? 'inherit' : wire['tos'],
    ageing,
    limit,
  };
  const local = (wire['local'] ?? wire['local6']) as Uint8Array | undefined;
  const other = (wire['group'] ?? wire['group6']) as Uint8Array | undefined;
  if (wire['link'] !== undefined) settings['linkIndex'] = wire['link'];
  if (local) settings['local'] = formatAddress(local);
  if (other) settings['remote'] = formatAddress(other);
  for (const key of switches) settings[key] = wire[key] === 1;
  return settings;
}

function isMulticast(bytes: Uint8Array): boolean {
  const first = bytes[0] as number;
  return bytes.length === 4 ? first >= 224 && first <= 239 : first === 0xff;
}
