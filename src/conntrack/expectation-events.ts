import { invalidValue } from '../errors.js';
import type { EventSource, MonitorOptions } from '../netlink/event-stream.js';
import { type Expectation, readExpectation } from './expectation.js';
import type { ExpectationFilter } from './expectations.js';

export type ExpectationAction = 'new' | 'destroy';

/**
 * One was made, or has ended: it was deleted, its time was up, or what was expected has come. Or the kernel dropped events, and they are to be
 * listed anew.
 */
export type ExpectationEvent =
  | { readonly action: ExpectationAction; readonly expectation: Expectation }
  | { readonly action: 'overrun'; readonly expectation?: undefined };

export interface ExpectationEventOptions extends MonitorOptions {
  /** Default: both. */
  readonly groups?: readonly ExpectationAction[] | undefined;
  readonly filter?: ExpectationFilter | undefined;
}

const actions: readonly ExpectationAction[] = ['new', 'destroy'];

export function expectationEvents(
  groups: readonly ExpectationAction[] = actions,
  matches?: (expectation: Expectation) => boolean,
): EventSource<ExpectationEvent> {
  if (!Array.isArray(groups) || groups.length === 0 || groups.some((group) => !actions.includes(group))) {
    throw invalidValue('options.groups', `is not an array of some of ${actions.join(', ')}`, groups);
  }
  return {
    groups: [...new Set(groups)].map((group) => `expectation.${group}`),
    overrun: { action: 'overrun' },
    read({ name }, decoder, end, emit) {
      const expectation = readExpectation(decoder, end);
      if (matches && !matches(expectation)) return;
      emit({ action: name.slice('expectation.'.length) as ExpectationAction, expectation });
    },
  };
}
