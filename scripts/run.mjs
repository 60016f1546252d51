// `npm start`, `npm test`, `npm run bench` and `npm run conformance`: set up what is missing, then run, as root or in a user namespace.
//
//   node scripts/run.mjs demo | test | bench | conformance [arguments]
import { join } from 'node:path';
import { runMain, Stop } from './say.mjs';
import { root, setup } from './setup.mjs';
import { isPrivileged, runHere, runUnprivileged } from './unprivileged.mjs';

const commands = {
  demo: [join(root, 'bin/netloom.js'), 'demo'],
  test: [join(root, 'scripts/test.mjs')],
  bench: [join(root, 'bin/netloom.js'), 'bench'],
  conformance: ['--import', join(root, 'scripts/typescript.mjs'), join(root, 'conformance/main.ts')],
};

await runMain(async () => {
  const [name, ...args] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined)
    throw new Stop(`usage: node scripts/run.mjs ${Object.keys(commands).join(' | ')} [arguments]`);
  await setup(name);
  const argv = [...process.execArgv, ...command, ...args];
  if (!isPrivileged()) return runUnprivileged(process.execPath, argv);
  return runHere(process.execPath, argv);
});
