/** A large ruleset by nft: one `nft -f -`, and `nft -j list ruleset` with its JSON parsed. */
import { runStep } from '../../../programs.js';
import { firewallLines, firewallObjects } from '../firewall.js';
import { device } from '../netloom/tables.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';
import { nftFile } from './programs.js';

export const firewallScenarios: Readonly<Record<string, Scenario>> = {
  'nft-apply': applyFirewall,
  'nft-list': listFirewall,
};

async function applyFirewall(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const step = nftFile(firewallLines(run.size));
  const measured = await timed(run.size, () => runStep(netns, step));
  expectCount('objects', (await netns.nft.list()).length, firewallObjects(run.size));
  return measured;
}

async function listFirewall(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await runStep(netns, nftFile(firewallLines(run.size)));
  let seen = 0;
  const measured = await timed(run.size, async () => {
    const printed = await runStep(netns, { program: 'nft', args: ['-j', 'list', 'ruleset'] });
    const { nftables } = JSON.parse(printed) as { nftables: readonly object[] };
    seen = nftables.filter((object) => !('metainfo' in object)).length;
  });
  expectCount('objects', seen, firewallObjects(run.size));
  return measured;
}
