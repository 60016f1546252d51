import { NetlinkError } from '../errors.js';
import { formatAddress, type Prefix } from '../ip.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import type { Dispatch } from '../netlink/channel.js';
import { Netns, type NetnsOptions } from '../netns/netns.js';
import type { SysctlValues } from '../netns/sysctl.js';
import type { Link } from '../rtnetlink/links.js';
import type { Route } from '../rtnetlink/routes.js';
import { type AssociateOptions, FloatingIps, poolNexthop, poolTable, routeProtocol } from './floating-ips.js';
import { checkId, isGatewayPort, isRouterPort, routerNamespace } from './names.js';
import { checkSpec, type Gateway, type Plan, type Port, type RouterOptions, type RouterSpec } from './spec.js';
import { applyTables, makeTables, readBinding } from './tables.js';
import { settled, Undo } from './undo.js';

/** The group that a router's ports are in, so that they go together. */
const portGroup = 78;

/** Where the rule of the 'prefix' binding stands: behind the local table (0), ahead of the main one (32766). */
const poolRulePriority = 100;

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

  private constructor(id: string, netns: Netns, floatingIps: FloatingIps, host: Netns, ownsHost: boolean) {
    this.id = id;
    this.netns = netns;
    this.floatingIps = floatingIps;
    this.#host = host;
    this.#ownsHost = ownsHost;
  }

  /**
   * Makes the router what the spec says, whatever there is of it. When that fails, a router that was not there is
   * removed again, and of one that was, the steps taken are taken back.
   *
   * @throws TypeError, RangeError for a spec that cannot be, before anything is done.
   */
  static async apply(spec: RouterSpec, options: RouterOptions & AssociateOptions = {}): Promise<Router> {
    const plan = checkSpec(spec);
    const limits = deadline(options);
    const host = options.host ?? (await Netns.current());
    const ownsHost = options.host === undefined;
    return Undo.guard(async (undo) => {
      if (ownsHost) undo.add(() => host.close());
      const { netns, fresh } = await openOrCreate(routerNamespace(plan.id), plan, options.dispatch, undo);
      const floatingIps = new FloatingIps({
        netns,
        binding: plan.binding,
        device: plan.gateway?.device,
        pools: plan.gateway?.pools ?? [],
        sharesNexthop: plan.binding === 'route',
      });
      const check = (): void => limits.signal?.throwIfAborted();
      const ports = await setUp({ netns, host, plan, floatingIps, fresh, undo, check });
      if (options.announce !== false) await announceNew(netns, ports);
      const associate = { announce: options.announce, ...limits };
      if (fresh) await floatingIps.start(plan.floatingIps, associate);
      else await floatingIps.reconcile(plan.floatingIps, associate);
      return new Router(plan.id, netns, floatingIps, host, ownsHost);
    });
  }

  /** A router that is there. Throws NetlinkError ENOENT where there is none. */
  static async open(id: string, options: RouterOptions = {}): Promise<Router> {
    const netns = await Netns.open(routerNamespace(checkId(id, 'id')), dispatchOf(options.dispatch));
    const limits = deadline(options);
    const [links, binding, pools, nexthops] = await Promise.all([
      netns.links.list({}, limits),
      readBinding(netns, limits),
      readPools(netns, limits),
      netns.nexthops.list(limits),
    ]);
    const sharesNexthop = nexthops.some(({ id }) => id === poolNexthop);
    const device = links.find(({ name }) => isGatewayPort(name))?.name;
    const floatingIps = new FloatingIps({ netns, binding, device, pools, sharesNexthop });
    return new Router(id, netns, floatingIps, options.host ?? (await Netns.current()), options.host === undefined);
  }

  /** Ids of the routers that are there. */
  static async list(): Promise<string[]> {
    const prefix = routerNamespace('0').slice(0, -1);
    return (await Netns.list()).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /** Removes its ports, their other ends, and the namespace. */
  async delete(options?: CallOptions): Promise<void> {
    const limits = deadline(options);
    // The namespace's own end would be deferred to a kernel thread: delete what others can see first.
    const ports = (await this.netns.links.list({}, limits)).filter(({ name }) => isRouterPort(name));
    const grouped = ports.length > 0 && ports.every(({ group }) => group === portGroup);
    await this.netns.links.delete(grouped ? { group: portGroup } : ports.map(({ index }) => index), limits);
    await this.close();
    await Netns.delete(routerNamespace(this.id));
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

/** What a router is made in, and of. */
interface Site {
  readonly netns: Netns;
  readonly host: Netns;
  readonly plan: Plan;
  readonly floatingIps: FloatingIps;
  /** The namespace was made just now: there is nothing in it to look for. */
  readonly fresh: boolean;
  readonly undo: Undo;
  /** Throws when the caller has gone. */
  readonly check: () => void;
}

const dispatchOf = (dispatch: Dispatch | undefined): NetnsOptions => (dispatch === undefined ? {} : { dispatch });

async function openOrCreate(
  name: string,
  plan: Plan,
  dispatch: Dispatch | undefined,
  undo: Undo,
): Promise<{ netns: Netns; fresh: boolean }> {
  try {
    const netns = await Netns.create(name, { ...dispatchOf(dispatch), sysctl: sysctlsOf(plan) });
    undo.add(async () => {
      await netns.close();
      await Netns.delete(name);
    });
    return { netns, fresh: true };
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'EEXIST') throw error;
  }
  try {
    const netns = await Netns.open(name, dispatchOf(dispatch));
    undo.add(() => netns.close());
    return { netns, fresh: false };
  } catch (error) {
    // A name without a namespace, as a crash or a reboot leaves it.
    if (!(error instanceof NetlinkError) || error.code !== 'EINVAL') throw error;
    await Netns.delete(name);
    return openOrCreate(name, plan, dispatch, undo);
  }
}

/** Of the namespace as a whole. Its devices take `default` as they are made. */
function sysctlsOf({ binding }: Plan): SysctlValues {
  return {
    'net.ipv4.ip_forward': 1,
    'net.ipv6.conf.all.forwarding': 1,
    // The controller owns the addresses: to look for duplicates would only delay the first packet, and ask every port of a bridge.
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv4.conf.all.arp_announce': 2,
    // The kernel takes the larger of `all` and the device's own.
    'net.ipv4.conf.all.arp_ignore': binding === 'address' ? 1 : 0,
    'net.ipv4.conf.default.arp_ignore': 1,
    'net.netfilter.nf_conntrack_tcp_be_liberal': 1,
  };
}

/**
 * Everything but the floating IPs, and these too in a namespace that is fresh. What does not depend on one another is asked for
 * together. Returns the ports that are new.
 */
async function setUp(site: Site): Promise<Port[]> {
  const { netns, plan, floatingIps, fresh, undo, check } = site;
  const { gateway, interfaces, binding } = plan;
  const ports = [...interfaces, ...(gateway ? [gateway] : [])];
  const links = fresh ? [] : await netns.links.list();
  const present = new Map(links.map((link) => [link.name, link]));
  const unwanted = links.filter(({ name }) => isRouterPort(name) && !ports.some(({ device }) => device === name));
  if (unwanted.length > 0) await netns.links.delete(unwanted.map(({ index }) => index));
  check();
  const made = await settled(ports.map((port) => plug(site, port, present.get(port.device))));
  check();
  // Before the ports have addresses: whom they answer, and how it is translated.
  const sysctls = {
    ...(fresh ? {} : sysctlsOf(plan)),
    ...(gateway ? { [`net/ipv6/conf/${gateway.device}/accept_ra`]: acceptRa(gateway) } : {}),
  };
  await settled([
    connect(
      site,
      ports.filter((_, at) => made[at]),
    ),
    netns.sysctl.set(sysctls),
    fresh ? makeTables(netns, plan, floatingIps.additions(plan.floatingIps)) : applyTables(netns, plan, undo),
  ]);
  check();
  await settled([
    netns.links.set('lo', { up: true }),
    ...ports.map((port) =>
      netns.links.set(port.device, { up: true, arpIgnore: binding !== 'address' && port === gateway ? 0 : 1 }),
    ),
    ...ports.map((port) => setAddresses(site, port, port === gateway ? binding : undefined)),
    setRoutes(site),
    setPoolRoutes(site),
    gateway && binding === 'route'
      ? netns.nexthops.replace({ id: poolNexthop, dev: gateway.device, protocol: routeProtocol })
      : undefined,
  ]);
  check();
  return ports.filter((_, at) => made[at]);
}

/** Router advertisements give the default route where the spec names none. */
function acceptRa({ nexthops }: Gateway): 0 | 2 {
  return nexthops.some((nexthop) => nexthop.includes(':')) ? 0 : 2;
}

/**
 * Makes a port and its other end, or brings one that is there into shape; it is not up yet. True when it was made. Every queue of a
 * device is an object in sysfs, and a veth would have one for each processor.
 */
async function plug({ netns, host, undo }: Site, port: Port, present: Link | undefined): Promise<boolean> {
  const { device, tap, bridge, mac, mtu } = port;
  const size = { ...(mtu === undefined ? {} : { mtu }) };
  if (!present) {
    const queues = { numTxQueues: 1, numRxQueues: 1, ...size };
    const peer = { name: device, netns, group: portGroup, ...queues, ...(mac === undefined ? {} : { mac }) };
    const master = bridge === undefined ? {} : { master: bridge };
    await host.links.add({ kind: 'veth', name: tap, ...master, ...queues, peer });
    undo.add(() => host.links.delete(tap));
    return true;
  }
  const change = {
    ...(mac !== undefined && mac.toLowerCase() !== present.mac ? { mac } : {}),
    ...(mtu !== undefined && mtu !== present.mtu ? size : {}),
  };
  const other = await host.links.get(tap);
  const joins = bridge !== undefined && other.master !== bridge ? { master: bridge } : {};
  await settled([
    Object.keys(change).length > 0 ? netns.links.set(device, change) : undefined,
    !other.up || 'master' in joins ? host.links.set(tap, { ...joins, up: true }) : undefined,
  ]);
  return false;
}

/**
 * Brings new ports' other ends up, without IPv6: a bridge's port needs no address, and each would be one more to look for duplicates of
 * on the whole bridge, and one more to walk by when the next goes up (rt6_sync_up).
 */
async function connect({ host }: Site, ports: readonly Port[]): Promise<void> {
  if (ports.length === 0) return;
  const off = ports.map(({ tap }): [string, number] => [`net/ipv6/conf/${tap}/disable_ipv6`, 1]);
  await host.sysctl.set(Object.fromEntries(off)).catch((error: unknown) => {
    // A kernel without IPv6.
    if (!(error instanceof NetlinkError) || error.code !== 'ENOENT') throw error;
  });
  await settled(ports.map(({ tap }) => host.links.set(tap, { up: true })));
}

const text = ({ bytes, length }: Prefix): string => `${formatAddress(bytes)}/${length}`;

/** A port's addresses, exactly; but for /32s on a gateway port with the 'address' binding, which are floating IPs'. */
async function setAddresses(
  { netns, undo, fresh }: Site,
  { device, addresses }: Port,
  binding: Plan['binding'] | undefined,
): Promise<void> {
  const listed = fresh ? [] : await netns.addresses.list({ dev: device });
  const present = listed.filter(({ scope }) => scope !== 'link');
  const wanted = addresses.map(text);
  const floating = ({ family, prefixlen }: { family: string; prefixlen: number }): boolean =>
    binding === 'address' && family === 'inet' && prefixlen === 32;
  const missing = wanted.filter((address) => !present.some((one) => one.address === address));
  const stale = present.filter((one) => !wanted.includes(one.address) && !floating(one));
  if (missing.length > 0) {
    // The controller owns these addresses: waiting for duplicate detection would only delay the first packet.
    const specs = missing.map((address) => ({
      dev: device,
      address,
      ...(address.includes(':') ? { nodad: true } : {}),
    }));
    await netns.addresses.add(specs, { rollback: true });
    undo.add(() => netns.addresses.delete(specs.map(({ dev, address }) => ({ dev, address }))));
  }
  if (stale.length > 0) {
    const specs = stale.map(({ address }) => ({ dev: device, address }));
    await netns.addresses.delete(specs);
    undo.add(() => netns.addresses.add(specs));
  }
}

interface WantedRoute {
  readonly dst: string;
  readonly via: string;
  readonly dev?: string;
  readonly family: 'inet' | 'inet6';
  readonly onlink?: boolean;
}

async function setRoutes({ netns, plan: { gateway, routes }, undo, fresh }: Site): Promise<void> {
  const family = (address: string): 'inet' | 'inet6' => (address.includes(':') ? 'inet6' : 'inet');
  const wanted: WantedRoute[] = [
    ...(gateway?.nexthops ?? []).map((via) => ({
      dst: 'default',
      via,
      dev: gateway?.device as string,
      family: family(via),
      // A next hop may lie outside the port's subnets, as Neutron allows.
      onlink: true,
    })),
    ...routes.map(({ dst, via }) => ({ dst, via: via as string, family: family(via as string) })),
  ];
  const listed = fresh ? [] : await netns.routes.list();
  const present = listed.filter(({ protocol }) => protocol === routeProtocol);
  const same = (want: WantedRoute, have: Route): boolean =>
    want.dst === have.dst &&
    want.via === have.gateway &&
    want.family === have.family &&
    (want.dev ?? have.dev) === have.dev;
  const missing = wanted.filter((want) => !present.some((have) => same(want, have)));
  const stale = present.filter((have) => !wanted.some((want) => same(want, have)));
  if (stale.length > 0) {
    const specs = stale.map(({ dst, gateway: via, dev, family, metric }) => ({
      dst,
      family,
      protocol: routeProtocol,
      ...(via === undefined ? {} : { via }),
      ...(dev === undefined ? {} : { dev }),
      ...(metric === undefined ? {} : { metric }),
    }));
    await netns.routes.delete(specs);
    undo.add(() => netns.routes.add(specs));
  }
  if (missing.length > 0) {
    const specs = missing.map((want) => ({ ...want, protocol: routeProtocol }));
    await netns.routes.add(specs, { rollback: true });
    undo.add(() => netns.routes.delete(specs.map(({ onlink: _, ...spec }) => spec)));
  }
}

/**
 * The 'prefix' binding's routes: every address of a pool is local, but only to packets that come in by the gateway port, so
 * that the router itself and its tenants still reach their neighbours in the pool.
 */
async function setPoolRoutes({ netns, plan: { gateway, binding }, fresh }: Site): Promise<void> {
  const pools = binding === 'prefix' ? (gateway?.pools.map(text) ?? []) : [];
  const [present, listed] = fresh
    ? [[], []]
    : await Promise.all([readPools(netns), netns.rules.list({ family: 'inet' })]);
  const route = (dst: string) => ({
    dst,
    type: 'local' as const,
    dev: 'lo',
    table: poolTable,
    protocol: routeProtocol,
  });
  const missing = pools.filter((pool) => !present.some((one) => text(one) === pool));
  const stale = present.map(text).filter((pool) => !pools.includes(pool));
  const rules = listed.filter(({ priority, table }) => priority === poolRulePriority && table === poolTable);
  const wanted = pools.length > 0 ? gateway?.device : undefined;
  const reference = { priority: poolRulePriority, table: poolTable };
  await settled([
    missing.length > 0 ? netns.routes.add(missing.map(route)) : undefined,
    stale.length > 0 ? netns.routes.delete(stale.map(route)) : undefined,
    ...rules
      .filter(({ iif }) => iif !== wanted)
      .map(({ iif }) => netns.rules.delete({ ...reference, ...(iif === undefined ? {} : { iif }) })),
    wanted === undefined || rules.some(({ iif }) => iif === wanted)
      ? undefined
      : netns.rules.add({ ...reference, iif: wanted, protocol: routeProtocol }),
  ]);
}

async function readPools(netns: Netns, options?: CallOptions): Promise<Prefix[]> {
  const routes = await netns.routes.list({ table: poolTable, family: 'inet' }, options);
  return routes
    .filter(({ protocol, type }) => protocol === routeProtocol && type === 'local')
    .map(({ dst }) => {
      const [address, length = '32'] = dst.split('/');
      return {
        family: 'ip',
        bytes: Uint8Array.from((address as string).split('.').map(Number)),
        length: Number(length),
      };
    });
}

/** Neighbours may remember an earlier holder of a new port's addresses. */
async function announceNew(netns: Netns, ports: readonly Port[]): Promise<void> {
  const announcements = ports.flatMap(({ device, addresses }) =>
    addresses.map(({ bytes }) => ({ dev: device, address: formatAddress(bytes), router: true })),
  );
  await netns.announce(announcements, { count: 3 });
}
