import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Dhcp, NetlinkError, Netns, type NetworkSpec, ServiceError, type ServiceEvent } from '../src/index.js';
import { type DhcpNode, dhclient, dhcpNode, lookup, output, udhcpc } from './helpers/dhcp.js';
import { cleanUp, ip, ipJson, rejection, run } from './helpers/namespaces.js';
import { library, resultOf, runProgram } from './helpers/programs.js';
import { eventually, filesBelow } from './helpers/state.js';

const mac = (n: number): string => `fa:16:3e:00:00:0${n}`;

/** One port on one subnet of each family. */
const network = ({ id }: DhcpNode, change: Partial<NetworkSpec> = {}): NetworkSpec => ({
  id,
  bridge: 'br-int',
  mtu: 1400,
  subnets: [{ cidr: '10.0.0.0/24', gatewayIp: '10.0.0.1' }, { cidr: 'fd00::/64' }],
  ports: [port(1, '10.0.0.11', 'fd00::11')],
  dhcp: { portId: 'dddddddd-dddd-dddd', addresses: ['10.0.0.2/24', 'fd00::2/64'] },
  ...change,
});

const device = 'tapdddddddd-dd';

const port = (n: number, ...addresses: string[]) => ({
  id: `port-${n}`,
  mac: mac(n),
  fixedIps: addresses.map((ipAddress) => ({ ipAddress })),
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidsIn = (name: string): number[] =>
  run('ip', 'netns', 'pids', name).trim().split('\n').filter(Boolean).map(Number);

describe('a lease', () => {
  test('is what the description says, and for known ports alone', async () => {
    const node = await dhcpNode();
    const subnet = {
      cidr: '10.0.0.0/24',
      gatewayIp: '10.0.0.1',
      dnsNameservers: ['192.0.2.53', '192.0.2.54'],
      hostRoutes: [{ destination: '198.51.100.0/24', nexthop: '10.0.0.9' }],
    };
    const ports = [
      { ...port(1, '10.0.0.11'), hostname: 'web' },
      { ...port(2, '10.0.0.12'), extraDhcpOptions: [{ name: 'tftp-server', value: '10.0.0.77' }] },
      { ...port(3, '10.0.0.13'), dhcp: false },
    ];
    const dhcp = { portId: 'dddddddd-dddd', addresses: ['10.0.0.2/24'], leaseDuration: 3600 };
    await node.apply(network(node, { subnets: [subnet], ports, dhcp, dnsDomain: 'example.org' }));
    const [one, two, noLease, unknown] = [
      await node.vm(mac(1)),
      await node.vm(mac(2)),
      await node.vm(mac(3)),
      await node.vm(mac(4)),
    ];
    const common = {
      mask: '24',
      router: '10.0.0.1',
      dns: '192.0.2.53 192.0.2.54',
      domain: 'example.org',
      mtu: '1400',
      lease: '3600',
      serverid: '10.0.0.2',
      staticroutes: '198.51.100.0/24 10.0.0.9 169.254.169.254/32 10.0.0.1 0.0.0.0/0 10.0.0.1',
    };
    expect(await Promise.all([one, two, noLease, unknown].map((vm) => udhcpc(vm)))).toEqual([
      { ...common, ip: '10.0.0.11', hostname: 'web' },
      { ...common, ip: '10.0.0.12', hostname: 'host-10-0-0-12', tftp: '10.0.0.77' },
      undefined,
      undefined,
    ]);
    expect(await dhclient(one)).toEqual({
      new_ip_address: '10.0.0.11',
      new_subnet_mask: '255.255.255.0',
      new_routers: '10.0.0.1',
    });
  });

  test('comes from the subnet of the port, of several', async () => {
    const node = await dhcpNode();
    await node.apply(
      network(node, {
        subnets: [
          { cidr: '10.0.0.0/24', gatewayIp: '10.0.0.1' },
          { cidr: '10.1.0.0/16', metadata: 'none' },
          { cidr: '10.2.0.0/24', enableDhcp: false },
        ],
        ports: [port(1, '10.0.0.11'), port(2, '10.1.7.12'), port(3, '10.2.0.13')],
        dhcp: { portId: 'dddddddd-dddd', addresses: ['10.0.0.2/24', '10.1.0.2/16'] },
      }),
    );
    const vms = [await node.vm(mac(1)), await node.vm(mac(2)), await node.vm(mac(3))];
    const [first, second, third] = await Promise.all(vms.map((vm) => udhcpc(vm)));
    expect(first).toMatchObject({ ip: '10.0.0.11', mask: '24', router: '10.0.0.1', dns: '10.0.0.2' });
    expect(second).toMatchObject({ ip: '10.1.7.12', mask: '16', dns: '10.1.0.2' });
    // No gateway: no router, rather than the DHCP server itself.
    expect(second).not.toHaveProperty('router');
    expect(second?.['staticroutes']).toBe('10.0.0.0/24 0.0.0.0 10.2.0.0/24 0.0.0.0');
    expect(third).toBeUndefined();
  });

  test('of IPv6: stateful, stateless, and none with SLAAC', async () => {
    const node = await dhcpNode();
    const extra = [{ name: 'bootfile-url', value: 'tftp://[fd00::77]/x', ipVersion: 6 as const }];
    const spec = (ipv6AddressMode: 'dhcpv6-stateful' | 'dhcpv6-stateless' | 'slaac') =>
      network(node, {
        subnets: [{ cidr: 'fd00::/64', ipv6AddressMode, ipv6RaMode: ipv6AddressMode, dnsNameservers: ['fd00::53'] }],
        ports: [{ ...port(1, 'fd00::11'), extraDhcpOptions: extra }],
        dhcp: { portId: 'dddddddd-dddd', addresses: ['fd00::2/64'] },
      });
    const vm = await node.vm(mac(1));
    await node.apply(spec('dhcpv6-stateful'));
    expect(await dhclient(vm, '-6')).toMatchObject({
      new_ip6_address: 'fd00::11',
      new_dhcp6_name_servers: 'fd00::53',
      new_dhcp6_domain_search: 'openstacklocal.',
      new_dhcp6_bootfile_url: 'tftp://[fd00::77]/x',
    });
    await node.apply(spec('dhcpv6-stateless'));
    expect(await dhclient(vm, '-6', '-S')).toEqual({
      new_dhcp6_name_servers: 'fd00::53',
      new_dhcp6_domain_search: 'openstacklocal.',
      new_dhcp6_info_refresh_time: '86400',
      new_dhcp6_bootfile_url: 'tftp://[fd00::77]/x',
    });
    await node.apply(spec('slaac'));
    expect(await dhclient(vm, '-6')).toBeUndefined();
  });

  test('is given back when its port goes, and the address is free at once', async () => {
    const node = await dhcpNode();
    const [one, two, three] = [await node.vm(mac(1)), await node.vm(mac(2)), await node.vm(mac(3))];
    const dhcp = await node.apply(network(node));
    const { pid } = await dhcp.status();
    expect((await udhcpc(one))?.['ip']).toBe('10.0.0.11');
    expect((await dhclient(one, '-6'))?.['new_ip6_address']).toBe('fd00::11');
    const leased = async (): Promise<string[]> => (await dhcp.leases()).map(({ address }) => address);
    expect(await leased()).toEqual(['10.0.0.11', 'fd00::11']);
    const removed = network(node, { ports: [port(2, '10.0.0.12')] });
    expect(await Dhcp.plan(removed, node.options)).toMatchObject([
      { action: 'delete', kind: 'lease', subject: `10.0.0.11 of ${mac(1)}` },
      { action: 'delete', kind: 'lease' },
      { action: 'update', kind: 'service', subject: 'dnsmasq (reload: changed: host, addn_hosts)' },
    ]);
    await node.apply(removed);
    expect(await leased()).toEqual([]);
    expect(await udhcpc(one)).toBeUndefined();
    await node.apply(network(node, { ports: [port(2, '10.0.0.11'), port(3, 'fd00::11')] }));
    expect((await udhcpc(two))?.['ip']).toBe('10.0.0.11');
    expect((await dhclient(three, '-6'))?.['new_ip6_address']).toBe('fd00::11');
    // And from one to the other in one step.
    await node.apply(network(node, { ports: [port(3, '10.0.0.11'), port(2, 'fd00::11')] }));
    expect((await udhcpc(three))?.['ip']).toBe('10.0.0.11');
    expect((await dhclient(two, '-6'))?.['new_ip6_address']).toBe('fd00::11');
    expect((await dhcp.status()).pid).toBe(pid);
  });

  test('changes with its port, without a new start; a new subnet takes one, and leases last', async () => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    const dhcp = await node.apply(network(node));
    const { pid } = await dhcp.status();
    expect((await udhcpc(vm))?.['ip']).toBe('10.0.0.11');
    const changed = network(node, { ports: [{ ...port(1, '10.0.0.99'), hostname: 'moved' }] });
    await node.apply(changed);
    expect(await udhcpc(vm)).toMatchObject({ ip: '10.0.0.99', hostname: 'moved' });
    expect((await dhcp.status()).pid).toBe(pid);
    const [before] = await dhcp.leases();
    const subnets = [...changed.subnets, { cidr: '10.9.0.0/24' }];
    expect(await Dhcp.plan({ ...changed, subnets }, node.options)).toEqual([
      { action: 'update', kind: 'service', subject: 'dnsmasq (restart: its command line or configuration changed)' },
    ]);
    await node.apply({ ...changed, subnets });
    expect((await dhcp.status()).pid).not.toBe(pid);
    expect((await dhcp.leases())[0]).toEqual(before);
  });
});

test('options of a port change by a new start of dnsmasq, which would not survive reading them again', async () => {
  const node = await dhcpNode();
  const vm = await node.vm(mac(1));
  const spec = (value: string) =>
    network(node, {
      ports: [{ ...port(1, '10.0.0.11'), extraDhcpOptions: [{ name: 'tftp-server', value }] }, port(2, '10.0.0.12')],
    });
  const dhcp = await node.apply(spec('10.0.0.77'));
  expect(await udhcpc(vm)).toMatchObject({ ip: '10.0.0.11', tftp: '10.0.0.77' });
  const leased = async (): Promise<string[]> => (await dhcp.leases()).map(({ address }) => address).sort();
  await node.apply(spec('10.0.0.78'));
  expect(await udhcpc(vm)).toMatchObject({ ip: '10.0.0.11', tftp: '10.0.0.78' });
  expect(await leased()).toEqual(['10.0.0.11', '10.0.0.12']);
  const { pid } = await dhcp.status();
  await node.apply(network(node));
  expect(await udhcpc(vm)).not.toHaveProperty('tftp');
  await node.apply(network(node, { ports: [port(1, '10.0.0.11'), port(2, '10.0.0.13')] }));
  expect(pidsIn(node.namespace)).toEqual([(await dhcp.status()).pid]);
  expect((await dhcp.status()).pid).not.toBe(pid);
});

describe('on an isolated network', () => {
  test('hosts are sent to the DHCP port for metadata, which has the address', async () => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    const dhcp = { portId: 'dddddddd-dddd', addresses: ['10.0.0.2/24'], isolatedMetadata: true };
    await node.apply(network(node, { subnets: [{ cidr: '10.0.0.0/24' }], ports: [port(1, '10.0.0.11')], dhcp }));
    const lease = await udhcpc(vm);
    expect(lease?.['staticroutes']).toBe('169.254.169.254/32 10.0.0.2');
    expect(lease).not.toHaveProperty('router');
    ip(vm.name, 'address', 'add', `${lease?.['ip']}/${lease?.['mask']}`, 'dev', 'eth0');
    ip(vm.name, 'route', 'add', ...`${lease?.['staticroutes']}`.replace(' ', ' via ').split(' '));
    expect(await output(vm, 'ping', '-c1', '-W2', '169.254.169.254')).toContain(' 0% packet loss');
    expect(await output(vm, 'ping', '-c1', '-W2', 'fe80::a9fe:a9fe%eth0')).toContain(' 0% packet loss');
    // Without it the address goes.
    await node.apply(
      network(node, {
        subnets: [{ cidr: '10.0.0.0/24' }],
        ports: [port(1, '10.0.0.11')],
        dhcp: { ...dhcp, isolatedMetadata: false },
      }),
    );
    expect(await output(vm, 'ping', '-c1', '-W1', '169.254.169.254')).toContain('100% packet loss');
    expect((await udhcpc(vm))?.['staticroutes']).toBeUndefined();
  });
});

