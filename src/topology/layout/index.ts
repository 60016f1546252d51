/**
 * Layers from the outside in, with wires in right angles: hosts, external networks as bars, routers, networks as bars, what hangs on
 * these. Where that is too wide it goes on beneath, external networks as bars that a trunk joins. Nothing overlaps.
 */
export * from './drawing.js';
export { layOut } from './layout.js';
export { type Leaf, leavesOf } from './structure.js';
