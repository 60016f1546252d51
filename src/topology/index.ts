/** Topology: what is connected to what, read from the kernel or from a plan, and drawn. */
export { toDot } from './dot.js';
export type {
  DhcpNode,
  ExternalNode,
  HostNode,
  NetworkNode,
  RouterNode,
  SharedNetwork,
  Topology,
  TopologyEdge,
  TopologyKind,
  TopologyNode,
  TopologyPort,
  VmNode,
} from './graph.js';
export { toMermaid } from './mermaid.js';
export { type ReadTopologyOptions, readTopology } from './read.js';
export { type TopologySpec, topologyOf, type VmDescription } from './spec.js';
export { type SvgOptions, toSvg } from './svg/svg.js';
export { type TerminalOptions, toTerminal } from './terminal/terminal.js';
