// Every check that runs nothing: all of them, then one exit code. `--write` puts right what can be put right.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { which } from './packages.mjs';
import { runMain, say } from './say.mjs';
import { bin, root, setup } from './setup.mjs';

function nativeFiles() {
  return readdirSync(join(root, 'native'), { recursive: true })
    .filter((file) => /\.(cc|c|h)$/.test(file) && !file.startsWith('third_party'))
    .map((file) => join('native', file));
}

await runMain(async () => {
  await setup('lint');
  const write = process.argv.includes('--write');
  const node = process.execPath;
  const tsc = [node, bin('typescript', 'bin/tsc'), '--noEmit', '-p'];
  const biome = [node, bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings'];
  const checks = [
    ['native/sources.gypi', [node, 'scripts/check-sources.mjs', ...(write ? ['--write'] : [])]],
    ['biome', write ? [...biome, '--write'] : biome],
    ['clang-format', [which('clang-format'), ...(write ? ['-i'] : ['--dry-run', '-Werror']), ...nativeFiles()]],
  ];
  if (!write) checks.push(['tsc (src)', [...tsc, 'tsconfig.build.json']], ['tsc (all)', [...tsc, 'tsconfig.json']]);

  const failed = checks.filter(([, [command, ...args]]) => {
    return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0;
  });
  for (const [name] of checks) say(`${failed.some(([bad]) => bad === name) ? 'FAILED' : 'ok    '} ${name}`);
  return failed.length > 0 ? 1 : 0;
});
