/** Programs of the machine. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of a program, looked for where root's PATH would look too. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What it prints; undefined when it is not there or fails. */
export function probe(command: string, ...args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 20_000 }, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
}

/** Runs a builder. Rejects with the first line of what it complains of. */
export function build(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...options, timeout: 300_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
      const line = lines.find((text) => /error|cannot/i.test(text)) ?? lines[0] ?? error.message;
      reject(new Error(`it cannot be built: ${line.trim()}`));
    });
  });
}
