/** `netloom nft`, beside nft(8). */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cleanUp, namespace, uniqueName } from './helpers/namespaces.js';
import { asNft106, listed, load, type NftObject, nft } from './helpers/nft-oracle.js';

const command = fileURLToPath(new URL('../bin/netloom.js', import.meta.url));

function netloom(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [command, 'nft', ...args], { encoding: 'utf8', input });
}

const objectsOf = (text: string): NftObject[] => {
  const [first, ...rest] = (JSON.parse(text) as { nftables: NftObject[] }).nftables;
  expect(first).toMatchObject({ metainfo: { json_schema_version: 1 } });
  return rest;
};

const commands = (...list: object[]): string => JSON.stringify({ nftables: list });
const table = { add: { table: { family: 'ip', name: 't' } } };
const chain = { add: { chain: { family: 'ip', table: 't', name: 'c' } } };

describe('nft list', () => {
  test.each([
    '',
    'tables',
    'chains ip',
    'chain ip t c',
    'table inet u',
    'set ip t s',
    'counters table ip t',
    'ct helper ip t h',
  ])("'%s' prints what nft does", async (words) => {
    const netns = await namespace();
    load(
      netns,
      `table ip t { counter n { packets 1 bytes 2; }; ct helper h { type "ftp" protocol tcp; }; set s { type mark; elements = { 1 }; };
         chain c { tcp dport { 22, 80 } accept; }; }
         table inet u { chain c { type filter hook input priority 0; }; }`,
    );
    const { status, stdout, stderr } = netloom(['list', ...words.split(' ').filter(Boolean), '--netns', netns.name]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const theirs = objectsOf(nft(netns, '-j', 'list', ...(words === '' ? ['ruleset'] : words.split(' '))));
    expect(asNft106(objectsOf(stdout))).toEqual(theirs);
  });
});

describe('nft apply', () => {
  test('takes a file, or standard input; and what list has printed', async () => {
    const [netns, copy] = [await namespace(), await namespace()];
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    cleanUp(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'commands.json');
    writeFileSync(file, commands(table, chain));
    expect(netloom(['apply', file, '--netns', netns.name])).toEqual(
      expect.objectContaining({ status: 0, stdout: '', stderr: '' }),
    );
    const rule = { add: { rule: { family: 'ip', table: 't', chain: 'c', expr: [{ accept: null }] } } };
    expect(netloom(['apply', '-', '--netns', netns.name], commands(rule))).toMatchObject({ status: 0, stdout: '' });
    const { stdout } = netloom(['list', '--netns', netns.name]);
    expect(netloom(['apply', '--netns', copy.name, '-'], stdout).status).toBe(0);
    expect(listed(copy)).toEqual(listed(netns));
    expect(listed(copy)).toHaveLength(3);
  });

  test('echoes, lists, and only checks', async () => {
    const netns = await namespace();
    const args = (...options: string[]): string[] => ['apply', '-', '--netns', netns.name, ...options];
    const checked = netloom(args('--check'), commands(table, { list: { tables: null } }));
    expect(objectsOf(checked.stdout)).toEqual([{ table: { family: 'ip', name: 't', handle: 1 } }]);
    expect(listed(netns)).toEqual([]);
    const echoed = netloom(args('--echo'), commands(table, chain));
    expect(objectsOf(echoed.stdout)).toEqual([
      { add: { table: { family: 'ip', name: 't', handle: 1 } } },
      { add: { chain: { family: 'ip', table: 't', name: 'c', handle: 1 } } },
    ]);
    expect(
      netloom(args('--check'), commands({ delete: { chain: { family: 'ip', table: 't', name: 'd' } } })).status,
    ).toBe(1);
  });

  test.each<[string, string, number, RegExp]>([
    [
      'what the kernel refuses',
      commands(table, { delete: { chain: { table: 't', name: 'x' } } }),
      1,
      /^netloom: nftables\[1\]: NFT_MSG_DELCHAIN delete chain ip t x: ENOENT: .*\n$/,
    ],
    [
      'what cannot be meant',
      commands({ add: { tabel: { name: 't' } } }),
      2,
      /^netloom: nftables\[0\]\.add\.tabel: unknown object "tabel".*\n$/,
    ],
    ['what is no JSON', '{', 2, /^netloom: standard input: .*JSON.*\n$/],
    ['what is no list of commands', '{"rules": []}', 2, /^netloom: commands: unknown key "rules".*\n$/],
  ])('%s is told in a line, and nothing is done', async (_, input, status, message) => {
    const netns = await namespace();
    const ended = netloom(['apply', '-', '--netns', netns.name], input);
    expect(ended).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) });
    expect(listed(netns)).toEqual([]);
  });
});

test.each<[string[], number, RegExp]>([
  [[], 2, /nft takes one of apply, list, monitor/],
  [['lits'], 2, /there is no 'nft lits'/],
  [['apply'], 2, /takes one file/],
  [['apply', 'a', 'b'], 2, /takes one file/],
  [['apply', join(tmpdir(), uniqueName(), 'none.json')], 1, /ENOENT.*none\.json/],
  [['list', '--check'], 2, /--check/],
  [['list', 'tabels', '--netns', '/'], 2, /name/],
  [['list', 'tables', 'ip', 't', 'x'], 2, /takes no 'x'/],
  [['list', '--netns', uniqueName()], 1, /ENOENT/],
  [['monitor', 'all'], 2, /takes no 'all'/],
])('%j is refused', (args, status, message) => {
  expect(netloom(args)).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) });
});

test('nft monitor prints a line for each change, as nft does, until it is interrupted', async () => {
  const netns = await namespace();
  const child = spawn(process.execPath, [command, 'nft', 'monitor', '--netns', netns.name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp(async () => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  for (let i = 0; !text.includes('probe'); i++) {
    await netns.nft.apply([{ add: { table: { name: `probe${i}` } } }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await netns.nft.apply([table, chain, { delete: { table: { name: 't' } } }] as never);
  while (!text.includes('{"delete":{"table"')) await new Promise((resolve) => setTimeout(resolve, 5));
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines.slice(-4)).toEqual([
    { add: { table: { family: 'ip', name: 't', handle: expect.any(Number) } } },
    { add: { chain: { family: 'ip', table: 't', name: 'c', handle: 1 } } },
    { delete: { chain: { family: 'ip', table: 't', name: 'c', handle: 1 } } },
    { delete: { table: { family: 'ip', name: 't', handle: expect.any(Number) } } },
  ]);
});
