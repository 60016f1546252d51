import { checkId } from '../router/names.js';
import type { ServiceReference } from '../services/spec.js';

/** The namespace of a network's DHCP server, as OpenStack Neutron names it. */
export function networkNamespace(id: string): string {
  return `${namespacePrefix}${checkId(id, 'id')}`;
}

export const namespacePrefix = 'qdhcp-';

/** What the services of `src/services` know them as. */
export const serviceKind = 'dhcp';

/** A network's dnsmasq among them. */
export const dnsmasqOf = (id: string): ServiceReference => ({ kind: serviceKind, id });

/** Who answers 169.254.169.254 on a subnet: the DHCP port, the router, or nobody. */
export type Metadata = 'dhcp' | 'router' | 'none';

/** Where instances ask for what they should be, and what answers on IPv6 links: METADATA_CIDR and METADATA_V6_CIDR in neutron-lib. */
export const metadataAddresses: readonly string[] = ['169.254.169.254/32', 'fe80::a9fe:a9fe/64'];
