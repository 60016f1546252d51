// The development side of the native code: unit tests under sanitizers, fuzzers. Everything lands in build-cmake/.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from './packages.mjs';
import { quietly, Stop } from './say.mjs';
import { root, withLock } from './setup.mjs';

export const nativeFiles = (folder, pattern) =>
  readdirSync(join(root, 'native', folder)).filter((name) => pattern.test(name));

/** build-cmake/<name>, or a temporary folder where another user owns that. */
function buildFolder(name) {
  const folder = join(root, 'build-cmake', name);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return mkdtempSync(join(tmpdir(), `netloom-${name}-`));
  }
}

/** Configures (once) and builds; returns the folder. */
export function cmakeBuild(name, target, options) {
  return withLock(async () => {
    const folder = buildFolder(name);
    if (!existsSync(join(folder, 'Makefile'))) {
      const args = ['-S', join(root, 'native'), '-B', folder, '-G', 'Unix Makefiles', ...options];
      await quietly(`configuring ${name}`, which('cmake'), args);
    }
    await quietly(`building ${name}`, which('cmake'), ['--build', folder, '--parallel', '2', '--target', target]);
    return folder;
  });
}

/** Runs the doctest executable; returns what its closing line counted, and the names of what it skipped. */
export async function runUnitTests() {
  const folder = await cmakeBuild('unit', 'netloom-test', ['-DNETLOOM_SANITIZE=ON']);
  const run = spawnSync(join(folder, 'netloom-test'), [], { encoding: 'utf8', cwd: root, maxBuffer: 1 << 28 });
  if (!folder.startsWith(root)) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(run.stdout);
  process.stderr.write(run.stderr);
  const counts = /test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed\s*\|\s*(\d+) skipped/.exec(run.stdout);
  if (counts === null) {
    process.stderr.write(`native unit tests ended without a count (${run.status ?? run.signal})\n`);
    return { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  }
  const [passed, failed, skipped] = counts.slice(1).map(Number);
  const skippedNames = [...run.stdout.matchAll(/^skipped: (.*)$/gm)].map(([, name]) => name);
  // A sanitizer's report after the last test changes only the exit code.
  return { passed, failed: failed === 0 && run.status !== 0 ? 1 : failed, skipped, skippedNames };
}

/** Clang, or a Stop that says what to install. */
export function clang() {
  const found = which('clang++');
  if (found === undefined) throw new Stop('clang++ is missing: apt-get install clang libclang-rt-dev');
  return { cxx: found, cc: found.replace(/\+\+$/, '') };
}
