import { sanitize } from '../text/text-width.js';
import type { Topology, TopologyNode } from './graph.js';
import { boxWords, edgeWords, outsideIn, shortNames } from './labels.js';

const looks: Readonly<Record<TopologyNode['kind'], string>> = {
  external: 'shape=box style="filled,rounded" fillcolor="#1d4ed8" color="#1d4ed8" fontcolor="#ffffff"',
  router: 'shape=box style="filled,rounded" fillcolor="#ffffff" color="#64748b" penwidth=2',
  network: 'shape=box style="filled,rounded" fillcolor="#0f766e" color="#0f766e" fontcolor="#ffffff"',
  dhcp: 'shape=box style="filled" fillcolor="#f1f5f9" color="#94a3b8"',
  vm: 'shape=box style="filled" fillcolor="#ffffff" color="#94a3b8"',
  host: 'shape=box style="filled" fillcolor="#f1f5f9" color="#64748b"',
};

/** A graph for Graphviz (graphviz.org), of the undirected kind. The same topology gives the same text. */
export function toDot(topology: Topology): string {
  const { nodes, edges } = topology;
  const names = shortNames(topology);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return [
    'graph topology {',
    '  graph [rankdir=TB nodesep=0.4 ranksep=0.7]',
    '  node [fontname="Helvetica" fontsize=11]',
    '  edge [fontname="Helvetica" fontsize=9 color="#94a3b8"]',
    ...nodes.map((node) => {
      const words = [names.get(node.id) ?? node.id, ...boxWords(node)];
      return `  ${quote([node.id])} [label=${quote(words)} ${looks[node.kind]}]`;
    }),
    ...edges.flatMap((edge) => {
      const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
      if (from === undefined || to === undefined) return [];
      const [upper, lower] = outsideIn(from, to).map(({ id }) => quote([id]));
      return `  ${upper} -- ${lower} [label=${quote(edgeWords(edge))}]`;
    }),
    '}',
    '',
  ].join('\n');
}

/** Lines of text: Graphviz takes a backslash for the beginning of an escape, and '&' for that of an HTML entity. */
function quote(lines: readonly string[]): string {
  const escaped = lines.map((line) => sanitize(line).replace(/["\\]/g, '\\$&').replaceAll('&', '&amp;'));
  return `"${escaped.join('\\n')}"`;
}
