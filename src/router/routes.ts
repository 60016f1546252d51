import { formatPrefix } from '../ip.js';
/** A router's routes: by its next hops, those of the description, and the pools of the 'prefix' binding. */
import type { Route } from '../rtnetlink/routes.js';
import { protocol } from './names.js';
import type { State } from './state.js';
import { type Change, type Step, stepOf } from './steps.js';
import type { Wanted } from './wanted.js';

/** The table of the 'prefix' binding. */
export const poolTable = 78;

/** Where its rule stands: behind the local table (0), ahead of the main one (32766). */
export const poolRulePriority = 100;

/** The nexthop object that routes of the 'route' binding share, which spares the kernel to make and look for one for each. */
export const poolNexthop = 78;

interface Hop {
  readonly via: string;
  readonly dev?: string;
  readonly weight: number;
}

interface WantedRoute {
  readonly dst: string;
  readonly family: 'inet' | 'inet6';
  /** Sorted. */
  readonly hops: readonly Hop[];
  readonly onlink: boolean;
}

export function routeStep(wanted: Wanted, { routes: present }: State): Step | undefined {
  const routes = wantedRoutes(wanted);
  const find = ({ dst, family }: WantedRoute): Route | undefined =>
    present.find((have) => have.dst === dst && have.family === family);
  const missing = routes.filter((want) => !find(want));
  const altered = routes.flatMap((want) => {
    const have = find(want);
    return have && !same(want, have) ? [{ want, have }] : [];
  });
  const stale = present.filter((have) => !routes.some(({ dst, family }) => have.dst === dst && have.family === family));
  const changes: Change[] = [
    ...stale.map((have) => ({ action: 'delete', kind: 'route', subject: `${have.dst} ${presentText(have)}` }) as const),
    ...altered.map(
      ({ want, have }) =>
        ({
          action: 'update',
          kind: 'route',
          subject: want.dst,
          detail: `${presentText(have)} -> ${hopsText(want.hops)}`,
        }) as const,
    ),
    ...missing.map(
      ({ dst, hops }) => ({ action: 'create', kind: 'route', subject: `${dst} ${hopsText(hops)}` }) as const,
    ),
  ];
  return stepOf(changes, async ({ netns, undo }) => {
    if (stale.length > 0) {
      await netns.routes.delete(stale.map(spec), { rollback: true });
      undo.add(() => netns.routes.add(stale.map(spec)));
    }
    if (missing.length > 0) {
      await netns.routes.add(missing.map(routeSpec), { rollback: true });
      undo.add(() => netns.routes.delete(missing.map(({ dst, family }) => ({ dst, family, protocol }))));
    }
    for (const { want, have } of altered) {
      // IPv6's "replace" of a route with several next hops takes one of them for the whole: it goes, then comes.
      const several = want.hops.length > 1 || have.multipath !== undefined;
      if (want.family === 'inet6' && several) {
        await netns.routes.delete({ dst: want.dst, family: want.family, protocol });
        undo.add(() => netns.routes.add(spec(have)));
        await netns.routes.add(routeSpec(want));
        undo.add(() => netns.routes.delete({ dst: want.dst, family: want.family, protocol }));
        continue;
      }
      await netns.routes.replace(routeSpec(want));
      undo.add(() => netns.routes.replace(spec(have)));
    }
  });
}

function wantedRoutes({ gateway, routes }: Wanted): WantedRoute[] {
  const family = (address: string): 'inet' | 'inet6' => (address.includes(':') ? 'inet6' : 'inet');
  const byDestination = new Map<string, { dst: string; family: 'inet' | 'inet6'; hops: Hop[]; onlink: boolean }>();
  const add = (dst: string, hop: Hop, onlink: boolean): void => {
    const key = `${family(hop.via)} ${dst}`;
    const route = byDestination.get(key) ?? { dst, family: family(hop.via), hops: [], onlink };
    route.hops.push(hop);
    byDestination.set(key, route);
  };
  // A next hop may lie outside the port's subnets, as Neutron allows.
  for (const via of gateway?.nexthops ?? []) add('default', { via, dev: gateway?.device as string, weight: 1 }, true);
  for (const { dst, via, weight = 1 } of routes) add(dst, { via, weight }, false);
  return [...byDestination.values()].map((route) => ({ ...route, hops: route.hops.sort(byVia) }));
}

const byVia = (a: Hop, b: Hop): number => (a.via < b.via ? -1 : a.via > b.via ? 1 : 0);

function presentHops({ gateway, dev, multipath }: Route): Hop[] {
  const hops = multipath ?? [{ gateway, dev, weight: 1 }];
  return hops
    .map(({ gateway = '', dev, weight }) => ({ via: gateway, ...(dev === undefined ? {} : { dev }), weight }))
    .sort(byVia);
}

function same({ hops }: WantedRoute, have: Route): boolean {
  const present = presentHops(have);
  return (
    present.length === hops.length &&
    hops.every(({ via, dev, weight }, at) => {
      const one = present[at] as Hop;
      return one.via === via && one.weight === weight && (dev === undefined || one.dev === dev);
    })
  );
}

