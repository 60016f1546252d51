/** Connection tracking: the flows that a namespace's netfilter knows. */
export type { Conntrack } from './conntrack.js';
export type { FlowAction, FlowEvent, FlowEventOptions } from './events.js';
export type {
  Expectation,
  ExpectationChange,
  ExpectationFlag,
  ExpectationMask,
  ExpectationNat,
  ExpectationReference,
  ExpectationSpec,
  ExpectedTuple,
} from './expectation.js';
export type { ExpectationAction, ExpectationEvent, ExpectationEventOptions } from './expectation-events.js';
export type { ExpectationCpu, ExpectationFilter, Expectations } from './expectations.js';
export type { FlowDestination, FlowFilter } from './filter.js';
export type { Flow, FlowCounters, FlowStatus, SequenceAdjustment } from './flow.js';
export type { FlowChange, FlowReference, FlowSettings, FlowSpec, FlowStatusSetting } from './flow-spec.js';
export type { FlowNat, NatRange } from './nat.js';
export type {
  DccpState,
  DccpTracking,
  ProtocolStates,
  SctpState,
  SctpTracking,
  TcpEnd,
  TcpFlag,
  TcpState,
  TcpTracking,
} from './protocol-state.js';
export type { ConntrackCpu, ConntrackStatistics } from './statistics.js';
export type { FlowProtocol, FlowTuple, FlowTupleSpec } from './tuple.js';
