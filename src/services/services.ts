import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkInteger, checkKeys, insteadOf } from '../errors.js';
import { Lock } from '../lock/index.js';
import { namespaceId, signal, terminateAll } from './process.js';
import {
  checkReference,
  checkService,
  contentOf,
  lockDirectory,
  type ServiceReference,
  type ServiceSpec,
} from './spec.js';
import { startProgram } from './start.js';
import {
  compare,
  forgetState,
  makeDirectory,
  readState,
  readText,
  replaceFile,
  type ServiceAction,
  type ServiceChange,
  type ServiceState,
  saveState,
} from './state.js';
import { type ServiceListener, type ServiceWatch, Watcher } from './watch.js';

export interface ServicesOptions {
  /** Where services have their directories, `<base>/<kind>/<id>`. Default '/run/netloom'. */
  readonly base?: string;
  /** How long a program has to end after SIGTERM before it is killed, in ms. Default 5000. */
  readonly grace?: number;
  /** How often watched programs are looked at, in ms. Default 1000. */
  readonly interval?: number;
  /** The longest wait between two starts of a program that keeps ending, in ms. Default 60000. */
  readonly longestWait?: number;
}

/** What was done. */
export interface ServiceResult {
  readonly action: ServiceAction;
  readonly pid: number;
}

export interface ServiceStatus extends ServiceReference {
  readonly directory: string;
  /** Undefined when it does not run. */
  readonly pid: number | undefined;
}

const optionKeys: ReadonlySet<string> = new Set(['base', 'grace', 'interval', 'longestWait']);

/**
 * Programs that run beside netloom, one for each kind and id, each in a namespace: they outlive the process that started them, and any later
 * process finds them again by what the kernel says of them. A directory holds a service's files; it is made first and removed last.
 * Processes that change the same service do so one after the other.
 */
export class Services {
  readonly #base: string;
  readonly #grace: number;
  readonly #watcher: Watcher;

