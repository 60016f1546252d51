import { formatPrefix, networkOf, parsePrefix } from '../ip.js';

/** IPv4 first, then by value; one of each. */
export function sortAddresses(addresses: Iterable<string>): string[] {
  return [...new Set(addresses)]
    .map((address) => ({ address, prefix: prefixOf(address) }))
    .sort((a, b) => Buffer.compare(sortKey(a.prefix), sortKey(b.prefix)) || (a.address < b.address ? -1 : 1))
    .map(({ address }) => address);
}

/** The subnets that addresses lie in; a host's own (/32, /128) is none. */
export function subnetsOf(addresses: Iterable<string>): string[] {
  const subnets: string[] = [];
  for (const address of addresses) {
    const prefix = parsePrefix(address);
    if (prefix === undefined || prefix.length === prefix.bytes.length * 8) continue;
    subnets.push(formatPrefix(networkOf(prefix)));
  }
  return sortAddresses(subnets);
}

function prefixOf(text: string): { readonly bytes: Uint8Array; readonly length: number } {
  const whole = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  return parsePrefix(whole) ?? { bytes: new Uint8Array(), length: 0 };
}

function sortKey({ bytes, length }: { readonly bytes: Uint8Array; readonly length: number }): Buffer {
  return Buffer.from([bytes.length, ...bytes, length]);
}
