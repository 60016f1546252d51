import { type Prefix, parsePrefix } from '../ip.js';
import { Netns } from '../netns/netns.js';
import { markOf } from '../router/names.js';
import { Undo } from '../router/undo.js';
import { namespaceId } from '../services/process.js';
import type { Services } from '../services/services.js';
import { compare, readText, type ServiceChange } from '../services/state.js';
import { dnsmasqService, files } from './dnsmasq.js';
import { staleLeases } from './leases.js';
import { dnsmasqOf } from './names.js';
import type { Network } from './network.js';
import { diffPort } from './port.js';
import { mostIpv6Releases, releaseLeases } from './release.js';
import type { DhcpState } from './state.js';

/** Something that `apply` does. */
export interface DhcpChange {
  readonly action: 'create' | 'update' | 'delete';
  readonly kind: 'namespace' | 'port' | 'address' | 'route' | 'lease' | 'service';
  /** In words: 'qdhcp-…', '10.0.0.2/24 on tap…', 'dnsmasq (restart: …)'. */
  readonly subject: string;
}

/** A change that can be carried out, in its place among the others. */
export interface DhcpStep extends DhcpChange {
  run(): Promise<void>;
  /** Takes it back; a step without it repairs what was there, and stays. */
  undo?(): Promise<void>;
}

/** Where steps are carried out. A step that makes the namespace fills in its handle. */
export interface DhcpSite {
  readonly host: Netns;
  readonly services: Services;
  /** The node that it belongs to. */
  readonly owner: string | undefined;
  netns: Netns | undefined;
}

/** What has to be done so that `state` becomes what `network` says: nothing when it is that. */
export function diffDhcp(network: Network, state: DhcpState, site: DhcpSite): DhcpStep[] {
  const { dhcp } = network;
  if (dhcp === undefined) return deleteDhcp(network.id, network.namespace, state, site);
  const netns = (): Netns => site.netns as Netns;
  const service = serviceChange(network, state, site);
  const steps: DhcpStep[] = [];
  if (state.namespace !== 'there') steps.push(namespaceStep(network, state, site));
  else if (site.owner !== undefined && state.port?.mark !== markOf(site.owner)) steps.push(markStep(network, site));
  // Before the DHCP port changes: that is whom a release is sent to. What starts anew, starts with a file that holds no such leases.
  const keeps = service.action === 'none' || service.action === 'reload';
  if (keeps) steps.push(...leaseSteps(network, state, site));
  const port = state.port ?? {
    mark: undefined,
    inside: undefined,
    outside: undefined,
    others: [],
    addresses: [],
    routes: [],
  };
  for (const { run, undo, ...change } of diffPort(site.host, network, dhcp, port)) {
    steps.push({ ...change, run: () => run(netns()), ...(undo ? { undo: () => undo(netns()) } : {}) });
  }
  if (service.action !== 'none') steps.push(serviceStep(network, state, site, service));
  return steps;
}

/** What there is of it goes, the namespace last: by that it is known to be there. */
export function deleteDhcp(id: string, namespace: string, state: DhcpState, site: DhcpSite): DhcpStep[] {
  const steps: DhcpStep[] = [];
  const { service, port } = state;
  if (service.exists || service.process) {
    const run = (): Promise<void> => site.services.stop(dnsmasqOf(id));
    steps.push({ action: 'delete', kind: 'service', subject: 'dnsmasq', run });
  }
  if (state.netns) {
    // The namespace's own end would be deferred to a kernel thread: delete what others can see first.
    const run = async (): Promise<void> => {
      const links = (await site.netns?.links.list()) ?? [];
      const taps = links.filter(({ name }) => name.startsWith('tap'));
      if (taps.length > 0) await site.netns?.links.delete(taps.map(({ index }) => index));
      await site.netns?.close();
      await Netns.delete(namespace);
    };
    steps.push({ action: 'delete', kind: 'namespace', subject: namespace, run });
  } else if (state.namespace !== 'nothing') {
    steps.push({ action: 'delete', kind: 'namespace', subject: namespace, run: () => Netns.delete(namespace) });
  }
  const stray = state.netns ? undefined : port?.outside;
  if (stray) {
    const run = (): Promise<void> => site.host.links.delete(stray.index);
    steps.push({ action: 'delete', kind: 'port', subject: stray.name, run });
  }
  return steps;
}

