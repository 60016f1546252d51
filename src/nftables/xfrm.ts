/** `{"ipsec": {"key": "reqid", "dir": "in", "spnum": 0}}`: the IPsec state that the packet came by, or goes by. */

import { type Type, typeOf } from './datatypes.js';
import { checkObject, checkUint, oneOf, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { type Attribute, nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

type Xfrm = Extract<Expression, { type: 'xfrm' }>;

const types: Readonly<Record<Xfrm['key'], Type>> = {
  daddr_ip4: typeOf('ipv4_addr'),
  saddr_ip4: typeOf('ipv4_addr'),
  daddr_ip6: typeOf('ipv6_addr'),
  saddr_ip6: typeOf('ipv6_addr'),
  reqid: typeOf('integer', 32, 'host'),
  spi: typeOf('integer', 32, 'big'),
};

/** nft's numbers for user data, which are the kernel's. */
const TYPEOF_XFRM = 27;
const ids: Readonly<Record<Xfrm['key'], number>> = {
  daddr_ip4: 1,
  daddr_ip6: 2,
  saddr_ip4: 3,
  saddr_ip6: 4,
  reqid: 5,
  spi: 6,
};

export function compileXfrm(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['key', 'family', 'dir', 'spnum']);
  const name = oneOf(object['key'], `${path}.key`, ['daddr', 'saddr', 'reqid', 'spi'] as const);
  const dir = oneOf(object['dir'], `${path}.dir`, ['in', 'out'] as const);
  const spnum = object['spnum'] === undefined ? 0 : checkUint(object['spnum'], `${path}.spnum`, 255);
  const family = object['family'] === undefined ? undefined : oneOf(object['family'], `${path}.family`, ['ip', 'ip6']);
  const address = name === 'daddr' || name === 'saddr';
  if (address && family === undefined) throw wrongValue(path, `ipsec ${name} needs "family": "ip" or "ip6"`);
  const key = address ? (`${name}_${family === 'ip' ? 'ip4' : 'ip6'}` as const) : name;
  const type = types[key];
  const typeofData = (): readonly Attribute[] => [
    uint32(0, TYPEOF_XFRM),
    nested(1, [uint32(0, ids[key]), uint32(1, spnum), uint32(2, dir === 'in' ? 0 : 1)]),
  ];
  return { type, typeofData, load: (dreg) => [{ type: 'xfrm', dreg, key, dir, spnum }] };
}

export function readXfrm(reader: RuleReader, { dreg, key, dir, spnum }: Xfrm): void {
  const [name, version] = key.split('_');
  const family = version === undefined ? {} : { family: version === 'ip4' ? 'ip' : 'ip6' };
  reader.setNamed(dreg, { ipsec: { key: name, ...family, dir, spnum: spnum ?? 0 } }, types[key]);
}
