import { checkArray, checkDeviceName, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkMac, formatMac } from '../ip.js';
import { checkNetwork, type OvsNetwork } from './neutron.js';
import type { InterfaceRow, PortRow, StringMap } from './tables.js';

/** `''`: a device that is there, such as a veth's end; `'internal'`: one that ovs-vswitchd makes; `'patch'`: the end of a wire between two bridges. */
export type OvsPortType = '' | 'internal' | 'patch';

/** Keys to set. null removes one; those that are not named stay as they are. */
export type OvsKeys = Readonly<Record<string, string | null>>;

interface Settings {
  /** At most 15 bytes. */
  readonly name: string;
  /** Of an internal port; null for one that Open vSwitch chooses. */
  readonly mac?: string | null;
  /** Bytes; null for what Open vSwitch chooses. It reaches a device in ovs-vswitchd's own namespace only. */
  readonly mtu?: number | null;
  /** Interface.external_ids; for OpenStack's see `neutronExternalIds`. */
  readonly externalIds?: OvsKeys;
  /** Port.other_config. */
  readonly otherConfig?: OvsKeys;
}

type Vlan =
  /** An access port's VLAN, 0 to 4095; null for a trunk of all. */
  | { readonly tag?: number | null; readonly network?: never }
  /** The network it is of, by id or with what else other_config tells of it. The tag is the network's local VLAN. */
  | { readonly network: string | OvsNetwork; readonly tag?: never };

type Kind =
  | { readonly type?: '' | 'internal'; readonly peer?: never }
  /** `peer`: the patch port at the other end, which may come later. */
  | { readonly type: 'patch'; readonly peer: string };

export type OvsPortSpec = Settings & Vlan & Kind;

/** What can be changed of a port that exists. */
export type OvsPortChange = Settings & Vlan;

/** A port, as ovs-vswitchd.conf.db(5) has it in Port and Interface. */
export interface OvsPort {
  readonly name: string;
  readonly type: string;
  readonly tag?: number;
  /** Port.other_config's `net_uuid`. */
  readonly network?: string;
  /** As configured. */
  readonly mac?: string;
  /** As the device has it; told some time after the port was made. */
  readonly macInUse?: string;
  /** Bytes; as the device has it. */
  readonly mtu?: number;
  /** OpenFlow's number for it. */
  readonly ofport?: number;
  /** Undefined where the device is not in ovs-vswitchd's own namespace: it was moved, or its namespace is gone. */
  readonly ifindex?: number;
  /** Why ovs-vswitchd could not make it. */
  readonly error?: string;
  /** The other end of a patch port. */
  readonly peer?: string;
  readonly externalIds: StringMap;
  readonly otherConfig: StringMap;
}

/** A spec that has been checked. What is undefined stays as it is. */
export interface WantedPort {
  readonly name: string;
  readonly type: OvsPortType | undefined;
  readonly peer: string | undefined;
  readonly tag: number | null | undefined;
  readonly network: OvsNetwork | undefined;
  readonly mac: string | null | undefined;
  readonly mtu: number | null | undefined;
  readonly externalIds: OvsKeys;
  readonly otherConfig: OvsKeys;
}

const changeKeys = ['name', 'tag', 'network', 'mac', 'mtu', 'externalIds', 'otherConfig'];
const keys: { readonly add: ReadonlySet<string>; readonly set: ReadonlySet<string> } = {
  add: new Set([...changeKeys, 'type', 'peer']),
  set: new Set(changeKeys),
};

export function checkPorts(
  bridge: string,
  ports: readonly (OvsPortSpec | OvsPortChange)[],
  mode: 'add' | 'set',
): WantedPort[] {
  checkArray<unknown>(ports, 'ports');
  const names = new Set<string>();
  return (ports as readonly OvsPortSpec[]).map((spec, index) => {
    const path = `ports[${index}]`;
    checkKeys(spec, keys[mode], path);
    const name = checkDeviceName(spec.name, `${path}.name`);
    if (name === bridge && mode === 'add') throw invalidValue(`${path}.name`, "is the bridge's own port", name);
    if (names.has(name)) throw invalidValue(`${path}.name`, 'is there twice', name);
    names.add(name);
    return { name, ...checkKind(spec, path, mode), ...checkVlan(spec, path), ...checkSettings(spec, path) };
  });
}

function checkKind(spec: OvsPortSpec, path: string, mode: 'add' | 'set'): Pick<WantedPort, 'type' | 'peer'> {
  const { type = '', peer } = spec;
  if (mode === 'set') return { type: undefined, peer: undefined };
  if (type !== '' && type !== 'internal' && type !== 'patch') {
    throw invalidValue(`${path}.type`, "is not '', 'internal' or 'patch'", type);
  }
  if (type === 'patch') return { type, peer: checkDeviceName(peer, `${path}.peer`) };
  if (peer !== undefined) throw invalidValue(`${path}.peer`, 'is for patch ports', peer);
  return { type, peer: undefined };
}

function checkVlan({ tag, network }: OvsPortSpec, path: string): Pick<WantedPort, 'tag' | 'network'> {
  if (network === undefined) {
    if (tag !== undefined && tag !== null) checkInteger(tag, `${path}.tag`, 0, 4095);
    return { tag, network: undefined };
  }
  if (tag !== undefined) throw invalidValue(`${path}.tag`, 'cannot be given with a network, which has its own', tag);
  return { tag: undefined, network: checkNetwork(network, `${path}.network`) };
}

function checkSettings(
  { mac, mtu, externalIds = {}, otherConfig = {} }: OvsPortSpec,
  path: string,
): Pick<WantedPort, 'mac' | 'mtu' | 'externalIds' | 'otherConfig'> {
  if (mtu !== undefined && mtu !== null) checkInteger(mtu, `${path}.mtu`, 68, 65535);
  return {
    mac: typeof mac === 'string' || (mac !== undefined && mac !== null) ? formatMac(checkMac(mac, `${path}.mac`)) : mac,
    mtu,
    externalIds: checkMap(externalIds, `${path}.externalIds`),
    otherConfig: checkMap(otherConfig, `${path}.otherConfig`),
  };
}

export function checkMap(map: unknown, path: string): OvsKeys {
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw invalidType(path, 'an object of strings', map);
  for (const [key, value] of Object.entries(map)) {
    if (typeof value !== 'string' && value !== null) throw invalidType(`${path}.${key}`, 'a string, or null', value);
  }
  return map as OvsKeys;
}

export function toOvsPort(port: PortRow, device: InterfaceRow | undefined): OvsPort {
  const network = port.otherConfig['net_uuid'];
  const peer = device?.options['peer'];
  const optional = {
    tag: port.tag,
    network,
    mac: device?.mac,
    macInUse: device?.macInUse,
    mtu: device?.mtu,
    ofport: device?.ofport,
    ifindex: device?.ifindex || undefined,
    error: device?.error,
    peer,
  };
  return {
    name: port.name,
    type: device?.type ?? '',
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<OvsPort>),
    externalIds: device?.externalIds ?? {},
    otherConfig: port.otherConfig,
  };
}
