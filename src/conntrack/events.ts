import { invalidValue } from '../errors.js';
import type { EventSource, MonitorOptions } from '../netlink/event-stream.js';
import { type Flow, toFlow } from './conntrack.js';

export type FlowAction = 'new' | 'update' | 'destroy';

/**
 * A flow began, changed (its status, timeout, mark, ...) or ended; or the kernel dropped events: what happened until then is not all
 * known, and the flows are to be listed anew.
 */
export type FlowEvent =
  | { readonly action: FlowAction; readonly flow: Flow }
  | { readonly action: 'overrun'; readonly flow?: undefined };

export interface FlowEventOptions extends MonitorOptions {
  /** Default: all three. */
  readonly groups?: readonly FlowAction[] | undefined;
}

const actions: readonly FlowAction[] = ['new', 'update', 'destroy'];

export function flowEvents(groups: readonly FlowAction[] = actions): EventSource<FlowEvent> {
  if (!Array.isArray(groups) || groups.length === 0 || groups.some((group) => !actions.includes(group))) {
    throw invalidValue('options.groups', `is not an array of some of ${actions.join(', ')}`, groups);
  }
  return {
    groups: [...new Set(groups)].map((group) => `conntrack.${group}`),
    overrun: { action: 'overrun' },
    read({ name, schema }, decoder, end, emit) {
      emit({ action: name.slice('flow.'.length) as FlowAction, flow: toFlow(decoder.record(schema, end)) });
    },
  };
}
