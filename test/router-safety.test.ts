/**
 * What an apply that fails leaves: of a router that was there, exactly what was there; of a new one, nothing. Each failure comes at another
 * step, in the middle of a change of everything else, and is the kernel's own.
 */
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import { Router, type RouterSpec } from '../src/index.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import { snapshot } from './helpers/crash/snapshot.js';
import { cleanUp, ipJson, run } from './helpers/namespaces.js';
import { eventually } from './helpers/state.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

type Spec = RouterSpec & { readonly id: string };

/** A router with some of everything. */
function specBefore(binding: (typeof bindings)[number]): Spec {
  const spec = usual(binding);
  return {
    ...spec,
    interfaces: spec.interfaces.map((port) => ({ ...port, mtu: 1500 })),
    floatingIps: [...spec.floatingIps, { floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' }],
    portForwardings: [
      { floatingAddress: '203.0.113.20', protocol: 'tcp', port: '8000-8002', fixedAddress: '10.0.0.12' },
      { floatingAddress: '203.0.113.21', protocol: 'udp', port: 53, fixedAddress: '10.0.0.11' },
    ],
    routes: [
      { dst: '192.0.2.0/24', via: '10.0.0.11' },
      { dst: '192.0.2.0/24', via: '10.0.0.12' },
      { dst: 'fd00:c::/64', via: 'fd00:a::11' },
    ],
    metadata: {},
  };
}

/** All of it changed: each part is made, altered or removed. */
function specAfter(spec: Spec): Spec {
  const next = bindings[(bindings.indexOf(spec.floatingIpBinding ?? 'address') + 1) % bindings.length] ?? 'address';
  const [a] = spec.interfaces as [NonNullable<RouterSpec['interfaces']>[number]];
  return {
    id: spec.id,
    floatingIpBinding: next,
    gateway: {
      ...gateway,
      addresses: ['203.0.113.3/24', '2001:db8::3/64'],
      nexthops: ['203.0.113.254'],
      enableSnat: false,
    },
    interfaces: [
      { ...a, mtu: 1400, addresses: ['10.0.0.1/24', '10.0.2.1/24', 'fd00:a::1/64'] },
      { id: 'c', bridge: 'br-b', addresses: ['10.0.3.1/24', 'fd00:d::1/64'] },
    ],
    floatingIps: [
      { floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' },
      { floatingAddress: '203.0.113.12', fixedAddress: '10.0.3.12' },
      { floatingAddress: '203.0.113.20', fixedAddress: '10.0.3.20' },
    ],
    portForwardings: [{ floatingAddress: '203.0.113.22', protocol: 'tcp', port: 80, fixedAddress: '10.0.0.12' }],
    routes: [{ dst: '192.0.2.0/24', via: '10.0.2.2' }],
  };
}

const withInterface = (spec: Spec, port: object): Spec => ({
  ...spec,
  interfaces: [...(spec.interfaces ?? []), { id: 'bad', bridge: 'br-b', addresses: [], ...port }],
});
const withRoute = (spec: Spec, dst: string, via: string): Spec => ({
  ...spec,
  routes: [...(spec.routes ?? []), { dst, via }],
});

/** By the step that fails, and what the kernel says. */
const failures: readonly (readonly [step: string, code: string, break_: (spec: Spec) => Spec])[] = [
  ['a port on a bridge that is not there', 'ENODEV', (spec) => withInterface(spec, { bridge: 'br-nowhere' })],
  ['a MAC address that is none', 'EADDRNOTAVAIL', (spec) => withInterface(spec, { mac: '01:00:00:00:00:01' })],
  ['an address that the kernel refuses', 'EADDRNOTAVAIL', (spec) => withInterface(spec, { addresses: ['ff02::1/64'] })],
  [
    'a route by a next hop that is not reached',
    'ENETUNREACH',
    (spec) => withRoute(spec, '192.0.2.128/25', '172.16.0.1'),
  ],
  ['an IPv6 route by one', 'EHOSTUNREACH', (spec) => withRoute(spec, 'fd00:e::/64', 'fd00:ffff::1')],
  [
    'a default route by one of its own addresses',
    'EINVAL',
    (spec) => ({ ...spec, gateway: { ...gateway, ...spec.gateway, nexthops: ['203.0.113.3', '2001:db8::3'] } }),
  ],
];

/** A router, the host's ends of its ports, and its settings, as other programs see them. */
function seen(id: string): unknown {
  const namespace = `qrouter-${id}`;
  const pattern = String.raw`^net\.ipv[46]\.conf\.[^.]+\.(arp_ignore|arp_announce|accept_ra|promote_secondaries|forwarding)`;
  const { links: _, ...rest } = snapshot(namespace);
  return {
    ...rest,
    // The same devices, not others of the same name.
    links: snapshot(namespace, true).links,
    taps: ipJson(on.stage.node.netns.name, 'link').map(({ ifname, ifindex, mtu, master, flags }) => {
      return { ifname, ifindex, mtu, master, up: (flags as string[]).includes('UP') };
    }),
    sysctls: run('ip', 'netns', 'exec', namespace, 'sysctl', '-a', '-r', pattern).split('\n'),
  };
}

const hostLinks = (): string[] => ipJson(on.stage.node.netns.name, 'link').map(({ ifname }) => ifname as string);

const codeOf = (error: unknown): unknown => {
  const { code, failures: each } = error as { code?: string; failures?: readonly { error: { code?: string } }[] };
  return each?.[0]?.error.code ?? code;
};

async function failing(spec: Spec): Promise<unknown> {
  const applied = Router.apply(spec, { host: on.stage.node.netns, announce: false });
  return applied.then(() => 'nothing', codeOf);
}

describe.each(bindings)('a router with the %s binding', (binding) => {
  describe.each(failures)('%s', (_, code, break_) => {
    test('that was there is as it was, and carries', async () => {
      const { stage, outside, vm2 } = on;
      const spec = specBefore(binding);
      await stage.router(spec);
      const was = seen(spec.id);
      expect(await failing(break_(specAfter(spec)))).toBe(code);
      await stage.ready();
      expect(seen(spec.id)).toEqual(was);
      expect((await Router.plan(spec, { host: stage.node.netns })).toString()).toBe('');
      expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
      expect(await vm2.tcp('198.51.100.1', 80)).toMatchObject({ host: 'outside', peer: '203.0.113.12' });
    });

    test('that is new leaves nothing', async () => {
      const links = hostLinks();
      const spec = specBefore(binding);
      expect(await failing(break_(specAfter(spec)))).toBe(code);
      expect(await Router.list()).not.toContain(spec.id);
      expect(hostLinks()).toEqual(links);
    });
  });

  test('the change itself can be made, and taken back by another', async () => {
    const { stage } = on;
    const spec = specBefore(binding);
    await stage.router(spec);
    const was = snapshot(`qrouter-${spec.id}`);
    await stage.apply(specAfter(spec));
    expect((await Router.plan(specAfter(spec), { host: stage.node.netns })).toString()).toBe('');
    await stage.apply(spec);
    expect(snapshot(`qrouter-${spec.id}`)).toEqual(was);
  });
});

/**
 * A program that owns a table, as `nft -i` does: nobody else can change it, and it goes when the program ends, which is what is
 * returned.
 */
async function ownTable(namespace: string, table: string): Promise<() => Promise<unknown>> {
  const child = on.stage.node.netns.spawn('ip', ['netns', 'exec', namespace, 'nft', '-i'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'close');
  const end = async (): Promise<unknown> => {
    child.stdin?.end();
    return ended;
  };
  cleanUp(end);
  child.stdin?.write(`add table ${table} { flags owner; }\n`);
  const isThere = (): boolean => run('ip', 'netns', 'exec', namespace, 'nft', 'list', 'tables').includes(table);
  await eventually(isThere);
  return end;
}

test('a table that somebody else owns: the transaction is refused, and the rest is as it was', async () => {
  const { stage, outside } = on;
  const { metadata: _, ...spec } = specBefore('address');
  await stage.router(spec);
  const was = seen(spec.id);
  const disown = await ownTable(`qrouter-${spec.id}`, 'ip6 netloom');
  expect(await failing({ ...specAfter(spec), metadata: {} })).toBe('EPERM');
  await disown();
  await stage.ready();
  expect(seen(spec.id)).toEqual(was);
  expect(await outside.tcp('203.0.113.11', 80)).toMatchObject({ host: 'vm1' });
});
