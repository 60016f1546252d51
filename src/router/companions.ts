/**
 * Sets that hold the same addresses as the maps of floating IPs, where a description needs them: those that count, and that of fixed
 * addresses that may cross address scopes.
 */
import { endianness } from 'node:os';
import { formatIpv4, readIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { columnsRequest, rowsRequest } from '../nftables/rows.js';
import { AddressIndex } from './address-index.js';
import { fixedSet, hasScopes } from './address-scopes.js';
import type { Associations } from './associations.js';
import { exchange, type RowChange } from './row-changes.js';
import { countedIn, countedOut } from './ruleset.js';
import type { State } from './state.js';
import { table } from './table-builder.js';
import type { Wanted } from './wanted.js';

/** Names of the sets, by what they hold. */
export interface Companions {
  readonly floating: readonly string[];
  readonly fixed: readonly string[];
}

export const noCompanions: Companions = { floating: [], fixed: [] };

export function companionsOf(wanted: Wanted): Companions {
  if (!wanted.gateway) return noCompanions;
  return { floating: wanted.counters ? [countedIn, countedOut] : [], fixed: hasScopes(wanted) ? [fixedSet] : [] };
}

/** Of a router that is there. */
export async function readCompanions(netns: Netns, limits: CallOptions): Promise<Companions> {
  const names = new Set((await netns.nft.sets('ip', table, limits)).map(({ name }) => name));
  const present = (sets: readonly string[]): string[] => sets.filter((name) => names.has(name));
  return { floating: present([countedIn, countedOut]), fixed: present([fixedSet]) };
}

/** Behind columns of floating and of fixed addresses. */
export function companionRows(verb: 'new' | 'del', { floating, fixed }: Companions): Request[] {
  const rows = (set: string, column: number): Request =>
    rowsRequest(verb, { family: 'ip', table, set, key: { column, size: 4 } });
  return [...floating.map((set) => rows(set, 0)), ...fixed.map((set) => rows(set, 1))];
}

/** What an external address has received and sent. */
export interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

/** By address, as text. */
export async function readCounters(
  netns: Netns,
  set: string,
  limits: CallOptions,
): Promise<ReadonlyMap<string, Counted>> {
  const rows = await counterRows(netns, set, limits);
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const little = endianness() === 'LE';
  const found = new Map<string, Counted>();
  for (let at = 0; at < rows.length; at += countedSize) {
    const packets = Number(view.getBigUint64(at + 4, little));
    const bytes = Number(view.getBigUint64(at + 12, little));
    found.set(formatIpv4(readIpv4(rows, at)), { packets, bytes });
  }
  return found;
}

/** An address, packets, bytes. */
const countedSize = 20;

async function counterRows(netns: Netns, set: string, limits: CallOptions): Promise<Uint8Array> {
  return (await netns.nft.countedRows('ip', table, set, limits)) ?? new Uint8Array(0);
}

/** Addresses in those of the sets that are there, by the set's name. */
export async function readCompanionKeys(
  netns: Netns,
  sets: readonly string[],
  limits: CallOptions,
): Promise<ReadonlyMap<string, Uint32Array>> {
  const present = [countedIn, countedOut, fixedSet].filter((name) => sets.includes(name));
  const keys = await Promise.all(
    present.map(async (name): Promise<[string, Uint32Array]> => {
      const counts = name !== fixedSet;
      const rows = counts ? await counterRows(netns, name, limits) : await netns.nft.rows('ip', table, name, limits);
      const size = counts ? countedSize : 4;
      return [
        name,
        Uint32Array.from({ length: (rows?.length ?? 0) / size }, (_, row) => readIpv4(rows as Uint8Array, row * size)),
      ];
    }),
  );
  return new Map(keys);
}

export interface CompanionChanges {
  readonly rows: readonly RowChange[];
  /** Rows of sets that are made anew when the tables' changes are taken back. */
  readonly restored: readonly (readonly Request[])[];
  /** Floating IPs that a set which was there lacked, or had too many. */
  readonly touched: readonly Uint32Array[];
}

/**
 * `moved`: addresses that lead elsewhere now, and are counted from the start again. `replaced`: the table is made anew by the same
 * transaction.
 */
export function companionChanges(
  wanted: Wanted,
  { companions: present, floatingIps: { snat } }: State,
  moved: Uint32Array,
  replaced: boolean,
): CompanionChanges {
  const { floatingIps, external } = wanted;
  const { floating, fixed } = companionsOf(wanted);
  const rows: RowChange[] = [];
  const touched: Uint32Array[] = [];
  for (const set of [...floating, ...fixed]) {
    const counts = floating.includes(set);
    const want = counts ? external : floatingIps.fixed;
    const have = replaced ? undefined : present.get(set);
    const gone = without(have ?? none, want);
    const added = without(want, have ?? none);
    // A set that is made now goes as it came.
    rows.push(...exchange(rowsIn(set), gone, added, have !== undefined));
    if (!have) continue;
    if (counts) rows.push(...renewal(set, within(moved, want, have)));
    if (counts) touched.push(gone, added);
    else
      touched.push(
        floatingOf(added, { floating: floatingIps.fixed, fixed: floatingIps.floating }),
        floatingOf(gone, snat),
      );
  }
  const restored = [...present]
    .filter(([set]) => replaced || !(floating.includes(set) || fixed.includes(set)))
    .map(([set, have]) => rowsIn(set)('new', have));
  return { rows, restored, touched };
}

const none = new Uint32Array(0);

function rowsIn(set: string): (verb: 'new' | 'del', keys: Uint32Array) => Request[] {
  return (verb, keys) =>
    keys.length === 0
      ? []
      : [
          columnsRequest(keys.length, [keys]),
          rowsRequest(verb, { family: 'ip', table, set, key: { column: 0, size: 4 } }),
        ];
}

/** Elements go and come in one transaction: their counters begin anew, and so they stay when it is taken back. */
function renewal(set: string, keys: Uint32Array): RowChange[] {
  const [columns, gone] = rowsIn(set)('del', keys);
  return columns && gone ? [{ requests: [columns, gone, ...rowsIn(set)('new', keys).slice(1)], back: [] }] : [];
}

function without(these: Uint32Array, those: Uint32Array): Uint32Array {
  if (these.length === 0 || those.length === 0) return these;
  const index = new AddressIndex(those);
  return these.filter((address) => !index.has(address));
}

function within(these: Uint32Array, ...all: readonly Uint32Array[]): Uint32Array {
  if (these.length === 0) return none;
  const indexes = all.map((those) => new AddressIndex(those));
  return these.filter((address) => indexes.every((index) => index.has(address)));
}

/** By a map from fixed to floating addresses; one that it lacks has none. */
function floatingOf(addresses: Uint32Array, { floating, fixed }: Associations): Uint32Array {
  if (addresses.length === 0) return none;
  const index = new AddressIndex(floating);
  return Uint32Array.from([...addresses].flatMap((address) => fixed[index.row(address)] ?? []));
}
