import assert from 'node:assert/strict';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  checkAddress,
  checkPrefix,
  formatAddress,
  formatIpv4,
  formatIpv6,
  formatMac,
  parseIpv4,
  parseIpv6,
  parseMac,
  parsePrefix,
} from '../src/ip.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
/** Groups that are often zero, so that "::" has something to do. */
const ipv6Bytes = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
/** Text near enough to an address to be wrong in interesting ways. */
const nearly = fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:::...%/g x'), maxLength: 40 });

describe('IPv4', () => {
  it('reads what node:net calls an address, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), nearly), (text) => parseIpv4(text) >= 0 === isIPv4(text)),
      { numRuns: 2000 },
    );
  });

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (address) => parseIpv4(formatIpv4(address)) === address),
    );
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1..2.3',
    '1.2.3.4 ',
    '0x7f.1',
    '1.2.3.-4',
    '１.2.3.4',
  ])('refuses %j', (text) => {
    assert.equal(parseIpv4(text), -1);
  });
});

describe('IPv6', () => {
  it('reads what node:net calls an address without a zone, and nothing else', () => {
    const mutated = fc
      .tuple(fc.ipV6(), fc.nat(40), fc.constantFrom(':', '0', '.', '::', 'g', ''))
      .map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at + 1));
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV6(), nearly, mutated),
        (text) => (parseIpv6(text) !== undefined) === (isIPv6(text) && !text.includes('%')),
      ),
      { numRuns: 5000 },
    );
  });

  it('reads and writes as node:net does', () => {
    fc.assert(
      fc.property(ipv6Bytes, (address) => {
        const text = formatIpv6(address);
        assert.equal(text, new SocketAddress({ family: 'ipv6', address: text }).address);
        assert.deepEqual(parseIpv6(text), address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:2:0:0:3', '1::2:2:0:0:3'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('%s is %s', (text, canonical) => {
    assert.equal(formatIpv6(parseIpv6(text) as Uint8Array), canonical);
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:',
    ':1',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'fe80::1%eth0',
  ])('refuses %j', (text) => assert.equal(parseIpv6(text), undefined));
});

describe('MAC addresses', () => {
  it('writes what it reads', () => {
    fc.assert(fc.property(bytes(6), (address) => assert.deepEqual(parseMac(formatMac(address)), address)));
  });

  it.each([
    '',
    'aa:bb:cc:dd:ee',
    'aa:bb:cc:dd:ee:ff:00',
    'aa:bb:cc:dd:ee:',
    'aaa:bb:cc:dd:ee:f',
    'aa-bb-cc-dd-ee-ff',
    ':aa:bb:cc:dd:ee',
  ])('refuses %j', (text) => {
    assert.equal(parseMac(text), undefined);
  });
});

describe('prefixes', () => {
  it('reads an address and its length', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(4), ipv6Bytes), fc.nat(128), (address, length) => {
        const prefix = parsePrefix(`${formatAddress(address)}/${length}`);
        if (length > address.length * 8) assert.equal(prefix, undefined);
        else assert.deepEqual(prefix, { family: address.length === 4 ? 'ip' : 'ip6', bytes: address, length });
      }),
    );
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/ 8',
    '/8',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
  ])('refuses %j', (text) => {
    assert.equal(parsePrefix(text), undefined);
  });
});

describe('checks', () => {
  it.each([
    [() => checkAddress('10.0.0.300', 'address'), 'address: "10.0.0.300" is not an IP address'],
    [() => checkAddress(7, 'address'), 'address: 7 is not an IP address'],
    [() => checkPrefix('10.0.0.1', 'routes[3].dst'), 'routes[3].dst: "10.0.0.1" is not a prefix (address/length)'],
  ])('say where and what', (check, message) => {
    assert.throws(check, { name: 'TypeError', code: 'ERR_INVALID_ADDRESS', message });
  });
});
