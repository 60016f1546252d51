/** Which flows a filter takes: conntrack(8) is asked the same. And what of it the kernel does by itself. */
import { beforeAll, describe, expect, test } from 'vitest';
import { compileFilter } from '../src/conntrack/filter.js';
import type { FlowFilter, FlowSpec } from '../src/index.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { conntrack, ids, namespaceWithFlows, printed } from './helpers/conntrack.js';
import { type Lifetime, type NamedNetns, namespace, rejection } from './helpers/namespaces.js';

const a = { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'udp', srcPort: 1000, dstPort: 53 } as const;
const icmp = { src: '10.0.0.1', dst: '10.0.0.3', protocol: 'icmp', icmpType: 8, icmpId: 5 } as const;
const six = { src: '2001:db8::1', dst: '2001:db8::2', protocol: 'tcp', srcPort: 1000, dstPort: 22 } as const;

const flows: FlowSpec[] = [
  { original: a, timeout: 100 },
  { original: a, timeout: 100, zone: 7, mark: 0x11 },
  { original: { ...a, srcPort: 1001 }, timeout: 100, mark: 0x21 },
  { original: { ...a, src: '10.0.0.9', zone: 7 }, timeout: 100, mark: 0x10 },
  {
    original: { ...a, protocol: 'tcp' },
    timeout: 100,
    status: ['seen-reply', 'assured'],
    tcp: { state: 'established' },
  },
  { original: { ...a, protocol: 'tcp', dstPort: 80 }, timeout: 100, status: ['seen-reply'] },
  { original: { ...a, protocol: 'sctp' }, timeout: 100, sctp: { state: 'established', originalTag: 1, replyTag: 2 } },
  { original: { ...a, protocol: 'sctp', dstPort: 54 }, timeout: 100 },
  { original: { ...a, dst: '10.0.0.3', srcPort: 9 }, timeout: 100, nat: { src: { address: '203.0.113.1' } }, mark: 1 },
  { original: { ...a, dst: '203.0.113.9' }, timeout: 100, nat: { dst: { address: '10.0.0.7', port: 5353 } } },
  { original: icmp, timeout: 100 },
  { original: { ...icmp, icmpType: 13, icmpId: 6 }, timeout: 100 },
  { original: six, timeout: 100 },
  { original: { ...six, src: '2001:db8::3' }, timeout: 100, mark: 0x11 },
  { original: { ...six, protocol: 'udp' }, timeout: 100, zone: 7, status: ['fixed-timeout'] },
  { original: { src: '2001:db8::1', dst: '2001:db8::2', protocol: 'icmpv6', icmpType: 128, icmpId: 5 }, timeout: 100 },
];

/** What conntrack is asked, for each family where one of them has to be said. */
type Args = readonly (readonly string[])[];
const both = (...args: string[]): Args => [
  ['-f', 'ipv4', ...args],
  ['-f', 'ipv6', ...args],
];
const four = (...args: string[]): Args => [['-f', 'ipv4', ...args]];
const sixth = (...args: string[]): Args => [['-f', 'ipv6', ...args]];

