/** Kinds of devices: against `ip -j -d link`, and by what `ip link add` sends, as no kernel has them all. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { BatchError, type Link, type LinkSpec, type MacvlanMode, NetlinkError } from '../src/index.js';
import { ip, ipJson, type NamedNetns, namespace, namespaceWithVeth, rejection, run } from './helpers/namespaces.js';
import { attributes, datagramsOf, messagesOf } from './helpers/netlink-messages.js';
import { runProgram } from './helpers/programs.js';

/** A spec without its name, what `ip link add` takes for it, and what its listed device has under its kind's name. */
type Case = readonly [spec: LinkSpec, command: string, settings?: object];

const macvlan = (mode: MacvlanMode): Case => [
  { kind: 'macvlan', link: 'veth0', mode },
  `link veth0 type macvlan mode ${mode}`,
  { mode },
];

const cases: readonly Case[] = [
  [{ kind: 'dummy' }, 'type dummy'],
  [{ kind: 'vlan', link: 'veth0', id: 7 }, 'link veth0 type vlan id 7', { id: 7, protocol: '802.1Q' }],
  [
    { kind: 'vlan', link: 'veth0', id: 4094, protocol: '802.1ad' },
    'link veth0 type vlan protocol 802.1ad id 4094',
    { id: 4094, protocol: '802.1ad' },
  ],
  [{ kind: 'vrf', table: 77000 }, 'type vrf table 77000', { table: 77000 }],
  [{ kind: 'macvlan', link: 'veth0' }, 'link veth0 type macvlan', { mode: 'vepa' }],
  macvlan('private'),
  macvlan('vepa'),
  macvlan('bridge'),
  macvlan('passthru'),
  [
    { kind: 'vxlan', id: 5, remote: '192.0.2.1', local: '192.0.2.2' },
    'type vxlan id 5 remote 192.0.2.1 local 192.0.2.2 dstport 4789',
    { id: 5, port: 4789, remote: '192.0.2.1', local: '192.0.2.2', learning: true, ttl: 0, tos: 0 },
  ],
  [
    { kind: 'vxlan', id: 16777215, remote: '239.1.1.1', link: 'veth0', port: 8472, ttl: 5, tos: 'inherit' },
    'type vxlan id 16777215 group 239.1.1.1 dev veth0 dstport 8472 ttl 5 tos 1',
    { id: 16777215, remote: '239.1.1.1', port: 8472, ttl: 5, tos: 'inherit' },
  ],
  [
    {
      kind: 'vxlan',
      id: 6,
      remote: 'ff05::100',
      link: 'veth0',
      local: '2001:db8::1',
      udpZeroCsum6Tx: true,
      udpZeroCsum6Rx: true,
    },
    'type vxlan id 6 group ff05::100 dev veth0 local 2001:db8::1 dstport 4789 udp6zerocsumtx udp6zerocsumrx',
    { remote: 'ff05::100', local: '2001:db8::1', udpZeroCsum6Tx: true, udpZeroCsum6Rx: true, udpCsum: true },
  ],
  [
    {
      kind: 'vxlan',
      id: 0,
      learning: false,
      proxy: true,
      l2miss: true,
      l3miss: true,
      ageing: 60,
      limit: 9,
      udpCsum: false,
      ttl: 'inherit',
    },
    'type vxlan id 0 nolearning proxy l2miss l3miss ageing 60 maxaddress 9 noudpcsum ttl inherit dstport 4789',
    { learning: false, proxy: true, l2miss: true, l3miss: true, ageing: 60, limit: 9, udpCsum: false, ttl: 'inherit' },
  ],
];

/** Whether this machine's kernel has a kind. */
const known = new Map(
  cases.map(([{ kind }, command]) => {
    const commands = `ip link add veth0 type veth peer name veth1 && ip link add x0 ${command}`;
    return [kind, spawnSync('unshare', ['--net', 'sh', '-c', commands]).status === 0];
  }),
);

