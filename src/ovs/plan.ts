/** From what is wanted and what the database holds to one transaction. Pure: all of it can be tried again when another was faster. */
import type { WantedBridge } from './bridge-spec.js';
import { OvsError } from './errors.js';
import { chooseVlans } from './local-vlans.js';
import { networkConfig } from './neutron.js';
import type { OvsdbOperation, OvsdbRow } from './operations.js';
import type { OvsKeys, WantedPort } from './port-spec.js';
import type { Replica } from './replica.js';
import { changeRow, type Operations, stillThere } from './row-change.js';
import type { BridgeRow, InterfaceRow, PortRow } from './tables.js';
import { ovsdbMap, ovsdbNamedUuid, ovsdbSet, ovsdbUuid } from './values.js';

/** One thing that a transaction makes or changes. */
export interface Step {
  /** Of the port, or of a bridge's own. */
  readonly name: string;
  /** Which of the plan's operations inserts the row, where it is new. */
  readonly insert?: number;
  /** Undoes it; `uuid` is the row's that was inserted. */
  readonly undo: (uuid: string) => readonly OvsdbOperation[];
}

export interface Plan {
  /** They fail the transaction where what was planned by is no longer so. */
  readonly guards: readonly OvsdbOperation[];
  readonly operations: readonly OvsdbOperation[];
  readonly steps: readonly Step[];
}

const nothing: OvsKeys = {};

export function planBridge(replica: Replica, wanted: WantedBridge): Plan {
  const { root } = replica;
  const { name, datapathType, failMode, externalIds } = wanted;
  const bridge = replica.bridges.named(name);
  if (bridge) {
    const { forward, backward } = changeRow({
      table: 'Bridge',
      uuid: bridge.uuid,
      name,
      columns: {
        datapath_type: [bridge.datapathType || 'system', datapathType],
        fail_mode: [bridge.failMode, failMode],
      },
      maps: { external_ids: [bridge.externalIds, externalIds] },
    });
    return { guards: [], operations: forward, steps: [{ name, undo: () => backward }] };
  }
  if (replica.ports.named(name) || replica.interfaces.named(name))
    throw new OvsError('EEXIST', name, 'a port has this name');
  const row: OvsdbRow = {
    name,
    ports: ovsdbNamedUuid('port'),
    external_ids: ovsdbMap(present(externalIds)),
    ...(datapathType === undefined ? {} : { datapath_type: datapathType }),
    ...(typeof failMode === 'string' ? { fail_mode: failMode } : {}),
  };
  const operations: OvsdbOperation[] = [
    { op: 'insert', table: 'Bridge', row, 'uuid-name': 'bridge' },
    { op: 'insert', table: 'Port', row: { name, interfaces: ovsdbNamedUuid('interface') }, 'uuid-name': 'port' },
    { op: 'insert', table: 'Interface', row: { name, type: 'internal' }, 'uuid-name': 'interface' },
    changeBridges(root.uuid, 'insert', ovsdbNamedUuid('bridge')),
  ];
  const undo = (uuid: string): OvsdbOperation[] => [changeBridges(root.uuid, 'delete', ovsdbUuid(uuid))];
  return { guards: [], operations, steps: [{ name, insert: 0, undo }] };
}

export function planBridgeRemoval(replica: Replica, name: string): Plan {
  const bridge = replica.bridges.named(name);
  if (bridge === undefined) return { guards: [], operations: [], steps: [] };
  return { guards: [], operations: [changeBridges(replica.root.uuid, 'delete', ovsdbUuid(bridge.uuid))], steps: [] };
}

/** @throws OvsError */
export function planPorts(
  replica: Replica,
  bridgeName: string,
  wanted: readonly WantedPort[],
  mode: 'add' | 'set',
): Plan {
  const bridge = findBridge(replica, bridgeName);
  const owners = replica.owners();
  const vlans = chooseVlans(
    bridge,
    portsOf(replica, bridge),
    replica.ports.values(),
    new Set(wanted.flatMap(({ network }) => (network ? [network.id] : []))),
    wanted.flatMap(({ tag }) => (typeof tag === 'number' ? [tag] : [])),
  );
  const operations: OvsdbOperation[] = [];
  const made: number[] = [];
  const steps = wanted.map((one, index): Step => {
    const port = existing(replica, owners, bridge, one.name, mode);
    const tag = one.network ? vlans.tags.get(one.network.id) : one.tag;
    if (port === undefined) {
      made.push(index);
      operations.push(...insertPort(one, tag, index));
      const undo = (uuid: string): OvsdbOperation[] => [changePorts(bridge.uuid, 'delete', [ovsdbUuid(uuid)])];
      return { name: one.name, insert: operations.length - 1, undo };
    }
    const { forward, backward } = changePort(port.port, port.device, one, tag);
    operations.push(...forward);
    return { name: one.name, undo: () => backward };
  });
  if (made.length > 0) {
    const ports = made.map((index) => ovsdbNamedUuid(`port${index}`));
    operations.push(stillThere('Bridge', bridge.uuid, bridge.name), changePorts(bridge.uuid, 'insert', ports));
  }
  return { guards: vlans.guards, operations, steps };
}

