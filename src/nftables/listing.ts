/**
 * `nft list`: asks the kernel for what a filter needs and no more, and writes it in nft's own order.
 *
 *   filter ──checkFilter──> Selection ──dumps──> Ruleset ──elements──> objects of libnftables-json
 *
 * All of it is of one generation: the dumps leave together, and are repeated if the ruleset changed between them.
 */

import { insteadOf, NetlinkError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { Names } from './datatypes.js';
import {
  decompileChain,
  decompileFlowtable,
  decompileObject,
  decompileRule,
  decompileSet,
  decompileTable,
} from './decompile.js';
import { keyOf } from './existing.js';
import type { Part, Selection } from './filter.js';
import { type Interface, withNames } from './names.js';
import type { ReadableSet } from './reader.js';
import type { Chain, Family, Flowtable, NamedObject, Rule, SetDefinition, SetElement, Table } from './wire.js';

const operations = {
  tables: operation('nft.tables'),
  chains: operation('nft.chains'),
  rules: operation('nft.rules'),
  sets: operation('nft.sets'),
  objects: operation('nft.objs'),
  flowtables: operation('nft.flowtables'),
  elements: operation('nft.setelems'),
  generation: operation('nft.generation'),
};

/** Of one object, by its name. */
const single: Readonly<Partial<Record<Part, Request['operation']>>> = {
  tables: operation('nft.table'),
  chains: operation('nft.chain'),
  sets: operation('nft.set'),
  objects: operation('nft.obj'),
  flowtables: operation('nft.flowtable'),
};

/** How often it is begun anew when the ruleset changes under it. */
const attempts = 10;

export type Interfaces = (options?: CallOptions) => Promise<readonly Interface[]>;

/** What the kernel holds, as its own objects. */
export interface Ruleset {
  readonly tables: readonly Table[];
  readonly chains: readonly Chain[];
  readonly rules: readonly Rule[];
  readonly sets: readonly SetDefinition[];
  readonly objects: readonly NamedObject[];
  readonly flowtables: readonly Flowtable[];
  readonly elements: ReadonlyMap<SetDefinition, readonly SetElement[]>;
  /** Undefined where it was not asked for. */
  readonly generation: number | undefined;
}

export async function listObjects(
  channel: Channel,
  interfaces: Interfaces,
  selection: Selection,
  options?: CallOptions,
): Promise<Record<string, unknown>[]> {
  const ruleset = await readRuleset(channel, selection, options);
  const listed = await withNames(
    (names) => listOf(ruleset, selection, names),
    () => interfaces(options),
  );
  if (selection.one !== undefined && listed.length === 0) throw missing(selection);
  return listed;
}

/** The generation of the ruleset: it changes with every transaction. */
export async function readGeneration(channel: Channel, options?: CallOptions): Promise<number> {
  const [reply] = await channel.one({ operation: operations.generation, wire: {} }, options);
  return reply?.['id'] as number;
}

export async function readRuleset(channel: Channel, selection: Selection, options?: CallOptions): Promise<Ruleset> {
  const generation = (): Promise<number> => readGeneration(channel, options);
  const ask = (request: Request): Promise<Record<string, unknown>[]> => channel.one(request, options).catch(whenGone);
  const requests = requestsFor(selection);
  const alone = requests.length === 1;
  const mayNeedElements = selection.elements && selection.parts.includes('sets');
  for (let attempt = 0; attempt < attempts; attempt++) {
    // One dump is of one generation by itself, or the kernel says that it is not.
    const [before, parts, after] = await Promise.all([
      alone && !mayNeedElements ? undefined : generation(),
      allOf(requests, ask),
      alone ? undefined : generation(),
    ]);
    if (!alone && before !== after) continue;
    const ruleset = select(parts, selection);
    const filled = ruleset.sets.filter(needsElements(selection, ruleset.rules));
    if (filled.length === 0) return { ...ruleset, elements: new Map(), generation: before };
    const [lists, later] = await Promise.all([
      Promise.all(filled.map(async (set) => [set, elementsOf(await ask(elementsRequest(set)))] as const)),
      generation(),
    ]);
    if (later === before) return { ...ruleset, elements: new Map(lists), generation: before };
  }
  throw new NetlinkError({
    errno: 4,
    syscall: 'NFT_MSG_GETRULE',
    kernelMessage: `the ruleset changed during each of ${attempts} attempts to list it`,
  });
}

type Parts = { readonly [P in Part]?: readonly Record<string, unknown>[] };

async function allOf(
  requests: readonly (readonly [Part, Request])[],
  ask: (request: Request) => Promise<Record<string, unknown>[]>,
): Promise<Parts> {
  return Object.fromEntries(await Promise.all(requests.map(async ([part, request]) => [part, await ask(request)])));
}

/** The kernel searches by as much as it can of what is said: the rest is left out afterwards. */
function requestsFor({ parts, family, table, chain, name, object, one }: Selection): (readonly [Part, Request])[] {
  // Rules are not to be read without the sets that they look things up in.
  const needed = parts.includes('rules') && !parts.includes('sets') ? [...parts, 'sets' as const] : parts;
  const inFamily = { family: family ?? 'unspec' };
  const inTable = { ...inFamily, ...(table === undefined ? {} : { table }) };
  const type = object === undefined ? {} : { type: object };
  return needed.map((part): readonly [Part, Request] => {
    const alone = one !== undefined && name !== undefined && part === parts[0] ? single[part] : undefined;
    if (alone !== undefined) return [part, { operation: alone, wire: { ...inTable, name, ...type } }];
    switch (part) {
      case 'tables':
        return family !== undefined && table !== undefined
          ? [part, { operation: single.tables!, wire: { family, name: table } }]
          : [part, { operation: operations.tables, wire: inFamily }];
      case 'chains':
        return [part, { operation: operations.chains, wire: inFamily }];
      case 'rules':
        // Without a family the kernel stops at the first table of the name (nf_tables_dump_rules).
        return [
          part,
          {
            operation: operations.rules,
            wire: family === undefined ? inFamily : { ...inTable, ...(table && chain ? { chain } : {}) },
          },
        ];
      case 'sets':
        // The table is looked up, and there is none without a family.
        return [part, { operation: operations.sets, wire: family === undefined ? inFamily : inTable }];
      case 'objects':
        return [part, { operation: operations.objects, wire: { ...inTable, ...type } }];
      case 'flowtables':
        return [part, { operation: operations.flowtables, wire: inTable }];
    }
  });
}

function select(
  parts: Parts,
  { table, chain, name, object, sets, parts: asked }: Selection,
): Omit<Ruleset, 'elements' | 'generation'> {
  const inTable = (part: Part): readonly never[] =>
    (parts[part] ?? []).filter((found) => table === undefined || found['table'] === table) as never[];
  /** Of what is listed alone. */
  const called = <T extends { readonly name?: string }>(part: Part, found: readonly T[]): readonly T[] =>
    name === undefined || asked[0] !== part ? found : found.filter((each) => each.name === name);
  const tables = (parts.tables ?? []) as unknown as readonly Table[];
  const all = inTable('sets') as readonly SetDefinition[];
  return {
    tables: called('tables', table === undefined ? tables : tables.filter((each) => each.name === table)),
    chains: called('chains', inTable('chains') as readonly Chain[]).filter(
      (each) => chain === undefined || each.name === chain,
    ),
    rules: (inTable('rules') as readonly Rule[]).filter((rule) => chain === undefined || rule.chain === chain),
    sets: called('sets', sets === 'all' ? all : all.filter((set) => kindOf(set) === sets)),
    objects: called('objects', inTable('objects') as readonly NamedObject[]).filter(
      (each) => object === undefined || each.type === object,
    ),
    flowtables: called('flowtables', inTable('flowtables') as readonly Flowtable[]),
  };
}

function kindOf({ flags = [] }: SetDefinition): 'set' | 'map' | 'meter' | undefined {
  if (flags.includes('anonymous')) return flags.includes('eval') ? 'meter' : undefined;
  return flags.includes('map') || flags.includes('object') ? 'map' : 'set';
}

/** Of those that are listed, unless they are not wanted, and of those without a name that rules refer to. */
function needsElements({ parts, elements, chain }: Selection, rules: readonly Rule[]): (set: SetDefinition) => boolean {
  const alone = !parts.includes('rules');
  // Where all rules are listed, each such set is one of theirs.
  const used = chain === undefined ? undefined : new Set(rules.flatMap(setsOf));
  return (set) => {
    if (!set.flags?.includes('anonymous')) return elements && parts.includes('sets');
    return alone ? elements : used === undefined || used.has(`${set.family} ${set.table} ${set.name}`);
  };
}

const setsOf = ({ family, table, expressions = [] }: Rule): string[] =>
  expressions.flatMap((expression) =>
    'set' in expression && typeof expression.set === 'string' ? [`${family} ${table} ${expression.set}`] : [],
  );

export const elementsRequest = ({ family, table, name }: SetDefinition): Request => ({
  operation: operations.elements,
  wire: { family, table, set: name },
  subject: `${family} ${table} ${name}`,
});

export const elementsOf = (replies: readonly Record<string, unknown>[]): SetElement[] =>
  replies.flatMap((reply) => (reply['elements'] ?? []) as SetElement[]);

/** What went between two requests, or was never there, is not listed. */
export const whenGone: (error: unknown) => Record<string, unknown>[] = insteadOf('ENOENT', []);

/** In nft's own order: of each table its objects, sets, chains, and then the rules. */
function listOf(ruleset: Ruleset, { parts }: Selection, names: Names): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = [];
  const whole = parts.includes('tables');
  const { elements } = ruleset;
  const objectsOf = byTable(ruleset.objects);
  const setsOf = byTable(ruleset.sets);
  const flowtablesOf = byTable(ruleset.flowtables);
  const chainsOf = byTable(ruleset.chains);
  const rulesOf = byTable(ruleset.rules);
  const findersOf = setFinders(ruleset.sets, elements);
  for (const { family, table, definition } of tablesOf(ruleset)) {
    if (definition !== undefined) objects.push(decompileTable(definition));
    for (const object of objectsOf(family, table)) objects.push(decompileObject(object));
    const listed = parts.includes('sets') ? setsOf(family, table) : [];
    // Those without a name are told by their rules; meters alone have one that can be asked for.
    for (const set of whole ? listed.filter((each) => !each.flags?.includes('anonymous')) : listed)
      objects.push(decompileSet(set, elements.get(set), names) as Record<string, unknown>);
    for (const flowtable of flowtablesOf(family, table)) objects.push(decompileFlowtable(flowtable));
    for (const chain of chainsOf(family, table)) objects.push(decompileChain(chain));
    // The kernel tells them chain by chain, in the order of the chains.
    const options = { ...names, findSet: findersOf(family, table) };
    for (const rule of rulesOf(family, table)) objects.push(decompileRule(rule, options));
  }
  return objects;
}

