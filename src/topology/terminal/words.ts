import { type Span, span } from '../../text/spans.js';
import type { RouterNode, Topology, TopologyEdge, TopologyNode } from '../graph.js';
import { floatingWords } from '../labels.js';

/** `⇄ 203.0.113.21` for each of a VM's; '⇄ none' for one that is seen outside as its router's gateway address. */
export function floatingIps(node: TopologyNode, edge: TopologyEdge, unicode: boolean): Span[] {
  if (node.kind !== 'vm') return [];
  const mark = floatingMark(unicode);
  if (node.floatingIps.length > 0) return node.floatingIps.map((address) => span(`${mark} ${address}`, 'good'));
  return edge.addresses.length > 0 ? [span(`${mark} none`, 'faint')] : [];
}

/** `⇄ 12 floating IPs` */
export function floatingCount(router: RouterNode, unicode: boolean): Span[] {
  const words = floatingWords(router);
  return words === undefined ? [] : [span(`${floatingMark(unicode)} ${words}`, 'good')];
}

/** What the marks mean; nothing where there are none. */
export function floatingLegend({ nodes, edges }: Topology, unicode: boolean): Span[] {
  const mark = floatingMark(unicode);
  const vms = new Map(nodes.filter((node) => node.kind === 'vm').map((node) => [node.id, node]));
  const lacking = edges.some(({ from, addresses }) => vms.get(from)?.floatingIps.length === 0 && addresses.length > 0);
  const marked = lacking || nodes.some((node) => 'floatingIps' in node && floatingWords(node) !== undefined);
  return [
    ...(marked ? [span(`${mark} floating IP`, 'faint')] : []),
    ...(lacking ? [span(`${mark} none: seen outside as the gateway address`, 'faint')] : []),
  ];
}

function floatingMark(unicode: boolean): string {
  return unicode ? '⇄' : '*';
}
