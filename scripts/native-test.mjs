// `npm run native:test`: the C++ unit tests alone, under ASan and UBSan.
import { runUnitTests } from './cmake.mjs';
import { runMain } from './say.mjs';
import { setup } from './setup.mjs';

await runMain(async () => {
  await setup('cmake');
  const { passed, failed, skipped } = await runUnitTests();
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
});
