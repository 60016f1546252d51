/** What the figures of one run are to be, each in proportion to another of the same run. */
import type { ContenderName } from './contenders.js';

/** One figure: a median. */
export interface Cell {
  readonly scenario: string;
  readonly size: number;
  readonly contender: ContenderName;
}

export interface Target {
  readonly about: string;
  readonly own: Cell;
  readonly rule: /** own <= limit x other */
    | { readonly kind: 'at most'; readonly times: number; readonly other: Cell }
    /** other >= limit x own */
    | { readonly kind: 'faster'; readonly times: number; readonly other: Cell }
    /** own <= limit, in the scenario's unit */
    | { readonly kind: 'limit'; readonly value: number };
}

const [k, k10, k100] = [1_000, 10_000, 100_000];

function target(scenario: string, size: number, contender: ContenderName): TargetMaker {
  const own: Cell = { scenario, size, contender };
  const about = `${scenario} ${size.toLocaleString('en-US')}, ${contender}`;
  const cell = (other: ContenderName | Partial<Cell>): Cell =>
    typeof other === 'string' ? { ...own, contender: other } : { ...own, ...other };
  return {
    atMost: (times, other) => ({ about, own, rule: { kind: 'at most', times, other: cell(other) } }),
    faster: (times, other) => ({ about, own, rule: { kind: 'faster', times, other: cell(other) } }),
    limit: (value) => ({ about, own, rule: { kind: 'limit', value } }),
  };
}

interface TargetMaker {
  atMost(times: number, other: ContenderName | Partial<Cell>): Target;
  faster(times: number, other: ContenderName | Partial<Cell>): Target;
  limit(value: number): Target;
}

const prefix = target('fip-associate-prefix', k10, 'netloom-packed');
const sequential = target('route-add-sequential', k10, 'netloom-objects');
const dump = target('dump-routes', k100, 'netloom-objects');
const apply = target('nft-apply', k10, 'netloom-objects');
const routers = target('routers', k, 'netloom-objects');

export const targets: readonly Target[] = [
  ...['fip-associate-prefix', 'fip-associate-route'].flatMap((scenario) =>
    [k10, k100].flatMap((size) => [
      target(scenario, size, 'netloom-packed').atMost(1.1, 'floor'),
      target(scenario, size, 'netloom-objects').atMost(1.3, 'floor'),
    ]),
  ),
  prefix.faster(12, 'ip-batch+nft'),
  prefix.faster(5, 'go'),
  prefix.faster(3000, 'fork-ip-nft'),
  prefix.faster(3000, 'fork-ip-iptables'),
  // It knows addresses alone.
  prefix.faster(8000, { scenario: 'fip-associate-address', size: k, contender: 'neutron' }),
  target('fip-associate-address', k, 'netloom-packed').atMost(1.1, 'floor'),
  sequential.atMost(0.8, 'go'),
  sequential.faster(12, 'npm-netlink'),
  target('route-add-concurrent', k10, 'netloom-objects').atMost(1.5, 'floor'),
  target('event-loop-delay', k100, 'netloom-packed').limit(5),
  target('event-loop-delay', k100, 'netloom-objects').limit(5),
  dump.faster(1, 'go'),
  dump.faster(4, 'ip-batch+nft'),
  // 50,000 rules a second.
  target('nft-compile', k10, 'netloom-objects').limit(20),
  apply.atMost(1.5, 'floor'),
  apply.faster(10, 'ip-batch+nft'),
  routers.atMost(1.3, 'floor'),
  // What runs on the same machine at the same time moves it by as much.
  routers.atMost(1.1, { size: 100 }),
  // Reading and sending, nothing else, is one floor; the rest is netloom's.
  ...['router-apply', 'router-list', 'router-plan'].flatMap((scenario) =>
    (['netloom-packed', 'netloom-objects'] as const).map((contender) =>
      target(scenario, k100, contender).atMost(2, 'floor'),
    ),
  ),
  target('new-flow-latency', k100, 'netloom-packed').atMost(1.1, { size: 1 }),
  target('memory', k100, 'netloom-packed').limit(64),
  target('memory', k100, 'netloom-objects').limit(64),
];
