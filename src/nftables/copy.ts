/** A ruleset made again, in another namespace, of what the kernel tells of it. */

import type { Request } from '../netlink/channel.js';
import { operation, type Wire } from '../netlink/codec.js';
import { chunks } from './chunks.js';
import type { Ruleset } from './listing.js';
import type { Chain, Expression, SetDefinition } from './wire.js';
import { compatOf } from './xt.js';

export interface Copy {
  readonly requests: readonly Request[];
  /** Of each request by its `index`: what it copies, as `handleKey` names it. */
  readonly keys: readonly string[];
}

/** Handles of all that is in a table come from one counter, those of tables from another. */
const handleKey = (kind: string, family: unknown, table: unknown, handle: unknown): string =>
  kind === 'table' ? `table ${family} ${handle}` : `${family} ${table} ${handle}`;

const knownExpressions = operation('nft.rules').reply?.byName.get('expressions')?.schema?.union?.variantIndex;

/** In an order in which nothing refers to what is not there yet. */
export function copyOf(ruleset: Ruleset): Copy {
  const requests: Request[] = [];
  const keys: string[] = [];
  const make = (kind: string, message: string, object: object, handle?: number): void => {
    const { family, table } = object as { readonly family: string; readonly table?: string };
    keys.push(handleKey(kind, family, table, handle));
    requests.push({
      operation: operation(message),
      wire: object as Wire,
      index: keys.length - 1,
      subject: `copy of a ${kind}`,
    });
  };
  for (const { family, name, flags, userdata, handle } of ruleset.tables)
    make('table', 'nft.newtable.echo', defined({ family, name, flags, userdata }), handle);
  for (const chain of ruleset.chains) make('chain', 'nft.newchain.echo', withoutKernels(chain), chain.handle);
  ruleset.sets.forEach((set, i) => {
    const { handle: _, count: __, ...definition } = set;
    make('set', 'nft.newset.echo', { ...definition, id: i + 1 } satisfies SetDefinition, set.handle);
  });
  for (const object of ruleset.objects) {
    const { handle, use: _, ...own } = object as typeof object & { readonly use?: number };
    make('object', 'nft.newobj.echo', own, handle);
  }
  for (const { handle, ...flowtable } of ruleset.flowtables)
    make('flowtable', 'nft.newflowtable.echo', flowtable, handle);
  for (const [{ family, table, name }, elements] of ruleset.elements)
    for (const part of chunks(elements))
      make('element', 'nft.newsetelem', { family, table, set: name, elements: part });
  for (const rule of ruleset.rules) {
    const { family, table, chain, userdata, expressions = [] } = rule;
    // What is not known here cannot be said again: the rule is there all the same, for others to stand next to.
    const known = expressions.filter(({ type }) => knownExpressions?.has(type) === true).map(asAsked);
    const copied = { family, table, chain, userdata, expressions: known, ...compatOf(family, known) };
    make('rule', 'nft.addrule.echo', defined(copied), rule.handle);
  }
  return { requests, keys };
}

function withoutKernels({ family, table, name, hook, policy, kind, userdata }: Chain): object {
  // One device is told twice.
  const { dev: _, ...by } = hook ?? { dev: undefined };
  const hooked = hook === undefined ? undefined : hook.devs === undefined ? hook : by;
  return defined({ family, table, name, hook: hooked, policy: hook && policy, kind: hook && kind, userdata });
}

/**
 * As the kernel takes it, where it tells something else: flags that there are none of are refused where they could be none
 * (nft_exthdr_tcp_set_init, nft_osf_init); so is a timeout of nothing, and a list of several expressions without the flag for it (nft_dynset_init).
 */
function asAsked(expression: Expression): Expression {
  const { flags, ...rest } = expression as Expression & { readonly flags?: unknown };
  const asked = Array.isArray(flags) && flags.length === 0 ? (rest as Expression) : expression;
  if (asked.type === 'exthdr' && asked.sreg === undefined && asked.dreg === undefined) {
    // An option to take out, which is told with its place (nft_exthdr_tcp_strip_init).
    const { offset: _, len: __, ...option } = asked;
    return option as Expression;
  }
  if (asked.type !== 'dynset') return asked;
  const { timeout, ...plain } = asked;
  return {
    ...plain,
    ...(timeout ? { timeout } : {}),
    ...(plain.expressions === undefined ? {} : { flags: [...(plain.flags ?? []), 'expr'] as const }),
  };
}

const defined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** The same request with the handles that the copies have. */
export function withHandlesOf(handles: ReadonlyMap<string, number>, request: Request): Request {
  const wire = request.wire as Wire;
  const kind =
    request.operation.name.includes('deltable') || request.operation.name.includes('destroytable') ? 'table' : '';
  const moved = (['handle', 'position'] as const)
    .filter((key) => wire[key] !== undefined)
    // One that there is not stays one that there is not.
    .map((key) => [
      key,
      handles.get(handleKey(kind, wire['family'], wire['table'], wire[key])) ?? Number.MAX_SAFE_INTEGER,
    ]);
  return moved.length === 0 ? request : { ...request, wire: { ...wire, ...Object.fromEntries(moved) } };
}

/** Devices that chains and flowtables are hooked to. */
export function devicesOf(wires: readonly object[]): readonly string[] {
  return wires.flatMap((wire) => {
    const { hook } = wire as Pick<Chain, 'hook'>;
    return [...(hook?.dev === undefined ? [] : [hook.dev]), ...(hook?.devs ?? [])];
  });
}
