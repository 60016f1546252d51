/** A stage for packets: a node with bridges, hosts on them, and routers between them. */
import { type Netns, Router, type RouterSpec, Services } from '../../src/index.js';
import { Host } from './host.js';
import { cleanUp, type Lifetime, namespace } from './namespaces.js';
import { stateDirectory } from './state.js';

/** A node with br-ex and bridges of tenants', for a test or a whole file. */
export class Stage {
  readonly node: Host;
  /** They keep what they keep in a directory of the stage's. */
  readonly services: Services;
  readonly #lifetime: Lifetime;
  readonly #hosts: Host[] = [];

  private constructor(node: Host, services: Services, lifetime: Lifetime) {
    this.node = node;
    this.services = services;
    this.#lifetime = lifetime;
  }

  static async create(bridges: readonly string[], lifetime: Lifetime = 'test'): Promise<Stage> {
    const netns = await namespace({}, lifetime);
    // Each IPv6 device has neighbours, of which the machine holds so many and no more (net.ipv6.neigh.default.gc_thresh3).
    await netns.sysctl.set({ 'net.ipv6.conf.default.disable_ipv6': 1 });
    await netns.links.add(
      ['br-ex', ...bridges].map((name) => ({ kind: 'bridge', name, up: true, forwardDelay: 0 }) as const),
    );
    const services = new Services({ base: await stateDirectory(lifetime) });
    return new Stage(new Host('node', netns), services, lifetime);
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
    const netns = await namespace({}, this.#lifetime);
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
    for (const protocol of ['tcp', 'udp'] as const) await host.serve(protocol, 80, '::', this.#lifetime);
    this.#hosts.push(host);
    return host;
  }

  /** Of `Router`, for routers of this stage. */
  get options(): { readonly host: Netns; readonly services: Services } {
    return { host: this.node.netns, services: this.services };
  }

  /** A router, until the test ends; packets pass when this resolves. */
  async router(spec: RouterSpec): Promise<Router> {
    const router = await this.apply(spec);
    cleanUp(() => this.#remove(spec.id));
    return router;
  }

  /** Of a router that is there already, or whose removal is the caller's. */
  async apply(spec: RouterSpec): Promise<Router> {
    const router = await Router.apply(spec, { ...this.options, announce: { count: 1 } });
    cleanUp(() => router.close());
    await this.ready(router.netns);
    return router;
  }

  /** What an apply would change, a line each. */
  async plan(spec: RouterSpec): Promise<string[]> {
    const plan = await Router.plan(spec, this.options);
    return plan.changes.length === 0 ? [] : plan.toString().split('\n');
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

  async #remove(id: string): Promise<void> {
    const router = await Router.open(id, this.options).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await router?.delete();
  }
}
