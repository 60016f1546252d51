// native/sources.gypi names every C++ source once, for gyp and for CMake. This compares it with the files on disk.
//
//   node scripts/check-sources.mjs [--write]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const list = join(root, 'native/sources.gypi');

function sources(...folders) {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, 'native', folder), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.cc'))
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1)),
    )
    .sort();
}

const variables = {
  core_sources: sources('netlink', 'rtnetlink', 'nftables', 'conntrack', 'packet', 'netns', 'lock', 'tun', 'ethtool'),
  addon_sources: sources('addon'),
};
const expected = `${JSON.stringify({ variables }, null, 2)}\n`;

if (process.argv.includes('--write')) {
  writeFileSync(list, expected);
} else if (readFileSync(list, 'utf8') !== expected) {
  const have = Object.values(JSON.parse(readFileSync(list, 'utf8')).variables).flat();
  const want = Object.values(variables).flat();
  process.stderr.write('native/sources.gypi differs from the files: run node scripts/check-sources.mjs --write\n');
  for (const file of want.filter((name) => !have.includes(name))) process.stderr.write(`  not listed: ${file}\n`);
  for (const file of have.filter((name) => !want.includes(name))) process.stderr.write(`  not there:  ${file}\n`);
  process.exitCode = 1;
}
