import { noDescription } from '../errors.js';
import { Lock } from '../lock/index.js';
import { type CallOptions, deadline } from '../netlink/call-options.js';
import { idsBehind } from '../netns/find.js';
import { onHost } from '../netns/host.js';
import { Netns } from '../netns/netns.js';
import { checkId } from '../router/names.js';
import { Services } from '../services/services.js';
import { readText } from '../services/state.js';
import type { ServiceListener, ServiceWatch } from '../services/watch.js';
import { carryOut, type DhcpChange, type DhcpSite, deleteDhcp, diffDhcp } from './diff.js';
import { dnsmasqService, files } from './dnsmasq.js';
import { type DhcpLease, parseLeases } from './leases.js';
import { dnsmasqOf, namespacePrefix, networkNamespace, serviceKind } from './names.js';
import type { Network } from './network.js';
import { checkNetwork, type DhcpOptions, type NetworkSpec } from './spec.js';
import { readDhcp } from './state.js';

export interface DhcpStatus {
  /** Of dnsmasq; undefined when it does not run. */
  readonly pid: number | undefined;
  /** Where its files are. */
  readonly directory: string;
  readonly leases: readonly DhcpLease[];
}

/** One timer for all watches of the process. */
const shared: Services = new Services();

/**
 * A network's DHCP as OpenStack Neutron's agent builds it: a namespace `qdhcp-<id>` with the DHCP port, and one dnsmasq, which gives each known port
 * its address and its options, and nobody else anything.
 *
 * Its state is the kernel's and dnsmasq's own files: `apply` reads both, and does what is missing.
 */
export class Dhcp {
  readonly id: string;
  /** `qdhcp-<id>`. */
  readonly netns: Netns;
  readonly #services: Services;
  readonly #network: Network | undefined;

  private constructor(id: string, netns: Netns, services: Services, network?: Network) {
    this.id = id;
    this.netns = netns;
    this.#services = services;
    this.#network = network;
  }

  /**
   * Makes a network's DHCP what the description says, whatever there is of it. Undefined when the description has none: then it is gone.
   *
   * Where it fails, what was not there is removed again. Processes that do this to one network take turns.
   *
   * @throws TypeError, RangeError for a description that cannot be, before anything is done; ServiceError when dnsmasq does not start.
   */
  static async apply(spec: NetworkSpec, options: DhcpOptions = {}): Promise<Dhcp | undefined> {
    const network = checkNetwork(spec);
    const { netns, services } = await applyDhcp(network, options);
    return netns && new Dhcp(network.id, netns, services, network);
  }

  /** What `apply` would do, in order. Nothing is changed. */
  static async plan(spec: NetworkSpec, options: DhcpOptions = {}): Promise<DhcpChange[]> {
    return planDhcp(checkNetwork(spec), options);
  }

  /** One that is there. Throws NetlinkError ENOENT where there is none. */
  static async open(id: string, options: DhcpOptions = {}): Promise<Dhcp> {
    const netns = await Netns.open(networkNamespace(checkId(id, 'id')));
    return new Dhcp(id, netns, options.services ?? shared);
  }

  /** Ids of the networks that have DHCP here, or something left of it; sorted. */
  static async list({ services = shared }: DhcpOptions = {}): Promise<string[]> {
    const [named, running] = await Promise.all([idsBehind(namespacePrefix), services.list(serviceKind)]);
    return [...new Set([...named, ...running])].sort();
  }

  /** Ends dnsmasq, and removes its files, the port and the namespace; whatever there is of them. */
  static async delete(id: string, options: DhcpOptions = {}): Promise<void> {
    const namespace = networkNamespace(checkId(id, 'id'));
    const limits = deadline(options);
    await using _ = await Lock.acquire(namespace, limits);
    await atSite(options, async (site) => {
      const state = await readDhcp(id, undefined, site);
      site.netns = state.netns;
      await carryOut(deleteDhcp(id, namespace, state, site), () => limits.signal?.throwIfAborted());
    });
  }

  async status(): Promise<DhcpStatus> {
    const { pid, directory } = await this.#services.status(dnsmasqOf(this.id));
    return { pid, directory, leases: await this.leases() };
  }

  /** What dnsmasq has leased, or is ready to. */
  async leases(): Promise<DhcpLease[]> {
    const directory = this.#services.directory(dnsmasqOf(this.id));
    return [...parseLeases((await readText(directory, files.leases)) ?? '').leases];
  }

  /**
   * Starts dnsmasq anew when it ends, and says so. A later `apply` changes what is watched for, and `delete` ends the watch. The handle must stay
   * open meanwhile.
   *
   * @throws Error ERR_NO_DESCRIPTION on a handle that `apply` has not returned.
   */
  watch(listener: ServiceListener): Promise<ServiceWatch> {
    if (!this.#network) throw noDescription(`network ${this.id}`);
    const directory = this.#services.directory(dnsmasqOf(this.id));
    return this.#services.watch(dnsmasqService(this.#network, this.netns, directory, ''), listener);
  }

  /** As `Dhcp.delete`, and closes the handle. */
  async delete(options: CallOptions & Pick<DhcpOptions, 'host'> = {}): Promise<void> {
    await Dhcp.delete(this.id, { ...options, services: this.#services });
    await this.close();
  }

  /** Lets go of the handle. The namespace and dnsmasq stay. */
  async close(): Promise<void> {
    await this.netns.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Of a node's, the node that it belongs to. */
interface ApplyOptions extends DhcpOptions {
  readonly owner?: string;
}

/** Does what a checked description needs. The namespace's handle, where there is one, is the caller's. */
export async function applyDhcp(
  network: Network,
  options: ApplyOptions,
): Promise<{ changes: DhcpChange[]; netns: Netns | undefined; services: Services }> {
  const limits = deadline(options);
  await using _ = await Lock.acquire(network.namespace, limits);
  return atSite(options, async (site) => {
    const state = await readDhcp(network.id, network.dhcp?.device, site);
    site.netns = state.netns;
    const steps = diffDhcp(network, state, site);
    await carryOut(steps, () => limits.signal?.throwIfAborted());
    const { netns, services } = site;
    site.netns = undefined;
    if (!network.dhcp) await netns?.close();
    return { changes: steps.map(told), netns: network.dhcp ? netns : undefined, services };
  });
}

export async function planDhcp(network: Network, options: ApplyOptions): Promise<DhcpChange[]> {
  return atSite(options, async (site) => {
    const state = await readDhcp(network.id, network.dhcp?.device, site);
    site.netns = state.netns;
    return diffDhcp(network, state, site).map(told);
  });
}

const told = ({ action, kind, subject }: DhcpChange): DhcpChange => ({ action, kind, subject });

/** With the host's namespace, and without what is left open. */
async function atSite<T>(options: ApplyOptions, work: (site: DhcpSite) => Promise<T>): Promise<T> {
  const { services = shared, owner } = options;
  return onHost(options.host, async (host) => {
    const site: DhcpSite = { host, services, owner, netns: undefined };
    try {
      return await work(site);
    } finally {
      await site.netns?.close();
    }
  });
}
