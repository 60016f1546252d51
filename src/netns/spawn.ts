import { type ChildProcess, type SpawnOptions as NodeSpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { execPath, type NativeNamespace } from '../addon.js';

/** Those of `child_process.spawn`. */
export type SpawnOptions = NodeSpawnOptions;

/**
 * Starts a program in a namespace. Node forks from its main thread, which never leaves its own namespace, so the child
 * starts as netloom-exec, which enters the namespace and then becomes the program: the same process, the same pid.
 */
export function spawnIn(
  native: NativeNamespace,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const { shell, uid, gid, argv0, ...rest } = options;
  if (shell) {
    const program = shell === true ? '/bin/sh' : shell;
    return spawnIn(native, program, ['-c', [command, ...args].join(' ')], { ...rest, ...identity(uid, gid) });
  }
  // What is not there is left to Node, whose 'error' event says so.
  if (!found(command, options)) return spawn(command, args, options);
  const namespace = `/proc/${process.pid}/fd/${native.fd}`;
  const enter = [namespace, String(uid ?? '-'), String(gid ?? '-'), argv0 ?? command, command, ...args];
  return spawn(execPath, enter, rest);
}

function identity(uid: number | undefined, gid: number | undefined): SpawnOptions {
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

/** Whether execvp(3) would find it. */
function found(command: string, options: SpawnOptions): boolean {
  const cwd = options.cwd === undefined ? process.cwd() : String(options.cwd);
  const path = (options.env ?? process.env)['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const candidates = command.includes('/')
    ? [resolve(cwd, command)]
    : path.split(delimiter).map((at) => join(at, command));
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}
