import { type Span, span } from '../../text/spans.js';
import type { RouterNode, Topology, TopologyNode } from '../graph.js';
import { floatingWords } from '../labels.js';

/** `⇄ 203.0.113.21` for each of a VM's; '⇄ none' for one that is seen outside as its router's gateway address. */
export function floatingIps(node: TopologyNode, unicode: boolean): Span[] {
  if (node.kind !== 'vm' || node.floatingIps === undefined) return [];
  const mark = floatingMark(unicode);
  if (node.floatingIps.length > 0) return node.floatingIps.map((address) => span(`${mark} ${address}`, 'good'));
  return [span(`${mark} none`, 'faint')];
}

/** `⇄ 12 floating IPs` */
export function floatingCount(router: RouterNode, unicode: boolean): Span[] {
  const words = floatingWords(router);
  return words === undefined ? [] : [span(`${floatingMark(unicode)} ${words}`, 'good')];
}

/** What the marks mean; nothing where there are none. */
export function floatingLegend({ nodes }: Topology, unicode: boolean): Span[] {
  const mark = floatingMark(unicode);
  const lacking = nodes.some((node) => node.kind === 'vm' && node.floatingIps?.length === 0);
  const marked = lacking || nodes.some((node) => floatingWords(node) !== undefined);
  return [
    ...(marked ? [span(`${mark} floating IP`, 'faint')] : []),
    ...(lacking ? [span(`${mark} none: seen outside as the gateway address`, 'faint')] : []),
  ];
}

function floatingMark(unicode: boolean): string {
  return unicode ? '⇄' : '*';
}
