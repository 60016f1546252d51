/** What a demo stands on: where it says what it does, what it has made, and whether it was asked to stop. */
import type { Output } from '../terminal/index.js';

/** It was asked to stop, by a signal. */
export class Stopped extends Error {}

export class Stage {
  readonly out: Output;
  #stopped = false;
  /** Of what outlives the process, unless it is removed. */
  readonly #removals: (() => Promise<unknown>)[] = [];
  /** Of what ends with the process. */
  readonly #endings: (() => void)[] = [];

  constructor(out: Output) {
    this.out = out;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Any number of times: a terminal's Ctrl-C and npm may both send a signal. What is under way is finished first. */
  readonly stop = (): void => {
    this.#stopped = true;
  };

  /** @throws Stopped */
  check(): void {
    if (this.#stopped) throw new Stopped('stopped');
  }

  /** Says how to remove what was made just now; the last is removed first. */
  owns(remove: () => Promise<unknown>): void {
    this.#removals.push(remove);
  }

  closes(end: () => void): void {
    this.#endings.push(end);
  }

  async step<T>(label: string, work: () => Promise<T>, detail?: (result: T) => string | undefined): Promise<T> {
    this.check();
    const step = this.out.step(label);
    try {
      const result = await work();
      step.done(detail?.(result));
      return result;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }

  /** A step that is done when what it sees is what it should be. */
  async expect<T>(label: string, probe: () => Promise<T>, wanted: T, words?: string): Promise<void> {
    const see = async (): Promise<T> => {
      const seen = await probe();
      if (seen !== wanted) throw new Error(`expected ${String(wanted)}, saw ${String(seen)}`);
      return seen;
    };
    await this.step(label, see, (seen) => words ?? (typeof seen === 'string' ? seen : undefined));
  }

  /** Lets go of what keeps the process running. */
  end(): void {
    for (const end of this.#endings.splice(0)) end();
  }

  /** Removes all that was made, whatever fails on the way. */
  async remove(): Promise<void> {
    const errors: unknown[] = [];
    for (const remove of this.#removals.splice(0).reverse()) await remove().catch((error) => errors.push(error));
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.join('; '));
  }
}
