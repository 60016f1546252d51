/** The tables of ovs-vswitchd.conf.db(5) that netloom reads, and their rows. */
import type { OvsdbMonitorTables } from './monitor.js';
import type { OvsdbRow, OvsdbUuid, OvsdbValue } from './operations.js';
import { ovsdbAtoms, ovsdbOptional, ovsdbRecord } from './values.js';

export type StringMap = Readonly<Record<string, string>>;

/** The one row of Open_vSwitch. */
export interface RootRow {
  readonly uuid: string;
  readonly bridges: readonly string[];
  /** Raised by who wants to know when ovs-vswitchd has acted. */
  readonly nextCfg: number;
  /** What `nextCfg` was in the configuration that ovs-vswitchd acts by. */
  readonly curCfg: number;
}

export interface BridgeRow {
  readonly uuid: string;
  readonly name: string;
  readonly datapathType: string;
  readonly failMode: string | undefined;
  readonly externalIds: StringMap;
  readonly ports: readonly string[];
}

export interface PortRow {
  readonly uuid: string;
  readonly name: string;
  /** Several make a bond. */
  readonly interfaces: readonly string[];
  readonly tag: number | undefined;
  readonly otherConfig: StringMap;
}

export interface InterfaceRow {
  readonly uuid: string;
  readonly name: string;
  readonly type: string;
  readonly options: StringMap;
  readonly mac: string | undefined;
  readonly macInUse: string | undefined;
  readonly mtu: number | undefined;
  readonly mtuRequest: number | undefined;
  /** -1 where ovs-vswitchd could not make it. */
  readonly ofport: number | undefined;
  readonly ifindex: number | undefined;
  readonly error: string | undefined;
  readonly externalIds: StringMap;
}

/** Statistics are left out: they change every five seconds. */
export const watched: OvsdbMonitorTables = {
  Open_vSwitch: ['bridges', 'next_cfg', 'cur_cfg'],
  Bridge: ['name', 'datapath_type', 'fail_mode', 'external_ids', 'ports'],
  Port: ['name', 'interfaces', 'tag', 'other_config'],
  Interface: [
    'name',
    'type',
    'options',
    'mac',
    'mac_in_use',
    'mtu',
    'mtu_request',
    'ofport',
    'ifindex',
    'error',
    'external_ids',
  ],
};

const uuids = (value: OvsdbValue | undefined): string[] => ovsdbAtoms(value).map((atom) => (atom as OvsdbUuid)[1]);
const text = (value: OvsdbValue | undefined): string => value as string;
const optionalText = (value: OvsdbValue | undefined): string | undefined => ovsdbOptional(value) as string | undefined;
const optionalNumber = (value: OvsdbValue | undefined): number | undefined =>
  ovsdbOptional(value) as number | undefined;
const strings = (value: OvsdbValue | undefined): StringMap => ovsdbRecord(value) as StringMap;

export function toRoot(uuid: string, row: OvsdbRow): RootRow {
  return {
    uuid,
    bridges: uuids(row['bridges']),
    nextCfg: row['next_cfg'] as number,
    curCfg: row['cur_cfg'] as number,
  };
}

export function toBridge(uuid: string, row: OvsdbRow): BridgeRow {
  return {
    uuid,
    name: text(row['name']),
    datapathType: text(row['datapath_type']),
    failMode: optionalText(row['fail_mode']),
    externalIds: strings(row['external_ids']),
    ports: uuids(row['ports']),
  };
}

export function toPort(uuid: string, row: OvsdbRow): PortRow {
  return {
    uuid,
    name: text(row['name']),
    interfaces: uuids(row['interfaces']),
    tag: optionalNumber(row['tag']),
    otherConfig: strings(row['other_config']),
  };
}

export function toInterface(uuid: string, row: OvsdbRow): InterfaceRow {
  return {
    uuid,
    name: text(row['name']),
    type: text(row['type']),
    options: strings(row['options']),
    mac: optionalText(row['mac']),
    macInUse: optionalText(row['mac_in_use']),
    mtu: optionalNumber(row['mtu']),
    mtuRequest: optionalNumber(row['mtu_request']),
    ofport: optionalNumber(row['ofport']),
    ifindex: optionalNumber(row['ifindex']),
    error: optionalText(row['error']),
    externalIds: strings(row['external_ids']),
  };
}
