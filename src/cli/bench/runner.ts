/** Asks the drivers, round by round, and keeps what they answer. One that fails is named, and the others go on. */
import type { Contender, ContenderName } from './contenders.js';
import { type Launch, ProcessDriver } from './drivers/process.js';
import type { Answer, Request, Sent } from './drivers/protocol.js';
import { type Case, requestOf } from './plan.js';
import { type Result, ratio } from './ratios.js';
import type { Unit } from './scenarios.js';
import { summarise } from './statistics.js';

export interface Absence {
  readonly contender: ContenderName;
  /** Undefined where it takes no part at all. */
  readonly scenario?: string;
  readonly size?: number;
  readonly reason: string;
}

export interface RunnerOptions {
  readonly contender: (name: ContenderName) => Contender;
  /** Milliseconds that an answer is waited for. */
  readonly timeout: number;
  /** Between two runs. */
  readonly settle: () => Promise<void>;
  readonly signal: AbortSignal;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #launches = new Map<ContenderName, Promise<Launch | undefined>>();
  readonly #drivers = new Map<ContenderName, ProcessDriver>();
  readonly #closing = new Set<Promise<void>>();
  /** By scenario and contender: the size that its code is warm for. */
  readonly #warm = new Map<string, number>();
  /** Contenders without something that they need, and scenarios that they do not do. */
  readonly skipped: Absence[] = [];
  readonly failed: Absence[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  /** Builds and looks for what a contender needs. False, and said in `skipped`, where it cannot be had. */
  async prepare(name: ContenderName): Promise<boolean> {
    return (await this.#launch(name)) !== undefined;
  }

  /** All rounds of one case: contenders by turns, so that what disturbs one disturbs all. */
  async measure(one: Case, onRun: () => void = () => {}): Promise<Result[]> {
    const samples = new Map<ContenderName, Sample[]>();
    let present: ContenderName[] = [];
    for (const name of one.contenders) {
      if (await this.#warmUp(one, name)) present.push(name);
    }
    for (let round = 0; round < one.runs; round++) {
      for (const name of rotated(present, round)) {
        const sample = await this.#ask(one, name, requestOf({ ...one, size: asked(one, name) }));
        onRun();
        if (sample === undefined) present = present.filter((other) => other !== name);
        else samples.set(name, [...(samples.get(name) ?? []), sample]);
      }
    }
    return resultsOf(one, samples);
  }

  /** Ends every driver. Resolves when they have gone. */
  async close(): Promise<void> {
    for (const name of [...this.#drivers.keys()]) this.#retire(name);
    await Promise.all(this.#closing);
  }

  async #warmUp(one: Case, name: ContenderName): Promise<boolean> {
    const { scenario } = one;
    if (!(await this.prepare(name))) return false;
    const size = Math.min(scenario.warmUp, asked(one, name));
    const key = `${scenario.name} ${one.batch ?? ''} ${name}`;
    if (scenario.fresh || size <= (this.#warm.get(key) ?? 0)) return true;
    this.#warm.set(key, size);
    const batch = one.batch === undefined ? undefined : Math.min(one.batch, size);
    return (await this.#ask(one, name, requestOf({ scenario, size, batch }))) !== undefined;
  }

  /** Undefined when there is no figure: what the reason is has been noted. */
  async #ask(one: Case, name: ContenderName, request: Request): Promise<Sample | undefined> {
    const { signal, settle, timeout } = this.#options;
    const launch = await this.#launch(name);
    if (!launch) return undefined;
    signal.throwIfAborted();
    const absence = { contender: name, scenario: one.scenario.name, size: one.size };
    try {
      if (one.scenario.fresh) this.#retire(name);
      const driver = this.#driver(name, launch);
      await settle();
      signal.throwIfAborted();
      const answer = await driver.ask(request, timeout);
      if (answer.kind === 'error') throw new Error(answer.message);
      if (answer.kind === 'skip') {
        this.skipped.push({ ...absence, reason: answer.reason });
        return undefined;
      }
      const sent = answer.kind === 'time' ? answer.sent : undefined;
      return { figure: figure(answer, one.scenario.unit), sent };
    } catch (error) {
      signal.throwIfAborted();
      this.failed.push({ ...absence, reason: (error as Error).message });
      return undefined;
    }
  }

  #launch(name: ContenderName): Promise<Launch | undefined> {
    const known = this.#launches.get(name);
    if (known) return known;
    const launch = this.#options
      .contender(name)
      .prepare()
      .catch((error: Error) => {
        this.skipped.push({ contender: name, reason: error.message });
        return undefined;
      });
    this.#launches.set(name, launch);
    return launch;
  }

  /** A new one where the last has ended, as a driver that failed does. */
  #driver(name: ContenderName, launch: Launch): ProcessDriver {
    const known = this.#drivers.get(name);
    if (known?.usable) return known;
    if (known) this.#retire(name);
    const driver = new ProcessDriver(launch);
    this.#drivers.set(name, driver);
    return driver;
  }

  #retire(name: ContenderName): void {
    const driver = this.#drivers.get(name);
    if (!driver) return;
    this.#drivers.delete(name);
    const closing = driver.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function asked({ scenario, size }: Case, name: ContenderName): number {
  return Math.min(size, scenario.asked?.[name] ?? size);
}

/** Each round begins with the next: who comes first would else always follow the same one. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

const factors: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  us: { ns: 1e-3, us: 1, ms: 1e3, s: 1e6 },
  ms: { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3 },
  bytes: { bytes: 1 },
};

function figure(answer: Extract<Answer, { kind: 'time' | 'value' }>, unit: Unit): number {
  const [value, given] = answer.kind === 'time' ? [answer.ns / answer.operations, 'ns'] : [answer.value, answer.unit];
  const factor = factors[unit][given];
  if (factor === undefined) throw new Error(`it answered in '${given}', where ${unit} are measured`);
  return value * factor;
}

interface Sample {
  /** In the scenario's unit. */
  readonly figure: number;
  readonly sent: Sent | undefined;
}

function resultsOf(one: Case, samples: ReadonlyMap<ContenderName, readonly Sample[]>): Result[] {
  const results = one.contenders.flatMap((contender): Omit<Result, 'ratioToFloor'>[] => {
    const taken = samples.get(contender);
    if (!taken) return [];
    const values = taken.map(({ figure }) => figure);
    const sent = taken.at(-1)?.sent;
    const common = {
      scenario: one.scenario.name,
      size: one.size,
      ...(one.batch === undefined ? {} : { batch: one.batch }),
      ...(asked(one, contender) === one.size ? {} : { asked: asked(one, contender) }),
      ...(sent ? { sent } : {}),
    };
    return [{ ...common, contender, unit: one.scenario.unit, ...summarise(values), samples: values }];
  });
  const floor = results.find(({ contender }) => contender === 'floor');
  return results.map((result) => ({ ...result, ratioToFloor: (floor && ratio(result, floor)) ?? null }));
}