/** The filter; what conntrack calls it; whether the kernel of 6.12 and later finds exactly those, and older ones. */
const table: [filter: FlowFilter, args: Args, exact: boolean, older: boolean][] = [
  [{}, both(), true, true],
  [{ family: 'inet' }, four(), true, false],
  [{ family: 'inet6' }, sixth(), true, false],
  [{ mark: 0x11 }, both('-m', '0x11'), true, true],
  [{ mark: 0x10, markMask: 0x30 }, both('-m', '0x10/0x30'), true, true],
  [{ mark: 0 }, both('-m', '0'), true, true],
  [{ mark: 0x11, family: 'inet6' }, sixth('-m', '0x11'), true, false],
  [{ zone: 7 }, both('-w', '7').concat(both('--orig-zone', '7')), true, false],
  [{ status: ['assured'] }, both('-u', 'ASSURED'), true, false],
  [{ status: ['seen-reply'], zone: 0 }, both('-u', 'SEEN_REPLY'), true, false],
  [{ status: ['snat'] }, four('-n', '203.0.113.1'), true, false],
  [{ originalSrc: '10.0.0.9' }, four('-s', '10.0.0.9'), true, false],
  [{ original: { src: '10.0.0.9' } }, four('-s', '10.0.0.9'), true, false],
  [{ originalDst: ['10.0.0.3'] }, four('-d', '10.0.0.3'), true, false],
  [
    { originalDst: ['10.0.0.3', '203.0.113.9'] },
    four('-d', '10.0.0.3').concat(four('-d', '203.0.113.9')),
    false,
    false,
  ],
  [{ replySrc: '10.0.0.7' }, four('-r', '10.0.0.7'), true, false],
  [{ replyDst: '203.0.113.1' }, four('-q', '203.0.113.1'), true, false],
  [{ originalDst: '203.0.113.8/29' }, four('-d', '203.0.113.8/29'), false, false],
  [{ originalSrc: ['10.0.0.8/30', '10.0.0.9'] }, four('-s', '10.0.0.9'), false, false],
  [{ originalSrc: ['2001:db8::2/127'], protocol: 'tcp' }, sixth('-s', '2001:db8::3'), false, false],
  [{ address: '203.0.113.0/30' }, four('-q', '203.0.113.1'), false, false],
  [{ originalSrc: '2001:db8::3' }, sixth('-s', '2001:db8::3'), false, false],
  [{ original: { src: '2001:db8::1', protocol: 'tcp' } }, sixth('-s', '2001:db8::1', '-p', 'tcp'), false, false],
  [{ replyDst: '2001:db8::1', mark: 0 }, sixth('-q', '2001:db8::1', '-m', '0'), false, false],
  [{ family: 'inet', originalSrc: '2001:db8::3' }, [], false, false],
  [{ family: 'inet6', originalSrc: '10.0.0.9' }, [], false, false],
  [{ originalSrc: '10.0.0.9', replyDst: '2001:db8::1' }, [], false, false],
  [{ originalDst: '2001:db8::2', original: { src: '10.0.0.1' } }, [], false, false],
  [{ protocol: 'udp' }, both('-p', 'udp'), false, false],
  [{ protocol: 6, family: 'inet6' }, sixth('-p', 'tcp'), true, false],
  [{ protocol: 'tcp', family: 'inet', originalDstPort: 80 }, four('-p', 'tcp', '--dport', '80'), true, false],
  [{ original: { protocol: 'tcp', dstPort: 22 }, family: 'inet6' }, sixth('-p', 'tcp', '--dport', '22'), true, false],
  [{ original: a }, four('-s', a.src, '-d', a.dst, '-p', 'udp', '--sport', '1000', '--dport', '53'), true, false],
  [
    { original: { dst: a.dst }, protocol: 'udp', originalSrcPort: [1001] },
    four('-d', a.dst, '-p', 'udp', '--sport', '1001'),
    true,
    false,
  ],
  [
    { family: 'inet', reply: { srcPort: 5353, protocol: 'udp' } },
    four('-p', 'udp', '--reply-port-src', '5353'),
    true,
    false,
  ],
  [{ family: 'inet', protocol: 'sctp', originalDstPort: 54 }, four('-p', 'sctp', '--dport', '54'), false, false],
  [{ family: 'inet', originalDstPort: 80 }, four('-p', 'tcp', '--dport', '80'), false, false],
  [
    { family: 'inet', original: { protocol: 'icmp', icmpType: 13 } },
    four('-p', 'icmp', '--icmp-type', '13'),
    true,
    false,
  ],
  [{ family: 'inet', original: { protocol: 'icmp', icmpId: 5 } }, four('-p', 'icmp', '--icmp-id', '5'), true, false],
  [{ family: 'inet6', original: { protocol: 'icmpv6', icmpType: 128 } }, sixth('-p', 'icmpv6'), true, false],
  [{ family: 'inet6', original: { protocol: 'icmpv6', icmpType: 129 } }, [], true, false],
  [{ original: { zone: 7 } }, both('--orig-zone', '7'), false, false],
  [{ address: '203.0.113.1' }, four('-q', '203.0.113.1'), false, false],
  [
    { address: new Uint32Array([0xcb007109, 0xcb007101]) },
    four('-q', '203.0.113.1').concat(four('-d', '203.0.113.9')),
    false,
    false,
  ],
  [{ destinations: [{ address: '203.0.113.9', protocol: 17, port: 53 }] }, four('-d', '203.0.113.9'), false, false],
];

const filled = (lifetime?: Lifetime): Promise<NamedNetns> => namespaceWithFlows(flows, lifetime);

const sorted = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((one, other) => one - other);
const chosen = (ns: NamedNetns, args: Args): number[] => sorted(args.flatMap((one) => ids(ns, ...one)));

describe('what a listing has is what conntrack lists', () => {
  let ns: NamedNetns;
  beforeAll(async () => {
    ns = await filled('file');
  });
  test.each(table)('%j', async (filter, args) => {
    const expected = chosen(ns, args);
    if (args.length > 0) expect(expected.length).toBeGreaterThan(0);
    expect(sorted((await ns.conntrack.list(filter)).map(({ id }) => id))).toEqual(expected);
  });

  test('bits of the status that are not set', async () => {
    const seen = chosen(ns, both('-u', 'SEEN_REPLY'));
    const assured = chosen(ns, both('-u', 'ASSURED'));
    const filter: FlowFilter = { status: ['seen-reply'], statusMask: ['seen-reply', 'assured'] };
    expect(sorted((await ns.conntrack.list(filter)).map(({ id }) => id))).toEqual(
      seen.filter((id) => !assured.includes(id)),
    );
    const unreplied = await ns.conntrack.list({ statusMask: ['seen-reply'] });
    expect(sorted(unreplied.map(({ id }) => id))).toEqual(ids(ns).filter((id) => !seen.includes(id)));
  });
});

