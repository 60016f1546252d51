/**
 * Giving leases back for clients that have gone: DHCPRELEASE (RFC 2131, 4.4.6) and Release (RFC 8415, 18.2.7), sent to the server from inside
 * its own namespace. The server keeps its file, and so its process.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { contains, formatAddress, type Prefix, parseAddress, parseMac } from '../ip.js';
import type { Netns } from '../netns/netns.js';
import { type DhcpLease, type LeaseFile, parseLeases } from './leases.js';

const serverPort = { udp4: 67, udp6: 547 } as const;

/** All_DHCP_Relay_Agents_and_Servers. A server refuses releases that are not sent there (RFC 8415, 18.4). */
const allServers = 'ff02::1:2';

/** How often the server is asked, and for how long each time in ms, as Neutron's agent does. */
const attempts = 3;
const patience = 300;

/** What dnsmasq adds for each IPv6 release, in ms: it looks for the client's MAC address five times (get_client_mac), and answers nobody meanwhile. */
const deafFor = 600;

/** More than so many at once cost more than a new start. */
export const mostIpv6Releases = 4;

export interface ReleaseSite {
  readonly netns: Netns;
  /** Of the DHCP port. */
  readonly addresses: readonly Prefix[];
  readonly readLeases: () => Promise<string>;
}

/** Returns those that are there still. */
export async function releaseLeases(site: ReleaseSite, leases: readonly DhcpLease[]): Promise<DhcpLease[]> {
  let left = [...leases];
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt++) {
    const file = parseLeases(await site.readLeases());
    await sendAll(site, file, left);
    const end = performance.now() + patience + deafFor * left.filter(({ family }) => family === 'inet6').length;
    do {
      await sleep(10);
      const present = new Set(parseLeases(await site.readLeases()).leases.map(({ address }) => address));
      left = left.filter(({ address }) => present.has(address));
    } while (left.length > 0 && performance.now() < end);
  }
  return left;
}

async function sendAll(site: ReleaseSite, { serverId }: LeaseFile, leases: readonly DhcpLease[]): Promise<void> {
  const messages = { udp4: [] as [Uint8Array, string][], udp6: [] as [Uint8Array, string][] };
  for (const lease of leases) {
    const bytes = parseAddress(lease.address) as Uint8Array;
    const server = site.addresses.find((own) => contains(own, bytes));
    if (lease.family === 'inet6') {
      if (serverId !== undefined) messages.udp6.push([release6(lease, serverId), allServers]);
    } else if (server) {
      messages.udp4.push([release4(lease, server.bytes), formatAddress(server.bytes)]);
    }
  }
  await Promise.all([send(site.netns, 'udp4', messages.udp4), send(site.netns, 'udp6', messages.udp6)]);
}

async function send(netns: Netns, kind: 'udp4' | 'udp6', messages: readonly [Uint8Array, string][]): Promise<void> {
  if (messages.length === 0) return;
  const fd = await netns.socket(kind, { port: 0 });
  const socket = createSocket(kind);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ fd }, resolve);
    });
    for (const [message, address] of messages) {
      await new Promise<void>((resolve, reject) => {
        socket.send(message, serverPort[kind], address, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    socket.close();
  }
}

function release4(lease: DhcpLease & { family: 'inet' }, server: Uint8Array): Uint8Array {
  const fixed = Buffer.alloc(236);
  // BOOTREQUEST, Ethernet.
  fixed.set([1, 1, 6, 0], 0);
  fixed.set(randomBytes(4), 4);
  fixed.set(parseAddress(lease.address) as Uint8Array, 12);
  fixed.set(parseMac(lease.mac) as Uint8Array, 28);
  const option = (code: number, value: Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from([code, value.length]), value]);
  return Buffer.concat([
    fixed,
    Buffer.from([0x63, 0x82, 0x53, 0x63]),
    option(53, Buffer.from([7])),
    option(54, server),
    // The lease is found by it, if it was given by it.
    ...(lease.clientId === undefined ? [] : [option(61, bytesOf(lease.clientId))]),
    Buffer.from([255]),
  ]);
}

function release6(lease: DhcpLease & { family: 'inet6' }, serverId: string): Uint8Array {
  const option = (code: number, ...values: Uint8Array[]): Uint8Array => {
    const value = Buffer.concat(values);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value]);
  };
  const iaid = Buffer.alloc(4);
  iaid.writeUInt32BE(lease.iaid);
  const address = option(5, parseAddress(lease.address) as Uint8Array, Buffer.alloc(8));
  return Buffer.concat([
    Buffer.from([8]),
    randomBytes(3),
    option(1, bytesOf(lease.clientId)),
    option(2, bytesOf(serverId)),
    // IA_NA has two times before its options, IA_TA has none.
    lease.temporary ? option(4, iaid, address) : option(3, iaid, Buffer.alloc(8), address),
    option(8, Buffer.alloc(2)),
  ]);
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
