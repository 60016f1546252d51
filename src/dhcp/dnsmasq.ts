/** A network's dnsmasq as a service: dnsmasq(8), and what OpenStack's agent starts it with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress } from '../ip.js';
import type { Netns } from '../netns/netns.js';
import type { ServiceSpec } from '../services/spec.js';
import { hostsFile, namesFile } from './hosts.js';
import { startingLeases } from './leases.js';
import { dnsmasqOf } from './names.js';
import type { DhcpPort, Network, Subnet } from './network.js';
import { optionsFile, subnetTag } from './options.js';

/** Names of its files, as OpenStack's agent has them. */
export const files = { hosts: 'host', names: 'addn_hosts', options: 'opts', leases: 'leases', pid: 'pid' } as const;

/** More leases than this dnsmasq is never asked to keep. */
const mostLeases = 1 << 24;

/** `hosts` is the hosts file that is there: which leases were given to whom. */
export function dnsmasqService(network: Network, netns: Netns, directory: string, hosts: string): ServiceSpec {
  const content = hostsFile(network);
  // dnsmasq (2.90, and 2.86) links a host's tags with others of its stack when it answers that host, and frees them all when it reads the
  // file again (dhcp_netid_free). A new start takes a moment, and loses no lease.
  const onChange = content.includes(',set:') ? 'restart' : 'reload';
  return {
    ...dnsmasqOf(network.id),
    netns,
    command: 'dnsmasq',
    args: dnsmasqArguments(network, network.dhcp as DhcpPort, directory),
    files: [
      { name: files.hosts, content, onChange },
      { name: files.names, content: namesFile(network), onChange },
      { name: files.options, content: optionsFile(network), onChange },
      { name: files.leases, onStart: (current) => startingLeases(network, hosts, Date.now())(current) },
    ],
    ...(ownUserNamespace() ? {} : { pidFile: files.pid }),
  };
}

function dnsmasqArguments(network: Network, dhcp: DhcpPort, directory: string): string[] {
  const at = (name: string): string => join(directory, name);
  const served = network.subnets.filter((subnet) => subnet.served);
  const possible = served.reduce((sum, { prefix }) => sum + 2 ** (prefix.bytes.length * 8 - prefix.length), 0);
  return [
    '--no-hosts',
    '--no-resolv',
    `--pid-file=${at(files.pid)}`,
    `--dhcp-hostsfile=${at(files.hosts)}`,
    `--addn-hosts=${at(files.names)}`,
    `--dhcp-optsfile=${at(files.options)}`,
    `--dhcp-leasefile=${at(files.leases)}`,
    '--dhcp-match=set:ipxe,175',
    '--dhcp-userclass=set:ipxe6,iPXE',
    '--local-service',
    '--bind-dynamic',
    ...served.map((subnet) => range(subnet, dhcp)),
    ...(network.mtu === undefined ? [] : [`--dhcp-option-force=option:mtu,${network.mtu}`]),
    `--dhcp-lease-max=${Math.min(possible, mostLeases)}`,
    `--conf-file=${dhcp.configFile ?? '/dev/null'}`,
    ...dhcp.servers.map((server) => `--server=${server}`),
    ...(network.domain === undefined ? [] : [`--domain=${network.domain}`]),
    // Where there is nobody else to become it would insist on it, but for its debugging mode.
    ...(ownUserNamespace() ? ['--no-daemon'] : []),
  ];
}

/** Leases from the hosts file alone. */
function range({ id, prefix }: Subnet, { leaseDuration }: DhcpPort): string {
  const { bytes, length } = prefix;
  const size = prefix.family === 'ip' ? formatAddress(netmask(length)) : String(length);
  const lease = leaseDuration === -1 ? 'infinite' : `${leaseDuration}s`;
  return `--dhcp-range=set:${subnetTag(id)},${formatAddress(bytes)},static,${size},${lease}`;
}

function netmask(length: number): Uint8Array {
  return Uint8Array.from([0, 8, 16, 24], (from) => (0xff << (8 - Math.min(8, Math.max(0, length - from)))) & 0xff);
}

/** Whether this process is in a user namespace that has one user, as `unshare -Ur` makes it. */
function ownUserNamespace(): boolean {
  return /^\s*0\s+\d+\s+1\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}
