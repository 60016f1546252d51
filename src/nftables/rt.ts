/** `{"rt": {"key": "nexthop", "family": "ip"}}`: the route that the packet takes. */

import type { RuleContext } from './context.js';
import { type Type, typeOf } from './datatypes.js';
import { checkObject, oneOf, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

type Rt = Extract<Expression, { type: 'rt' }>;

const types: Readonly<Record<Rt['key'], Type>> = {
  classid: typeOf('realm'),
  nexthop4: typeOf('ipv4_addr'),
  nexthop6: typeOf('ipv6_addr'),
  tcpmss: typeOf('integer', 16, 'host'),
  xfrm: typeOf('boolean'),
};

/** nft's numbers for user data, which are the kernel's. */
const TYPEOF_RT = 25;
const ids: Readonly<Record<Rt['key'], number>> = { classid: 0, nexthop4: 1, nexthop6: 2, tcpmss: 3, xfrm: 4 };

export function compileRt(value: unknown, path: string, context: RuleContext): Selector {
  const object = checkObject(value, path, ['key', 'family']);
  const name = oneOf(object['key'], `${path}.key`, ['classid', 'nexthop', 'mtu', 'ipsec'] as const);
  const said = object['family'] === undefined ? undefined : oneOf(object['family'], `${path}.family`, ['ip', 'ip6']);
  const key = name === 'nexthop' ? nexthop(context, said, path) : wireKeys[name];
  const type = types[key];
  return {
    type,
    typeofData: () => [uint32(0, TYPEOF_RT), nested(1, [uint32(0, ids[key])])],
    load: (dreg) => [{ type: 'rt', key, dreg }],
  };
}

const wireKeys = { classid: 'classid', mtu: 'tcpmss', ipsec: 'xfrm' } as const;

function nexthop(context: RuleContext, said: 'ip' | 'ip6' | undefined, path: string): 'nexthop4' | 'nexthop6' {
  const known = context.known.network?.name;
  const network = known === 'ip' || known === 'ip6' ? known : undefined;
  const family = said ?? network;
  if (family === undefined) throw wrongValue(path, 'rt nexthop needs "family": "ip" or "ip6"');
  if (network !== undefined && network !== family)
    throw wrongValue(path, `conflicting protocols: ${network}, then ${family}`);
  return family === 'ip' ? 'nexthop4' : 'nexthop6';
}

const jsonKeys: Readonly<Record<Rt['key'], object>> = {
  classid: { key: 'classid' },
  nexthop4: { key: 'nexthop', family: 'ip' },
  nexthop6: { key: 'nexthop', family: 'ip6' },
  tcpmss: { key: 'mtu' },
  xfrm: { key: 'ipsec' },
};

export function readRt(reader: RuleReader, { key, dreg }: Rt): void {
  reader.setNamed(dreg, { rt: jsonKeys[key] }, types[key]);
}
