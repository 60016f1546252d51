/** Namespaces for tests: uniquely named, removed afterwards, and looked at with the machine's own programs. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { afterAll, afterEach } from 'vitest';
import { Netns, type NetnsOptions } from '../../src/index.js';

const perTest: (() => Promise<unknown>)[] = [];
const perFile: (() => Promise<unknown>)[] = [];

async function runAll(cleanups: (() => Promise<unknown>)[]): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

afterEach(() => runAll(perTest));
afterAll(() => runAll(perFile));

export function uniqueName(): string {
  return `nlt-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** How long something of a test's is there. */
export type Lifetime = 'test' | 'file';

/** Runs when the current test ends, or the file, the last one given first. */
export function cleanUp(cleanup: () => Promise<unknown>, lifetime: Lifetime = 'test'): void {
  (lifetime === 'test' ? perTest : perFile).push(cleanup);
}

/** A handle that has a name. */
export type NamedNetns = Netns & { readonly name: string };

/** A named namespace, its loopback device down; gone with the test, or with the file if `lifetime` says so. */
export async function namespace(options: NetnsOptions = {}, lifetime: Lifetime = 'test'): Promise<NamedNetns> {
  const netns = (await Netns.create(uniqueName(), options)) as NamedNetns;
  cleanUp(async () => {
    await netns.close();
    await Netns.delete(netns.name).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }, lifetime);
  return netns;
}

/** A host: a namespace with bridges, which are up. */
export async function hostWith(...bridges: readonly string[]): Promise<NamedNetns> {
  const netns = await namespace();
  await netns.links.add(bridges.map((name) => ({ kind: 'bridge', name, up: true }) as const));
  return netns;
}

/** A namespace with veth0, which is up; the other end, veth1, is up in it as well unless `peer` is given. */
export async function namespaceWithVeth(peer?: Netns): Promise<NamedNetns> {
  const netns = await namespace();
  await netns.links.add({
    kind: 'veth',
    name: 'veth0',
    up: true,
    peer: { name: 'veth1', up: true, ...(peer ? { netns: peer } : {}) },
  });
  return netns;
}

/** Whether this user may make TUN and TAP devices: on some machines root alone may, outside any user namespace. */
export function mayOpenTun(): boolean {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return true;
  } catch {
    return false;
  }
}

/** What a program prints. */
export function run(command: string, ...args: string[]): string {
  // A sanitizer's run-time library is for this process, not for the oracles.
  const { LD_PRELOAD: _, ...env } = process.env;
  return execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

/** The same inside a namespace, which need not have a name. */
export function runIn(netns: Netns, command: string, ...args: string[]): string {
  return run('nsenter', `--net=/proc/${process.pid}/fd/${netns.fd}`, command, ...args);
}

/** An object of `ip -j`. */
// biome-ignore lint/suspicious/noExplicitAny: whatever ip prints; the assertions say what that is.
export type IpObject = Record<string, any>;

/** `ip -n NAME -j ...`: the oracle. */
export function ipJson(name: string, ...args: string[]): IpObject[] {
  const text = run('ip', '-n', name, '-j', ...args);
  return text.trim() === '' ? [] : (JSON.parse(text) as IpObject[]);
}

/** `ip -n NAME ...`, for arranging. */
export function ip(name: string, ...args: string[]): string {
  return run('ip', '-n', name, ...args);
}

/** What a promise rejects with, of the class that is expected. */
export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => E,
): Promise<E> {
  const error = await promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  );
  if (error instanceof type) return error;
  throw error;
}
