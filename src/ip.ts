/**
 * Addresses as text and as bytes, without a dependency and strictly: what `inet_pton(3)` takes is taken, nothing else.
 *
 * IPv4 is a number (0 to 2^32-1, the first octet on top); IPv6 and MAC are bytes in network order. Parsers answer a
 * miss with a value (-1, undefined), because callers probe; `check...` throw.
 */

export interface Prefix {
  readonly family: 'ip' | 'ip6';
  /** Network order: 4 or 16 bytes, as written; host bits are kept. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

const DOT = 46;
const COLON = 58;

/** Value of a dotted quad, or -1. No leading zeros: `010` is octal to some and decimal to others. */
export function parseIpv4(text: string): number {
  return parseIpv4At(text, 0);
}

function parseIpv4At(text: string, start: number): number {
  const end = text.length;
  if (end - start > 15) return -1;
  let address = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) {
      if (digits !== 0 && octet === 0) return -1;
      octet = octet * 10 + (c - 48);
      if (octet > 255) return -1;
      digits++;
    } else if (c === DOT && digits !== 0 && dots < 3) {
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
      dots++;
    } else {
      return -1;
    }
  }
  return dots === 3 && digits !== 0 ? address * 256 + octet : -1;
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The 16 bytes of an IPv6 address (RFC 4291, embedded IPv4 included, no zone), or undefined. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const end = text.length;
  if (end < 2 || end > 45) return undefined;
  const bytes = new Uint8Array(16);
  let at = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    i = 2;
  }
  while (i < end) {
    let group = 0;
    const start = i;
    for (; i < end; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      if (i - start === 4) return undefined;
      group = group * 16 + digit;
    }
    if (i < end && text.charCodeAt(i) === DOT) {
      const tail = at <= 12 ? parseIpv4At(text, start) : -1;
      if (tail < 0) return undefined;
      writeIpv4(bytes, at, tail);
      at += 4;
      break;
    }
    if (i === start || at === 16) return undefined;
    bytes[at++] = group >> 8;
    bytes[at++] = group & 0xff;
    if (i === end) break;
    if (text.charCodeAt(i++) !== COLON || i === end) return undefined;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return undefined;
      gap = at;
      i++;
    }
  }
  if (gap < 0) return at === 16 ? bytes : undefined;
  // RFC 5952 frowns on "::" for a single group, RFC 4291 and inet_pton allow it; for no group nobody does.
  if (at === 16) return undefined;
  bytes.copyWithin(16 - (at - gap), gap, at);
  bytes.fill(0, gap, 16 - (at - gap));
  return bytes;
}

/** Six bytes of `aa:bb:cc:dd:ee:ff`, or undefined. One or two digits an octet, as ether_aton(3) takes. */
export function parseMac(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(6);
  let octet = 0;
  let digits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === COLON) {
      if (digits === 0 || at === 5) return undefined;
      bytes[at++] = octet;
      octet = 0;
      digits = 0;
      continue;
    }
    const digit = hexDigit(c);
    if (digit < 0 || ++digits > 2) return undefined;
    octet = octet * 16 + digit;
  }
  if (at !== 5 || digits === 0) return undefined;
  bytes[5] = octet;
  return bytes;
}

/** `address/length`, the length mandatory and in plain decimal. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.lastIndexOf('/');
  if (slash < 0 || text.length - slash > 4) return undefined;
  const bytes = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (bytes === undefined || !/^(0|[1-9]\d*)$/.test(digits)) return undefined;
  const length = Number(digits);
  return length <= bytes.length * 8 ? { family: bytes.length === 4 ? 'ip' : 'ip6', bytes, length } : undefined;
}

/** The network that a prefix lies in: its host bits cleared. */
export function networkOf({ family, bytes, length }: Prefix): Prefix {
  const network = bytes.map((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - at * 8));
    return byte & (0xff << (8 - bits));
  });
  return { family, bytes: network, length };
}

/** Whether an address is of the prefix. */
export function contains({ bytes: network, length }: Prefix, bytes: Uint8Array): boolean {
  if (network.length !== bytes.length) return false;
  for (let at = 0; at * 8 < length; at++) {
    const mask = 0xff << Math.max(0, 8 - (length - at * 8));
    if (((network[at]! ^ bytes[at]!) & mask & 0xff) !== 0) return false;
  }
  return true;
}

