/** Names as OpenStack Neutron gives them: neutron/agent/l3/namespaces.py, neutron/agent/linux/interface.py. */
import { invalidType, invalidValue } from '../errors.js';

/** Of a port's id, what fits behind a prefix: a device's name has at most 15 bytes. */
const idLength = 11;

const prefixes = { router: 'qr-', gateway: 'qg-', tap: 'tap' } as const;

/** Of a network's own Linux bridge: neutron_lib.constants, BRIDGE_NAME_PREFIX. */
export function networkBridge(networkId: string): string {
  return `brq${networkId.slice(0, idLength)}`;
}

export function routerNamespace(id: string): string {
  return `${routerPrefix}${checkId(id, 'id')}`;
}

export const routerPrefix = 'qrouter-';

/** `qr-…` and `qg-…` inside the router, `tap…` for the other end, on the network's bridge. */
export function portDevice(kind: keyof typeof prefixes, portId: string): string {
  return prefixes[kind] + portId.slice(0, idLength);
}

/** What of its id a port's device in a router is named by. */
export const portIdOf = (device: string): string => device.slice(prefixes.router.length);

/** Whether a device in a router's namespace is a port that netloom, or Neutron, has made. */
export function isRouterPort(device: string): boolean {
  return device.startsWith(prefixes.router) || device.startsWith(prefixes.gateway);
}

export function isGatewayPort(device: string): boolean {
  return device.startsWith(prefixes.gateway);
}

/** A UUID, or any other name that can stand in a device's and a file's. */
export function checkId(id: unknown, path: string): string {
  if (typeof id !== 'string') throw invalidType(path, 'an id', id);
  if (!/^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$/.test(id)) {
    throw invalidValue(path, "is not an id (letters, digits, '-', '_', '.'; 1 to 64; a UUID in OpenStack)", id);
  }
  return id;
}

/** Who made an address, a route, a rule: netloom, among others (`proto 78` to ip-route(8)). */
export const protocol = 78;

/**
 * What netloom writes into the alias of a namespace's loopback device, and of its bridges: by it a later run knows what is its own to
 * remove. Nodes (`Node.apply`) add their name, so that several share a machine.
 */
export function markOf(owner: string | undefined): string {
  return owner === undefined ? 'netloom' : `netloom:${owner}`;
}

export function isMarked(alias: string | undefined): boolean {
  return alias === 'netloom' || (alias?.startsWith('netloom:') ?? false);
}

/** Where clients look for metadata: the addresses that cloud images know. */
export const metadataAddress = { ip: '169.254.169.254', ip6: 'fe80::a9fe:a9fe' } as const;
