import { checkInteger, invalidValue } from '../errors.js';
import { checkIpv4, checkIpv6, writeIpv4 } from '../ip.js';
import type { CallOptions } from '../netlink/call-options.js';

/**
 * `icmp4` and `icmp6` are datagram sockets for echo requests (icmp(7)); the namespace's `net.ipv4.ping_group_range` must
 * include the process's group.
 */
export type SocketKind = 'udp4' | 'udp6' | 'tcp4' | 'tcp6' | 'icmp4' | 'icmp6';

export interface SocketOptions extends CallOptions {
  /** To bind to; without it, and without a port, the socket is not bound. */
  readonly address?: string;
  /** 0 to 65535; 0 lets the kernel choose. */
  readonly port?: number;
  /** SO_REUSEADDR; default true for TCP, as in node:net. */
  readonly reuseAddress?: boolean;
}

export function socketArguments(
  kind: SocketKind,
  options: SocketOptions,
): { address: Uint8Array | null; port: number; reuseAddress: boolean } {
  if (!['udp4', 'udp6', 'tcp4', 'tcp6', 'icmp4', 'icmp6'].includes(kind)) {
    throw invalidValue('kind', "is none of 'udp4', 'udp6', 'tcp4', 'tcp6', 'icmp4', 'icmp6'", kind);
  }
  const port = checkInteger(options.port ?? 0, 'options.port', 0, 65535);
  const reuseAddress = Boolean(options.reuseAddress ?? kind.startsWith('tcp'));
  if (options.address === undefined && options.port === undefined) return { address: null, port, reuseAddress };
  if (kind.endsWith('6')) return { address: checkIpv6(options.address ?? '::', 'options.address'), port, reuseAddress };
  const address = new Uint8Array(4);
  writeIpv4(address, 0, checkIpv4(options.address ?? '0.0.0.0', 'options.address'));
  return { address, port, reuseAddress };
}
