import { resolve } from 'node:path';
import type { NativeLock } from '../addon.js';
import { checkFileName, checkKeys, invalidType } from '../errors.js';
import { type CallOptions, checkCallOptions } from '../netlink/call-options.js';
import { letGo, take, waitFor } from './waiting.js';

export interface LockOptions {
  /**
   * Where its file is: the same for all that are to exclude each other, on a local file system, and writable by none but them. Default
   * `/run/netloom/lock`. Made when it is not there, with mode 0700.
   */
  readonly directory?: string;
}

/** `signal` and `timeout` (ms) end the waiting; nothing is held then. */
export interface AcquireOptions extends LockOptions, CallOptions {}

const defaultDirectory = '/run/netloom/lock';
const keys: ReadonlySet<string> = new Set(['directory']);
const acquireKeys: ReadonlySet<string> = new Set(['directory', 'signal', 'timeout']);

/**
 * An advisory lock between processes: an exclusive flock(2) on a file. It excludes all who take it by the same name, in this process
 * too, and in each worker_thread.
 *
 * The kernel lets it go when its holder ends, by whatever death; a program that the holder has started does not keep it. It is not
 * reentrant, and is not lost to garbage collection: a `Lock` that is forgotten is held until its process, or its worker_thread, ends.
 */
export class Lock {
  readonly name: string;
  /** Of its file, which is there while it is held; a holder that was killed leaves it, which does no harm. */
  readonly path: string;
  #native: NativeLock | undefined;

  private constructor(name: string, path: string, native: NativeLock) {
    this.name = name;
    this.path = path;
    this.#native = native;
  }

  /**
   * Waits until the lock is free and takes it. In one thread, those who wait get it in the order of their calls; between processes
   * there is no order.
   *
   * @param name A file's name: no '/', 255 bytes at most.
   * @throws NetlinkError EACCES and others of open(2): the file cannot be made.
   * @throws DOMException TimeoutError: it was not free in time. Aborted: the signal's reason.
   */
  static async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const path = pathOf(name, options, acquireKeys);
    checkCallOptions(options);
    return new Lock(name, path, await waitFor(path, options));
  }

  /** Takes the lock if it is free; undefined where somebody has it. Throws as `acquire` does. */
  static async tryAcquire(name: string, options: LockOptions = {}): Promise<Lock | undefined> {
    const path = pathOf(name, options, keys);
    const native = take(path);
    return native && new Lock(name, path, native);
  }

  get held(): boolean {
    return this.#native !== undefined;
  }

  /** Lets the lock go, before it returns. Does nothing the second time. */
  async release(): Promise<void> {
    const native = this.#native;
    if (native === undefined) return;
    this.#native = undefined;
    letGo(this.path, native);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

function pathOf(name: string, options: LockOptions, known: ReadonlySet<string>): string {
  checkFileName(name, 'name', "a lock's name");
  checkKeys(options, known, 'options');
  const { directory = defaultDirectory } = options;
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw invalidType('options.directory', "a directory's path", directory);
  }
  return resolve(directory, name);
}
