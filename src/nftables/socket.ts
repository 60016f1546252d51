/** `{"socket": {"key": "transparent"}}`: the local socket that the packet belongs to. */

import { type Type, typeOf } from './datatypes.js';
import { checkObject, checkUint, oneOf } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

type Socket = Extract<Expression, { type: 'socket' }>;

const types: Readonly<Record<Socket['key'], Type>> = {
  transparent: typeOf('integer', 8, 'host'),
  mark: typeOf('mark'),
  wildcard: typeOf('integer', 8, 'host'),
  cgroupv2: typeOf('cgroupsv2'),
};

/** What it can be compared with: yes and no. */
const yesOrNo: Type = { ...types.transparent, max: 1 };

/** nft's numbers for user data, which are the kernel's. */
const TYPEOF_SOCKET = 10;
const ids: Readonly<Record<Socket['key'], number>> = { transparent: 0, mark: 1, wildcard: 2, cgroupv2: 3 };

export function compileSocket(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['key', 'level']);
  const key = oneOf(object['key'], `${path}.key`, Object.keys(types) as Socket['key'][]);
  const level = object['level'] === undefined ? 0 : checkUint(object['level'], `${path}.level`);
  const type = types[key];
  return {
    type,
    context: key === 'transparent' || key === 'wildcard' ? yesOrNo : undefined,
    typeofData: () => [uint32(0, TYPEOF_SOCKET), nested(1, [uint32(0, ids[key])])],
    load: (dreg) => [{ type: 'socket', key, dreg, level }],
  };
}

export function readSocket(reader: RuleReader, { key, dreg }: Socket): void {
  reader.setNamed(dreg, { socket: { key } }, types[key]);
}
