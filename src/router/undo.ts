/** Steps that take back what was done, run last to first when something later fails. */
export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];
  readonly #always: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Run at the end whether or not anything failed, after what is taken back. */
  always(step: () => Promise<unknown>): void {
    this.#always.push(step);
  }

  /** Runs `work`; when it fails, takes back what it registered, and throws its error. */
  static async guard<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
    const undo = new Undo();
    try {
      return await work(undo);
    } catch (error) {
      for (const step of undo.#steps.reverse()) {
        // The first error is the one to tell; a step that fails must not keep the others from being taken back.
        await step().catch(() => {});
      }
      throw error;
    } finally {
      for (const step of undo.#always.reverse()) await step();
    }
  }
}

/**
 * As `Promise.all`, but when one fails the others have ended too by the time that it throws: so what they did is known, and can be
 * undone.
 */
export async function settled<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>;
  };
}
