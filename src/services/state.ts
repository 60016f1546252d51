import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { insteadOf } from '../errors.js';
import { catchesHangup, findProcesses, type ProcessReference, type ServiceProcess, serviceProcess } from './process.js';
import { contentOf, revisionOf, type ServiceSpec, stateFile } from './spec.js';

/** What there is of a service. */
export interface ServiceState {
  readonly directory: string;
  /** Whether the directory is there. */
  readonly exists: boolean;
  /** The oldest of its processes that run; the others are one too many. */
  readonly process: ServiceProcess | undefined;
  readonly surplus: readonly ServiceProcess[];
  /** What the process has read (`contentOf`); undefined when that is not known. */
  readonly loaded: string | undefined;
  /** Of the files that were asked for, those that are there. */
  readonly files: ReadonlyMap<string, string>;
}

export type ServiceAction = 'start' | 'restart' | 'reload' | 'none';

/** What `apply` would do. */
export interface ServiceChange {
  readonly action: ServiceAction;
  /** Why, in words: 'the command line or host changed'. Empty for 'none'. */
  readonly reason: string;
  /** Names of the files that would be written. */
  readonly files: readonly string[];
}

interface Saved extends ProcessReference {
  readonly loaded: string;
}

export async function readState(directory: string, names: readonly string[]): Promise<ServiceState> {
  const [saved, ...contents] = await Promise.all([
    readSaved(directory),
    ...names.map((name) => readText(directory, name)),
  ]);
  const files = new Map(
    names.flatMap((name, at): [string, string][] => {
      const content = contents[at];
      return content === undefined ? [] : [[name, content]];
    }),
  );
  if (saved) {
    // When that one has ended, nobody has started another since: a start removes the record first.
    const known = serviceProcess(saved.pid, directory);
    const process = known?.startTime === saved.startTime ? known : undefined;
    return { directory, exists: true, process, surplus: [], loaded: process && saved.loaded, files };
  }
  const exists = files.size > 0 || existsSync(directory);
  // Without a directory nothing was ever started: it is made first and removed last.
  const [process, ...surplus] = exists ? findProcesses(directory) : [];
  return { directory, exists, process, surplus, loaded: undefined, files };
}

/** The difference between what is wanted and what there is. */
export function compare(spec: ServiceSpec, state: ServiceState, netns: string | undefined): ServiceChange {
  const files = (spec.files ?? []).flatMap((file) =>
    'content' in file && state.files.get(file.name) !== file.content ? [file.name] : [],
  );
  const change = (action: ServiceAction, reason: string): ServiceChange => ({ action, reason, files });
  const { process, surplus, loaded } = state;
  if (process === undefined) return change('start', 'it does not run');
  if (surplus.length > 0) return change('restart', `it runs ${surplus.length + 1} times`);
  if (process.netns !== netns) return change('restart', 'it runs in another namespace');
  if (process.revision !== revisionOf(spec)) return change('restart', 'its command line or configuration changed');
  if (loaded === contentOf(spec) && files.length === 0) return change('none', '');
  if (!catchesHangup(process.pid)) return change('restart', 'its files changed, and it does not handle SIGHUP');
  return change('reload', files.length > 0 ? `changed: ${files.join(', ')}` : 'it may not have read its files');
}

export function saveState(directory: string, process: ProcessReference, loaded: string): Promise<void> {
  const { pid, startTime } = process;
  return replaceFile(directory, stateFile, `${JSON.stringify({ pid, startTime, loaded } satisfies Saved)}\n`);
}

export function forgetState(directory: string): Promise<void> {
  return rm(join(directory, stateFile), { force: true });
}

/** Whoever reads the file sees the old content or the new. The program may read it as an ordinary user. */
export async function replaceFile(directory: string, name: string, content: string): Promise<void> {
  const beside = join(directory, `.${name}`);
  try {
    await writeFile(beside, content, { mode: 0o644 });
    await chmod(beside, 0o644);
    await rename(beside, join(directory, name));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Makes `<base>/<kind>/<id>`, which ordinary users can read: the program may have become one when it reads its files. True when it was not there. */
export async function makeDirectory(directory: string): Promise<boolean> {
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  const fresh = await mkdir(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  // Whatever the umask, and whoever has made the base.
  for (const at of [dirname(parent), parent, directory]) {
    const { mode } = await stat(at);
    if ((mode & 0o055) !== 0o055) await chmod(at, (mode & 0o7777) | 0o055);
  }
  return fresh;
}

export async function readText(directory: string, name: string): Promise<string | undefined> {
  return readFile(join(directory, name), 'utf8').catch(insteadOf('ENOENT', undefined));
}

async function readSaved(directory: string): Promise<Saved | undefined> {
  const text = await readText(directory, stateFile);
  if (text === undefined) return undefined;
  try {
    const { pid, startTime, loaded } = JSON.parse(text) as Partial<Saved>;
    return typeof pid === 'number' && typeof startTime === 'number' && typeof loaded === 'string'
      ? { pid, startTime, loaded }
      : undefined;
  } catch {
    return undefined;
  }
}
