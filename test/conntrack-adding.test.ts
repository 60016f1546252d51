/** Flows made; conntrack(8) says what the kernel has then, and makes the same in another namespace. */
import { describe, expect, test } from 'vitest';
import type { Flow, FlowNat, FlowSpec } from '../src/index.js';
import { conntrack, printed, tcp, udp } from './helpers/conntrack.js';
import { namespace } from './helpers/namespaces.js';

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
