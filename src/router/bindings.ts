/** The kernel object that makes the gateway port answer for a floating IP, where the binding has one. */
import { BatchError, type NetlinkError } from '../errors.js';
import { checkIpv4 } from '../ip.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';
import { AddressIndex } from './address-index.js';
import { protocol } from './names.js';
import { poolNexthop } from './routes.js';
import type { FloatingIpBinding } from './spec.js';
import type { Undo } from './undo.js';

/** What floating IPs are bound to. */
export interface BindingSite {
  readonly netns: Netns;
  readonly binding: FloatingIpBinding;
  /** The gateway port. */
  readonly device: string;
  /** Whether `poolNexthop` is there. */
  readonly sharesNexthop: boolean;
}

export async function bind(site: BindingSite, addresses: Uint32Array, limits: CallOptions, undo: Undo): Promise<void> {
  if (site.binding === 'prefix' || addresses.length === 0) return;
  let made = addresses;
  try {
    await changeBindings('add', site, addresses, limits);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    const failed = new AddressIndex(Uint32Array.from(error.failures, ({ error }) => addressOf(error)));
    made = addresses.filter((address) => !failed.has(address));
    undo.add(() => changeBindings('delete', site, made));
    // What is there already is as good as made.
    if (error.failures.every((failure) => (failure.error as NetlinkError).code === 'EEXIST')) return;
    throw error;
  }
  undo.add(() => changeBindings('delete', site, made));
}

export async function unbind(site: BindingSite, addresses: Uint32Array, limits: CallOptions = {}): Promise<void> {
  if (site.binding === 'prefix' || addresses.length === 0) return;
  try {
    await changeBindings('delete', site, addresses, limits);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    // What has gone already need not be deleted.
    const absent = new Set(['EADDRNOTAVAIL', 'ESRCH']);
    if (!error.failures.every((failure) => absent.has((failure.error as NetlinkError).code))) throw error;
  }
}

/** Addresses that have a kernel object of this binding's; none without a device. */
export async function readBound(
  netns: Netns,
  binding: FloatingIpBinding,
  device: string | undefined,
  limits: CallOptions,
): Promise<Uint32Array> {
  if (binding === 'prefix' || device === undefined) return new Uint32Array(0);
  if (binding === 'address') {
    const listed = await netns.addresses.list({ dev: device, family: 'inet' }, limits);
    const own = listed.filter((one) => one.prefixlen === 32 && one.protocol === protocol);
    return Uint32Array.from(own, ({ local }) => checkIpv4(local, ''));
  }
  const filter = { table: 'local', family: 'inet', type: 'local', protocol } as const;
  return Uint32Array.from(await netns.routes.list(filter, limits), ({ dst }) => checkIpv4(dst, ''));
}

function changeBindings(
  verb: 'add' | 'delete',
  { netns, binding, device: dev, sharesNexthop }: BindingSite,
  addresses: Uint32Array,
  limits: CallOptions = {},
): Promise<void> {
  if (binding === 'address') return netns.addresses[verb]({ dev, addresses, protocol }, limits);
  const route = { destinations: spread(addresses), type: 'local', protocol } as const;
  // To delete, what a route leads to need not be said: by a nexthop object, or before there was one.
  if (verb === 'delete') return netns.routes.delete(route, limits);
  return netns.routes.add({ ...route, ...(sharesNexthop ? { nhid: poolNexthop } : { dev }) }, limits);
}

/** Of the route or the address that could not be made. */
function addressOf(error: Error): number {
  const { dst, address } = (error as NetlinkError).request as { dst?: string; address?: string };
  return checkIpv4((dst ?? address ?? '').replace(/\/32$/, ''), 'request');
}

/**
 * Every sixteenth first: routes that come in the order of their addresses have the kernel resize the same nodes of its tree over and over
 * (fib_trie's resize).
 */
function spread(addresses: Uint32Array): Uint32Array {
  const stride = 16;
  const spreadOut = new Uint32Array(addresses.length);
  let to = 0;
  for (let start = 0; start < stride; start++) {
    for (let at = start; at < addresses.length; at += stride) spreadOut[to++] = addresses[at] as number;
  }
  return spreadOut;
}
