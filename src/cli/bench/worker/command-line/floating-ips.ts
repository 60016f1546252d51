/** Floating IPs as `local` routes or addresses on a gateway port, with two maps or two rules for each. */
import type { Netns } from '../../../../index.js';
import { runStep, type Step } from '../../../programs.js';
import { floatingText, gatewayAddress, pairsAsObjects } from '../addresses.js';
import { capacityFor } from '../netloom/tables.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';
import type { CommandLine } from './index.js';
import { forked, ipBatch, nftFile, processes, runSteps } from './programs.js';

const device = 'qg-bench';

interface Change {
  readonly verb: 'add' | 'delete';
  readonly from: number;
  readonly count: number;
}

type Bound = 'route' | 'address';

/** Replacements of a run, by batch. */
const replacements: Readonly<Record<number, number>> = { 1: forked, 10: 300 };

export function floatingIpScenarios(name: CommandLine): Record<string, Scenario> {
  // The 'prefix' binding has no counterpart there: a command line would make routes.
  const bindings = { prefix: 'route', route: 'route', address: 'address' } as const;
  const forks = name.startsWith('fork');
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([binding, bound]): [string, Scenario][] => [
      [`fip-associate-${binding}`, (run) => measure(run, name, bound, forks ? forked : run.size, 'add')],
      [`fip-disassociate-${binding}`, (run) => measure(run, name, bound, forks ? forked : run.size, 'delete')],
      [`fip-churn-${binding}`, (run) => churn(run, name, bound)],
    ]),
  );
}

async function measure(
  run: Run,
  name: CommandLine,
  bound: Bound,
  count: number,
  verb: Change['verb'],
): Promise<Measured> {
  const netns = await prepare(run, count, name);
  if (verb === 'delete') await runSteps(netns, bulk(name, bound, [{ verb: 'add', from: 0, count }]));
  const steps = stepsOf(name, bound, [{ verb, from: 0, count }]);
  const measured = await timed(count, () => runSteps(netns, steps));
  await expectFloatingIps(netns, name, verb === 'add' ? count : 0);
  return measured;
}

async function churn(run: Run, name: CommandLine, bound: Bound): Promise<Measured> {
  const { size } = run;
  // A process for each has no use for more at a time.
  const batch = name.startsWith('fork') ? 1 : run.batch;
  const netns = await prepare(run, size + batch, name);
  await runSteps(netns, bulk(name, bound, [{ verb: 'add', from: 0, count: size }]));
  const total = Math.min(size, replacements[batch] ?? 5 * batch);
  const rounds: Step[][] = [];
  for (let at = 0; at + batch <= total; at += batch) {
    rounds.push(
      stepsOf(name, bound, [
        { verb: 'delete', from: at, count: batch },
        { verb: 'add', from: size + at, count: batch },
      ]),
    );
  }
  const measured = await timed(rounds.length * batch, async () => {
    for (const round of rounds) {
      run.check();
      await runSteps(netns, round);
    }
  });
  await expectFloatingIps(netns, name, size);
  return measured;
}

/** A gateway port, its other end in a namespace of its own, and what the elements go into. */
async function prepare(run: Run, count: number, name: CommandLine): Promise<Netns> {
  const netns = await makeWatched(run, device);
  await netns.addresses.add({ dev: device, address: gatewayAddress });
  if (usesMaps(name)) {
    const map = (at: string): string =>
      `add map ip netloom ${at} { type ipv4_addr : ipv4_addr; size ${capacityFor(count)}; }`;
    await runStep(netns, nftFile(['add table ip netloom', map('fip_dnat'), map('fip_snat')]));
  } else {
    await runStep(netns, restore([]));
  }
  return netns;
}

const usesMaps = (name: CommandLine): boolean => name.endsWith('nft');

/** The programs of a contender that carry out changes. */
function stepsOf(name: CommandLine, bound: Bound, changes: readonly Change[]): Step[] {
  if (!name.startsWith('fork')) return bulk(name, bound, changes);
  return changes.flatMap(({ verb, from, count }) =>
    objectLines(bound, verb, from, count).flatMap((object, at) => {
      const one = { verb, from: from + at, count: 1 };
      const rest: [string, ...string[]][] = usesMaps(name)
        ? [['nft', elementLines(one).join('; ')]]
        : ruleLines(one).map((rule) => ['iptables', '-t', 'nat', ...rule.split(' ')]);
      return processes([['ip', ...object.split(' ')], ...rest]);
    }),
  );
}

/** By as few processes as there can be. */
function bulk(name: CommandLine, bound: Bound, changes: readonly Change[]): Step[] {
  const objects = changes.flatMap(({ verb, from, count }) => objectLines(bound, verb, from, count));
  const rest = usesMaps(name) ? nftFile(changes.flatMap(elementLines)) : restore(changes.flatMap(ruleLines));
  return [ipBatch(objects), rest];
}

function objectLines(bound: Bound, verb: Change['verb'], from: number, count: number): string[] {
  return floatingText(from, count).map((address) =>
    bound === 'address'
      ? `address ${verb} ${address}/32 dev ${device}`
      : `route ${verb} local ${address} dev ${device} table local proto 78`,
  );
}

function elementLines({ verb, from, count }: Change): string[] {
  const pairs = pairsAsObjects(from, count);
  const lines = (map: string, key: 'floatingAddress' | 'fixedAddress', value: 'floatingAddress' | 'fixedAddress') => {
    const elements = pairs.map((pair) => (verb === 'add' ? `${pair[key]} : ${pair[value]}` : pair[key]));
    return `${verb} element ip netloom ${map} { ${elements.join(', ')} }`;
  };
  return [lines('fip_dnat', 'floatingAddress', 'fixedAddress'), lines('fip_snat', 'fixedAddress', 'floatingAddress')];
}

export function ruleLines({ verb, from, count }: Change): string[] {
  const flag = verb === 'add' ? '-A' : '-D';
  return pairsAsObjects(from, count).flatMap(({ floatingAddress, fixedAddress }) => [
    `${flag} PREROUTING -d ${floatingAddress}/32 -j DNAT --to-destination ${fixedAddress}`,
    `${flag} POSTROUTING -s ${fixedAddress}/32 -j SNAT --to-source ${floatingAddress}`,
  ]);
}

export function restore(rules: readonly string[]): Step {
  const input = ['*nat', ...rules, 'COMMIT'].map((line) => `${line}\n`).join('');
  return { program: 'iptables-restore', args: ['--noflush'], input };
}

async function expectFloatingIps(netns: Netns, name: CommandLine, wanted: number): Promise<void> {
  if (usesMaps(name)) {
    for (const map of ['fip_dnat', 'fip_snat']) {
      expectCount(map, (await netns.nft.map('ip', 'netloom', map).list()).length, wanted);
    }
  } else {
    const rules = await runStep(netns, { program: 'iptables', args: ['-t', 'nat', '-S'] });
    expectCount('rules', rules.match(/^-A/gm)?.length ?? 0, 2 * wanted);
  }
}
