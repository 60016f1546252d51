/** Helpers for protocols that open further connections: on every port of the router, IPv4 and IPv6, as Neutron sets them. */
import type { MapElementJson, Statement } from '../nftables/json.js';
import type { TableBuilder } from './table-builder.js';
import type { Wanted } from './wanted.js';

/** protocol . port -> helper */
const helperMap = 'helpers';

export function addHelpers(builder: TableBuilder, l3proto: 'ip' | 'ip6', { conntrackHelpers }: Wanted): void {
  if (conntrackHelpers.length === 0) return;
  const elem: MapElementJson[] = [];
  const made = new Set<string>();
  for (const { helper, protocol, port } of conntrackHelpers) {
    const name = `${helper}-${protocol}`;
    if (!made.has(name)) builder.object('ct helper', name, { type: helper, protocol, l3proto });
    made.add(name);
    elem.push([{ concat: [protocol, port] }, name]);
  }
  builder.set('map', helperMap, { type: ['inet_proto', 'inet_service'], map: 'ct helper', elem });
  const key = { concat: [{ meta: { key: 'l4proto' } }, { payload: { protocol: 'th', field: 'dport' } }] };
  const assigned = { 'ct helper': { map: { key, data: `@${helperMap}` } } } as unknown as Statement;
  // Behind conntrack's look at the packet (-200), and ahead of the translation of what it was sent to.
  builder.chain('helper', 'filter', 'prerouting', -150)(assigned);
}
