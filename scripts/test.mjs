// The whole suite: vitest against the kernel, then the C++ unit tests under ASan and UBSan, then one line that counts both.
// With arguments, only vitest runs, and they are its arguments: `npm test -- test/netns.test.ts`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { nativeFiles, runUnitTests } from './cmake.mjs';
import { missing, purposes } from './packages.mjs';
import { runMain } from './say.mjs';
import { bin, root } from './setup.mjs';
import { forward } from './unprivileged.mjs';

async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'netloom-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    // The other loaders write beside the configuration file, where another user may not.
    const argv = [bin('vitest', 'vitest.mjs'), 'run', '--configLoader=runner', ...reporters, ...args];
    const code = await forward(spawn(process.execPath, argv, { stdio: 'inherit', cwd: root }));
    return { code, ...readReport(report, code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
  const tests = report.testResults.flatMap((suite) =>
    suite.assertionResults.map((test) => ({ ...test, file: relative(root, suite.name) })),
  );
  const broken = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
  const failed = tests.filter((test) => test.status === 'failed').length + broken.length;
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    // A worker that crashed, or an error outside any test, shows only in the exit code.
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests
      .filter((test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status))
      .map((test) => `${test.file}: ${[...test.ancestorTitles, test.title].join(' > ')}`),
  };
}

async function runNative() {
  if (nativeFiles('test', /_test\.cc$/).length === 0) return { passed: 0, failed: 0, skipped: [] };
  const tools = missing(purposes.cmake.needed);
  if (tools.length > 0) {
    return { passed: 0, failed: 0, skipped: [`native unit tests: ${tools.join(', ')} not installed`] };
  }
  const { skippedNames, ...counts } = await runUnitTests();
  return { ...counts, skipped: skippedNames.map((name) => `native/test: ${name}`) };
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const vitest = await runVitest(args);
  // Stopped from outside: say nothing about the rest.
  if (vitest.code > 128) return vitest.code;
  const native = args.length === 0 ? await runNative() : { passed: 0, failed: 0, skipped: [] };

  const passed = vitest.passed + native.passed;
  const failed = vitest.failed + native.failed;
  const skipped = [...vitest.skipped, ...native.skipped];
  if (skipped.length > 0) process.stdout.write(`\nskipped:\n${skipped.map((name) => `  ${name}\n`).join('')}`);
  if (passed + failed === 0) process.stdout.write('\nno test ran\n');
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
});
