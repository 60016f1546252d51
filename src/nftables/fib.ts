/** `{"fib": {"result": "type", "flags": ["daddr"]}}`: what the routing tables say of the packet's addresses. */

import type { Type } from './datatypes.js';
import { typeOf } from './datatypes.js';
import { checkObject, oneOf, stringList, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { type Attribute, nested, uint32 } from './userdata.js';
import type { Expression, FibFlag } from './wire.js';

type Fib = Extract<Expression, { type: 'fib' }>;

const flagNames: readonly FibFlag[] = ['saddr', 'daddr', 'mark', 'iif', 'oif'];

/** nft's numbers for user data, which are the kernel's. */
const TYPEOF_FIB = 26;
const results = { oif: 1, oifname: 2, type: 3 } as const;
const flagBits: Readonly<Record<FibFlag, number>> = { saddr: 1, daddr: 2, mark: 4, iif: 8, oif: 16, present: 32 };

export function compileFib(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['result', 'flags']);
  const result = oneOf(object['result'], `${path}.result`, ['oif', 'oifname', 'type'] as const);
  const said = object['flags'] === undefined ? [] : stringList(object['flags'], `${path}.flags`, flagNames);
  if (said.includes('saddr') === said.includes('daddr'))
    throw wrongValue(`${path}.flags`, 'must have one of saddr and daddr');
  if (said.includes('iif') && said.includes('oif')) throw wrongValue(`${path}.flags`, 'cannot have both iif and oif');
  const flags = flagNames.filter((flag) => said.includes(flag));
  const plain = selector(result, flags);
  // `exists`, `missing`: the kernel is asked for that alone.
  return result === 'type' ? plain : { ...plain, presence: selector(result, [...flags, 'present']) };
}

function selector(result: Fib['result'], flags: readonly FibFlag[]): Selector {
  const type = resultType(result, flags);
  const typeofData = (): readonly Attribute[] => [
    uint32(0, TYPEOF_FIB),
    nested(1, [
      uint32(0, results[result]),
      uint32(
        1,
        flags.reduce((sum, flag) => sum | flagBits[flag], 0),
      ),
    ]),
  ];
  return { type, typeofData, load: (dreg) => [{ type: 'fib', dreg, result, flags }] };
}

/** nft takes presence for as long as the result would be. */
function resultType(result: Fib['result'], flags: readonly FibFlag[]): Type {
  const present = flags.includes('present');
  if (result === 'oifname') return present ? typeOf('boolean', 128) : typeOf('ifname');
  if (present) return typeOf('boolean', 32);
  return typeOf(result === 'type' ? 'fib_addrtype' : 'iface_index');
}

export function readFib(reader: RuleReader, { dreg, result, flags }: Fib): void {
  const type = resultType(result, flags);
  const said = flagNames.filter((flag) => flags.includes(flag));
  reader.setNamed(dreg, { fib: { result, ...(said.length === 0 ? {} : { flags: said }) } }, type);
}