/** An address of either family as bytes, or undefined. */
export function parseAddress(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 < 0) return parseIpv6(text);
  const bytes = new Uint8Array(4);
  writeIpv4(bytes, 0, ipv4);
  return bytes;
}

export function writeIpv4(bytes: Uint8Array, at: number, address: number): void {
  bytes[at] = address >>> 24;
  bytes[at + 1] = address >>> 16;
  bytes[at + 2] = address >>> 8;
  bytes[at + 3] = address;
}

export function readIpv4(bytes: Uint8Array, at: number = 0): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

const octets: readonly string[] = Array.from({ length: 256 }, (_, octet) => String(octet));
const dotted: readonly string[] = octets.map((octet) => `${octet}.`);

export function formatIpv4(address: number): string {
  return (
    dotted[address >>> 24]! + dotted[(address >>> 16) & 255]! + dotted[(address >>> 8) & 255]! + octets[address & 255]!
  );
}

/**
 * RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`. Mapped and
 * compatible addresses end dotted, as inet_ntop(3) and so `ip -j` and `nft -j` print them.
 */
export function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    i += length;
  }
  if (best === 0 && bestLength === 6) return `::${formatIpv4(readIpv4(bytes, 12))}`;
  if (best === 0 && bestLength === 5 && groups[5] === 0xffff) return `::ffff:${formatIpv4(readIpv4(bytes, 12))}`;
  const hex = groups.map((group) => group.toString(16));
  return best < 0 ? hex.join(':') : `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}

export function formatMac(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += (i === 0 ? '' : ':') + bytes[i]!.toString(16).padStart(2, '0');
  return text;
}

/** Text of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIpv4(readIpv4(bytes)) : formatIpv6(bytes);
}

/** 'address/length', whatever the length. */
export function formatPrefix({ bytes, length }: Pick<Prefix, 'bytes' | 'length'>): string {
  return `${formatAddress(bytes)}/${length}`;
}

/** A TypeError with code `ERR_INVALID_ADDRESS`; `path` says where in the caller's input. */
export function invalidAddress(value: unknown, path: string, wanted: string): TypeError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return Object.assign(new TypeError(`${path}: ${shown} is not ${wanted}`), { code: 'ERR_INVALID_ADDRESS' });
}

export function checkIpv4(value: unknown, path: string): number {
  const address = typeof value === 'string' ? parseIpv4(value) : -1;
  if (address < 0) throw invalidAddress(value, path, 'an IPv4 address');
  return address;
}

/**
 * Whether packets can be sent to it as to a single machine: nobody routes to 0.0.0.0/8, 127.0.0.0/8, multicast (224.0.0.0/4) and
 * 255.255.255.255 (`ip_route_input_slow` calls them martian). 240.0.0.0/4 is unicast to Linux.
 */
export function isUnicastIpv4(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && (first < 224 || first >= 240) && address !== 0xffffffff;
}

export function checkUnicastIpv4(value: unknown, path: string): number {
  const address = checkIpv4(value, path);
  if (!isUnicastIpv4(address)) throw notUnicast(address, path);
  return address;
}

export function notUnicast(address: number, path: string): TypeError {
  return invalidAddress(formatIpv4(address), path, 'an IPv4 address of a machine');
}

export function checkIpv6(value: unknown, path: string): Uint8Array {
  const bytes = typeof value === 'string' ? parseIpv6(value) : undefined;
  if (bytes === undefined) throw invalidAddress(value, path, 'an IPv6 address');
  return bytes;
}

/** An address of either family, as 4 or 16 bytes. */
export function checkAddress(value: unknown, path: string): Uint8Array {
  const bytes = typeof value === 'string' ? parseAddress(value) : undefined;
  if (bytes === undefined) throw invalidAddress(value, path, 'an IP address');
  return bytes;
}

export function checkMac(value: unknown, path: string): Uint8Array {
  const bytes = typeof value === 'string' ? parseMac(value) : undefined;
  if (bytes === undefined) throw invalidAddress(value, path, 'a MAC address');
  return bytes;
}

export function checkPrefix(value: unknown, path: string): Prefix {
  const prefix = typeof value === 'string' ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw invalidAddress(value, path, 'a prefix (address/length)');
  return prefix;
}
