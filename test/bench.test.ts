import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { drawChart } from '../src/cli/bench/chart.js';
import type { ContenderName } from '../src/cli/bench/contenders.js';
import { buildFloor } from '../src/cli/bench/drivers/build.js';
import { parseAnswer } from '../src/cli/bench/drivers/protocol.js';
import type { Machine } from '../src/cli/bench/machine.js';
import { parseBench } from '../src/cli/bench/options.js';
import { type Case, makePlan, type Selection } from '../src/cli/bench/plan.js';
import { describeVerdict, judge, type Result, ratio } from '../src/cli/bench/ratios.js';
import { showScenario } from '../src/cli/bench/report.js';
import { Runner, type RunnerOptions } from '../src/cli/bench/runner.js';
import { type Scenario, scenarios } from '../src/cli/bench/scenarios.js';
import { spread, summarise } from '../src/cli/bench/statistics.js';
import { type Target, targets } from '../src/cli/bench/targets.js';
import { firewallCommands, firewallLines, firewallObjects } from '../src/cli/bench/worker/firewall.js';
import { createOutput } from '../src/cli/terminal/index.js';
import { Netns } from '../src/index.js';
import { namespace } from './helpers/namespaces.js';
import { load, view } from './helpers/nft-oracle.js';

const command = fileURLToPath(new URL('../bin/netloom.js', import.meta.url));

const result = (contender: ContenderName, median: number, more: Partial<Result> = {}): Result => ({
  scenario: 'fip-associate-prefix',
  size: 10_000,
  contender,
  unit: 'us',
  median,
  min: median * 0.9,
  max: median * 1.2,
  runs: 3,
  samples: [median, median * 0.9, median * 1.2],
  ratioToFloor: median / 1.5,
  ...more,
});

describe('figures', () => {
  test.each([
    [[3], { median: 3, min: 3, max: 3, runs: 1 }],
    [[5, 1, 3], { median: 3, min: 1, max: 5, runs: 3 }],
    [[4, 1, 3, 100], { median: 3.5, min: 1, max: 100, runs: 4 }],
    [[10, 9, 100], { median: 10, min: 9, max: 100, runs: 3 }],
  ])('of %j', (samples, summary) => {
    expect(summarise(samples)).toEqual(summary);
  });

  test('need samples, and their spread a median', () => {
    expect(() => summarise([])).toThrow(RangeError);
    expect(spread({ median: 4, min: 3, max: 5, runs: 2 })).toBe(0.5);
    expect(spread({ median: 0, min: 0, max: 5, runs: 2 })).toBe(0);
  });

  test('are tables', () => {
    const written: string[] = [];
    const stream = { write: (chunk: string) => written.push(chunk) };
    const out = createOutput({ mode: 'plain', color: false, stdout: stream, stderr: stream });
    const scenario = scenarios.find(({ name }) => name === 'fip-associate-prefix') as Scenario;
    showScenario(out, scenario, [result('floor', 1.5), result('netloom-packed', 1.8), result('fork-ip-nft', 9640)]);
    const rows = written
      .join('')
      .split('\n')
      .filter((line) => line.includes('10,000'))
      .map((line) => line.trim().split(/ {2,}/));
    expect(rows).toEqual([
      ['10,000', 'floor', '1.50', '1.35', '1.80', '30 %', '–', '–'],
      ['10,000', 'netloom-packed', '1.80', '1.62', '2.16', '30 %', '1.20 x', '–'],
      ['10,000', 'fork-ip-nft', '9,640', '8,676', '11,568', '30 %', '6,427 x', '5,356 x'],
    ]);
  });
});

