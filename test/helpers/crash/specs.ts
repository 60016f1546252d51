/** Descriptions of a node that change at random, the same way for the same seed. */
import type { FloatingIp, InterfaceSpec, NodeSpec, PortForwarding, RouterSpec } from '../../../src/index.js';

export type Random = (below: number) => number;

/** xorshift32: a run is repeated by its seed. */
export function randomOf(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const routers = 5;
const bindings = ['address', 'route', 'prefix'] as const;

interface RouterState {
  present: boolean;
  binding: number;
  shifts: number[];
  second: boolean;
  mtu: number;
  snat: boolean;
  gateway: boolean;
  routes: number;
  forwarded: number;
}

export class ChangingNode {
  readonly #name: string;
  readonly #random: Random;
  readonly #floatingIps: number;
  /** By router: which tenth of its floating IPs is shifted, and what else it has. */
  readonly #state: RouterState[];

  /** `floatingIps` of all routers together. */
  constructor(name: string, random: Random, floatingIps: number) {
    this.#name = name;
    this.#random = random;
    this.#floatingIps = floatingIps / routers;
    this.#state = Array.from({ length: routers }, (_, at) => ({
      present: true,
      binding: at % bindings.length,
      shifts: new Array(10).fill(0),
      second: false,
      mtu: 1500,
      snat: true,
      gateway: true,
      routes: 2,
      forwarded: 3,
    }));
  }

  /** Changes one to three things of each router; now and then a router goes or comes. */
  change(): void {
    const random = this.#random;
    for (const state of this.#state) {
      if (random(12) === 0) state.present = !state.present;
      for (let times = 1 + random(3); times > 0; times--) {
        const what = random(9);
        if (what <= 2) state.shifts[random(10)] = random(4) - 1;
        else if (what === 3) state.second = !state.second;
        else if (what === 4) state.mtu = 1400 + random(100);
        else if (what === 5) state.snat = !state.snat;
        else if (what === 6) state.routes = random(4);
        else if (what === 7) state.forwarded = random(6);
        else if (random(3) === 0) state.binding = random(bindings.length);
        else state.gateway = random(8) !== 0;
      }
    }
  }

  get spec(): NodeSpec {
    const name = this.#name;
    const tail = name.slice(-8);
    const networks = [
      { id: `x${tail}`, bridge: 'br-ex' },
      ...this.#state.flatMap(({ present }, at) => (present ? [{ id: `n${at}${tail}` }] : [])),
    ];
    return { name, networks, routers: this.#state.flatMap((_, at) => this.#router(at, tail)) };
  }

  #router(at: number, tail: string): RouterSpec[] {
    const state = this.#state[at] as RouterState;
    if (!state.present) return [];
    const network = `n${at}${tail}`;
    const interfaces: InterfaceSpec[] = [
      { id: `i${at}${tail}`, network, addresses: ['10.0.0.1/16', 'fd00::1/64'], mtu: state.mtu },
      ...(state.second ? [{ id: `j${at}${tail}`, network, addresses: ['10.1.0.1/24'] }] : []),
    ];
    const routes = Array.from({ length: state.routes }, (_, n) => ({
      dst: '198.51.100.0/24',
      via: `10.0.255.${n + 1}`,
    }));
    const common = {
      id: `${this.#name}-${at}`,
      interfaces,
      routes,
      floatingIpBinding: bindings[state.binding] ?? 'prefix',
    };
    if (!state.gateway) return [common];
    return [
      {
        ...common,
        gateway: {
          id: `g${at}${tail}`,
          network: `x${tail}`,
          addresses: [`198.18.0.${at + 2}/15`],
          nexthops: ['198.18.0.1'],
          enableSnat: state.snat,
        },
        floatingIps: this.#floating(state.shifts, at),
        portForwardings: this.#forwardings(state.forwarded, at),
      },
    ];
  }

  /** A tenth that is shifted by -1 is not there; by more, it leads elsewhere. */
  #floating(shifts: readonly number[], at: number): FloatingIp[] {
    return Array.from({ length: this.#floatingIps }, (_, n): FloatingIp[] => {
      const shift = shifts[n % 10] as number;
      if (shift < 0) return [];
      const [high, low] = [n >> 8, n & 255];
      const floatingAddress = `198.18.${100 + at * 20 + high}.${low}`;
      return [{ floatingAddress, fixedAddress: `10.0.${shift * 40 + high}.${low}` }];
    }).flat();
  }

  #forwardings(count: number, at: number): PortForwarding[] {
    return Array.from({ length: count }, (_, n) => ({
      floatingAddress: `198.18.0.${100 + at}`,
      protocol: 'tcp',
      port: `${8000 + 10 * n}-${8003 + 10 * n}`,
      fixedAddress: `10.0.254.${n + 1}`,
      fixedPort: '80-83',
    }));
  }
}
