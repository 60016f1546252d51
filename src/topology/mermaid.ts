import { sanitize } from '../text/text-width.js';
import type { Topology, TopologyNode } from './graph.js';
import { boxWords, edgeWords, outsideIn, shortNames } from './labels.js';

/** Brackets around a node's text decide about its shape. */
const shapes: Readonly<Record<TopologyNode['kind'], readonly [string, string]>> = {
  external: ['([', '])'],
  router: ['{{', '}}'],
  network: ['[[', ']]'],
  dhcp: ['(', ')'],
  vm: ['[', ']'],
  host: ['[', ']'],
};

/** Fills that can be read in light and dark themes. */
const looks: Readonly<Record<TopologyNode['kind'], string>> = {
  external: 'fill:#1d4ed8,stroke:#1d4ed8,color:#fff',
  router: 'fill:#fff,stroke:#64748b,stroke-width:2px,color:#0f172a',
  network: 'fill:#0f766e,stroke:#0f766e,color:#fff',
  dhcp: 'fill:#f1f5f9,stroke:#94a3b8,color:#0f172a',
  vm: 'fill:#fff,stroke:#94a3b8,color:#0f172a',
  host: 'fill:#f1f5f9,stroke:#64748b,color:#0f172a',
};

/**
 * A Mermaid flowchart (mermaid.js.org), as GitHub, GitLab and many wikis draw it from a ```mermaid block. Names are escaped, so that
 * none of them can be taken for markup. The same topology gives the same text.
 */
export function toMermaid(topology: Topology): string {
  const { nodes, edges } = topology;
  const names = shortNames(topology);
  const numbers = new Map(nodes.map(({ id }, at) => [id, `n${at + 1}`]));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kinds = [...new Set(nodes.map(({ kind }) => kind))];
  return [
    'flowchart TB',
    ...nodes.map((node) => {
      const [open, close] = shapes[node.kind];
      const words = [names.get(node.id) ?? node.id, ...boxWords(node)].map(escapeMermaid).join('<br/>');
      return `  ${numbers.get(node.id)}${open}"${words}"${close}:::${node.kind}`;
    }),
    ...edges.flatMap((edge) => {
      const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
      if (from === undefined || to === undefined) return [];
      const [upper, lower] = outsideIn(from, to).map(({ id }) => numbers.get(id));
      const words = edgeWords(edge).map(escapeMermaid).join('<br/>');
      return `  ${upper} ---${words === '' ? '' : `|"${words}"|`} ${lower}`;
    }),
    ...kinds.map((kind) => `  classDef ${kind} ${looks[kind]}`),
    '',
  ].join('\n');
}

/** Entity codes for all that could be markup: quotes, HTML, Markdown, brackets, '#', ';'. */
function escapeMermaid(text: string): string {
  return sanitize(text).replace(/[^\p{L}\p{N} .:/,·⇄…-]/gu, (mark) => `#${mark.codePointAt(0)};`);
}
