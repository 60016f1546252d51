/** Flows read: one by what names it, and any that can be as it was given. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FlowReference, type FlowSpec, NetlinkError } from '../src/index.js';
import { formatIpv4, formatIpv6 } from '../src/ip.js';
import { ids, namespaceWithFlows, udp } from './helpers/conntrack.js';
import { namespace, rejection } from './helpers/namespaces.js';

test('one is got by its tuple, its answers, its zone or its id', async () => {
  const ns = await namespaceWithFlows([
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

/** Bits of the status, in the order in which they are listed. */
const bits = ['seen-reply', 'assured', 'confirmed', 'fixed-timeout'];

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
