/** Expressions that can stand on the left: one entry each. */

import { compileBitwise, compileShift, parseConstant } from './bitwise.js';
import type { RuleContext } from './context.js';
import { compileCt } from './ct.js';
import type { Type } from './datatypes.js';
import { checkArray, isObject, property, show, soleKey, wrongValue } from './errors.js';
import { compileExtension, extensionWords } from './exthdr.js';
import { compileFib } from './fib.js';
import { compileJhash, compileSymhash } from './hash.js';
import { compileMeta } from './meta.js';
import { compileNumgen } from './numgen.js';
import { compileOsf } from './osf.js';
import { compilePayload } from './payload.js';
import { REGISTER_WORDS, wordsFor } from './registers.js';
import { compileRt } from './rt.js';
import { bytesOf, inNetworkOrder, isPlain, type Selector, stepsOf } from './selector.js';
import { compileSocket } from './socket.js';
import { type Attribute, nested, uint32 } from './userdata.js';
import { compileXfrm } from './xfrm.js';

type Compile = (value: unknown, path: string, context: RuleContext) => Selector;

const compilers: ReadonlyMap<string, Compile> = new Map(
  Object.entries<Compile>({
    payload: compilePayload,
    meta: compileMeta,
    ct: compileCt,
    fib: compileFib,
    rt: compileRt,
    socket: compileSocket,
    osf: compileOsf,
    numgen: compileNumgen,
    jhash: compileJhash,
    symhash: compileSymhash,
    ipsec: compileXfrm,
    ...Object.fromEntries(extensionWords.map(([word, op]) => [word, compileExtension(op)])),
    '&': (value, path, context) => compileBitwise(value, '&', path, context),
    '|': (value, path, context) => compileBitwise(value, '|', path, context),
    '<<': (value, path, context) => compileShift(value, '<<', path, context),
    '>>': (value, path, context) => compileShift(value, '>>', path, context),
    '^': (value, path, context) => compileBitwise(value, '^', path, context),
  }),
);

export function compileSelector(value: unknown, path: string, context: RuleContext): Selector {
  const [name, operand] = soleKey(value, path, 'an expression');
  return compileNamed(name, operand, path, context);
}

function compileNamed(name: string, operand: unknown, path: string, context: RuleContext): Selector {
  const compile = compilers.get(name);
  if (compile === undefined)
    throw wrongValue(path, `unknown expression ${show(name)}; known are ${[...compilers.keys()].join(', ')}, concat`);
  return compile(operand, path + property(name), context);
}

/** A datatype number holds five. */
const MAX_FIELDS = 5;

/** One expression, or the fields of a concatenation, among which may be constants where it is known of which `types` they are. */
export function compileKey(
  value: unknown,
  path: string,
  context: RuleContext,
  types: readonly Type[] = [],
): readonly Selector[] {
  const [name, operand] = soleKey(value, path, 'an expression');
  if (name !== 'concat') return [compileNamed(name, operand, path, context)];
  const fields = checkArray(operand, `${path}.concat`);
  if (fields.length < 2) throw wrongValue(`${path}.concat`, 'needs at least two fields');
  const key = fields.map((field, i) => {
    const at = `${path}.concat[${i}]`;
    const type = types[i];
    return type === undefined || isObject(field)
      ? compileSelector(field, at, context)
      : constantField(type, parseConstant(field, at, type, context));
  });
  const words = key.reduce((sum, field) => sum + wordsFor(bytesOf(field)), 0);
  if (key.length > MAX_FIELDS || words > REGISTER_WORDS) {
    throw wrongValue(`${path}.concat`, `has more than ${MAX_FIELDS} fields or ${REGISTER_WORDS * 4} bytes`);
  }
  return key;
}

const constantField = (type: Type, value: Uint8Array): Selector => ({
  type,
  load: (register) => [{ type: 'immediate', dreg: register, data: { value } }],
});

const TYPEOF_CONCAT = 13;

/** What a set is `typeof`, in its user data: the whole field, however it stands in what is loaded. Of presence it would say another type. */
export function typeofExpression(type: number, key: readonly Selector[]): Attribute | undefined {
  if (key.some((field) => field.typeofData === undefined || field.element !== undefined)) return undefined;
  return key.length === 1 ? nested(type, key[0]!.typeofData!()) : concatTypeof(type, key);
}

/** A key in the user data of a set, or undefined where nft's format has no word for it. `interval`: of a set of intervals. */
export function typeofKey(type: number, key: readonly Selector[], interval: boolean = false): Attribute | undefined {
  if (key.some((field) => field.typeofData === undefined)) return undefined;
  const [single] = key;
  if (key.length === 1) return isPlain(single!) ? nested(type, single!.typeofData!()) : undefined;
  // nft looks through one operation, and loses the name of what it has to turn into network order.
  const lost = key.some((field) => stepsOf(field).length > 1 || (interval && inNetworkOrder(field) !== field));
  return lost ? undefined : concatTypeof(type, key);
}

const concatTypeof = (type: number, key: readonly Selector[]): Attribute =>
  nested(type, [
    uint32(0, TYPEOF_CONCAT),
    nested(
      1,
      key.map((field, i) => nested(i, field.typeofData!())),
    ),
  ]);
