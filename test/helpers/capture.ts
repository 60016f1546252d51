/** tcpdump in a namespace. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Netns } from '../../src/index.js';

/** tcpdump gives its groups up, which a user namespace of an ordinary user does not let it. */
export const noCapture: boolean = process.env['NETLOOM_UNPRIVILEGED'] === '1';

export class Capture {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #arrived: () => void = () => {};

  private constructor(child: ChildProcess) {
    this.#child = child;
    createInterface(child.stdout!).on('line', (line) => {
      this.#lines.push(line);
      this.#arrived();
    });
  }

  static async start(netns: Netns, dev: string, filter: readonly string[]): Promise<Capture> {
    const { LD_PRELOAD: _, ...env } = process.env;
    const args = ['-i', dev, '-n', '-l', '-t', '--immediate-mode', ...filter];
    const child = netns.spawn('tcpdump', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const capture = new Capture(child);
    const errors = createInterface(child.stderr!);
    await new Promise<void>((resolve, reject) => {
      errors.on('line', (line) => line.includes('listening on') && resolve());
      child.once('exit', (code) => reject(new Error(`tcpdump ended with ${code}`)));
    });
    return capture;
  }

  /** What has been seen, a line a packet, once there are so many. */
  async packets(count: number): Promise<readonly string[]> {
    const deadline = Date.now() + 5000;
    while (this.#lines.length < count && Date.now() < deadline) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#arrived = resolve;
        }),
        new Promise((resolve) => setTimeout(resolve, deadline - Date.now())),
      ]);
    }
    return [...this.#lines];
  }

  /** All that has been seen. */
  async stop(): Promise<readonly string[]> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill('SIGINT');
      await ended;
    }
    return [...this.#lines];
  }
}
