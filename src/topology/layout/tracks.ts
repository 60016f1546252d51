/** Heights for horizontal wires between routers and networks. */
import type { TopologyEdge } from '../graph.js';
import type { Block } from './block.js';

export interface Tracks {
  /** Counted from the routers down; wires that go straight have none. */
  readonly of: ReadonlyMap<TopologyEdge, number>;
  readonly count: number;
}

interface Span {
  readonly edge: TopologyEdge;
  readonly from: number;
  readonly to: number;
}

/**
 * The outermost wire of a router is on the topmost track: then none of its wires crosses another.
 */
export function tracksOf({ routers, arrivals }: Block, gap: number): Tracks {
  const taken: Span[][] = [];
  const found = new Map<TopologyEdge, number>();
  const put = (span: Span, least: number): number => {
    let track = least;
    while (taken[track]?.some(({ from, to }) => from <= span.to + gap && to >= span.from - gap)) track++;
    while (taken.length <= track) taken.push([]);
    taken[track]?.push(span);
    found.set(span.edge, track);
    return track;
  };
  for (const { down } of routers) {
    const spans = down
      .map(({ edge, x: port }) => ({ edge, port, target: arrivals.get(edge) as number }))
      .filter(({ port, target }) => port !== target);
    const left = spans.filter(({ port, target }) => target < port);
    const right = spans.filter(({ port, target }) => target > port).reverse();
    for (const side of [left, right]) {
      let least = 0;
      for (const { edge, port, target } of side) {
        least = put({ edge, from: Math.min(port, target), to: Math.max(port, target) }, least) + 1;
      }
    }
  }
  return { of: found, count: taken.length };
}
