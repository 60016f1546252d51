/**
 * Local VLANs: on an integration bridge each network has a tag, which means nothing outside of the machine. Neutron's agent keeps no file
 * of them: a port's other_config names its network, and the port's tag is the network's. So does netloom.
 */
import { OvsError } from './errors.js';
import type { OvsdbOperation, OvsdbValue, OvsdbWait } from './operations.js';
import type { BridgeRow, PortRow } from './tables.js';
import { ovsdbMap } from './values.js';

/** 0 and 4095 are reserved by IEEE 802.1Q. */
const highest = 4094;

/** On ports that Neutron's agent has taken out of service. */
const dead = 4095;

export interface LocalVlans {
  readonly tags: ReadonlyMap<string, number>;
  /** They fail the transaction where these tags are no longer right: another process was faster. */
  readonly guards: readonly OvsdbOperation[];
}

/** The tag of the network that a port says it is of. */
function networkTag({ tag, otherConfig }: PortRow): number | undefined {
  if (tag !== undefined && tag !== dead) return tag;
  const kept = Number(otherConfig['tag']);
  return Number.isInteger(kept) && kept >= 1 && kept <= highest ? kept : undefined;
}

/** The networks of a bridge, each with the port that says so. */
function holders(ports: readonly PortRow[]): Map<string, { readonly tag: number; readonly port: PortRow }> {
  const networks = new Map<string, { tag: number; port: PortRow }>();
  for (const port of ports) {
    const network = port.otherConfig['net_uuid'];
    const tag = networkTag(port);
    if (network === undefined || tag === undefined) continue;
    const known = networks.get(network);
    // Ports that disagree were written by others; whoever asks is told the same.
    if (known === undefined || tag < known.tag) networks.set(network, { tag, port });
  }
  return networks;
}

export function localVlans(ports: readonly PortRow[]): Map<string, number> {
  return new Map([...holders(ports)].map(([network, { tag }]) => [network, tag]));
}

/**
 * A tag for each of `networks`: the one that it has on the bridge, or the lowest that is free there.
 *
 * @param ports those of the bridge; `others` are those of all bridges, among which the database looks.
 * @param reserved tags that the same transaction gives to other ports.
 */
export function chooseVlans(
  bridge: BridgeRow,
  ports: readonly PortRow[],
  others: Iterable<PortRow>,
  networks: ReadonlySet<string>,
  reserved: Iterable<number>,
): LocalVlans {
  if (networks.size === 0) return { tags: new Map(), guards: [] };
  const known = holders(ports);
  const used = new Set<number | undefined>(reserved);
  for (const port of ports) {
    used.add(port.tag);
    used.add(networkTag(port));
    used.add(Number(port.otherConfig['tag']));
  }
  const seen = new Seen(others);
  const tags = new Map<string, number>();
  const guards: OvsdbOperation[] = [];
  let next = 1;
  for (const network of networks) {
    const holder = known.get(network);
    if (holder) {
      tags.set(network, holder.tag);
      guards.push(stillHolds(holder.port));
      continue;
    }
    while (used.has(next)) next++;
    if (next > highest) throw new OvsError('ENOSPC', bridge.name, `all local VLANs, 1 to ${highest}, are in use`);
    used.add(next);
    tags.set(network, next);
    guards.push(...seen.stillFree(network, next));
  }
  return { tags, guards };
}

/** As long as the port is there and of its network, nobody gives the tag to another. */
function stillHolds({ name, uuid, tag, otherConfig }: PortRow): OvsdbWait {
  const kept = Object.entries(otherConfig).filter(([key]) => key === 'net_uuid' || key === 'tag');
  return {
    op: 'wait',
    table: 'Port',
    where: [
      ['_uuid', '==', ['uuid', uuid]],
      ['tag', '==', tag ?? ['set', []]],
      ['other_config', 'includes', ovsdbMap(kept)],
    ],
    columns: ['name'],
    until: '==',
    rows: [{ name }],
    timeout: 0,
  };
}

/** Names of ports, by what the database is asked for. */
class Seen {
  readonly #byTag: Map<string, string[]> = new Map();
  readonly #byKeptTag: Map<string, string[]> = new Map();
  readonly #byNetwork: Map<string, string[]> = new Map();

  constructor(ports: Iterable<PortRow>) {
    for (const { name, tag, otherConfig } of ports) {
      remember(this.#byTag, tag?.toString(), name);
      remember(this.#byKeptTag, otherConfig['tag'], name);
      remember(this.#byNetwork, otherConfig['net_uuid'], name);
    }
  }

  /**
   * That a tag is free and a network has none, as the database is asked it: no port has them but those, of other bridges, that were seen.
   * It is a question about values, so that it does not matter who wrote them, or how.
   */
  stillFree(network: string, tag: number): OvsdbWait[] {
    const key = String(tag);
    return [
      only('tag', tag, '==', this.#byTag.get(key)),
      only('other_config', ovsdbMap({ tag: key }), 'includes', this.#byKeptTag.get(key)),
      only('other_config', ovsdbMap({ net_uuid: network }), 'includes', this.#byNetwork.get(network)),
    ];
  }
}

function remember(names: Map<string, string[]>, key: string | undefined, name: string): void {
  if (key === undefined) return;
  const list = names.get(key);
  if (list) list.push(name);
  else names.set(key, [name]);
}

function only(column: string, value: OvsdbValue, test: '==' | 'includes', names: readonly string[] = []): OvsdbWait {
  return {
    op: 'wait',
    table: 'Port',
    where: [[column, test, value]],
    columns: ['name'],
    until: '==',
    rows: names.map((name) => ({ name })),
    timeout: 0,
  };
}
