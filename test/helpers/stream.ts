/** A TCP connection that carries numbers to an echo server and back: what is lost shows, and whether it still runs. */
import type { Socket } from 'node:net';
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

  private constructor(socket: Socket, server: Answer) {
    this.#socket = socket;
    this.server = server;
    this.#timer = setInterval(() => socket.write(`${++this.#sent}\n`), 1);
    onLines(socket, (line) => {
      if (Number(line) !== this.#received + 1) this.#inOrder = false;
      this.#received++;
    });
    socket.once('close', () => clearInterval(this.#timer));
  }

  static async open(from: Netns, to: string, port: number): Promise<Stream> {
    const socket = await connectTcp(from, to, port);
    const first = await new Promise<string>((resolve, reject) => {
      socket.once('close', () => reject(new Error(`nobody serves ${to} port ${port}`)));
      socket.once('data', (data) => resolve(String(data)));
    });
    return new Stream(socket, JSON.parse(first) as Answer);
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
    this.#socket.resetAndDestroy();
  }
}

function onLines(socket: Socket, each: (line: string) => void): void {
  let rest = '';
  socket.on('data', (data) => {
    const lines = (rest + String(data)).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) each(line);
  });
}
