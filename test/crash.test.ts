/**
 * A process that is killed at any instant of `Node.apply`, many times over: the next apply makes the node what its description says.
 * NETLOOM_CRASHES is how often (default 15), NETLOOM_FLOATING_IPS how many there are in all (default 200), NETLOOM_SEED the course.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Netns, Node, type NodeSpec, Router } from '../src/index.js';
import { snapshot } from './helpers/crash/snapshot.js';
import { ChangingNode, type Random, randomOf } from './helpers/crash/specs.js';
import { cleanUp, hostWith, ipJson, uniqueName } from './helpers/namespaces.js';
import { library } from './helpers/programs.js';

const crashes = Number(process.env['NETLOOM_CRASHES'] ?? 15);
const floatingIps = Number(process.env['NETLOOM_FLOATING_IPS'] ?? 200);
const seed = Number(process.env['NETLOOM_SEED'] ?? process.pid);

const program = `
  import { readFileSync } from 'node:fs';
  import { Netns, Node } from ${JSON.stringify(library)};
  const { host, spec } = JSON.parse(readFileSync(process.argv[1], 'utf8'));
  const options = { host: await Netns.open(host), announce: false };
  console.log('begin');
  const report = await Node.apply(spec, options);
  console.log(report.ok ? 'done' : String(report));
`;

/** Applies in a process that is killed after `delay` ms; true when it had not ended by then. */
async function applyAndKill(file: string, delay: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  await pause(delay);
  child.kill('SIGKILL');
  await ended;
  if (said.includes('failed')) throw new Error(said);
  return !said.includes('done');
}

/** What a machine that never crashed has of the same description. */
async function reference(spec: NodeSpec, name: string): Promise<ReadonlyMap<string, unknown>> {
  const elsewhere = await hostWith('br-ex');
  const renamed = {
    ...spec,
    name,
    routers: (spec.routers ?? []).map((router) => ({ ...router, id: `${router.id}-ref` })),
  };
  const report = await Node.apply(renamed, { host: elsewhere, announce: false });
  expect(report.ok, String(report)).toBe(true);
  const shots = new Map((spec.routers ?? []).map(({ id }) => [id, snapshot(`qrouter-${id}-ref`)]));
  await Node.apply({ name }, { host: elsewhere, announce: false });
  return shots;
}

/** Floating IPs as the description has them, in the words of `nft -j`. */
function pairsOf(spec: NodeSpec, id: string): string[] {
  const { floatingIps = [] } = spec.routers?.find((router) => router.id === id) ?? {};
  if (!Array.isArray(floatingIps)) throw new Error('packed');
  return floatingIps.map((pair) => JSON.stringify([pair.floatingAddress, pair.fixedAddress])).sort();
}

test(
  `kill -9 in the middle of apply, ${crashes} times, with ${floatingIps} floating IPs (seed ${seed})`,
  async () => {
    const random: Random = randomOf(seed);
    const name = uniqueName();
    const node = new ChangingNode(name, random, floatingIps);
    const netns = await hostWith('br-ex');
    const bystander = await Router.apply(
      {
        id: `${name}-bystander`,
        interfaces: [{ id: `b${name.slice(-9)}`, bridge: 'br-ex', addresses: ['10.9.0.1/24'] }],
      },
      { host: netns, announce: false },
    );
    cleanUp(() => bystander.delete());
    cleanUp(() => Node.apply({ name }, { host: netns, announce: false }));
    const folder = mkdtempSync(join(tmpdir(), 'netloom-crash-'));
    cleanUp(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'spec.json');
    const untouched = snapshot(`qrouter-${name}-bystander`, true);
    let interrupted = 0;
    let longest = 100;
    for (let crash = 0; crash < crashes; crash++) {
      node.change();
      const { spec } = node;
      writeFileSync(file, JSON.stringify({ host: netns.name, spec }));
      if (await applyAndKill(file, random(longest))) interrupted++;
      const start = Date.now();
      // The process that repairs has another description still, now and then: what the killed one began is not wanted any more.
      if (random(3) === 0) node.change();
      const wanted = node.spec;
      const report = await Node.apply(wanted, { host: netns, announce: false });
      longest = Math.max(20, Math.min(longest, 2 * (Date.now() - start)));
      expect(report.ok, String(report)).toBe(true);
      const expected = await reference(wanted, `${name}-ref`);
      for (const [id, shot] of expected) {
        const found = snapshot(`qrouter-${id}`);
        expect(found, `router ${id} after crash ${crash}`).toEqual(shot);
        const ruleset = (found.ruleset as string[]).map(
          (text) => JSON.parse(text) as { name?: string; elem?: string[] },
        );
        expect(ruleset.find((object) => object.name === 'fip_dnat')?.elem ?? []).toEqual(pairsOf(wanted, id));
      }
      const ours = (await Netns.list()).filter((one) => one.startsWith(`qrouter-${name}`));
      expect(ours.sort()).toEqual([...expected.keys(), `${name}-bystander`].map((id) => `qrouter-${id}`).sort());
      const taps = (wanted.routers ?? []).flatMap(({ interfaces = [], gateway }) => [
        ...interfaces,
        ...(gateway ? [gateway] : []),
      ]);
      const bridges = (wanted.networks ?? []).map(({ id, bridge }) => bridge ?? `brq${id.slice(0, 11)}`);
      expect(
        ipJson(netns.name, 'link')
          .map(({ ifname }) => ifname as string)
          .sort(),
      ).toEqual(['lo', `tapb${name.slice(-9)}`, ...bridges, ...taps.map(({ id }) => `tap${id.slice(0, 11)}`)].sort());
      // Another test's namespace, at the moment that it has a name alone, is told as a leftover: which it is not to be called here.
      const plan = await Node.plan(wanted, { host: netns });
      const own = plan.units.filter(({ kind, id }) => kind !== 'router' || id.startsWith(name));
      expect(own.flatMap(({ changes }) => changes)).toEqual([]);
      expect(snapshot(`qrouter-${name}-bystander`, true)).toEqual(untouched);
    }
    // A test whose kills all came too late would show nothing.
    expect(interrupted).toBeGreaterThan(crashes / 4);
  },
  60_000 + crashes * 10_000,
);
