/** From what is wanted and what is there to what is done: steps, each of which can be told before it is taken. */
import { settled } from '../concurrency.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import type { Undo } from './undo.js';

export type ChangeKind =
  | 'namespace'
  | 'bridge'
  | 'port'
  | 'sysctl'
  | 'address'
  | 'route'
  | 'rule'
  | 'nexthop'
  | 'neighbour'
  | 'nftables'
  | 'floating-ip'
  | 'port-forwarding'
  | 'lease'
  | 'service';

/** One thing that is made, altered or removed. */
export interface Change {
  readonly action: 'create' | 'update' | 'delete';
  readonly kind: ChangeKind;
  /** In the field's words: 'qr-4be2d870-00', '10.0.0.1/24 on qr-4be2d870-00'. */
  readonly subject: string;
  /** Of an update: what becomes what; of a floating IP, where it leads. */
  readonly detail?: string;
}

/** What steps are taken in. */
export interface Site {
  readonly netns: Netns;
  readonly host: Netns;
  readonly undo: Undo;
  readonly limits: CallOptions;
}

export interface Step {
  /** Made when it is asked for: of 100,000 floating IPs it is long. */
  readonly changes: () => readonly Change[];
  run(site: Site): Promise<unknown>;
}

/** Steps that do not depend on one another. */
export type Stage = readonly (Step | undefined)[];

/** Takes the stages one after the other, the steps of each together. */
export async function takeSteps(stages: readonly Stage[], site: Site): Promise<void> {
  for (const stage of stages) {
    site.limits.signal?.throwIfAborted();
    const steps = stage.filter((step) => step !== undefined);
    if (steps.length > 0) await settled(steps.map((step) => step.run(site)));
  }
}

export function changesOf(stages: readonly Stage[]): Change[] {
  return stages.flatMap((stage) => stage.flatMap((step) => step?.changes() ?? []));
}

/** A step of changes that are known already; undefined where there are none, unless it is `needed` for work that others tell of. */
export function stepOf(
  changes: readonly Change[],
  run: Step['run'],
  needed: boolean = changes.length > 0,
): Step | undefined {
  return needed ? { changes: () => changes, run } : undefined;
}

const signs = { create: '+', update: '~', delete: '-' } as const;

/** A line for each change, as `terraform plan` marks them: + created, ~ updated in place, - deleted. */
export function formatChange({ action, kind, subject, detail }: Change): string {
  return `${signs[action]} ${kind} ${subject}${detail === undefined ? '' : `: ${detail}`}`;
}