describe('what is deleted is what conntrack lists, and nothing else', () => {
  test.each(table)('%j', async (filter, args, exact) => {
    const [one, other] = [await filled(), await filled()];
    const all = ids(one);
    expect(all).toHaveLength(flows.length);
    const expected = chosen(one, args);
    expect(await one.conntrack.delete(filter)).toBe(expected.length);
    expect(ids(one)).toEqual(all.filter((id) => !expected.includes(id)));
    const { sent } = await trafficOf(() => other.conntrack.flush(filter));
    expect(printed(other)).toEqual(printed(one));
    if (exact) expect(sent).toEqual({ datagrams: 1, reads: 0, changes: 1 });
    else expect(sent.reads).toBe(2);
  });
});

test.each(table)('%j: whether the kernel finds it by itself', (filter, _, exact, older) => {
  expect(compileFilter(filter, 'filter', true).exact).toBe(exact);
  expect(compileFilter(filter, 'filter', false).exact).toBe(older);
});

test('older kernels are asked of the original direction alone: they read the reply by its fields', () => {
  const filter: FlowFilter = { originalSrc: '10.0.0.1', reply: { dst: '10.0.0.2' } };
  expect(compileFilter(filter, 'filter', true).wire['fields']).toEqual({ original: ['src'], reply: ['dst'] });
  expect(compileFilter(filter, 'filter', false).wire).toMatchObject({
    fields: { original: ['src'] },
    reply: undefined,
  });
});

test('a flow that ends while those that match are deleted is no error', async () => {
  const ns = await filled();
  const [count] = await Promise.all([ns.conntrack.delete({ protocol: 'udp' }), ns.conntrack.flush()]);
  expect(count).toBeLessThanOrEqual(flows.length);
  expect(await ns.conntrack.count()).toBe(0);
  expect(await ns.conntrack.delete({ protocol: 'udp' })).toBe(0);
  conntrack(ns, '-F');
});

test.each<[filter: object, code: string, path: string]>([
  [{ colour: 1 }, 'ERR_INVALID_ARG_VALUE', 'filter.colour'],
  [{ family: 'bridge' }, 'ERR_INVALID_ARG_VALUE', 'filter.family'],
  [{ id: -1 }, 'ERR_OUT_OF_RANGE', 'filter.id'],
  [{ protocol: 'http' }, 'ERR_INVALID_ARG_VALUE', 'filter.protocol'],
  [{ markMask: 1 }, 'ERR_INVALID_ARG_VALUE', 'filter.mark'],
  [{ mark: 3, markMask: 1 }, 'ERR_INVALID_ARG_VALUE', 'filter.mark'],
  [{ zone: 65536 }, 'ERR_OUT_OF_RANGE', 'filter.zone'],
  [{ status: ['gone'] }, 'ERR_INVALID_ARG_VALUE', 'filter.status[0]'],
  [{ status: [] }, 'ERR_INVALID_ARG_VALUE', 'filter.status'],
  [{ status: ['snat'], statusMask: ['dnat'] }, 'ERR_INVALID_ARG_VALUE', 'filter.status'],
  [{ original: { src: 'x' } }, 'ERR_INVALID_ADDRESS', 'filter.original.src'],
  [{ reply: { port: 1 } }, 'ERR_INVALID_ARG_VALUE', 'filter.reply.port'],
  [{ originalDst: ['10.0.0.1', 7] }, 'ERR_INVALID_ADDRESS', 'filter.originalDst'],
  [{ address: '10.0.0.0/33' }, 'ERR_INVALID_ADDRESS', 'filter.address'],
  [{ replySrcPort: 65536 }, 'ERR_OUT_OF_RANGE', 'filter.replySrcPort'],
  [{ destinations: [{ address: '10.0.0.1', port: -1 }] }, 'ERR_OUT_OF_RANGE', 'filter.destinations[0].port'],
  [{ labels: [200] }, 'ERR_OUT_OF_RANGE', 'filter.labels[0]'],
])('%j is refused before anything is sent', async (filter, code, path) => {
  const ns = await namespace();
  for (const call of ['list', 'delete', 'flush', 'reset'] as const) {
    const { result, sent } = await trafficOf(() =>
      rejection(ns.conntrack[call](filter as FlowFilter) as Promise<unknown>, Error),
    );
    expect(result).toMatchObject({ code, message: expect.stringContaining(`${path}: `) });
    expect(sent).toEqual({ datagrams: 0, reads: 0, changes: 0 });
  }
});
