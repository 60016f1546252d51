/** Router advertisements: what a client makes of them, and what becomes of radvd. */
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Router, type RouterSpec, Services } from '../src/index.js';
import { noCapture } from './helpers/capture.js';
import type { Host } from './helpers/host.js';
import { uniqueName } from './helpers/namespaces.js';
import { Stage } from './helpers/stage.js';
import { eventually } from './helpers/state.js';

let s: Stage;
let vm: Host;
let spec: RouterSpec;

async function site(): Promise<void> {
  s = await Stage.create(['br-in']);
  vm = await s.host('vm', 'br-in', []);
  // Unlike other hosts of the stage it asks for advertisements when its device comes up.
  await vm.netns.sysctl.set({ 'net.ipv6.conf.eth0.router_solicitations': -1 });
  for (const up of [false, true]) await vm.netns.links.set('eth0', { up });
  const port = { id: 'in', bridge: 'br-in', mtu: 1442, addresses: ['2001:db8:1::1/64'] };
  spec = {
    id: uniqueName(),
    interfaces: [{ ...port, routerAdvertisement: { mode: 'slaac', minInterval: 3, maxInterval: 4 } }],
  };
}

const pid = async (): Promise<number | undefined> => (await s.services.status({ kind: 'radvd', id: spec.id })).pid;

/** One that only waits to be reaped has ended. */
const running = (one: number): boolean =>
  existsSync(`/proc/${one}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${one}/status`, 'utf8'));

// Whatever a failed test has left.
afterEach(async () => s.services.stop({ kind: 'radvd', id: spec.id }));

const globalAddress = (host: Host): Promise<string> =>
  eventually(
    async () =>
      (await host.netns.addresses.list({ family: 'inet6' })).find(
        ({ scope, dev }) => scope === 'global' && dev === 'eth0',
      )?.address,
  );

/** The next advertisement, as tcpdump tells it. */
const advertisement = (host: Host): Promise<string> =>
  host.run('timeout', '10', 'tcpdump', '-i', 'eth0', '-c', '1', '-vv', '-n', 'icmp6[0] == 134');

