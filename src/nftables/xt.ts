/**
 * `{"xt": {"type": "match", "name": "comment", "rev": 0, "info": "..."}}`: what iptables-nft makes of an extension of iptables. nft lists its type and
 * name; its revision and its own bytes, in base64, are listed too, so that it can be made anew.
 */

import { toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { checkObject, checkString, checkUint, oneOf, wrongValue } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Expression, Family, Rule } from './wire.js';

type Extension = Extract<Expression, { type: 'match' | 'target' }>;

/** NFT_NAME_MAXLEN of xtables: XT_EXTENSION_MAXNAMELEN with the NUL. */
const NAME_MAX = 28;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function compileXt(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['type', 'name', 'rev', 'info']);
  const type = oneOf(object['type'], `${path}.type`, ['match', 'target', 'watcher'] as const);
  if (type === 'watcher' && context.family !== 'bridge')
    throw wrongValue(`${path}.type`, 'of a watcher is for the family bridge');
  const name = checkString(object['name'], `${path}.name`);
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > NAME_MAX)
    throw wrongValue(`${path}.name`, `must be an extension's name of 1 to ${NAME_MAX} bytes`);
  if (object['info'] === undefined)
    throw wrongValue(
      path,
      'needs the bytes of the extension as "info", which nft does not list: let netloom list the rule, or iptables make it',
    );
  const info = checkString(object['info'], `${path}.info`);
  if (!BASE64.test(info)) throw wrongValue(`${path}.info`, 'must be base64');
  const rev = object['rev'] === undefined ? 0 : checkUint(object['rev'], `${path}.rev`, 0xff);
  context.act({
    type: type === 'match' ? 'match' : 'target',
    name,
    rev,
    info: Uint8Array.from(Buffer.from(info, 'base64')),
  });
}

/** Targets of ebtables that go on. */
const watchers = ['log', 'nflog'];

export function readXt(reader: RuleReader, { type, name, rev = 0, info }: Extension): void {
  const watches = reader.family === 'bridge' && type === 'target' && watchers.includes(name);
  reader.act({
    xt: { type: watches ? 'watcher' : type, name, rev, info: Buffer.from(info ?? []).toString('base64') },
  });
}

/** NFT_RULE_COMPAT_F_INV */
const INVERTED = 2;

/**
 * The kernel checks extensions against the protocol that the rule is for (nft_compat): iptables says it, and matches it, too.
 * Nothing for rules without extensions.
 */
export function compatOf(family: Family, expressions: readonly Expression[]): Pick<Rule, 'compat'> {
  if (!expressions.some(isXt)) return {};
  for (let i = 0; i < expressions.length; i++) {
    const load = expressions[i]!;
    const cmp = expressions[i + 1];
    if (cmp?.type !== 'cmp' || cmp.data.value === undefined || (cmp.op !== 'eq' && cmp.op !== 'neq')) continue;
    if (!loadsProtocol(family, load)) continue;
    // Also ether types, which ebtables leaves in the order that they are sent in.
    return { compat: { proto: toNumber(cmp.data.value, 'host'), flags: cmp.op === 'neq' ? INVERTED : 0 } };
  }
  return { compat: { proto: 0, flags: 0 } };
}

const isXt = ({ type }: Expression): boolean => type === 'match' || type === 'target';

/** `ether type` of ebtables; of others `meta l4proto`, `ip protocol`, `ip6 nexthdr`. */
function loadsProtocol(family: Family, load: Expression): boolean {
  if (load.type === 'meta') return load.key === (family === 'bridge' ? 'protocol' : 'l4proto');
  if (load.type !== 'payload') return false;
  if (family === 'bridge') return load.base === 'link' && load.len === 2 && load.offset === 12;
  return load.base === 'network' && load.len === 1 && load.offset === (family === 'ip' ? 9 : 6);
}
