import { createHash } from 'node:crypto';
import { checkArray, checkInteger, checkKeys, invalidType, invalidValue } from '../errors.js';
import type { Netns } from '../netns/netns.js';

/** Which service: what the program does, and whom it does it for. */
export interface ServiceReference {
  /** 'dhcp', 'radvd', 'metadata'. */
  readonly kind: string;
  /** Of the network or the router. */
  readonly id: string;
}

/** A file in the service's directory. */
export type ServiceFile =
  | {
      readonly name: string;
      readonly content: string;
      /** What takes a change of it to the program that runs: SIGHUP, or a new start. */
      readonly onChange: 'reload' | 'restart';
    }
  | {
      /** The program's own, such as its leases. It is written before each start, and left alone while the program runs. */
      readonly name: string;
      readonly onStart: (current: string | undefined) => string;
    };

/** One program in one namespace, and what it needs to run. */
export interface ServiceSpec extends ServiceReference {
  /** Where it runs. */
  readonly netns: Netns;
  /** Looked for in PATH, /usr/sbin and /sbin. */
  readonly command: string;
  readonly args: readonly string[];
  readonly files?: readonly ServiceFile[];
  /**
   * For a program that goes into the background by itself: the file, in the service's directory, that it writes its pid to. It counts
   * as started when its first process has ended with 0. Without this it is taken for one that stays in the foreground, and counts as
   * started when it has run for `settle` ms.
   */
  readonly pidFile?: string;
  /** Milliseconds; default 250. */
  readonly settle?: number;
}

const specKeys: ReadonlySet<string> = new Set(['kind', 'id', 'netns', 'command', 'args', 'files', 'pidFile', 'settle']);

/** Beside the directories of kinds: files that processes lock when they change a service. */
export const lockDirectory = 'lock';

/** Netloom's own files beside the program's. */
export const stateFile = 'state.json';
export const errorFile = 'stderr';

export function checkReference({ kind, id }: ServiceReference, path: string): void {
  checkFileName(kind, `${path}.kind`);
  if (kind === lockDirectory) throw invalidValue(`${path}.kind`, 'is taken', kind);
  checkFileName(id, `${path}.id`);
}

export function checkService(spec: ServiceSpec, path: string = 'service'): void {
  checkKeys(spec, specKeys, path);
  checkReference(spec, path);
  if (typeof spec.netns?.spawn !== 'function') throw invalidType(`${path}.netns`, 'a Netns', spec.netns);
  checkText(spec.command, `${path}.command`);
  if (spec.command === '') throw invalidValue(`${path}.command`, 'is no program', spec.command);
  checkArray(spec.args, `${path}.args`);
  spec.args.forEach((arg: string, at) => {
    checkText(arg, `${path}.args[${at}]`);
  });
  if (spec.settle !== undefined) checkInteger(spec.settle, `${path}.settle`, 0, 60_000);
  if (spec.pidFile !== undefined) checkFileName(spec.pidFile, `${path}.pidFile`);
  const taken = new Set([stateFile, errorFile, spec.pidFile]);
  spec.files?.forEach((file, at) => {
    checkFile(file, taken, `${path}.files[${at}]`);
    taken.add(file.name);
  });
}

/** What only a new start can change, as one word: the running program carries it in its environment. */
export function revisionOf({ command, args, files = [] }: ServiceSpec): string {
  return digest([command, ...args, ...contents(files, 'restart')]);
}

/** What SIGHUP makes the program read again, as one word. */
export function contentOf({ files = [] }: ServiceSpec): string {
  return digest(contents(files, 'reload'));
}

function contents(files: readonly ServiceFile[], onChange: 'reload' | 'restart'): string[] {
  return files.flatMap((file) => ('content' in file && file.onChange === onChange ? [file.name, file.content] : []));
}

/** Each part with its length, so that no two lists look alike. */
function digest(parts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:${part}`);
  return sum.digest('hex').slice(0, 32);
}

function checkFile(file: ServiceFile, taken: ReadonlySet<string | undefined>, path: string): void {
  if (typeof file !== 'object' || file === null) throw invalidType(path, 'an object', file);
  checkFileName(file.name, `${path}.name`);
  if (taken.has(file.name)) throw invalidValue(`${path}.name`, 'is taken', file.name);
  if ('onStart' in file) {
    if (typeof file.onStart !== 'function') throw invalidType(`${path}.onStart`, 'a function', file.onStart);
    return;
  }
  if (typeof file.content !== 'string') throw invalidType(`${path}.content`, 'a string', file.content);
  if (file.onChange !== 'reload' && file.onChange !== 'restart') {
    throw invalidValue(`${path}.onChange`, "is neither 'reload' nor 'restart'", file.onChange);
  }
}

function checkFileName(name: unknown, path: string): void {
  if (typeof name !== 'string') throw invalidType(path, "a file's name", name);
  if (!/^[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}$/.test(name)) {
    throw invalidValue(path, "is not a file's name (letters, digits, '_', '-', '.'; 1 to 128)", name);
  }
}

function checkText(text: unknown, path: string): void {
  if (typeof text !== 'string') throw invalidType(path, 'a string', text);
  if (text.includes('\0')) throw invalidValue(path, 'holds a NUL', text);
}