describe('a ratio', () => {
  test('is that of rounds which were measured in turn, so that a slow second does not count against one', () => {
    const one = result('netloom-packed', 2, { samples: [1.1, 2.2, 2.2] });
    const other = result('floor', 1, { samples: [1, 2, 1] });
    expect(ratio(one, other)).toBeCloseTo(1.1);
  });

  test('is that of the medians where the rounds are not the same', () => {
    const one = result('netloom-packed', 3);
    expect(ratio(one, result('floor', 2, { samples: [2] }))).toBe(1.5);
    expect(ratio(one, result('netloom-packed', 2, { size: 100 }))).toBe(1.5);
    expect(ratio(one, result('floor', 0, { samples: [0, 0, 0] }))).toBeUndefined();
  });
});

describe('targets', () => {
  const own = { scenario: 'fip-associate-prefix', size: 10_000, contender: 'netloom-packed' } as const;
  const against = (contender: ContenderName) => ({ ...own, contender });
  const atMost: Target = { about: 'a', own, rule: { kind: 'at most', times: 1.1, other: against('floor') } };
  const faster: Target = { about: 'b', own, rule: { kind: 'faster', times: 3000, other: against('fork-ip-nft') } };
  const grows: Target = { about: 'c', own, rule: { kind: 'at most', times: 1.1, other: { ...own, size: 100 } } };
  const limit: Target = { about: 'd', own, rule: { kind: 'limit', value: 5 } };
  const words = (target: Target, results: Result[]) => judge([target], results).map(describeVerdict)[0];

  test.each([
    ['met', atMost, [result('floor', 1.5), result('netloom-packed', 1.56)], 'target <= 1.10 x floor: 1.04 met'],
    ['missed', atMost, [result('floor', 1.5), result('netloom-packed', 3)], 'target <= 1.10 x floor: 2.00 missed'],
    [
      'met by a speed',
      faster,
      [result('fork-ip-nft', 6465), result('netloom-packed', 1.5)],
      'target >= 3,000 x faster than fork-ip-nft: 4,310 met',
    ],
    [
      'missed by a speed',
      faster,
      [result('fork-ip-nft', 600), result('netloom-packed', 2)],
      'target >= 3,000 x faster than fork-ip-nft: 300.0 missed',
    ],
    [
      'met by growth',
      grows,
      [result('netloom-packed', 2, { size: 100 }), result('netloom-packed', 2.1)],
      'target <= 1.10 x that of 100: 1.05 met',
    ],
    ['met by a value', limit, [result('netloom-packed', 4.5, { unit: 'ms' })], 'target <= 5 ms: 4.50 met'],
    ['missed by a value', limit, [result('netloom-packed', 12, { unit: 'ms' })], 'target <= 5 ms: 12.0 missed'],
    ['not measured without the other', atMost, [result('netloom-packed', 1)], 'target <= 1.10 x floor: not measured'],
    ['not taken from a batch', limit, [result('netloom-packed', 1, { batch: 10 })], 'target <= 5: not measured'],
  ] as const)('are %s', (_, target, results, expected) => {
    expect(words(target, [...results])).toBe(expected);
  });

  test('are all measured by the quick run', () => {
    const plan = makePlan({ quick: true, scenarios: [], contenders: [] });
    const measures = ({ scenario, size, contender }: Target['own']): boolean =>
      plan.some((one) => one.scenario.name === scenario && one.size === size && one.contenders.includes(contender));
    const cells = targets
      // What objects keep and hold up is left to the full run: it is the packed form that has the target.
      .filter(({ rule, own: { contender } }) => rule.kind !== 'limit' || contender === 'netloom-packed')
      .flatMap(({ own: cell, rule }) => (rule.kind === 'limit' ? [cell] : [cell, rule.other]));
    expect(cells.filter((cell) => !measures(cell))).toEqual([]);
  });
});

