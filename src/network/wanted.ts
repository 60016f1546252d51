/** A network's description, checked: `NodeNetworkSpec` -> `WantedNetwork`. */

import type { Network } from '../dhcp/network.js';
import { checkNetwork as checkDhcpNetwork, type NetworkPortSpec } from '../dhcp/spec.js';
import { checkArray, checkDeviceName, checkInteger, checkKeys, invalidValue } from '../errors.js';
import { checkMac } from '../ip.js';
import type { NetnsReference } from '../netns/netns.js';
import { checkId, networkBridge, portDevice } from '../router/names.js';
import type { NodeNetworkSpec, NodePortSpec } from './spec.js';

export interface WantedNetwork {
  readonly id: string;
  readonly mtu: number | undefined;
  readonly mechanism: 'linuxbridge' | 'openvswitch';
  /** In the host's namespace, or Open vSwitch's. */
  readonly bridge: string;
  /** Whether the bridge is netloom's to make and to remove. */
  readonly ownsBridge: boolean;
  readonly physicalDevice: string | undefined;
  readonly ports: readonly WantedPort[];
  /** What its DHCP is to be; undefined where the description says nothing of DHCP. */
  readonly dhcp: Network | undefined;
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

const networkKeys: ReadonlySet<string> = new Set([
  'id',
  'mtu',
  'mechanism',
  'bridge',
  'physicalDevice',
  'ports',
  'subnets',
  'dnsDomain',
  'dhcp',
]);
const portKeys: ReadonlySet<string> = new Set([
  'id',
  'mac',
  'device',
  'fixedIps',
  'hostname',
  'extraDhcpOptions',
  'dhcp',
]);
const vethKeys: ReadonlySet<string> = new Set(['kind', 'netns', 'name']);
const tapKeys: ReadonlySet<string> = new Set(['kind', 'owner']);

export function checkNetwork(spec: NodeNetworkSpec, path: string): WantedNetwork {
  checkKeys(spec, networkKeys, path);
  const id = checkId(spec.id, `${path}.id`);
  const { mechanism = 'linuxbridge', bridge, physicalDevice, ports = [] } = spec;
  if (mechanism !== 'linuxbridge' && mechanism !== 'openvswitch') {
    throw invalidValue(`${path}.mechanism`, "is neither 'linuxbridge' nor 'openvswitch'", mechanism);
  }
  if (bridge !== undefined) checkDeviceName(bridge, `${path}.bridge`);
  if (physicalDevice !== undefined) checkDeviceName(physicalDevice, `${path}.physicalDevice`);
  checkArray(ports, `${path}.ports`);
  const name = bridge ?? (mechanism === 'linuxbridge' ? networkBridge(id) : 'br-int');
  return {
    id,
    mtu: spec.mtu === undefined ? undefined : checkInteger(spec.mtu, `${path}.mtu`, 68, 65535),
    mechanism,
    bridge: name,
    ownsBridge: bridge === undefined && mechanism === 'linuxbridge',
    physicalDevice,
    ports: ports.flatMap((port, at) => checkPort(port, `${path}.ports[${at}]`)),
    dhcp: dhcpOf(spec, ports, mechanism === 'linuxbridge' ? name : undefined, path),
  };
}

/** As `Dhcp.apply` takes it: of ports, those that have addresses to give. */
function dhcpOf(
  { id, mtu, dnsDomain, subnets = [], dhcp }: NodeNetworkSpec,
  ports: readonly NodePortSpec[],
  bridge: string | undefined,
  path: string,
): Network | undefined {
  if (dhcp === undefined || dhcp === false) return undefined;
  const leased = ports.flatMap(({ device: _, mac, fixedIps, ...port }): NetworkPortSpec[] =>
    mac === undefined || fixedIps === undefined ? [] : [{ ...port, mac, fixedIps }],
  );
  return checkDhcpNetwork(
    {
      id,
      subnets,
      ports: leased,
      dhcp,
      ...(mtu === undefined ? {} : { mtu }),
      ...(dnsDomain === undefined ? {} : { dnsDomain }),
      ...(bridge === undefined ? {} : { bridge }),
    },
    path,
  );
}

function checkPort(port: NodePortSpec, path: string): WantedPort[] {
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
