/** How many messages netloom has sent: for those who count them, as the benchmark does. */
import { addon, type Traffic } from '../addon.js';

export type { Traffic } from '../addon.js';

/** By every channel of this thread so far; what has not left yet is not counted. @internal */
export function traffic(): Traffic {
  return addon.traffic();
}

/** What `work` sends, where nobody else sends meanwhile. @internal */
export async function trafficOf<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly sent: Traffic }> {
  const before = traffic();
  const result = await work();
  const after = traffic();
  return {
    result,
    sent: {
      datagrams: after.datagrams - before.datagrams,
      reads: after.reads - before.reads,
      changes: after.changes - before.changes,
    },
  };
}