describe('a device that is made', () => {
  /** IFLA_LINKINFO and IFLA_LINK of the RTM_NEWLINK of x0. */
  const wire = (sent: readonly Buffer[]) =>
    messagesOf(16, sent).flatMap((message) => {
      const all = attributes(message.subarray(16));
      if (all.get(3)?.toString().replace('\0', '') !== 'x0') return [];
      const info = attributes(all.get(18) as Buffer);
      const data = [...attributes(info.get(2) ?? Buffer.alloc(0))].sort(([a], [b]) => a - b);
      return [
        {
          kind: info.get(1)?.toString().replace('\0', ''),
          link: all.get(5)?.toString('hex'),
          data: Object.fromEntries(data.map(([type, value]) => [type, value.toString('hex')])),
        },
      ];
    });
  let netns: NamedNetns;
  let ours: ReturnType<typeof wire>;

  beforeAll(async () => {
    netns = await namespace({}, 'file');
    await netns.links.add({ kind: 'veth', name: 'veth0', peer: { name: 'veth1' } });
    const sent = await datagramsOf(async (...strace) => {
      const source = `const ns = await Netns.open('${netns.name}');
        for (const spec of ${JSON.stringify(cases.map(([spec]) => spec))}) {
          await ns.links.add({ ...spec, name: 'x0' }).then(() => ns.links.delete('x0'), () => {});
        }`;
      const { code, stderr } = await runProgram(source, ...strace);
      if (code !== 0) throw new Error(stderr);
    });
    ours = wire(sent);
  });

  test.each(cases.map(([, args], at) => [args, at] as const))('%s: is asked for as ip does', async (args, at) => {
    const command = ['ip', '-n', netns.name, 'link', 'add', 'x0', ...args.split(' ')];
    const sent = await datagramsOf((...strace) => {
      const [program, ...rest] = [...strace, ...command] as [string, ...string[]];
      spawnSync(program, rest);
      spawnSync('ip', ['-n', netns.name, 'link', 'delete', 'x0']);
    });
    expect(ours).toHaveLength(cases.length);
    expect(ours[at]).toEqual(wire(sent)[0]);
  });

  for (const [spec, command, settings] of cases) {
    test.skipIf(!known.get(spec.kind))(`${command}: is what ip shows`, async () => {
      const here = await namespaceWithVeth();
      await here.links.add({ ...spec, name: 'x0' });
      const [made] = ipJson(here.name, '-d', 'link', 'show', 'x0');
      ip(here.name, 'link', 'delete', 'x0');
      ip(here.name, 'link', 'add', 'x0', ...command.split(' '));
      const [theirs] = ipJson(here.name, '-d', 'link', 'show', 'x0');
      expect(made?.linkinfo).toEqual(theirs?.linkinfo);
      expect(made?.link).toBe(theirs?.link);
      const listed = await here.links.get('x0');
      expect(listed.kind).toBe(spec.kind);
      if (settings) expect(listed[spec.kind as keyof Link]).toMatchObject(settings);
      if (!('link' in spec)) return;
      const { index } = await here.links.get('veth0');
      expect(spec.kind === 'vxlan' ? listed.vxlan?.linkIndex : listed.linkIndex).toBe(index);
    });
  }
});

test('frames go through a vxlan from one namespace to another', async () => {
  const far = await namespace();
  const near = await namespaceWithVeth(far);
  for (const [at, netns] of [near, far].entries()) {
    const [own, other] = at === 0 ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
    await netns.links.set(`veth${at}`, { up: true });
    await netns.addresses.add({ dev: `veth${at}`, address: `${own}/24` });
    const common = { name: 'vx0', mtu: 1400, up: true, addrGenMode: 'none' } as const;
    await netns.links.add({ kind: 'vxlan', id: 42, local: own as string, remote: other as string, ...common });
    await netns.addresses.add({ dev: 'vx0', address: `198.51.100.${at + 1}/24` });
  }
  expect(run('ip', 'netns', 'exec', near.name, 'ping', '-c', '1', '-W', '5', '198.51.100.2')).toContain(
    ' 0% packet loss',
  );
});

test('a vxlan is made in another namespace, and sends by a device of this one', async () => {
  const [near, far] = [await namespaceWithVeth(), await namespace()];
  const spec = { kind: 'vxlan', name: 'vx0', id: 7, remote: '239.1.1.1', link: 'veth0', netns: far } as const;
  await near.links.add(spec);
  expect(ipJson(near.name, 'link').map(({ ifname }) => ifname)).not.toContain('vx0');
  const [shown] = ipJson(far.name, '-d', 'link', 'show', 'vx0');
  expect(shown).toMatchObject({ linkinfo: { info_kind: 'vxlan', info_data: { id: 7, group: '239.1.1.1' } } });
  const { index } = await near.links.get('veth0');
  expect(await far.links.get('vx0')).toMatchObject({ vxlan: { linkIndex: index }, linkNetnsid: expect.any(Number) });
});

