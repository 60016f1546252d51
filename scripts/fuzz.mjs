// `npm run fuzz [-- seconds [target]]`: each libFuzzer target of native/fuzz for so many seconds (60 unless told).
// A corpus grows in build-cmake/corpus/; an input that breaks something is left in build-cmake/crashes/.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { clang, cmakeBuild, nativeFiles } from './cmake.mjs';
import { runMain, Stop, say } from './say.mjs';
import { root, setup } from './setup.mjs';
import { forward } from './unprivileged.mjs';

await runMain(async () => {
  await setup('fuzz');
  const [seconds = '60', only] = process.argv.slice(2);
  const targets = nativeFiles('fuzz', /_fuzz\.cc$/)
    .map((file) => file.replace(/\.cc$/, ''))
    .filter((name) => only === undefined || name === only);
  if (targets.length === 0) throw new Stop(`no fuzz target${only ? ` named ${only}` : ''} in native/fuzz`);

  const { cc, cxx } = clang();
  const compilers = [`-DCMAKE_C_COMPILER=${cc}`, `-DCMAKE_CXX_COMPILER=${cxx}`];
  const folder = await cmakeBuild('fuzz', 'fuzzers', [...compilers, '-DNETLOOM_FUZZ=ON', '-DNETLOOM_SANITIZE=ON']);
  const crashes = join(root, 'build-cmake/crashes');
  mkdirSync(crashes, { recursive: true });
  for (const name of targets) {
    const corpus = join(root, 'build-cmake/corpus', name);
    mkdirSync(corpus, { recursive: true });
    const seeds = join(root, 'native/fuzz/corpus', name);
    const args = [corpus, ...(existsSync(seeds) ? [seeds] : [])];
    args.push(`-max_total_time=${seconds}`, '-print_final_stats=1', '-timeout=10', `-artifact_prefix=${crashes}/`);
    say(`${name}: ${seconds} s`);
    const code = await forward(spawn(join(folder, name), args, { stdio: 'inherit' }));
    if (code !== 0) return code;
  }
});
