/** Values that several families share. */
import { checkInteger, invalidValue } from '../errors.js';
import { formatAddress, formatIpv4, formatPrefix, invalidAddress, parseAddress, parsePrefix } from '../ip.js';
import type { Decoder } from '../netlink/codec.js';

export type AddressFamily = 'inet' | 'inet6';

export type RouteScope = 'global' | 'site' | 'link' | 'host' | 'nowhere';

/** The three that have names everywhere, or a number from 1 to 4294967295. */
export type RouteTable = 'main' | 'local' | 'default' | number;

const tables = { default: 253, main: 254, local: 255 } as const;

export function addressFamily(bytes: Uint8Array): AddressFamily {
  return bytes.length === 4 ? 'inet' : 'inet6';
}

/** `address/length`, or an address that is a host's prefix. */
export function checkAddressOrPrefix(value: unknown, path: string): { bytes: Uint8Array; length: number } {
  if (typeof value === 'string') {
    if (value.includes('/')) {
      const prefix = parsePrefix(value);
      if (prefix) return prefix;
    } else {
      const bytes = parseAddress(value);
      if (bytes) return { bytes, length: bytes.length * 8 };
    }
  }
  throw invalidAddress(value, path, 'an address, or a prefix (address/length)');
}

export function tableNumber(table: RouteTable, path: string): number {
  if (typeof table === 'number') return checkInteger(table, path, 1, 0xffffffff);
  const number = Object.hasOwn(tables, table) ? tables[table] : undefined;
  if (number === undefined) throw invalidValue(path, "is none of 'main', 'local', 'default' and no number", table);
  return number;
}

export function tableName(number: number): RouteTable {
  if (number === tables.main) return 'main';
  if (number === tables.local) return 'local';
  return number === tables.default ? 'default' : number;
}

/** As `ip -j` prints it: a host's prefix without its length, the empty one as 'default'. */
export function prefixText(bytes: Uint8Array | undefined, length: number): string {
  if (!bytes || length === 0) return 'default';
  return length === bytes.length * 8 ? formatAddress(bytes) : formatPrefix({ bytes, length });
}

/** Text of an address in a record that is being read. */
export function addressAt(decoder: Decoder, at: number): string {
  return decoder.sizeAt(at) === 4 ? formatIpv4(decoder.ipv4At(at)) : formatAddress(decoder.bytesAt(at));
}

/** The same of a prefix, as `prefixText` has it. */
export function prefixAt(decoder: Decoder, at: number, length: number): string {
  if (at < 0 || length <= 0) return 'default';
  const address = addressAt(decoder, at);
  return length === decoder.sizeAt(at) * 8 ? address : `${address}/${length}`;
}
