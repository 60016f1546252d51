/** `netloom demo`: the whole path, from namespaces to packets, on the real kernel. */
import type { Server } from 'node:http';
import { Netns } from '../../netns/index.js';
import { Router } from '../../router/index.js';
import { createOutput, detectMode, drawTopology, type Output } from '../terminal/index.js';
import { isolate } from './bridge.js';
import { compare } from './compare.js';
import { fetchFrom, ping, serve } from './probes.js';

export interface DemoOptions {
  readonly json: boolean;
  readonly plain: boolean;
  readonly keep: boolean;
  readonly compare: boolean;
  readonly count: number;
}

/** Names begin so, with the process's id behind: what a killed demo left is known by it. */
const prefix = 'netloom-demo-';
const idPrefix = '6e657400-0000-4000-8000-';

class Stopped extends Error {}

/** Runs it, and removes all that it made. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const out = createOutput({
    ...detectMode(options, process, process.env),
    stdout: process.stdout,
    stderr: process.stderr,
  });
  const owned: (() => Promise<unknown>)[] = [];
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const check = (): void => {
    if (stopped) throw new Stopped('stopped');
  };
  let code = 0;
  try {
    out.title('netloom demo');
    await removeLeftovers();
    await new Demo(out, owned, check, options).run();
  } catch (error) {
    code = error instanceof Stopped ? 130 : 1;
    if (code === 1) out.warn(String(error));
  }
  if (options.keep && code === 0) {
    out.text([
      'It is left up. To look around:',
      `  ip netns exec ${prefix}${process.pid}-outside ip address`,
      '  ip netns list',
    ]);
  } else {
    for (const remove of owned.reverse()) await remove().catch((error: unknown) => out.warn(String(error)));
  }
  out.end();
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code;
}

/** What a demo that was killed left behind; not that of one that runs. */
async function removeLeftovers(): Promise<void> {
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  };
  for (const id of await Router.list()) {
    if (id.startsWith(idPrefix) && !alive(Number(id.slice(idPrefix.length + 1))))
      await (await Router.open(id)).delete();
  }
  for (const name of await Netns.list()) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : 0;
    if (pid > 0 && !alive(pid)) await Netns.delete(name);
  }
}

class Demo {
  readonly #out: Output;
  readonly #owned: (() => Promise<unknown>)[];
  readonly #check: () => void;
  readonly #options: DemoOptions;

  constructor(out: Output, owned: (() => Promise<unknown>)[], check: () => void, options: DemoOptions) {
    this.#out = out;
    this.#owned = owned;
    this.#check = check;
    this.#options = options;
  }

