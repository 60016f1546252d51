/** Flows that helpers wait for; conntrack(8) makes and lists the same, and the kernel's TFTP helper makes its own. */
import { describe, expect, test } from 'vitest';
import {
  BatchError,
  type Expectation,
  type ExpectationEvent,
  type ExpectationFilter,
  type ExpectationReference,
  type ExpectationSpec,
} from '../src/index.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { conntrack, tcp as master, namespaceWithFlows, trackingNamespace } from './helpers/conntrack.js';
import { listening, until } from './helpers/events.js';
import { type NamedNetns, namespace, rejection, runIn } from './helpers/namespaces.js';

const master6 = { src: '2001:db8::1', dst: '2001:db8::2', protocol: 'tcp', srcPort: 1000, dstPort: 21 } as const;
const tuple = { src: '10.0.0.2', dst: '10.0.0.1', protocol: 'tcp', dstPort: 5000 } as const;

/** With two flows that the FTP helper follows. */
const withMasters = (zone = 0): Promise<NamedNetns> =>
  namespaceWithFlows([master, master6].map((original) => ({ original, timeout: 1000, helper: 'ftp', zone })));

/** Lines of `conntrack -L expect`, without their times. */
const printed = (ns: NamedNetns, ...args: string[]): string[] =>
  conntrack(ns, '-L', 'expect', ...args)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\d+ /, ''))
    .sort();

const times = (ns: NamedNetns): number[] => printed0(ns).map((line) => Number(/^\d+/.exec(line)?.[0]));
const printed0 = (ns: NamedNetns): string[] => conntrack(ns, '-L', 'expect').split('\n').filter(Boolean);

