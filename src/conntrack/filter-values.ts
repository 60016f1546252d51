/** One of several addresses or ports. */
import { checkInteger } from '../errors.js';
import { checkAddress, contains, formatAddress, type Prefix } from '../ip.js';
import { type AddressFamily, addressFamily, checkAddressOrPrefix } from '../rtnetlink/values.js';

/** Any of several. */
export interface Several<T> {
  readonly has: (value: T) => boolean;
  /** Where it is one. */
  readonly only: T | undefined;
}

/** Where all are of one family, which. */
export interface Addresses extends Several<string> {
  readonly family: AddressFamily | undefined;
}

export function checkAddresses(value: string | readonly string[] | undefined, path: string): Addresses | undefined {
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? (value as readonly string[]) : [value as string];
  const addresses = new Set<string>();
  const prefixes: Prefix[] = [];
  const families = new Set<AddressFamily>();
  for (const text of list) {
    const { bytes, length } = checkAddressOrPrefix(text, path);
    const family = addressFamily(bytes);
    families.add(family);
    if (length === bytes.length * 8) addresses.add(formatAddress(bytes));
    else prefixes.push({ family: family === 'inet' ? 'ip' : 'ip6', bytes, length });
  }
  const within = (address: string): boolean => {
    const bytes = checkAddress(address, path);
    return prefixes.some((prefix) => contains(prefix, bytes));
  };
  return {
    has: prefixes.length === 0 ? (address) => addresses.has(address) : (one) => addresses.has(one) || within(one),
    only: prefixes.length === 0 && addresses.size === 1 ? [...addresses][0] : undefined,
    family: families.size === 1 ? [...families][0] : undefined,
  };
}

export function checkPorts(value: number | readonly number[] | undefined, path: string): Several<number> | undefined {
  if (value === undefined) return undefined;
  const list: readonly number[] = Array.isArray(value) ? value : [value as number];
  const ports = new Set(list.map((port) => checkInteger(port, path, 0, 65535)));
  return { has: (port) => ports.has(port), only: ports.size === 1 ? [...ports][0] : undefined };
}
