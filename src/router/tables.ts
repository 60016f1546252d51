import { isDeepStrictEqual } from 'node:util';
import { formatAddress } from '../ip.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import type { Command } from '../nftables/json.js';
import {
  arpSet,
  arpTable,
  bindingOf,
  capacityFor,
  dnatMap,
  filtersArp,
  listsArp,
  natTable,
  snatMap,
  table,
} from './ruleset.js';
import type { FloatingIpBinding, Plan } from './spec.js';
import type { Undo } from './undo.js';

type Objects = readonly Record<string, unknown>[];

/** The binding that a router's table says it was made with. */
export async function readBinding(netns: Netns, options?: CallOptions): Promise<FloatingIpBinding> {
  const [object] = await netns.nft.list({ family: 'ip', table, elements: false }, options);
  return bindingOf((object?.['table'] as { comment?: string } | undefined)?.comment);
}

/**
 * Makes the tables what the plan says. One that is as it should be is left alone; one that is not is replaced in one
 * transaction, keeping its elements, so that a flow sees the old one or the new one.
 */
export async function applyTables(netns: Netns, plan: Plan, undo: Undo): Promise<void> {
  const size = capacityFor(plan.floatingIps.floating.length);
  const arp = filtersArp(plan.binding) ? (enough: number) => arpTable(plan, Math.max(size + 64, enough)) : () => [];
  await applyTable(netns, 'ip', (enough) => natTable(plan, Math.max(size, enough)), [dnatMap, snatMap], undo);
  await applyTable(netns, 'arp', arp, listsArp(plan.binding) ? [arpSet] : [], undo, gatewayElements(plan));
}

/** The tables of a namespace that has none, with the floating IPs, in one transaction. */
export async function makeTables(netns: Netns, plan: Plan, floatingIps: readonly Request[]): Promise<void> {
  const size = capacityFor(plan.floatingIps.floating.length);
  const arp = filtersArp(plan.binding) ? arpTable(plan, size + 64) : [];
  const compiled = await netns.nft.compile([...natTable(plan, size), ...arp, ...gatewayElements(plan)]);
  await netns.nft.commit([...compiled, ...floatingIps]);
}

/** The gateway's own addresses are among those that it answers for. */
function gatewayElements({ gateway, binding }: Plan): Command[] {
  const own = gateway?.addresses.filter(({ family }) => family === 'ip').map(({ bytes }) => formatAddress(bytes)) ?? [];
  if (!listsArp(binding) || own.length === 0) return [];
  return [{ add: { element: { family: 'arp', table, name: arpSet, elem: own } } }];
}

async function applyTable(
  netns: Netns,
  family: 'ip' | 'arp',
  wanted: (size: number) => Command[],
  sets: readonly string[],
  undo: Undo,
  elements: readonly Command[] = [],
): Promise<void> {
  const { nft } = netns;
  const present = await nft.list({ family, table });
  const commands = wanted(sizeOf(present));
  if (commands.length === 0 && present.length === 0) return;
  if (commands.length > 0 && isDeepStrictEqual(shape(present), shape(commands.map(added)))) {
    if (elements.length > 0) await nft.apply(elements);
    return;
  }
  const name = { family, name: table };
  const remove: Command[] = present.length > 0 ? [{ delete: { table: name } }] : [];
  const kept = sets.flatMap((set): Command[] => {
    const elem = elementsOf(present, set);
    return commands.length > 0 && elem.length > 0
      ? [{ add: { element: { family, table, name: set, elem } } } as Command]
      : [];
  });
  await nft.apply([...remove, ...commands, ...kept, ...elements] as Command[]);
  undo.add(() =>
    nft.apply([...(commands.length > 0 ? [{ delete: { table: name } }] : []), ...restore(present)] as Command[]),
  );
}

const added = (command: Command): Record<string, unknown> => (command as { add: Record<string, unknown> }).add;

const body = (object: Record<string, unknown>): Record<string, unknown> =>
  Object.values(object)[0] as Record<string, unknown>;

/** Objects without what the kernel adds to them, sets apart from the rest, which they precede in a listing. */
function shape(objects: Objects): unknown {
  const plain = objects.map((object) => {
    const { handle: _, elem: __, ...rest } = body(object);
    return { [Object.keys(object)[0] as string]: rest };
  });
  // Chains and rules are compared apart: a listing has each chain's rules behind all the chains.
  const kinds = ['table', 'map', 'set', 'chain', 'rule'];
  return kinds.map((kind) => plain.filter((object) => kind in object));
}

function sizeOf(objects: Objects): number {
  return Math.max(0, ...objects.map((object) => (body(object)['size'] as number | undefined) ?? 0));
}

function elementsOf(objects: Objects, name: string): readonly unknown[] {
  const set = objects.find((object) => ('map' in object || 'set' in object) && body(object)['name'] === name);
  return (set && (body(set)['elem'] as readonly unknown[] | undefined)) ?? [];
}

/** Commands that make again what a listing shows. */
function restore(objects: Objects): Command[] {
  return objects.map((object) => {
    const { handle: _, ...rest } = body(object);
    return { add: { [Object.keys(object)[0] as string]: rest } } as unknown as Command;
  });
}
