import { limited } from '../concurrency.js';
import { applyDhcp, Dhcp, planDhcp } from '../dhcp/dhcp.js';
import { networkNamespace } from '../dhcp/names.js';
import { NetlinkError } from '../errors.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import { findNetns } from '../netns/find.js';
import { onHost } from '../netns/host.js';
import { Netns } from '../netns/netns.js';
import { applyOvs, bridgesOf, type OvsWanted, type OvsWantedPort, planOvs } from '../network/openvswitch.js';
import { type HostLinks, networkStages, staleStages } from '../network/steps.js';
import type { WantedNetwork } from '../network/wanted.js';
import { OpenVswitch } from '../ovs/index.js';
import type { AssociateOptions } from '../router/floating-ips.js';
import { markOf, routerNamespace } from '../router/names.js';
import { applyWanted, created, planWanted, Router, removeRouter } from '../router/router.js';
import { type Change, changesOf, type Stage, takeSteps } from '../router/steps.js';
import { Undo } from '../router/undo.js';
import { portsOf } from '../router/wanted.js';
import { NodePlan, NodeReport, type UnitPlan, type UnitReport } from './report.js';
import type { NodeOptions, NodeSpec } from './spec.js';
import { checkConcurrency, checkNode, type WantedNode } from './wanted.js';

type ApplyOptions = NodeOptions & Pick<AssociateOptions, 'announce'>;

/** Where a node is worked on. */
interface Site {
  readonly host: Netns;
  readonly links: HostLinks;
  readonly node: WantedNode;
  readonly limits: CallOptions;
  readonly concurrency: number;
  readonly options: ApplyOptions;
  /** Connects when it is needed first. */
  openvswitch(): Promise<OpenVswitch>;
}

