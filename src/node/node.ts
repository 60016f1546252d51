import { NetlinkError } from '../errors.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import { Netns } from '../netns/netns.js';
import { type HostLinks, networkStages, staleStages } from '../network/steps.js';
import type { AssociateOptions } from '../router/floating-ips.js';
import { markOf, routerNamespace } from '../router/names.js';
import { applyWanted, planWanted, Router, removeRouter } from '../router/router.js';
import { type Change, changesOf, type Stage, takeSteps } from '../router/steps.js';
import { Undo } from '../router/undo.js';
import { limited } from './limited.js';
import { NodePlan, NodeReport, type UnitPlan, type UnitReport } from './report.js';
import type { NodeOptions, NodeSpec } from './spec.js';
import { checkConcurrency, checkNode, type WantedNode } from './wanted.js';

interface Site {
  readonly host: Netns;
  readonly links: HostLinks;
  readonly node: WantedNode;
  readonly limits: CallOptions;
  readonly concurrency: number;
}

/** All networks and routers of a machine, from one description. */
export const Node = {
  /**
   * Makes the node what the spec says: networks first, then routers, as many at a time as `concurrency` says; then removes what
   * bears the node's name and is no longer in it. What fails is taken back by itself and told in the report; the others go on.
   *
   * @throws TypeError, RangeError for a spec that cannot be, before anything is done.
   */
  async apply(spec: NodeSpec, options: NodeOptions & Pick<AssociateOptions, 'announce'> = {}): Promise<NodeReport> {
    return onSite(spec, options, async (site) => {
      const { node, concurrency } = site;
      const networks = await limited(concurrency, node.networks, (network) =>
        attempt('network', network.id, (undo) => {
          const exists = site.links.has(network.bridge);
          return take(site, networkStages(network, site.links, node.name), undo, !exists && network.ownsBridge);
        }),
      );
      const routers = await limited(concurrency, node.routers, (router) =>
        attempt('router', router.id, async (undo) => {
          const context = { ...options, host: site.host, limits: site.limits, owner: node.name };
          const { netns, fresh, stages } = await applyWanted(router, context, undo);
          // Its announcements are sent in several rounds, which end with the handle.
          netns.announced().then(() => netns.close());
          return { stages, outcome: fresh ? 'created' : isEmpty(stages) ? 'unchanged' : 'updated' };
        }),
      );
      const removed = await limited(concurrency, await staleRouters(node), (id) =>
        attempt('router', id, async () => {
          await remove(id, site.limits, options.services);
          return { stages: [[{ changes: () => [removal(id)], run: async () => {} }]], outcome: 'deleted' };
        }),
      );
      const stale = staleStages(node.networks, await hostLinks(site.host, site.limits), node.name);
      const bridges = isEmpty(stale)
        ? []
        : [
            await attempt('network', '(no longer wanted)', async (undo) => ({
              ...(await take(site, stale, undo, false)),
              outcome: 'deleted' as const,
            })),
          ];
      return new NodeReport([...networks, ...routers, ...removed, ...bridges]);
    });
  },

  /** What `apply` would do. Reads only. */
  async plan(spec: NodeSpec, options: NodeOptions = {}): Promise<NodePlan> {
    return onSite(spec, options, async (site) => {
      const { node, host, links, limits, concurrency } = site;
      const networks = node.networks.map(
        ({ id }, at): UnitPlan => ({
          kind: 'network',
          id,
          changes: changesOf(networkStages(node.networks[at] as WantedNode['networks'][0], links, node.name)),
        }),
      );
      const routers = await limited(
        concurrency,
        node.routers,
        async (router): Promise<UnitPlan> => ({
          kind: 'router',
          id: router.id,
          changes: await planWanted(router, { ...options, host, limits, owner: node.name }),
        }),
      );
      const removed = (await staleRouters(node)).map(
        (id): UnitPlan => ({ kind: 'router', id, changes: [removal(id)] }),
      );
      const stale = changesOf(staleStages(node.networks, links, node.name));
      return new NodePlan([
        ...networks,
        ...routers,
        ...removed,
        { kind: 'network', id: '(no longer wanted)', changes: stale },
      ]);
    });
  },
} as const;

async function onSite<T>(spec: NodeSpec, options: NodeOptions, work: (site: Site) => Promise<T>): Promise<T> {
  const node = checkNode(spec);
  const concurrency = checkConcurrency(options);
  const limits = deadline(options);
  const host = options.host ?? (await Netns.current());
  try {
    return await work({ host, links: await hostLinks(host, limits), node, limits, concurrency });
  } finally {
    if (options.host === undefined) await host.close();
  }
}

async function hostLinks(host: Netns, limits: CallOptions): Promise<HostLinks> {
  return new Map((await host.links.list({}, limits)).map((link) => [link.name, link]));
}

const removal = (id: string): Change => ({ action: 'delete', kind: 'namespace', subject: routerNamespace(id) });

const isEmpty = (stages: readonly Stage[]): boolean =>
  stages.every((stage) => stage.every((step) => step === undefined));

interface Done {
  readonly stages: readonly Stage[];
  readonly outcome: Exclude<UnitReport['outcome'], 'failed'>;
}

async function take({ host, limits }: Site, stages: readonly Stage[], undo: Undo, fresh: boolean): Promise<Done> {
  await takeSteps(stages, { netns: host, host, undo, limits });
  return { stages, outcome: fresh ? 'created' : isEmpty(stages) ? 'unchanged' : 'updated' };
}

/** One unit's work. An error is its own: it is told, and the others go on. */
async function attempt(kind: UnitReport['kind'], id: string, work: (undo: Undo) => Promise<Done>): Promise<UnitReport> {
  try {
    const { stages, outcome } = await Undo.guard(work);
    return {
      kind,
      id,
      outcome,
      // Of many routers with many floating IPs: told when somebody asks.
      get changes() {
        return changesOf(stages);
      },
    };
  } catch (error) {
    return { kind, id, outcome: 'failed', changes: [], error: error as Error };
  }
}

/** Ids of routers that bear the node's name and are in no description, and names that a crash has left. */
async function staleRouters({ name, routers }: WantedNode): Promise<string[]> {
  const wanted = new Set(routers.map(({ id }) => id));
  const others = (await Router.list()).filter((id) => !wanted.has(id));
  const stale = await Promise.all(
    others.map(async (id) => ((await isStale(routerNamespace(id), markOf(name))) ? [id] : [])),
  );
  return stale.flat();
}

/** Whether a namespace's loopback device says that it is this owner's. */
async function isStale(namespace: string, mark: string): Promise<boolean> {
  try {
    await using netns = await Netns.open(namespace);
    return (await netns.links.get('lo')).alias === mark;
  } catch (error) {
    // A name without a namespace: its maker was killed, so it is nobody's.
    if (error instanceof NetlinkError && error.code === 'EINVAL') return Netns.isLeftover(namespace);
    if (error instanceof NetlinkError && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** A router with all that it has, or a name alone. */
async function remove(id: string, limits: CallOptions, services: NodeOptions['services']): Promise<void> {
  const name = routerNamespace(id);
  try {
    await removeRouter(await Netns.open(name), id, limits, services);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'EINVAL') throw error;
    await Netns.delete(name);
  }
}
