/** Rows of routers, each with all beneath it: one, or as many as the width asks for. */
import type { ExternalNode } from '../graph.js';
import { type Block, blockOf, type Grid, gridOf } from './block.js';
import type { Measure, Spacing } from './drawing.js';
import type { Section } from './structure.js';

/** Blocks of one section, side by side. */
export interface Run {
  readonly external: ExternalNode | undefined;
  readonly blocks: readonly Block[];
  /** Above the external network's bar. */
  readonly top: Grid;
  readonly width: number;
}

/** Runs side by side. */
export type Band = readonly Run[];

export function bandsOf(sections: readonly Section[], measure: Measure, spacing: Spacing): Band[] {
  const whole = sections.map(({ external, groups, leaves }) => {
    const blocks = groups.map((group) => blockOf(group, measure, spacing));
    return runOf(external, blocks, gridOf(leaves, measure, spacing), measure, spacing);
  });
  const { maxWidth, groupGap, margin, trunk } = spacing;
  const room = maxWidth - 2 * margin;
  if (whole.reduce((sum, { width }) => sum + width + groupGap, -groupGap) <= room)
    return whole.length > 0 ? [whole] : [];
  const none = gridOf([], measure, spacing);
  return whole.flatMap(({ external, blocks, top, width }): Band[] => {
    if (width <= room) return [[runOf(external, blocks, top, measure, spacing)]];
    // Trunks take room on the left.
    const rows = rowsOf(blocks, room - (sections.length + 1) * trunk, groupGap);
    return rows.map((row, at) => [runOf(external, row, at === 0 ? top : none, measure, spacing)]);
  });
}

function rowsOf(blocks: readonly Block[], room: number, gap: number): Block[][] {
  const rows: Block[][] = [[]];
  let used = 0;
  for (const block of blocks) {
    const row = rows.at(-1) as Block[];
    if (row.length > 0 && used + gap + block.width > room) {
      rows.push([block]);
      used = block.width;
    } else {
      row.push(block);
      used += (row.length > 1 ? gap : 0) + block.width;
    }
  }
  return rows;
}

function runOf(
  external: ExternalNode | undefined,
  blocks: readonly Block[],
  top: Grid,
  measure: Measure,
  { groupGap }: Spacing,
): Run {
  const width = blocks.reduce((sum, block) => sum + block.width + groupGap, -groupGap);
  return { external, blocks, top, width: Math.max(0, width, top.width, external ? measure.bar(external).width : 0) };
}

/** Externals of more than one band. */
export function brokenOf(bands: readonly Band[]): ReadonlyMap<ExternalNode, readonly number[]> {
  const externals = new Map<string, ExternalNode>();
  for (const { external } of bands.flat()) if (external) externals.set(external.id, external);
  const found = new Map<ExternalNode, number[]>();
  bands.forEach((band, at) => {
    const edges = band.flatMap(({ blocks }) => blocks.flatMap(({ routers }) => routers.flatMap(({ up }) => up)));
    const ids = new Set(edges.map(({ edge }) => edge.to));
    for (const { external } of band) if (external) ids.add(external.id);
    for (const id of ids) {
      const node = externals.get(id);
      if (node) found.set(node, [...(found.get(node) ?? []), at]);
    }
  });
  for (const [node, at] of found) if (at.length < 2) found.delete(node);
  return found;
}
