/** A router's tables and the floating IPs in them: one transaction, and what goes before and after it. */
import type { AnnounceOptions } from '../announce/announce.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { resizeSets } from '../nftables/resize.js';
import { rowCount, sliceRows } from '../nftables/rows.js';
import { type BindingSite, bind, unbind } from './bindings.js';
import { floatingIpChanges } from './floating-ip-state.js';
import { forwardingChanges } from './forwarding-state.js';
import { arpSet, capacityFor, dnatMap, listsArp, snatMap, tablesOf } from './ruleset.js';
import type { State } from './state.js';
import type { Step } from './steps.js';
import { table } from './table-builder.js';
import { isReplaced, tableChanges } from './tables.js';
import type { Wanted } from './wanted.js';

export interface TranslationSteps {
  /** Does nothing: says what becomes of floating IPs, which several steps do together. */
  readonly told: Step | undefined;
  /** Before the ports have addresses: whom they answer, and how it is translated. */
  readonly translate: Step | undefined;
  /** When the gateway port is up. */
  readonly bind: Step | undefined;
  /** When all that can fail has been done. */
  readonly settle: Step | undefined;
}

const announceDefaults: AnnounceOptions = { count: 3, interval: 1000 };

export function translationSteps(
  wanted: Wanted,
  state: State,
  announce: AnnounceOptions | false | undefined,
): TranslationSteps {
  const room = roomOf(state);
  const count = wanted.external.length;
  const size = Math.max(capacityFor(count), room ?? 0);
  const tables = tablesOf(wanted, size);
  const replaced = (family: 'ip' | 'arp'): boolean => {
    const one = tables.find((each) => each.family === family);
    return one !== undefined && (state.tables[family].length === 0 || isReplaced(one, state));
  };
  const again = { ip: replaced('ip'), arp: replaced('arp') };
  const forwardings = forwardingChanges(wanted, state, again.ip);
  const floatingIps = floatingIpChanges(wanted, state, again, forwardings.addresses);
  const { commands, back, changes } = tableChanges(tables, state);
  const requests = [...floatingIps.requests, ...forwardings.requests];
  const backRows = [...floatingIps.back, ...forwardings.back];
  const outdated = forwardings.forget;
  const grows = room !== undefined && !again.ip && size > room;
  const site = (netns: Netns): BindingSite => ({
    netns,
    binding: wanted.binding === 'prefix' ? 'route' : wanted.binding,
    device: wanted.gateway?.device ?? '',
    sharesNexthop: true,
  });
  const { bind: toBind, unbind: toUnbind, forget } = floatingIps;
  const touched = requests.length + toBind.length + toUnbind.address.length + toUnbind.route.length > 0;
  return {
    told:
      touched || outdated.length > 0
        ? { changes: () => [...floatingIps.changes(), ...forwardings.changes()], run: async () => {} }
        : undefined,
    translate:
      commands.length === 0 && requests.length === 0
        ? undefined
        : {
            changes: () => changes,
            run: async ({ netns, undo, limits }) => {
              if (grows) await grow(netns, wanted, size, limits);
              const compile = async (list: typeof commands) => (list.length > 0 ? netns.nft.compile(list, limits) : []);
              await commit(netns, await compile(commands), requests, limits);
              undo.add(async () => commit(netns, await compile(back), backRows, {}));
            },
          },
    bind: quiet(toBind.length > 0 && wanted.gateway !== undefined, ({ netns, undo, limits }) =>
      bind(site(netns), toBind, limits, undo),
    ),
    settle: quiet(
      toUnbind.address.length + toUnbind.route.length + forget.length + outdated.length > 0 ||
        floatingIps.announce.length > 0,
      async ({ netns, limits }) => {
        await unbind({ ...site(netns), binding: 'address' }, toUnbind.address, limits);
        await unbind({ ...site(netns), binding: 'route' }, toUnbind.route, limits);
        const dev = wanted.gateway?.device;
        if (announce !== false && dev !== undefined && floatingIps.announce.length > 0) {
          await netns.announce(
            { dev, addresses: floatingIps.announce },
            { ...announceDefaults, ...announce, ...limits },
          );
        }
        if (forget.length > 0) await netns.conntrack.delete({ address: forget }, limits);
        if (outdated.length > 0) await netns.conntrack.delete({ destinations: outdated }, limits);
      },
    ),
  };
}

/** A step that is told of by another: what it does belongs to that one's changes. */
function quiet(needed: boolean, run: Step['run']): Step | undefined {
  return needed ? { changes: () => [], run } : undefined;
}

/** What the maps were made for; undefined where there are none. */
function roomOf({ tables }: State): number | undefined {
  const map = tables.ip.find(({ kind, body }) => kind === 'map' && body['name'] === dnatMap);
  return map && ((map.body['size'] as number | undefined) ?? Number.MAX_SAFE_INTEGER);
}

/** Gives the maps that size: in a transaction of its own, since rows that go are named by the maps that there are. */
function grow(netns: Netns, { binding }: Wanted, size: number, limits: CallOptions): Promise<void> {
  const resizes = [{ family: 'ip', table, names: [dnatMap, snatMap], size } as const];
  const arp = listsArp(binding) ? [{ family: 'arp', table, names: [arpSet], size: size + 64 } as const] : [];
  return resizeSets(netns.nft, [...resizes, ...arp], [], limits);
}

/** In one transaction; where an ordinary user's socket buffer cannot hold it, the commands in one, and the rows in parts. */
async function commit(
  netns: Netns,
  commands: readonly Request[],
  rows: readonly Request[],
  limits: CallOptions,
): Promise<void> {
  try {
    await netns.nft.commit([...commands, ...rows], limits);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_TRANSACTION_TOO_LARGE' || rows.length === 0) throw error;
    await netns.nft.commit(commands, limits);
    for (const group of groupsOf(rows)) await commitParts(netns, group, limits);
  }
}

/** Columns, and the requests that use them. */
function groupsOf(rows: readonly Request[]): Request[][] {
  const groups: Request[][] = [];
  for (const request of rows) {
    if (rowCount([request]) > 0) groups.push([request]);
    else groups.at(-1)?.push(request);
  }
  return groups;
}

async function commitParts(netns: Netns, group: readonly Request[], limits: CallOptions): Promise<void> {
  const count = rowCount(group);
  try {
    await netns.nft.commit(group, limits);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_TRANSACTION_TOO_LARGE' || count < 2) throw error;
    await commitParts(netns, sliceRows(group, 0, count >> 1), limits);
    await commitParts(netns, sliceRows(group, count >> 1, count), limits);
  }
}
