/** `{"osf": {"key": "name"}}`: the sender's operating system, by the fingerprint of its SYN. */

import { typeOf } from './datatypes.js';
import { checkObject, oneOf } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

/** How the packet's TTL is compared, by the kernel's number. */
const ttls = ['exact', 'loose', 'skip'] as const;

const name = typeOf('string', 128);

/** nft's number for user data. */
const TYPEOF_OSF = 11;

export function compileOsf(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['key', 'ttl']);
  const key = oneOf(object['key'], `${path}.key`, ['name', 'version'] as const);
  const ttl = object['ttl'] === undefined ? 'exact' : oneOf(object['ttl'], `${path}.ttl`, ['loose', 'skip'] as const);
  const flags = key === 'version' ? { flags: ['version' as const] } : {};
  return {
    type: name,
    typeofData: () => [uint32(0, TYPEOF_OSF), nested(1, [])],
    load: (dreg) => [{ type: 'osf', dreg, ttl: ttls.indexOf(ttl), ...flags }],
  };
}

export function readOsf(reader: RuleReader, { dreg, ttl, flags }: Extract<Expression, { type: 'osf' }>): void {
  const key = flags?.includes('version') === true ? 'version' : 'name';
  reader.setNamed(dreg, { osf: { key, ...(ttl ? { ttl: ttls[ttl] } : {}) } }, name);
}
