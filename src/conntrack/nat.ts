/** How a flow that is added is translated: CTA_NAT_SRC and CTA_NAT_DST. */
import { checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import { checkAddress, formatAddress } from '../ip.js';
import type { Wire } from '../netlink/codec.js';
import { type AddressFamily, addressFamily } from '../rtnetlink/values.js';

/** Where NAT may take an address and a port from. At least one of both. */
export interface NatRange {
  /** One, or the first and the last of a range. */
  readonly address?: string | readonly [first: string, last: string];
  /** The same, 1 to 65535. Without it the kernel keeps the port, or takes one where it is taken. */
  readonly port?: number | readonly [first: number, last: number];
}

export interface FlowNat {
  /** The first packet's source becomes this. */
  readonly src?: NatRange;
  /** Its destination becomes this. */
  readonly dst?: NatRange;
}

const natKeys: ReadonlySet<string> = new Set(['src', 'dst']);
const rangeKeys: ReadonlySet<string> = new Set(['address', 'port']);

export function natWire(
  nat: FlowNat,
  family: AddressFamily,
  path: string,
): { readonly natSrc: Wire | undefined; readonly natDst: Wire | undefined } {
  checkKeys(nat, natKeys, path);
  return {
    natSrc: nat.src && rangeWire(nat.src, family, `${path}.src`),
    natDst: nat.dst && rangeWire(nat.dst, family, `${path}.dst`),
  };
}

function rangeWire(range: NatRange, family: AddressFamily, path: string): Wire {
  checkKeys(range, rangeKeys, path);
  if (range.address === undefined && range.port === undefined)
    throw invalidValue(path, 'has no address and no port', range);
  const addresses = ends(range.address, `${path}.address`)?.map((address) => {
    const bytes = checkAddress(address, `${path}.address`);
    if (addressFamily(bytes) !== family) throw invalidValue(`${path}.address`, "is not of the flow's family", address);
    return bytes;
  });
  const ports = ends(range.port, `${path}.port`)?.map((port) => checkInteger(port, `${path}.port`, 1, 65535));
  if (addresses && Buffer.compare(addresses[0] as Uint8Array, addresses[1] as Uint8Array) > 0) {
    throw invalidValue(`${path}.address`, 'ends before it begins', addresses.map(formatAddress));
  }
  if (ports && (ports[0] as number) > (ports[1] as number))
    throw invalidValue(`${path}.port`, 'ends before it begins', ports);
  const version = family === 'inet' ? 'v4' : 'v6';
  return {
    [`${version}min`]: addresses?.[0],
    [`${version}max`]: addresses?.[1],
    ports: ports && { min: ports[0], max: ports[1] },
  };
}

function ends<T>(range: T | readonly [T, T] | undefined, path: string): readonly [T, T] | undefined {
  if (range === undefined) return undefined;
  if (!Array.isArray(range)) return [range as T, range as T];
  if (range.length !== 2) throw invalidType(path, 'one, or the first and the last', range);
  return range as unknown as readonly [T, T];
}
