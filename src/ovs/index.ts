/** Open vSwitch, over its database's protocol: bridges, ports, local VLANs; and the protocol itself. */
export type { OvsBridge, OvsBridgeSpec } from './bridge-spec.js';
export { OvsdbError, type OvsdbErrorCode, OvsError, type OvsErrorCode } from './errors.js';
export type { OvsdbChange, OvsdbMonitorTables, OvsdbUpdate } from './monitor.js';
export type { NeutronPort, OvsNetwork } from './neutron.js';
export { neutronExternalIds } from './neutron.js';
export {
  OpenVswitch,
  type OpenVswitchOptions,
  type OvsOptions,
  type OvsPortOptions,
} from './open-vswitch.js';
export type {
  OvsdbAbort,
  OvsdbAtom,
  OvsdbComment,
  OvsdbCommit,
  OvsdbCondition,
  OvsdbDelete,
  OvsdbInsert,
  OvsdbMap,
  OvsdbMutate,
  OvsdbMutation,
  OvsdbOperation,
  OvsdbResult,
  OvsdbRow,
  OvsdbSelect,
  OvsdbSet,
  OvsdbUpdateRows,
  OvsdbUuid,
  OvsdbValue,
  OvsdbWait,
} from './operations.js';
export { Ovsdb, type OvsdbOptions } from './ovsdb.js';
export type { OvsKeys, OvsPort, OvsPortChange, OvsPortSpec, OvsPortType } from './port-spec.js';
export { ovsdbAtoms, ovsdbMap, ovsdbNamedUuid, ovsdbOptional, ovsdbRecord, ovsdbSet, ovsdbUuid } from './values.js';