// conntrack 1.4.7 makes expectations of a protocol by chance, and without ports: it is asked what there is.
describe('an expectation is what conntrack lists', () => {
  const masterText = 'master-src=10.0.0.1 master-dst=10.0.0.2 sport=1000 dport=21 class=0 helper=ftp';
  test.each<[string, ExpectationSpec, string]>([
    [
      'from any port',
      { tuple, master },
      `proto=6 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=5000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 ${masterText}`,
    ],
    [
      'from anywhere',
      { tuple: { dst: tuple.dst, protocol: 6, dstPort: 5000 }, master },
      `proto=6 src=0.0.0.0 dst=10.0.0.1 sport=0 dport=5000 mask-src=0.0.0.0 mask-dst=255.255.255.255 sport=0 dport=65535 ${masterText}`,
    ],
    [
      'from one port',
      { tuple: { ...tuple, srcPort: 20 }, master },
      `proto=6 src=10.0.0.2 dst=10.0.0.1 sport=20 dport=5000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=65535 dport=65535 ${masterText}`,
    ],
    [
      'from a network',
      { tuple, mask: { src: '255.255.0.0', srcPort: 0 }, master },
      `proto=6 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=5000 mask-src=255.255.0.0 mask-dst=255.255.255.255 sport=0 dport=65535 ${masterText}`,
    ],
    [
      'of another protocol',
      { tuple: { src: '10.0.0.2', dst: '10.0.0.1', protocol: 89 }, master },
      `proto=89 src=10.0.0.2 dst=10.0.0.1 mask-src=255.255.255.255 mask-dst=255.255.255.255 ${masterText}`,
    ],
  ])('%s', async (_, spec, line) => {
    const ns = await withMasters();
    await ns.conntrack.expectations.add(spec);
    expect(printed(ns)).toEqual([line]);
    const [listed] = (await ns.conntrack.expectations.list()) as [Expectation];
    expect(listed).toMatchObject({
      ...spec,
      tuple: { ...spec.tuple, protocol: expect.any(Number) },
      master: { ...master, protocol: 6 },
    });
    // What is listed names it.
    await ns.conntrack.expectations.get(listed);
    expect(await ns.conntrack.expectations.delete(listed)).toBe(1);
    expect(await ns.conntrack.expectations.delete(listed)).toBe(0);
    expect(printed(ns)).toEqual([]);
  });

  test('with all that there is to say', async () => {
    const ns = await withMasters(7);
    const spec: ExpectationSpec = {
      tuple: { dst: '2001:db8::1', protocol: 'tcp', dstPort: 5000 },
      master: master6,
      zone: 7,
      timeout: 77,
      flags: ['permanent', 'inactive'],
      helper: 'ftp',
      class: 0,
      function: 'nat-follow-master',
      nat: { direction: 'reply', address: '2001:db8::77', port: 7777 },
    };
    await ns.conntrack.expectations.add(spec);
    const [line] = printed(ns, '-f', 'ipv6');
    expect(line).toContain('PERMANENT,INACTIVE');
    const [listed] = await ns.conntrack.expectations.list();
    expect(listed).toEqual({
      id: expect.any(Number),
      family: 'inet6',
      tuple: { src: '::', dst: '2001:db8::1', protocol: 6, srcPort: 0, dstPort: 5000 },
      mask: { src: '::', srcPort: 0 },
      master: { ...master6, protocol: 6 },
      timeout: expect.any(Number),
      flags: ['permanent', 'inactive'],
      class: 0,
      helper: 'ftp',
      function: 'nat-follow-master',
      nat: { direction: 'reply', address: '2001:db8::77', port: 7777 },
    });
    expect(listed?.timeout).toBeGreaterThan(70);
    expect(listed?.timeout).toBeLessThanOrEqual(77);
    expect(await ns.conntrack.expectations.get({ tuple: spec.tuple, zone: 7 })).toMatchObject({ id: listed?.id });
    expect(await ns.conntrack.expectations.get({ id: listed?.id as number })).toMatchObject({ tuple: listed?.tuple });
    await expect(ns.conntrack.expectations.get({ tuple: spec.tuple })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(ns.conntrack.expectations.get({ id: 0 })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await ns.conntrack.expectations.delete([{ tuple: spec.tuple, zone: 7 }])).toBe(1);
    expect(printed(ns, '-f', 'ipv6')).toEqual([]);
  });
});

test('its time is changed', async () => {
  const ns = await withMasters();
  await ns.conntrack.expectations.add({ tuple, master });
  // The FTP helper's own.
  expect(times(ns)[0]).toBeGreaterThan(290);
  await ns.conntrack.expectations.update({ tuple, timeout: 40 });
  expect(times(ns)[0]).toBeGreaterThan(30);
  expect(times(ns)[0]).toBeLessThanOrEqual(40);
  const changes = [
    { tuple, timeout: 3000 },
    { tuple: { ...tuple, dstPort: 1 }, timeout: 9 },
  ];
  const error = await rejection(ns.conntrack.expectations.update(changes), BatchError);
  expect(error.failures).toMatchObject([{ index: 1, error: { code: 'ENOENT', syscall: 'IPCTNL_MSG_EXP_NEW' } }]);
  expect(times(ns)[0]).toBeGreaterThan(2900);
});

describe('many', () => {
  const specs = (ports: number[]): ExpectationSpec[] =>
    ports.map((dstPort) => ({ tuple: { ...tuple, dstPort }, master, timeout: 99 }));

  test('fail in part: the others are there, or taken back', async () => {
    // The FTP helper has one for each master, and drops the oldest for another.
    const ns = await withMasters();
    await ns.conntrack.expectations.add({ tuple, master });
    const wanted: ExpectationSpec[] = [
      { tuple: { dst: '2001:db8::1', protocol: 'tcp', dstPort: 1 }, master: master6 },
      { tuple, master },
      { tuple: { ...tuple, dstPort: 9 }, master: { ...master, srcPort: 9 } },
    ];
    const error = await rejection(ns.conntrack.expectations.add(wanted, { rollback: true }), BatchError);
    expect(error).toMatchObject({
      rolledBack: true,
      failures: [
        { index: 1, error: { code: 'EEXIST', request: wanted[1] } },
        { index: 2, error: { code: 'ENOENT', request: wanted[2] } },
      ],
    });
    expect(error.message).toContain('expected tcp 10.0.0.2 -> 10.0.0.1:5000');
    expect(await ns.conntrack.expectations.list()).toMatchObject([{ tuple: { dstPort: 5000 } }]);
    await rejection(ns.conntrack.expectations.add(wanted), BatchError);
    expect(await ns.conntrack.expectations.list()).toHaveLength(2);
  });

  test('of one master: the FTP helper keeps the last', async () => {
    const ns = await withMasters();
    await ns.conntrack.expectations.add(specs([5001, 5002, 5003]));
    expect(await ns.conntrack.expectations.list()).toMatchObject([{ tuple: { dstPort: 5003 } }]);
    expect(times(ns)[0]).toBeLessThanOrEqual(99);
  });

  test('of several masters, listed and deleted by what they are', async () => {
    const ns = await withMasters();
    const masters = [1, 2, 3].map((srcPort) => ({ ...master, srcPort }));
    await ns.conntrack.add(masters.map((original) => ({ original, timeout: 1000, helper: 'ftp' })));
    await ns.conntrack.add({ original: { ...master, protocol: 'udp', dstPort: 69 }, timeout: 1000, helper: 'tftp' });
    const all: ExpectationSpec[] = [
      ...specs([5001, 5002, 5003]).map((spec, at) => ({ ...spec, master: masters[at] as typeof master })),
      { tuple: { dst: '2001:db8::1', protocol: 'tcp', dstPort: 5004 }, master: master6 },
      {
        tuple: { dst: '10.0.0.1', protocol: 'udp', dstPort: 5005 },
        master: { ...master, protocol: 'udp', dstPort: 69 },
      },
    ];
    const { sent } = await trafficOf(() => ns.conntrack.expectations.add(all));
    // And one for the times of three of them.
    expect(sent).toEqual({ datagrams: 2, reads: 0, changes: 8 });
    const ports = async (filter: ExpectationFilter): Promise<number[]> =>
      (await ns.conntrack.expectations.list(filter)).map((one) => one.tuple.dstPort as number).sort();
    expect(await ports({})).toEqual([5001, 5002, 5003, 5004, 5005]);
    expect(await ports({ family: 'inet6' })).toEqual([5004]);
    expect(await ports({ helper: 'ftp' })).toEqual([5001, 5002, 5003, 5004]);
    expect(await ports({ master: { srcPort: 2 } })).toEqual([5002]);
    expect(await ports({ tuple: { protocol: 'udp' } })).toEqual([5005]);
    expect(await ports({ tuple: { dst: '10.0.0.1', dstPort: 5003 }, helper: 'tftp' })).toEqual([]);
    expect(await ns.conntrack.expectations.delete({ tuple: { dstPort: 5001 } })).toBe(1);
    const references: ExpectationReference[] = [
      { tuple: { ...tuple, dstPort: 5001 } },
      { tuple: { ...tuple, dstPort: 5002 } },
    ];
    const error = await rejection(ns.conntrack.expectations.delete(references), BatchError);
    expect(error.failures).toMatchObject([{ index: 0, error: { code: 'ENOENT', syscall: 'IPCTNL_MSG_EXP_DELETE' } }]);
    await ns.conntrack.expectations.flush({ helper: 'ftp' });
    expect(printed(ns)).toHaveLength(1);
    expect(printed(ns)[0]).toContain('helper=tftp');
    await ns.conntrack.expectations.flush();
    expect(printed(ns)).toEqual([]);
    // With its master an expectation goes too.
    await ns.conntrack.expectations.add({ tuple, master });
    await ns.conntrack.delete([{ original: master }]);
    expect(await ns.conntrack.expectations.list()).toEqual([]);
  });
});

describe('events', () => {
  test('of what is made, and ends', async () => {
    const ns = await namespace();
    const events = await listening(ns.conntrack.expectations.events());
    // The kernel tells of flows that begin when somebody listens.
    await ns.conntrack.add({ original: master, timeout: 1000, helper: 'ftp' });
    await ns.conntrack.expectations.add({ tuple, master });
    const [listed] = (await ns.conntrack.expectations.list()) as [Expectation];
    conntrack(ns, '-F', 'expect');
    const heard = await until(events, ({ action }) => action === 'destroy');
    const { timeout: _, ...same } = listed;
    expect(heard).toMatchObject([
      { action: 'new', expectation: same },
      { action: 'destroy', expectation: same },
    ]);
  });

  test('of those that match, of one kind', async () => {
    const ns = await namespace();
    const filter = { tuple: { dstPort: 5002 } };
    const events = await listening(ns.conntrack.expectations.events({ groups: ['destroy'], filter }));
    await ns.conntrack.add({ original: master, timeout: 1000, helper: 'ftp' });
    for (const dstPort of [5001, 5002]) {
      await ns.conntrack.expectations.add({ tuple: { ...tuple, dstPort }, master });
      await ns.conntrack.expectations.flush();
    }
    const { value } = await events.next();
    expect(value as ExpectationEvent).toMatchObject({ action: 'destroy', expectation: { tuple: { dstPort: 5002 } } });
  });

  test.each([[[]], [['update']], ['new']])('groups %j are refused', async (groups) => {
    const ns = await namespace();
    // biome-ignore lint/suspicious/noExplicitAny: that it is refused is the point.
    expect(() => ns.conntrack.expectations.events({ groups: groups as any })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

test("the kernel's TFTP helper expects an answer; both sides count it", async () => {
  const ns = await trackingNamespace(
    ['192.0.2.1/24'],
    'add ct helper ip t h { type "tftp" protocol udp; }',
    'add rule ip t c udp dport 69 ct helper set "h"',
  );
  // A read request.
  runIn(ns, 'bash', '-c', "printf '\\0\\1file\\0octet\\0' > /dev/udp/192.0.2.2/69");
  const [flow] = await ns.conntrack.list({ protocol: 'udp', originalDstPort: 69 });
  expect(flow?.helper).toBe('tftp');
  const [expected] = await ns.conntrack.expectations.list();
  expect(expected).toMatchObject({
    tuple: { src: '192.0.2.2', dst: '192.0.2.1', protocol: 17, srcPort: 0, dstPort: flow?.original.srcPort },
    mask: { src: '255.255.255.255', srcPort: 0 },
    master: flow?.original,
    helper: 'tftp',
    flags: [],
  });
  const statistics = await ns.conntrack.expectations.statistics();
  const theirs = [
    ...conntrack(ns, '-S', 'expect').matchAll(/cpu=(\d+)\s+expect_new=(\d+) expect_create=(\d+) expect_delete=(\d+)/g),
  ];
  expect(statistics).toEqual(
    theirs.map(([, cpu, fresh, create, gone]) => ({
      cpu: Number(cpu),
      new: Number(fresh),
      create: Number(create),
      delete: Number(gone),
    })),
  );
  expect(statistics.reduce((sum, { create }) => sum + create, 0)).toBe(1);
});

describe('what cannot be is refused before anything is sent', () => {
  test.each<[object, string, string]>([
    [{ master }, 'ERR_INVALID_ARG_VALUE', 'spec.tuple'],
    [{ tuple }, 'ERR_INVALID_ARG_VALUE', 'spec.master'],
    [{ tuple, master, colour: 1 }, 'ERR_INVALID_ARG_VALUE', 'spec.colour'],
    [{ tuple: { ...tuple, dst: undefined }, master }, 'ERR_INVALID_ARG_VALUE', 'spec.tuple.dst'],
    [{ tuple: { ...tuple, dstPort: undefined }, master }, 'ERR_INVALID_ARG_VALUE', 'spec.tuple.dstPort'],
    [
      { tuple: { ...tuple, protocol: 'icmp', dstPort: undefined }, master },
      'ERR_INVALID_ARG_VALUE',
      'spec.tuple.protocol',
    ],
    [{ tuple, master: master6 }, 'ERR_INVALID_ARG_VALUE', 'spec.master'],
    [{ tuple, master: { ...master, srcPort: undefined } }, 'ERR_INVALID_ARG_VALUE', 'spec.master.srcPort'],
    [{ tuple, master, mask: { src: 'ffff::' } }, 'ERR_INVALID_ADDRESS', 'spec.mask.src'],
    [{ tuple, master, mask: { srcPort: 65536 } }, 'ERR_OUT_OF_RANGE', 'spec.mask.srcPort'],
    [{ tuple, master, flags: ['userspace'] }, 'ERR_INVALID_ARG_VALUE', 'spec.flags[0]'],
    [{ tuple, master, timeout: -1 }, 'ERR_OUT_OF_RANGE', 'spec.timeout'],
    [{ tuple, master, zone: 65536 }, 'ERR_OUT_OF_RANGE', 'spec.zone'],
    [{ tuple, master, function: '' }, 'ERR_INVALID_ARG_TYPE', 'spec.function'],
    [{ tuple, master, nat: { address: '10.0.0.9' } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.direction'],
    [{ tuple, master, nat: { direction: 'reply', address: '::1' } }, 'ERR_INVALID_ADDRESS', 'spec.nat.address'],
  ])('%j', async (spec, code, path) => {
    const ns = await namespace();
    const { result, sent } = await trafficOf(() =>
      rejection(ns.conntrack.expectations.add(spec as ExpectationSpec), Error),
    );
    expect(result).toMatchObject({ code, message: expect.stringContaining(`${path}: `) });
    expect(sent).toEqual({ datagrams: 0, reads: 0, changes: 0 });
  });
});
