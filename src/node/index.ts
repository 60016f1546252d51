/** A whole node from one description. */
export { Node } from './node.js';
export type { NodePlan, NodeReport, UnitPlan, UnitReport } from './report.js';
export type { NodeOptions, NodeSpec } from './spec.js';
