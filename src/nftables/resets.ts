/** `nft reset`: what counts begins anew, and what it had counted is told. */

import { NetlinkError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import { decompileObject, decompileRule, decompileSet } from './decompile.js';
import { compileElements } from './elements.js';
import { checkName, checkObject, checkUint, oneOf, wrongValue } from './errors.js';
import { MAX_HANDLE } from './existing.js';
import { families } from './filter.js';
import { elementsOf, elementsRequest, type Interfaces, setFinders } from './listing.js';
import { withNames } from './names.js';
import { setInfo } from './sets.js';
import type { Family, NamedObject, Rule, SetDefinition, SetElement } from './wire.js';

export interface ResetFilter {
  /** `ip` where none is said. */
  readonly family?: Family;
  /** Without: in every table of the family. */
  readonly table?: string;
  /**
   * Default: named counters and quotas. `'rule'` (Linux 6.2): counters and quotas of rules. `'set'`, `'map'` (Linux 6.5): those of all
   * elements; `'element'`: of some.
   */
  readonly kind?: 'counter' | 'counters' | 'quota' | 'quotas' | 'rule' | 'rules' | 'set' | 'map' | 'element';
  /** One counter or quota, which needs `table` and `kind`; the set or map. */
  readonly name?: string;
  /** Of rules: those of one chain. */
  readonly chain?: string;
  /** Of rules: one, which needs `table` and `chain`. */
  readonly handle?: number;
  /** Of a set or map: keys. */
  readonly elem?: unknown;
}

const operations = {
  object: operation('nft.resetobj'),
  objects: operation('nft.resetobjs'),
  rule: operation('nft.resetrule'),
  rules: operation('nft.resetrules'),
  element: operation('nft.resetelem'),
  elements: operation('nft.resetelems'),
  sets: operation('nft.sets'),
  set: operation('nft.set'),
};

const KEYS = ['family', 'table', 'kind', 'name', 'chain', 'handle', 'elem'];
export const resetKinds = ['counter', 'counters', 'quota', 'quotas', 'rule', 'rules', 'set', 'map', 'element'] as const;

/** A filter, checked. */
export interface Reset {
  readonly family: Family;
  readonly table?: string;
  readonly kind?: 'counter' | 'quota' | 'rule' | 'set' | 'element';
  readonly name?: string;
  readonly chain?: string;
  readonly handle?: number;
  readonly elem?: unknown;
}

/** `path` is where it stands in what the caller gave. */
export function checkReset(filter: ResetFilter, path: string = 'filter'): Reset {
  checkObject(filter, path, KEYS);
  const { family = 'ip', elem } = filter;
  const said = filter.kind === undefined ? undefined : oneOf(filter.kind, `${path}.kind`, resetKinds);
  const kind = said === 'map' ? 'set' : (said?.replace(/s$/, '') as Reset['kind']);
  const names = (['table', 'name', 'chain'] as const).flatMap((key) =>
    filter[key] === undefined ? [] : [[key, checkName(filter[key], `${path}.${key}`)] as const],
  );
  const handle = filter.handle === undefined ? {} : { handle: checkUint(filter.handle, `${path}.handle`, MAX_HANDLE) };
  const reset: Reset = {
    family: oneOf(family, `${path}.family`, families),
    ...Object.fromEntries(names),
    ...(kind === undefined ? {} : { kind }),
    ...handle,
    ...(elem === undefined ? {} : { elem }),
  };
  if (reset.name !== undefined && (reset.table === undefined || kind === undefined))
    throw wrongValue(`${path}.name`, 'needs a table and a kind');
  if (reset.chain !== undefined && (reset.table === undefined || kind !== 'rule'))
    throw wrongValue(`${path}.chain`, 'is for rules, and needs a table');
  if (reset.handle !== undefined && reset.chain === undefined)
    throw wrongValue(`${path}.handle`, 'needs a table and a chain');
  if ((kind === 'set' || kind === 'element') && reset.name === undefined)
    throw wrongValue(`${path}.name`, 'is needed to reset elements');
  if ((elem !== undefined) !== (kind === 'element')) throw wrongValue(`${path}.elem`, "goes with the kind 'element'");
  return reset;
}

export async function resetObjects(
  channel: Channel,
  interfaces: Interfaces,
  reset: Reset,
  options?: CallOptions,
): Promise<Record<string, unknown>[]> {
  switch (reset.kind) {
    case 'rule':
      return resetRules(channel, interfaces, reset, options);
    case 'set':
    case 'element':
      return resetElements(channel, interfaces, reset, options);
    default: {
      const { family, table, kind, name } = reset;
      const wire = { family, ...(table && { table }), ...(kind && { type: kind }), ...(name && { name }) };
      const request = { operation: name === undefined ? operations.objects : operations.object, wire };
      const replies = (await channel.one(
        { ...request, subject: subjectOf(reset) },
        options,
      )) as unknown as NamedObject[];
      return replies.map((object) => ({ ...decompileObject(object) }));
    }
  }
}

async function resetRules(
  channel: Channel,
  interfaces: Interfaces,
  { family, table, chain, handle }: Reset,
  options?: CallOptions,
): Promise<Record<string, unknown>[]> {
  const wire = { family, ...(table && { table }), ...(chain && { chain }), ...(handle && { handle }) };
  const request: Request = {
    operation: handle === undefined ? operations.rules : operations.rule,
    wire,
    subject: subjectOf({ family, ...(table && { table }), ...(chain && { chain }) }),
  };
  // What rules look things up in does not count, so it may be read after them.
  const rules = (await channel.one(request, options)) as unknown as Rule[];
  const listed = (await channel.one(
    { operation: operations.sets, wire: { family, ...(table && { table }) } },
    options,
  )) as unknown as SetDefinition[];
  const nameless = listed.filter((set) => set.flags?.includes('anonymous') === true);
  const elements = new Map<SetDefinition, readonly SetElement[]>();
  await Promise.all(
    nameless.map(async (set) => elements.set(set, elementsOf(await channel.one(elementsRequest(set), options)))),
  );
  const findersOf = setFinders(listed, elements);
  return withNames(
    (names) => rules.map((rule) => decompileRule(rule, { ...names, findSet: findersOf(rule.family, rule.table) })),
    () => interfaces(options),
  );
}

/** The set or map, with those elements that were reset. */
async function resetElements(
  channel: Channel,
  interfaces: Interfaces,
  reset: Reset,
  options?: CallOptions,
): Promise<Record<string, unknown>[]> {
  const { family, table, name, elem } = reset;
  const subject = subjectOf(reset);
  const wire = { family, table, set: name };
  const [definition] = (await channel.one(
    { operation: operations.set, wire: { family, table, name }, subject },
    options,
  )) as unknown as SetDefinition[];
  if (definition === undefined) throw new NetlinkError({ errno: 2, syscall: 'NFT_MSG_GETSET', subject });
  const keys = await withNames(
    (names) => (elem === undefined ? undefined : compileKeys(definition, elem, names)),
    () => interfaces(options),
  );
  const requests =
    keys === undefined
      ? [{ operation: operations.elements, wire, subject }]
      : keys
          .filter(hasState)
          .map((key) => ({ operation: operations.element, wire: { ...wire, elements: [key] }, subject }));
  const replies = await channel.ask<Record<string, unknown>>(requests, undefined, options);
  // The kernel tells where an interval begins; where it ends was said.
  const elements = [...elementsOf(replies), ...(keys?.filter((key) => !hasState(key)) ?? [])];
  return withNames(
    (names) => [decompileSet(definition, elements, names) as Record<string, unknown>],
    () => interfaces(options),
  );
}

/** The end of an interval counts nothing. */
const hasState = ({ flags }: SetElement): boolean => !flags?.includes('interval-end');

function compileKeys(
  definition: SetDefinition,
  elem: unknown,
  names: Parameters<typeof compileElements>[2]['names'],
): readonly SetElement[] {
  const { key, flags } = setInfo(definition);
  const interval = flags.includes('interval');
  const how = { key, interval, merge: false, anonymous: false, fresh: false, names };
  return compileElements(elem, 'elem', how).elements;
}

const subjectOf = ({ family, table, kind, name, chain }: Reset): string =>
  [family, table, kind, chain, name].filter((part) => part !== undefined).join(' ');
