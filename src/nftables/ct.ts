/** `{"ct": {"key": "state"}}`: the packet's conntrack entry. */

import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { type Type, typeOf } from './datatypes.js';
import { checkObject, isObject, oneOf, wrongValue } from './errors.js';
import type { CtDirection, CtKey } from './json.js';
import type { Packet } from './packet.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';
import type { Family } from './wire.js';

interface Key {
  /** nft's number, which is the kernel's, for `typeof` user data. */
  readonly id: number;
  readonly type: Type;
  readonly wire?: string;
  /** Whether it belongs to a direction of the flow. */
  readonly direction?: 'needed' | 'allowed';
}

const number = (bits: number, order: 'host' | 'big' = 'host'): Type => typeOf('integer', bits, order);
const counter: Pick<Key, 'type' | 'direction'> = { type: number(64), direction: 'allowed' };

const keys: Readonly<Record<CtKey, Key>> = {
  state: { id: 0, type: typeOf('ct_state') },
  direction: { id: 1, type: typeOf('ct_dir') },
  status: { id: 2, type: typeOf('ct_status') },
  mark: { id: 3, type: typeOf('mark') },
  secmark: { id: 4, type: number(32) },
  expiration: { id: 5, type: typeOf('time') },
  helper: { id: 6, type: typeOf('string') },
  l3proto: { id: 7, type: typeOf('nf_proto'), direction: 'allowed' },
  saddr: { id: 8, type: typeOf('ipv4_addr'), wire: 'src', direction: 'needed' },
  daddr: { id: 9, type: typeOf('ipv4_addr'), wire: 'dst', direction: 'needed' },
  protocol: { id: 10, type: typeOf('inet_proto'), direction: 'allowed' },
  'proto-src': { id: 11, type: typeOf('inet_service'), wire: 'proto_src', direction: 'needed' },
  'proto-dst': { id: 12, type: typeOf('inet_service'), wire: 'proto_dst', direction: 'needed' },
  label: { id: 13, type: typeOf('ct_label'), wire: 'labels' },
  packets: { id: 14, ...counter, wire: 'pkts' },
  bytes: { id: 15, ...counter },
  avgpkt: { id: 16, ...counter },
  zone: { id: 17, type: number(16), direction: 'allowed' },
  event: { id: 18, type: typeOf('ct_event') },
  'ip saddr': { id: 19, type: typeOf('ipv4_addr'), wire: 'src_ip', direction: 'needed' },
  'ip daddr': { id: 20, type: typeOf('ipv4_addr'), wire: 'dst_ip', direction: 'needed' },
  'ip6 saddr': { id: 21, type: typeOf('ipv6_addr'), wire: 'src_ip6', direction: 'needed' },
  'ip6 daddr': { id: 22, type: typeOf('ipv6_addr'), wire: 'dst_ip6', direction: 'needed' },
  id: { id: 23, type: number(32, 'big') },
};

export const ctKeys: readonly CtKey[] = Object.keys(keys) as CtKey[];

const TYPEOF_CT = 12;

export interface CtReference {
  readonly name: CtKey;
  readonly wire: string;
  readonly type: Type;
  readonly direction?: CtDirection;
}

export function ctReference(value: unknown, path: string, family: Family, network?: string): CtReference {
  const object = isObject(value) ? checkObject(value, path, ['key', 'dir', 'family']) : { key: value };
  const bare = oneOf(object['key'], `${path}.key`, ctKeys);
  const said = object['family'] === undefined ? undefined : oneOf(object['family'], `${path}.family`, ['ip', 'ip6']);
  // Where the packet's addresses are known it goes without saying.
  const version = said === (network ?? family) ? undefined : said;
  const name = version !== undefined && (bare === 'saddr' || bare === 'daddr') ? (`${version} ${bare}` as CtKey) : bare;
  checkVersion(name, network, path);
  const entry = keys[name];
  const direction =
    object['dir'] === undefined ? undefined : oneOf<CtDirection>(object['dir'], `${path}.dir`, ['original', 'reply']);
  if (direction === undefined && entry.direction === 'needed')
    throw wrongValue(path, `ct ${name} needs "dir": "original" or "reply"`);
  if (direction !== undefined && entry.direction === undefined)
    throw wrongValue(`${path}.dir`, `ct ${name} has no direction`);
  return {
    name,
    wire: entry.wire ?? name,
    type: addressType(name, entry.type, family, network, path),
    ...(direction === undefined ? {} : { direction }),
  };
}

/** Addresses of IP and of IPv6 do not come in one packet. */
function checkVersion(name: CtKey, network: string | undefined, path: string): void {
  const version = /^ip6? /.exec(name)?.[0].trimEnd();
  if (version !== undefined && (network === 'ip' || network === 'ip6') && network !== version)
    throw wrongValue(path, `conflicting protocols: ${network}, then ${version}`);
}

/** `ct saddr` without a family is as long as the packet's addresses are. */
function addressType(name: CtKey, type: Type, family: Family, network: string | undefined, path: string): Type {
  if (name !== 'saddr' && name !== 'daddr') return type;
  const version = network ?? family;
  if (version !== 'ip' && version !== 'ip6')
    throw wrongValue(path, `ct ${name}: say "ip ${name}" or "ip6 ${name}" in family ${family}`);
  return typeOf(version === 'ip' ? 'ipv4_addr' : 'ipv6_addr');
}

export function compileCt(value: unknown, path: string, context: RuleContext): Selector {
  const { name, wire, type, direction } = ctReference(value, path, context.family, context.known.network?.name);
  return {
    type,
    typeofData: () => [
      uint32(0, TYPEOF_CT),
      nested(1, [
        uint32(0, keys[name].id),
        uint32(1, direction === undefined ? 0xffff_ffff : Number(direction === 'reply')),
      ]),
    ],
    load: (register) => [{ type: 'ct', key: wire, dreg: register, ...(direction === undefined ? {} : { direction }) }],
    ...(name === 'l3proto' || name === 'protocol'
      ? { learn: (bytes: Uint8Array, known: Packet) => known.learnCt(name, toNumber(bytes, type.order)) }
      : {}),
  };
}

/** By nft's number; addresses are as long as the packet's. */
export const ctTypeOf = (id: number): Type | undefined => Object.values(keys).find((entry) => entry.id === id)?.type;

/** The JSON key and type of what the kernel calls `wire`. */
export function ctNamed(
  wire: string,
  family: Family,
  network?: string,
): { readonly name: CtKey; readonly type: Type } | undefined {
  const name = ctKeys.find((key) => (keys[key].wire ?? key) === wire);
  if (name === undefined) return undefined;
  if (name !== 'saddr' && name !== 'daddr') return { name, type: keys[name].type };
  return { name, type: typeOf((network ?? family) === 'ip6' ? 'ipv6_addr' : 'ipv4_addr') };
}
