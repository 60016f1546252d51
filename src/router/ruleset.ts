/**
 * A router's nftables: Neutron's NAT semantics, with a map or a set wherever Neutron has a rule for each floating IP, so
 * that a packet costs the same with one as with 100,000.
 */
import { formatAddress } from '../ip.js';
import type { Statement } from '../nftables/json.js';
import { fixedSet, markScopes, separateScopes, untranslated } from './address-scopes.js';
import { addHelpers } from './conntrack-helpers.js';
import { daddr, iifname, mark, oifname, saddr, translated } from './matches.js';
import { metadataAddress } from './names.js';
import { guardProxies } from './ndp-proxies.js';
import { limitRates } from './rate-limits.js';
import type { FloatingIpBinding } from './spec.js';
import { type AddRule, TableBuilder, type WantedTable } from './table-builder.js';
import type { Wanted } from './wanted.js';

/** floating -> fixed, for what comes in. */
export const dnatMap = 'fip_dnat';
/** fixed -> floating, for what goes out. */
export const snatMap = 'fip_snat';
/** In the arp family: addresses that the gateway port answers for. */
export const arpSet = 'fip_arp';

/** External addresses, each with a counter of what came in for it, and of what went out from it. */
export const countedIn = 'fip_in';
export const countedOut = 'fip_out';

/** address . protocol . port -> address . port */
export const forwardMap = 'port_forward';

/** They hold addresses by the thousand: their elements go as rows (floating-ip-maps.ts, companions.ts, forwarding-state.ts). */
export const bulkSets: ReadonlySet<string> = new Set([
  dnatMap,
  snatMap,
  arpSet,
  countedIn,
  countedOut,
  fixedSet,
  forwardMap,
]);

/** What came in by the gateway port is marked so, in the lower half of the mark; Neutron's own bit. */
const externalMark = 0x2;
const lowerHalf = 0xffff;

/**
 * Bindings in which the kernel would answer ARP for more than the gateway's own addresses and floating IPs. With 'prefix' that is all of a
 * pool, so a set says what may be answered; with 'route' it is the router's addresses on its tenants' networks, which are refused.
 */
export function filtersArp(binding: FloatingIpBinding): boolean {
  return binding !== 'address';
}

/** Whether a floating IP is in the set of those that are answered. */
export function listsArp(binding: FloatingIpBinding): boolean {
  return binding === 'prefix';
}

/** A map's size is fixed when it is made: a power of two with room to grow, and doubled when it is full. */
export function capacityFor(floatingIps: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1024, floatingIps + 1)));
}

/** How a router's table says what its floating IPs are bound by: read back by `Router.open`. */
export function tableComment(binding: FloatingIpBinding): string {
  return `floatingIpBinding=${binding}`;
}

export function bindingOf(comment: string | undefined): FloatingIpBinding {
  const binding = /^floatingIpBinding=(address|route|prefix)$/.exec(comment ?? '')?.[1];
  return (binding as FloatingIpBinding | undefined) ?? 'address';
}

/** All tables of a router. `size` is what the sets of floating IPs have room for. */
export function tablesOf(wanted: Wanted, size: number): WantedTable[] {
  const tables = [ipTable(wanted, size), ip6Table(wanted), arpTable(wanted, size + 64)];
  return tables.filter(({ commands }) => commands.length > 0);
}

function ipTable(wanted: Wanted, size: number): WantedTable {
  const { gateway, binding, forwardings } = wanted;
  const builder = new TableBuilder('ip');
  for (const name of [dnatMap, snatMap]) builder.set('map', name, { type: 'ipv4_addr', map: 'ipv4_addr', size });
  if (forwardings.length > 0) {
    const type = ['ipv4_addr', 'inet_proto', 'inet_service'];
    builder.set('map', forwardMap, { type, map: 'ipv4_addr . inet_service' });
  }
  markScopes(builder, 'ip', wanted);
  const mangle = builder.chain('mark', 'filter', 'prerouting', -150);
  const prerouting = builder.chain('prerouting', 'nat', 'prerouting', -100);
  const output = builder.chain('output', 'nat', 'output', -100);
  const postrouting = builder.chain('postrouting', 'nat', 'postrouting', 100);
  redirectMetadata(builder, prerouting, 'ip', wanted);
  if (gateway) {
    // Bits that are set anyway are kept too: the form in which nft, and so a listing, has it.
    const kept = ((0xffffffff & ~lowerHalf) | externalMark) >>> 0;
    mangle(iifname(gateway.device), {
      mangle: { key: mark, value: { '|': [{ '&': [mark, kept] }, externalMark] } },
    });
    const key = {
      concat: [daddr, { meta: { key: 'l4proto' } }, { payload: { protocol: 'th', field: 'dport' } }],
    } as const;
    const toForwarded: Statement = { dnat: { family: 'ip', addr: { map: { key, data: `@${forwardMap}` } } } };
    const toFixed: Statement = { dnat: { addr: { map: { key: daddr, data: `@${dnatMap}` } } } };
    const toFloating: Statement = {
      snat: { addr: { map: { key: saddr, data: `@${snatMap}` } }, flags: 'fully-random' },
    };
    for (const rule of [prerouting, output]) {
      if (forwardings.length > 0) rule(toForwarded);
      rule(toFixed);
    }
    // Between the router's own networks nothing is translated, unless it was sent to a floating IP.
    postrouting(oifname(gateway.device, '!='), translated('!'), { accept: null });
    postrouting(toFloating);
    const address = gateway.addresses.find(({ family }) => family === 'ip');
    if (gateway.enableSnat && address) {
      const asItIs = untranslated(wanted);
      if (asItIs) postrouting(oifname(gateway.device), asItIs, { accept: null });
      const toGateway: Statement = { snat: { addr: formatAddress(address.bytes), flags: 'fully-random' } };
      postrouting(oifname(gateway.device), toGateway);
      // A tenant that reached a neighbour by its floating IP must get the answer through the router.
      postrouting(
        { match: { op: '!=', left: { '&': [mark, lowerHalf] }, right: externalMark } },
        translated('in'),
        toGateway,
      );
    }
    measure(builder, gateway.device, wanted);
  }
  addHelpers(builder, 'ip', wanted);
  separateScopes(builder, 'ip', wanted);
  return builder.build(tableComment(binding));
}