/** All networks, routers and DHCP of a machine, from one description. */
export const Node = {
  /**
   * Makes the node what the spec says: networks first, then routers and DHCP, as many at a time as `concurrency` says; then removes what
   * bears the node's name and is no longer in it. What fails is taken back by itself and told in the report; the others go on.
   *
   * @throws TypeError, RangeError for a spec that cannot be, before anything is done.
   */
  async apply(spec: NodeSpec, options: ApplyOptions = {}): Promise<NodeReport> {
    return onSite(spec, options, async (site) => {
      const { node, concurrency, host, limits } = site;
      const networks = await limited(concurrency, node.networks, (network) => applyNetwork(site, network));
      const routers = await limited(concurrency, node.routers, (router) =>
        attempt('router', router.id, async (undo) => {
          const context = { ...options, host, limits, owner: node.name };
          const { netns, fresh, stages } = await applyWanted(router, context, undo);
          // Its announcements are sent in several rounds, which end with the handle.
          netns.announced().then(() => netns.close());
          const namespace = fresh ? [created(routerNamespace(router.id))] : [];
          return { ...done(stages, fresh), changes: () => [...namespace, ...changesOf(stages)] };
        }),
      );
      const served = node.networks.filter(({ dhcp }) => dhcp !== undefined);
      const dhcp = await limited(concurrency, served, (network) => applyNetworkDhcp(site, network));
      const switches = await limited(concurrency, await switchesOf(site), (wanted) => applySwitch(site, wanted));
      const removed = await limited(concurrency, await staleRouters(site), (id) =>
        dismiss(site, 'router', id, routerNamespace(id), () => removeRouter(id, limits, options.services)),
      );
      const unserved = await limited(concurrency, await staleDhcp(site), (id) =>
        dismiss(site, 'dhcp', id, networkNamespace(id), async () => {
          await Dhcp.delete(id, { ...options, host, ...limits });
          return true;
        }),
      );
      const stale = staleStages(node.networks, await hostLinks(host, limits), node.name);
      const bridges = isEmpty(stale)
        ? []
        : [
            await attempt('network', '(no longer wanted)', async (undo) => {
              await takeSteps(stale, { netns: host, host, undo, limits });
              return { outcome: 'deleted', changes: () => changesOf(stale) };
            }),
          ];
      return new NodeReport([...networks, ...routers, ...dhcp, ...switches, ...removed, ...unserved, ...bridges]);
    });
  },

  /** What `apply` would do. Reads only. */
  async plan(spec: NodeSpec, options: NodeOptions = {}): Promise<NodePlan> {
    return onSite(spec, options, async (site) => {
      const { node, host, links, limits, concurrency } = site;
      const networks = node.networks.map(
        (network): UnitPlan => ({
          kind: 'network',
          id: network.id,
          changes: changesOf(networkStages(network, links, node.name)),
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
      const dhcp = await limited(concurrency, node.networks, async ({ id, dhcp }): Promise<UnitPlan> => {
        const changes = dhcp ? await planDhcp(dhcp, { ...options, host, ...limits, owner: node.name }) : [];
        return { kind: 'dhcp', id, changes };
      });
      const switches = await limited(
        concurrency,
        await switchesOf(site),
        async (wanted): Promise<UnitPlan> => ({
          kind: 'switch',
          id: wanted.bridge,
          changes: await planOvs(await site.openvswitch(), wanted, limits),
        }),
      );
      const gone = (kind: UnitPlan['kind'], ids: readonly string[], namespace: (id: string) => string): UnitPlan[] =>
        ids.map((id) => ({ kind, id, changes: [removal(namespace(id))] }));
      return new NodePlan([
        ...networks,
        ...routers,
        ...dhcp,
        ...switches,
        ...gone('router', await staleRouters(site), routerNamespace),
        ...gone('dhcp', await staleDhcp(site), networkNamespace),
        {
          kind: 'network',
          id: '(no longer wanted)',
          changes: changesOf(staleStages(node.networks, links, node.name)),
        },
      ]);
    });
  },
} as const;

async function onSite<T>(spec: NodeSpec, options: ApplyOptions, work: (site: Site) => Promise<T>): Promise<T> {
  const node = checkNode(spec);
  const concurrency = checkConcurrency(options);
  const limits = deadline(options);
  let connected: Promise<OpenVswitch> | undefined;
  const openvswitch = (): Promise<OpenVswitch> => {
    connected ??= options.openvswitch ? Promise.resolve(options.openvswitch) : OpenVswitch.connect(limits);
    return connected;
  };
  return onHost(options.host, async (host) => {
    try {
      const links = await hostLinks(host, limits);
      return await work({ host, links, node, limits, concurrency, options, openvswitch });
    } finally {
      if (options.openvswitch === undefined) await connected?.then((ovs) => ovs.close()).catch(() => {});
    }
  });
}

async function hostLinks(host: Netns, limits: CallOptions): Promise<HostLinks> {
  return new Map((await host.links.list({}, limits)).map((link) => [link.name, link]));
}

const removal = (subject: string): Change => ({ action: 'delete', kind: 'namespace', subject });

const isEmpty = (stages: readonly Stage[]): boolean =>
  stages.every((stage) => stage.every((step) => step === undefined));

// ---- units

interface Done {
  readonly outcome: Exclude<UnitReport['outcome'], 'failed'>;
  readonly changes: () => readonly Change[];
}

function done(stages: readonly Stage[], fresh: boolean): Done {
  return { outcome: outcomeOf(fresh, !isEmpty(stages)), changes: () => changesOf(stages) };
}

/** The same of changes that are known already: it is new where one of them makes what it lives in. */
function doneBy(changes: readonly Change[], home: 'namespace' | 'bridge'): Done {
  const fresh = changes.some(({ action, kind }) => action === 'create' && kind === home);
  return { outcome: outcomeOf(fresh, changes.length > 0), changes: () => changes };
}

const outcomeOf = (fresh: boolean, changed: boolean): Done['outcome'] =>
  fresh ? 'created' : changed ? 'updated' : 'unchanged';

/** One unit's work. An error is its own: it is told, and the others go on. */
async function attempt(kind: UnitReport['kind'], id: string, work: (undo: Undo) => Promise<Done>): Promise<UnitReport> {
  try {
    const { outcome, changes } = await Undo.guard(work);
    return {
      kind,
      id,
      outcome,
      // Of many routers with many floating IPs: told when somebody asks.
      get changes() {
        return changes();
      },
    };
  } catch (error) {
    return { kind, id, outcome: 'failed', changes: [], error: error as Error };
  }
}

/** Removes what is no longer described. */
function dismiss(
  { node }: Site,
  kind: UnitReport['kind'],
  id: string,
  namespace: string,
  remove: () => Promise<boolean>,
): Promise<UnitReport> {
  return attempt(kind, id, async () => {
    const gone = await removeStale(namespace, markOf(node.name), remove);
    return gone ? { outcome: 'deleted', changes: () => [removal(namespace)] } : done([], false);
  });
}

function applyNetwork({ host, links, node, limits }: Site, network: WantedNetwork): Promise<UnitReport> {
  return attempt('network', network.id, async (undo) => {
    const stages = networkStages(network, links, node.name);
    await takeSteps(stages, { netns: host, host, undo, limits });
    return done(stages, network.ownsBridge && !links.has(network.bridge));
  });
}

function applyNetworkDhcp({ host, node, limits, options }: Site, { id, dhcp }: WantedNetwork): Promise<UnitReport> {
  return attempt('dhcp', id, async () => {
    if (!dhcp) return done([], false);
    const { netns, changes } = await applyDhcp(dhcp, { ...options, host, ...limits, owner: node.name });
    await netns?.close();
    return doneBy(changes, 'namespace');
  });
}

/**
 * What is to be on each bridge of Open vSwitch: routers' ports, the DHCP ports, VMs' ports. Bridges that no network is on any more are known
 * of where the caller gave a connection.
 */
async function switchesOf({ node: { name: node, networks, routers }, limits, options }: Site): Promise<OvsWanted[]> {
  const switched = new Map(networks.filter(({ mechanism }) => mechanism === 'openvswitch').map((one) => [one.id, one]));
  const ports: OvsWantedPort[] = routers.flatMap((router) =>
    portsOf(router).flatMap(({ tap: name, id: portId, network, mac }) =>
      network === undefined ? [] : [{ name, portId, network, mac }],
    ),
  );
  for (const { id: network, ports: own, dhcp } of networks) {
    for (const { tap: name, id: portId, mac } of own) ports.push({ name, portId, network, mac });
    if (dhcp?.dhcp) ports.push({ name: dhcp.dhcp.device, portId: dhcp.dhcp.portId, network, mac: dhcp.dhcp.mac });
  }
  const left = options.openvswitch ? await bridgesOf(options.openvswitch, node, limits) : [];
  const bridges = new Set([...[...switched.values()].map(({ bridge }) => bridge), ...left]);
  return [...bridges].map((bridge) => ({
    bridge,
    node,
    ports: ports.filter(({ network }) => switched.get(network)?.bridge === bridge),
  }));
}

function applySwitch(site: Site, wanted: OvsWanted): Promise<UnitReport> {
  return attempt('switch', wanted.bridge, async () => {
    const ovs = await site.openvswitch();
    const changes = await planOvs(ovs, wanted, site.limits);
    if (changes.length > 0) await applyOvs(ovs, wanted, site.limits, (port) => withoutOffload(site, port));
    return doneBy(changes, 'bridge');
  });
}

/** The other end of a port computes its own checksums. */
async function withoutOffload({ node, limits }: Site, { name }: OvsWantedPort): Promise<void> {
  const off = async (netns: Netns, device: string): Promise<void> => {
    await using open = netns;
    await open.ethtool.setFeatures(device, { 'tx-checksumming': false }, limits);
  };
  for (const router of node.routers) {
    const port = portsOf(router).find(({ tap }) => tap === name);
    if (port) return off(await Netns.open(routerNamespace(router.id)), port.device);
  }
  for (const { id, ports, dhcp } of node.networks) {
    if (dhcp?.dhcp?.device === name) return off(await Netns.open(networkNamespace(id)), name);
    const device = ports.find(({ tap }) => tap === name)?.device;
    if (device?.kind === 'veth') return off(await Netns.open(device.netns), device.name);
  }
}

// ---- what is no longer wanted

/** Ids of routers that bear the node's name and are in no description, and names that a crash has left. */
async function staleRouters(site: Site): Promise<string[]> {
  const wanted = new Set(site.node.routers.map(({ id }) => id));
  return stale(site, await Router.list(), wanted, routerNamespace);
}

async function staleDhcp(site: Site): Promise<string[]> {
  const wanted = new Set(site.node.networks.flatMap(({ id, dhcp }) => (dhcp ? [id] : [])));
  return stale(site, await Dhcp.list(site.options), wanted, networkNamespace);
}

async function stale(
  { node, concurrency }: Site,
  ids: readonly string[],
  wanted: ReadonlySet<string>,
  namespaceOf: (id: string) => string,
): Promise<string[]> {
  const others = ids.filter((id) => !wanted.has(id));
  const marked = await limited(concurrency, others, (id) => isMarkedAs(namespaceOf(id), markOf(node.name)));
  return others.filter((_, at) => marked[at]);
}

/** Whose a namespace is, as its loopback device says; or that there is a name alone, or nothing. */
async function ownerOf(namespace: string): Promise<string | undefined | 'a name alone' | 'nothing'> {
  const found = await findNetns(namespace);
  if (typeof found === 'string') return found;
  await using netns = found;
  return (await netns.links.get('lo')).alias;
}

/** Whether it is this owner's, or a name alone that its maker left, who was killed: then it is nobody's. */
async function isMarkedAs(namespace: string, mark: string): Promise<boolean> {
  const owner = await ownerOf(namespace);
  return owner === 'a name alone' ? Netns.isLeftover(namespace) : owner === mark;
}

/**
 * Removes what is still this node's, and a name that has no namespace still. False for one that has got its namespace meanwhile: somebody was
 * between making the one and the other.
 */
async function removeStale(namespace: string, mark: string, remove: () => Promise<boolean>): Promise<boolean> {
  const owner = await ownerOf(namespace);
  if (owner === mark) return remove();
  if (owner !== 'a name alone') return false;
  try {
    await Netns.delete(namespace);
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && (error.code === 'EBUSY' || error.code === 'ENOENT')) return false;
    throw error;
  }
}
