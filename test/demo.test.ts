import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Netns } from '../src/index.js';

const command = fileURLToPath(new URL('../bin/netloom.js', import.meta.url));
const demo = (...options: string[]): string[] => [
  command,
  'demo',
  '--json',
  '--no-compare',
  '--count',
  '500',
  ...options,
];

/** Namespaces of a demo with this process id. */
async function leftBy(pid: number | undefined): Promise<string[]> {
  return (await Netns.list()).filter((name) => name.includes(String(pid)) && /demo-|qrouter-6e657400/.test(name));
}

// The suite's set-up has built it.
describe('netloom demo', () => {
  test('passes every step, starts no other program, and leaves nothing', async () => {
    expect(existsSync(command)).toBe(true);
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    try {
      const trace = join(folder, 'trace');
      const before = await Netns.list();
      const output = execFileSync('strace', ['-f', '-e', 'trace=execve', '-o', trace, process.execPath, ...demo()], {
        encoding: 'utf8',
      });
      const result = JSON.parse(output) as {
        steps: { label: string; state: string }[];
        results: Record<string, unknown>;
      };
      expect(result.steps.filter(({ state }) => state !== 'done')).toEqual([]);
      expect(result.steps.length).toBeGreaterThan(15);
      expect(result.results).toHaveProperty('churn');
      const started = readFileSync(trace, 'utf8').match(/execve\("[^"]*"/g);
      expect(started).toEqual([`execve("${process.execPath}"`]);
      expect((await Netns.list()).filter((name) => !before.includes(name) && /netloom-demo/.test(name))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('removes what it made when it is interrupted', async () => {
    const child = spawn(process.execPath, demo('--count', '20000'), { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while ((await leftBy(child.pid)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await leftBy(child.pid)).toEqual([]);
  });

  test('removes what a killed one left', async () => {
    const child = spawn(process.execPath, demo(), { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while ((await leftBy(child.pid)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await ended;
    expect(await leftBy(child.pid)).not.toEqual([]);
    execFileSync(process.execPath, demo());
    expect(await leftBy(child.pid)).toEqual([]);
  });

  test('refuses what it does not know in one line', async () => {
    const refused = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [command, 'demo', '--frobnicate'], (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--frobnicate/);
  });
});
