/** Floating IPs as columns of numbers: what is done to 100,000 of them makes no object of each. */
import { invalidType, invalidValue } from '../errors.js';
import {
  checkIpv4,
  formatIpv4,
  formatPrefix,
  isUnicastIpv4,
  notUnicast,
  type Prefix,
  parseIpv4,
  readIpv4,
} from '../ip.js';
import { AddressIndex } from './address-index.js';
import type { FloatingIp, PackedFloatingIps } from './spec.js';

/** Row by row: a floating IP and the fixed address that it stands for. */
export interface Associations {
  readonly floating: Uint32Array;
  readonly fixed: Uint32Array;
}

export const none: Associations = { floating: new Uint32Array(0), fixed: new Uint32Array(0) };

/** Checks a list of floating IPs: IPv4 addresses of machines, and none twice on either side. */
export function checkFloatingIps(pairs: readonly FloatingIp[] | PackedFloatingIps, path: string): Associations {
  const associations = Array.isArray(pairs)
    ? parse(pairs as readonly FloatingIp[], path)
    : checkPacked(pairs as PackedFloatingIps, path);
  checkColumn(associations.floating, path, 'floatingAddress');
  checkColumn(associations.fixed, path, 'fixedAddress');
  return associations;
}

function parse(pairs: readonly FloatingIp[], path: string): Associations {
  const floating = new Uint32Array(pairs.length);
  const fixed = new Uint32Array(pairs.length);
  for (let row = 0; row < pairs.length; row++) {
    const pair = pairs[row] as FloatingIp;
    const from = typeof pair?.floatingAddress === 'string' ? parseIpv4(pair.floatingAddress) : -1;
    const to = typeof pair?.fixedAddress === 'string' ? parseIpv4(pair.fixedAddress) : -1;
    if (from < 0 || to < 0) {
      if (typeof pair !== 'object' || pair === null) throw invalidType(`${path}[${row}]`, 'an object', pair);
      checkIpv4(pair.floatingAddress, `${path}[${row}].floatingAddress`);
      checkIpv4(pair.fixedAddress, `${path}[${row}].fixedAddress`);
    }
    floating[row] = from;
    fixed[row] = to;
  }
  return { floating, fixed };
}

function checkPacked(pairs: PackedFloatingIps, path: string): Associations {
  if (typeof pairs !== 'object' || pairs === null) {
    throw invalidType(path, 'an array, or { floatingAddresses, fixedAddresses }', pairs);
  }
  const { floatingAddresses: floating, fixedAddresses: fixed } = pairs;
  if (!(floating instanceof Uint32Array)) throw invalidType(`${path}.floatingAddresses`, 'a Uint32Array', floating);
  if (!(fixed instanceof Uint32Array)) throw invalidType(`${path}.fixedAddresses`, 'a Uint32Array', fixed);
  if (floating.length !== fixed.length) {
    throw invalidValue(
      `${path}.fixedAddresses`,
      `has not as many entries as floatingAddresses (${floating.length})`,
      fixed.length,
    );
  }
  // The caller may go on writing to its own.
  return { floating: floating.slice(), fixed: fixed.slice() };
}

function checkColumn(addresses: Uint32Array, path: string, key: string): void {
  const row = addresses.findIndex((address) => !isUnicastIpv4(address));
  if (row >= 0) throw notUnicast(addresses[row] as number, `${path}[${row}].${key}`);
  checkOnce(addresses, path, key);
}

/** Checks a list of addresses: IPv4, none twice. */
export function checkAddresses(addresses: readonly string[] | Uint32Array, path: string): Uint32Array {
  let numbers: Uint32Array;
  if (addresses instanceof Uint32Array) {
    numbers = addresses.slice();
  } else {
    if (!Array.isArray(addresses)) throw invalidType(path, 'an array, or a Uint32Array', addresses);
    numbers = new Uint32Array(addresses.length);
    for (let row = 0; row < addresses.length; row++) {
      const address = parseIpv4(String(addresses[row]));
      numbers[row] = address < 0 ? checkIpv4(addresses[row], `${path}[${row}]`) : address;
    }
  }
  checkOnce(numbers, path);
  return numbers;
}

function checkOnce(addresses: Uint32Array, path: string, key?: string): void {
  if (ascends(addresses)) return;
  const { duplicate } = new AddressIndex(addresses);
  if (duplicate < 0) return;
  const where = `${path}[${duplicate}]${key === undefined ? '' : `.${key}`}`;
  throw invalidValue(where, 'is there twice', formatIpv4(addresses[duplicate] as number));
}

/** Whether each is above the one before, as a list in order is: then none is there twice. */
function ascends(addresses: Uint32Array): boolean {
  for (let row = 1; row < addresses.length; row++) {
    if ((addresses[row] as number) <= (addresses[row - 1] as number)) return false;
  }
  return true;
}

/** Checks that each address lies in one of the pools; `path` says where a row of them is. */
export function checkPools(addresses: Uint32Array, pools: readonly Prefix[], path: (row: number) => string): void {
  const ranges = pools.map(({ bytes, length }) => {
    const size = 2 ** (32 - length);
    const address = readIpv4(bytes);
    const start = address - (address % size);
    return { start, end: start + size };
  });
  for (let row = 0; row < addresses.length; row++) {
    const address = addresses[row] as number;
    let inside = false;
    for (const { start, end } of ranges) if (address >= start && address < end) inside = true;
    if (inside) continue;
    const known = pools.map(formatPrefix).join(', ') || 'none';
    throw invalidValue(path(row), `is in no pool of the gateway's (${known})`, formatIpv4(address));
  }
}

/** Of a map's rows (key and data, four bytes each). */
export function fromRows(rows: Uint8Array): Associations {
  const count = rows.length / 8;
  const floating = new Uint32Array(count);
  const fixed = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    floating[row] = readIpv4(rows, row * 8);
    fixed[row] = readIpv4(rows, row * 8 + 4);
  }
  return { floating, fixed };
}

/** Those rows that `keep` says. */
export function select({ floating, fixed }: Associations, keep: (row: number) => boolean): Associations {
  const rows: number[] = [];
  for (let row = 0; row < floating.length; row++) if (keep(row)) rows.push(row);
  if (rows.length === floating.length) return { floating, fixed };
  return {
    floating: Uint32Array.from(rows, (row) => floating[row] as number),
    fixed: Uint32Array.from(rows, (row) => fixed[row] as number),
  };
}

export function slice({ floating, fixed }: Associations, from: number, to?: number): Associations {
  return { floating: floating.subarray(from, to), fixed: fixed.subarray(from, to) };
}