  constructor(options: ServicesOptions = {}) {
    checkKeys(options, optionKeys, 'options');
    this.#base = resolve(options.base ?? '/run/netloom');
    this.#grace = checkInteger(options.grace ?? 5000, 'options.grace', 0, 600_000);
    this.#watcher = new Watcher({
      interval: checkInteger(options.interval ?? 1000, 'options.interval', 10, 600_000),
      longestWait: checkInteger(options.longestWait ?? 60_000, 'options.longestWait', 10, 86_400_000),
      restart: (reference, wanted) =>
        this.#alone(reference, async (directory) => {
          // Its directory goes when another process stops it.
          const spec = wanted(existsSync(directory));
          return spec && (await this.#apply(spec, directory)).pid;
        }),
    });
  }

  /** Where the files of a service are: for its command line. */
  directory(reference: ServiceReference): string {
    checkReference(reference, 'service');
    return join(this.#base, reference.kind, reference.id);
  }

  /** What there is of a service. `files` names those whose content is wanted. */
  read(reference: ServiceReference, files: readonly string[] = []): Promise<ServiceState> {
    return readState(this.directory(reference), files);
  }

  /** What `apply` would do, without doing it. */
  async inspect(spec: ServiceSpec): Promise<ServiceChange> {
    checkService(spec);
    const state = await this.read(spec, fileNames(spec));
    return compare(spec, state, namespaceId(`/proc/self/fd/${spec.netns.fd}`));
  }

  /**
   * Writes the files that differ, and starts the program, starts it anew, has it read its files again (SIGHUP), or leaves it alone.
   *
   * @throws ServiceError when the program does not start. A directory that was made for it is removed again.
   */
  apply(spec: ServiceSpec): Promise<ServiceResult> {
    checkService(spec);
    return this.#alone(spec, (directory) => this.#apply(spec, directory));
  }

  /** As `apply`, with a new start whatever the program has read. */
  restart(spec: ServiceSpec): Promise<ServiceResult> {
    checkService(spec);
    return this.#alone(spec, async (directory) => {
      const { process } = await readState(directory, []);
      const { files } = await this.inspect(spec);
      return this.#carryOut(spec, directory, { action: process ? 'restart' : 'start', reason: 'asked for', files });
    });
  }

  /** Ends the program, waits until it is gone, and removes its directory. Also what is left of it by a crash; nothing where there is nothing. */
  stop(reference: ServiceReference): Promise<void> {
    checkReference(reference, 'service');
    return this.#alone(reference, async (directory) => {
      this.#watcher.forget(directory);
      await this.#clear(directory);
      await rm(directory, { recursive: true, force: true });
    });
  }

  async status(reference: ServiceReference): Promise<ServiceStatus> {
    const { directory, process } = await this.read(reference);
    return { kind: reference.kind, id: reference.id, directory, pid: process?.pid };
  }

  /** Ids of the services of a kind that have a directory, whether they run or not. */
  async list(kind: string): Promise<string[]> {
    checkReference({ kind, id: '0' }, 'service');
    return (await readdir(join(this.#base, kind)).catch(insteadOf('ENOENT', []))).sort();
  }

  /**
   * Applies the description, resolves, and from then on starts the program anew when it ends: at once the first time, then after waits that
   * double from a second to `longestWait`. `apply` with another description changes what is watched for; `stop`, by any process, ends it.
   *
   * One timer looks at all watched programs. It does not keep the process alive; the namespace's handle must stay open meanwhile.
   */
  watch(spec: ServiceSpec, listener: ServiceListener): Promise<ServiceWatch> {
    checkService(spec);
    return this.#watcher.watch(this.directory(spec), spec, listener);
  }

  async #apply(spec: ServiceSpec, directory: string): Promise<ServiceResult> {
    return this.#carryOut(spec, directory, await this.inspect(spec));
  }

  async #carryOut(spec: ServiceSpec, directory: string, change: ServiceChange): Promise<ServiceResult> {
    const result = await this.#change(spec, directory, change);
    this.#watcher.update(directory, spec, result.pid);
    return result;
  }

  async #change(spec: ServiceSpec, directory: string, { action, files }: ServiceChange): Promise<ServiceResult> {
    const state = await readState(directory, []);
    if (action === 'none' && state.process) return { action, pid: state.process.pid };
    if (action === 'reload' && state.process) {
      await writeFiles(spec, directory, files);
      // Recorded afterwards: whoever finds it missing sends the signal again.
      signal(state.process, 'SIGHUP');
      await saveState(directory, state.process, contentOf(spec));
      return { action, pid: state.process.pid };
    }
    const fresh = await makeDirectory(directory);
    try {
      await writeFiles(spec, directory, files);
      // Also where the directory is new: somebody may have removed it under a program that runs.
      await this.#clear(directory);
      await prepareFiles(spec, directory);
      const started = await startProgram(spec, directory);
      await saveState(directory, started, contentOf(spec));
      return { action, pid: started.pid };
    } catch (error) {
      if (fresh) await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends what runs. The record goes first: once it is there and its process is not, nothing has been started since. */
  async #clear(directory: string): Promise<void> {
    await forgetState(directory);
    await terminateAll(directory, this.#grace);
  }

  /** Work on a service: in the order of the calls, and by one process at a time. */
  async #alone<T>({ kind, id }: ServiceReference, work: (directory: string) => Promise<T>): Promise<T> {
    const lock = await Lock.acquire(`${kind}.${id}`, { directory: join(this.#base, lockDirectory) });
    try {
      return await work(this.directory({ kind, id }));
    } finally {
      await lock.release();
    }
  }
}

function fileNames({ files = [] }: ServiceSpec): string[] {
  return files.flatMap((file) => ('content' in file ? [file.name] : []));
}

async function writeFiles({ files = [] }: ServiceSpec, directory: string, changed: readonly string[]): Promise<void> {
  for (const file of files) {
    if ('content' in file && changed.includes(file.name)) await replaceFile(directory, file.name, file.content);
  }
}

async function prepareFiles({ files = [] }: ServiceSpec, directory: string): Promise<void> {
  for (const file of files) {
    if ('onStart' in file) await replaceFile(directory, file.name, file.onStart(await readText(directory, file.name)));
  }
}