/** The DHCP server is no host: it takes no advertised addresses, and its own are usable at once, since the controller owns them. */
const sysctls = { 'net.ipv6.conf.default.accept_ra': 0, 'net.ipv6.conf.default.accept_dad': 0 };

function namespaceStep({ namespace }: Network, state: DhcpState, site: DhcpSite): DhcpStep {
  return {
    action: 'create',
    kind: 'namespace',
    subject: namespace,
    run: async () => {
      if (state.namespace !== 'nothing') await Netns.delete(namespace);
      site.netns = await Netns.create(namespace, { sysctl: sysctls, alias: markOf(site.owner) });
    },
    undo: async () => {
      await site.netns?.close();
      await Netns.delete(namespace);
    },
  };
}

/** The namespace was somebody else's, or nobody's. */
function markStep({ namespace }: Network, site: DhcpSite): DhcpStep {
  const alias = markOf(site.owner);
  const run = async (): Promise<void> => site.netns?.links.set('lo', { alias });
  return { action: 'update', kind: 'namespace', subject: `${namespace} (alias ${alias})`, run };
}

function serviceChange(network: Network, state: DhcpState, { services }: DhcpSite): ServiceChange {
  const { netns, service } = state;
  if (!netns) {
    return { action: service.process ? 'restart' : 'start', reason: 'its namespace is not there', files: [] };
  }
  const spec = dnsmasqService(network, netns, services.directory(dnsmasqOf(network.id)), '');
  return compare(spec, service, namespaceId(`/proc/self/fd/${netns.fd}`));
}

const words = { start: 'create', restart: 'update', reload: 'update', none: 'update' } as const;

function serviceStep(network: Network, state: DhcpState, site: DhcpSite, change: ServiceChange): DhcpStep {
  const { services } = site;
  const { action, reason } = change;
  const reference = dnsmasqOf(network.id);
  return {
    action: words[action],
    kind: 'service',
    subject: action === 'start' ? 'dnsmasq' : `dnsmasq (${action}: ${reason})`,
    run: async () => {
      const hosts = state.service.files.get(files.hosts) ?? '';
      await services.apply(dnsmasqService(network, site.netns as Netns, services.directory(reference), hosts));
    },
    ...(state.service.exists ? {} : { undo: () => services.stop(reference) }),
  };
}

function leaseSteps(network: Network, state: DhcpState, site: DhcpSite): DhcpStep[] {
  const { services } = site;
  const hosts = state.service.files.get(files.hosts) ?? '';
  const stale = staleLeases(network, state.leases.leases, hosts);
  if (stale.length === 0) return [];
  const directory = services.directory(dnsmasqOf(network.id));
  const addresses = (state.port?.addresses ?? []).map(({ address }) => parsePrefix(address) as Prefix);
  const releaseAll = async (): Promise<void> => {
    const netns = site.netns as Netns;
    const readLeases = async (): Promise<string> => (await readText(directory, files.leases)) ?? '';
    const many = stale.filter(({ family }) => family === 'inet6').length > mostIpv6Releases;
    const left = many ? stale : await releaseLeases({ netns, addresses, readLeases }, stale);
    if (left.length === 0) return;
    // Too many, or it does not listen: it starts anew, with a file that holds none of them.
    await services.restart(dnsmasqService(network, netns, directory, hosts));
  };
  // They go together, at the first.
  let released: Promise<void> | undefined;
  return stale.map((lease) => ({
    action: 'delete',
    kind: 'lease',
    subject: `${lease.address} of ${lease.family === 'inet' ? lease.mac : lease.clientId}`,
    run: () => {
      released ??= releaseAll();
      return released;
    },
  }));
}

/** Steps in order. When one fails, those before it are taken back as far as they made what was not there. */
export async function carryOut(steps: readonly DhcpStep[], check: () => void): Promise<void> {
  await Undo.guard(async (undo) => {
    for (const step of steps) {
      check();
      await step.run();
      undo.add(async () => step.undo?.());
    }
  });
}
