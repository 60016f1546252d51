/** dnsmasq's --dhcp-leasefile: what is leased to whom. */
import { formatAddress, parseAddress } from '../ip.js';
import { macOf } from './hosts.js';
import type { Network } from './network.js';

interface CommonLease {
  readonly address: string;
  readonly hostname: string | undefined;
  /** Undefined: for ever. */
  readonly expires: Date | undefined;
}

/** Bytes are written 'aa:bb:cc'. */
export type DhcpLease =
  | (CommonLease & { readonly family: 'inet'; readonly mac: string; readonly clientId: string | undefined })
  | (CommonLease & {
      readonly family: 'inet6';
      /** Of the client's association, and whether that is for temporary addresses. */
      readonly iaid: number;
      readonly temporary: boolean;
      /** The client's DUID. */
      readonly clientId: string;
    });

export interface LeaseFile {
  readonly leases: readonly DhcpLease[];
  /** The server's DUID, once it has one. */
  readonly serverId: string | undefined;
}

export function parseLeases(text: string): LeaseFile {
  const leases: DhcpLease[] = [];
  let serverId: string | undefined;
  for (const line of text.split('\n')) {
    const fields = line.trim().split(' ');
    if (fields[0] === 'duid') serverId ??= fields[1];
    const lease = fields.length === 5 ? parseLease(fields) : undefined;
    if (lease) leases.push(lease);
  }
  return { leases, serverId };
}

function parseLease(fields: readonly string[]): DhcpLease | undefined {
  const [expiry, owner, address, name, client] = fields as [string, string, string, string, string];
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  const common = {
    address: formatAddress(bytes),
    hostname: name === '*' ? undefined : name,
    expires: expiry === '0' ? undefined : new Date(Number(expiry) * 1000),
  };
  if (bytes.length === 4) {
    return { ...common, family: 'inet', mac: owner.toLowerCase(), clientId: client === '*' ? undefined : client };
  }
  const temporary = owner.startsWith('T');
  return { ...common, family: 'inet6', iaid: Number(temporary ? owner.slice(1) : owner), temporary, clientId: client };
}

/** Leases that the description does not have. `hosts` is the hosts file that they were given by: a DUID does not tell whose it is. */
export function staleLeases(network: Network, leases: readonly DhcpLease[], hosts: string): DhcpLease[] {
  const owners = leaseOwners(network);
  return leases.filter((lease) => {
    const owner = owners.get(lease.address);
    const holder = lease.family === 'inet' ? lease.mac : macOf(hosts, lease.address);
    return owner === undefined || (holder !== undefined && holder !== owner);
  });
}

/**
 * The file to start with: leases that were and still are, and of IPv4 those that the description has besides, so that dnsmasq does not refuse
 * a host that renews what another server gave it. Of IPv6 only the client can say what its lease is called.
 */
export function startingLeases(network: Network, hosts: string, now: number): (current: string | undefined) => string {
  return (current = '') => {
    const { leases } = parseLeases(current);
    const stale = new Set(staleLeases(network, leases, hosts).map(({ address }) => address));
    const kept = new Set(leases.map(({ address }) => address).filter((address) => !stale.has(address)));
    const lines = current.split('\n').filter((line) => line !== '');
    const line = (address: string): string =>
      lines.find((one) => parseLease(one.split(' '))?.address === address) as string;
    const duration = network.dhcp?.leaseDuration ?? -1;
    const expiry = duration === -1 ? 0 : Math.floor(now / 1000) + duration;
    const result: string[] = [];
    for (const [address, mac] of leaseOwners(network)) {
      if (address.includes(':')) continue;
      result.push(kept.has(address) ? line(address) : `${expiry} ${mac} ${address} * *`);
    }
    // What follows the DUID is IPv6.
    result.push(...lines.filter((one) => one.startsWith('duid ')).slice(0, 1));
    result.push(...[...kept].filter((address) => address.includes(':')).map(line));
    return result.map((one) => `${one}\n`).join('');
  };
}

/** Addresses that dnsmasq may lease, and the MAC address of the port that each is for. */
function leaseOwners({ ports }: Network): Map<string, string> {
  return new Map(
    ports.flatMap(({ dhcp, mac, fixedIps }) =>
      fixedIps
        .filter(({ subnet }) => dhcp && subnet.served && subnet.mode !== 'dhcpv6-stateless')
        .map(({ address }): [string, string] => [address, mac]),
    ),
  );
}
