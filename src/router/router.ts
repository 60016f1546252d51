import { existsSync } from 'node:fs';
import { NetlinkError, noDescription } from '../errors.js';
import { type Prefix, parsePrefix } from '../ip.js';
import { Lock } from '../lock/index.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import type { Dispatch } from '../netlink/channel.js';
import { findNetns, idsBehind } from '../netns/find.js';
import { onHost } from '../netns/host.js';
import { Netns, type NetnsOptions } from '../netns/netns.js';
import { Services } from '../services/services.js';
import { addressStep } from './addresses.js';
import { advertisementStep, advertiser } from './advertisements.js';
import { companionsOf, readCompanions } from './companions.js';
import { type AssociateOptions, FloatingIps } from './floating-ips.js';
import { checkId, isGatewayPort, isMarked, isRouterPort, markOf, routerNamespace, routerPrefix } from './names.js';
import { proxyAnnouncement, proxyStep } from './ndp-proxies.js';
import { portGroup, portSteps } from './ports.js';
import { nexthopRemoval, poolNexthop, poolStep, routeStep } from './routes.js';
import type { RouterOptions, RouterSpec } from './spec.js';
import { readPools, readState, type State, stateWithout } from './state.js';
import { type RouterStatus, readStatus } from './status.js';
import { type Change, changesOf, formatChange, type Stage, stepOf, takeSteps } from './steps.js';
import { namespaceSysctls, sysctlStep } from './sysctls.js';
import { readBinding } from './tables.js';
import { translationSteps } from './translation.js';
import { Undo } from './undo.js';
import { checkSpec, type Wanted } from './wanted.js';
import { type Drift, type WatchOptions, watchRouter } from './watch.js';

/** Who looks after programs where nobody else is named. */
const shared: Services = new Services();

/** What `Router.apply` would do; in the order in which it would. */
export interface RouterPlan {
  readonly id: string;
  readonly changes: readonly Change[];
  /** A line for each change: `+` created, `~` updated, `-` deleted. */
  toString(): string;
}

/**
 * A router as OpenStack Neutron builds one: a namespace `qrouter-<id>` with `qr-` ports on tenant networks and a `qg-` port
 * on the external one, SNAT by the gateway's address, floating IPs by NAT in both directions.
 *
 * Its state is the kernel's: nothing is kept beside it, and `apply` repairs whatever an earlier one left half done.
 */
export class Router {
  readonly id: string;
  /** `qrouter-<id>`. */
  readonly netns: Netns;
  readonly floatingIps: FloatingIps;
  readonly #host: Netns;
  readonly #ownsHost: boolean;
  readonly #services: Services;
  /** What `apply` was given. */
  #wanted: Wanted | undefined;

  private constructor(
    id: string,
    netns: Netns,
    floatingIps: FloatingIps,
    { host, ownsHost, services }: { host: Netns; ownsHost: boolean; services: Services },
  ) {
    this.id = id;
    this.netns = netns;
    this.floatingIps = floatingIps;
    this.#host = host;
    this.#ownsHost = ownsHost;
    this.#services = services;
  }

  /**
   * Makes the router what the spec says, whatever there is of it, with the fewest messages: one that is as it should be gets none.
   * When that fails, a router that was not there is removed again, and of one that was, the steps taken are taken back.
   *
   * @throws TypeError, RangeError for a spec that cannot be, before anything is done.
   */
  static async apply(spec: RouterSpec, options: RouterOptions & AssociateOptions = {}): Promise<Router> {
    const wanted = checkSpec(spec);
    const limits = deadline(options);
    const host = options.host ?? (await Netns.current());
    const ownsHost = options.host === undefined;
    const { services = shared } = options;
    return Undo.guard(async (undo) => {
      if (ownsHost) undo.add(() => host.close());
      const { netns } = await applyWanted(wanted, { ...options, host, services, limits }, undo);
      const floatingIps = new FloatingIps({
        netns,
        binding: wanted.binding,
        device: wanted.gateway?.device,
        pools: wanted.gateway?.pools ?? [],
        sharesNexthop: wanted.binding === 'route',
        companions: companionsOf(wanted),
      });
      const router = new Router(wanted.id, netns, floatingIps, { host, ownsHost, services });
      router.#wanted = wanted;
      return router;
    });
  }

  /** What `apply` would do. Reads only. */
  static async plan(spec: RouterSpec, options: RouterOptions = {}): Promise<RouterPlan> {
    const wanted = checkSpec(spec);
    const limits = deadline(options);
    const changes = await onHost(options.host, (host) => planWanted(wanted, { ...options, host, limits }));
    return { id: wanted.id, changes, toString: () => changes.map(formatChange).join('\n') };
  }