describe('a plan', () => {
  const plan = (more: Partial<Selection>) => makePlan({ quick: false, scenarios: [], contenders: [], ...more });
  const names = (cases: readonly Case[]) => [...new Set(cases.map(({ scenario }) => scenario.name))];

  test('takes names, and beginnings of names', () => {
    expect(names(plan({ scenarios: ['route-add'] }))).toEqual(['route-add']);
    expect(names(plan({ scenarios: ['route-add*'] }))).toEqual([
      'route-add',
      'route-add-sequential',
      'route-add-concurrent',
    ]);
    expect(names(plan({ scenarios: ['dump', 'memory'] }))).toEqual([
      'dump-routes',
      'dump-elements',
      'dump-neighbours',
      'memory',
    ]);
    expect(plan({ contenders: ['netloom'] }).flatMap(({ contenders }) => contenders)).not.toContain('floor');
  });

  test('takes a size and a number of runs, and leaves out who would take too long', () => {
    const [only, ...others] = plan({ scenarios: ['fip-associate-prefix'], size: 50_000, runs: 2 });
    expect(others).toEqual([]);
    expect(only).toMatchObject({ size: 50_000, runs: 2 });
    expect(only?.contenders).toContain('ip-batch+nft');
    expect(only?.contenders).not.toContain('ip-batch+iptables-restore');
  });

  test.each([
    [['--scenario', 'frobnicate'], /no scenario 'frobnicate'.*fip-associate-prefix.*memory/],
    [['--contender', 'floor,frobnicate'], /no contender 'frobnicate'.*floor.*neutron/],
    [['--scenario', 'memory', '--contender', 'go'], /none of these contenders/],
    [['--size', '0'], /--size takes 1 to 100000, not '0'/],
    [['--runs', 'many'], /--runs takes 1 to 1000, not 'many'/],
  ])('refuses %j', (args, message) => {
    expect(() => parseBench(args)).toThrow(message);
  });
});

