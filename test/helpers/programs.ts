/** Programs of the tests' own, in processes of their own, which use the library as it is built. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a program or a worker imports. The suite's set-up has built it. */
export const library: string = new URL('../../dist/index.js', import.meta.url).href;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module, `command` in front of it: ['strace', '-o', 'file'], ['unshare', '-Urn']. */
export async function runProgram(source: string, ...command: string[]): Promise<Ended> {
  const module = `import { BatchError, NetlinkError, Netns } from ${JSON.stringify(library)};\n${source}`;
  // A sanitizer's run-time library is for Node, not for what starts it.
  const { LD_PRELOAD: preload, ...env } = process.env;
  const preloaded = preload && command.length > 0 ? ['env', `LD_PRELOAD=${preload}`] : [];
  const [file, ...args] = [...command, ...preloaded, process.execPath, '--input-type=module', '-e', module];
  const child = spawn(file as string, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: command.length > 0 ? env : process.env,
  });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** The same of one that must end well: what it prints as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: whatever it prints; the assertions say what that is.
export async function resultOf(source: string, ...command: string[]): Promise<any> {
  const { code, signal, stdout, stderr } = await runProgram(source, ...command);
  if (code !== 0) throw new Error(`the program ended with ${code ?? signal}: ${stderr}\n${stdout}`);
  return JSON.parse(stdout);
}

/**
 * In front of a program: a user without privileges in the machine's own namespaces, with a network and a /run of its own. The kernel does not
 * let it force a socket's buffers (SO_SNDBUFFORCE).
 */
export const ordinaryUser: readonly string[] = [
  ...['unshare', '--user', '--map-root-user', '--net', '--mount', '--propagation', 'private', '--'],
  ...['sh', '-c', 'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"', 'sh'],
];
