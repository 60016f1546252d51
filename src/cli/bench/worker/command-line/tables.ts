/** Entries of one kernel table, and namespaces, by `ip` and `nft`. */
import { Netns } from '../../../../index.js';
import { runStep, type Step } from '../../../programs.js';
import { floatingText, mac } from '../addresses.js';
import { capacityFor, device } from '../netloom/tables.js';
import { expectCount, type Measured, type Run, type Scenario, timed, uniqueName } from '../run.js';
import { makeWatched } from '../teardown.js';
import { forked, ipBatch, nftFile, processes, runSteps } from './programs.js';

/** All by one process, or a process for each. */
type Way = 'batch' | 'fork';

export function tableScenarios(way: Way): Record<string, Scenario> {
  return {
    'route-add': (run) => byIp(run, way, (address) => `route add local ${address} dev lo table local`),
    'address-add': (run) => byIp(run, way, (address) => `address add ${address}/32 dev lo`),
    'neighbour-add': (run) =>
      byIp(run, way, (address) => `neighbour add ${address} lladdr ${mac} dev ${device} nud permanent`),
    'element-add': (run) => addElements(run, way),
    'netns-veth': (run) => namespaceWithVeth(run, way),
  };
}

async function byIp(run: Run, way: Way, line: (address: string) => string): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const lines = floatingText(0, way === 'fork' ? forked : run.size).map(line);
  const steps = stepsOf(way, lines);
  return timed(lines.length, () => runSteps(netns, steps));
}

async function addElements(run: Run, way: Way): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const count = way === 'fork' ? forked : run.size;
  const set = `add set ip netloom bench { type ipv4_addr; size ${capacityFor(count)}; }`;
  await runStep(netns, nftFile(['add table ip netloom', set]));
  const addresses = floatingText(0, count);
  const element = (list: string): string => `add element ip netloom bench { ${list} }`;
  const steps =
    way === 'fork'
      ? processes(addresses.map((address) => ['nft', element(address)]))
      : [nftFile([element(addresses.join(', '))])];
  const measured = await timed(count, () => runSteps(netns, steps));
  expectCount('elements', (await netns.nft.set('ip', 'netloom', 'bench').list()).length, count);
  return measured;
}

async function namespaceWithVeth(run: Run, way: Way): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const names = Array.from({ length: way === 'fork' ? Math.min(forked, run.size) : run.size }, uniqueName);
  const lines = names.flatMap((name, at) => [
    `netns add ${name}`,
    `link add bench${at} type veth peer name eth0 netns ${name}`,
  ]);
  const steps = stepsOf(way, lines);
  run.onEnd(() => Promise.all(names.map((name) => Netns.delete(name).catch(() => {}))));
  return timed(names.length, () => runSteps(netns, steps));
}

function stepsOf(way: Way, lines: readonly string[]): Step[] {
  return way === 'fork' ? processes(lines.map((line) => ['ip', ...line.split(' ')])) : [ipBatch(lines)];
}
