/** What is measured: each scenario's sizes, contenders, and what one operation of it is. */
import type { ContenderName } from './contenders.js';

export type Unit = 'us' | 'ms' | 'bytes';

export interface Scenario {
  readonly name: string;
  /** What one of its operations is, or what its value is. */
  readonly what: string;
  readonly unit: Unit;
  readonly sizes: Amounts;
  /** Of a churn: floating IPs at a time. */
  readonly batches?: Amounts;
  readonly contenders: readonly ContenderName[];
  /** The largest size that a contender is asked for, where more would take minutes. */
  readonly most?: Partial<Readonly<Record<ContenderName, number>>>;
  /** Contenders that are asked for so many, whatever the size: each operation of theirs takes so long. */
  readonly asked?: Partial<Readonly<Record<ContenderName, number>>>;
  /** The largest size for the quick run, where no target looks at more; 0 for those that none looks at. */
  readonly mostInQuick?: Partial<Readonly<Record<ContenderName, number>>>;
  /** Rounds, unless the caller says how many; `large` are those of 100,000 in the quick run. */
  readonly runs: { readonly full: number; readonly quick: number; readonly large?: number };
  /** The largest size of a run that is not counted, before a contender's first; 0 for none. */
  readonly warmUp: number;
  /** A new driver for each run. */
  readonly fresh?: boolean;
}

/** By how thorough the run is. Without quick ones a scenario is left out of the quick run. */
export interface Amounts {
  readonly full: readonly number[];
  readonly quick: readonly number[];
}

const [k, k10, k100] = [1_000, 10_000, 100_000];
const runs = { full: 7, quick: 9, large: 5 };
const both: readonly ContenderName[] = ['floor', 'netloom-packed', 'netloom-objects'];
const forks: readonly ContenderName[] = ['fork-ip-nft', 'fork-ip-iptables'];
const batches: readonly ContenderName[] = ['ip-batch+nft', 'ip-batch+iptables-restore'];
const everyone: readonly ContenderName[] = [...both, ...batches, ...forks, 'go'];
/** Rules one after the other take too long for more. */
const most = { 'ip-batch+iptables-restore': k10 };
const asked = { neutron: 30 };
const none = (...names: ContenderName[]): Partial<Record<ContenderName, number>> =>
  Object.fromEntries(names.map((name) => [name, 0]));
const fip = { unit: 'us', runs, warmUp: k10 } as const;

const floatingIps: readonly Scenario[] = [
  {
    ...fip,
    name: 'fip-associate-prefix',
    what: 'a floating IP',
    sizes: { full: [k, k10, k100], quick: [k10, k100] },
    contenders: everyone,
    most,
    mostInQuick: {
      'ip-batch+nft': k10,
      'fork-ip-nft': k10,
      'fork-ip-iptables': k10,
      go: k10,
      'ip-batch+iptables-restore': 0,
    },
  },
  {
    ...fip,
    name: 'fip-associate-route',
    what: 'a floating IP',
    sizes: { full: [k, k10, k100], quick: [k10, k100] },
    contenders: [...both, ...batches, 'go'],
    most,
    mostInQuick: none(...batches, 'go'),
  },
  {
    ...fip,
    name: 'fip-associate-address',
    what: 'a floating IP',
    sizes: { full: [k, k10], quick: [k] },
    warmUp: k,
    contenders: [...everyone, 'neutron'],
    most,
    asked,
    mostInQuick: none(...batches, ...forks, 'go'),
  },
  ...(['prefix', 'route', 'address'] as const).map(
    (binding): Scenario => ({
      ...fip,
      name: `fip-disassociate-${binding}`,
      what: 'a floating IP',
      sizes: { full: binding === 'address' ? [k, k10] : [k, k10, k100], quick: [] },
      contenders:
        binding === 'route'
          ? [...both, 'ip-batch+nft', 'go']
          : [...everyone, ...(binding === 'address' ? (['neutron'] as const) : [])],
      asked,
      // A rule is looked for from the first on.
      most: { 'ip-batch+iptables-restore': k },
    }),
  ),
  ...(['prefix', 'route', 'address'] as const).map(
    (binding): Scenario => ({
      ...fip,
      name: `fip-churn-${binding}`,
      what: 'a floating IP in place of another',
      sizes: { full: [binding === 'address' ? k : k10], quick: [] },
      batches: { full: [1, 10, k], quick: [] },
      contenders: [...both, 'ip-batch+nft', 'fork-ip-nft', 'go'],
      runs: { full: 3, quick: 3 },
    }),
  ),
];

