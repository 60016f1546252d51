import { type Span, span } from './spans.js';
import type { Topology, TopologyRouter, TopologyVm } from './topology.js';

/** `qrouter-1f8ac2d0…` */
export function routerName({ id }: TopologyRouter, unicode: boolean): Span {
  return span(`qrouter-${id.slice(0, 8)}${id.length > 8 ? (unicode ? '…' : '...') : ''}`, 'strong');
}

/** `⇄ 203.0.113.21` */
export function floatingIp({ floatingIp: address }: TopologyVm, unicode: boolean): Span {
  const mark = floatingMark(unicode);
  return address === undefined ? span(`${mark} none`, 'faint') : span(`${mark} ${address}`, 'good');
}

/** What the marks mean. */
export function floatingLegend({ routers }: Topology, unicode: boolean): Span[] {
  const mark = floatingMark(unicode);
  const lacking = routers.some(({ vms }) => vms.some((vm) => vm.floatingIp === undefined));
  return [
    span(`${mark} floating IP`, 'faint'),
    ...(lacking ? [span(`${mark} none: seen outside as the gateway address`, 'faint')] : []),
  ];
}

function floatingMark(unicode: boolean): string {
  return unicode ? '⇄' : '*';
}
