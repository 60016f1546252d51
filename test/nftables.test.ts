import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Netns } from '../src/index.js';
import { tablesOf } from '../src/router/ruleset.js';
import { checkSpec } from '../src/router/wanted.js';
import { namespace } from './helpers/namespaces.js';

/** nft(8) in a namespace: the oracle. */
function nft(netns: Netns, ...args: string[]): string {
  const { LD_PRELOAD: _, ...env } = process.env;
  const enter = `--net=/proc/${process.pid}/fd/${netns.fd}`;
  return execFileSync('nsenter', [enter, 'nft', ...args], { encoding: 'utf8', env });
}

const without = (objects: Record<string, unknown>[]): unknown[] =>
  objects
    .filter((object) => !('metainfo' in object))
    .map((object) => {
      const [[kind, body]] = Object.entries(object) as [[string, Record<string, unknown>]];
      // nft 1.0.6 leaves a table's comment out of its JSON.
      const { comment, ...rest } = body;
      return { [kind]: kind === 'table' ? rest : body };
    });

const listedByNft = (netns: Netns): unknown[] => without(JSON.parse(nft(netns, '-j', 'list', 'ruleset')).nftables);

const plan = checkSpec({
  id: 'r',
  floatingIpBinding: 'prefix',
  gateway: { id: 'gateway-port', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] },
});
const ruleset = tablesOf(plan, 1024).flatMap(({ commands }) => commands);

describe("a router's ruleset", () => {
  test('is the same whether netloom or nft makes it', async () => {
    const [ours, theirs] = [await namespace(), await namespace()];
    await ours.nft.apply(ruleset);
    // By a file: nft opens its standard input by path, which Node's is not to be had by.
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    try {
      writeFileSync(join(folder, 'ruleset'), JSON.stringify({ nftables: ruleset }));
      nft(theirs, '-j', '-f', join(folder, 'ruleset'));
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(listedByNft(ours)).toEqual(listedByNft(theirs));
    // nft's JSON input has no table comments either.
    const bytecode = (netns: Netns): string =>
      nft(netns, '--debug=netlink', 'list', 'ruleset').replace(/^\tcomment "floatingIpBinding.*\n/m, '');
    expect(bytecode(ours)).toBe(bytecode(theirs));
  });

  test('is listed as nft lists it', async () => {
    const netns = await namespace();
    await netns.nft.apply(ruleset);
    await netns.nft.map('ip', 'netloom', 'fip_dnat').add([['203.0.113.9', '10.0.0.9']]);
    const ours = without(await netns.nft.list());
    const theirs = listedByNft(netns);
    expect(ours).toHaveLength(theirs.length);
    expect(ours).toEqual(expect.arrayContaining(theirs));
  });
});

describe('a transaction', () => {
  test('is all or nothing, and names the command', async () => {
    const netns = await namespace();
    const bad = { add: { rule: { family: 'ip', table: 'nowhere', chain: 'c', expr: [{ accept: null }] } } } as const;
    await expect(netns.nft.apply([{ add: { table: { family: 'ip', name: 't' } } }, bad])).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'NFT_MSG_NEWRULE',
      request: bad,
    });
    expect(await netns.nft.list()).toEqual([]);
  });

  test('is refused before it is sent when it is wrong', async () => {
    const netns = await namespace();
    const expr = [{ match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '10.0.0.300' } }];
    await expect(
      netns.nft.apply([{ add: { rule: { family: 'ip', table: 't', chain: 'c', expr } } }] as never),
    ).rejects.toThrow(/nftables\[0\].*10\.0\.0\.300/);
  });
});

describe('elements in bulk', () => {
  test('go in and out by the thousand, as text and packed', async () => {
    const netns = await namespace();
    await netns.nft.apply(ruleset);
    const map = netns.nft.map('ip', 'netloom', 'fip_snat');
    const keys = Uint32Array.from({ length: 1000 }, (_, i) => 0x0a000000 + i);
    await map.add({ keys, values: keys.map((key) => key + 0x100000) });
    expect(await map.list()).toHaveLength(1000);
    expect(await map.list()).toContainEqual(['10.0.3.231', '10.16.3.231']);
    await expect(map.add([['10.0.0.5', '192.0.2.1']])).rejects.toMatchObject({
      code: 'EEXIST',
      request: ['10.0.0.5', '192.0.2.1'],
    });
    await expect(map.delete(['10.0.0.5', '10.9.9.9'])).rejects.toMatchObject({ code: 'ENOENT', request: '10.9.9.9' });
    expect(await map.list()).toHaveLength(1000);
    await map.delete(keys);
    expect(await map.list()).toEqual([]);
    await expect(map.add([['10.0.0.5', 'nonsense']])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('of any plain type, more than one message holds', async () => {
    const netns = await namespace();
    const set = { family: 'inet', table: 't', name: 's', type: ['ipv6_addr', 'inet_service'] } as const;
    await netns.nft.apply([{ add: { table: { family: 'inet', name: 't' } } }, { add: { set } }] as never);
    const elements = Array.from({ length: 5000 }, (_, i) => ({ concat: [`2001:db8::${i.toString(16)}`, 1 + i] }));
    await netns.nft.set('inet', 't', 's').add(elements);
    const listed = await netns.nft.set('inet', 't', 's').list();
    expect(listed).toHaveLength(5000);
    expect(listed).toContainEqual({ concat: ['2001:db8::ff', 256] });
  });

  test('a map that does not exist says so', async () => {
    const netns = await namespace();
    await expect(netns.nft.map('ip', 't', 'm').add([['10.0.0.1', '10.0.0.2']])).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