/** What stands in each table, in the order that it came in. */
function byTable<T extends { readonly family: Family; readonly table: string }>(
  all: readonly T[],
): (family: Family, table: string) => readonly T[] {
  const tables = new Map<string, T[]>();
  let last: T | undefined;
  let list: T[] = [];
  for (const object of all) {
    // Most stand beside another one.
    if (last === undefined || last.table !== object.table || last.family !== object.family) {
      const key = keyOf(object.family, object.table, '');
      list = tables.get(key) ?? [];
      tables.set(key, list);
    }
    list.push(object);
    last = object;
  }
  return (family, table) => tables.get(keyOf(family, table, '')) ?? [];
}

/** Finds a table's sets by their names, with what is known of their elements. */
export function setFinders(
  sets: readonly SetDefinition[],
  elements: Ruleset['elements'],
): (family: Family, table: string) => (name: string) => ReadableSet | undefined {
  const tables = new Map<string, Map<string, ReadableSet>>();
  for (const definition of sets) {
    const key = keyOf(definition.family, definition.table, '');
    const known = tables.get(key) ?? new Map<string, ReadableSet>();
    tables.set(key, known);
    const listed = elements.get(definition);
    known.set(definition.name, { definition, ...(listed ? { elements: listed } : {}) });
  }
  return (family, table) => {
    const known = tables.get(keyOf(family, table, ''));
    return (name) => known?.get(name);
  };
}

interface TableNamed {
  readonly family: Family;
  readonly table: string;
  readonly definition?: Table;
}

/** In the kernel's order, which the dumps of all that stands in tables have too. */
function tablesOf({ tables, chains, rules, sets, objects, flowtables }: Ruleset): Iterable<TableNamed> {
  if (tables.length > 0)
    return tables.map((definition) => ({ family: definition.family, table: definition.name, definition }));
  const found = new Map<string, TableNamed>();
  for (const part of [objects, sets, flowtables, chains, rules])
    for (const { family, table } of part) {
      const key = `${family} ${table}`;
      if (!found.has(key)) found.set(key, { family, table });
    }
  return found.values();
}

const messages = {
  tables: 'TABLE',
  chains: 'CHAIN',
  rules: 'RULE',
  sets: 'SET',
  objects: 'OBJ',
  flowtables: 'FLOWTABLE',
};

function missing({ parts, one }: Selection): NetlinkError {
  return new NetlinkError({ errno: 2, syscall: `NFT_MSG_GET${messages[parts[0]!]}`, subject: one });
}
