/** What is to be listed, in the words of `nft list`: checked, and told apart into what the kernel is asked for. */

import { checkName, checkObject, oneOf, wrongValue } from './errors.js';
import { objectKinds } from './objects.js';
import type { Family, ObjectKind } from './wire.js';

/** Many: all of the namespace, of a family, or of a table. */
export type ListKind =
  | 'ruleset'
  | 'tables'
  /** Without their rules. */
  | 'chains'
  | 'rules'
  | 'sets'
  | 'maps'
  /** What rules' `meter` statements have made. */
  | 'meters'
  | 'flowtables'
  | `${ObjectKind}s`;

/** One, by its name: of a table all that is in it, of a chain its rules too. */
export type ListOne = 'table' | 'chain' | 'set' | 'map' | 'meter' | 'flowtable' | ObjectKind;

export interface NftFilter {
  /** As in nft(8): default `'ruleset'`. One that is named (`'set'`) needs `table` and `name`, and there must be such a one. */
  readonly kind?: ListKind | ListOne;
  /** Default: all; of one that is named, `'ip'`. */
  readonly family?: Family;
  readonly table?: string;
  /** Rules of this chain, and the chain. */
  readonly chain?: string;
  /** Of the objects of one kind, the one with this name. */
  readonly name?: string;
  /** `false` leaves the elements of named sets and maps out; they may be many. */
  readonly elements?: boolean;
}

export const families: readonly Family[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

const KEYS = ['kind', 'family', 'table', 'chain', 'name', 'elements'];

/** What of it the kernel is to tell. */
export type Part = 'tables' | 'chains' | 'rules' | 'sets' | 'objects' | 'flowtables';

export interface Selection {
  readonly parts: readonly Part[];
  readonly family?: Family;
  readonly table?: string;
  readonly chain?: string;
  /** Of the part that is listed alone. */
  readonly name?: string;
  readonly sets: 'all' | 'set' | 'map' | 'meter';
  readonly object?: ObjectKind;
  readonly elements: boolean;
  /** There must be one: how it is asked for. */
  readonly one?: string;
}

const many: Readonly<Record<string, Part>> = { tables: 'tables', chains: 'chains', rules: 'rules' };

/** `path` is where it stands in what the caller gave. */
export function checkFilter(filter: NftFilter, path: string = 'filter'): Selection {
  checkObject(filter, path, KEYS);
  const { kind = 'ruleset', elements = true } = filter;
  const family = filter.family === undefined ? undefined : oneOf<Family>(filter.family, `${path}.family`, families);
  const said = (['table', 'chain', 'name'] as const).flatMap((key) =>
    filter[key] === undefined ? [] : [[key, checkName(filter[key], `${path}.${key}`)] as const],
  );
  const names: { readonly table?: string; readonly chain?: string; readonly name?: string } = Object.fromEntries(said);
  const scope = { ...(family === undefined ? {} : { family }), ...names, sets: 'all', elements } as const;
  switch (kind) {
    case 'ruleset':
      if (names.name !== undefined) throw wrongValue(`${path}.name`, 'needs a kind');
      return { ...scope, parts: ['tables', 'chains', 'rules', 'sets', 'objects', 'flowtables'] };
    case 'tables':
    case 'chains':
    case 'rules':
      return { ...scope, parts: [many[kind]!] };
    case 'sets':
    case 'maps':
    case 'meters':
      return { ...scope, parts: ['sets'], sets: kind.slice(0, -1) as 'set' | 'map' | 'meter' };
    case 'flowtables':
      return { ...scope, parts: ['flowtables'] };
    default:
  }
  const object = objectKinds.find((known) => kind === known || kind === `${known}s`);
  if (object !== undefined && kind !== object) return { ...scope, parts: ['objects'], object };
  return oneNamed(oneOf(kind, `${path}.kind`, listKinds) as ListOne, { ...scope, family: family ?? 'ip' }, path);
}

const singular: readonly ListOne[] = ['table', 'chain', 'set', 'map', 'meter', 'flowtable', ...objectKinds];
export const listKinds: readonly (ListKind | ListOne)[] = [
  'ruleset',
  ...singular,
  ...singular.map((kind): ListKind => `${kind}s`),
  'rules',
];

function oneNamed(kind: ListOne, scope: Omit<Selection, 'parts'>, path: string): Selection {
  const missing = (key: string): TypeError => wrongValue(`${path}.${key}`, `is needed to list one ${kind}`);
  if (kind === 'table') {
    const table = scope.table ?? scope.name;
    if (table === undefined) throw missing('table');
    const { name: _, ...rest } = scope;
    const parts = ['tables', 'chains', 'rules', 'sets', 'objects', 'flowtables'] as const;
    return { ...rest, table, parts, one: `${scope.family} ${table}` };
  }
  if (scope.table === undefined) throw missing('table');
  const name = scope.name ?? (kind === 'chain' ? scope.chain : undefined);
  if (name === undefined) throw missing('name');
  const one = { ...scope, name, one: `${scope.family} ${scope.table} ${name}` };
  switch (kind) {
    case 'chain':
      return { ...one, chain: name, parts: ['chains', 'rules'] };
    case 'set':
    case 'map':
    case 'meter':
      return { ...one, parts: ['sets'], sets: kind };
    case 'flowtable':
      return { ...one, parts: ['flowtables'] };
    default:
      return { ...one, parts: ['objects'], object: kind };
  }
}