  /** A router that is there. Throws NetlinkError ENOENT where there is none. */
  static async open(id: string, options: RouterOptions = {}): Promise<Router> {
    const name = routerNamespace(checkId(id, 'id'));
    const limits = deadline(options);
    return Undo.guard(async (undo) => {
      const netns = await Netns.open(name, dispatchOf(options.dispatch));
      undo.add(() => netns.close());
      const [links, binding, pools, nexthops, companions] = await Promise.all([
        netns.links.list({}, limits),
        readBinding(netns, limits),
        readPools(netns, limits),
        netns.nexthops.list(limits),
        readCompanions(netns, limits),
      ]);
      const floatingIps = new FloatingIps({
        netns,
        binding,
        device: links.find(({ name }) => isGatewayPort(name))?.name,
        pools: pools.map((pool) => parsePrefix(pool) as Prefix),
        sharesNexthop: nexthops.some(({ id }) => id === poolNexthop),
        companions,
      });
      const { host = await Netns.current(), services = shared } = options;
      return new Router(id, netns, floatingIps, { host, ownsHost: options.host === undefined, services });
    });
  }

  /** Ids of the routers that are there. */
  static async list(): Promise<string[]> {
    return idsBehind(routerPrefix);
  }

  /**
   * Yields what drifts from the description that `apply` was given, as the kernel tells of changes, and puts it right if asked. What is
   * associated by `floatingIps` meanwhile is drift, too: the description is to be applied anew. It ends by `break`, or by its signal.
   *
   * @throws Error ERR_NO_DESCRIPTION on a handle that `apply` has not returned. While it iterates: why it can hear no more.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<Drift, void, undefined> {
    const wanted = this.#wanted;
    if (!wanted) throw noDescription(`router ${this.id}`);
    const context = { host: this.#host, services: this.#services };
    return watchRouter(
      {
        namespace: routerNamespace(this.id),
        host: this.#host,
        plan: (limits) => planWanted(wanted, { ...context, limits }),
        apply: (limits) =>
          Undo.guard(async (undo) => {
            const { netns } = await applyWanted(wanted, { ...context, limits }, undo);
            netns.announced().then(() => netns.close());
          }),
      },
      options,
    );
  }

  /** What it is and does now: ports, floating IPs, port forwardings, with their traffic and their flows. Reads only. */
  async status(options?: CallOptions): Promise<RouterStatus> {
    const source = { id: this.id, netns: this.netns, host: this.#host, services: this.#services };
    return readStatus(source, deadline(options));
  }

  /** Removes its ports, their other ends, and the namespace; ends its radvd. */
  async delete(options?: CallOptions): Promise<void> {
    const removed = await removeRouter(this.id, deadline(options), this.#services);
    await this.close();
    if (!removed) throw new NetlinkError({ errno: 2, syscall: 'delete', subject: routerNamespace(this.id) });
  }

  /** Lets go of the handle. The router stays. */
  async close(): Promise<void> {
    await this.netns.close();
    if (this.#ownsHost) await this.#host.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Held by whoever changes a router: two processes that do take turns. */
async function lockRouter(id: string, limits: CallOptions): Promise<() => Promise<void>> {
  const lock = await Lock.acquire(routerNamespace(id), limits);
  return () => lock.release();
}

/** Removes a router's ports, their other ends, and the namespace. False where there is none. */
export async function removeRouter(id: string, limits: CallOptions, services: Services = shared): Promise<boolean> {
  const release = await lockRouter(id, limits);
  try {
    // A program that runs in the namespace would keep it alive.
    if (existsSync(services.directory(advertiser(id)))) await services.stop(advertiser(id));
    const name = routerNamespace(id);
    const found = await findNetns(name);
    if (found === 'nothing') return false;
    if (found !== 'a name alone') await removePorts(found, limits);
    await Netns.delete(name);
    return true;
  } finally {
    await release();
  }
}

/** The namespace's own end would be deferred to a kernel thread: what others can see goes first. Closes the handle. */
async function removePorts(netns: Netns, limits: CallOptions): Promise<void> {
  await using open = netns;
  const ports = (await open.links.list({}, limits)).filter(({ name }) => isRouterPort(name));
  const grouped = ports.length > 0 && ports.every(({ group }) => group === portGroup);
  await open.links.delete(grouped ? { group: portGroup } : ports.map(({ index }) => index), limits);
}

const dispatchOf = (dispatch: Dispatch | undefined): NetnsOptions => (dispatch === undefined ? {} : { dispatch });

/** How often a router's name is looked at anew when others make and remove it meanwhile. */
const attempts = 10;

async function openOrCreate(
  wanted: Wanted,
  { dispatch, owner, limits }: ApplyContext,
  undo: Undo,
): Promise<{ netns: Netns; fresh: boolean }> {
  const name = routerNamespace(wanted.id);
  for (let attempt = 1; ; attempt++) {
    // Looked at first: to make one is to wait for whoever makes one just now.
    const found = await findNetns(name, dispatchOf(dispatch));
    if (typeof found !== 'string') {
      undo.add(() => found.close());
      return { netns: found, fresh: false };
    }
    try {
      if (found === 'a name alone') await Netns.delete(name, limits);
      const sysctl = namespaceSysctls(wanted);
      const netns = await Netns.create(name, { ...dispatchOf(dispatch), ...limits, sysctl, alias: markOf(owner) });
      undo.add(async () => {
        await netns.close();
        await Netns.delete(name);
      });
      return { netns, fresh: true };
    } catch (error) {
      // Gone, taken, or given a namespace since.
      const races = error instanceof NetlinkError && ['ENOENT', 'EEXIST', 'EBUSY'].includes(error.code);
      if (!races || attempt === attempts) throw error;
    }
  }
}

/** How a checked description is applied or planned. */
export interface ApplyContext extends Pick<AssociateOptions, 'announce'> {
  readonly host: Netns;
  readonly limits: CallOptions;
  readonly services?: Services;
  readonly dispatch?: Dispatch;
  /** The node that it belongs to. */
  readonly owner?: string;
}

/**
 * Takes the steps from what is there to what is wanted, while no other process does so with this router. The namespace's handle is the
 * caller's, who has `undo` taken back if need be.
 */
export async function applyWanted(
  wanted: Wanted,
  context: ApplyContext,
  undo: Undo,
): Promise<{ netns: Netns; fresh: boolean; stages: readonly Stage[] }> {
  const { host, limits, services = shared, owner, announce } = context;
  undo.always(await lockRouter(wanted.id, limits));
  const { netns, fresh } = await openOrCreate(wanted, context, undo);
  const state = fresh
    ? await stateWithout(services, wanted.id)
    : await readState({ netns, host, services, limits }, wanted);
  const stages = stagesOf(wanted, state, { announce, owner, services, netns });
  await takeSteps(stages, { netns, host, undo, limits });
  return { netns, fresh, stages };
}

export async function planWanted(
  wanted: Wanted,
  { host, limits, services = shared, dispatch, owner }: ApplyContext,
): Promise<Change[]> {
  const name = routerNamespace(wanted.id);
  const netns = await findNetns(name, dispatchOf(dispatch));
  const context = { announce: undefined, owner, services };
  if (typeof netns === 'string') {
    const state = await stateWithout(services, wanted.id);
    return [created(name), ...changesOf(stagesOf(wanted, state, { ...context, netns: undefined }))];
  }
  try {
    const state = await readState({ netns, host, services, limits }, wanted);
    return changesOf(stagesOf(wanted, state, { ...context, netns }));
  } finally {
    await netns.close();
  }
}

export const created = (namespace: string): Change => ({ action: 'create', kind: 'namespace', subject: namespace });

interface StageContext {
  readonly announce: AssociateOptions['announce'];
  readonly owner: string | undefined;
  readonly services: Services;
  /** Undefined where it is yet to be made. */
  readonly netns: Netns | undefined;
}

/**
 * From what is there to what is wanted. What makes something comes before what removes something, so that what fails is taken back, and
 * what stays is not interrupted.
 */
function stagesOf(wanted: Wanted, state: State, { announce, owner, services, netns }: StageContext): Stage[] {
  const ports = portSteps(wanted, state);
  const translation = translationSteps(wanted, state, announce);
  return [
    [ports.make, ports.mend],
    [ports.connect, sysctlStep(wanted, state), translation.translate, translation.told],
    [
      loopbackStep(state, owner),
      ports.up,
      addressStep(wanted, state),
      routeStep(wanted, state),
      poolStep(wanted, state),
      proxyStep(wanted, state),
    ],
    [...(announce === false ? [] : [ports.announce, proxyAnnouncement(wanted, state)]), translation.bind],
    [advertisementStep(wanted, state.advertiser, services, netns)],
    [translation.settle],
    [nexthopRemoval(wanted, state), ports.remove],
  ];
}

/** The loopback device is up, and says whose the namespace is; without an owner, one that is said already stays. */
function loopbackStep({ links }: State, owner: string | undefined): Stage[number] {
  const loopback = links.get('lo');
  if (!loopback) return stepOf([], ({ netns }) => netns.links.set('lo', { up: true }), true);
  const alias = owner === undefined && isMarked(loopback.alias) ? loopback.alias : markOf(owner);
  if (loopback.up && loopback.alias === alias) return undefined;
  const detail = `up, alias ${alias}`;
  return stepOf([{ action: 'update', kind: 'port', subject: 'lo', detail }], async ({ netns, undo }) => {
    await netns.links.set('lo', { up: true, ...(alias === undefined ? {} : { alias }) });
    undo.add(() => netns.links.set('lo', { alias: loopback.alias ?? '' }));
  });
}