describe('a driver', () => {
  test.each([
    ['{"ns":1500,"operations":3}', { kind: 'time', ns: 1500, operations: 3 }],
    [
      '{"ns":1,"operations":1,"sent":{"datagrams":1,"reads":2,"changes":3}}',
      { kind: 'time', ns: 1, operations: 1, sent: { datagrams: 1, reads: 2, changes: 3 } },
    ],
    ['{"ns":1,"operations":1,"sent":{"datagrams":1}}', { kind: 'time', ns: 1, operations: 1 }],
    ['{"value":0.5,"unit":"ms","longest":3}', { kind: 'value', value: 0.5, unit: 'ms' }],
    ['{"skip":"no"}', { kind: 'skip', reason: 'no' }],
    ['{"error":"EPERM"}', { kind: 'error', message: 'EPERM' }],
  ])('may answer %s', (line, answer) => {
    expect(parseAnswer(line)).toEqual(answer);
  });

  test.each([
    '',
    'null',
    '[]',
    '{}',
    '{"ns":1}',
    '{"ns":1,"operations":0}',
    '{"ns":"1","operations":1}',
    'Segmentation',
  ])('may not answer %j', (line) => {
    expect(() => parseAnswer(line)).toThrow(`it answered ${JSON.stringify(line)}`);
  });

  const scenario: Scenario = {
    name: 'made-up',
    what: 'nothing',
    unit: 'us',
    sizes: { full: [10], quick: [10] },
    contenders: [],
    runs: { full: 2, quick: 2 },
    warmUp: 0,
  };

  /** A program that answers each line by an expression of `line`, and `n`, which counts them. */
  const driver = (answer: string, timesOut = false): { code: string; timesOut: boolean } => ({
    code: `let n = 0; require('readline').createInterface({ input: process.stdin }).on('line', (line) => { n++; const answer = ${answer}; if (answer !== undefined) console.log(answer); })`,
    timesOut,
  });
  const good = driver('JSON.stringify({ ns: 1000 * JSON.parse(line).size * n, operations: JSON.parse(line).size })');

  async function measure(
    drivers: Partial<Record<ContenderName, { code: string } | Error>>,
    more: Partial<RunnerOptions> = {},
    one: Partial<Case> = {},
  ): Promise<{ results: Result[]; runner: Runner }> {
    const contenders = Object.keys(drivers) as ContenderName[];
    const runner = new Runner({
      contender: (name) => ({
        name,
        what: name,
        prepare: async () => {
          const given = drivers[name];
          if (given instanceof Error) throw given;
          return { command: process.execPath, args: ['-e', given?.code ?? ''] };
        },
      }),
      timeout: 20_000,
      settle: async () => {},
      signal: new AbortController().signal,
      ...more,
    });
    try {
      const results = await runner.measure({ scenario, size: 10, batch: undefined, contenders, runs: 3, ...one });
      return { results, runner };
    } finally {
      await runner.close();
    }
  }

  test('that answers is measured, in proportion to the floor', async () => {
    const half = driver('JSON.stringify({ ns: 500 * n, operations: 1 })');
    const { results, runner } = await measure({ floor: half, go: good });
    expect(results).toMatchObject([
      { contender: 'floor', median: 1, min: 0.5, max: 1.5, runs: 3, ratioToFloor: 1, unit: 'us', size: 10 },
      { contender: 'go', median: 2, min: 1, max: 3, ratioToFloor: 2 },
    ]);
    expect(runner.failed).toEqual([]);
  });

  test.each([
    ['crashes', driver('process.abort()'), /^it ended with SIGABRT/],
    ['ends, and says why', driver('(console.error("no\\nmemory"), process.exit(3))'), /exit code 3: memory$/],
    ['answers rubbish', driver('"a stack trace"'), /^it answered "a stack trace"/],
    ['answers in another unit', driver(`'{"value":1,"unit":"bytes"}'`), /^it answered in 'bytes'/],
    ['fails', driver(`'{"error":"EPERM: no"}'`), /^EPERM: no$/],
    ['is not there', { code: 'syntax error' }, /^it ended with exit code 1/],
  ])('that %s is named, and the others go on', async (_, broken, reason) => {
    const { results, runner } = await measure({ 'netloom-packed': broken, go: good });
    expect(results.map(({ contender, runs }) => [contender, runs])).toEqual([['go', 3]]);
    expect(runner.failed).toEqual([
      { contender: 'netloom-packed', scenario: 'made-up', size: 10, reason: expect.stringMatching(reason) },
    ]);
  });

  test('that hangs is ended, and begun anew for what comes next', async () => {
    const hanging = driver('JSON.parse(line).size === 10 ? undefined : JSON.stringify({ ns: 7000, operations: 7 })');
    const contenders: ContenderName[] = ['pyroute2', 'go'];
    const { results, runner } = await measure({ pyroute2: hanging, go: good }, { timeout: 300 });
    expect(results.map(({ contender }) => contender)).toEqual(['go']);
    expect(runner.failed).toMatchObject([{ contender: 'pyroute2', reason: 'it did not answer within 0.3 s' }]);
    const next = await runner.measure({ scenario, size: 7, batch: undefined, contenders, runs: 1 });
    await runner.close();
    expect(next.find(({ contender }) => contender === 'pyroute2')).toMatchObject({ median: 1 });
  });

  test('that skips, or cannot be had, is named, and has not failed', async () => {
    const { results, runner } = await measure({
      neutron: new Error('python3-neutron not installed'),
      'npm-netlink': driver(`'{"skip":"it knows no elements"}'`),
      go: good,
    });
    expect(results.map(({ contender }) => contender)).toEqual(['go']);
    expect(runner.skipped).toEqual([
      { contender: 'neutron', reason: 'python3-neutron not installed' },
      { contender: 'npm-netlink', scenario: 'made-up', size: 10, reason: 'it knows no elements' },
    ]);
    expect(runner.failed).toEqual([]);
  });

  test('is warmed up, and asked for fewer where each takes long', async () => {
    // Answers with the sizes that it has been asked for.
    const memory = driver(
      '(globalThis.seen = (globalThis.seen ?? 0) * 100 + JSON.parse(line).size, JSON.stringify({ value: globalThis.seen, unit: "us" }))',
    );
    const few: Scenario = { ...scenario, warmUp: 5, asked: { neutron: 3 } };
    const { results } = await measure({ go: memory, neutron: memory }, {}, { scenario: few, runs: 1 });
    expect(results).toMatchObject([
      { contender: 'go', median: 510, size: 10 },
      { contender: 'neutron', median: 303, size: 10 },
    ]);
  });

  test('is a new one for each run where the scenario says so', async () => {
    const counting = driver('JSON.stringify({ value: n, unit: "us" })');
    const fresh = { scenario: { ...scenario, fresh: true, warmUp: 10 } };
    const { results } = await measure({ go: counting }, {}, fresh);
    expect(results).toMatchObject([{ min: 1, max: 1, runs: 3 }]);
  });

  test('is stopped with the run', async () => {
    const stopping = new AbortController();
    const running = measure({ go: driver('undefined') }, { signal: stopping.signal });
    setTimeout(() => stopping.abort(new Error('stopped')), 200);
    await expect(running).rejects.toThrow('stopped');
  });
});

