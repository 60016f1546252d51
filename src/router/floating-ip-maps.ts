/** The sets and maps that hold a router's floating IPs, in rows of numbers. */
import { invalidValue } from '../errors.js';
import { readIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { columnsRequest, rowsRequest } from '../nftables/rows.js';
import { type Associations, fromRows } from './associations.js';
import { type Companions, companionRows } from './companions.js';
import { arpSet, dnatMap, listsArp, snatMap } from './ruleset.js';
import type { FloatingIpBinding } from './spec.js';
import { table } from './table-builder.js';

interface Cells {
  readonly key: { readonly column: number; readonly size: number };
  readonly data?: { readonly column: number; readonly size: number };
}

const cell = (column: number) => ({ column, size: 4 });
const pair = (key: number, data: number): Cells => ({ key: cell(key), data: cell(data) });

/** Requests that put associations into the maps. */
export function additions(associations: Associations, binding: FloatingIpBinding, companions: Companions): Request[] {
  return change('new', associations, binding, companions, pair(0, 1), pair(1, 0));
}

/** Requests that take associations out of the maps. */
export function removals(associations: Associations, binding: FloatingIpBinding, companions: Companions): Request[] {
  return change('del', associations, binding, companions, { key: cell(0) }, { key: cell(1) });
}

function change(
  verb: 'new' | 'del',
  { floating, fixed }: Associations,
  binding: FloatingIpBinding,
  companions: Companions,
  dnat: Cells,
  snat: Cells,
): Request[] {
  if (floating.length === 0) return [];
  const requests = [
    columnsRequest(floating.length, [floating, fixed]),
    rowsRequest(verb, { family: 'ip', table, set: dnatMap, ...dnat }),
    rowsRequest(verb, { family: 'ip', table, set: snatMap, ...snat }),
  ];
  if (listsArp(binding)) requests.push(rowsRequest(verb, { family: 'arp', table, set: arpSet, key: cell(0) }));
  requests.push(...companionRows(verb, companions));
  return requests;
}

/** Of one map, by its own keys. */
export function mapRows(verb: 'new' | 'del', set: string, keys: Uint32Array, values: Uint32Array): Request[] {
  if (keys.length === 0) return [];
  const cells = verb === 'new' ? pair(0, 1) : { key: cell(0) };
  return [columnsRequest(keys.length, [keys, values]), rowsRequest(verb, { family: 'ip', table, set, ...cells })];
}

/** Of the addresses that are answered. */
export function arpRows(verb: 'new' | 'del', addresses: Uint32Array): Request[] {
  if (addresses.length === 0) return [];
  return [
    columnsRequest(addresses.length, [addresses]),
    rowsRequest(verb, { family: 'arp', table, set: arpSet, key: cell(0) }),
  ];
}

/** A map's keys (`floating`) and data (`fixed`). */
export async function readMap(netns: Netns, map: string, limits: CallOptions): Promise<Associations> {
  return fromRows(await readRows(netns, 'ip', map, limits));
}

export async function readArp(netns: Netns, limits: CallOptions): Promise<Uint32Array> {
  const rows = await readRows(netns, 'arp', arpSet, limits);
  return Uint32Array.from({ length: rows.length / 4 }, (_, row) => readIpv4(rows, row * 4));
}

export async function readRows(
  netns: Netns,
  family: 'ip' | 'arp',
  set: string,
  limits: CallOptions,
): Promise<Uint8Array> {
  const rows = await netns.nft.rows(family, table, set, limits);
  if (rows) return rows;
  throw invalidValue(`${family} ${table} ${set}`, 'holds elements with more to them than addresses', set);
}
