/** What is said between the harness and a driver: one JSON object a line each way (bench/README.md). */

export interface Request {
  readonly scenario: string;
  readonly size: number;
  /** Floating IPs at a time, in churn; else 0. */
  readonly batch: number;
}

/** Netlink messages of the timed part. */
export interface Sent {
  /** Calls of sendmsg(2). */
  readonly datagrams: number;
  /** Messages that ask: gets, and dumps. */
  readonly reads: number;
  /** All other messages. */
  readonly changes: number;
}

export type Answer =
  /** Nanoseconds for so many operations. */
  | { readonly kind: 'time'; readonly ns: number; readonly operations: number; readonly sent?: Sent }
  /** What is measured is not a time for each operation. */
  | { readonly kind: 'value'; readonly value: number; readonly unit: string }
  /** The driver does not do this scenario. */
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'error'; readonly message: string };

const shownLength = 60;

/** @throws Error that quotes the line, when it is no answer. */
export function parseAnswer(line: string): Answer {
  const answer = readObject(line);
  const number = (key: string): boolean => isNumber(answer?.[key]);
  const text = (key: string): boolean => typeof answer?.[key] === 'string';
  if (answer && number('ns') && number('operations') && (answer['operations'] as number) > 0) {
    const sent = sentOf(answer['sent']);
    const time = { kind: 'time', ns: answer['ns'] as number, operations: answer['operations'] as number } as const;
    return sent ? { ...time, sent } : time;
  }
  if (answer && number('value') && text('unit')) {
    return { kind: 'value', value: answer['value'] as number, unit: answer['unit'] as string };
  }
  if (answer && text('skip')) return { kind: 'skip', reason: answer['skip'] as string };
  if (answer && text('error')) return { kind: 'error', message: answer['error'] as string };
  const shown = line.length > shownLength ? `${line.slice(0, shownLength)}...` : line;
  throw new Error(`it answered ${JSON.stringify(shown)}`);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function sentOf(value: unknown): Sent | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { datagrams, reads, changes } = value as Record<string, unknown>;
  return isNumber(datagrams) && isNumber(reads) && isNumber(changes) ? { datagrams, reads, changes } : undefined;
}

function readObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
