import { BatchError } from '../errors.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';

export interface BatchOptions extends CallOptions {
  /** When some of an array fail, undo those that succeeded before the `BatchError` is thrown. */
  readonly rollback?: boolean;
}

/**
 * Sends one request for a spec, or one for each of an array. With `rollback`, `undo` makes the request that takes one back.
 */
export async function oneOrMany<Spec>(
  channel: Channel,
  specs: Spec | readonly Spec[],
  toRequest: (spec: Spec, path: string) => Request,
  options: BatchOptions | undefined,
  undo?: (request: Request) => Request,
): Promise<void> {
  if (!Array.isArray(specs)) {
    await channel.one(toRequest(specs as Spec, 'spec'), options);
    return;
  }
  const requests = (specs as readonly Spec[]).map((spec, index) => toRequest(spec, `specs[${index}]`));
  try {
    await channel.many(requests, options);
  } catch (error) {
    if (!(error instanceof BatchError) || !options?.rollback || !undo) throw error;
    const failed = new Set(error.failures.map(({ index }) => index));
    const done = requests.filter((_, index) => !failed.has(index)).reverse();
    await channel.many(done.map(undo));
    throw new BatchError(error.failures, requests.length, true);
  }
}