test('dnsmasq answers for the names of all ports, and for records of a file of its options', async () => {
  const node = await dhcpNode();
  const vm = await node.vm(mac(1));
  ip(vm.name, 'address', 'add', '10.0.0.11/24', 'dev', 'eth0');
  const dnsmasqConfigFile = join(node.base, 'dnsmasq.conf');
  writeFileSync(dnsmasqConfigFile, 'txt-record=greeting.example.org,"hello there"\n');
  const ports = [port(1, '10.0.0.11', 'fd00::11'), { ...port(2, '10.0.0.1'), hostname: 'gateway', dhcp: false }];
  const dhcp = { portId: 'dddddddd-dddd', addresses: ['10.0.0.2/24', 'fd00::2/64'], dnsmasqConfigFile };
  await node.apply(network(node, { ports, dhcp, dnsDomain: 'example.org' }));
  const ask = (type: string, name: string): Promise<string[]> => lookup(vm, type, name, '10.0.0.2');
  await eventually(async () => (await ask('a', 'gateway.example.org')).length > 0);
  expect(await ask('a', 'host-10-0-0-11.example.org')).toEqual(['10.0.0.11']);
  expect(await ask('aaaa', 'host-fd00--11.example.org')).toEqual(['fd00::11']);
  expect(await ask('a', 'gateway.example.org')).toEqual(['10.0.0.1']);
  expect(await ask('ptr', '1.0.0.10.in-addr.arpa')).toEqual(['gateway.example.org']);
  expect(await ask('txt', 'greeting.example.org')).toEqual(['hello there']);
  expect(await ask('a', 'nobody.example.org')).toEqual([]);
});

