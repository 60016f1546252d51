/** One run of a scenario: what it is asked, what it has to take away again, how it measures. */
import { type Traffic, trafficOf } from '../../../netlink/traffic.js';
import type { Request } from '../drivers/protocol.js';

/** The answer, as it is sent. */
export type Measured =
  | { readonly ns: number; readonly operations: number; readonly sent?: Traffic }
  | { readonly value: number; readonly unit: string; readonly [detail: string]: number | string }
  | { readonly skip: string };

export type Scenario = (run: Run) => Promise<Measured>;

export class Run {
  readonly request: Request;
  readonly #stop: AbortSignal;
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(request: Request, stop: AbortSignal) {
    this.request = request;
    this.#stop = stop;
  }

  get size(): number {
    return this.request.size;
  }

  get batch(): number {
    return this.request.batch;
  }

  /** Between the steps of what takes long: throws when it was asked to stop. */
  check(): void {
    this.#stop.throwIfAborted();
  }

  /** Says how to remove what was made; the last is removed first. */
  onEnd(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    const errors: unknown[] = [];
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup().catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}

/** Set-up leaves garbage behind, and its collection is not the work's. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Of the young generation alone: a full collection also throws code away that has not run for a while, as if it were cold. */
function collectYoung(): void {
  (globalThis.gc as ((options: { type: 'minor' }) => void) | undefined)?.({ type: 'minor' });
}

/** The clock runs while `work` is awaited, and at no other time. */
export async function timed(operations: number, work: () => Promise<unknown>): Promise<Measured> {
  collectYoung();
  const start = process.hrtime.bigint();
  await work();
  return { ns: Number(process.hrtime.bigint() - start), operations };
}

/** As `timed`, and counts what netloom sends meanwhile. */
export async function counted(
  operations: number,
  work: () => Promise<unknown>,
): Promise<{ readonly ns: number; readonly operations: number; readonly sent: Traffic }> {
  collectYoung();
  const { result: ns, sent } = await trafficOf(async () => {
    const start = process.hrtime.bigint();
    await work();
    return Number(process.hrtime.bigint() - start);
  });
  return { ns, operations, sent };
}

let counter = 0;

/** Of namespaces that have to have a name: whose it is can be seen. */
export function uniqueName(): string {
  counter += 1;
  return `netloom-bench-${process.pid}-${counter}`;
}

/** The kernel has not what it should. */
export function expectCount(what: string, seen: number, wanted: number): void {
  if (seen !== wanted) throw new Error(`${what}: the kernel has ${seen}, not ${wanted}`);
}
