/** What OpenStack Neutron's Open vSwitch agent writes beside a port, and reads again after a restart. */
import { checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkMac, formatMac } from '../ip.js';

/** A tenant network, as a port's other_config has it. */
export interface OvsNetwork {
  /** `net_uuid` */
  readonly id: string;
  /** `network_type`: 'vxlan', 'vlan', 'flat', ... */
  readonly type?: string;
  /** `physical_network` */
  readonly physicalNetwork?: string;
  /** `segmentation_id`: the VNI, or the VLAN of the physical network. */
  readonly segmentationId?: number;
}

export interface NeutronPort {
  /** Of the port, a UUID. */
  readonly portId: string;
  readonly mac: string;
}

const networkKeys: ReadonlySet<string> = new Set(['id', 'type', 'physicalNetwork', 'segmentationId']);
const portKeys: ReadonlySet<string> = new Set(['portId', 'mac']);

/** The interface's external_ids by which Neutron's agent knows a port: `iface-id`, `iface-status` and `attached-mac`. */
export function neutronExternalIds(port: NeutronPort): Record<string, string> {
  checkKeys(port, portKeys, 'port');
  return {
    'iface-id': checkText(port.portId, 'port.portId'),
    'iface-status': 'active',
    'attached-mac': formatMac(checkMac(port.mac, 'port.mac')),
  };
}

export function checkNetwork(value: unknown, path: string): OvsNetwork {
  if (typeof value === 'string') return { id: checkText(value, path) };
  if (typeof value !== 'object' || value === null) throw invalidType(path, "a network's id, or an object", value);
  checkKeys(value, networkKeys, path);
  const network = value as OvsNetwork;
  checkText(network.id, `${path}.id`);
  for (const key of ['type', 'physicalNetwork'] as const) {
    if (network[key] !== undefined) checkText(network[key], `${path}.${key}`);
  }
  const { segmentationId } = network;
  if (segmentationId !== undefined && !(Number.isSafeInteger(segmentationId) && segmentationId >= 0)) {
    throw invalidType(`${path}.segmentationId`, 'an integer', segmentationId);
  }
  return network;
}

/** A port's other_config once it is of this network. What only described the network it was of goes. */
export function networkConfig(
  network: OvsNetwork,
  tag: number,
  before: string | undefined,
): Record<string, string | null> {
  const gone = before === undefined || before === network.id ? undefined : null;
  const described: [string, string | null | undefined][] = [
    ['net_uuid', network.id],
    ['tag', String(tag)],
    ['network_type', network.type ?? gone],
    ['physical_network', network.physicalNetwork ?? gone],
    ['segmentation_id', network.segmentationId === undefined ? gone : String(network.segmentationId)],
  ];
  return Object.fromEntries(described.filter((entry): entry is [string, string | null] => entry[1] !== undefined));
}

function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value);
  if (value === '') throw invalidValue(path, 'is empty', value);
  return value;
}
