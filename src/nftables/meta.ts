/** `{"meta": {"key": "iifname"}}`: facts that the kernel keeps beside the packet. */

import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { dateType, type Type, typeOf } from './datatypes.js';
import { checkObject, isObject, oneOf, wrongValue } from './errors.js';
import type { MetaKey } from './json.js';
import { familyProtocol } from './protocols.js';
import { loads, type Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';

interface Key {
  /** nft's number, which is the kernel's, for `typeof` user data. */
  readonly id: number;
  readonly type: Type;
}

const key = (id: number, type: Type): Key => ({ id, type });
const number = (bits: number, order: 'host' | 'big' = 'host'): Type => typeOf('integer', bits, order);

const keys: Readonly<Record<MetaKey, Key>> = {
  length: key(0, number(32)),
  protocol: key(1, typeOf('ether_type')),
  priority: key(2, typeOf('classid')),
  mark: key(3, typeOf('mark')),
  iif: key(4, typeOf('iface_index')),
  oif: key(5, typeOf('iface_index')),
  iifname: key(6, typeOf('ifname')),
  oifname: key(7, typeOf('ifname')),
  iiftype: key(8, typeOf('iface_type')),
  oiftype: key(9, typeOf('iface_type')),
  skuid: key(10, typeOf('uid')),
  skgid: key(11, typeOf('gid')),
  nftrace: key(12, number(1)),
  rtclassid: key(13, typeOf('realm')),
  secmark: key(14, number(32)),
  nfproto: key(15, typeOf('nf_proto')),
  l4proto: key(16, typeOf('inet_proto', 8, 'host')),
  ibrname: key(17, typeOf('ifname')),
  obrname: key(18, typeOf('ifname')),
  pkttype: key(19, typeOf('pkt_type')),
  cpu: key(20, number(32)),
  iifgroup: key(21, typeOf('devgroup')),
  oifgroup: key(22, typeOf('devgroup')),
  cgroup: key(23, number(32)),
  random: key(24, number(32, 'big')),
  ipsec: key(25, typeOf('boolean')),
  iifkind: key(26, typeOf('ifname')),
  oifkind: key(27, typeOf('ifname')),
  ibrpvid: key(28, number(16)),
  ibrvproto: key(29, typeOf('ether_type')),
  time: key(30, dateType),
  day: key(31, typeOf('day')),
  hour: key(32, typeOf('hour')),
  sdif: key(33, typeOf('iface_index')),
  sdifname: key(34, typeOf('ifname')),
};

/** Older names that nft still reads. */
const aliases: Readonly<Record<string, MetaKey>> = {
  secpath: 'ipsec',
  ibriport: 'ibrname',
  obriport: 'obrname',
};

export const metaKeys: readonly MetaKey[] = Object.keys(keys) as MetaKey[];

const TYPEOF_META = 9;

/** The key of `{"key": "mark"}`, or of the short form `"mark"`. */
export function metaKey(value: unknown, path: string): MetaKey {
  const name = isObject(value) ? checkObject(value, path, ['key'])['key'] : value;
  return oneOf(typeof name === 'string' ? (aliases[name] ?? name) : name, `${path}.key`, metaKeys);
}

export const metaType = (name: MetaKey): Type => keys[name].type;
/** By nft's number. */
export const metaTypeOf = (id: number): Type | undefined => Object.values(keys).find((entry) => entry.id === id)?.type;
/** The key, if it is one that is known here. */
export const metaNamed = (name: string): MetaKey | undefined => metaKeys.find((known) => known === name);

export function compileMeta(value: unknown, path: string, context: RuleContext): Selector {
  const name = metaKey(value, path);
  // In families of one network protocol the packet's is known.
  if (name === 'nfproto' && context.family !== 'inet')
    throw wrongValue(path, 'meta nfproto is only useful in family inet');
  return selectors[name];
}

/** What these say decides which headers the packet has, and which match nft takes for a preparation of others. */
const learned: readonly MetaKey[] = ['l4proto', 'nfproto', 'protocol', 'iiftype'];

const selectors = Object.fromEntries(
  metaKeys.map((name): [MetaKey, Selector] => {
    const { type, id } = keys[name];
    return [
      name,
      {
        type,
        ...(name === 'day' ? { context: { ...type, max: 6 } } : {}),
        typeofData: () => [uint32(0, TYPEOF_META), nested(1, [uint32(0, id)])],
        load: loads((register) => [{ type: 'meta', key: name, dreg: register }]),
        ...(learned.includes(name)
          ? { learn: (bytes, known) => known.learnMeta(name, toNumber(bytes, type.order)) }
          : {}),
        ...(name === 'protocol'
          ? {
              redundant: (bytes, family) =>
                (family === 'ip' || family === 'ip6') && toNumber(bytes, 'big') === familyProtocol[family].etherType,
            }
          : {}),
      },
    ];
  }),
) as Readonly<Record<MetaKey, Selector>>;