const tables: readonly Scenario[] = [
  ...['route-add', 'address-add', 'neighbour-add', 'element-add'].map(
    (name): Scenario => ({
      name,
      what: `${name === 'address-add' ? 'an' : 'a'} ${name.replace('-add', '')}`.replace('a element', 'an element'),
      unit: 'us',
      sizes: { full: name === 'address-add' ? [k] : [k, k10], quick: [] },
      contenders: [
        ...both,
        'ip-batch+nft',
        'fork-ip-nft',
        'go',
        ...(name === 'element-add' ? [] : (['pyroute2'] as const)),
        ...(name === 'address-add' ? (['npm-netlink'] as const) : []),
      ],
      most: { pyroute2: k },
      runs,
      warmUp: k10,
    }),
  ),
  {
    name: 'route-add-sequential',
    what: 'a route, awaited before the next',
    unit: 'us',
    sizes: { full: [k10], quick: [k10] },
    contenders: ['floor', 'netloom-objects', 'go', 'npm-netlink', 'pyroute2'],
    mostInQuick: none('pyroute2'),
    runs,
    warmUp: k10,
  },
  {
    name: 'route-add-concurrent',
    what: 'a route, all begun at once',
    unit: 'us',
    sizes: { full: [k10], quick: [k10] },
    contenders: ['floor', 'netloom-objects', 'go', 'pyroute2'],
    mostInQuick: none('go', 'pyroute2'),
    runs,
    warmUp: k10,
  },
  ...['dump-routes', 'dump-elements', 'dump-neighbours'].map(
    (name): Scenario => ({
      name,
      what: `${name === 'dump-elements' ? 'an' : 'a'} ${name.replace('dump-', '').slice(0, -1)}, read`,
      unit: 'us',
      sizes: { full: [k100], quick: name === 'dump-routes' ? [k100] : [] },
      contenders: [
        'floor',
        'netloom-objects',
        'go',
        'ip-batch+nft',
        ...(name === 'dump-elements' ? [] : (['pyroute2'] as const)),
      ],
      mostInQuick: none('pyroute2'),
      runs,
      warmUp: k10,
    }),
  ),
];

const firewalls: readonly Scenario[] = (
  [
    ['compile', 'compiled to expressions', ['netloom-objects']],
    ['apply', 'of a ruleset that is made in one transaction', ['floor', 'netloom-objects', 'ip-batch+nft']],
    ['list', 'listed', ['floor', 'netloom-objects', 'ip-batch+nft']],
  ] as const
).map(([verb, what, contenders]) => ({
  name: `nft-${verb}`,
  what: `a rule, ${what}`,
  unit: 'us',
  sizes: { full: [k, k10], quick: [k10] },
  contenders,
  runs: { full: 7, quick: 3 },
  warmUp: k10,
}));

const wholes: readonly Scenario[] = [
  {
    name: 'netns-veth',
    what: 'a namespace with a veth pair',
    unit: 'us',
    sizes: { full: [100], quick: [] },
    contenders: ['floor', 'netloom-objects', 'ip-batch+nft', 'fork-ip-nft', 'go', 'pyroute2'],
    runs,
    warmUp: 10,
  },
  {
    name: 'routers',
    what: 'a router with 10 floating IPs',
    unit: 'us',
    sizes: { full: [100, k], quick: [100, k] },
    contenders: ['floor', 'netloom-objects'],
    runs: { full: 3, quick: 1 },
    warmUp: 10,
  },
  ...(
    [
      ['apply', 'made with its router'],
      ['list', 'listed'],
      ['plan', 'planned for, as it is'],
    ] as const
  ).map(
    ([verb, what]): Scenario => ({
      name: `router-${verb}`,
      what: `a floating IP of a large router, ${what}`,
      unit: 'us',
      sizes: { full: [k10, k100], quick: [k100] },
      contenders: both,
      runs,
      warmUp: k10,
    }),
  ),
  ...(
    [
      ['apply', 'made from nothing'],
      ['change', 'of which one floating IP in a hundred is changed, and two mtus'],
      ['unchanged', 'applied as it is'],
    ] as const
  ).map(
    ([state, what]): Scenario => ({
      name: `node-${state}`,
      what: `a router with 50 floating IPs, of a node ${what}`,
      unit: 'ms',
      sizes: { full: [200], quick: [200] },
      contenders: ['floor', 'netloom-objects', 'neutron'],
      asked: { neutron: 4 },
      mostInQuick: none('neutron'),
      // Ten seconds each, and without a target.
      runs: { full: 5, quick: 1 },
      warmUp: 40,
    }),
  ),
  {
    name: 'event-loop-delay',
    what: "p99 of the event loop's delay meanwhile",
    unit: 'ms',
    sizes: { full: [k100], quick: [k100] },
    contenders: ['netloom-packed', 'netloom-objects'],
    mostInQuick: none('netloom-objects'),
    runs,
    warmUp: k10,
  },
  {
    name: 'new-flow-latency',
    what: "a new flow's first packet, there and back",
    unit: 'us',
    sizes: { full: [1, k10, k100], quick: [1, k100] },
    contenders: ['netloom-packed', 'ip-batch+iptables-restore'],
    mostInQuick: none('ip-batch+iptables-restore'),
    most: { 'ip-batch+iptables-restore': k10 },
    runs,
    warmUp: 0,
  },
  {
    name: 'memory',
    what: 'kept for each floating IP',
    unit: 'bytes',
    sizes: { full: [k100], quick: [k100] },
    contenders: ['netloom-packed', 'netloom-objects'],
    mostInQuick: none('netloom-objects'),
    runs,
    warmUp: 0,
    fresh: true,
  },
];

export const scenarios: readonly Scenario[] = [...floatingIps, ...tables, ...firewalls, ...wholes];
