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
  const own = new RegExp(`^netloom-demo-${pid}-|^qrouter-6e6574..-.*-0*${pid}$`);
  return (await Netns.list()).filter((name) => own.test(name));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !(await condition()); tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

function refusal(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

// The suite's set-up has built it.
describe('netloom demo', () => {
  test('passes every step, starts no other program, and leaves nothing', async () => {
    expect(existsSync(command)).toBe(true);
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    try {
      const trace = join(folder, 'trace');
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
      const started = [...readFileSync(trace, 'utf8').matchAll(/^(\d+) +execve\("([^"]*)"/gm)];
      expect(started.map(([, , program]) => program)).toEqual([process.execPath]);
      expect(await leftBy(Number(started[0]?.[1]))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['SIGINT', 3],
    ['SIGINT', 8],
    ['SIGTERM', 9],
  ] as const)('removes what it made when %s comes three times, with %i namespaces made', async (signal, made) => {
    const child = spawn(process.execPath, demo('--count', '20000'), { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(async () => (await leftBy(child.pid)).length >= made);
    for (let times = 0; times < 3; times++) child.kill(signal);
    expect(await ended).toBe(130);
    expect(await leftBy(child.pid)).toEqual([]);
  });

  test('leaves it up when asked, and the next one removes it, as it does what a killed one left', async () => {
    const kept = spawn(process.execPath, demo('--keep'), { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    kept.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    expect(await new Promise((resolve) => kept.once('close', resolve))).toBe(0);
    expect(JSON.parse(output).results.kept[0]).toContain(`netloom-demo-${kept.pid}-outside`);
    expect(await leftBy(kept.pid)).toHaveLength(9);

    const killed = spawn(process.execPath, demo(), { stdio: 'ignore' });
    const ended = new Promise((resolve) => killed.once('exit', resolve));
    await until(async () => (await leftBy(killed.pid)).length >= 3);
    killed.kill('SIGKILL');
    await ended;
    expect(await leftBy(killed.pid)).not.toEqual([]);
    execFileSync(process.execPath, demo());
    expect(await leftBy(kept.pid)).toEqual([]);
    expect(await leftBy(killed.pid)).toEqual([]);
  });

  test.each(['address', 'route'])('churns with the %s binding', (binding) => {
    const { results } = JSON.parse(execFileSync(process.execPath, demo('--binding', binding), { encoding: 'utf8' }));
    expect(results.churn).toMatchObject({ binding, count: 500 });
  });

  test('refuses what it does not know in one line', async () => {
    for (const args of [
      ['demo', '--frobnicate'],
      ['frobnicate'],
      ['demo', '--count', 'many'],
      ['demo', '--binding', 'glue'],
      ['demo', '--count'],
    ]) {
      const { code, stdout, stderr } = await refusal(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^netloom: [^\n]+\(see netloom --help\)\n$/);
      expect(stderr).toContain(args.at(-1));
    }
    expect(await refusal('--help')).toMatchObject({ code: 0, stderr: '' });
    expect((await refusal('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