/** `--if-exists`: what is not on this bridge is passed over. */
export function planPortRemoval(
  replica: Replica,
  bridgeName: string,
  names: readonly string[],
): Plan & { count: number } {
  const bridge = replica.bridges.named(bridgeName);
  const on = new Set(bridge?.ports);
  const uuids = names.flatMap((name) => {
    const port = replica.ports.named(name);
    return port && on.has(port.uuid) ? [ovsdbUuid(port.uuid)] : [];
  });
  if (bridge === undefined || uuids.length === 0) return { guards: [], operations: [], steps: [], count: 0 };
  return { guards: [], operations: [changePorts(bridge.uuid, 'delete', uuids)], steps: [], count: uuids.length };
}

export function findBridge(replica: Replica, name: string): BridgeRow {
  const bridge = replica.bridges.named(name);
  if (bridge === undefined) throw new OvsError('ENOENT', name, 'no such bridge');
  return bridge;
}

/** With the bridge's own. */
export function portsOf(replica: Replica, bridge: BridgeRow): PortRow[] {
  return bridge.ports.flatMap((uuid) => replica.ports.get(uuid) ?? []);
}

function existing(
  replica: Replica,
  owners: ReadonlyMap<string, BridgeRow>,
  bridge: BridgeRow,
  name: string,
  mode: 'add' | 'set',
): { port: PortRow; device: InterfaceRow } | undefined {
  const port = replica.ports.named(name);
  if (port === undefined) {
    if (mode === 'set') throw new OvsError('ENOENT', name, `no such port on ${bridge.name}`);
    if (replica.interfaces.named(name)) throw new OvsError('EEXIST', name, 'it is a part of a bond');
    return undefined;
  }
  const owner = owners.get(port.uuid);
  if (owner?.uuid !== bridge.uuid) {
    const where = owner ? ` of ${owner.name}` : '';
    if (mode === 'set') throw new OvsError('ENOENT', name, `not on ${bridge.name}: it is a port${where}`);
    throw new OvsError('EEXIST', name, `it is a port${where} already`);
  }
  const [first, ...more] = port.interfaces.map((uuid) => replica.interfaces.get(uuid));
  if (first === undefined || more.length > 0) throw new OvsError('EEXIST', name, 'it is a bond');
  return { port, device: first };
}

/** The port's insert comes last. */
function insertPort(wanted: WantedPort, tag: number | null | undefined, index: number): OvsdbOperation[] {
  const { name, type = '', peer, network, mac, mtu, externalIds } = wanted;
  const otherConfig = { ...wanted.otherConfig, ...(network ? networkConfig(network, tag as number, undefined) : {}) };
  const device: OvsdbRow = {
    name,
    type,
    external_ids: ovsdbMap(present(externalIds)),
    ...(typeof mac === 'string' ? { mac } : {}),
    ...(typeof mtu === 'number' ? { mtu_request: mtu } : {}),
    ...(peer === undefined ? {} : { options: ovsdbMap({ peer }) }),
  };
  const row: OvsdbRow = {
    name,
    interfaces: ovsdbNamedUuid(`interface${index}`),
    other_config: ovsdbMap(present(otherConfig)),
    ...(typeof tag === 'number' ? { tag } : {}),
  };
  return [
    { op: 'insert', table: 'Interface', row: device, 'uuid-name': `interface${index}` },
    { op: 'insert', table: 'Port', row, 'uuid-name': `port${index}` },
  ];
}

function changePort(
  port: PortRow,
  device: InterfaceRow,
  wanted: WantedPort,
  tag: number | null | undefined,
): Operations {
  const { name, type, peer, network, mac, mtu, externalIds } = wanted;
  const config = network ? networkConfig(network, tag as number, port.otherConfig['net_uuid']) : nothing;
  const changes = [
    changeRow({
      table: 'Port',
      uuid: port.uuid,
      name,
      columns: { tag: [port.tag, tag] },
      maps: { other_config: [port.otherConfig, { ...wanted.otherConfig, ...config }] },
    }),
    changeRow({
      table: 'Interface',
      uuid: device.uuid,
      name,
      columns: { type: [device.type, type], mac: [device.mac, mac], mtu_request: [device.mtuRequest, mtu] },
      maps: {
        external_ids: [device.externalIds, externalIds],
        options: [device.options, peer === undefined ? nothing : { peer }],
      },
    }),
  ];
  return {
    forward: changes.flatMap(({ forward }) => forward),
    backward: changes.flatMap(({ backward }) => backward),
  };
}

function present(keys: OvsKeys): [string, string][] {
  return Object.entries(keys).filter((entry): entry is [string, string] => entry[1] !== null);
}

type Reference = ReturnType<typeof ovsdbUuid> | ReturnType<typeof ovsdbNamedUuid>;

function changeBridges(root: string, mutator: 'insert' | 'delete', bridge: Reference): OvsdbOperation {
  return {
    op: 'mutate',
    table: 'Open_vSwitch',
    where: [['_uuid', '==', ovsdbUuid(root)]],
    mutations: [['bridges', mutator, ovsdbSet([bridge])]],
  };
}

function changePorts(bridge: string, mutator: 'insert' | 'delete', ports: readonly Reference[]): OvsdbOperation {
  return {
    op: 'mutate',
    table: 'Bridge',
    where: [['_uuid', '==', ovsdbUuid(bridge)]],
    mutations: [['ports', mutator, ovsdbSet(ports)]],
  };
}
