/** Who gets which address, and who is called what: dnsmasq's --dhcp-hostsfile and --addn-hosts. */
import type { Network, NetworkPort } from './network.js';

/** The tag that a port's own options go by. */
export const portTag = (id: string): string => `port-${id}`;

/**
 * A line for each lease that a port may have: `mac,name,address`. IPv6 lines are for DHCPv6 alone (`tag:dhcpv6`, which dnsmasq sets itself), since
 * the first line that a client matches counts; those that give options without an address come first, since dnsmasq reads from the end.
 */
export function hostsFile({ ports, domain }: Network): string {
  const lines: string[] = [];
  for (const port of ports) {
    if (!port.dhcp) continue;
    const id = clientId(port);
    const prefix = [port.mac, ...(id === undefined ? [] : [`id:${id}`])];
    const options = port.options.some((option) => !isClientId(option.name)) ? [`set:${portTag(port.id)}`] : [];
    const served = port.fixedIps.filter(({ subnet }) => subnet.served);
    if (options.length > 0 && served.some(({ subnet }) => subnet.mode === 'dhcpv6-stateless')) {
      lines.push([port.mac, 'tag:dhcpv6', ...options].join(','));
    }
    for (const { address, subnet } of served) {
      if (subnet.prefix.family !== 'ip') continue;
      lines.push([...prefix, qualified(nameOf(port, address), domain), address, ...options].join(','));
    }
    // One line for all addresses of a subnet: a client may ask for several.
    const stateful = served.filter(({ subnet }) => subnet.mode === 'dhcpv6-stateful');
    for (const subnet of new Set(stateful.map((fixed) => fixed.subnet))) {
      const addresses = stateful.filter((fixed) => fixed.subnet === subnet).map(({ address }) => address);
      const name = qualified(nameOf(port, addresses[0] as string), domain);
      const bracketed = addresses.map((address) => `[${address}]`);
      lines.push([port.mac, 'tag:dhcpv6', name, ...bracketed, ...options].join(','));
    }
  }
  return text(lines);
}

/** As hosts(5): all addresses of all ports. The full name comes first, for reverse lookups. */
export function namesFile({ ports, domain }: Network): string {
  return text(
    ports.flatMap((port) =>
      port.fixedIps.map(({ address }) => {
        const name = nameOf(port, address);
        const full = qualified(name, domain);
        return `${address}\t${full === name ? name : `${full} ${name}`}`;
      }),
    ),
  );
}

/** Which port an address was given to, in a hosts file as above. */
export function macOf(hosts: string, address: string): string | undefined {
  const field = address.includes(':') ? `[${address}]` : address;
  return hosts
    .split('\n')
    .map((line) => line.split(','))
    .find((fields) => fields.includes(field))?.[0];
}

/** The client identifier that a port is known by, beside its MAC address: option 61. */
export function clientId({ options }: NetworkPort): string | undefined {
  return options.find(({ name }) => isClientId(name))?.value;
}

export function isClientId(name: string): boolean {
  return name === 'client-id' || name === '61';
}

function nameOf({ hostname }: NetworkPort, address: string): string {
  return hostname ?? `host-${address.replaceAll(/[.:]/g, '-')}`;
}

/** A name with dots is full already. */
function qualified(name: string, domain: string | undefined): string {
  return domain === undefined || name.includes('.') ? name : `${name}.${domain}`;
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
