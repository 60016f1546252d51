/** What hosts are told beside their address: dnsmasq's --dhcp-optsfile. */
import { contains, formatAddress } from '../ip.js';
import { isClientId, portTag } from './hosts.js';
import type { Network, NetworkPort, Subnet } from './network.js';

/** The tag that a subnet's options go by. */
export const subnetTag = (id: string): string => `subnet-${id}`;

/** Classless static routes as Windows of 2000 and XP asks for them. */
const microsoftRoutes = '249';

const metadata = '169.254.169.254/32';

export function optionsFile(network: Network): string {
  const lines = [
    ...network.subnets.filter(({ served }) => served).flatMap((subnet) => subnetOptions(network, subnet)),
    ...network.ports.flatMap(portOptions),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function subnetOptions(network: Network, subnet: Subnet): string[] {
  const tag = subnetTag(subnet.id);
  const lines: string[] = [];
  const ip6 = subnet.prefix.family === 'ip6';
  const option = (name: string, ...values: string[]): void => {
    lines.push([`tag:${tag}`, optionName(name, ip6 ? 6 : 4), ...values].join(','));
  };
  // Without the option dnsmasq names itself.
  if (subnet.nameservers.length > 0) {
    const servers = subnet.nameservers.filter((server) => server !== '0.0.0.0' && server !== '::');
    option('dns-server', ...servers.map((server) => (ip6 ? `[${server}]` : server)));
  }
  if (ip6) {
    if (network.domain !== undefined) option('domain-search', network.domain);
    return lines;
  }
  const gateway = subnet.gateway ?? subnet.hostRoutes.find(isDefault)?.nexthop;
  const routes = routesOf(network, subnet, gateway);
  if (routes.length > 0) {
    // RFC 3442: who takes these does not look at the router option, so the default route is among them.
    const all = [...routes, ...(gateway === undefined ? [] : [`0.0.0.0/0,${gateway}`])];
    option('classless-static-route', ...all);
    option(microsoftRoutes, ...all);
  }
  // Empty: none. Without the option dnsmasq names itself here too.
  option('router', ...(gateway === undefined ? [] : [gateway]));
  return lines;
}

/** `destination,nexthop`; 0.0.0.0 is the link. */
function routesOf(network: Network, subnet: Subnet, gateway: string | undefined): string[] {
  const others = network.subnets.filter(({ prefix, cidr }) => prefix.family === 'ip' && cidr !== subnet.cidr);
  const via = subnet.metadata === 'dhcp' ? dhcpAddress(network, subnet) : gateway;
  return [
    ...others.map(({ cidr }) => `${cidr},0.0.0.0`),
    ...subnet.hostRoutes.filter((route) => !isDefault(route)).map((route) => `${route.destination},${route.nexthop}`),
    ...(subnet.metadata === 'none' || via === undefined ? [] : [`${metadata},${via}`]),
  ];
}

const isDefault = ({ destination }: { readonly destination: string }): boolean => destination === '0.0.0.0/0';

function dhcpAddress({ dhcp }: Network, { prefix }: Subnet): string | undefined {
  const own = dhcp?.addresses.find(({ bytes }) => contains(prefix, bytes));
  return own && formatAddress(own.bytes);
}

function portOptions(port: NetworkPort): string[] {
  const families = new Set(port.fixedIps.map(({ subnet }) => (subnet.prefix.family === 'ip' ? 4 : 6)));
  return port.options.flatMap(({ name, value, ipVersion }) => {
    // Known by it, not told of it; and what its addresses cannot carry is left out.
    if (isClientId(name) || !port.dhcp || !families.has(ipVersion)) return [];
    return [[`tag:${portTag(port.id)}`, optionName(name, ipVersion), ...(value === '' ? [] : [value])].join(',')];
  });
}

/** A name may have a tag before it: 'tag:ipxe,bootfile-name'. */
function optionName(name: string, ipVersion: 4 | 6): string {
  const [, tag = '', bare = name] = /^(tag:.*,)?(.*)$/.exec(name) ?? [];
  if (ipVersion === 6) return `${tag}option6:${bare}`;
  return /^\d+$/.test(bare) ? `${tag}${bare}` : `${tag}option:${bare}`;
}
