import { checkInteger } from '../../errors.js';
import type { Topology } from '../graph.js';
import { drawPicture } from './picture.js';
import { drawTree } from './tree.js';

export interface TerminalOptions {
  /** How wide the terminal is; no line is wider. Default 80. */
  readonly columns?: number;
  /** With escape sequences for colours. Default false. */
  readonly color?: boolean;
  /** Box-drawing characters; false for ASCII. Default true. */
  readonly unicode?: boolean;
}

export type DrawOptions = Required<TerminalOptions>;

/** Below this a picture would be too cramped to read. */
const leastPictureColumns = 80;

/** A picture in characters, or a tree where that does not fit: lines joined by '\n', without one at the end. */
export function toTerminal(topology: Topology, options: TerminalOptions = {}): string {
  const { columns = 80, color = false, unicode = true } = options;
  checkInteger(columns, 'options.columns', 1, 100_000);
  return drawTopology(topology, { columns, color, unicode }).join('\n');
}

export function drawTopology(topology: Topology, options: DrawOptions): string[] {
  if (topology.nodes.length === 0) return [];
  const picture = options.columns >= leastPictureColumns ? drawPicture(topology, options) : undefined;
  return picture ?? drawTree(topology, options);
}
