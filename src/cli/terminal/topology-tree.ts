import { clip, paint, type Span, span, spansWidth } from './spans.js';
import type { DrawOptions, Topology, TopologyPort, TopologyRouter } from './topology.js';
import { floatingIp, floatingLegend, routerName } from './topology-words.js';

interface Node {
  readonly head: readonly Span[];
  /** Put behind the head while they fit, then on lines of their own beneath it. */
  readonly details: readonly Span[];
  readonly children: readonly Node[];
}

/** The topology as an indented tree, for a narrow terminal. */
export function drawTree(topology: Topology, { unicode, color, columns }: DrawOptions): string[] {
  const { outside, external } = topology;
  const root: Node = {
    head: [span(outside.name, 'strong')],
    details: outside.addresses.map((address) => span(address)),
    children: [
      {
        head: [span(external.bridge, 'outer')],
        details: external.subnets.map((subnet) => span(subnet)),
        children: topology.routers.map((router) => routerNode(router, topology, unicode)),
      },
    ],
  };
  const legend = floatingLegend(topology, unicode).map((entry) => [entry]);
  const ellipsis = unicode ? '…' : '...';
  return [...nodeLines(root, [], [], { unicode, columns }), [], ...legend].map((line) =>
    paint(clip(line, columns, ellipsis), color),
  );
}

function routerNode(router: TopologyRouter, { integrationBridge }: Topology, unicode: boolean): Node {
  const { network } = router;
  const networkNode: Node = {
    head: [span(network.name, 'strong'), span(`  ${integrationBridge} tag ${network.tag}`, 'faint')],
    details: network.subnets.map((subnet) => span(subnet)),
    children: router.vms.map((vm) => ({
      head: [span(vm.name, 'strong')],
      details: [...vm.addresses.map((address) => span(address)), floatingIp(vm, unicode)],
      children: [],
    })),
  };
  return {
    head: [routerName(router, unicode)],
    details: [],
    children: [portNode(router.gateway, []), portNode(router.internal, [networkNode])],
  };
}

function portNode({ device, addresses }: TopologyPort, children: readonly Node[]): Node {
  return { head: [span(device, 'inner')], details: addresses.map((address) => span(address)), children };
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