test('a macvlan reaches another of the same device, in a namespace of its own', async () => {
  const [below, one, two] = [await namespaceWithVeth(), await namespace(), await namespace()];
  for (const [at, netns] of [one, two].entries()) {
    const spec = { kind: 'macvlan', name: 'mv0', link: 'veth0', mode: 'bridge', netns } as const;
    await below.links.add({ ...spec, mac: `02:00:00:00:00:0${at + 1}` });
    await netns.links.set('mv0', { up: true });
    await netns.addresses.add({ dev: 'mv0', address: `198.51.100.${at + 1}/24` });
  }
  expect(run('ip', 'netns', 'exec', one.name, 'ping', '-c', '1', '-W', '5', '198.51.100.2')).toContain(
    ' 0% packet loss',
  );
});

test('devices of an array may be on one another, and a rollback takes back those in other namespaces too', async () => {
  const [here, there] = [await namespace(), await namespace()];
  const specs: LinkSpec[] = [
    { kind: 'veth', name: 'v0', peer: { name: 'v1', netns: there } },
    { kind: 'macvlan', name: 'mv0', link: 'v0', netns: there },
    { kind: 'vxlan', name: 'vx0', id: 1, link: 'v0' },
    { kind: 'bridge', name: 'lo' },
  ];
  const names = (netns: NamedNetns) => ipJson(netns.name, 'link').map(({ ifname }) => ifname);
  const error = await rejection(here.links.add(specs, { rollback: true }), BatchError);
  expect(error).toMatchObject({ rolledBack: true, failures: [{ index: 3 }] });
  expect([names(here), names(there)]).toEqual([['lo'], ['lo']]);
  await here.links.add(specs.slice(0, 3));
  expect(names(here)).toEqual(['lo', 'v0', 'vx0']);
  expect(names(there).sort()).toEqual(['lo', 'mv0', 'v1']);
});

describe('what is refused', () => {
  test.each<[string, object, abstract new (...args: never[]) => Error, string]>([
    ['a VLAN without a device', { kind: 'vlan', id: 5 }, TypeError, 'spec.link'],
    ['a VLAN of 4095', { kind: 'vlan', link: 'lo', id: 4095 }, RangeError, 'spec.id'],
    ['a VLAN without a number', { kind: 'vlan', link: 'lo' }, TypeError, 'spec.id'],
    ['a protocol', { kind: 'vlan', link: 'lo', id: 5, protocol: '802.1q' }, TypeError, 'spec.protocol'],
    ['a mode', { kind: 'macvlan', link: 'lo', mode: 'public' }, TypeError, 'spec.mode'],
    ['table 0', { kind: 'vrf', table: 0 }, RangeError, 'spec.table'],
    ['a VRF in a VRF', { kind: 'vrf', table: 1, master: 'vrf0' }, TypeError, 'spec.master'],
    ['a VNI of 25 bits', { kind: 'vxlan', id: 2 ** 24 }, RangeError, 'spec.id'],
    ['a multicast group without a device', { kind: 'vxlan', id: 1, remote: '239.1.1.1' }, TypeError, 'spec.link'],
    ['a source that is a group', { kind: 'vxlan', id: 1, local: 'ff05::1' }, TypeError, 'spec.local'],
    ['two families', { kind: 'vxlan', id: 1, local: '192.0.2.1', remote: '2001:db8::1' }, TypeError, 'spec.remote'],
    ['port 0', { kind: 'vxlan', id: 1, port: 0 }, RangeError, 'spec.port'],
    ['a word for a switch', { kind: 'vxlan', id: 1, learning: 'on' }, TypeError, 'spec.learning'],
    ['what another kind has', { kind: 'dummy', table: 7 }, TypeError, 'spec.table'],
    ["a master's index of 0", { kind: 'dummy', master: 0 }, RangeError, 'spec.master'],
  ])('%s, before anything is sent', async (_, spec, type, path) => {
    const netns = await namespace();
    const error = await rejection(netns.links.add({ ...spec, name: 'x0' } as LinkSpec), type);
    expect(error.message.startsWith(path)).toBe(true);
    expect(ipJson(netns.name, 'link')).toHaveLength(1);
  });

  test('a device below that is not there, by the kernel', async () => {
    const netns = await namespace();
    const error = await rejection(netns.links.add({ kind: 'macvlan', name: 'mv0', link: 'nosuch' }), NetlinkError);
    expect(error).toMatchObject({ code: 'ENODEV', message: expect.stringContaining('nosuch') });
  });

  test.each<[string, LinkSpec]>([
    ['no name', { kind: 'ifb' }],
    ['a namespace by its descriptor alone', { kind: 'ifb', name: 'ifb7', netns: { fd: 0 } }],
  ])('a rollback of what has %s', async (_, spec) => {
    const netns = await namespace();
    const error = await rejection(netns.links.add([spec], { rollback: true }), TypeError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});
