/** What commands need to know of the kernel before they can be compiled: sets that they refer to, places of rules, handles of chains. */

import { NetlinkError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import { type CompileOptions, chainsIndexed, chainsRenamed, setsNeeded } from './compile.js';
import { isName } from './errors.js';
import { keyOf } from './existing.js';
import { families } from './filter.js';
import type { Command } from './json.js';
import { readGeneration, whenGone } from './listing.js';
import type { SetReferenced } from './references.js';
import type { ChainNamed } from './rule-places.js';
import type { Chain, Family, Rule, SetDefinition } from './wire.js';

const operations = { sets: operation('nft.sets'), chain: operation('nft.chain'), rules: operation('nft.rules') };

export interface Needed extends Pick<CompileOptions, 'findSet' | 'findRules' | 'findChain'> {
  /** What it is true of. */
  readonly generation: number;
}

/** What there is to ask for. */
export interface Needs {
  readonly sets: readonly SetReferenced[];
  readonly indexed: readonly ChainNamed[];
  readonly renamed: readonly ChainNamed[];
}

/** What commands refer to and do not make. */
export function needsOf(commands: readonly unknown[], family: Family | undefined): Needs {
  const sets = setsNeeded(commands as readonly Command[], { family }).filter(canBe);
  const indexed = chainsIndexed(commands, family).filter(canBe);
  const renamed = chainsRenamed(commands, family).filter(canBe);
  return { sets, indexed, renamed };
}

/** What cannot be is not asked for: the compiler says what is wrong with it. */
function canBe({ family, table, ...rest }: SetReferenced | ChainNamed): boolean {
  const names = [table, 'name' in rest ? rest.name : rest.chain];
  return families.includes(family) && names.every(isName);
}

/** All of it in one submission, the generation first: what is read is at least as new. */
export async function readNeeded(
  channel: Channel,
  { sets, indexed, renamed }: Needs,
  options?: CallOptions,
): Promise<Needed> {
  const ask = (request: Request): Promise<unknown[]> => channel.one(request, options).catch(whenGone);
  const tables = new Map(sets.map((set) => [keyOf(set.family, set.table, ''), set])).values();
  const rulesOf = ({ family, table, chain }: ChainNamed): Promise<unknown[]> =>
    ask({ operation: operations.rules, wire: { family, table, chain } });
  const chainOf = ({ family, table, chain }: ChainNamed): Promise<unknown[]> =>
    ask({ operation: operations.chain, wire: { family, table, name: chain } });
  const [generation, definitions, rules, chains] = await Promise.all([
    readGeneration(channel, options),
    Promise.all(
      Array.from(tables, ({ family, table }) => ask({ operation: operations.sets, wire: { family, table } })),
    ),
    Promise.all(indexed.map(rulesOf)),
    Promise.all(renamed.map(chainOf)),
  ]);
  const known = new Map(
    (definitions.flat() as SetDefinition[]).map((set) => [keyOf(set.family, set.table, set.name), set]),
  );
  const keyed = <T>(named: readonly ChainNamed[], of: (at: number) => T): ReadonlyMap<string, T> =>
    new Map(named.map(({ family, table, chain }, at) => [keyOf(family, table, chain), of(at)]));
  const handles = keyed(indexed, (at) => (rules[at] as Rule[]).flatMap(({ handle }) => handle ?? []));
  const chainHandles = keyed(renamed, (at) => (chains[at] as Chain[])[0]?.handle);
  return {
    generation,
    findSet: (family, table, name) => known.get(keyOf(family, table, name)),
    findRules: ({ family, table, chain }) => handles.get(keyOf(family, table, chain)),
    findChain: ({ family, table, chain }) => chainHandles.get(keyOf(family, table, chain)),
  };
}

/** What was read is past: another transaction has come between. */
export function isPast(error: unknown): boolean {
  return error instanceof NetlinkError && (error.code === 'ERESTART' || error.code === 'EAGAIN');
}
