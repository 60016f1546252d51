// `npm run prebuild`: the binaries of the published package, in prebuilds/linux-<arch>/. Built from a staged copy, so
// that build/ keeps the development build.
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildLibnl } from './build-libnl.mjs';
import { quietly, runMain, say, warn } from './say.mjs';
import { bin, nodeGypEnv, root, setup } from './setup.mjs';

const offer = `This folder holds binaries of netloom.

netloom.glibc.node contains code of libnl (Netlink Library Suite), version VERSION, linked statically. libnl is free
software under the GNU Lesser General Public License, version 2.1; its text is in libnl.LGPL-2.1.txt beside this file.
Source of libnl: Debian's source package "libnl3" (apt-get source libnl3), file ARCHIVE, unchanged.

netloom-exec is linked statically to glibc, which has the same licence (Debian's source package "glibc").

To use a changed libnl or glibc: everything else in the binaries is in this package, under native/, with its build file.
Install yours where the compiler and pkg-config find it and run "npx netloom build-native".
`;

/** Third-party headers and licences that a build from the package needs where there is no node_modules. */
export function stageThirdParty() {
  const target = join(root, 'native/third_party/node-addon-api');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const file of ['napi.h', 'napi-inl.h', 'LICENSE.md']) {
    copyFileSync(join(root, 'node_modules/node-addon-api', file), join(target, file));
  }
}

async function prebuild() {
  await setup('test');
  const env = nodeGypEnv();
  let libnl;
  try {
    libnl = await buildLibnl();
    env.PKG_CONFIG_PATH = [join(libnl.prefix, 'lib/pkgconfig'), env.PKG_CONFIG_PATH].filter(Boolean).join(':');
  } catch (error) {
    warn(
      `${error.message}\nNo static libnl: this prebuilt binary needs libnl-3.so.200 (Debian: libnl-3-200) where it runs.`,
    );
  }

  const stage = join(root, 'build-prebuild');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  for (const name of ['native', 'binding.gyp', 'package.json']) {
    cpSync(join(root, name), join(stage, name), { recursive: true });
  }
  const args = [bin('prebuildify', 'bin.js'), '-t', process.versions.node, '--napi', '--strip', '--tag-libc'];
  env.PREBUILD_NODE_GYP = join(root, 'node_modules/.bin/node-gyp');
  await quietly('building the prebuilt binary', process.execPath, args, { cwd: stage, env });

  const name = `prebuilds/linux-${process.arch}`;
  const target = join(root, name);
  rmSync(target, { recursive: true, force: true });
  cpSync(join(stage, name), target, { recursive: true });
  copyFileSync(join(stage, 'build/Release/netloom-exec'), join(target, 'netloom-exec'));
  await quietly('stripping netloom-exec', 'strip', ['--strip-all', join(target, 'netloom-exec')]);
  chmodSync(join(target, 'netloom-exec'), 0o755);

  const licences = join(root, 'prebuilds/LICENSES');
  rmSync(licences, { recursive: true, force: true });
  if (libnl) {
    mkdirSync(licences);
    copyFileSync(libnl.licence, join(licences, 'libnl.LGPL-2.1.txt'));
    writeFileSync(join(licences, 'README'), offer.replace('VERSION', libnl.version).replace('ARCHIVE', libnl.archive));
  }
  stageThirdParty();
  say(`prebuilt ${name}`);
}

await runMain(prebuild);
