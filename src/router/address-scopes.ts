/**
 * Address scopes: what came in by a port of one scope goes out by ports of the same scope only, or to and from floating IPs. Neutron keeps
 * the scope of a flow in its connection mark, and has rules for each floating IP; here answers are known by their direction, and floating
 * IPs by the flow's status and a set. See neutron/agent/l3/router_info.py.
 */
import type { Statement } from '../nftables/json.js';
import { mark, oifname, saddr, translated } from './matches.js';
import type { TableBuilder } from './table-builder.js';
import { portsOf, type Wanted } from './wanted.js';

type Family = 'ip' | 'ip6';

/** device -> the mark of its scope */
const markMap = 'scope_mark';

/** Ports of the gateway's scope, where packets from floating IPs may go. */
const externalPorts = 'scope_external';

/** Fixed addresses that have a floating IP. */
export const fixedSet = 'fip_fixed';

/** What has no scope is one of its own. */
const noScope = 1;

interface ScopedPort {
  readonly device: string;
  /** In the upper half. */
  readonly mark: number;
  readonly external: boolean;
}

/** Whether IPv4 scopes are told apart, and so `fixedSet` is needed. */
export const hasScopes = (wanted: Wanted): boolean => scopedPorts(wanted, 'ip').length > 0;

/** Packets that came in by a port bear its scope, in the upper half of the mark; what is in the mark already is lost. */
export function markScopes(builder: TableBuilder, family: Family, wanted: Wanted): void {
  const ports = scopedPorts(wanted, family);
  if (ports.length === 0) return;
  const elem = ports.map(({ device, mark }) => [device, mark] as const);
  builder.set('map', markMap, { type: 'ifname', map: 'mark', elem });
  builder.chain(
    'mark',
    'filter',
    'prerouting',
    -150,
  )({ mangle: { key: mark, value: { map: { key: { meta: { key: 'iifname' } }, data: `@${markMap}` } } } });
}

/** What crosses scopes is dropped; but not on its way out by SNAT, to a floating IP, or as an answer. */
export function separateScopes(builder: TableBuilder, family: Family, wanted: Wanted): void {
  const ports = scopedPorts(wanted, family);
  if (ports.length === 0) return;
  const forward = builder.chain('forward', 'filter', 'forward', 0);
  if (family === 'ip') {
    forward(answer, { accept: null });
    forward(translated('in'), { accept: null });
    const gatewayMark = ports.find(({ external }) => external)?.mark;
    if (gatewayMark !== undefined) {
      const elem = ports.filter(({ mark }) => mark === gatewayMark).map(({ device }) => device);
      builder.set('set', externalPorts, { type: 'ifname', elem });
      builder.set('set', fixedSet, { type: 'ipv4_addr' });
      forward(
        { match: { op: '==', left: { meta: { key: 'oifname' } }, right: `@${externalPorts}` } },
        { match: { op: '==', left: saddr, right: `@${fixedSet}` } },
        { accept: null },
      );
    }
  }
  for (const port of ports) {
    if (port.external && family === 'ip' && wanted.gateway?.enableSnat) continue;
    forward(oifname(port.device), scope('!=', port.mark), { drop: null });
  }
}

/** In postrouting: addresses of the gateway's own scope go out as they are. */
export function untranslated(wanted: Wanted): Statement | undefined {
  if (wanted.gateway?.addressScopes.ipv4 === undefined) return undefined;
  const gateway = scopedPorts(wanted, 'ip').find(({ external }) => external);
  return gateway && scope('==', gateway.mark);
}

const answer: Statement = { match: { op: '==', left: { ct: { key: 'direction' } }, right: 'reply' } };

/** Of packet marks the upper half is Neutron's for scopes. */
const scope = (op: '==' | '!=', value: number): Statement => ({
  match: { op, left: mark, right: { prefix: { addr: value, len: 16 } } },
});

/** Whether an internal and the external port are of one IPv6 scope. */
export function sharesScope(
  port: { readonly addressScopes: { readonly ipv6?: string } },
  { gateway }: Wanted,
): boolean {
  return port.addressScopes.ipv6 === gateway?.addressScopes.ipv6;
}

/** Ports with an address of the family; none where no port has a scope. */
function scopedPorts(wanted: Wanted, family: Family): ScopedPort[] {
  const scopeOf = ({ addressScopes: { ipv4, ipv6 } }: (typeof ports)[number]) => (family === 'ip' ? ipv4 : ipv6);
  const ports = portsOf(wanted).filter(({ addresses }) => addresses.some((address) => address.family === family));
  const scopes = new Set(ports.flatMap((port) => scopeOf(port) ?? []));
  if (scopes.size === 0) return [];
  const numbers = numbered([...scopes].sort());
  return ports.map((port) => {
    const name = scopeOf(port);
    const number = name === undefined ? noScope : (numbers.get(name) as number);
    return { device: port.device, mark: (number << 16) >>> 0, external: port === wanted.gateway };
  });
}

/** Numbers that stay what they are when other scopes come and go: hashes (FNV-1a), moved on where two are the same. */
function numbered(names: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const taken = new Set<number>([0, noScope]);
  for (const name of names) {
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    let number = ((hash >>> 16) ^ hash) & 0xffff;
    while (taken.has(number)) number = (number + 1) & 0xffff;
    taken.add(number);
    numbers.set(name, number);
  }
  return numbers;
}
