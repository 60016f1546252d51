/**
 * A router's nftables: Neutron's NAT semantics, with a map or a set wherever Neutron has a rule for each floating IP, so
 * that a packet costs the same with one as with 100,000.
 */
import { formatAddress } from '../ip.js';
import type { Command, Statement } from '../nftables/json.js';
import type { FloatingIpBinding, Plan } from './spec.js';

export const table = 'netloom';

/** floating -> fixed, for what comes in. */
export const dnatMap = 'fip_dnat';
/** fixed -> floating, for what goes out. */
export const snatMap = 'fip_snat';
/** In the arp family: addresses that the gateway port answers for. */
export const arpSet = 'fip_arp';

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

const oifname = (device: string, op: '==' | '!=' = '=='): Statement => ({
  match: { op, left: { meta: { key: 'oifname' } }, right: device },
});
const iifname = (device: string): Statement => ({
  match: { op: '==', left: { meta: { key: 'iifname' } }, right: device },
});
const mark = { meta: { key: 'mark' } } as const;
const daddr = { payload: { protocol: 'ip', field: 'daddr' } } as const;
const saddr = { payload: { protocol: 'ip', field: 'saddr' } } as const;
const translated = (op: 'in' | '!'): Statement => ({ match: { op, left: { ct: { key: 'status' } }, right: 'dnat' } });

/** The table as it should be, without elements. */
export function natTable({ gateway, binding }: Plan, size: number): Command[] {
  const family = 'ip';
  const chain = (name: string, type: 'nat' | 'filter', hook: string, prio: number): Command => ({
    add: { chain: { family, table, name, type, hook, prio, policy: 'accept' } },
  });
  const rule = (chainName: string, ...expr: Statement[]): Command => ({
    add: { rule: { family, table, chain: chainName, expr } },
  });
  const commands: Command[] = [
    { add: { table: { family, name: table, comment: tableComment(binding) } } },
    { add: { map: { family, table, name: dnatMap, type: 'ipv4_addr', map: 'ipv4_addr', size } } },
    { add: { map: { family, table, name: snatMap, type: 'ipv4_addr', map: 'ipv4_addr', size } } },
    chain('mark', 'filter', 'prerouting', -150),
    chain('prerouting', 'nat', 'prerouting', -100),
    chain('output', 'nat', 'output', -100),
    chain('postrouting', 'nat', 'postrouting', 100),
  ];
  if (!gateway) return commands;
  const toFixed: Statement = { dnat: { addr: { map: { key: daddr, data: `@${dnatMap}` } } } };
  const toFloating: Statement = { snat: { addr: { map: { key: saddr, data: `@${snatMap}` } }, flags: 'fully-random' } };
  // Bits that are set anyway are kept too: the form in which nft, and so a listing, has it.
  const kept = ((0xffffffff & ~lowerHalf) | externalMark) >>> 0;
  commands.push(
    rule('mark', iifname(gateway.device), {
      mangle: { key: mark, value: { '|': [{ '&': [mark, kept] }, externalMark] } },
    }),
    rule('prerouting', toFixed),
    rule('output', toFixed),
    // Between the router's own networks nothing is translated, unless it was sent to a floating IP.
    rule('postrouting', oifname(gateway.device, '!='), translated('!'), { accept: null }),
    rule('postrouting', toFloating),
  );
  const address = gateway.addresses.find(({ family }) => family === 'ip');
  if (gateway.enableSnat && address) {
    const toGateway: Statement = { snat: { addr: formatAddress(address.bytes), flags: 'fully-random' } };
    commands.push(
      rule('postrouting', oifname(gateway.device), toGateway),
      // A tenant that reached a neighbour by its floating IP must get the answer through the router.
      rule(
        'postrouting',
        { match: { op: '!=', left: { '&': [mark, lowerHalf] }, right: externalMark } },
        translated('in'),
        toGateway,
      ),
    );
  }
  return commands;
}

/** For bindings in which the kernel would answer more requests on the gateway port than it should: see `filtersArp`. */
export function arpTable({ gateway, interfaces, binding }: Plan, size: number): Command[] {
  const internal = interfaces.flatMap(({ addresses }) =>
    addresses.filter(({ family }) => family === 'ip').map(({ bytes }) => formatAddress(bytes)),
  );
  const listed = listsArp(binding);
  if (!gateway || (!listed && internal.length === 0)) return [];
  const family = 'arp';
  const daddr = { payload: { protocol: 'arp', field: 'daddr ip' } } as const;
  const refused: Statement[] = listed
    ? [{ match: { op: '!=', left: daddr, right: `@${arpSet}` } }]
    : internal.map((address) => ({ match: { op: '==', left: daddr, right: address } }));
  return [
    { add: { table: { family, name: table } } },
    ...(listed ? [{ add: { set: { family, table, name: arpSet, type: 'ipv4_addr', size } } } as Command] : []),
    { add: { chain: { family, table, name: 'input', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } } },
    ...refused.map((which): Command => {
      const operation = { payload: { protocol: 'arp', field: 'operation' } } as const;
      const request: Statement = { match: { op: '==', left: operation, right: 'request' } };
      const expr: Statement[] = [iifname(gateway.device), request, which, { drop: null }];
      return { add: { rule: { family, table, chain: 'input', expr } } };
    }),
  ];
}
