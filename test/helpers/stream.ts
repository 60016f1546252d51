/** A TCP connection that carries numbers to an echo server and back: what is lost shows, and whether it still runs. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Netns } from '../../src/index.js';
import { type Answer, connectTcp } from './who.js';

export class Stream {
  /** The first answer: whom the server sees. */
  readonly server: Answer;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #received = 0;
  #inOrder = true;

  private constructor(socket: Socket, lines: AsyncIterable<string>, server: Answer) {
    this.#socket = socket;
    this.server = server;
    this.#timer = setInterval(() => socket.write(`${++this.#sent}\n`), 1);
    this.#read(lines);
  }

  static async open(from: Netns, to: string, port: number): Promise<Stream> {
    const socket = await connectTcp(from, to, port);
    await once(socket, 'connect');
    const lines = createInterface(socket)[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new Stream(socket, { [Symbol.asyncIterator]: () => lines }, JSON.parse(value as string) as Answer);
  }

  /** Numbers that have come back. */
  get received(): number {
    return this.#received;
  }

  /** Whether each number came back once, in order: of a stream that ran, all but those under way. */
  get inOrder(): boolean {
    return this.#inOrder;
  }

  /** Whether a hundred more come back within `patience` ms. */
  async runs(patience: number = 5000): Promise<boolean> {
    const until = Date.now() + patience;
    const goal = this.#received + 100;
    while (this.#received < goal && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.#received >= goal;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.resetAndDestroy();
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (Number(line) !== this.#received + 1) this.#inOrder = false;
      this.#received++;
    }
  }
}
