// `npm run pack:check`: packs the package and installs it in an empty folder with install scripts blocked, as a user
// would; then publint and attw. Run `npm run prebuild` first.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from './packages.mjs';
import { quietly, runMain, Stop, say } from './say.mjs';
import { bin, root, setup } from './setup.mjs';

const arch = `linux-${process.arch}`;
const required = ['LICENSE', 'README.md', 'bin/netloom.js', 'dist/index.js', 'dist/index.d.ts', 'native/targets.gypi'];
required.push(`prebuilds/${arch}/netloom.glibc.node`, `prebuilds/${arch}/netloom-exec`);
required.push('native/third_party/node-addon-api/napi.h', 'scripts/build-native.mjs');

const esm = `import { Netns } from 'netloom'; const ns = await Netns.create(); console.log((await ns.links.list()).length); await ns.close()`;
const cjs = `const { Netns } = require('netloom'); console.log(typeof Netns.create)`;

async function checkTarball(work) {
  const npm = which('npm');
  const [{ filename, files }] = JSON.parse(
    execFileSync(npm, ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const names = files.map((file) => file.path);
  const absent = required.filter((name) => !names.includes(name));
  if (absent.length > 0) throw new Stop(`not in the tarball: ${absent.join(', ')}`);
  if (names.includes('binding.gyp')) throw new Stop('binding.gyp is in the tarball: npm would compile at install');
  const scripts = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts);
  const hooks = scripts.filter((name) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(name));
  if (hooks.length > 0) throw new Stop(`install scripts: ${hooks.join(', ')}`);

  const tarball = join(work, filename);
  say(`${filename}: ${names.length} files, ${(statSync(tarball).size / 1024).toFixed(0)} KB`);
  await quietly('publint', process.execPath, [bin('publint', 'src/cli.js'), tarball, '--strict'], { cwd: root });
  const attw = [bin('@arethetypeswrong/cli', 'dist/index.js'), tarball, '--profile', 'esm-only'];
  await quietly('attw', process.execPath, attw, { cwd: root });

  const app = join(work, 'app');
  execFileSync('mkdir', [app]);
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  const flags = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  await quietly('installing the tarball', npm, [...flags, tarball], { cwd: app });
  const installed = join(app, 'node_modules/netloom');
  if (existsSync(join(installed, 'build'))) throw new Stop('the installed package was compiled');
  if (!(statSync(join(installed, `prebuilds/${arch}/netloom-exec`)).mode & 0o100))
    throw new Stop('netloom-exec lost its exec bit');
  for (const [kind, args] of [
    ['import', ['--input-type=module', '-e', esm]],
    ['require', ['--input-type=commonjs', '-e', cjs]],
  ]) {
    const run = spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' });
    if (run.status !== 0) throw new Stop(`${kind} from the installed package failed:\n${run.stderr}`);
    say(`${kind}: ${run.stdout.trim()}`);
  }
}

await runMain(async () => {
  await setup('test');
  const work = mkdtempSync(join(tmpdir(), 'netloom-pack-'));
  try {
    await checkTarball(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
