/**
 * Names of sets that have none of their own.
 *
 * Asked for "__set%d", the kernel looks for a free number among all sets of the table, and finds each such set only after it has looked
 * through them again for that name: of thousands in one transaction that is a third of its time. So where there are many, netloom finds the
 * numbers, as the kernel would: the lowest that are free. They are free in the generation that they were looked for in, and the
 * transaction is good for that one alone.
 */

import { insteadOf } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import { keyOf } from './existing.js';
import { readGeneration, whenGone } from './listing.js';
import type { Expression, Family, Mutable, Rule, SetDefinition, SetElements } from './wire.js';

/** So many in one table, and it pays to ask for the names that it has. */
const MANY = 64;

const operations = { sets: operation('nft.sets') };
const schemas = {
  set: operation('nft.newset').schema,
  elements: operation('nft.newsetelem').schema,
  rule: operation('nft.addrule').schema,
};

interface TableNamed {
  readonly family: Family;
  readonly table: string;
}

/** Tables in which requests make many sets without a name. */
export function crowdedTables(requests: readonly Request[]): readonly TableNamed[] {
  const counts = new Map<string, TableNamed & { count: number }>();
  for (const request of requests) {
    const set = namelessSet(request);
    if (set === undefined) continue;
    const key = keyOf(set.family, set.table, '');
    const found = counts.get(key);
    if (found === undefined) counts.set(key, { family: set.family, table: set.table, count: 1 });
    else found.count++;
  }
  return [...counts.values()].filter(({ count }) => count >= MANY);
}

/** What a set that is to be numbered is called: "__set", "__map", "__objmap"; and then "%d", or the number that it was given. */
const NUMBERED = /^(__(?:set|map|objmap))(?:%d|\d+)$/;

const isSet = ({ operation: { schema } }: Request): boolean => schema === schemas.set;

/** The set that a request makes, if it is one that is to be numbered. */
function namelessSet(request: Request): Mutable<SetDefinition> | undefined {
  if (!isSet(request)) return undefined;
  const { flags = [], name } = request.wire as unknown as SetDefinition;
  // A meter is without a name to the kernel, but has one that was said.
  const nameless = flags.includes('anonymous') && !flags.includes('eval') && NUMBERED.test(name);
  return nameless ? (request.wire as unknown as Mutable<SetDefinition>) : undefined;
}

/**
 * Numbers the sets of crowded tables, and resolves to the generation in which the numbers are free. Without `numbering`, where no table
 * is crowded, or where others change one all the time, the kernel finds them, and any generation will do.
 */
export async function settleNames(
  channel: Channel,
  requests: readonly Request[],
  numbering: boolean,
  options: CallOptions,
): Promise<number | undefined> {
  const tables = crowdedTables(requests);
  if (tables.length === 0) return undefined;
  const read = numbering ? await readNames(channel, tables, options) : undefined;
  if (read === undefined) {
    nameSets(requests, (_, prefix) => `${prefix}%d`);
    return undefined;
  }
  const { generation, listed } = read;
  const fullName = ({ family, table, name }: SetDefinition): string => keyOf(family, table, name);
  const named = requests.filter((request) => isSet(request) && namelessSet(request) === undefined);
  const taken = new Set([
    ...listed.map(fullName),
    ...named.map(({ wire }) => fullName(wire as unknown as SetDefinition)),
  ]);
  const crowded = new Set(tables.map(({ family, table }) => keyOf(family, table, '')));
  const next = new Map<string, number>();
  nameSets(requests, ({ family, table }, prefix) => {
    if (!crowded.has(keyOf(family, table, ''))) return `${prefix}%d`;
    const key = keyOf(family, table, prefix);
    let number = next.get(key) ?? 0;
    while (taken.has(`${key}${number}`)) number++;
    next.set(key, number + 1);
    return `${prefix}${number}`;
  });
  return generation;
}

/** The sets that tables have; undefined where others change them too often to be read. */
async function readNames(
  channel: Channel,
  tables: readonly TableNamed[],
  options: CallOptions,
): Promise<{ readonly generation: number; readonly listed: readonly SetDefinition[] } | undefined> {
  const [generation, ...listed] = await Promise.all([
    readGeneration(channel, options),
    ...tables.map(({ family, table }) =>
      channel.one({ operation: operations.sets, wire: { family, table } }, options).catch(whenGone).catch(whenChanged),
    ),
  ]);
  if (listed.includes(undefined)) return undefined;
  return { generation, listed: listed.flat() as unknown as SetDefinition[] };
}

const whenChanged = insteadOf('EINTR', undefined);

/** Renames sets, and what refers to them: their elements, and the rule that comes next. */
function nameSets(requests: readonly Request[], nameOf: (set: SetDefinition, prefix: string) => string): void {
  const names = new Map<number, string>();
  for (const request of requests) {
    const { schema } = request.operation;
    const set = namelessSet(request);
    if (set !== undefined) {
      set.name = nameOf(set, NUMBERED.exec(set.name)![1]!);
      names.set(set.id!, set.name);
    } else if (names.size === 0) {
      // Nothing here is of such a set.
    } else if (schema === schemas.elements) {
      rename(request.wire as unknown as SetElements, names);
    } else if (schema === schemas.rule) {
      for (const expression of (request.wire as unknown as Rule).expressions ?? [])
        if ('setId' in expression) rename(expression, names);
      names.clear();
    }
  }
}

function rename(
  reference: Extract<Expression, { setId?: unknown }> | SetElements,
  names: ReadonlyMap<number, string>,
): void {
  const name = reference.setId === undefined ? undefined : names.get(reference.setId);
  if (name !== undefined) (reference as { set: string }).set = name;
}
