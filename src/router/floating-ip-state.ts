/** What there is of a router's floating IPs, and what turns it into what is wanted. */
import { insteadOf } from '../errors.js';
import { checkIpv4, formatIpv4, readIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { AddressIndex } from './address-index.js';
import { type Associations, none } from './associations.js';
import { readBound } from './bindings.js';
import { companionChanges } from './companions.js';
import { arpRows, mapRows, readArp, readMap } from './floating-ip-maps.js';
import { protocol } from './names.js';
import { isRenewed } from './ports.js';
import { exchange, type RowChange } from './row-changes.js';
import { arpSet, dnatMap, listsArp, snatMap } from './ruleset.js';
import type { State } from './state.js';
import type { Change } from './steps.js';
import type { Wanted } from './wanted.js';

export interface FloatingIpState {
  readonly dnat: Associations;
  /** The other way round: its keys are the fixed addresses, under `floating`. */
  readonly snat: Associations;
  /** Addresses that ARP is answered for. */
  readonly answered: Uint32Array;
  /** Addresses that have a `local` route of netloom's. */
  readonly routed: Uint32Array;
}

const noAddresses = new Uint32Array(0);

export const noFloatingIps: FloatingIpState = { dnat: none, snat: none, answered: noAddresses, routed: noAddresses };

export async function readFloatingIps(netns: Netns, limits: CallOptions): Promise<FloatingIpState> {
  const [dnat, snat, answered, routed] = await Promise.all([
    // There may be no table.
    readMap(netns, dnatMap, limits).catch(insteadOf('ENOENT', none)),
    readMap(netns, snatMap, limits).catch(insteadOf('ENOENT', none)),
    readArp(netns, limits).catch(insteadOf('ENOENT', noAddresses)),
    readBound(netns, 'route', '', limits),
  ]);
  return { dnat, snat, answered, routed };
}

/** Rows of one map that go, and rows that come. */
interface Difference {
  readonly gone: Associations;
  readonly added: Associations;
}

export interface FloatingIpChanges {
  /** For the transaction that also makes or alters the tables. */
  readonly rows: readonly RowChange[];
  /** Rows of sets that are made anew when the tables' changes are taken back. */
  readonly restored: readonly (readonly Request[])[];
  readonly bind: Uint32Array;
  /** By the binding that they have. */
  readonly unbind: { readonly address: Uint32Array; readonly route: Uint32Array };
  /** Addresses that lead elsewhere now, or come to this router. */
  readonly announce: Uint32Array;
  /** Addresses whose flows are out of date. */
  readonly forget: Uint32Array;
  readonly changes: () => Change[];
}

/**
 * `replaced`: tables that are made anew by the same transaction, so that nothing is in them. `forwarded`: addresses whose changes are told with
 * the port forwardings'.
 */
export function floatingIpChanges(
  wanted: Wanted,
  state: State,
  replaced: { readonly ip: boolean; readonly arp: boolean },
  forwarded: () => ReadonlySet<number>,
): FloatingIpChanges {
  const { floatingIps, external, binding, gateway } = wanted;
  const { floating, fixed } = floatingIps;
  const { dnat, snat, answered, routed } = state.floatingIps;
  const real = difference(dnat, floatingIps);
  const forward = replaced.ip ? { gone: none, added: floatingIps } : real;
  const backward = difference(replaced.ip ? none : snat, { floating: fixed, fixed: floating });
  const own = gateway?.addresses.filter(({ family }) => family === 'ip').map(({ bytes }) => readIpv4(bytes)) ?? [];
  const listed = listsArp(binding) && gateway !== undefined;
  const answers = listed ? joined(own, external) : noAddresses;
  // A set that comes or goes does so whole: nothing is taken out of it, and to take that back is to put in all again.
  const arpAnew = replaced.arp || listed !== state.tables.arp.some(({ body }) => body['name'] === arpSet);
  const arp = differenceOf(arpAnew ? noAddresses : answered, answers);
  const addressed = addressedOf(wanted, state);
  const bound = binding === 'address' ? addressed : routed;
  const bindings = differenceOf(bound, boundOf(wanted));
  const moved = real.gone.floating;
  const fresh = new AddressIndex(real.added.floating);
  const companions = companionChanges(wanted, state, moved, replaced.ip);
  return {
    rows: [
      ...exchange(rowsIn(dnatMap), forward.gone, forward.added, !replaced.ip),
      ...exchange(rowsIn(snatMap), backward.gone, backward.added, !replaced.ip),
      ...exchange(arpRows, arp.gone, arp.added, !arpAnew),
      ...companions.rows,
    ],
    restored: [
      ...(replaced.ip ? [rowsIn(dnatMap)('new', dnat), rowsIn(snatMap)('new', snat)] : []),
      ...(arpAnew ? [arpRows('new', answered)] : []),
      ...companions.restored,
    ],
    bind: bindings.added,
    unbind: {
      address: binding === 'address' ? bindings.gone : noAddresses,
      route: binding === 'address' ? routed : bindings.gone,
    },
    announce:
      gateway && isRenewed(gateway, state)
        ? external
        : union(real.added.floating, bindings.added, binding === 'prefix' ? arp.added : noAddresses, external),
    forget: moved,
    changes: () => [
      ...told(real, fresh, dnat),
      ...repairs(
        real,
        [
          bindings.added,
          bindings.gone,
          arp.added,
          arp.gone,
          backward.added.fixed,
          backward.gone.fixed,
          ...companions.touched,
        ],
        () => [...own, ...forwarded()],
        wanted,
      ),
    ],
  };
}

/** Rows of a map. */
function rowsIn(map: string): (verb: 'new' | 'del', rows: Associations) => Request[] {
  return (verb, { floating, fixed }) => mapRows(verb, map, floating, fixed);
}

/**
 * Addresses that need an object of the kernel's. With the 'prefix' binding these are those of port forwardings: what comes to another port the
 * router answers itself, and it sends from no address that its local table lacks (__ip_dev_find).
 */
function boundOf({ binding, external, floatingIps }: Wanted): Uint32Array {
  return binding === 'prefix' ? external.subarray(floatingIps.floating.length) : external;
}

/** /32s of netloom's on the gateway port that are not the gateway's own. */
function addressedOf({ gateway, binding }: Wanted, { addresses }: State): Uint32Array {
  if (!gateway || binding !== 'address') return noAddresses;
  const own = new Set(gateway.addresses.map(({ bytes, length }) => (length === 32 ? readIpv4(bytes) : -1)));
  const found: number[] = [];
  for (const one of addresses.get(gateway.device) ?? []) {
    if (one.family !== 'inet' || one.prefixlen !== 32 || one.protocol !== protocol) continue;
    const address = checkIpv4(one.local, 'address');
    if (!own.has(address)) found.push(address);
  }
  return Uint32Array.from(found);
}

/** What turns the rows that there are into those wanted. */
export function difference(current: Associations, wanted: Associations): Difference {
  const index = new AddressIndex(current.floating);
  const kept = new Uint8Array(current.floating.length);
  const added: number[] = [];
  let same = 0;
  for (let row = 0; row < wanted.floating.length; row++) {
    const at = index.row(wanted.floating[row] as number);
    if (at >= 0 && current.fixed[at] === wanted.fixed[row]) {
      kept[at] = 1;
      same++;
    } else {
      added.push(row);
    }
  }
  if (same === current.floating.length && added.length === 0) return { gone: none, added: none };
  const gone: number[] = [];
  for (let at = 0; at < kept.length; at++) if (kept[at] === 0) gone.push(at);
  return { gone: pick(current, gone), added: pick(wanted, added) };
}

function pick({ floating, fixed }: Associations, rows: readonly number[]): Associations {
  if (rows.length === floating.length) return { floating, fixed };
  return {
    floating: Uint32Array.from(rows, (row) => floating[row] as number),
    fixed: Uint32Array.from(rows, (row) => fixed[row] as number),
  };
}

function differenceOf(current: Uint32Array, wanted: Uint32Array): { gone: Uint32Array; added: Uint32Array } {
  const { gone, added } = difference({ floating: current, fixed: current }, { floating: wanted, fixed: wanted });
  return { gone: gone.floating, added: added.floating };
}

/** Each address once: no floating IP is the gateway's own (see `checkSpec`). */
function joined(own: readonly number[], external: Uint32Array): Uint32Array {
  const whole = new Uint32Array(own.length + external.length);
  whole.set(own);
  whole.set(external, own.length);
  return whole;
}

/** Addresses of the lists that are among `of`, each once. */
function union(a: Uint32Array, b: Uint32Array, c: Uint32Array, of: Uint32Array): Uint32Array {
  if (a.length + b.length + c.length === 0) return noAddresses;
  const known = new AddressIndex(of);
  return Uint32Array.from(new Set([...a, ...b, ...c].filter((address) => known.has(address))));
}

/** What an earlier run left half done: addresses that something is done to, though they lead where they should. */
function repairs(
  { gone, added }: Difference,
  touched: readonly Uint32Array[],
  others: () => readonly number[],
  { external, floatingIps }: Wanted,
): Change[] {
  const count = touched.reduce((sum, addresses) => sum + addresses.length, 0);
  if (count === 0) return [];
  const known = new Set([...gone.floating, ...added.floating, ...others()]);
  const wanted = new AddressIndex(external);
  const associated = new AddressIndex(floatingIps.floating);
  const changes: Change[] = [];
  for (const address of new Set(touched.flatMap((addresses) => [...addresses]))) {
    if (known.has(address)) continue;
    const subject = formatIpv4(address);
    changes.push(
      wanted.has(address) && !associated.has(address)
        ? { action: 'create', kind: 'floating-ip', subject, detail: 'for port forwardings' }
        : wanted.has(address)
          ? { action: 'update', kind: 'floating-ip', subject, detail: 'made whole' }
          : { action: 'delete', kind: 'floating-ip', subject, detail: 'what was left of it' },
    );
  }
  return changes;
}

function told({ gone, added }: Difference, fresh: AddressIndex, before: Associations): Change[] {
  const old = new AddressIndex(before.floating);
  const changes: Change[] = [];
  gone.floating.forEach((address, row) => {
    if (fresh.has(address)) return;
    const subject = `${formatIpv4(address)} -> ${formatIpv4(gone.fixed[row] as number)}`;
    changes.push({ action: 'delete', kind: 'floating-ip', subject });
  });
  added.floating.forEach((address, row) => {
    const at = old.row(address);
    const to = formatIpv4(added.fixed[row] as number);
    changes.push(
      at < 0
        ? { action: 'create', kind: 'floating-ip', subject: `${formatIpv4(address)} -> ${to}` }
        : {
            action: 'update',
            kind: 'floating-ip',
            subject: formatIpv4(address),
            detail: `${formatIpv4(before.fixed[at] as number)} -> ${to}`,
          },
    );
  });
  return changes;
}
