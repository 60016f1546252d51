/** Directories for what services keep, instead of /run/netloom. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp, type Lifetime } from './namespaces.js';

/** One that is gone with the test, or with the file. */
export async function stateDirectory(lifetime: Lifetime = 'test'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'netloom-test-'));
  // A daemon that is no longer root reads its files there.
  await chmod(directory, 0o755);
  cleanUp(() => rm(directory, { recursive: true, force: true }), lifetime);
  return directory;
}

/** All files below, with their content. */
export function filesBelow(directory: string): Record<string, string> {
  if (!existsSync(directory)) return {};
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]));
}

/** Waits for what another process is about to do; fails after ten seconds. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const end = performance.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`it did not happen within 10 s: ${look}`);
    await sleep(20);
  }
}
