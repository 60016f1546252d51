/** The native module: this file alone knows its shape and where it lies. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type FieldType =
  | 'flag'
  | 'u8'
  | 'u16'
  | 'u32'
  | 's32'
  | 'u64'
  | 'device'
  | 'string'
  | 'bytes'
  | 'nest'
  | 'list'
  | 'strings'
  | 'union';

/** How an operation behaves: `Kind` in native/netlink/operation.h. */
export type OperationKind = 'change' | 'get' | 'dump' | 'dumprows' | 'begin' | 'end' | 'columns' | 'rows' | 'getrows';

export interface FieldDescription {
  readonly name: string;
  readonly type: FieldType;
  readonly schema?: number;
  readonly names?: string;
  readonly variants?: readonly { readonly name: string; readonly schema: number }[];
}

export interface Tables {
  readonly operations: readonly {
    readonly name: string;
    readonly message: string;
    readonly protocol: number;
    readonly kind: OperationKind;
    /** Indexes into `schemas`; -1 for none. */
    readonly schema: number;
    readonly reply: number;
  }[];
  readonly schemas: readonly { readonly name: string; readonly fields: readonly FieldDescription[] }[];
  /** What may come from a multicast group, as events name it by its index. */
  readonly events: readonly { readonly name: string; readonly schema: number }[];
  /** Numbers of the multicast groups that a word stands for. */
  readonly groups: Readonly<Record<string, { readonly protocol: number; readonly numbers: readonly number[] }>>;
  readonly names: Readonly<Record<string, { readonly flags: boolean; readonly entries: readonly [string, number][] }>>;
  /** By errno: the code and the C library's text. */
  readonly errors: Readonly<Record<number, readonly [code: string, text: string]>>;
}

/** What has been sent, in numbers that grow. */
export interface Traffic {
  /** Calls of sendmsg(2). */
  readonly datagrams: number;
  /** Messages that ask: gets, and dumps. */
  readonly reads: number;
  /** All other messages, those that open and close an nftables transaction too. */
  readonly changes: number;
}

/** Dispatch as `submit` takes it. */
export const dispatchModes = { adaptive: 0, worker: 1, inline: 2 } as const;

export interface NativeChannel {
  /**
   * Results (null: all succeeded) when carried out at once; undefined when `done` will be called with them. Until then the first
   * `length` bytes must not change, and nothing more be submitted.
   */
  submit(
    requests: Uint8Array,
    length: number,
    dispatch: number,
    done: (results: Uint8Array | null) => void,
  ): Uint8Array | null | undefined;
  close(): void;
}

export interface NativeMonitor {
  /** Called with events (native/netlink/event.h), or with the errno that ended it. */
  onEvents?: (events: Uint8Array | null, errno: number) => void;
  /** Why the event loop cannot wait for it, if it cannot. */
  readonly errno?: number;
  /** From here on `onEvents` is called. */
  resume(): void;
  pause(): void;
  /** From here on the process does not end by itself, and this object is not collected. */
  hold(): void;
  release(): void;
  close(): void;
}

export interface NativeNamespace {
  /** -1 once closed. */
  readonly fd: number;
  close(): void;
  sysctl(entries: [path: string, value: string | null][]): Promise<string[]>;
  socket(kind: string, address: Uint8Array | null, port: number, reuseAddress: boolean): Promise<number>;
  /** The socket that it leaves by is kept until the last. */
  announce(rows: Uint8Array, last: boolean): Promise<void>;
  /** A device that stays. */
  createTun(
    name: string,
    tap: boolean,
    pi: boolean,
    vnetHdr: boolean,
    multiQueue: boolean,
    owner: number | null,
    ownerGroup: number | null,
  ): Promise<void>;
  /** Of a device, once the features whose names match the patterns (fnmatch(3)) have been turned on or off. */
  features(
    device: string | number,
    changes: [pattern: string, on: boolean][],
  ): Promise<[name: string, active: boolean, requested: boolean, fixed: boolean][]>;
  channel(protocol: number): Promise<NativeChannel>;
  /** A receive buffer of so many bytes; 0 for the default. */
  monitor(protocol: number, groups: readonly number[], receiveBuffer: number): Promise<NativeMonitor>;
}

/** Holds a lock, until it is released or its environment ends. */
export interface NativeLock {
  release(): void;
}

/** What a failed system call rejects with. */
export interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

export interface Addon {
  readonly tables: Tables;
  /** By all channels of this environment. */
  traffic(): Traffic;
  /** Without a name: anonymous. */
  createNamespace(
    name: string | null,
    sysctls: [path: string, value: string][],
    protocols: number[],
    alias: string | null,
  ): Promise<{ namespace: NativeNamespace; channels: NativeChannel[] }>;
  deleteNamespace(name: string): Promise<void>;
  openNamespace(path: string): NativeNamespace;
  /** Null where somebody else has it. */
  tryLock(path: string): NativeLock | null;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function libc(): 'glibc' | 'musl' {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime ? 'glibc' : 'musl';
}

function find(): { module: string; exec: string } {
  const { NETLOOM_ADDON: chosen } = process.env;
  if (chosen) return { module: chosen, exec: join(dirname(chosen), 'netloom-exec') };
  const built = join(root, 'build', 'Release');
  if (existsSync(join(built, 'netloom.node'))) {
    return { module: join(built, 'netloom.node'), exec: join(built, 'netloom-exec') };
  }
  const prebuilt = join(root, 'prebuilds', `linux-${process.arch}`);
  const module = join(prebuilt, `netloom.${libc()}.node`);
  if (existsSync(module)) return { module, exec: join(prebuilt, 'netloom-exec') };
  throw Object.assign(
    new Error(
      `netloom has no native module for linux-${process.arch} (${libc()}); ` +
        'build it with `npx netloom build-native` (needs g++, make, python3, pkg-config and libnl-3-dev)',
    ),
    { code: 'ERR_NETLOOM_NO_ADDON' },
  );
}

function load(): { addon: Addon; execPath: string } {
  if (process.platform !== 'linux') {
    throw Object.assign(
      new Error(`netloom works on Linux only: it speaks netlink to the Linux kernel (this is ${process.platform})`),
      { code: 'ERR_NETLOOM_PLATFORM' },
    );
  }
  const { module, exec } = find();
  try {
    return { addon: createRequire(import.meta.url)(module) as Addon, execPath: exec };
  } catch (error) {
    const missing = /(lib[\w.+-]+\.so[\w.]*): cannot open shared object/.exec(String(error))?.[1];
    if (!missing) throw error;
    const advice = missing.startsWith('libnl-3') ? '; install the package libnl-3-200 (Debian) or libnl3' : '';
    throw Object.assign(new Error(`netloom's native module needs ${missing}${advice}`, { cause: error }), {
      code: 'ERR_DLOPEN_FAILED',
    });
  }
}

const loaded = load();

export const addon: Addon = loaded.addon;
/** The program that enters a namespace and becomes another (native/netns/exec.c). */
export const execPath: string = loaded.execPath;
