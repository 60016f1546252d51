/** `{"numgen": {"mode": "inc", "mod": 2}}`: counts up, or throws dice. */

import { type Type, typeOf } from './datatypes.js';
import { checkObject, checkUint, oneOf, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Selector } from './selector.js';
import { nested, uint32 } from './userdata.js';
import type { Expression } from './wire.js';

const number = typeOf('integer', 32, 'host');

/** nft's number for user data. */
const TYPEOF_NUMGEN = 23;

export function compileNumgen(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['mode', 'mod', 'offset']);
  const kind = oneOf(object['mode'], `${path}.mode`, ['inc', 'random'] as const);
  const modulus = checkModulus(object['mod'], `${path}.mod`);
  const offset = object['offset'] === undefined ? 0 : checkUint(object['offset'], `${path}.offset`);
  return {
    type: number,
    context: countedTo(modulus, offset),
    typeofData: () => [
      uint32(0, TYPEOF_NUMGEN),
      nested(1, [uint32(0, kind === 'inc' ? 0 : 1), uint32(1, modulus), uint32(2, offset)]),
    ],
    load: (dreg) => [{ type: 'numgen', dreg, kind, modulus, offset }],
  };
}

/** What it can be compared with. nft bounds it by nothing where only one number can come. */
export function countedTo(modulus: number, offset: number): Type {
  const { datatype, bits, order } = number;
  const max = modulus + offset - 1;
  return max === 0 ? number : { datatype, bits, order, max };
}

export function checkModulus(value: unknown, path: string): number {
  const modulus = checkUint(value, path);
  if (modulus === 0) throw wrongValue(path, 'must be at least 1');
  return modulus;
}

export function readNumgen(reader: RuleReader, expression: Extract<Expression, { type: 'numgen' }>): void {
  const { dreg, kind, modulus, offset } = expression;
  reader.setNamed(dreg, { numgen: { mode: kind, mod: modulus, offset: offset ?? 0 } }, number);
}