  async run(): Promise<void> {
    const out = this.#out;
    out.section('Networks');
    const [node, outside] = await this.#step('External network', async () => {
      const node = await this.#netns('node');
      const outside = await this.#netns('outside');
      for (const name of ['br-ex', 'br-int']) await node.links.add({ kind: 'bridge', name, up: true });
      await this.#plug(node, outside, 'outside', 'br-ex', ['203.0.113.1/24', '2001:db8:f::1/64']);
      return [node, outside] as const;
    });
    const red = await this.#tenant(node, 'red', '203.0.113.10', 'a');
    const blue = await this.#tenant(node, 'blue', '203.0.113.20', 'b');
    await this.#step('Isolation on br-int', () =>
      isolate(node, {
        ...Object.fromEntries(red.taps.map((tap) => [tap, 1])),
        ...Object.fromEntries(blue.taps.map((tap) => [tap, 2])),
      }),
    );
    const [red1, red2, blue1, blue2] = [
      red.vms[0] as Netns,
      red.vms[1] as Netns,
      blue.vms[0] as Netns,
      blue.vms[1] as Netns,
    ];
    await this.#step('Floating IPs', async () => {
      await red.router.floatingIps.associate([{ floatingAddress: '203.0.113.101', fixedAddress: '10.0.0.11' }]);
      await blue.router.floatingIps.associate([
        { floatingAddress: '203.0.113.201', fixedAddress: '10.0.0.11' },
        { floatingAddress: '203.0.113.202', fixedAddress: '10.0.0.12' },
      ]);
    });
    out.text(drawTopology(this.#picture([red, blue]), out));

    out.section('Traffic');
    for (const netns of [outside, red1, red2, blue1, blue2]) await this.#server(netns);
    for (const [name, address] of [
      ['red-1', '203.0.113.101'],
      ['blue-1', '203.0.113.201'],
      ['blue-2', '203.0.113.202'],
    ] as const) {
      await this.#expect(`The outside reaches ${name}`, () => ping(outside, address), true);
      await this.#expect(`${name} sees the outside's own address`, () => fetchFrom(outside, address), '203.0.113.1');
    }
    await this.#expect('red-1 goes out by its floating IP', () => fetchFrom(red1, '203.0.113.1'), '203.0.113.101');
    await this.#expect('red-2 goes out by the gateway address', () => fetchFrom(red2, '203.0.113.1'), '203.0.113.10');
    await blue2.addresses.add({ dev: 'eth0', address: '10.0.0.13/24' });
    await this.#expect('blue reaches its own 10.0.0.13', () => ping(blue1, '10.0.0.13'), true);
    await this.#expect('red does not', () => ping(red1, '10.0.0.13', 500), false);
    await outside.sysctl.set({ 'net.ipv4.conf.eth0.arp_accept': 1 });
    await outside.neighbours.delete({ dev: 'eth0', dst: '203.0.113.101' });
    await this.#step('A floating IP moves to red-2', () =>
      red.router.floatingIps.associate([{ floatingAddress: '203.0.113.101', fixedAddress: '10.0.0.12' }]),
    );
    const heard = async () =>
      (await outside.neighbours.list({ dev: 'eth0' })).some(({ dst }) => dst === '203.0.113.101');
    await this.#expect('The outside heard the announcement', heard, true);
    const old = async () => (await red.router.netns.conntrack.list({ address: '203.0.113.101' })).length;
    await this.#expect('The old flows are gone', old, 0);
    await this.#expect('red-2 goes out by it', () => fetchFrom(red2, '203.0.113.1'), '203.0.113.101');

    out.section('Churn');
    await this.#churn(node);
  }

  async #churn(node: Netns): Promise<void> {
    const { count } = this.#options;
    const router = await this.#router(node, 3, '203.0.113.30', ['10.0.9.1/24'], 'churn', 'prefix', ['198.18.0.0/16']);
    const pairs = Array.from({ length: count }, (_, i) => ({
      floatingAddress: `198.18.${i >> 8}.${i & 255}`,
      fixedAddress: `10.1.${i >> 8}.${i & 255}`,
    }));
    const progress = this.#out.progress('Associate and disassociate', 2 * count);
    let start = process.hrtime.bigint();
    const elapsed = (): number => Number(process.hrtime.bigint() - start) / 1000 / count;
    await router.floatingIps.associate(pairs, { announce: false });
    const associate = elapsed();
    progress.set(count);
    this.#check();
    start = process.hrtime.bigint();
    await router.floatingIps.disassociate(pairs.map(({ floatingAddress }) => floatingAddress));
    const disassociate = elapsed();
    const text = `${associate.toFixed(1)} us each to associate, ${disassociate.toFixed(1)} us to disassociate`;
    progress.done(text);
    const ours = { associate, disassociate };
    const peer = this.#options.compare
      ? await this.#step('The same by ip -batch and nft -f', () => compare(pairs))
      : undefined;
    this.#out.result('churn', { count, unit: 'us', netloom: ours, ...(peer ? { 'ip-batch+nft': peer } : {}) });
    if (!peer) return;
    const micro = (value: unknown): string => `${(value as number).toFixed(1)} us`;
    this.#out.table(
      [
        { who: 'netloom (prefix binding)', ...ours },
        { who: 'ip -batch + nft -f', ...peer },
      ],
      [
        { key: 'who', title: 'one floating IP' },
        { key: 'associate', title: 'associate', align: 'right', format: micro },
        { key: 'disassociate', title: 'disassociate', align: 'right', format: micro },
      ],
    );
    const times = (ours: number, theirs: number): string => `${(theirs / ours).toFixed(1)} times`;
    this.#out.text(
      `netloom is ${times(associate, peer.associate)} as fast to associate and ${times(disassociate, peer.disassociate)} to disassociate.`,
    );
  }

  async #tenant(node: Netns, name: string, gateway: string, net: string) {
    return this.#step(`Tenant ${name}`, async () => {
      const index = name === 'red' ? 1 : 2;
      const vms: Netns[] = [];
      for (const vm of [1, 2]) {
        const netns = await this.#netns(`${name}-${vm}`);
        await this.#plug(node, netns, `${name}-${vm}`, 'br-int', [`10.0.0.1${vm}/24`, `fd00:${net}::1${vm}/64`]);
        await netns.routes.add([
          { dst: 'default', via: '10.0.0.1' },
          { dst: 'default', via: `fd00:${net}::1`, dev: 'eth0' },
        ]);
        vms.push(netns);
      }
      const router = await this.#router(node, index, gateway, ['10.0.0.1/24', `fd00:${net}::1/64`], name, 'address');
      return { name, net, gateway, router, vms, taps: [`tap${name}-int`, `${name}-1`, `${name}-2`] };
    });
  }

  async #router(
    node: Netns,
    index: number,
    gateway: string,
    addresses: string[],
    name: string,
    floatingIpBinding: 'address' | 'prefix',
    floatingPools?: string[],
  ): Promise<Router> {
    const router = await Router.apply(
      {
        id: `${idPrefix}${index}${String(process.pid).padStart(11, '0')}`,
        floatingIpBinding,
        gateway: {
          id: `${name}-ext`,
          bridge: 'br-ex',
          addresses: [`${gateway}/24`, `2001:db8:f::${gateway.split('.')[3]}/64`],
          nexthops: ['203.0.113.1', '2001:db8:f::1'],
          ...(floatingPools ? { floatingPools } : {}),
        },
        interfaces: [{ id: `${name}-int`, bridge: 'br-int', addresses }],
      },
      { host: node },
    );
    this.#owned.push(() => router.delete());
    return router;
  }

  async #netns(name: string): Promise<Netns> {
    this.#check();
    const full = `${prefix}${process.pid}-${name}`;
    const netns = await Netns.create(full);
    this.#owned.push(async () => {
      await netns.close();
      await Netns.delete(full);
    });
    await netns.links.set('lo', { up: true });
    await netns.sysctl.set({ 'net.ipv4.ping_group_range': '0 0' });
    return netns;
  }

  async #plug(node: Netns, netns: Netns, tap: string, master: string, addresses: string[]): Promise<void> {
    await node.links.add({ kind: 'veth', name: tap, up: true, master, peer: { name: 'eth0', netns, up: true } });
    const specs = addresses.map((address) => ({
      dev: 'eth0',
      address,
      ...(address.includes(':') ? { nodad: true } : {}),
    }));
    await netns.addresses.add(specs);
  }

  async #server(netns: Netns): Promise<void> {
    const server: Server = await serve(netns);
    this.#owned.push(async () => {
      server.close();
      server.closeAllConnections();
    });
  }

  async #step<T>(label: string, work: () => Promise<T>): Promise<T> {
    this.#check();
    const step = this.#out.step(label);
    try {
      const result = await work();
      step.done();
      return result;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }

  async #expect<T>(label: string, probe: () => Promise<T>, wanted: T): Promise<void> {
    await this.#step(label, async () => {
      const seen = await probe();
      if (seen !== wanted) throw new Error(`expected ${String(wanted)}, saw ${String(seen)}`);
    });
  }

  #picture(tenants: readonly { name: string; net: string; gateway: string; router: Router }[]) {
    return {
      outside: { name: 'outside', addresses: ['203.0.113.1/24', '2001:db8:f::1/64'] },
      external: { bridge: 'br-ex', subnets: ['203.0.113.0/24', '2001:db8:f::/64'] },
      integrationBridge: 'br-int',
      routers: tenants.map(({ name, net, gateway, router }, at) => ({
        id: router.id,
        gateway: { device: `qg-${name}-ext`, addresses: [`${gateway}/24`] },
        internal: { device: `qr-${name}-int`, addresses: ['10.0.0.1/24', `fd00:${net}::1/64`] },
        network: { name, subnets: ['10.0.0.0/24', `fd00:${net}::/64`], tag: at + 1 },
        vms: [1, 2].map((vm) => {
          const floatingIp = name === 'red' ? ['203.0.113.101', undefined][vm - 1] : `203.0.113.20${vm}`;
          return { name: `${name}-${vm}`, addresses: [`10.0.0.1${vm}`], ...(floatingIp ? { floatingIp } : {}) };
        }),
      })),
    };
  }
}
