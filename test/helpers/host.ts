/** Machines in namespaces of their own: what they send one another, and who answers. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Capture } from './capture.js';
import { cleanUp, type Lifetime, type NamedNetns } from './namespaces.js';
import { Stream } from './stream.js';
import { type Answer, type ClientOptions, serveTcp, serveUdp, tcp, udp } from './who.js';

export interface Pings {
  readonly sent: number;
  /** Numbers of those that were answered, from 1 on, in the order in which the answers came. */
  readonly answered: readonly number[];
  /** Who answered. */
  readonly from: readonly string[];
}

export interface PingOptions {
  readonly count?: number;
  /** Seconds. */
  readonly interval?: number;
  /** Seconds that the last one is waited for. */
  readonly wait?: number;
  /** Bytes; with it, fragments are forbidden. */
  readonly size?: number;
  readonly source?: string;
}

/** For what must not be answered: as long as a test can spare. */
export const inVain: ClientOptions = { patience: 300 };
export const pingInVain: PingOptions = { count: 2, interval: 0.1, wait: 0.3 };

/** A machine on a bridge of the node's, or whatever else sends and answers in a namespace. */
export class Host {
  readonly name: string;
  readonly netns: NamedNetns;

  constructor(name: string, netns: NamedNetns) {
    this.name = name;
    this.netns = netns;
  }

  /** Whoever asks is told who answered, and whom it sees; until the test ends, or the file. */
  async serve(
    protocol: 'tcp' | 'udp',
    port: number,
    address: string = '::',
    lifetime: Lifetime = 'test',
  ): Promise<void> {
    const end = await (protocol === 'tcp' ? serveTcp : serveUdp)(this.netns, this.name, address, port);
    cleanUp(async () => end(), lifetime);
  }

  tcp(to: string, port: number, options?: ClientOptions): Promise<Answer | string> {
    return tcp(this.netns, to, port, options);
  }

  udp(to: string, port: number, options?: ClientOptions): Promise<Answer | string> {
    return udp(this.netns, to, port, options);
  }

  /** A connection that numbers are sent over, to a server of `serve`, and come back by. */
  stream(to: string, port: number): Promise<Stream> {
    return Stream.open(this.netns, to, port);
  }

  async ping(to: string, { count = 3, interval = 0.02, wait = 5, size, source }: PingOptions = {}): Promise<Pings> {
    const args = ['-n', '-c', String(count), '-i', String(interval), '-W', String(wait)];
    if (size !== undefined) args.push('-M', 'do', '-s', String(size));
    if (source !== undefined) args.push('-I', source);
    return pingsOf(await this.run('ping', ...args, to));
  }

  /** Pings a thousand times a second, until it is stopped. */
  async pinging(to: string): Promise<{ stop(): Promise<Pings> }> {
    const child = this.#start('ping', ['-n', '-i', '0.001', '-W', '5', to]);
    const [printed, ended] = [text(child.stdout!), once(child, 'close')];
    const end = async (): Promise<unknown> => {
      child.kill('SIGINT');
      return ended;
    };
    cleanUp(end);
    return {
      stop: async () => {
        await end();
        return pingsOf(await printed);
      },
    };
  }

  /** Whether anybody answers. */
  async reaches(to: string, options?: PingOptions): Promise<boolean> {
    return (await this.ping(to, options)).answered.length > 0;
  }

  /** The MAC address that ARP finds for an address; undefined when nobody answers. */
  async arping(to: string): Promise<string | undefined> {
    const printed = await this.run('arping', '-f', '-c', '3', '-w', '1', '-I', 'eth0', to);
    return /\[([0-9A-F:]+)\]/.exec(printed)?.[1]?.toLowerCase();
  }

  /** What tcpdump sees of a device, in the words of its filter; it has begun when this resolves. */
  async capture(dev: string, ...filter: string[]): Promise<Capture> {
    const capture = await Capture.start(this.netns, dev, filter);
    cleanUp(async () => capture.stop());
    return capture;
  }

  /** What a program prints, whatever it ends with. */
  async run(command: string, ...args: string[]): Promise<string> {
    const child = this.#start(command, args);
    const ended = once(child, 'close');
    const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
    await ended;
    return out + err;
  }

  /** Starts a Python program, and resolves when it has printed 'ready'; what it prints afterwards is `end()`'s. */
  async python(program: string, ...args: string[]): Promise<{ end(): Promise<string> }> {
    const child = this.#start('python3', ['-u', '-c', program, ...args]);
    const ended = once(child, 'close');
    cleanUp(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const errors = text(child.stderr!);
    let printed = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    while (!printed.includes('ready\n')) {
      const more = await Promise.race([once(child.stdout!, 'data'), ended.then(() => undefined)]);
      if (!more && !printed.includes('ready\n')) throw new Error(`it ended: ${printed}${await errors}`);
    }
    return {
      end: async () => {
        await ended;
        return printed.slice(printed.indexOf('ready\n') + 6) + (await errors);
      },
    };
  }

  #start(command: string, args: readonly string[]): ChildProcess {
    const { LD_PRELOAD: _, ...env } = process.env;
    return this.netns.spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

function pingsOf(printed: string): Pings {
  const answers = [...printed.matchAll(/bytes from (\S+): icmp_seq=(\d+) (?!.*DUP)/g)];
  return {
    sent: Number(/(\d+) packets transmitted/.exec(printed)?.[1]),
    answered: answers.map(([, , number]) => Number(number)),
    from: [...new Set(answers.map(([, from]) => from as string))],
  };
}
