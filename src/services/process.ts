/**
 * Which process is a service's, as the kernel tells it: proc(5). A pid in a file may be anybody's by now. What a program was started as
 * stands in its environment, which it takes along when it goes into the background, and which no later process with its pid has.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** In the environment of a service's processes: its directory. */
export const directoryVariable = 'NETLOOM_SERVICE';
/** And what it was started as: `revisionOf`. */
export const revisionVariable = 'NETLOOM_REVISION';

/** A process that cannot be mistaken for a later one of the same pid. */
export interface ProcessReference {
  readonly pid: number;
  /** In clock ticks after the boot. */
  readonly startTime: number;
}

export interface ServiceProcess extends ProcessReference {
  readonly revision: string;
  /** Of the namespace that it is in: `namespaceId`. */
  readonly netns: string;
  readonly parent: number;
}

/** Device and inode of a network namespace, from anything that refers to it. */
export function namespaceId(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** When a process was started, and by whom; undefined for one that is not there, or that has ended and only waits to be reaped. */
export function statOf(pid: number): { readonly startTime: number; readonly parent: number } | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { startTime: Number(fields[19]), parent: Number(fields[1]) };
}

export function isAlive({ pid, startTime }: ProcessReference): boolean {
  return statOf(pid)?.startTime === startTime;
}

/** The process of that pid, if it is one of this service's. */
export function serviceProcess(pid: number, directory: string): ServiceProcess | undefined {
  const stat = statOf(pid);
  const environment = stat && environmentOf(pid);
  if (stat === undefined || environment?.get(directoryVariable) !== directory) return undefined;
  try {
    const netns = namespaceId(`/proc/${pid}/ns/net`);
    return { pid, ...stat, revision: environment.get(revisionVariable) ?? '', netns };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/**
 * A service's processes, the oldest first, without those that they have started themselves: dnsmasq has one for each TCP connection, radvd
 * one with privileges. Looks at every process of the machine.
 */
export function findProcesses(directory: string): ServiceProcess[] {
  const all = allProcesses(directory);
  const pids = new Set(all.map(({ pid }) => pid));
  return all.filter(({ parent }) => !pids.has(parent));
}

function allProcesses(directory: string): ServiceProcess[] {
  return readdirSync('/proc')
    .flatMap((name) => (/^\d+$/.test(name) ? (serviceProcess(Number(name), directory) ?? []) : []))
    .sort((one, other) => one.startTime - other.startTime || one.pid - other.pid);
}

/** Whether it has a handler for SIGHUP (signal 1): one without would die of it. */
export function catchesHangup(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & 1n) === 1n;
}

/** Signals a process, unless it is another one by now. */
export function signal(target: ProcessReference, name: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends whatever runs of a service, and waits until it is gone. */
export async function terminateAll(directory: string, grace: number): Promise<void> {
  await terminate(findProcesses(directory), grace);
  // What they had started themselves has had its time.
  for (let left = allProcesses(directory); left.length > 0; left = allProcesses(directory)) await terminate(left, 0);
}

/** Ends processes: SIGTERM, after `grace` ms SIGKILL; resolves when they are gone. */
export async function terminate(processes: readonly ProcessReference[], grace: number): Promise<void> {
  for (const one of processes) signal(one, 'SIGTERM');
  if (await gone(processes, grace)) return;
  for (const one of processes) signal(one, 'SIGKILL');
  if (await gone(processes, 10_000)) return;
  const left = processes.filter(isAlive).map(({ pid }) => pid);
  throw Object.assign(new Error(`process ${left.join(', ')} did not end, not even by SIGKILL`), {
    code: 'ERR_SERVICE_STOP',
  });
}

async function gone(processes: readonly ProcessReference[], timeout: number): Promise<boolean> {
  const end = performance.now() + timeout;
  for (let wait = 2; processes.some(isAlive); wait = Math.min(wait * 2, 50)) {
    if (performance.now() >= end) return false;
    await sleep(wait);
  }
  return true;
}

function environmentOf(pid: number): ReadonlyMap<string, string> | undefined {
  const text = read(`/proc/${pid}/environ`);
  if (text === undefined) return undefined;
  return new Map(
    text.split('\0').map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Undefined where the process has gone, or is not ours to look at. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
