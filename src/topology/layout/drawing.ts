/** What a layout needs to know, and what it gives. Units are the drawing's own: pixels, or cells of a terminal. */
import type { ExternalNode, NetworkNode, RouterNode, TopologyEdge } from '../graph.js';
import type { Leaf } from './structure.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How large what is drawn will be. */
export interface Measure {
  router(node: RouterNode): Size;
  leaf(leaf: Leaf): Size;
  /** The least: a bar is as wide as what hangs on it. */
  bar(node: NetworkNode | ExternalNode): Size;
  /** Beside a router's wire; no size for none. */
  label(edge: TopologyEdge): Size;
}

export interface Spacing {
  readonly margin: number;
  /** Between boxes beside each other. */
  readonly boxGap: number;
  /** Between a router with all beneath it, and the next. */
  readonly groupGap: number;
  /** Between boxes above each other. */
  readonly stackGap: number;
  /** Between rows of routers, each with all beneath it. */
  readonly bandGap: number;
  /** Length of a vertical wire, at least. */
  readonly wire: number;
  /** Between horizontal wires. */
  readonly track: number;
  /** Between trunks. */
  readonly trunk: number;
  /** Between wires at one router. */
  readonly port: number;
  /** From a wire to its label, and above and below that. */
  readonly label: number;
  /** Room for the wire along a stack of boxes, on their left. */
  readonly stub: number;
  /** Into how many columns so many boxes are put. */
  columns(boxes: number): number;
  /** How wide the whole may be; a group that is wider is not broken. */
  readonly maxWidth: number;
}

export type Point = readonly [x: number, y: number];

export interface Placed extends Size {
  readonly x: number;
  readonly y: number;
}

export interface PlacedRouter extends Placed {
  readonly node: RouterNode;
}

export interface PlacedLeaf extends Placed, Leaf {}

export interface PlacedBar extends Placed {
  readonly node: NetworkNode | ExternalNode;
  /** False where the network is drawn in several rows, for those after the first. */
  readonly isFirst: boolean;
}

/** From the bar to the box, in right angles. */
export interface Wire {
  readonly edge: TopologyEdge;
  readonly points: readonly Point[];
}

export interface PlacedLabel extends Placed {
  readonly edge: TopologyEdge;
}

/** Joins the bars of a network that is drawn in several rows. */
export interface Trunk {
  readonly node: ExternalNode;
  readonly points: readonly [Point, Point];
}

export interface Drawing extends Size {
  readonly routers: readonly PlacedRouter[];
  readonly leaves: readonly PlacedLeaf[];
  readonly bars: readonly PlacedBar[];
  readonly wires: readonly Wire[];
  readonly labels: readonly PlacedLabel[];
  readonly trunks: readonly Trunk[];
}
