// `npm run native:asan [-- vitest arguments]`: the vitest suite against an addon built with ASan and UBSan.
// Leaks are not looked for: Node itself never frees everything.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { cmakeJs } from './dev.mjs';
import { runMain } from './say.mjs';
import { bin, nodeGypEnv, root, setup } from './setup.mjs';
import { forward, isPrivileged, runUnprivileged } from './unprivileged.mjs';

await runMain(async () => {
  await setup('cmake');
  await setup('test');
  const build = await cmakeJs('asan', ['--CDNETLOOM_SANITIZE=ON']);
  const libasan = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  const libubsan = execFileSync('g++', ['-print-file-name=libubsan.so'], { encoding: 'utf8' }).trim();
  process.env.NETLOOM_ADDON = join(build, 'Release/netloom.node');
  process.env.LD_PRELOAD = `${libasan}:${libubsan}`;
  process.env.ASAN_OPTIONS = 'detect_leaks=0:abort_on_error=1';
  process.env.UBSAN_OPTIONS = 'halt_on_error=1:print_stacktrace=1';
  const argv = [bin('vitest', 'vitest.mjs'), 'run', '--configLoader=runner', ...process.argv.slice(2)];
  if (!isPrivileged()) return runUnprivileged(process.execPath, argv);
  return forward(spawn(process.execPath, argv, { stdio: 'inherit', cwd: root, env: nodeGypEnv() }));
});
