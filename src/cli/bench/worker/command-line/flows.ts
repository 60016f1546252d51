/** New flows through a router whose floating IPs are rules, one after the other; the last of them is asked for. */
import { Netns } from '../../../../index.js';
import { runStep } from '../../../programs.js';
import { gatewayAddress, pairsAsObjects } from '../addresses.js';
import { probeFlows } from '../flows.js';
import { makeHost } from '../netloom/router.js';
import type { Measured, Run } from '../run.js';
import { clientAddress, plug } from '../topology.js';
import { restore, ruleLines } from './floating-ips.js';

/** More pairs of rules than these take iptables-restore minutes. */
const mostRules = 20_000;

export async function linearFlowLatency(run: Run): Promise<Measured> {
  if (run.size > mostRules) return { skip: `iptables-restore would take minutes for ${run.size} pairs of rules` };
  const host = await makeHost(run);
  const router = await Netns.create();
  run.onEnd(() => router.close());
  await router.links.set('lo', { up: true });
  const ports = { 'qg-bench': 'br-ex', 'qr-bench': 'br-int' };
  for (const [name, master] of Object.entries(ports)) {
    const peer = { name: `tap-${name}`, netns: host, up: true };
    await router.links.add({ kind: 'veth', name, up: true, peer });
    await host.links.set(peer.name, { master });
  }
  const [last] = pairsAsObjects(run.size - 1, 1);
  if (!last) throw new RangeError('there are no floating IPs');
  await router.addresses.add([
    { dev: 'qg-bench', address: gatewayAddress },
    // The others' addresses make no packet slower, and would take long.
    { dev: 'qg-bench', address: `${last.floatingAddress}/32` },
    { dev: 'qr-bench', address: '10.0.0.1/15' },
  ]);
  await router.sysctl.set({ 'net.ipv4.ip_forward': 1 });
  await runStep(router, restore(ruleLines({ verb: 'add', from: 0, count: run.size })));
  const client = await plug(run, host, 'br-ex', clientAddress);
  const vm = await plug(run, host, 'br-int', `${last.fixedAddress}/15`, '10.0.0.1');
  return probeFlows(client, vm, last.floatingAddress);
}
