import { checkArray, invalidValue } from '../errors.js';
import type { Channel } from '../netlink/channel.js';
import type { Decoder, EventMessage } from '../netlink/codec.js';
import type { EventSource } from '../netlink/event-stream.js';
import { type Address, toAddress } from './addresses.js';
import { type Link, toLink } from './link.js';
import { fillNames } from './links.js';
import { type Neighbour, readNeighbour } from './neighbours.js';
import { type NexthopObject, toNexthop } from './nexthops.js';
import { type Route, readListed } from './routes.js';
import { type Rule, toRule } from './rules.js';

/** What can be monitored; words of ip-monitor(8). */
export type MonitorGroup = 'link' | 'address' | 'route' | 'rule' | 'neighbour' | 'nexthop';

/** `'new'` is also a change of what was there: the kernel does not tell them apart. */
export type NetlinkAction = 'new' | 'delete';

/**
 * A change, with the object that the group's `list()` gives; or the kernel dropped events: what happened until then is not all known, and
 * the tables are to be listed anew.
 */
export type NetlinkEvent =
  | { readonly group: 'link'; readonly action: NetlinkAction; readonly link: Link }
  | { readonly group: 'address'; readonly action: NetlinkAction; readonly address: Address }
  | { readonly group: 'route'; readonly action: NetlinkAction; readonly route: Route }
  | { readonly group: 'rule'; readonly action: NetlinkAction; readonly rule: Rule }
  | { readonly group: 'neighbour'; readonly action: NetlinkAction; readonly neighbour: Neighbour }
  | { readonly group: 'nexthop'; readonly action: NetlinkAction; readonly nexthop: NexthopObject }
  | { readonly group: 'overrun' };

const allGroups: readonly MonitorGroup[] = ['link', 'address', 'route', 'rule', 'neighbour', 'nexthop'];

/** Names of devices that have gone, which later events may still name: so many are kept. */
const goneLimit = 1024;

export function netlinkEvents(
  channel: Channel,
  groups: readonly MonitorGroup[] = allGroups,
): EventSource<NetlinkEvent> {
  checkArray(groups, 'groups');
  if (groups.length === 0 || groups.some((group) => !allGroups.includes(group))) {
    throw invalidValue('groups', `is not an array of some of ${allGroups.join(', ')}`, groups);
  }
  return new RtnetlinkSource(channel, new Set(groups));
}

class RtnetlinkSource implements EventSource<NetlinkEvent> {
  /** Devices are listened to in any case: the others' events name them by index. */
  readonly groups: readonly string[];
  readonly overrun: NetlinkEvent = { group: 'overrun' };
  readonly #channel: Channel;
  readonly #wanted: ReadonlySet<MonitorGroup>;
  readonly #names = new Map<number, string>();
  readonly #gone = new Set<number>();

  constructor(channel: Channel, wanted: ReadonlySet<MonitorGroup>) {
    this.#channel = channel;
    this.#wanted = wanted;
    this.groups = [...new Set(['link', ...wanted])];
  }

  prepare(): Promise<unknown> {
    this.#names.clear();
    this.#gone.clear();
    return fillNames(this.#channel, this.#names);
  }

  read({ name, schema }: EventMessage, decoder: Decoder, end: number, emit: (event: NetlinkEvent) => void): void {
    const [group, action] = name.split('.') as [MonitorGroup, NetlinkAction];
    switch (group) {
      case 'link': {
        const reply = decoder.record(schema, end);
        // Of other families are a bridge's own reports of its ports, which end when a port leaves it.
        if (reply['family'] !== 'unspec') return;
        this.#learn(reply['index'] as number, reply['name'] as string, action);
        if (!this.#wanted.has('link')) return;
        return emit({ group, action, link: toLink(reply, (index) => this.#names.get(index), false) });
      }
      case 'address':
        return emit({ group, action, address: toAddress(decoder.record(schema, end), this.#names) });
      case 'route': {
        const route = readListed(decoder, end, this.#names);
        if (route) emit({ group, action, route });
        return;
      }
      case 'rule': {
        const reply = decoder.record(schema, end);
        // Multicast routing has rules, too.
        if (reply['family'] === 'inet' || reply['family'] === 'inet6') emit({ group, action, rule: toRule(reply) });
        return;
      }
      case 'neighbour': {
        const neighbour = readNeighbour(decoder, end, this.#names, undefined);
        if (neighbour) emit({ group, action, neighbour });
        return;
      }
      case 'nexthop':
        return emit({ group, action, nexthop: toNexthop(decoder.record(schema, end), this.#names) });
    }
  }

  #learn(index: number, name: string, action: NetlinkAction): void {
    this.#names.set(index, name);
    this.#gone.delete(index);
    if (action !== 'delete') return;
    this.#gone.add(index);
    if (this.#gone.size <= goneLimit) return;
    const [oldest] = this.#gone as Iterable<number>;
    this.#gone.delete(oldest as number);
    this.#names.delete(oldest as number);
  }
}
