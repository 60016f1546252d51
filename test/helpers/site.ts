/** A stage for packets: a node with bridges, hosts on them, and what they send one another. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { type Netns, Router, type RouterSpec } from '../../src/index.js';
import { Capture } from './capture.js';
import { cleanUp, type NamedNetns, namespace } from './namespaces.js';
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
    lifetime: 'test' | 'file' = 'test',
  ): Promise<void> {
    const end = await (protocol === 'tcp' ? serveTcp : serveUdp)(this.netns, this.name, address, port);
    (lifetime === 'test' ? cleanUp : afterFile)(async () => end());
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

/** A node with br-ex and bridges of tenants', for a whole file. */
export class Stage {
  readonly node: Host;
  readonly #hosts: Host[] = [];

  private constructor(node: Host) {
    this.node = node;
  }

  static async create(...bridges: readonly string[]): Promise<Stage> {
    const netns = await namespace({}, 'file');
    // Each IPv6 device has neighbours, of which the machine holds so many and no more (net.ipv6.neigh.default.gc_thresh3).
    await netns.sysctl.set({ 'net.ipv6.conf.default.disable_ipv6': 1 });
    await netns.links.add(
      ['br-ex', ...bridges].map((name) => ({ kind: 'bridge', name, up: true, forwardDelay: 0 }) as const),
    );
    return new Stage(new Host('node', netns));
  }

  /**
   * A host, on a bridge by its eth0, that answers on TCP and UDP port 80; its default routes lead to those of `via`.
   * Packets pass when `ready` has resolved.
   */
  async host(
    name: string,
    bridge: string,
    addresses: readonly string[],
    via: readonly string[] = [],
    mtu: number = 1500,
  ): Promise<Host> {
    const netns = await namespace({}, 'file');
    const host = new Host(name, netns);
    await netns.links.set('lo', { up: true });
    await netns.sysctl.set({
      'net.ipv6.conf.default.accept_dad': 0,
      'net.ipv6.conf.default.router_solicitations': 0,
      'net.ipv4.icmp_ratelimit': 0,
    });
    const peer = { name: 'eth0', netns, up: true, mtu };
    await this.node.netns.links.add({ kind: 'veth', name, up: true, mtu, master: bridge, peer });
    await netns.addresses.add(addresses.map((address) => ({ dev: 'eth0', address })));
    await netns.routes.add(via.map((gateway) => ({ dst: 'default', via: gateway })));
    for (const protocol of ['tcp', 'udp'] as const) await host.serve(protocol, 80, '::', 'file');
    this.#hosts.push(host);
    return host;
  }

  /** A router, until the test ends; packets pass when this resolves. */
  async router(spec: RouterSpec): Promise<Router> {
    const router = await this.apply(spec);
    cleanUp(() => removed(spec.id));
    return router;
  }

  /** Of a router that is there already, or whose removal is the caller's. */
  async apply(spec: RouterSpec): Promise<Router> {
    const router = await Router.apply(spec, { host: this.node.netns, announce: { count: 1 } });
    cleanUp(() => router.close());
    await this.ready(router.netns);
    return router;
  }

  /**
   * Until every device that is up has its carrier: the kernel tells so late (net/core/link_watch.c, up to a second), and
   * neither does a bridge forward by a port before, nor has its other end a queue.
   */
  async ready(...others: readonly Netns[]): Promise<void> {
    const all = [this.node.netns, ...this.#hosts.map(({ netns }) => netns), ...others];
    for (let tries = 0; tries < 500; tries++) {
      const links = (await Promise.all(all.map((netns) => netns.links.list({ kind: 'veth' })))).flat();
      if (links.every(({ up, state }) => !up || state === 'up')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('some device has no carrier after 5 seconds');
  }
}

const perFile: (() => Promise<unknown>)[] = [];
const afterFile = (end: () => Promise<unknown>): void => {
  perFile.push(end);
};
// Before the namespaces that servers are in go.
afterAll(async () => {
  for (const end of perFile.splice(0)) await end();
});

async function removed(id: string): Promise<void> {
  const router = await Router.open(id).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await router?.delete();
}
