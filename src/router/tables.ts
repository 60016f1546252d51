/** The difference between a router's nftables as they are and as they should be, as commands of one transaction. */
import { isDeepStrictEqual } from 'node:util';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import type { Command } from '../nftables/json.js';
import { bindingOf, bulkSets } from './ruleset.js';
import type { FloatingIpBinding } from './spec.js';
import type { State } from './state.js';
import type { Change } from './steps.js';
import { type TableFamily, table, tableFamilies, type WantedTable } from './table-builder.js';

type Body = Readonly<Record<string, unknown>>;

/** An object of a listing: its kind, and what it says. */
interface Listed {
  readonly kind: string;
  readonly body: Body;
}

/** By family; empty where there is no table. Elements of `bulkSets` are left out. */
export type Tables = Readonly<Record<TableFamily, readonly Listed[]>>;

export async function readTables(netns: Netns, limits?: CallOptions): Promise<Tables> {
  const objects = (await netns.nft.list({ table, elements: false }, limits)).map(listed);
  const small = objects.filter(({ kind, body }) => isSet(kind) && !bulkSets.has(body['name'] as string));
  const elements = await Promise.all(
    small.map(async ({ kind, body }) => {
      const { family, name } = body as { family: TableFamily; name: string };
      const handle = kind === 'map' ? netns.nft.map(family, table, name) : netns.nft.set(family, table, name);
      return [`${family} ${name}`, await handle.list(limits)] as const;
    }),
  );
  const known = new Map<string, readonly unknown[]>(elements);
  const whole = objects.map(({ kind, body }): Listed => {
    const elem = isSet(kind) ? known.get(`${body['family']} ${body['name']}`) : undefined;
    return elem && elem.length > 0 ? { kind, body: { ...body, elem } } : { kind, body };
  });
  const of = (family: TableFamily): Listed[] => whole.filter(({ body }) => body['family'] === family);
  return { ip: of('ip'), ip6: of('ip6'), arp: of('arp') };
}

/** The binding that a router's table says it was made with. */
export async function readBinding(netns: Netns, options?: CallOptions): Promise<FloatingIpBinding> {
  const [object] = await netns.nft.list({ family: 'ip', table, elements: false }, options);
  return bindingOf(object?.table?.comment);
}

export interface TableChanges {
  /** For one transaction: a flow sees the old tables or the new ones. */
  readonly commands: readonly Command[];
  /** What takes them back. */
  readonly back: readonly Command[];
  readonly changes: readonly Change[];
}

/** What makes the tables what they should be. */
export function tableChanges(wanted: readonly WantedTable[], { tables }: State): TableChanges {
  const commands: Command[] = [];
  const back: Command[] = [];
  const changes: Change[] = [];
  for (const family of tableFamilies) {
    const present = tables[family];
    const objects = wanted.find((one) => one.family === family)?.commands.map(({ add }) => listed(add)) ?? [];
    const there = difference(present, objects);
    if (there.length === 0) continue;
    const action = present.length === 0 ? 'create' : objects.length === 0 ? 'delete' : 'update';
    const detail = action === 'update' ? { detail: told(there) } : {};
    changes.push({ action, kind: 'nftables', subject: `table ${family} ${table}`, ...detail });
    commands.push(...there);
    back.push(...difference(objects, present));
  }
  return { commands, back, changes };
}

/** What commands touch, in few words: 'chain postrouting, map port_forward'. */
function told(commands: readonly Command[]): string {
  const subjects = commands.map((command) => {
    const [kind, body] = Object.entries(Object.values(command)[0] as object)[0] as [string, Body];
    if (kind === 'rule') return `chain ${body['chain']}`;
    return `${kind === 'element' ? 'elements of' : kind} ${body['name']}`;
  });
  return [...new Set(subjects)].join(', ');
}

/** Kinds in the order in which they can be made; the other way round they can be deleted. */
const objectKinds = ['limit', 'counter', 'quota', 'ct helper'];
const isSet = (kind: string): boolean => kind === 'set' || kind === 'map';