test.skipIf(noCapture)(
  'a client gets an address, a route and the MTU; radvd is changed in place, and goes',
  async () => {
    await site();
    const router = await s.router({ ...spec, metadata: {} });
    expect(await globalAddress(vm)).toMatch(/^2001:db8:1:0?:.*\/64$/);
    const route = await eventually(async () =>
      (await vm.netns.routes.list({ family: 'inet6' })).find(({ dst }) => dst === 'default'),
    );
    const own = (await router.netns.addresses.list({ family: 'inet6' })).map(({ local }) => local);
    expect(own).toContain(route.gateway);
    expect(await vm.reaches('2001:db8:1::1')).toBe(true);
    const seen = await advertisement(vm);
    expect(seen).toContain('Flags [none]');
    expect(seen).toMatch(/mtu option.*1442/);
    expect(seen).toMatch(/prefix info option.*2001:db8:1::\/64, Flags \[onlink, auto/);
    expect(seen).toMatch(/route info option.*fe80::a9fe:a9fe\/128/);
    expect(await s.plan({ ...spec, metadata: {} })).toEqual([]);

    // DHCPv6 for more than addresses, and a second subnet: the same process reads its file again.
    const first = (await pid()) as number;
    const [port] = spec.interfaces as [NonNullable<RouterSpec['interfaces']>[0]];
    const stateless: RouterSpec = {
      ...spec,
      interfaces: [
        {
          ...port,
          addresses: [...port.addresses, '2001:db8:2::1/64'],
          routerAdvertisement: {
            mode: 'dhcpv6-stateless',
            dnsServers: ['2001:db8::53', '2001:db8::54', '2001:db8::55', '2001:db8::56'],
            minInterval: 3,
            maxInterval: 4,
          },
        },
      ],
    };
    expect((await s.plan(stateless)).at(-1)).toMatch(/^~ service radvd: reload: /);
    await s.router(stateless);
    const changed = await eventually(async () => {
      const text = await advertisement(vm);
      return text.includes('[other stateful]') ? text : undefined;
    });
    expect(changed).toContain('2001:db8:2::/64, Flags [onlink, auto');
    expect(changed).toMatch(/rdnss option.*2001:db8::53 .*2001:db8::54 .*2001:db8::55/);
    expect(changed).toMatch(/rdnss option.*2001:db8::56/);
    expect(changed).not.toContain('a9fe');
    expect(await pid()).toBe(first);

    const { routerAdvertisement: _, ...quiet } = port;
    expect(await s.plan({ ...spec, interfaces: [quiet] })).toContain('- service radvd');
    await s.router({ ...spec, interfaces: [quiet] });
    expect(running(first)).toBe(false);
    expect(await s.plan({ ...spec, interfaces: [quiet] })).toEqual([]);
  },
);

test.skipIf(noCapture)('DHCPv6 for addresses: the M flag, and no address is made', async () => {
  await site();
  const [port] = spec.interfaces as [NonNullable<RouterSpec['interfaces']>[0]];
  const routerAdvertisement = { mode: 'dhcpv6-stateful', minInterval: 3, maxInterval: 4 } as const;
  await s.router({ ...spec, interfaces: [{ ...port, routerAdvertisement }] });
  const seen = await advertisement(vm);
  expect(seen).toContain('Flags [managed]');
  expect(seen).toMatch(/2001:db8:1::\/64, Flags \[onlink\]/);
  await eventually(async () => (await vm.netns.routes.list({ family: 'inet6' })).find(({ dst }) => dst === 'default'));
  const addresses = await vm.netns.addresses.list({ family: 'inet6' });
  expect(addresses.filter(({ scope, dev }) => scope === 'global' && dev === 'eth0')).toEqual([]);
});

test('radvd is found again, started anew when it has died, and ends with the router', async () => {
  await site();
  await s.router(spec);
  const first = (await pid()) as number;
  // Another process finds it.
  expect(await s.plan(spec)).toEqual([]);
  process.kill(first, 'SIGKILL');
  await eventually(async () => (running(first) ? undefined : true));
  expect(await s.plan(spec)).toEqual([expect.stringMatching(/^~ service radvd: start/)]);
  const router = await s.router(spec);
  const second = (await pid()) as number;
  expect(second).not.toBe(first);
  expect((await router.status()).radvd).toEqual({ pid: second });
  await (await Router.open(spec.id, s.options)).delete();
  expect(running(second)).toBe(false);
  expect(existsSync(s.services.directory({ kind: 'radvd', id: spec.id }))).toBe(false);
});

test('a gateway address that is link-local is the router a client takes', async () => {
  await site();
  const [port] = spec.interfaces as [NonNullable<RouterSpec['interfaces']>[0]];
  const with1 = { ...spec, interfaces: [{ ...port, addresses: ['fe80::1/64', ...port.addresses] }] };
  const router = await s.router(with1);
  expect(await s.plan(with1)).toEqual([]);
  const own = (await router.netns.addresses.list({ family: 'inet6' })).map(({ address }) => address);
  expect(own).toContain('fe80::1/64');
  expect(await advertisement(vm)).not.toMatch(/prefix info option.*fe80/);
  expect(await vm.run('ping', '-6', '-n', '-c', '2', '-i', '0.2', '-W', '1', 'fe80::1%eth0')).toContain(
    'bytes from fe80::1',
  );
});

test('a router whose radvd cannot start is not made', async () => {
  await site();
  // Its directory cannot be made: what stands in the way is a file.
  const services = new Services({ base: '/dev/null/services' });
  const made = Router.apply(spec, { ...s.options, services, announce: false });
  await expect(made).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(await Router.list()).not.toContain(spec.id);
});

test('a router whose radvd cannot start is what it was before, whatever else was to change', async () => {
  await site();
  const [port] = spec.interfaces as [NonNullable<RouterSpec['interfaces']>[0]];
  const { routerAdvertisement, ...quiet } = port;
  const addressScopes = { ipv4: 'a', ipv6: 'b' };
  const gateway = { id: 'gw', addresses: ['203.0.113.2/24', '2001:db8::2/64'] };
  const inside = { ...quiet, addresses: [...quiet.addresses, '10.0.0.1/24'] };
  const forwarding = { protocol: 'tcp', floatingAddress: '203.0.113.20', fixedAddress: '10.0.0.5' } as const;
  const floatingIp = { floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' };
  const plain: RouterSpec = { id: spec.id, gateway, interfaces: [inside], floatingIps: [floatingIp] };
  const rich: RouterSpec = {
    id: spec.id,
    gateway: { ...gateway, addressScopes },
    interfaces: [{ ...inside, addressScopes }],
    floatingIps: [floatingIp, { floatingAddress: '203.0.113.12', fixedAddress: '10.0.0.12' }],
    portForwardings: [
      { ...forwarding, port: '8000-8009' },
      { ...forwarding, port: 22 },
    ],
    rateLimits: [{ floatingAddress: '203.0.113.11', ingress: { maxKbps: 1000 }, egress: { maxKbps: 1000 } }],
    conntrackHelpers: [{ helper: 'tftp', protocol: 'udp', port: 69 }],
    ndpProxies: ['2001:db8:1::11'],
    counters: true,
  };
  const other: RouterSpec = {
    ...rich,
    floatingIps: [{ ...floatingIp, fixedAddress: '10.0.0.99' }],
    portForwardings: [{ ...forwarding, port: '8005-8019', fixedAddress: '10.0.0.6' }],
    rateLimits: [{ floatingAddress: '203.0.113.11', ingress: { maxKbps: 5000 } }],
    conntrackHelpers: [{ helper: 'ftp', protocol: 'tcp', port: 21 }],
    ndpProxies: ['2001:db8:1::12'],
  };
  const prefix = { floatingIpBinding: 'prefix' } as const;
  const changes: [from: RouterSpec, to: RouterSpec][] = [
    [plain, rich],
    [rich, plain],
    [rich, other],
    [rich, { ...other, ...prefix }],
    [{ ...rich, ...prefix }, plain],
  ];
  const services = new Services({ base: '/dev/null/services' });
  for (const [from, to] of changes) {
    await s.router(from);
    const spoilt = {
      ...to,
      interfaces: (to.interfaces ?? []).map((one) => ({ ...one, routerAdvertisement })) as never,
    };
    const failed = Router.apply(spoilt, { ...s.options, services, announce: false });
    await expect(failed).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await s.plan(from)).toEqual([]);
  }
});
