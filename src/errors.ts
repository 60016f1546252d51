/** Errors: section 3 of the design. */
import { addon, type NativeError } from './addon.js';

export interface NetlinkErrorDetails {
  readonly errno: number;
  /** The netlink message ('RTM_NEWADDR') or the system call ('mount'). */
  readonly syscall: string;
  /** What was asked for, in the user's words: '192.0.2.1/24 on qg-1'. */
  readonly subject?: string | undefined;
  readonly netns?: string | undefined;
  readonly kernelMessage?: string | undefined;
  readonly attribute?: string | undefined;
  readonly request?: unknown;
  readonly index?: number | undefined;
}

/** The kernel refused a request. */
export class NetlinkError extends Error {
  override readonly name: string = 'NetlinkError';
  /** 'EEXIST' */
  readonly code: string;
  /** Positive, as in <errno.h>. */
  readonly errno: number;
  readonly syscall: string;
  /** The namespace it was asked in: its name, or a description of an anonymous one. */
  readonly netns: string | undefined;
  /** The kernel's own words, from the extended ack; undefined when it gave none. */
  readonly kernelMessage: string | undefined;
  /** The attribute that the kernel objected to: `peer.name`, `elements[3].key`. */
  readonly attribute: string | undefined;
  /** The caller's own object. */
  readonly request: unknown;
  /** Of a transaction: which of the caller's commands it was, from 0. */
  readonly index: number | undefined;

  constructor(details: NetlinkErrorDetails) {
    const [code, text] = addon.tables.errors[details.errno] ?? [`E${details.errno}`, `error ${details.errno}`];
    const what = details.subject ? `${details.syscall} ${details.subject}` : details.syscall;
    const where = details.netns ? ` (in ${details.netns})` : '';
    const attribute = details.attribute ? ` [${details.attribute}]` : '';
    super(`${what}: ${code}: ${details.kernelMessage || hint(code, details.syscall) || text}${attribute}${where}`);
    this.code = code;
    this.errno = details.errno;
    this.syscall = details.syscall;
    this.netns = details.netns;
    this.kernelMessage = details.kernelMessage || undefined;
    this.attribute = details.attribute || undefined;
    this.request = details.request;
    this.index = details.index;
  }
}

/** Where the C library's text would leave a user guessing. */
function hint(code: string, syscall: string): string | undefined {
  if (code === 'EPERM' && syscall.startsWith('unshare')) {
    return 'Operation not permitted: making a network namespace needs CAP_SYS_ADMIN (run as root, or in `unshare -Urnm`)';
  }
  if (code === 'EPERM' && /^(RTM|NFT|NFNL|IPCTNL)_/.test(syscall)) {
    return "Operation not permitted: this needs CAP_NET_ADMIN in the namespace's user namespace";
  }
  if (code === 'EEXIST' && syscall === 'open') return 'the name is taken';
  if (code === 'EINVAL' && syscall.startsWith('ioctl(NS_GET_NSTYPE)')) return 'not a network namespace';
  return undefined;
}

export function fromNative(error: unknown, subject?: string, netns?: string, request?: unknown): unknown {
  const native = error as NativeError;
  if (typeof native?.errno !== 'number' || typeof native.syscall !== 'string') return error;
  const { errno, syscall, path } = native;
  return new NetlinkError({ errno, syscall, subject: subject ?? path, netns, request });
}

/** For `catch`, where one error is no failure but an answer: `reading.catch(insteadOf('ENODEV', undefined))`. */
export function insteadOf<T>(code: string, answer: T): (error: unknown) => T {
  return (error) => {
    if ((error as { readonly code?: unknown } | undefined)?.code === code) return answer;
    throw error;
  };
}

/** Of a handle that was opened, where one is needed that `apply` has returned. */
export function noDescription(what: string): Error {
  return Object.assign(new Error(`${what}: what it should be is not known; watch the handle that apply returns`), {
    code: 'ERR_NO_DESCRIPTION',
  });
}

export interface BatchFailure {
  /** Of the caller's own array. */
  readonly index: number;
  readonly error: Error;
}

/** Part of an array failed. What is not in `failures` was done, unless `rolledBack`. */
export class BatchError extends Error {
  override readonly name: string = 'BatchError';
  /** Of the first failure. */
  readonly code: string;
  readonly failures: readonly BatchFailure[];
  /** What succeeded has been undone. */
  readonly rolledBack: boolean;

