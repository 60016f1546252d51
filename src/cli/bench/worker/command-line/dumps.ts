/** Whole tables read into objects: the programs' JSON, parsed. */
import type { Netns } from '../../../../index.js';
import { runStep, type Step } from '../../../programs.js';
import { floatingText, mac, pairsAsObjects } from '../addresses.js';
import { capacityFor, device } from '../netloom/tables.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';
import { ipBatch, nftFile, runSteps } from './programs.js';

export const dumpScenarios: Readonly<Record<string, Scenario>> = {
  'dump-routes': (run) =>
    dumpByIp(run, (address) => `route add local ${address} dev lo table local`, [
      '-4',
      '-j',
      'route',
      'show',
      'table',
      'local',
    ]),
  'dump-neighbours': (run) =>
    dumpByIp(run, (address) => `neighbour add ${address} lladdr ${mac} dev ${device} nud permanent`, [
      '-4',
      '-j',
      'neighbour',
      'show',
      'dev',
      device,
    ]),
  'dump-elements': dumpElements,
};

async function dumpByIp(run: Run, line: (address: string) => string, args: readonly string[]): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await runSteps(netns, [ipBatch(floatingText(0, run.size).map(line))]);
  return timeDump(
    run,
    netns,
    { program: 'ip', args },
    (printed) => (printed as { dst: string }[]).filter(({ dst }) => dst.startsWith('198.')).length,
  );
}

async function dumpElements(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const elements = pairsAsObjects(0, run.size).map((pair) => `${pair.floatingAddress} : ${pair.fixedAddress}`);
  await runStep(
    netns,
    nftFile([
      'add table ip netloom',
      `add map ip netloom fip_dnat { type ipv4_addr : ipv4_addr; size ${capacityFor(run.size)}; }`,
      `add element ip netloom fip_dnat { ${elements.join(', ')} }`,
    ]),
  );
  const step = { program: 'nft', args: ['-j', 'list', 'map', 'ip', 'netloom', 'fip_dnat'] };
  return timeDump(run, netns, step, (printed) => {
    const { nftables } = printed as { nftables: { map?: { elem: unknown[] } }[] };
    return nftables.find(({ map }) => map)?.map?.elem.length ?? 0;
  });
}

async function timeDump(run: Run, netns: Netns, step: Step, count: (printed: unknown) => number): Promise<Measured> {
  let printed: unknown;
  const measured = await timed(run.size, async () => {
    printed = JSON.parse(await runStep(netns, step));
  });
  expectCount('the dump', count(printed), run.size);
  return measured;
}
