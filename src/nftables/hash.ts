/** `{"jhash": {"mod": 2, "expr": ...}}`: a number made of what is read; `symhash`: of the packet's flow, both ways alike. */

import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { checkObject, checkUint } from './errors.js';
import { compileKey } from './expressions.js';
import { keyJson, keyTrees } from './lookups.js';
import { checkModulus, countedTo } from './numgen.js';
import type { RuleReader } from './reader.js';
import { nextRegister, registerAt, wordOf, wordsFor } from './registers.js';
import { bytesOf, loadSelector, type Selector } from './selector.js';
import { type Attribute, nested, uint32 } from './userdata.js';
import type { Expression, Register } from './wire.js';

const number = typeOf('integer', 32, 'host');

/** nft's numbers for user data; of the kind of hash the kernel's. */
const TYPEOF_HASH = 24;

function typeofHash(kind: number, modulus: number, offset: number, seed?: number): readonly Attribute[] {
  const numbers = [kind, offset, modulus, seed ?? 0, Number(seed !== undefined)];
  return [
    uint32(0, TYPEOF_HASH),
    nested(
      1,
      numbers.map((number, i) => uint32(i, number)),
    ),
  ];
}

export function compileJhash(value: unknown, path: string, context: RuleContext): Selector {
  const object = checkObject(value, path, ['mod', 'offset', 'expr', 'seed']);
  const key = compileKey(object['expr'], `${path}.expr`, context);
  const modulus = checkModulus(object['mod'], `${path}.mod`);
  const offset = object['offset'] === undefined ? 0 : checkUint(object['offset'], `${path}.offset`);
  const seed: { readonly seed?: number } =
    object['seed'] === undefined ? {} : { seed: checkUint(object['seed'], `${path}.seed`) };
  const [single] = key;
  const len = key.length === 1 ? bytesOf(single!) : key.reduce((sum, field) => sum + wordsFor(bytesOf(field)) * 4, 0);
  return {
    type: number,
    context: countedTo(modulus, offset),
    typeofData: () => typeofHash(0, modulus, offset, seed.seed),
    // What is hashed stands behind the result.
    load: (dreg) => [
      ...fieldsBehind(key, dreg),
      {
        type: 'hash',
        kind: 'jenkins',
        sreg: registerAt(nextRegister(wordOf(dreg), 1)),
        dreg,
        len,
        modulus,
        ...seed,
        offset,
      },
    ],
  };
}

function fieldsBehind(key: readonly Selector[], dreg: Register): readonly Expression[] {
  let word = nextRegister(wordOf(dreg), 1);
  return key.flatMap((field) => {
    const register = registerAt(word);
    word += wordsFor(bytesOf(field));
    return loadSelector(field, register);
  });
}

export function compileSymhash(value: unknown, path: string): Selector {
  const object = checkObject(value, path, ['mod', 'offset']);
  const modulus = checkModulus(object['mod'], `${path}.mod`);
  const offset = object['offset'] === undefined ? 0 : checkUint(object['offset'], `${path}.offset`);
  return {
    type: number,
    context: countedTo(modulus, offset),
    typeofData: () => typeofHash(1, modulus, offset),
    load: (dreg) => [{ type: 'hash', kind: 'sym', dreg, modulus, offset }],
  };
}

export function readHash(reader: RuleReader, hash: Extract<Expression, { type: 'hash' }>): void {
  const offset = hash.offset ? { offset: hash.offset } : {};
  if (hash.kind === 'sym') return reader.setNamed(hash.dreg, { symhash: { mod: hash.modulus, ...offset } }, number);
  const key = keyTrees(reader, hash.sreg ?? 1, hash.len);
  if (key.length === 0) return reader.unknown('hash');
  const seed = hash.seed === undefined ? {} : { seed: hash.seed };
  reader.setNamed(hash.dreg, { jhash: { mod: hash.modulus, ...seed, ...offset, expr: keyJson(reader, key) } }, number);
}