const hopsText = (hops: readonly Hop[]): string =>
  hops.map(({ via, weight }) => `via ${via}${hops.length > 1 ? ` weight ${weight}` : ''}`).join(' ');
const presentText = (have: Route): string => hopsText(presentHops(have));

function routeSpec({ dst, family, hops, onlink }: WantedRoute) {
  const [first] = hops as [Hop];
  const hop = hops.length === 1 ? bare(first) : { multipath: hops };
  return { dst, family, protocol, ...hop, ...(onlink ? { onlink } : {}) };
}

/** A route that is there, as it would be made. */
function spec(have: Route) {
  const { dst, family, metric, flags } = have;
  const hops = presentHops(have);
  const [first] = hops as [Hop];
  return {
    dst,
    family,
    protocol,
    ...(hops.length === 1 ? bare(first) : { multipath: hops }),
    ...(metric === undefined ? {} : { metric }),
    ...(flags.includes('onlink') ? { onlink: true } : {}),
  };
}

function bare({ via, dev }: Hop): { via?: string; dev?: string } {
  return { ...(via === '' ? {} : { via }), ...(dev === undefined ? {} : { dev }) };
}

/**
 * The 'prefix' binding's routes: every address of a pool is local, but only to packets that come in by the gateway port, so
 * that the router itself and its tenants still reach their neighbours in the pool.
 */
export function poolStep(wanted: Wanted, { pools: present, rules, nexthops }: State): Step | undefined {
  const { gateway, binding } = wanted;
  const pools = binding === 'prefix' ? (gateway?.pools.map(formatPrefix) ?? []) : [];
  const missing = pools.filter((pool) => !present.includes(pool));
  const stale = present.filter((pool) => !pools.includes(pool));
  const device = pools.length > 0 ? gateway?.device : undefined;
  const own = rules.filter(({ priority, table }) => priority === poolRulePriority && table === poolTable);
  const others = own.filter(({ iif }) => iif !== device);
  const lacks = device !== undefined && others.length === own.length;
  const shared = nexthops.find(({ id }) => id === poolNexthop);
  const hop = sharesNexthop(wanted) ? gateway?.device : undefined;
  const hopMissing = hop !== undefined && shared?.dev !== hop;
  const route = (dst: string) => ({ dst, type: 'local', dev: 'lo', table: poolTable, protocol }) as const;
  const reference = { priority: poolRulePriority, table: poolTable };
  const ruleOf = (iif: string | undefined) => ({ ...reference, ...(iif === undefined ? {} : { iif }) });
  const ruleText = (iif: string | undefined): string => `from all iif ${iif} lookup ${poolTable}`;
  const changes: Change[] = [
    ...missing.map(
      (pool) => ({ action: 'create', kind: 'route', subject: `local ${pool} table ${poolTable}` }) as const,
    ),
    ...stale.map((pool) => ({ action: 'delete', kind: 'route', subject: `local ${pool} table ${poolTable}` }) as const),
    ...others.map(({ iif }) => ({ action: 'delete', kind: 'rule', subject: ruleText(iif) }) as const),
    ...(lacks ? [{ action: 'create', kind: 'rule', subject: ruleText(device) } as const] : []),
    ...(hopMissing
      ? [{ action: shared ? 'update' : 'create', kind: 'nexthop', subject: `${poolNexthop} dev ${hop}` } as const]
      : []),
  ];
  return stepOf(changes, async ({ netns, undo }) => {
    if (hopMissing) {
      await netns.nexthops.replace({ id: poolNexthop, dev: hop, protocol });
      undo.add(() =>
        shared?.dev === undefined
          ? netns.nexthops.delete({ id: poolNexthop })
          : netns.nexthops.replace({ id: poolNexthop, dev: shared.dev, protocol }),
      );
    }
    if (missing.length > 0) {
      await netns.routes.add(missing.map(route));
      undo.add(() => netns.routes.delete(missing.map(route)));
    }
    if (stale.length > 0) {
      await netns.routes.delete(stale.map(route));
      undo.add(() => netns.routes.add(stale.map(route)));
    }
    if (lacks) {
      await netns.rules.add({ ...ruleOf(device), protocol });
      undo.add(() => netns.rules.delete(ruleOf(device)));
    }
    for (const { iif } of others) {
      await netns.rules.delete(ruleOf(iif));
      undo.add(() => netns.rules.add({ ...ruleOf(iif), protocol }));
    }
  });
}

/** The shared nexthop, when nothing needs it. Routes that lead to it go with it, so this comes last. */
export function nexthopRemoval(wanted: Wanted, { nexthops }: State): Step | undefined {
  const stale = !sharesNexthop(wanted) && nexthops.some(({ id }) => id === poolNexthop);
  const changes: Change[] = stale ? [{ action: 'delete', kind: 'nexthop', subject: String(poolNexthop) }] : [];
  return stepOf(changes, ({ netns }) => netns.nexthops.delete({ id: poolNexthop }));
}

/** Whether addresses are bound by routes: see `boundOf`. */
function sharesNexthop({ gateway, binding, forwardings }: Wanted): boolean {
  return gateway !== undefined && (binding === 'route' || (binding === 'prefix' && forwardings.length > 0));
}
