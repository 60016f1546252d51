/** A router's tables and the floating IPs in them: one transaction, and what goes before and after it. */
import type { AnnounceOptions } from '../announce/announce.js';
import type { CallOptions } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { resizeSets } from '../nftables/resize.js';
import { announceFloatingIps } from './announcements.js';
import { type BindingSite, bind, unbind } from './bindings.js';
import { floatingIpChanges } from './floating-ip-state.js';
import { forwardingChanges } from './forwarding-state.js';
import { commitTables } from './row-changes.js';
import { arpSet, capacityFor, dnatMap, listsArp, snatMap, tablesOf } from './ruleset.js';
import type { State } from './state.js';
import { type Step, stepOf } from './steps.js';
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
  const rows = [...floatingIps.rows, ...forwardings.rows];
  const restored = [...floatingIps.restored, ...forwardings.restored];
  const outdated = forwardings.forget;
  const grows = room !== undefined && !again.ip && size > room;
  const site = (netns: Netns): BindingSite => ({
    netns,
    binding: wanted.binding === 'prefix' ? 'route' : wanted.binding,
    device: wanted.gateway?.device ?? '',
    sharesNexthop: true,
  });
  const { bind: toBind, unbind: toUnbind, forget } = floatingIps;
  const touched = rows.length + toBind.length + toUnbind.address.length + toUnbind.route.length > 0;
  return {
    told:
      touched || outdated.length > 0
        ? { changes: () => [...floatingIps.changes(), ...forwardings.changes()], run: async () => {} }
        : undefined,
    translate:
      commands.length === 0 && rows.length === 0
        ? undefined
        : {
            changes: () => changes,
            run: async ({ netns, undo, limits }) => {
              if (grows) await grow(netns, wanted, size, limits);
              const compile = async (list: typeof commands, limits: CallOptions) =>
                list.length > 0 ? netns.nft.compile(list, limits) : [];
              const transaction = { commands: await compile(commands, limits), rows, restored };
              await commitTables(netns, { ...transaction, back: () => compile(back, {}) }, limits, undo);
            },
          },
    bind: stepOf(
      [],
      ({ netns, undo, limits }) => bind(site(netns), toBind, limits, undo),
      toBind.length > 0 && wanted.gateway !== undefined,
    ),
    settle: stepOf(
      [],
      async ({ netns, limits }) => {
        await unbind({ ...site(netns), binding: 'address' }, toUnbind.address, limits);
        await unbind({ ...site(netns), binding: 'route' }, toUnbind.route, limits);
        await announceFloatingIps(netns, wanted.gateway?.device, floatingIps.announce, announce, limits);
        if (forget.length > 0) await netns.conntrack.delete({ address: forget }, limits);
        if (outdated.length > 0) await netns.conntrack.delete({ destinations: outdated }, limits);
      },
      toUnbind.address.length + toUnbind.route.length + forget.length + outdated.length > 0 ||
        floatingIps.announce.length > 0,
    ),
  };
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
