/** Floating IP `i` and its fixed address: the same for every contender (bench/README.md). */
import { formatIpv4 } from '../../../ip.js';
import type { FloatingIp } from '../../../router/index.js';

const firstFloating = 0xc6120000 + 256;
const firstFixed = 0x0a000000 + 256;
const firstGateway = 0xc6138001;

export const gatewayAddress = '198.19.255.1/15';
export const pool = '198.18.0.0/15';
export const mac = '02:00:00:00:00:01';

/** What a contender is given: numbers in typed arrays, or objects with addresses as text. */
export type Form = 'packed' | 'objects';

export interface PackedPairs {
  readonly floatingAddresses: Uint32Array;
  readonly fixedAddresses: Uint32Array;
}

export function floatingNumbers(from: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => firstFloating + from + i);
}

function fixedNumbers(from: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => firstFixed + from + i);
}

export function floatingText(from: number, count: number): string[] {
  return Array.from(floatingNumbers(from, count), formatIpv4);
}

/** Of a node's router. */
export function gatewayText(router: number): string {
  return formatIpv4(firstGateway + router);
}

export function fixedText(i: number): string {
  return formatIpv4(firstFixed + i);
}

export function pairsAsObjects(from: number, count: number): FloatingIp[] {
  return Array.from({ length: count }, (_, i) => ({
    floatingAddress: formatIpv4(firstFloating + from + i),
    fixedAddress: formatIpv4(firstFixed + from + i),
  }));
}

export function packedPairs(from: number, count: number): PackedPairs {
  return { floatingAddresses: floatingNumbers(from, count), fixedAddresses: fixedNumbers(from, count) };
}
