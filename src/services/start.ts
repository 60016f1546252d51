import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  directoryVariable,
  findProcesses,
  revisionVariable,
  type ServiceProcess,
  serviceProcess,
  terminateAll,
} from './process.js';
import { errorFile, revisionOf, type ServiceSpec } from './spec.js';
import { readText } from './state.js';

/** How long a program may take to go into the background, in ms. */
const startLimit = 15_000;

/** A program that did not start. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
  readonly code: string = 'ERR_SERVICE_START';
  readonly kind: string;
  readonly id: string;
  readonly command: string;
  /** What it ended with; null when it was ended by a signal, or has not ended. */
  readonly exitCode: number | null;
  /** What it wrote to its standard error. */
  readonly stderr: string;

  constructor({ kind, id, command }: ServiceSpec, reason: string, exitCode: number | null, stderr: string) {
    super(`${kind} ${id}: ${command} ${reason}${stderr === '' ? '' : `: ${stderr.trim()}`}`);
    this.kind = kind;
    this.id = id;
    this.command = command;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * Starts the program in a session of its own, so that it outlives this process, and waits until it has started. When that fails, nothing of
 * it is left running.
 *
 * @throws ServiceError with what the program had to say.
 */
export async function startProgram(spec: ServiceSpec, directory: string): Promise<ServiceProcess> {
  const { command, args, netns } = spec;
  const stderr = openSync(join(directory, errorFile), 'w', 0o644);
  let child: ChildProcess;
  try {
    // Nothing else of this process's environment: not its locale, and not what a sanitizer or a debugger has put there.
    const env = {
      PATH: `${process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}:/usr/sbin:/sbin`,
      LC_ALL: 'C',
      [directoryVariable]: directory,
      [revisionVariable]: revisionOf(spec),
    };
    child = netns.spawn(command, args, { cwd: '/', detached: true, env, stdio: ['ignore', 'ignore', stderr] });
  } finally {
    closeSync(stderr);
  }
  try {
    return await started(spec, directory, child);
  } catch (error) {
    await terminateAll(directory, 0);
    throw error;
  } finally {
    child.unref();
  }
}

async function started(spec: ServiceSpec, directory: string, child: ChildProcess): Promise<ServiceProcess> {
  const fail = async (reason: string, exitCode: number | null = null): Promise<never> => {
    throw new ServiceError(spec, reason, exitCode, (await readText(directory, errorFile)) ?? '');
  };
  const patience = new AbortController();
  const limit = spec.pidFile === undefined ? (spec.settle ?? 250) : startLimit;
  const outcome = await Promise.race([
    once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null })),
    sleep(limit, undefined, { signal: patience.signal }),
  ]).catch((error: NodeJS.ErrnoException) => error);
  patience.abort();
  // EACCES: a folder of PATH that this user may not search.
  const absent = outcome instanceof Error && (outcome.code === 'ENOENT' || outcome.code === 'EACCES');
  if (absent) return fail('is not installed, or may not be run');
  if (outcome instanceof Error) return fail(outcome.message);
  if (spec.pidFile === undefined) {
    const found = outcome === undefined && child.pid !== undefined ? serviceProcess(child.pid, directory) : undefined;
    return found ?? fail(`ended with ${outcome?.code ?? outcome?.signal ?? 'no status'}`, outcome?.code ?? null);
  }
  if (outcome === undefined) return fail(`has not gone into the background within ${startLimit / 1000} s`);
  if (outcome.code !== 0) return fail(`ended with ${outcome.code ?? outcome.signal}`, outcome.code);
  // Its first process may end before the second has written the file, or is all that the environment tells.
  const pid = Number((await readText(directory, spec.pidFile)) ?? 0);
  const found = (pid > 0 ? serviceProcess(pid, directory) : undefined) ?? findProcesses(directory)[0];
  return found ?? fail('has ended right after its start', outcome.code);
}
