/** The README's snippets, as a new user would run them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Netns } from '../src/index.js';
import { uniqueName } from './helpers/namespaces.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const library = fileURLToPath(new URL('../dist/index.js', import.meta.url));

function snippets(text: string, name: string): string {
  const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(0);
  // Names of this run's own.
  return blocks
    .join('\n')
    .replaceAll("'netloom'", JSON.stringify(library))
    .replaceAll("'blue'", `'${name}'`)
    .replaceAll("'readme'", `'${name}'`)
    .replaceAll(/id: '([0-9a-f])[0-9a-f]{7}-[-0-9a-f]{27}'/g, `id: '$1-${name}'`);
}

function runSnippets(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'netloom-readme-'));
  try {
    const file = join(folder, 'snippets.mjs');
    writeFileSync(file, code);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 25_000 });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [first, rest] = readme.split('## The families') as [string, string];

test('the first example runs', () => {
  expect(runSnippets(snippets(first, uniqueName()))).toContain("dst: '10.0.0.0/24'");
});

test('the snippets of the families and of routers run, one after the other', async () => {
  const name = uniqueName();
  const output = runSnippets(snippets(rest, name));
  expect(output).toContain('10.0.0.9');
  expect(output).toContain("prefix [ { floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' } ]");
  expect(output).toContain('true 1 EEXIST');
  expect(output).toContain('+ route 198.51.100.0/24 via 10.1.0.9');
  expect(output).toContain("true [ 'create nftables'");
  expect(output).toContain('3 created, 0 updated, 0 unchanged, 0 deleted, 0 failed');
  expect(await Netns.list()).not.toContain(name);
});
