/** Port forwardings, checked. */
import { checkKeys, invalidType, invalidValue, outOfRange } from '../errors.js';
import { checkUnicastIpv4, formatIpv4 } from '../ip.js';
import type { PortForwarding } from './spec.js';

/** Inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface Forwarding {
  readonly floatingAddress: string;
  readonly protocol: PortForwarding['protocol'];
  readonly ports: PortRange;
  readonly fixedAddress: string;
  /** As many as `ports`. */
  readonly fixedPorts: PortRange;
}

const keys: ReadonlySet<string> = new Set(['floatingAddress', 'protocol', 'port', 'fixedAddress', 'fixedPort']);

/** IANA's numbers. */
export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132, dccp: 33 } as const;
const protocols: ReadonlySet<string> = new Set(Object.keys(protocolNumbers));

/** Checks each, and that no two take the same port of an address. */
export function checkForwardings(forwardings: readonly PortForwarding[], path: string): Forwarding[] {
  const checked = forwardings.map((forwarding, at) => checkForwarding(forwarding, `${path}[${at}]`));
  const byAddress = new Map<string, { readonly forwarding: Forwarding; readonly at: number }[]>();
  checked.forEach((forwarding, at) => {
    const key = `${forwarding.floatingAddress} ${forwarding.protocol}`;
    const others = byAddress.get(key) ?? [];
    byAddress.set(key, [...others, { forwarding, at }]);
  });
  for (const group of byAddress.values()) {
    group.sort((a, b) => a.forwarding.ports.from - b.forwarding.ports.from);
    for (let next = 1; next < group.length; next++) {
      const [before, after] = group.slice(next - 1, next + 1) as [(typeof group)[0], (typeof group)[0]];
      if (after.forwarding.ports.from > before.forwarding.ports.to) continue;
      throw invalidValue(
        `${path}[${after.at}].port`,
        `overlaps with that of [${before.at}]`,
        rangeText(after.forwarding.ports),
      );
    }
  }
  return checked;
}

function checkForwarding(forwarding: PortForwarding, path: string): Forwarding {
  checkKeys(forwarding, keys, path);
  const { protocol, port, fixedPort = port } = forwarding;
  if (!protocols.has(protocol))
    throw invalidValue(`${path}.protocol`, "is none of 'tcp', 'udp', 'sctp', 'dccp'", protocol);
  const ports = checkRange(port, `${path}.port`);
  const fixedPorts = checkRange(fixedPort, `${path}.fixedPort`);
  if (ports.to - ports.from !== fixedPorts.to - fixedPorts.from) {
    throw invalidValue(`${path}.fixedPort`, `has not as many ports as ${rangeText(ports)}`, fixedPort);
  }
  return {
    floatingAddress: formatIpv4(checkUnicastIpv4(forwarding.floatingAddress, `${path}.floatingAddress`)),
    protocol,
    ports,
    fixedAddress: formatIpv4(checkUnicastIpv4(forwarding.fixedAddress, `${path}.fixedAddress`)),
    fixedPorts,
  };
}

export function rangeText({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function checkRange(value: unknown, path: string): PortRange {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(value));
  if ((typeof value !== 'number' && typeof value !== 'string') || !found) {
    throw invalidType(path, "a port, or a range such as '8000-8010'", value);
  }
  const from = Number(found[1]);
  const to = Number(found[2] ?? from);
  if (from < 1 || to > 65535) throw outOfRange(path, '1 to 65535', value);
  if (to < from) throw invalidValue(path, 'ends before it begins', value);
  return { from, to };
}
