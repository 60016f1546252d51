// `npm run dev`: a debug build of the core and the addon by cmake-js in build-cmake/dev, with compile_commands.json.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quietly, runMain, say } from './say.mjs';
import { bin, nodeGypEnv, root, setup } from './setup.mjs';

/** Builds the addon by cmake-js; returns the folder, where Release/netloom.node and Release/netloom-exec are. */
export async function cmakeJs(name, options = []) {
  const out = join(root, 'build-cmake', name);
  const env = nodeGypEnv();
  const args = [
    bin('cmake-js', 'bin/cmake-js'),
    'build',
    '-d',
    join(root, 'native'),
    '-O',
    out,
    '-B',
    'Debug',
    '-p',
    '2',
  ];
  await quietly(`building the addon (${name})`, process.execPath, [...args, ...options], { cwd: root, env });
  return out;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    await setup('cmake');
    const out = await cmakeJs('dev');
    say(`built ${out}/Release/netloom.node; try it with NETLOOM_ADDON=build-cmake/dev/Release/netloom.node`);
  });
}