/** Commands that make of the objects of one table those of another. */
function difference(present: readonly Listed[], wanted: readonly Listed[]): Command[] {
  if (present.length === 0) return wanted.map(add);
  if (wanted.length === 0) return [remove(present[0] as Listed)];
  const sets = { have: only(present, isSet), want: only(wanted, isSet) };
  if (!sameShape(head(present), head(wanted)) || sets.want.some((set) => differs(set, sets.have))) {
    return replacement(present, wanted);
  }
  const objects = { have: only(present, isObject), want: only(wanted, isObject) };
  const chains = { have: only(present, isChain), want: only(wanted, isChain) };
  // What is altered in place goes and comes.
  const staleChains = chains.have.filter((chain) => !chains.want.some((one) => sameShape(chain, one)));
  const freshChains = chains.want.filter((chain) => !chains.have.some((one) => sameShape(chain, one)));
  // Rate limits may be many.
  const haveObjects = byName(objects.have);
  const wantObjects = byName(objects.want);
  const isIn = (others: ReadonlyMap<string, Listed>, object: Listed): boolean => {
    const other = others.get(nameOf(object));
    return other !== undefined && sameShape(object, other);
  };
  const staleObjects = objects.have.filter((object) => !isIn(wantObjects, object));
  const freshObjects = objects.want.filter((object) => !isIn(haveObjects, object));
  const alteredObjects = new Set(freshObjects.map(nameOf).filter((name) => haveObjects.has(name)));
  const staleSets = sets.have.filter((set) => !sets.want.some((one) => nameOf(one) === nameOf(set)));
  const freshSets = sets.want.filter((set) => !sets.have.some((one) => nameOf(one) === nameOf(set)));
  const keptSets = sets.want.flatMap((want) => {
    const have = sets.have.find((one) => nameOf(one) === nameOf(want));
    return have ? [{ want, have }] : [];
  });
  // Rules hold chains, sets and objects: those of altered chains go first and come last.
  const altered = chains.want.filter(
    (chain) => !freshChains.includes(chain) && !isDeepStrictEqual(rulesOf(present, chain), rulesOf(wanted, chain)),
  );
  return [
    ...[...altered, ...staleChains].map((chain): Command => ({ flush: { chain: reference(chain) } }) as Command),
    ...keptSets.flatMap(({ want, have }) => elementCommands('delete', have, want, alteredObjects)),
    ...[...staleChains, ...staleSets, ...staleObjects].map(remove),
    ...[...freshObjects, ...freshSets].map(add),
    ...keptSets.flatMap(({ want, have }) => elementCommands('add', want, have, alteredObjects)),
    ...freshChains.map(add),
    ...[...freshChains, ...altered].flatMap((chain) => rulesListed(wanted, chain).map(add)),
  ];
}

/** Of a table that cannot be altered into the other: it is made anew. */
function replacement(present: readonly Listed[], wanted: readonly Listed[]): Command[] {
  return [remove(head(present)), ...wanted.map(add)];
}

/** Whether a table that is there must give way to another, and its elements go with it. */
export function isReplaced(wanted: WantedTable, { tables }: State): boolean {
  const present = tables[wanted.family];
  const objects = wanted.commands.map(({ add }) => listed(add));
  if (present.length === 0) return false;
  const have = only(present, isSet);
  return !sameShape(head(present), head(objects)) || only(objects, isSet).some((set) => differs(set, have));
}

function listed(object: object): Listed {
  const [kind, body] = Object.entries(object)[0] as [string, Body];
  return { kind, body };
}

const only = (objects: readonly Listed[], test: (kind: string) => boolean): Listed[] =>
  objects.filter(({ kind }) => test(kind));
const isChain = (kind: string): boolean => kind === 'chain';
const isObject = (kind: string): boolean => objectKinds.includes(kind);
const head = (objects: readonly Listed[]): Listed => objects[0] as Listed;
const nameOf = ({ kind, body }: Listed): string => `${kind} ${body['name']}`;

const byName = (objects: readonly Listed[]): ReadonlyMap<string, Listed> =>
  new Map(objects.map((object) => [nameOf(object), object]));

function differs(want: Listed, present: readonly Listed[]): boolean {
  const have = present.find((one) => nameOf(one) === nameOf(want));
  return have !== undefined && !sameShape(want, have);
}

/** Without what the kernel adds to it, a size that grows, and elements, which are looked at by themselves. */
function shape({ kind, body }: Listed): unknown {
  const { handle: _, size: __, elem: ___, ...rest } = body;
  return { kind, ...rest };
}

const sameShape = (a: Listed, b: Listed): boolean => isDeepStrictEqual(shape(a), shape(b));

const rulesListed = (objects: readonly Listed[], chain: Listed): Listed[] =>
  objects.filter(({ kind, body }) => kind === 'rule' && body['chain'] === chain.body['name']);
const rulesOf = (objects: readonly Listed[], chain: Listed): unknown[] => rulesListed(objects, chain).map(shape);

/** Elements of `of` that `other` lacks, and those that lead to objects which are altered: they go and come with these. */
function elementCommands(
  verb: 'add' | 'delete',
  of: Listed,
  other: Listed,
  alteredObjects: ReadonlySet<string>,
): Command[] {
  const have = new Set(elementsOf(other).map((element) => JSON.stringify(element)));
  const kind = of.body['map'];
  const leads = (element: unknown): boolean =>
    alteredObjects.size > 0 && Array.isArray(element) && alteredObjects.has(`${kind} ${element[1]}`);
  const elem = elementsOf(of).filter((element) => leads(element) || !have.has(JSON.stringify(element)));
  return elem.length === 0 ? [] : [{ [verb]: { element: { ...reference(of), elem } } } as unknown as Command];
}

const elementsOf = ({ body }: Listed): readonly unknown[] => (body['elem'] as readonly unknown[] | undefined) ?? [];

function reference({ body }: Listed): object {
  const { family, table: inTable, name } = body;
  return { family, ...(inTable === undefined ? {} : { table: inTable }), name };
}

const remove = (object: Listed): Command => ({ delete: { [object.kind]: reference(object) } }) as unknown as Command;

function add({ kind, body }: Listed): Command {
  const { handle: _, ...rest } = body;
  return { add: { [kind]: rest } } as unknown as Command;
}
