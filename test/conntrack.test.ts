/** Flows made, changed and deleted; conntrack(8) says what the kernel has then, and makes the same in another namespace. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BatchError,
  type Flow,
  type FlowChange,
  type FlowNat,
  type FlowReference,
  type FlowSpec,
  NetlinkError,
} from '../src/index.js';
import { formatIpv4, formatIpv6 } from '../src/ip.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { conntrack, ids, printed } from './helpers/conntrack.js';
import { type NamedNetns, namespace, namespaceWithVeth, rejection, run } from './helpers/namespaces.js';

const udp = { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'udp', srcPort: 1000, dstPort: 53 } as const;
const tcp = { ...udp, protocol: 'tcp', dstPort: 21 } as const;
const udp6 = { src: '2001:db8::1', dst: '2001:db8::2', protocol: 'udp', srcPort: 1000, dstPort: 53 } as const;
const ends = ['-s', '10.0.0.1', '-d', '10.0.0.2', '-t', '100'];
const ends6 = ['-s', '2001:db8::1', '-d', '2001:db8::2', '-t', '100'];
const udpPorts = ['-p', 'udp', '--sport', '1000', '--dport', '53'];
const tcpPorts = ['-p', 'tcp', '--sport', '1000', '--dport', '21'];

test('a flow is added, changed and flushed by its mark', async () => {
  const ns = await namespace();
  const original = { src: '10.0.0.11', dst: '198.51.100.7', protocol: 'udp', srcPort: 4000, dstPort: 53 } as const;
  await ns.conntrack.add({ original, timeout: 60, nat: { src: { address: '203.0.113.10' } } });
  const line =
    'ipv4 2 udp 17 src=10.0.0.11 dst=198.51.100.7 sport=4000 dport=53 [UNREPLIED] src=198.51.100.7 dst=203.0.113.10 sport=53 dport=4000';
  expect(printed(ns)).toEqual([`${line} mark=0`]);
  await ns.conntrack.update({ original, mark: 1 });
  expect(printed(ns)).toEqual([`${line} mark=1`]);
  await ns.conntrack.flush({ mark: 2 });
  expect(printed(ns)).toHaveLength(1);
  await ns.conntrack.flush({ mark: 1 });
  expect(printed(ns)).toEqual([]);
});

describe('a flow is as conntrack -I makes it', () => {
  const table: [name: string, spec: Omit<FlowSpec, 'timeout'>, args: string[]][] = [
    ['udp', { original: udp }, [...ends, ...udpPorts]],
    ['udp by its number', { original: { ...udp, protocol: 17 } }, [...ends, ...udpPorts]],
    ['udp, IPv6', { original: udp6 }, [...ends6, ...udpPorts]],
    ['mark', { original: udp, mark: 0xfedcba98 }, [...ends, ...udpPorts, '-m', '0xfedcba98']],
    ['zone', { original: udp, zone: 65535 }, [...ends, ...udpPorts, '-w', '65535']],
    ['zone of the original direction', { original: { ...udp, zone: 3 } }, [...ends, ...udpPorts, '--orig-zone', '3']],
    [
      'zone of the reply direction',
      {
        original: udp,
        reply: { src: '10.0.0.2', dst: '10.0.0.1', protocol: 'udp', srcPort: 53, dstPort: 1000, zone: 3 },
      },
      [...ends, ...udpPorts, '--reply-zone', '3'],
    ],
    [
      'another reply',
      { original: udp, reply: { src: '10.0.0.9', dst: '10.0.0.8', protocol: 'udp', srcPort: 7, dstPort: 8 } },
      [...ends, ...udpPorts, '-r', '10.0.0.9', '-q', '10.0.0.8', '--reply-port-src', '7', '--reply-port-dst', '8'],
    ],
    ['snat', { original: udp, nat: { src: { address: '203.0.113.1' } } }, [...ends, ...udpPorts, '-n', '203.0.113.1']],
    [
      'snat to a port',
      { original: udp, nat: { src: { address: '203.0.113.1', port: 99 } } },
      [...ends, ...udpPorts, '--src-nat', '203.0.113.1:99'],
    ],
    [
      'dnat to a port',
      { original: tcp, nat: { dst: { address: '203.0.113.1', port: [2121, 2121] } } },
      [...ends, ...tcpPorts, '--state', 'NONE', '--dst-nat', '203.0.113.1:2121'],
    ],
    [
      'snat, IPv6',
      { original: udp6, nat: { src: { address: '2001:db8::9' } } },
      [...ends6, ...udpPorts, '-n', '2001:db8::9'],
    ],
    ['tcp', { original: tcp, tcp: { state: 'syn_sent' } }, [...ends, ...tcpPorts, '--state', 'SYN_SENT']],
    [
      'tcp, assured',
      { original: tcp, tcp: { state: 'established' }, status: ['seen-reply', 'assured'] },
      [...ends, ...tcpPorts, '--state', 'ESTABLISHED', '-u', 'SEEN_REPLY,ASSURED'],
    ],
    [
      'fixed timeout',
      { original: udp, status: ['seen-reply', 'fixed-timeout'] },
      [...ends, ...udpPorts, '-u', 'SEEN_REPLY,FIXED_TIMEOUT'],
    ],
    [
      'sctp',
      {
        original: { ...udp, protocol: 'sctp' },
        sctp: { state: 'cookie_wait', originalTag: 0x05050505, replyTag: 0x06060606 },
      },
      [
        ...ends,
        '-p',
        'sctp',
        '--sport',
        '1000',
        '--dport',
        '53',
        '--state',
        'COOKIE_WAIT',
        '--orig-vtag',
        '84215045',
        '--reply-vtag',
        '101058054',
      ],
    ],
    [
      'udplite',
      { original: { ...udp, protocol: 'udplite' } },
      [...ends, '-p', 'udplite', '--sport', '1000', '--dport', '53'],
    ],
    ['gre', { original: { ...udp, protocol: 'gre' } }, [...ends, '-p', 'gre', '--srckey', '1000', '--dstkey', '53']],
    [
      'icmp',
      { original: { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'icmp', icmpType: 8, icmpId: 77 } },
      [...ends, '-p', 'icmp', '--icmp-type', '8', '--icmp-code', '0', '--icmp-id', '77'],
    ],
    [
      'icmp timestamps',
      { original: { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'icmp', icmpType: 13, icmpCode: 0, icmpId: 77 } },
      [...ends, '-p', 'icmp', '--icmp-type', '13', '--icmp-code', '0', '--icmp-id', '77'],
    ],
    [
      'icmpv6',
      { original: { src: '2001:db8::1', dst: '2001:db8::2', protocol: 'icmpv6', icmpType: 128, icmpId: 77 } },
      [...ends6, '-p', 'icmpv6', '--icmpv6-type', '128', '--icmpv6-code', '0', '--icmpv6-id', '77'],
    ],
    ['ospf', { original: { src: '10.0.0.1', dst: '10.0.0.2', protocol: 89 } }, [...ends, '-p', '89']],
  ];
  test.each(table)('%s', async (_, spec, args) => {
    const [ours, theirs] = [await namespace(), await namespace()];
    await ours.conntrack.add({ timeout: 100, ...spec });
    conntrack(theirs, '-I', ...args);
    const family = args.includes('2001:db8::1') ? ['-f', 'ipv6'] : [];
    const expected = printed(theirs, ...family);
    expect(expected).toHaveLength(1);
    expect(printed(ours, ...family)).toEqual(expected);
    // Both are listed alike, and what is listed names the flow.
    const different = { id: 0, timeout: 0 };
    const [[own], [other]] = [await ours.conntrack.list(), await theirs.conntrack.list()];
    // conntrack sets the NAT bits of a flow that it does not translate.
    expect({ ...own, ...different, status: [] }).toEqual({ ...other, ...different, status: [] });
    expect(await ours.conntrack.get(own as Flow)).toMatchObject({ id: own?.id, original: own?.original });
    expect(await theirs.conntrack.delete([other as Flow])).toBe(1);
    expect(await theirs.conntrack.count()).toBe(0);
    expect(await ours.conntrack.delete(own as Flow)).toBe(1);
    expect(await ours.conntrack.delete(own as Flow)).toBe(0);
  });

  test('a helper', async () => {
    const ns = await namespace();
    await ns.conntrack.add({ original: tcp, timeout: 100, helper: 'ftp' });
    expect(printed(ns)[0]).toContain('helper=ftp');
    expect((await ns.conntrack.get({ original: tcp })).helper).toBe('ftp');
    await ns.conntrack.update({ original: tcp, helper: '' });
    expect(printed(ns)[0]).not.toContain('helper=');
    await expect(ns.conntrack.add({ original: udp, timeout: 9, helper: 'gopher' })).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      syscall: 'IPCTNL_MSG_CT_NEW',
    });
  });

  test('a master', async () => {
    const ns = await namespace();
    const data = { ...tcp, srcPort: 20, dstPort: 5000 } as const;
    await ns.conntrack.add([
      { original: tcp, timeout: 100 },
      { original: data, timeout: 100, master: tcp },
    ]);
    const flow = await ns.conntrack.get({ original: data });
    expect(flow.status).toContain('expected');
    expect(flow.master).toEqual({ ...tcp, protocol: 6 });
    // The kernel wants the bit back with any other.
    await ns.conntrack.update({ original: data, status: ['seen-reply'] });
    expect((await ns.conntrack.get({ original: data })).status).toEqual(
      expect.arrayContaining(['expected', 'seen-reply']),
    );
    const orphan = ns.conntrack.add({ original: udp, timeout: 100, master: { ...udp, srcPort: 1 } });
    await expect(orphan).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('sequence numbers that NAT has moved', async () => {
    const ns = await namespace();
    const sequence = {
      original: { position: 4_000_000_000, before: -7, after: 12 },
      reply: { position: 1, before: 2, after: -2147483648 },
    };
    await ns.conntrack.add({ original: tcp, timeout: 100, sequence });
    const flow = await ns.conntrack.get({ original: tcp });
    expect(flow.status).toContain('seq-adjust');
    expect(flow.sequence).toEqual(sequence);
  });

  test('NAT from ranges: the kernel takes what is free', async () => {
    const ns = await namespace();
    const add = (src: string, nat: FlowNat): Promise<void> =>
      ns.conntrack.add({ original: { ...udp, src }, timeout: 100, nat });
    const two = { src: { address: '203.0.113.1', port: [100, 101] } } as const;
    await add('10.0.0.3', two);
    await add('10.0.0.4', two);
    await expect(add('10.0.0.5', two)).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await ns.conntrack.list()).map(({ reply }) => `${reply.dst}:${reply.dstPort}`).sort()).toEqual([
      '203.0.113.1:100',
      '203.0.113.1:101',
    ]);
    await ns.conntrack.flush();
    const sources = Array.from({ length: 32 }, (_, at) => `10.0.1.${at}`);
    await Promise.all(sources.map((src) => add(src, { src: { address: ['203.0.113.1', '203.0.113.4'] } })));
    const addresses = new Set((await ns.conntrack.list()).map(({ reply }) => reply.dst));
    expect(addresses.size).toBeGreaterThan(1);
    for (const address of addresses) expect(address).toMatch(/^203\.0\.113\.[1-4]$/);
  });

  test('labels where no rule has to do with them', async () => {
    const ns = await namespace();
    await ns.conntrack.add({ original: udp, timeout: 100, labels: [5] });
    expect(await ns.conntrack.get({ original: udp })).not.toHaveProperty('labels');
    await expect(ns.conntrack.update({ original: udp, labels: [5] })).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('what SYNPROXY has answered', async () => {
    const ns = await namespace();
    const synproxy = { isn: 4_000_000_000, its: 2, tsoff: 3 };
    await ns.conntrack.add([
      { original: tcp, timeout: 100, synproxy },
      { original: udp, timeout: 100 },
    ]);
    expect(await ns.conntrack.get({ original: tcp })).toMatchObject({ synproxy });
    expect(await ns.conntrack.get({ original: udp })).not.toHaveProperty('synproxy');
  });

  test('what the kernel knows of both ends of a TCP connection', async () => {
    const ns = await namespace();
    const state = {
      state: 'established',
      original: { windowScale: 7, flags: ['window-scale', 'sack-permitted'] },
      reply: { windowScale: 14, flags: ['window-scale', 'be-liberal'] },
    } as const;
    await ns.conntrack.add({ original: tcp, timeout: 100, tcp: state });
    expect((await ns.conntrack.get({ original: tcp })).tcp).toEqual(state);
    await ns.conntrack.update({ original: tcp, tcp: { state: 'close', original: { flags: ['close-init'] } } });
    expect((await ns.conntrack.get({ original: tcp })).tcp).toMatchObject({
      state: 'close',
      original: { flags: ['close-init'] },
      reply: state.reply,
    });
    expect(printed(ns)[0]).toContain(' CLOSE ');
  });
});

describe('a change', () => {
  async function one(spec: Partial<FlowSpec> = {}): Promise<NamedNetns> {
    const ns = await namespace();
    await ns.conntrack.add({ original: udp, timeout: 100, ...spec });
    return ns;
  }

  test('of some bits of the mark leaves the others', async () => {
    const ns = await one({ mark: 0xf0f0 });
    await ns.conntrack.update({ original: udp, mark: 0x0a00, markMask: 0x0f00 });
    expect(printed(ns)[0]).toContain(`mark=${0xfaf0}`);
    await ns.conntrack.update({ original: udp, timeout: 3000 });
    expect(printed(ns)[0]).toContain(`mark=${0xfaf0}`);
    const timeout = Number(
      / 17 (\d+) /.exec(conntrack(ns, '-L'))?.[1] ?? /udp +17 (\d+)/.exec(conntrack(ns, '-L'))?.[1],
    );
    expect(timeout).toBeGreaterThan(2900);
  });

  test('sets bits of the status and keeps those that are set', async () => {
    const ns = await one({ status: ['seen-reply'], nat: { src: { address: '203.0.113.1' } } });
    await ns.conntrack.update([{ original: udp, status: ['assured'] }]);
    await ns.conntrack.update({ original: udp, status: ['fixed-timeout'], mark: 5 });
    const { status } = await ns.conntrack.get({ original: udp });
    expect(status).toEqual(['seen-reply', 'assured', 'confirmed', 'snat', 'snat-done', 'dnat-done', 'fixed-timeout']);
    expect(printed(ns)).toEqual([
      'ipv4 2 udp 17 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=203.0.113.1 sport=53 dport=1000 [ASSURED] mark=5',
    ]);
  });

  test('may name the flow by its answers, and by its zone', async () => {
    const ns = await one({ zone: 4, nat: { src: { address: '203.0.113.1' } } });
    const reply = { src: '10.0.0.2', dst: '203.0.113.1', protocol: 'udp', srcPort: 53, dstPort: 1000 } as const;
    await ns.conntrack.update({ reply, zone: 4, mark: 9 });
    expect(printed(ns)[0]).toContain('mark=9');
    await expect(ns.conntrack.update({ reply, mark: 9 })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of one that is not there names it; the others are changed', async () => {
    const ns = await one();
    const changes: FlowChange[] = [
      { original: { ...udp, srcPort: 1 }, mark: 1, status: ['assured'] },
      { original: udp, mark: 2 },
      { original: { ...udp, srcPort: 3 }, mark: 3 },
    ];
    const error = await rejection(ns.conntrack.update(changes), BatchError);
    expect(error.failures).toMatchObject([
      { index: 0, error: { code: 'ENOENT', request: changes[0] } },
      { index: 2, error: { code: 'ENOENT', request: changes[2] } },
    ]);
    expect(error.message).toContain('udp 10.0.0.1:1 -> 10.0.0.2:53');
    expect(printed(ns)[0]).toContain('mark=2');
  });
});

test('labels are those that rules set, and rules match those that are set', async () => {
  const ns = await namespaceWithVeth();
  const inside = (...command: string[]): string => run('ip', 'netns', 'exec', ns.name, ...command);
  inside('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'veth0');
  inside('ip', 'link', 'set', 'lo', 'up');
  inside(
    'nft',
    [
      'add table ip t',
      'add chain ip t c { type filter hook output priority 0; }',
      'add rule ip t c ct label 127 counter',
      'add rule ip t c ct state new ct label set 3',
    ].join('\n'),
  );
  const matched = (): number => Number(/packets (\d+)/.exec(inside('nft', 'list', 'chain', 'ip', 't', 'c'))?.[1]);
  inside('ping', '-c', '1', '192.0.2.1');
  const [flow] = (await ns.conntrack.list({ labels: [3] })) as [Flow];
  expect(flow.labels).toEqual([3]);
  expect(matched()).toBe(0);
  await ns.conntrack.update({ original: flow.original, labels: [64, 127], labelsMask: [64, 127] });
  expect((await ns.conntrack.get(flow)).labels).toEqual([3, 64, 127]);
  await ns.conntrack.update({ original: flow.original, labels: [127] });
  expect((await ns.conntrack.get(flow)).labels).toEqual([127]);
  expect(await ns.conntrack.list({ labels: [3] })).toEqual([]);
  inside('ping', '-c', '1', '-e', String(flow.original.icmpId), '192.0.2.1');
  expect(matched()).toBeGreaterThan(0);
});

describe('counters and times', () => {
  async function counted(): Promise<NamedNetns> {
    const ns = await namespaceWithVeth();
    await ns.sysctl.set({ 'net.netfilter.nf_conntrack_acct': '1', 'net.netfilter.nf_conntrack_timestamp': '1' });
    const inside = (...command: string[]): string => run('ip', 'netns', 'exec', ns.name, ...command);
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'veth0');
    inside('ip', 'address', 'add', '192.0.2.2/24', 'dev', 'veth0');
    inside(
      'nft',
      'add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c ct state new',
    );
    for (const address of ['192.0.2.1', '192.0.2.2']) inside('ping', '-c', '2', '-i', '0.01', '-s', '100', address);
    return ns;
  }

  test.each([
    ['one that the kernel finds by itself', { original: { dst: '192.0.2.2' } }],
    ['one that is listed first', { address: ['192.0.2.2'], originalDst: ['192.0.2.2', '192.0.2.3'] }],
  ])('are set to zero: %s', async (_, filter) => {
    const ns = await counted();
    const before = Date.now();
    const [flow] = (await ns.conntrack.list(filter)) as [Flow];
    // 100 bytes, and the headers of ICMP and IP.
    const counters = { original: { packets: 2, bytes: 256 }, reply: { packets: 2, bytes: 256 } };
    expect(flow.counters).toEqual(counters);
    expect(flow.timestamp?.start).toBeGreaterThan(before - 60_000);
    expect(flow.timestamp?.start).toBeLessThan(before + 1);
    expect(await ns.conntrack.reset(filter)).toMatchObject([{ id: flow.id, counters }]);
    const zero = { packets: 0, bytes: 0 };
    expect(await ns.conntrack.list(filter)).toMatchObject([{ counters: { original: zero, reply: zero } }]);
    // The other one's go on, and conntrack sees the same.
    expect(await ns.conntrack.list({ originalDst: '192.0.2.1' })).toMatchObject([{ counters }]);
    expect(printed(ns).map((line) => [...line.matchAll(/bytes=(\d+)/g)].map(([, bytes]) => bytes))).toEqual([
      ['256', '256'],
      ['0', '0'],
    ]);
  });
});

test('statistics are those that conntrack prints', async () => {
  const ns = await namespace();
  await ns.conntrack.add([
    { original: udp, timeout: 100 },
    { original: tcp, timeout: 100 },
  ]);
  await expect(ns.conntrack.add({ original: udp, timeout: 100 })).rejects.toMatchObject({ code: 'EEXIST' });
  const names: Record<string, string> = {
    insert_failed: 'insertFailed',
    early_drop: 'earlyDrop',
    search_restart: 'searchRestart',
    clash_resolve: 'clashResolve',
    chaintoolong: 'chainTooLong',
  };
  const theirs = conntrack(ns, '-S')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      Object.fromEntries(
        [...line.matchAll(/(\w+)=(\d+)/g)].map(([, key, value]) => [names[key as string] ?? key, Number(value)]),
      ),
    );
  const { entries, maxEntries, cpus } = await ns.conntrack.statistics();
  expect(entries).toBe(Number(conntrack(ns, '-C')));
  expect(maxEntries).toBe(Number(await ns.sysctl.get('net.netfilter.nf_conntrack_max')));
  expect(cpus).toEqual(theirs);
  expect(cpus.reduce((sum, { insert }) => sum + insert, 0)).toBe(2);
});

describe('many', () => {
  const many = (count: number): FlowSpec[] =>
    Array.from({ length: count }, (_, at) => ({ original: { ...udp, srcPort: at + 1 }, timeout: 100, mark: at % 2 }));

  test('leave in one datagram', async () => {
    const ns = await namespace();
    await ns.conntrack.count();
    const specs = many(500);
    expect((await trafficOf(() => ns.conntrack.add(specs))).sent).toEqual({ datagrams: 1, reads: 0, changes: 500 });
    expect(ids(ns)).toHaveLength(500);
    const changed = specs.map(({ original }) => ({ original, mark: 7 }));
    expect((await trafficOf(() => ns.conntrack.update(changed))).sent).toEqual({
      datagrams: 1,
      reads: 0,
      changes: 500,
    });
    expect(ids(ns, '-m', '7')).toHaveLength(500);
    const gone = specs.slice(0, 400).map(({ original }) => ({ original }));
    expect((await trafficOf(() => ns.conntrack.delete(gone))).sent).toEqual({ datagrams: 1, reads: 0, changes: 400 });
    expect(ids(ns)).toHaveLength(100);
    // Counted, listed, deleted.
    const { result, sent } = await trafficOf(() => ns.conntrack.delete({ originalSrcPort: [450, 451, 452] }));
    expect([result, sent]).toEqual([3, { datagrams: 3, reads: 2, changes: 3 }]);
    expect((await trafficOf(() => ns.conntrack.flush({ mark: 7, markMask: 7 }))).sent).toEqual({
      datagrams: 1,
      reads: 0,
      changes: 1,
    });
    expect(ids(ns)).toEqual([]);
  });

  test('fail in part: the others are there, or taken back', async () => {
    const ns = await namespace();
    await ns.conntrack.add({ original: { ...udp, srcPort: 2 }, timeout: 900, zone: 0 });
    const [there] = ids(ns);
    const specs = many(4);
    const taken = await rejection(ns.conntrack.add(specs, { rollback: true }), BatchError);
    expect(taken).toMatchObject({
      rolledBack: true,
      failures: [{ index: 1, error: { code: 'EEXIST', request: specs[1] } }],
    });
    expect(ids(ns)).toEqual([there]);
    const kept = await rejection(ns.conntrack.add(specs), BatchError);
    expect(kept.rolledBack).toBe(false);
    expect(ids(ns)).toHaveLength(4);
  });

  test('are deleted by tuple and id: the very flow, and not another of the same tuple', async () => {
    const ns = await namespace();
    await ns.conntrack.add(many(3));
    const listed = (await ns.conntrack.list()) as [Flow, Flow, Flow];
    // The kernel makes ids of a flow's place in memory, so a later one of the same tuple may well have the same.
    const other = { ...listed[1], id: (listed[1].id ^ 1) >>> 0 };
    const references: FlowReference[] = [listed[0], other, listed[2]];
    const error = await rejection(ns.conntrack.delete(references), BatchError);
    expect(error.failures).toMatchObject([{ index: 1, error: { code: 'ENOENT', syscall: 'IPCTNL_MSG_CT_DELETE' } }]);
    expect(ids(ns)).toEqual([listed[1].id]);
    await expect(ns.conntrack.get(other)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('one is got by its tuple, its answers, its zone or its id', async () => {
  const ns = await namespace();
  await ns.conntrack.add([
    { original: udp, timeout: 100, mark: 1 },
    { original: udp, timeout: 100, mark: 2, zone: 2 },
  ]);
  expect(await ns.conntrack.get({ original: udp })).toMatchObject({ mark: 1 });
  const second = await ns.conntrack.get({ original: udp, zone: 2 });
  expect(second).toMatchObject({ mark: 2, zone: 2 });
  expect(ids(ns, '-w', '2')).toEqual([second.id]);
  expect(await ns.conntrack.get({ reply: second.reply, zone: 2 })).toMatchObject({ id: second.id, mark: 2 });
  expect(await ns.conntrack.get({ id: second.id })).toMatchObject({ original: second.original, zone: 2 });
  await expect(ns.conntrack.get({} as FlowReference)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  for (const reference of [{ original: udp, zone: 3 }, { id: 0 }, { original: udp, id: second.id }]) {
    const error = await rejection(ns.conntrack.get(reference), NetlinkError);
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'IPCTNL_MSG_CT_GET', request: reference });
  }
});

test('whatever can be is listed as it was given', async () => {
  const ns = await namespace();
  const uint = (bits: number): fc.Arbitrary<number> => fc.nat({ max: 2 ** bits - 1 });
  const ipv4 = uint(32).map((address) => formatIpv4(address));
  const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIpv6);
  const ported = fc.constantFrom<[string, number]>(
    ['tcp', 6],
    ['udp', 17],
    ['sctp', 132],
    ['udplite', 136],
    ['gre', 47],
  );
  const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
  const flow = fc.oneof(ipv4, ipv6).chain((src) =>
    fc.record({
      src: fc.constant(src),
      dst: src.includes(':') ? ipv6 : ipv4,
      protocol: ported,
      srcPort: uint(16),
      dstPort: uint(16),
      zone: some(uint(16)),
      mark: some(uint(32)),
      status: some(fc.subarray(['seen-reply', 'assured', 'fixed-timeout'] as const)),
      timeout: fc.integer({ min: 100, max: 2_000_000 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(flow, { minLength: 1, maxLength: 20, selector: (one) => `${one.src} ${one.dst}` }),
      async (flows) => {
        const specs = flows.map(({ src, dst, protocol: [protocol], srcPort, dstPort, ...rest }) => ({
          original: { src, dst, protocol, srcPort, dstPort },
          ...rest,
        })) as FlowSpec[];
        await ns.conntrack.add(specs);
        for (const {
          src,
          dst,
          protocol: [, protocol],
          srcPort,
          dstPort,
          zone,
          mark,
          status,
          timeout,
        } of flows) {
          const original = { src, dst, protocol, srcPort, dstPort };
          const found = await ns.conntrack.get({ original, ...(zone === undefined ? {} : { zone }) });
          expect(found).toMatchObject({
            original,
            reply: { src: dst, dst: src, protocol, srcPort: dstPort, dstPort: srcPort },
            mark: mark ?? 0,
          });
          expect(found.zone).toBe(zone || undefined);
          expect(found.status).toEqual(
            [...(status ?? []), 'confirmed'].sort((a, b) => bits.indexOf(a) - bits.indexOf(b)),
          );
          expect(timeout - (found.timeout as number)).toBeLessThanOrEqual(30);
          expect(timeout).toBeGreaterThanOrEqual(found.timeout as number);
        }
        expect(await ns.conntrack.delete(await ns.conntrack.list())).toBe(flows.length);
        expect(await ns.conntrack.count()).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

const bits = ['seen-reply', 'assured', 'confirmed', 'fixed-timeout'];

describe('what cannot be is refused before anything is sent', () => {
  const good = { original: udp, timeout: 10 };
  const table: [spec: object, code: string, path: string][] = [
    [{ timeout: 10 }, 'ERR_INVALID_ARG_VALUE', 'spec.original'],
    [{ original: udp }, 'ERR_INVALID_ARG_VALUE', 'spec.timeout'],
    [{ ...good, timeout: -1 }, 'ERR_OUT_OF_RANGE', 'spec.timeout'],
    [{ ...good, colour: 1 }, 'ERR_INVALID_ARG_VALUE', 'spec.colour'],
    [{ ...good, original: { ...udp, src: '10.0.0' } }, 'ERR_INVALID_ADDRESS', 'spec.original.src'],
    [{ ...good, original: { ...udp, dst: '2001:db8::1' } }, 'ERR_INVALID_ARG_VALUE', 'spec.original.dst'],
    [{ ...good, original: { ...udp, srcPort: undefined } }, 'ERR_INVALID_ARG_VALUE', 'spec.original.srcPort'],
    [{ ...good, original: { ...udp, dstPort: 65536 } }, 'ERR_OUT_OF_RANGE', 'spec.original.dstPort'],
    [{ ...good, original: { ...udp, protocol: 'http' } }, 'ERR_INVALID_ARG_VALUE', 'spec.original.protocol'],
    [{ ...good, original: { ...udp, protocol: 256 } }, 'ERR_OUT_OF_RANGE', 'spec.original.protocol'],
    [{ ...good, original: { ...udp, icmpType: 8 } }, 'ERR_INVALID_ARG_TYPE', 'spec.original.icmpType'],
    [
      { ...good, original: { src: '::1', dst: '::2', protocol: 'icmp', icmpType: 8 } },
      'ERR_INVALID_ARG_VALUE',
      'spec.original.protocol',
    ],
    [
      { ...good, original: { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'icmp', icmpType: 3 } },
      'ERR_INVALID_ARG_VALUE',
      'spec.original.icmpType',
    ],
    [{ ...good, reply: { ...udp, protocol: 'tcp' } }, 'ERR_INVALID_ARG_VALUE', 'spec.reply'],
    [{ ...good, zone: 1, original: { ...udp, zone: 1 } }, 'ERR_INVALID_ARG_VALUE', 'spec.zone'],
    [{ ...good, zone: 65536 }, 'ERR_OUT_OF_RANGE', 'spec.zone'],
    [{ ...good, mark: 2 ** 32 }, 'ERR_OUT_OF_RANGE', 'spec.mark'],
    [{ ...good, status: ['snat'] }, 'ERR_INVALID_ARG_VALUE', 'spec.status[0]'],
    [{ ...good, status: 'assured' }, 'ERR_INVALID_ARG_TYPE', 'spec.status'],
    [{ ...good, nat: { src: {} } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.src'],
    [{ ...good, nat: { src: { address: '::1' } } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.src.address'],
    [{ ...good, nat: { src: { address: ['10.0.0.9', '10.0.0.8'] } } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.src.address'],
    [{ ...good, nat: { dst: { port: [9, 8] } } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.dst.port'],
    [{ ...good, nat: { to: {} } }, 'ERR_INVALID_ARG_VALUE', 'spec.nat.to'],
    [{ ...good, tcp: { state: 'established' } }, 'ERR_INVALID_ARG_VALUE', 'spec.tcp'],
    [{ ...good, original: tcp, tcp: { state: 'ESTABLISHED' } }, 'ERR_INVALID_ARG_VALUE', 'spec.tcp.state'],
    [
      { ...good, original: tcp, tcp: { original: { windowScale: 15 } } },
      'ERR_OUT_OF_RANGE',
      'spec.tcp.original.windowScale',
    ],
    [
      { ...good, original: tcp, tcp: { reply: { flags: ['urgent'] } } },
      'ERR_INVALID_ARG_VALUE',
      'spec.tcp.reply.flags[0]',
    ],
    [{ ...good, labels: [128] }, 'ERR_OUT_OF_RANGE', 'spec.labels[0]'],
    [{ ...good, helper: 'a-name-of-16-byt' }, 'ERR_INVALID_ARG_TYPE', 'spec.helper'],
    [{ ...good, master: { ...udp, srcPort: -1 } }, 'ERR_OUT_OF_RANGE', 'spec.master.srcPort'],
    [{ ...good, sequence: { reply: { position: 1, before: 1 } } }, 'ERR_INVALID_ARG_TYPE', 'spec.sequence.reply.after'],
  ];
  test.each(table)('add %j', async (spec, code, path) => {
    const ns = await namespace();
    const { result, sent } = await trafficOf(() => rejection(ns.conntrack.add(spec as FlowSpec), Error));
    expect(result).toMatchObject({ code, message: expect.stringContaining(`${path}: `) });
    const many = await rejection(ns.conntrack.add([good, spec as FlowSpec]), Error);
    expect(many.message).toContain(path.replace('spec', 'specs[1]'));
    expect(sent.changes).toBe(0);
    expect(await ns.conntrack.count()).toBe(0);
  });

  test.each([
    [{}, 'spec.original'],
    [{ original: udp, markMask: 1 }, 'spec.mark'],
    [{ original: udp, mark: 2, markMask: 1 }, 'spec.mark'],
    [{ original: udp, labelsMask: [1] }, 'spec.labels'],
    [{ original: udp, nat: {} }, 'spec.nat'],
    [{ original: udp, status: ['assured'], timeout: 1.5 }, 'spec.timeout'],
  ])('update %j', async (change, path) => {
    const ns = await namespace();
    const { result, sent } = await trafficOf(() => rejection(ns.conntrack.update(change as FlowChange), Error));
    expect(result.message).toContain(`${path}: `);
    expect(sent).toEqual({ datagrams: 0, reads: 0, changes: 0 });
  });
});