/**
 * Limits and counts what crosses the gateway port, by the external address: on the way in ahead of conntrack (-200), so that what is dropped
 * makes no flow, on the way out behind the translation of sources (100).
 */
function measure(builder: TableBuilder, device: string, wanted: Wanted): void {
  const { counters, rateLimits } = wanted;
  const ingress: AddRule = (...expr) =>
    builder.chain('ingress', 'filter', 'prerouting', -310)(iifname(device), ...expr);
  const egress: AddRule = (...expr) => builder.chain('egress', 'filter', 'postrouting', 300)(oifname(device), ...expr);
  if (rateLimits.length > 0) {
    limitRates(builder, 'ingress', ingress, wanted);
    limitRates(builder, 'egress', egress, wanted);
  }
  if (!counters) return;
  for (const name of [countedIn, countedOut]) builder.set('set', name, { type: 'ipv4_addr' }, true);
  ingress({ match: { op: '==', left: daddr, right: `@${countedIn}` } });
  egress({ match: { op: '==', left: saddr, right: `@${countedOut}` } });
}

function ip6Table(wanted: Wanted): WantedTable {
  const builder = new TableBuilder('ip6');
  if (wanted.metadataPort !== undefined) {
    redirectMetadata(builder, builder.chain('prerouting', 'nat', 'prerouting', -100), 'ip6', wanted);
  }
  markScopes(builder, 'ip6', wanted);
  addHelpers(builder, 'ip6', wanted);
  guardProxies(builder, wanted);
  separateScopes(builder, 'ip6', wanted);
  return builder.build();
}

/** Requests for metadata go to the proxy's port, and nobody else does. */
function redirectMetadata(
  builder: TableBuilder,
  prerouting: AddRule,
  protocol: 'ip' | 'ip6',
  { metadataPort: port }: Wanted,
): void {
  if (port === undefined) return;
  const fromTenants = iifname('qr-*');
  const to = (dport: number): Statement => ({
    match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: dport },
  });
  const wantsMetadata: Statement = {
    match: { op: '==', left: { payload: { protocol, field: 'daddr' } }, right: metadataAddress[protocol] },
  };
  prerouting(fromTenants, wantsMetadata, to(80), { redirect: { port } });
  builder.chain('input', 'filter', 'input', 0)(to(port), translated('!'), { drop: null });
}

/** For bindings in which the kernel would answer more requests on the gateway port than it should: see `filtersArp`. */
function arpTable({ gateway, interfaces, binding }: Wanted, size: number): WantedTable {
  const builder = new TableBuilder('arp');
  const internal = interfaces.flatMap(({ addresses }) =>
    addresses.filter(({ family }) => family === 'ip').map(({ bytes }) => formatAddress(bytes)),
  );
  const listed = listsArp(binding);
  if (!gateway || !filtersArp(binding) || (!listed && internal.length === 0)) return builder.build();
  const target = { payload: { protocol: 'arp', field: 'daddr ip' } } as const;
  const operation = { payload: { protocol: 'arp', field: 'operation' } } as const;
  if (listed) builder.set('set', arpSet, { type: 'ipv4_addr', size });
  const refused: Statement[] = listed
    ? [{ match: { op: '!=', left: target, right: `@${arpSet}` } }]
    : internal.map((address) => ({ match: { op: '==', left: target, right: address } }));
  const rule = builder.chain('input', 'filter', 'input', 0);
  for (const which of refused) {
    rule(iifname(gateway.device), { match: { op: '==', left: operation, right: 'request' } }, which, { drop: null });
  }
  return builder.build();
}
