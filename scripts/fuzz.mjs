// `npm run fuzz [-- seconds [target]]`: each libFuzzer target of native/fuzz for so many seconds (60 unless told).
// A corpus grows in build-cmake/corpus/, from seeds that this machine's kernel gives (build-cmake/seeds/); an input that breaks something is left in
// build-cmake/crashes/.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clang, cmakeBuild, nativeFiles } from './cmake.mjs';
import { which } from './packages.mjs';
import { quietly, runMain, Stop, say, warn } from './say.mjs';
import { root, setup } from './setup.mjs';
import { forward, isPrivileged } from './unprivileged.mjs';

await runMain(async () => {
  await setup('fuzz');
  const [seconds = '60', only] = process.argv.slice(2);
  if (!/^[1-9]\d*$/.test(seconds)) throw new Stop(`seconds are a number, not '${seconds}'`);
  const targets = nativeFiles('fuzz', /_fuzz\.cc$/)
    .map((file) => file.replace(/\.cc$/, ''))
    .filter((name) => only === undefined || name === only);
  if (targets.length === 0) throw new Stop(`no fuzz target${only ? ` named ${only}` : ''} in native/fuzz`);

  const { cc, cxx } = clang();
  const compilers = [`-DCMAKE_C_COMPILER=${cc}`, `-DCMAKE_CXX_COMPILER=${cxx}`];
  const folder = await cmakeBuild('fuzz', 'fuzzers', [...compilers, '-DNETLOOM_FUZZ=ON', '-DNETLOOM_SANITIZE=ON']);
  const seeds = await makeSeeds(folder);
  const crashes = join(root, 'build-cmake/crashes');
  mkdirSync(crashes, { recursive: true });
  for (const name of targets) {
    const corpus = join(root, 'build-cmake/corpus', name);
    mkdirSync(corpus, { recursive: true });
    const folders = [corpus, join(seeds, name)].filter(existsSync);
    const args = [`-max_total_time=${seconds}`, '-print_final_stats=1', '-timeout=10', `-artifact_prefix=${crashes}/`];
    say(`${name}: ${seconds} s`);
    const code = await forward(spawn(join(folder, name), [...folders, ...args], { stdio: 'inherit' }));
    if (code !== 0) return code;
  }
});

/** What the kernel tells of a namespace with something of every kind in it. Made once; without it fuzzing begins from nothing. */
async function makeSeeds(folder) {
  const seeds = join(root, 'build-cmake/seeds');
  if (existsSync(seeds)) return seeds;
  const fresh = `${seeds}.${process.pid}`;
  const unshare = ['--net', ...(isPrivileged() ? [] : ['--user', '--map-root-user'])];
  const script = join(root, 'native/fuzz/seeds.sh');
  try {
    await quietly('making seeds', which('unshare'), [...unshare, join(folder, 'fuzz-seeds'), fresh, 'sh', script]);
    renameSync(fresh, seeds);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    warn(error.message);
    rmSync(fresh, { recursive: true, force: true });
  }
  return seeds;
}
