/** A network's description, checked: `NetworkSpec` -> `WantedNetwork`. */
import { checkDeviceName, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkMac } from '../ip.js';
import type { NetnsReference } from '../netns/netns.js';
import { checkId, networkBridge, portDevice } from '../router/names.js';
import type { NetworkPortSpec, NetworkSpec } from './spec.js';

export interface WantedNetwork {
  readonly id: string;
  readonly mtu: number | undefined;
  readonly mechanism: 'linuxbridge' | 'openvswitch';
  readonly bridge: string;
  /** Whether the bridge is netloom's to make and to remove. */
  readonly ownsBridge: boolean;
  readonly physicalDevice: string | undefined;
  readonly ports: readonly WantedPort[];
}

/** A VM's port that has a device. */
export interface WantedPort {
  readonly id: string;
  /** The host's end. */
  readonly tap: string;
  readonly mac: string | undefined;
  readonly device:
    | { readonly kind: 'veth'; readonly netns: NetnsReference; readonly name: string }
    | { readonly kind: 'tap'; readonly owner: number | undefined };
}

const networkKeys: ReadonlySet<string> = new Set(['id', 'mtu', 'mechanism', 'bridge', 'physicalDevice', 'ports']);
const portKeys: ReadonlySet<string> = new Set(['id', 'mac', 'device']);
const vethKeys: ReadonlySet<string> = new Set(['kind', 'netns', 'name']);
const tapKeys: ReadonlySet<string> = new Set(['kind', 'owner']);

export function checkNetwork(spec: NetworkSpec, path: string): WantedNetwork {
  checkKeys(spec, networkKeys, path);
  const id = checkId(spec.id, `${path}.id`);
  const { mechanism = 'linuxbridge', bridge, physicalDevice, ports = [] } = spec;
  if (mechanism !== 'linuxbridge' && mechanism !== 'openvswitch') {
    throw invalidValue(`${path}.mechanism`, "is neither 'linuxbridge' nor 'openvswitch'", mechanism);
  }
  if (bridge !== undefined) checkDeviceName(bridge, `${path}.bridge`);
  if (physicalDevice !== undefined) checkDeviceName(physicalDevice, `${path}.physicalDevice`);
  if (!Array.isArray(ports)) throw invalidType(`${path}.ports`, 'an array', ports);
  return {
    id,
    mtu: spec.mtu === undefined ? undefined : checkInteger(spec.mtu, `${path}.mtu`, 68, 65535),
    mechanism,
    bridge: bridge ?? (mechanism === 'linuxbridge' ? networkBridge(id) : 'br-int'),
    ownsBridge: bridge === undefined,
    physicalDevice,
    ports: ports.flatMap((port: NetworkPortSpec, at: number) => checkPort(port, `${path}.ports[${at}]`)),
  };
}

function checkPort(port: NetworkPortSpec, path: string): WantedPort[] {
  checkKeys(port, portKeys, path);
  const id = checkId(port.id, `${path}.id`);
  if (port.mac !== undefined) checkMac(port.mac, `${path}.mac`);
  const { device = { kind: 'tap' } } = port;
  if (device === false) return [];
  const common = { id, tap: portDevice('tap', id), mac: port.mac };
  if (device.kind === 'veth') {
    checkKeys(device, vethKeys, `${path}.device`);
    const name = checkDeviceName(device.name ?? 'eth0', `${path}.device.name`);
    return [{ ...common, device: { kind: 'veth', netns: device.netns, name } }];
  }
  if (device.kind !== 'tap') throw invalidValue(`${path}.device`, "is neither a 'veth' nor a 'tap'", device);
  checkKeys(device, tapKeys, `${path}.device`);
  const owner =
    device.owner === undefined ? undefined : checkInteger(device.owner, `${path}.device.owner`, 0, 0xfffffffe);
  return [{ ...common, device: { kind: 'tap', owner } }];
}
