import { invalidValue } from '../errors.js';
import type { EventSource, MonitorOptions } from '../netlink/event-stream.js';
import { compileFilter, type FlowFilter } from './filter.js';
import { eventTime, type Flow, readFlow } from './flow.js';

export type FlowAction = 'new' | 'update' | 'destroy';

/**
 * A flow began, changed (its status, timeout, mark, ...) or ended; or the kernel dropped events: what happened until then is not all
 * known, and the flows are to be listed anew.
 */
export type FlowEvent =
  | {
      readonly action: FlowAction;
      readonly flow: Flow;
      /**
       * When it happened, in milliseconds since 1970: where the kernel says so, from Linux 6.14 on, of flows that began with
       * `net.netfilter.nf_conntrack_timestamp` 1.
       */
      readonly time?: number;
    }
  | { readonly action: 'overrun'; readonly flow?: undefined };

export interface FlowEventOptions extends MonitorOptions {
  /** Default: all three. */
  readonly groups?: readonly FlowAction[] | undefined;
  /** Of these flows alone. What an event does not tell of its flow, no filter matches: the end of one tells no labels. */
  readonly filter?: FlowFilter | undefined;
}

const actions: readonly FlowAction[] = ['new', 'update', 'destroy'];

export function flowEvents(groups: readonly FlowAction[] = actions, filter?: FlowFilter): EventSource<FlowEvent> {
  if (!Array.isArray(groups) || groups.length === 0 || groups.some((group) => !actions.includes(group))) {
    throw invalidValue('options.groups', `is not an array of some of ${actions.join(', ')}`, groups);
  }
  const matches = filter && compileFilter(filter, 'options.filter').matches;
  return {
    groups: [...new Set(groups)].map((group) => `conntrack.${group}`),
    overrun: { action: 'overrun' },
    read({ name }, decoder, end, emit) {
      const flow = readFlow(decoder, end, matches);
      if (flow === undefined) return;
      const time = eventTime();
      emit({ action: name.slice('flow.'.length) as FlowAction, flow, ...(time === undefined ? {} : { time }) });
    },
  };
}
