/** A node with bridges, hosts on them, and routers between them, for packets that are sent and seen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Netns, Router, type RouterSpec, Services } from '../../src/index.js';
import { cleanUp } from './namespaces.js';

let made = 0;

/** A host: a namespace with eth0 on one of the node's bridges. */
export interface Host {
  readonly netns: Netns;
  /** What a program prints, whatever it ends with. */
  run(command: string, ...args: string[]): Promise<string>;
  /** Of three pings, whether one is answered. */
  reaches(address: string): Promise<boolean>;
  /** Starts a Python program, and resolves when it has printed 'ready'; what it prints afterwards is `end()`'s. */
  python(program: string, ...args: string[]): Promise<{ end(): Promise<string> }>;
}

export interface Stage {
  readonly node: Netns;
  readonly services: Services;
  /** For ids of this stage's own. */
  readonly tag: string;
  host(bridge: string, addresses: readonly string[], ...via: string[]): Promise<Host>;
  /** Applies; packets pass when this resolves. */
  router(spec: RouterSpec): Promise<Router>;
  plan(spec: RouterSpec): Promise<string[]>;
  /** Until every device that is up has its carrier, which the kernel tells late (net/core/link_watch.c). */
  ready(): Promise<void>;
}

export async function stage(...bridges: readonly string[]): Promise<Stage> {
  const all: Netns[] = [];
  const namespace = async (): Promise<Netns> => {
    const netns = await Netns.create();
    cleanUp(() => netns.close());
    await netns.links.set('lo', { up: true });
    all.push(netns);
    return netns;
  };
  const node = await namespace();
  await node.links.add(bridges.map((name) => ({ kind: 'bridge', name, up: true, forwardDelay: 0 }) as const));
  const base = await mkdtemp(join(tmpdir(), 'netloom-stage-'));
  cleanUp(() => rm(base, { recursive: true }));
  const services = new Services({ base });
  const tag = `${process.pid}-${made++}`;
  const routers = new Map<string, Router>();
  let hosts = 0;
  const ready = async (): Promise<void> => {
    for (let tries = 0; tries < 500; tries++) {
      const spaces = [...all, ...Array.from(routers.values(), ({ netns }) => netns)];
      const links = (await Promise.all(spaces.map((netns) => netns.links.list({ kind: 'veth' })))).flat();
      if (links.every(({ up, state }) => !up || state === 'up')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('some device has no carrier after 5 seconds');
  };
  return {
    node,
    services,
    tag,
    ready,
    async host(bridge, addresses, ...via) {
      const netns = await namespace();
      await netns.sysctl.set({ 'net.ipv6.conf.default.accept_dad': 0 });
      await node.links.add({
        kind: 'veth',
        name: `host${hosts++}`,
        up: true,
        master: bridge,
        peer: { name: 'eth0', netns, up: true },
      });
      await netns.addresses.add(addresses.map((address) => ({ dev: 'eth0', address })));
      await netns.routes.add(via.map((gateway) => ({ dst: 'default', via: gateway })));
      return hostIn(netns);
    },
    async router(spec) {
      const router = await Router.apply(spec, { host: node, services, announce: { count: 1 } });
      const before = routers.get(spec.id);
      if (before) await before.close();
      else cleanUp(async () => routers.get(spec.id)?.delete());
      routers.set(spec.id, router);
      await ready();
      return router;
    },
    async plan(spec) {
      const { changes, ...plan } = await Router.plan(spec, { host: node, services });
      return changes.length === 0 ? [] : plan.toString().split('\n');
    },
  };
}

function hostIn(netns: Netns): Host {
  const start = (command: string, ...args: string[]) => {
    // A sanitizer's run-time library is for this process, not for others.
    const { LD_PRELOAD: _, ...env } = process.env;
    const inside = [`--net=/proc/${process.pid}/fd/${netns.fd}`, command, ...args];
    return spawn('nsenter', inside, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const run: Host['run'] = async (command, ...args) => {
    const child = start(command, ...args);
    const ended = once(child, 'close');
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await ended;
    return out + err;
  };
  return {
    netns,
    run,
    async reaches(address) {
      const printed = await run('ping', '-n', '-c', '3', '-i', '0.1', '-W', '1', address);
      return / [1-3] received/.test(printed);
    },
    async python(program, ...args) {
      const child = start('python3', '-u', '-c', program, ...args);
      cleanUp(async () => {
        child.kill('SIGKILL');
      });
      const ended = once(child, 'close');
      const errors = text(child.stderr);
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
      while (!printed.includes('ready\n')) {
        const first = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
        if (!first && !printed.includes('ready\n')) throw new Error(`it ended: ${printed}${await errors}`);
      }
      return {
        async end() {
          await ended;
          return printed.slice(printed.indexOf('ready\n') + 6) + (await errors);
        },
      };
    },
  };
}