describe('a chart', () => {
  const machine: Machine = { cpu: 'A & B <1>', cores: 2, memory: 1, kernel: '6.1', node: 'v20', versions: {} };

  test('is XML, and says whose bar is which', () => {
    const svg = drawChart(
      [
        result('floor', 1.5),
        result('netloom-packed', 1.6),
        result('ip-batch+nft', 23),
        result('netloom-packed', 4, { scenario: 'fip-churn-prefix', batch: 10, ratioToFloor: null }),
        result('netloom-packed', 0, { scenario: 'memory', min: 0, max: 0, unit: 'bytes', ratioToFloor: null }),
      ],
      machine,
    );
    const parse =
      'import sys, xml.dom.minidom as m; print(len(m.parseString(sys.stdin.read()).getElementsByTagName("text")))';
    expect(Number(execFileSync('python3', ['-c', parse], { input: svg, encoding: 'utf8' }))).toBeGreaterThan(20);
    for (const words of [
      'A &amp; B &lt;1&gt;, 2 cores, Linux 6.1',
      '>fip-associate-prefix  10,000<',
      '>fip-churn-prefix  10,000, 10 at a time<',
      '>ip-batch+nft<',
      '>23.0  (15.3 x)<',
    ]) {
      expect(svg).toContain(words);
    }
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

// The suite's set-up has built it.
describe('netloom bench', () => {
  const bench = (...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [command, 'bench', ...args], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  test('prints one object, and a chart', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    try {
      const svg = join(folder, 'chart.svg');
      const { code, stdout, stderr } = await bench(
        ...['--scenario', 'route-add', '--size', '100', '--runs', '1', '--json', '--svg', svg],
        ...['--contender', 'floor,netloom-objects'],
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('route-add 100') });
      const printed = JSON.parse(stdout);
      expect(printed).toMatchObject({
        machine: { cores: expect.any(Number), kernel: expect.any(String), node: process.version },
        skipped: [],
        failed: [],
      });
      expect(printed.results).toEqual(
        ['floor', 'netloom-objects'].map((contender) => ({
          scenario: 'route-add',
          size: 100,
          contender,
          unit: 'us',
          median: expect.any(Number),
          min: expect.any(Number),
          max: expect.any(Number),
          runs: 1,
          samples: [expect.any(Number)],
          ratioToFloor: expect.any(Number),
        })),
      );
      expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*>netloom-objects<[\s\S]*<\/svg>\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['fip-associate,fip-disassociate'],
    ['fip-churn-prefix,fip-churn-address'],
    ['route-add,address-add,neighbour-add,element-add'],
    ['dump,netns-veth'],
    ['nft'],
  ])('finds the kernel as it should be after %s, however it was asked', { timeout: 120_000 }, async (name) => {
    const { stdout, stderr } = await bench(
      ...['--scenario', name, '--size', '64', '--runs', '1', '--quick', '--json'],
      ...['--contender', 'netloom,ip-batch+nft'],
    );
    expect(JSON.parse(stdout).failed, stderr).toEqual([]);
  });

  test('makes one large ruleset by whomever', { timeout: 120_000 }, async () => {
    // All ten kinds of rules, in two chains.
    const rules = 130;
    const [theirs, ours, floors] = [await namespace(), await namespace(), await namespace()];
    load(theirs, firewallLines(rules).join('\n'));
    await ours.nft.apply(firewallCommands(rules));
    execFileSync('nsenter', [`--net=/proc/${process.pid}/fd/${floors.fd}`, await buildFloor(), 'firewall', `${rules}`]);
    const expected = view(theirs);
    expect(expected.rules).toHaveLength(rules + 2);
    expect(await ours.nft.list()).toHaveLength(firewallObjects(rules));
    expect(view(ours)).toEqual(expected);
    expect(view(floors)).toEqual(expected);
  });

  test('counts the messages of a node, of which the same description again takes none that changes it', {
    timeout: 120_000,
  }, async () => {
    const { stdout, stderr } = await bench(
      ...['--scenario', 'node', '--size', '6', '--runs', '1', '--json', '--contender', 'floor,netloom'],
    );
    const { results, failed } = JSON.parse(stdout);
    expect(failed, stderr).toEqual([]);
    const changes = (scenario: string, contender: string): number =>
      results.find((one: Result) => one.scenario === scenario && one.contender === contender).sent.changes;
    const both = (scenario: string): number[] =>
      ['floor', 'netloom-objects'].map((contender) => changes(scenario, contender));
    // Three transactions of six messages (two rows go and two come), and two mtus of two ends.
    expect(both('node-change')).toEqual([3 * 6 + 2 * 2, 3 * 6 + 2 * 2]);
    expect(both('node-unchanged')).toEqual([0, 0]);
    const [floor = 0, own = 0] = both('node-apply');
    expect(own).toBeLessThan(1.1 * floor);
  });

  test.each([
    ['routers'],
    ['router-apply,router-list,router-plan'],
    ['event-loop-delay'],
    ['memory'],
    ['new-flow-latency'],
  ])('measures %s', { timeout: 120_000 }, async (name) => {
    const { stdout } = await bench(
      ...['--scenario', name, '--size', '20', '--runs', '1', '--quick', '--json', '--contender', 'netloom'],
    );
    const { results, failed } = JSON.parse(stdout);
    expect(failed).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });

  test('ends its drivers and removes their namespaces when it is stopped', { timeout: 60_000 }, async () => {
    const child = spawn(
      process.execPath,
      [command, 'bench', '--scenario', 'netns-veth', '--size', '1000', '--contender', 'netloom', '--plain'],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const drivers = (): string[] => {
      try {
        return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
      } catch {
        return [];
      }
    };
    const left = async (pids: readonly string[]): Promise<string[]> =>
      (await Netns.list()).filter((name) => pids.some((pid) => name.startsWith(`netloom-bench-${pid}-`)));
    let pids: string[] = [];
    while ((await left(pids)).length < 20) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      pids = drivers();
    }
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(await left(pids)).toEqual([]);
  });

  test('lists what there is', async () => {
    const { code, stdout } = await bench('--list', '--plain');
    expect(code).toBe(0);
    for (const name of ['fip-churn-prefix', 'new-flow-latency', 'ip-batch+iptables-restore', 'neutron']) {
      expect(stdout).toContain(name);
    }
  });

  test('refuses what it does not know in one line', async () => {
    for (const args of [
      ['--scenario', 'frobnicate'],
      ['--contender', 'frobnicate'],
      ['--frobnicate'],
      ['frobnicate'],
    ]) {
      const { code, stdout, stderr } = await bench(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^netloom: [^\n]*frobnicate[^\n]*\(see netloom --help\)\n$/);
    }
  });
});
