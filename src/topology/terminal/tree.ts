import { clip, paint, type Span, span, spansWidth } from '../../text/spans.js';
import type { ExternalNode, NetworkNode, Topology, TopologyEdge } from '../graph.js';
import { placeWords, portName, shortNames } from '../labels.js';
import { type Leaf, type RouterPart, structureOf } from '../layout/structure.js';
import type { DrawOptions } from './terminal.js';
import { floatingCount, floatingIps, floatingLegend } from './words.js';

interface Node {
  readonly head: readonly Span[];
  /** Put behind the head while they fit, then on lines of their own beneath it. */
  readonly details: readonly Span[];
  readonly children: readonly Node[];
}

/** The topology as an indented tree, for a narrow terminal. */
export function drawTree(topology: Topology, { unicode, color, columns }: DrawOptions): string[] {
  const roots = new Tree(topology, unicode).roots();
  const legend = floatingLegend(topology, unicode).map((entry) => [entry]);
  const ellipsis = unicode ? '…' : '...';
  const lines = roots.flatMap((root) => nodeLines(root, [], [], { unicode, columns }));
  return [...lines, ...(legend.length > 0 ? [[], ...legend] : [])].map((line) =>
    paint(clip(line, columns, ellipsis), color),
  );
}

class Tree {
  readonly #topology: Topology;
  readonly #unicode: boolean;
  readonly #names: ReadonlyMap<string, string>;

  constructor(topology: Topology, unicode: boolean) {
    this.#topology = topology;
    this.#unicode = unicode;
    this.#names = shortNames(topology, unicode ? '…' : '...');
  }

  roots(): Node[] {
    return structureOf(this.#topology).flatMap(({ external, groups, leaves }) => {
      const routers = groups.flatMap((group) => group.routers.map((part) => this.#router(part, external)));
      const alone = groups.flatMap((group) => group.networks.map(({ node, leaves: own }) => this.#network(node, own)));
      if (external === undefined) return [...routers, ...alone];
      return [{ ...this.#network(external, leaves), children: [...leaves.map((one) => this.#leaf(one)), ...routers] }];
    });
  }

  #router({ node, up, down, networks }: RouterPart, external: ExternalNode | undefined): Node {
    const beneath = new Map(networks.map((part) => [part.node.id, this.#network(part.node, part.leaves)]));
    const port = (edge: TopologyEdge): Node => {
      const network = beneath.get(edge.to);
      // It is listed once, beneath the first of its routers.
      beneath.delete(edge.to);
      const elsewhere: Node = { head: [span(this.#nameOf(edge.to), 'faint')], details: [], children: [] };
      return {
        head: [span(portName(edge), 'inner')],
        details: edge.addresses.map((address) => span(address)),
        children: edge.to === external?.id ? [] : [network ?? elsewhere],
      };
    };
    const unplugged = node.unplugged.map((one) => ({
      head: [span(portName(one), 'inner')],
      details: [span('unplugged', 'caution')],
      children: [],
    }));
    return {
      head: [span(this.#nameOf(node.id), 'strong')],
      details: floatingCount(node, this.#unicode),
      children: [...[...up, ...down].map(port), ...unplugged],
    };
  }

  #network(node: NetworkNode | ExternalNode, leaves: readonly Leaf[]): Node {
    const place = placeWords(node);
    return {
      head: [
        span(this.#nameOf(node.id), node.kind === 'external' ? 'outer' : 'strong'),
        ...(place === '' ? [] : [span(`  ${place}`, 'faint')]),
      ],
      details: node.subnets.map((subnet) => span(subnet)),
      children: leaves.map((leaf) => this.#leaf(leaf)),
    };
  }

  #leaf({ node, edge }: Leaf): Node {
    return {
      head: [span(this.#nameOf(node.id), 'strong')],
      details: [...edge.addresses.map((address) => span(address)), ...floatingIps(node, this.#unicode)],
      children: [],
    };
  }

  #nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

/** `first` leads the node's own line, `rest` those beneath it. */
function nodeLines(
  { head, details, children }: Node,
  first: readonly Span[],
  rest: readonly Span[],
  options: { readonly unicode: boolean; readonly columns: number },
): Span[][] {
  const [branch, lastBranch, trunk] = options.unicode ? ['├─ ', '└─ ', '│  '] : ['|- ', '`- ', '|  '];
  const belowHead = [...rest, span(children.length > 0 ? trunk : '   ', 'faint')];
  const lines: Span[][] = [[...first, ...head]];
  for (const detail of details) {
    const line = lines.at(-1) ?? [];
    if (spansWidth(line) + 2 + spansWidth([detail]) <= options.columns) line.push(span('  '), detail);
    else lines.push([...belowHead, detail]);
  }
  for (const [index, child] of children.entries()) {
    const isLast = index === children.length - 1;
    const lead = [...rest, span(isLast ? lastBranch : branch, 'faint')];
    lines.push(...nodeLines(child, lead, [...rest, span(isLast ? '   ' : trunk, 'faint')], options));
  }
  return lines;
}
