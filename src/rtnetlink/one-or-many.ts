import { BatchError } from '../errors.js';
import type { CallOptions, Channel, Work } from '../netlink/channel.js';

export interface BatchOptions extends CallOptions {
  /** When some of an array fail, undo those that succeeded before the `BatchError` is thrown. */
  readonly rollback?: boolean;
}

/** Sends one request for a spec, or one for each of an array. With `rollback`, `undo` takes back those that were carried out. */
export function oneOrMany<Spec>(
  channel: Channel,
  work: Work<Spec>,
  specs: Spec | readonly Spec[],
  options: BatchOptions | undefined,
  undo?: Work<Spec>,
): Promise<void> {
  if (!Array.isArray(specs)) return channel.change(work, specs as Spec, options);
  const sent = channel.changes(work, specs as readonly Spec[], options);
  if (!options?.rollback || !undo) return sent;
  return rolledBack(sent, specs.length, (failed) => {
    const done = (specs as readonly Spec[]).filter((_, index) => !failed.has(index)).reverse();
    return channel.changes(undo, done);
  });
}

/** Undoes what was done of `total` when `sent` fails in part. */
export async function rolledBack(
  sent: Promise<void>,
  total: number,
  undo: (failed: ReadonlySet<number>) => Promise<void>,
): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    await undo(new Set(error.failures.map(({ index }) => index)));
    throw new BatchError(error.failures, total, true);
  }
}
