import { findNetns } from '../netns/find.js';
import type { Netns } from '../netns/netns.js';
import type { Services } from '../services/services.js';
import { readText, type ServiceState } from '../services/state.js';
import { files } from './dnsmasq.js';
import { type LeaseFile, parseLeases } from './leases.js';
import { dnsmasqOf, networkNamespace } from './names.js';
import { type PortState, readPort } from './port.js';

/** What there is of a network's DHCP. */
export interface DhcpState {
  readonly namespace: 'there' | 'nothing' | 'a name alone';
  /** Open when it is there: whoever reads the state closes it. */
  readonly netns: Netns | undefined;
  readonly port: PortState | undefined;
  readonly service: ServiceState;
  readonly leases: LeaseFile;
}

/** `device` is the DHCP port's; without one nothing is read of a port. */
export async function readDhcp(
  id: string,
  device: string | undefined,
  { host, services }: { readonly host: Netns; readonly services: Services },
): Promise<DhcpState> {
  const found = await findNetns(networkNamespace(id));
  const [namespace, netns] = typeof found === 'string' ? [found, undefined] : ['there' as const, found];
  try {
    const reference = dnsmasqOf(id);
    const [service, leases, port] = await Promise.all([
      services.read(reference, [files.hosts, files.names, files.options]),
      readText(services.directory(reference), files.leases),
      device === undefined ? undefined : readPort(host, netns, device),
    ]);
    return { namespace, netns, port, service, leases: parseLeases(leases ?? '') };
  } catch (error) {
    await netns?.close();
    throw error;
  }
}
