// Makes a fresh clone ready: system packages, npm dependencies, the native build, the TypeScript build.
// Each step first looks whether there is anything to do, so a second run costs a few hashes.
//
//   node scripts/setup.mjs [demo | bench | test | conformance | lint | cmake | fuzz]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installPackages, missing, purposes, which } from './packages.mjs';
import { quietly, runMain, Stop, say } from './say.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** Programs come from the checkout, whatever PATH says. */
export const bin = (packageName, script) => at('node_modules', packageName, script);

/** node-gyp cannot download headers everywhere; distributions and tarballs of Node carry them. */
export function nodeGypEnv() {
  const env = { ...process.env };
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (!env.npm_config_nodedir && existsSync(join(prefix, 'include/node/node_api.h'))) env.npm_config_nodedir = prefix;
  return env;
}

function filesUnder(folder, skip = () => false) {
  const found = [];
  for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
    const file = join(folder, entry.name);
    if (skip(file)) continue;
    if (entry.isDirectory()) found.push(...filesUnder(file, skip));
    else found.push(file);
  }
  return found.sort();
}

function hash(files, ...extra) {
  const sum = createHash('sha256');
  for (const text of extra) sum.update(`${text}\0`);
  for (const file of files)
    sum
      .update(`${file}\0`)
      .update(readFileSync(at(file)))
      .update('\0');
  return sum.digest('hex');
}

const npmStep = {
  /** node_modules is right when npm's own record of it names every package of the lock file that this machine takes. */
  stale() {
    const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
    const record = read(at('node_modules/.package-lock.json'));
    if (record === undefined) return true;
    const installed = JSON.parse(record).packages;
    return Object.entries(lock.packages).some(([path, entry]) => {
      if (path === '' || installed[path]?.version === entry.version) return false;
      if (!entry.optional) return true;
      // Optional ones that name no processor belong to a variant for another platform (wasm).
      if (entry.cpu === undefined) return false;
      const fits = (list, value) => list === undefined || list.includes(value);
      const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
      return fits(entry.os, 'linux') && fits(entry.cpu, process.arch) && fits(entry.libc, libc);
    });
  },
  async run() {
    const script = process.env.npm_execpath ?? '';
    const npm = script.endsWith('npm-cli.js') ? [process.execPath, script] : [which('npm')];
    if (npm[0] === undefined) throw new Stop('npm is not in PATH: it comes with Node.js');
    // No dependency here needs its install script; npm 11 warns of them and npm 12 refuses them.
    const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
    await quietly('installing npm dependencies', npm[0], [...npm.slice(1), ...args], { cwd: root });
  },
};

const nativeStep = {
  stamp: at('build', '.netloom-stamp'),
  state() {
    const skip = (file) => /^native\/(test|fuzz|CMakeLists\.txt)/.test(file);
    const gyp = ['binding.gyp', 'native/targets.gypi', 'native/sources.gypi', 'native/napi-include.cjs'];
    const header = read('/usr/include/libnl3/netlink/version.h') ?? '';
    return {
      config: hash(gyp, process.version, process.arch, nodeGypEnv().npm_config_nodedir ?? '', root, header),
      sources: hash(filesUnder('native', skip)),
    };
  },
  stale() {
    return !existsSync(at('build/Release/netloom.node')) || read(this.stamp) !== JSON.stringify(this.state());
  },
  async run() {
    const state = this.state();
    const before = JSON.parse(read(this.stamp) ?? '{}');
    const action = before.config === state.config && existsSync(at('build/Makefile')) ? 'build' : 'rebuild';
    const args = [bin('node-gyp', 'bin/node-gyp.js'), action, '--jobs', 'max'];
    await quietly('building the native addon', process.execPath, args, { cwd: root, env: nodeGypEnv() });
    writeFileSync(this.stamp, JSON.stringify(state));
  },
};

const typescriptStep = {
  stamp: at('dist', '.netloom-stamp'),
  state() {
    return hash([...filesUnder('src'), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']);
  },
  stale() {
    return read(this.stamp) !== this.state();
  },
  /** Built beside `dist` and swapped in: a half-built `dist` is never seen, and no file of a deleted source stays. */
  async run() {
    const state = this.state();
    const fresh = at(`dist.${process.pid}`);
    const args = [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh];
    try {
      await quietly('building TypeScript', process.execPath, args, { cwd: root });
      writeFileSync(join(fresh, '.netloom-stamp'), state);
      rmSync(at('dist'), { recursive: true, force: true });
      renameSync(fresh, at('dist'));
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  },
};

const steps = {
  demo: [npmStep, nativeStep, typescriptStep],
  bench: [npmStep, nativeStep, typescriptStep],
  test: [npmStep, nativeStep, typescriptStep],
  conformance: [npmStep, nativeStep],
  lint: [npmStep],
  cmake: [npmStep],
  fuzz: [npmStep],
};

/**
 * Runs `work` while no other process works on this checkout. The kernel drops an flock with its last descriptor, so
 * none outlives its owner, however that ends.
 */
export async function withLock(work) {
  const fd = lock();
  try {
    return await work();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function lock() {
  let fd;
  try {
    fd = openSync(at('.setup.lock'), 'a');
  } catch {
    return undefined; // Another user's checkout: nothing in it will be written.
  }
  const take = (...flags) => spawnSync('flock', [...flags, '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (take('-n').status === 1) {
    say('waiting for another set-up of this checkout ...');
    take('-x');
  }
  return fd;
}

export async function setup(purpose) {
  if (process.platform !== 'linux') throw new Stop(`netloom needs Linux; this is ${process.platform}`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Stop(`netloom needs Node.js 20.19 or newer; this is ${process.version}`);

  const wanted = purposes[purpose];
  const anyMissing = missing([...wanted.needed, ...wanted.wanted]).length > 0;
  if (!anyMissing && !steps[purpose].some((step) => step.stale())) return;
  await withLock(async () => {
    await installPackages(wanted);
    for (const step of steps[purpose]) if (step.stale()) await step.run();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    const purpose = process.argv[2] ?? 'test';
    if (!(purpose in purposes)) throw new Stop(`usage: node scripts/setup.mjs [${Object.keys(purposes).join(' | ')}]`);
    await setup(purpose);
    say(`ready for ${purpose}`);
  });
}
