/** A driver: a program that is asked for one run at a time, over its standard streams. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, parseAnswer, type Request } from './protocol.js';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** SIGTERM makes it take away what it has made, and end: it need not finish its run. */
  readonly stopsOnSignal?: boolean;
}

/** What is kept of a driver's standard error. */
const complaintLength = 4096;
/** Milliseconds that an end is waited for: after standard input was closed, and after SIGTERM. */
const grace = { close: 10_000, terminate: 2_000 };

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class ProcessDriver {
  readonly #child: ChildProcess;
  readonly #stopsOnSignal: boolean;
  readonly #ended: Promise<void>;
  #complaint = '';
  #waiting: Waiting | undefined;
  /** Why it cannot be asked any more. */
  #failure: Error | undefined;

  constructor({ command, args, env, stopsOnSignal = false }: Launch) {
    this.#stopsOnSignal = stopsOnSignal;
    // A process group of its own: a terminal's Ctrl-C must not end it with half a namespace built.
    this.#child = spawn(command, args, { detached: true, stdio: 'pipe', env: { ...process.env, ...env } });
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => {});
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-complaintLength);
    });
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#answered(line));
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#fail(new Error(`it cannot be started: ${error.message}`));
        resolve();
      });
      // Not 'exit': what it said last is still to come then.
      this.#child.once('close', (code, signal) => {
        this.#fail(new Error(`it ended with ${signal ?? `exit code ${code}`}${this.#lastWords()}`));
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get usable(): boolean {
    return this.#failure === undefined;
  }

  /** One run. Rejects when the driver ends, answers what is no answer, or does not answer in time: it is ended then. */
  ask(request: Request, timeout: number): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => this.#give(`it did not answer within ${timeout / 1000} s`), timeout);
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
      };
      this.#waiting = {
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Lets it end by itself, and makes it when it does not. Resolves when it has gone. */
  async close(): Promise<void> {
    this.#failure ??= new Error('it was stopped');
    this.#waiting?.reject(this.#failure);
    this.#child.stdin?.end();
    if (this.#stopsOnSignal) this.#signal('SIGTERM');
    if (await this.#endsWithin(grace.close)) return;
    this.#signal('SIGTERM');
    if (await this.#endsWithin(grace.terminate)) return;
    this.#signal('SIGKILL');
    await this.#ended;
  }

  #answered(line: string): void {
    if (line.trim() === '') return;
    if (!this.#waiting) return this.#give(`it spoke without being asked: ${JSON.stringify(line.slice(0, 60))}`);
    try {
      this.#waiting.resolve(parseAnswer(line));
    } catch (error) {
      // Which answer belongs to which question is not known any more.
      this.#give((error as Error).message);
    }
  }

  #give(reason: string): void {
    this.#fail(new Error(reason + this.#lastWords()));
    this.#signal('SIGKILL');
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
  }

  #lastWords(): string {
    const lines = this.#complaint.trim().split('\n');
    // Node, Python and Go surround theirs with traces.
    const line = lines.findLast((text) => /^(\w*(Error|Exception)|panic|fatal error)\b/.test(text)) ?? lines.at(-1);
    return line ? `: ${line}` : '';
  }

  /** To it and to the programs that it has started. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {} // Gone already.
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([this.#ended.then(() => true), late]);
    timer.abort();
    return ended;
  }
}
