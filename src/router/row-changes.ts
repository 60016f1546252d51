/** Rows of a router's sets that go and come with its tables: in one transaction, or in parts; and how they are taken back. */
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { sliceRows } from '../nftables/rows.js';
import type { Undo } from './undo.js';

/** Rows that go or come: columns, and the requests that use them. */
export interface RowChange {
  readonly requests: readonly Request[];
  /** What takes them back, row by row; empty where they go with their set. */
  readonly back: readonly Request[];
}

/** Rows that go, and then rows that come. `kept`: the set is there before and afterwards. */
export function exchange<Rows>(
  requestsOf: (verb: 'new' | 'del', rows: Rows) => readonly Request[],
  gone: Rows,
  added: Rows,
  kept: boolean,
): RowChange[] {
  const change = (verb: 'new' | 'del', inverse: 'new' | 'del', rows: Rows): RowChange => {
    const requests = requestsOf(verb, rows);
    return { requests, back: kept ? requestsOf(inverse, rows) : [] };
  };
  return [change('del', 'new', gone), change('new', 'del', added)].filter(({ requests }) => requests.length > 0);
}

/** What becomes of a router's tables, and of the rows in them. */
export interface TableTransaction {
  readonly commands: readonly Request[];
  /** What takes the commands back, compiled against what is there then. */
  readonly back: () => Promise<readonly Request[]>;
  readonly rows: readonly RowChange[];
  /** Rows of sets that `back` makes anew. */
  readonly restored: readonly (readonly Request[])[];
}

/**
 * In one transaction; where an ordinary user's socket buffer cannot hold it, the commands in one, and the rows in parts. What has been done
 * when one of them fails is `undo`'s.
 */
export async function commitTables(
  netns: Netns,
  { commands, back, rows, restored }: TableTransaction,
  limits: CallOptions,
  undo: Undo,
): Promise<void> {
  const last = rows.toReversed();
  const takeBackRows = ({ back }: RowChange): Promise<void> => commitRows(netns, back);
  const takeBackCommands = async (): Promise<void> => {
    await netns.nft.commit(await back());
    for (const one of restored) await commitRows(netns, one);
  };
  const takeBack = async (): Promise<void> => {
    const whole = [...last.flatMap(({ back }) => back), ...(await back()), ...restored.flat()];
    const fits = await fitting(netns.nft.commit(whole));
    if (fits) return;
    for (const one of last) await takeBackRows(one);
    await takeBackCommands();
  };
  if (await fitting(netns.nft.commit([...commands, ...rows.flatMap(({ requests }) => requests)], limits))) {
    undo.add(takeBack);
    return;
  }
  await netns.nft.commit(commands, limits);
  undo.add(takeBackCommands);
  for (const one of rows) {
    await commitRows(netns, one.requests, limits, one.back);
    undo.add(() => takeBackRows(one));
  }
}

/** False for a transaction that does not fit, of which nothing was sent. */
async function fitting(committed: Promise<void>): Promise<boolean> {
  try {
    await committed;
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_TRANSACTION_TOO_LARGE') return false;
    throw error;
  }
}

/** In as many parts as it takes. When a later one fails, those before it are taken back by `back`. */
function commitRows(
  netns: Netns,
  requests: readonly Request[],
  limits: CallOptions = {},
  back: readonly Request[] = [],
): Promise<void> {
  const takeBack = async (from: number, to: number): Promise<void> => {
    if (back.length > 0) await commitRows(netns, sliceRows(back, from, to));
  };
  return netns.nft.commitRows(requests, async () => takeBack, limits);
}
