/**
 * The gateway port answers for IPv6 addresses of tenant networks, as if they were on the external network: proxy entries of neighbours, and
 * nothing else of those networks can be reached from outside. See neutron/agent/l3/extensions/ndp_proxy.py.
 */
import { contains, formatAddress, networkOf, type Prefix } from '../ip.js';
import type { SetElementJson } from '../nftables/json.js';
import type { Neighbour } from '../rtnetlink/neighbours.js';
import { sharesScope } from './address-scopes.js';
import { iifname } from './matches.js';
import { protocol } from './names.js';
import type { State } from './state.js';
import { type Change, type Step, stepOf } from './steps.js';
import type { TableBuilder } from './table-builder.js';
import { isLinkLocal, type Wanted } from './wanted.js';

const proxied = 'ndp_proxy';
const networks = 'ndp_networks';

/** What comes in for tenants goes to addresses that are answered for, and to no others. */
export function guardProxies(builder: TableBuilder, wanted: Wanted): void {
  const { gateway, interfaces, ndpProxies } = wanted;
  if (!gateway || ndpProxies === undefined) return;
  const prefixes = interfaces
    .filter((port) => sharesScope(port, wanted))
    .flatMap(({ addresses }) => addresses.filter(({ family }) => family === 'ip6').map(networkOf))
    .filter(({ bytes }) => !isLinkLocal(bytes));
  if (prefixes.length === 0) return;
  builder.set('set', proxied, { type: 'ipv6_addr', elem: ndpProxies });
  builder.set('set', networks, { type: 'ipv6_addr', flags: ['interval'], elem: distinct(prefixes).map(element) });
  const target = { payload: { protocol: 'ip6', field: 'daddr' } } as const;
  builder.chain('forward', 'filter', 'forward', 0)(
    iifname(gateway.device),
    { match: { op: '==', left: target, right: `@${networks}` } },
    { match: { op: '!=', left: target, right: `@${proxied}` } },
    { drop: null },
  );
}

export function proxyStep({ gateway, ndpProxies = [] }: Wanted, { proxies: present }: State): Step | undefined {
  const device = gateway?.device;
  const own = present.filter((one) => one.protocol === protocol);
  const here = own.filter(({ dev }) => dev === device);
  const known = new Set(present.filter(({ dev }) => dev === device).map(({ dst }) => dst));
  const missing = device === undefined ? [] : ndpProxies.filter((dst) => !known.has(dst));
  const wanted = new Set(ndpProxies);
  const stale = [...own.filter(({ dev }) => dev !== device), ...here.filter(({ dst }) => !wanted.has(dst))];
  const change = (action: Change['action'], dst: string, dev: string | undefined): Change => ({
    action,
    kind: 'neighbour',
    subject: `proxy ${dst} on ${dev}`,
  });
  const changes = [
    ...missing.map((dst) => change('create', dst, device)),
    ...stale.map(({ dst, dev }) => change('delete', dst, dev)),
  ];
  const made = missing.map((dst) => ({ dev: device as string, dst, proxy: true, protocol }));
  const gone = stale.map(({ dev, dst }) => ({ dev, dst, proxy: true, protocol }));
  return stepOf(changes, async ({ netns, undo }) => {
    if (made.length > 0) {
      await netns.neighbours.add(made, { rollback: true });
      undo.add(() => netns.neighbours.delete(made));
    }
    if (gone.length > 0) {
      await netns.neighbours.delete(gone, { rollback: true });
      undo.add(() => netns.neighbours.add(gone));
    }
  });
}

/** Neighbours outside learn where a new one is. */
export function proxyAnnouncement({ gateway, ndpProxies = [] }: Wanted, { proxies: present }: State): Step | undefined {
  const dev = gateway?.device;
  const known = new Set(present.map((one: Neighbour) => `${one.dev} ${one.dst}`));
  const fresh = ndpProxies.filter((dst) => !known.has(`${dev} ${dst}`));
  if (dev === undefined) return undefined;
  const announcements = fresh.map((address) => ({ dev, address, router: true }));
  return stepOf([], ({ netns, limits }) => netns.announce(announcements, { count: 3, ...limits }), fresh.length > 0);
}

/** Those that lie in no other, each once: what a set of intervals can hold. */
function distinct(prefixes: readonly Prefix[]): Prefix[] {
  const kept: Prefix[] = [];
  for (const prefix of [...prefixes].sort((a, b) => a.length - b.length)) {
    if (!kept.some((one) => contains(one, prefix.bytes))) kept.push(prefix);
  }
  return kept;
}

function element({ bytes, length }: Prefix): SetElementJson {
  const addr = formatAddress(bytes);
  return length === 128 ? addr : { prefix: { addr, len: length } };
}