  constructor(failures: readonly BatchFailure[], total: number, rolledBack: boolean = false) {
    const first = failures[0];
    const undone = rolledBack ? '; the others were undone' : '';
    super(
      `${failures.length} of ${total} failed${undone}; the first, at index ${first?.index}: ${first?.error.message}`,
      {
        cause: first?.error,
      },
    );
    this.code = (first?.error as NetlinkError | undefined)?.code ?? 'ERR_BATCH';
    this.failures = failures;
    this.rolledBack = rolledBack;
  }
}

export function invalidType(path: string, wanted: string, value: unknown): TypeError {
  const got = value === null ? 'null' : typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`;
  return Object.assign(new TypeError(`${path}: must be ${wanted}, not ${got}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

export function invalidValue(path: string, reason: string, value: unknown): TypeError {
  return Object.assign(new TypeError(`${path}: ${JSON.stringify(value)} ${reason}`), { code: 'ERR_INVALID_ARG_VALUE' });
}

export function outOfRange(path: string, wanted: string, value: unknown): RangeError {
  return Object.assign(new RangeError(`${path}: must be ${wanted}, not ${String(value)}`), {
    code: 'ERR_OUT_OF_RANGE',
  });
}

export function checkArray<T>(value: readonly T[], path: string): readonly T[] {
  if (!Array.isArray(value)) throw invalidType(path, 'an array', value);
  return value;
}

export function checkBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw invalidType(path, 'a boolean', value);
  return value;
}

/** Refuses what a spec must not hold, so that a misspelt key is not silently ignored. */
export function checkKeys(spec: object, known: ReadonlySet<string>, path: string): void {
  if (typeof spec !== 'object' || spec === null) throw invalidType(path, 'an object', spec);
  for (const key in spec) {
    if (!known.has(key)) {
      throw Object.assign(new TypeError(`${path}.${key}: unknown key (known: ${[...known].join(', ')})`), {
        code: 'ERR_INVALID_ARG_VALUE',
      });
    }
  }
}

/** `key` is joined to the path where there is an error to tell: a hot path makes no string of it. */
export function checkInteger(value: unknown, path: string, min: number, max: number, key?: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  const where = key === undefined ? path : `${path}.${key}`;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalidType(where, 'an integer', value);
  throw outOfRange(where, `${min} to ${max}`, value);
}

/** A device name: 1 to 15 bytes, no '/', no white space, not '.' or '..' (dev_valid_name in net/core/dev.c). */
export function checkDeviceName(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidType(path, 'a device name', value);
  // A code unit is at most three bytes.
  if (value.length > 5 && Buffer.byteLength(value) > 15) {
    throw Object.assign(new RangeError(`${path}: "${value}" is longer than a device name can be (15 bytes)`), {
      code: 'ERR_OUT_OF_RANGE',
    });
  }
  if (value === '' || value === '.' || value === '..' || /[/:\s\0]/.test(value)) {
    throw invalidValue(path, "is not a device name (not empty, no '/', ':' or white space)", value);
  }
  return value;
}

/** IFLA_IFALIAS: at most 255 bytes. */
export function checkAlias(value: unknown, path: string): string {
  if (typeof value === 'string' && Buffer.byteLength(value) <= 255 && !value.includes('\0')) return value;
  throw invalidType(path, 'a string of at most 255 bytes', value);
}

/** What becomes a file's name: not empty, '.' or '..', no '/' and no NUL, 255 bytes at most. `what` it is, for the error. */
export function checkFileName(name: unknown, path: string, what: string): asserts name is string {
  if (typeof name !== 'string') throw invalidType(path, what, name);
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw invalidValue(path, `is not ${what} (not empty, '.' or '..'; no '/' and no NUL)`, name);
  }
  if (Buffer.byteLength(name) > 255) {
    throw Object.assign(
      new RangeError(`${path}: "${name.slice(0, 20)}..." is longer than a file's name can be (255 bytes)`),
      { code: 'ERR_OUT_OF_RANGE' },
    );
  }
}

export function invalidAddressFamily(path: string, value: unknown, other: unknown): TypeError {
  return invalidValue(path, `is not of the same family as ${String(other)}`, value);
}
