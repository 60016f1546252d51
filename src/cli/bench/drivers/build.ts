/** Drivers that have to be built: once, into a cache folder, and again when their sources are others. */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, findProgram, probe } from './programs.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
export const peers: string = join(root, 'bench/peers');

/** A checkout's own, or where it may not be written, as it may not where a package is installed, the user's. */
function cacheFolder(): string {
  const own = existsSync(join(root, 'binding.gyp')) ? [join(root, 'build/bench')] : [];
  const users = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'netloom/bench');
  return own.find(isWritable) ?? users;
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Each is built once in a process, however many ask for it. */
const builds = new Map<string, Promise<string>>();

/**
 * The path of what `make` puts into a folder. The folder is named by what it was made from, and appears when it is whole:
 * two that build at a time do not meet.
 */
function cached(
  name: string,
  sources: readonly string[],
  salt: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const sum = createHash('sha256').update(`${salt}\0${process.arch}\0`);
  for (const file of sources) sum.update(`${file}\0`).update(readFileSync(file)).update('\0');
  const folder = join(cacheFolder(), `${name}-${sum.digest('hex').slice(0, 16)}`);
  const running = builds.get(folder);
  if (running) return running;
  const work = async (): Promise<string> => {
    if (existsSync(folder)) return folder;
    const fresh = `${folder}.${process.pid}`;
    try {
      mkdirSync(fresh, { recursive: true });
      await make(fresh);
      removeOlder(name, folder, fresh);
      if (!existsSync(folder)) renameSync(fresh, folder);
      return folder;
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  };
  const started = work();
  builds.set(folder, started);
  return started;
}

function removeOlder(name: string, ...kept: readonly string[]): void {
  for (const entry of readdirSync(cacheFolder())) {
    const path = join(cacheFolder(), entry);
    if (/^[0-9a-f]{16}$/.test(entry.slice(name.length + 1)) && entry.startsWith(`${name}-`) && !kept.includes(path)) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function filesIn(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => join(folder, file));
}

export async function buildFloor(): Promise<string> {
  const sources = filesIn(join(root, 'bench/floor'), /\.(cc|h)$/);
  if (sources.length === 0) throw new Error('bench/floor is not in this package');
  const [compiler, pkgConfig] = ['g++', 'pkg-config'].map(findProgram);
  if (!compiler || !pkgConfig) throw new Error('g++ or pkg-config not installed');
  const flags = await probe(pkgConfig, '--cflags', '--libs', 'libnl-3.0');
  if (flags === undefined) throw new Error('libnl-3-dev not installed');
  const folder = await cached('floor', sources, flags, (into) =>
    build(
      compiler,
      [
        ...['-std=c++20', '-O2', '-o', join(into, 'floor')],
        ...sources.filter((file) => file.endsWith('.cc')),
        ...flags.split(/\s+/).filter(Boolean),
        '-pthread',
      ],
      {},
    ),
  );
  return join(folder, 'floor');
}

/** Where Debian's golang-*-dev packages put their sources. */
const goPath = '/usr/share/gocode';

export async function buildGo(): Promise<string> {
  const sources = filesIn(join(peers, 'go'), /\.go$/);
  if (sources.length === 0) throw new Error('bench/peers/go is not in this package');
  const go = findProgram('go');
  if (!go) throw new Error('golang-go not installed');
  for (const library of ['vishvananda/netlink', 'google/nftables']) {
    if (!existsSync(join(goPath, 'src/github.com', library))) {
      throw new Error(`golang-github-${library.replace('/', '-')}-dev not installed`);
    }
  }
  const folder = await cached('go', sources, '', (into) =>
    build(go, ['build', '-o', join(into, 'go-peer'), ...sources], {
      env: {
        ...process.env,
        GO111MODULE: 'off',
        GOPATH: goPath,
        GOFLAGS: '',
        GOCACHE: join(cacheFolder(), 'go-build'),
      },
    }),
  );
  return join(folder, 'go-peer');
}

export async function installNpmNetlink(): Promise<string> {
  const sources = filesIn(join(peers, 'npm-netlink'), /^(package|package-lock)\.json$|\.mjs$/);
  if (sources.length === 0) throw new Error('bench/peers/npm-netlink is not in this package');
  const npm = findProgram('npm');
  if (!npm) throw new Error('npm not installed');
  const folder = await cached('npm-netlink', sources, process.version, async (into) => {
    for (const file of sources) copyFileSync(file, join(into, file.slice(dirname(file).length + 1)));
    // It brings its binaries; node-gyp-build picks one when it is loaded.
    const args = ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'];
    await build(process.execPath, [realpathSync(npm), ...args], { cwd: into });
  });
  return join(folder, 'driver.mjs');
}