describe('apply', () => {
  test('makes what plan says, and nothing when nothing has changed', async () => {
    const node = await dhcpNode();
    const spec = network(node);
    const plan = await Dhcp.plan(spec, node.options);
    expect(plan.map(({ action, kind, subject }) => `${action} ${kind} ${subject}`)).toEqual([
      `create namespace ${node.namespace}`,
      `create port ${device}`,
      `create address 10.0.0.2/24 on ${device}`,
      `create address fd00::2/64 on ${device}`,
      'create route default via 10.0.0.1 (inet)',
      'create service dnsmasq',
    ]);
    expect(await Netns.list()).not.toContain(node.namespace);
    const dhcp = await node.apply(spec);
    const { pid, directory } = await dhcp.status();
    expect(ipJson(node.namespace, 'link', 'show', device)[0]).toMatchObject({ mtu: 1400, operstate: 'UP' });
    expect(ipJson(node.host.name, 'link', 'show', device)[0]).toMatchObject({ mtu: 1400, master: 'br-int' });
    const own = ipJson(node.namespace, 'address', 'show', device)[0]?.['addr_info'];
    expect(own.map(({ local }: { local: string }) => local)).toEqual(
      expect.arrayContaining(['10.0.0.2', 'fd00::2', expect.stringMatching(/^fe80::/)]),
    );
    expect(ipJson(node.namespace, 'route')).toContainEqual(
      expect.objectContaining({ dst: 'default', gateway: '10.0.0.1' }),
    );
    expect(await Dhcp.plan(spec, node.options)).toEqual([]);
    // What another process changes of files, processes and the network is told by strace and ip.
    const monitor = spawn('ip', ['-n', node.namespace, 'monitor', 'all'], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanUp(async () => monitor.kill());
    let heard = '';
    monitor.stdout.on('data', (text) => {
      heard += text;
    });
    const trace = join(node.base, 'trace');
    const again = await resultOf(
      applyOnce(node, spec),
      'strace',
      '-f',
      '-o',
      trace,
      '-e',
      'trace=kill,tkill,rename,unlink,mkdir,openat,execve',
    );
    expect(again).toEqual({ pid, plan: [] });
    const calls = filesBelow(node.base)['trace'] as string;
    expect(calls).toContain(directory);
    expect(calls).not.toMatch(
      /\bkill\(|O_WRONLY[^\n]*netloom-test|O_CREAT[^\n]*netloom-test|rename\(|mkdir\(.*netloom-test/,
    );
    expect(calls.match(/execve\(/g)).toHaveLength(1);
    ip(node.namespace, 'link', 'set', 'lo', 'mtu', '65000');
    await eventually(() => heard.includes('mtu 65000'));
    expect(heard.split('\n').filter((line) => /^\S/.test(line) && !line.includes(' lo:'))).toEqual([]);
  });

  test.each<[string, (node: DhcpNode, pid: number) => unknown]>([
    ['dnsmasq was killed', (_, pid) => process.kill(pid, 'SIGKILL')],
    ['the namespace lost its name', ({ namespace }) => run('ip', 'netns', 'delete', namespace)],
    ['the port was deleted', ({ host }) => ip(host.name, 'link', 'delete', device)],
    ['the port is off the bridge', ({ host }) => ip(host.name, 'link', 'set', device, 'nomaster')],
    ['the port is down', ({ namespace }) => ip(namespace, 'link', 'set', device, 'down')],
    ['an address is missing', ({ namespace }) => ip(namespace, 'address', 'delete', '10.0.0.2/24', 'dev', device)],
    ['an address is too many', ({ namespace }) => ip(namespace, 'address', 'add', '10.0.0.3/24', 'dev', device)],
    ['the files are gone', ({ base, id }) => rmSync(join(base, 'dhcp', id), { recursive: true })],
    ['a file was changed', ({ base, id }) => writeFileSync(join(base, 'dhcp', id, 'host'), '')],
    ['the record was lost', ({ base, id }) => rmSync(join(base, 'dhcp', id, 'state.json'))],
  ])('repairs: %s', async (_, harm) => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    const spec = network(node);
    const { pid } = await (await node.apply(spec)).status();
    await harm(node, pid as number);
    await eventually(async () => (await Dhcp.plan(spec, node.options)).length > 0);
    const dhcp = await node.apply(spec);
    expect(await Dhcp.plan(spec, node.options)).toEqual([]);
    expect(pidsIn(node.namespace)).toEqual([(await dhcp.status()).pid]);
    expect(ipJson(node.namespace, '-4', 'address', 'show', device)[0]?.['addr_info']).toHaveLength(1);
    expect((await udhcpc(vm))?.['ip']).toBe('10.0.0.11');
  });

  test('another DHCP port takes the place of the first', async () => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    await node.apply(network(node));
    const dhcp = { portId: 'eeeeeeee-eeee', addresses: ['10.0.0.3/24'], mac: 'fa:16:3e:ee:ee:ee' };
    await node.apply(network(node, { dhcp, mtu: 1300 }));
    expect(ipJson(node.host.name, 'link').map(({ ifname }) => ifname)).not.toContain(device);
    expect(await udhcpc(vm)).toMatchObject({ ip: '10.0.0.11', serverid: '10.0.0.3', mtu: '1300' });
    expect(ipJson(node.namespace, 'link', 'show', 'tapeeeeeeee-ee')[0]).toMatchObject({ address: dhcp.mac, mtu: 1300 });
  });

  test('that fails leaves nothing of a new network', async () => {
    const node = await dhcpNode();
    const bridge = await rejection(Dhcp.apply(network(node, { bridge: 'no-bridge' }), node.options), NetlinkError);
    expect(bridge.code).toBe('ENODEV');
    const dhcp = { portId: 'dddddddd-dddd', addresses: ['10.0.0.2/24'], dnsmasqConfigFile: '/no/such/file' };
    const start = await rejection(Dhcp.apply(network(node, { dhcp }), node.options), ServiceError);
    expect(start.message).toContain('cannot read /no/such/file');
    expect(await Netns.list()).not.toContain(node.namespace);
    expect(filesBelow(node.base)).toEqual({});
    expect(ipJson(node.host.name, 'link').map(({ ifname }) => ifname)).toEqual(['lo', 'br-int']);
    expect(await Dhcp.list(node.options)).not.toContain(node.id);
  });

  test('that is killed at any instant is finished by the next', async () => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    for (let round = 0; round < 8; round++) {
      if (round === 4) await Dhcp.delete(node.id, node.options);
      const spec = network(node, { ports: [port(1, `10.0.0.${20 + round}`)] });
      const child = spawn(
        process.execPath,
        ['--input-type=module', '-e', `import { Netns } from ${JSON.stringify(library)};${applyOnce(node, spec)}`],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      await sleep((round % 4) * 15);
      child.kill('SIGKILL');
      await ended;
      const dhcp = await node.apply(spec);
      expect(await Dhcp.plan(spec, node.options)).toEqual([]);
      expect(pidsIn(node.namespace)).toEqual([(await dhcp.status()).pid]);
      if (round % 4 === 3) expect((await udhcpc(vm))?.['ip']).toBe(`10.0.0.${20 + round}`);
    }
  });

  const bad = (change: object): [string, object] => [JSON.stringify(change), change];
  test.each([
    [...bad({ id: 'a/b' }), 'network.id'],
    [...bad({ mtu: 10 }), 'network.mtu'],
    [...bad({ colour: 1 }), 'network.colour'],
    [...bad({ dnsDomain: 'two words' }), 'network.dnsDomain'],
    [...bad({ subnets: [{ cidr: '10.0.0.0' }] }), 'network.subnets[0].cidr'],
    [...bad({ subnets: [{ cidr: 'fd00::/48' }] }), 'network.subnets[0].cidr'],
    [...bad({ subnets: [{ cidr: '10.0.0.0/24', gatewayIp: 'fd00::1' }] }), 'network.subnets[0].gatewayIp'],
    [...bad({ subnets: [{ cidr: '10.0.0.0/24', ipv6RaMode: 'slaac' }] }), 'network.subnets[0].ipv6RaMode'],
    [...bad({ ports: [{ ...port(1, '192.0.2.1') }] }), 'network.ports[0].fixedIps[0].ipAddress'],
    [...bad({ ports: [{ ...port(1), mac: 'x' }] }), 'network.ports[0].mac'],
    [...bad({ ports: [{ ...port(1), hostname: 'a\nb' }] }), 'network.ports[0].hostname'],
    [
      ...bad({ ports: [{ ...port(1), extraDhcpOptions: [{ name: 'a', value: 'b\nc' }] }] }),
      'network.ports[0].extraDhcpOptions[0].value',
    ],
    [...bad({ dhcp: { portId: 'd', addresses: [], leaseDuration: 10 } }), 'network.dhcp.leaseDuration'],
  ])('refuses %s', async (_, change, path) => {
    const spec = { id: 'nothing', subnets: [{ cidr: '10.0.0.0/24' }], ...change } as NetworkSpec;
    const error = await rejection(Dhcp.apply(spec), Error);
    expect(error).toSatisfy((one) => one instanceof TypeError || one instanceof RangeError);
    expect(error.message).toMatch(new RegExp(`^${path.replaceAll(/[[\].]/g, '\\$&')}: `));
  });
});

/** A process of its own that says when it begins, applies, and prints what came of it. */
const applyOnce = ({ base, host }: DhcpNode, spec: NetworkSpec): string => `
  import { Dhcp, Services } from ${JSON.stringify(library)};
  const options = { host: await Netns.open('${host.name}'), services: new Services({ base: '${base}' }) };
  const spec = ${JSON.stringify(spec)};
  ${/* The first line is for who kills it. */ ''}process.stdout.write('\\n');
  const dhcp = await Dhcp.apply(spec, options);
  const { pid } = await dhcp.status();
  console.log(JSON.stringify({ pid, plan: await Dhcp.plan(spec, options) }));`;

describe('dnsmasq', () => {
  test('outlives who started it, and is adopted', async () => {
    const node = await dhcpNode();
    const spec = network(node);
    const { code, stdout } = await runProgram(applyOnce(node, spec));
    expect(code).toBe(0);
    const { pid } = JSON.parse(stdout);
    expect(pidsIn(node.namespace)).toEqual([pid]);
    expect(await Dhcp.plan(spec, node.options)).toEqual([]);
    expect(await Dhcp.list(node.options)).toEqual(expect.arrayContaining([node.id]));
    const opened = await Dhcp.open(node.id, node.options);
    cleanUp(() => opened.close());
    expect((await opened.status()).pid).toBe(pid);
    expect(() => opened.watch(() => {})).toThrow(expect.objectContaining({ code: 'ERR_NO_DESCRIPTION' }));
  });

  test('is started anew by who watches', async () => {
    const node = await dhcpNode();
    const vm = await node.vm(mac(1));
    const dhcp = await node.apply(network(node));
    expect((await udhcpc(vm))?.['ip']).toBe('10.0.0.11');
    const before = await dhcp.leases();
    const events: ServiceEvent[] = [];
    await dhcp.watch((event) => events.push(event));
    const [pid] = pidsIn(node.namespace) as [number];
    process.kill(pid, 'SIGKILL');
    await eventually(() => events.length === 2);
    const [now] = pidsIn(node.namespace);
    expect(events).toEqual([
      { kind: 'dhcp', id: node.id, type: 'died', pid },
      { kind: 'dhcp', id: node.id, type: 'restarted', pid: now },
    ]);
    expect(await dhcp.leases()).toEqual(before);
    expect((await udhcpc(vm))?.['ip']).toBe('10.0.0.11');
  });
});

describe('nothing is left', () => {
  test.each<[string, (node: DhcpNode, dhcp: Dhcp) => Promise<unknown>]>([
    ['by delete', ({ host }, dhcp) => dhcp.delete({ host })],
    ['by an apply without DHCP', (node) => Dhcp.apply(network(node, { dhcp: false }), node.options)],
    [
      'by an apply without a subnet that has it',
      (node) => Dhcp.apply(network(node, { subnets: [], ports: [] }), node.options),
    ],
    [
      'where the namespace has lost its name',
      (node) => {
        run('ip', 'netns', 'delete', node.namespace);
        return Dhcp.delete(node.id, node.options);
      },
    ],
  ])('%s', async (_, end) => {
    const node = await dhcpNode();
    const dhcp = await node.apply(network(node));
    const { pid } = await dhcp.status();
    await end(node, dhcp);
    await dhcp.close();
    // Whoever is its parent by now has to reap it.
    await eventually(() => !isThere(pid as number));
    expect(filesBelow(node.base)).toEqual({});
    expect(await Netns.list()).not.toContain(node.namespace);
    await eventually(() => !ipJson(node.host.name, 'link').some(({ ifname }) => ifname === device));
    expect(await Dhcp.list(node.options)).not.toContain(node.id);
    await Dhcp.delete(node.id, node.options);
  });
});
