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
