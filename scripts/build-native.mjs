// `netloom build-native`: builds the addon from the sources in the package, for machines that no prebuilt binary fits.
// Needs a C++20 compiler, make, python3, pkg-config and libnl-3's headers.
// The build runs in a temporary folder (the package carries no binding.gyp: npm would compile at every install).
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing, which } from './packages.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** node-gyp: the checkout's, else the one inside npm. */
function findNodeGyp() {
  const own = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  if (existsSync(own)) return own;
  const npm = process.env.npm_execpath ?? which('npm');
  if (npm === undefined) return undefined;
  try {
    return createRequire(realpathSync(npm)).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`netloom build-native: ${message}\n`);
  return 1;
}

export async function buildNative(args) {
  if (args.includes('--help')) {
    process.stdout.write('usage: netloom build-native\nbuilds the native addon from the sources in this package\n');
    return 0;
  }
  const needed = missing(['g++', 'make', 'python3', 'pkg-config']);
  if (which('pkg-config') && spawnSync('pkg-config', ['--exists', 'libnl-3.0']).status !== 0)
    needed.push('libnl-3-dev');
  if (needed.length > 0) {
    return fail(`missing: ${needed.join(', ')}. On Debian or Ubuntu: sudo apt-get install -y ${needed.join(' ')}`);
  }
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) return fail('node-gyp was found neither here nor in npm: install npm');

  const env = { ...process.env };
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (!env.npm_config_nodedir && existsSync(join(prefix, 'include/node/node_api.h'))) env.npm_config_nodedir = prefix;

  const work = mkdtempSync(join(tmpdir(), 'netloom-build-'));
  try {
    cpSync(join(root, 'native'), join(work, 'native'), { recursive: true });
    const headers = join(root, 'node_modules/node-addon-api');
    if (existsSync(headers)) {
      cpSync(headers, join(work, 'native/third_party/node-addon-api'), { recursive: true, dereference: true });
    }
    writeFileSync(join(work, 'binding.gyp'), '{ "includes": ["native/targets.gypi"] }\n');
    writeFileSync(join(work, 'package.json'), '{ "private": true }\n');
    const run = spawnSync(process.execPath, [nodeGyp, 'rebuild', '--jobs', 'max'], {
      cwd: work,
      env,
      stdio: 'inherit',
    });
    if (run.status !== 0) return fail('node-gyp failed');
    const target = join(root, 'build/Release');
    mkdirSync(target, { recursive: true });
    for (const name of ['netloom.node', 'netloom-exec']) {
      // A new inode: a running process may have the old file mapped.
      rmSync(join(target, name), { force: true });
      copyFileSync(join(work, 'build/Release', name), join(target, name));
    }
    process.stdout.write(`built ${join(target, 'netloom.node')}\n`);
    return 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
