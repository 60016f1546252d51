/** A large ruleset: compiled, applied in one transaction, and listed. */
import { compileCommands } from '../../../../nftables/compile.js';
import type { Command } from '../../../../nftables/json.js';
import { firewallCommands, firewallObjects } from '../firewall.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';
import { device } from './tables.js';

export const firewallScenarios: Readonly<Record<string, Scenario>> = {
  'nft-compile': compileFirewall,
  'nft-apply': applyFirewall,
  'nft-list': listFirewall,
};

/** As a program has them that reads them from a file: no two objects in common. */
function readCommands(size: number): Command[] {
  return JSON.parse(JSON.stringify(firewallCommands(size))) as Command[];
}

/** By the compiler itself: no kernel, and nothing is encoded. */
async function compileFirewall(run: Run): Promise<Measured> {
  const commands = readCommands(run.size);
  let made = 0;
  const measured = await timed(run.size, async () => {
    made = compileCommands(commands).filter(({ op }) => op === 'newrule').length;
  });
  const wanted = commands.filter((command) => 'add' in command && 'rule' in command.add).length;
  expectCount('rules', made, wanted);
  return measured;
}

async function applyFirewall(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const commands = readCommands(run.size);
  const measured = await timed(run.size, () => netns.nft.apply(commands));
  expectCount('objects', (await netns.nft.list()).length, firewallObjects(run.size));
  return measured;
}

async function listFirewall(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await netns.nft.apply(firewallCommands(run.size));
  let seen = 0;
  const measured = await timed(run.size, async () => {
    seen = (await netns.nft.list()).length;
  });
  expectCount('objects', seen, firewallObjects(run.size));
  return measured;
}
