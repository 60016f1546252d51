/** Flows that cannot be, and changes that say nothing: refused before anything is sent, with the path of what is wrong. */
import { describe, expect, test } from 'vitest';
import type { FlowChange, FlowSpec } from '../src/index.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { tcp, udp } from './helpers/conntrack.js';
import { namespace, rejection } from './helpers/namespaces.js';

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
