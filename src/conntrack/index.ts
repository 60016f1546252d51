/** Connection tracking: the flows that a namespace's netfilter knows. */
export type { Conntrack, Flow, FlowDestination, FlowFilter, FlowTuple } from './conntrack.js';
export type { FlowAction, FlowEvent, FlowEventOptions } from './events.js';
