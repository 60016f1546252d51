/** New flows through a router with many floating IPs, by the last of them. */
import { pairsAsObjects } from '../addresses.js';
import { probeFlows } from '../flows.js';
import type { Measured, Run } from '../run.js';
import { clientAddress, plug } from '../topology.js';
import { callsOf } from './floating-ips.js';
import { makeHost, makeRouter } from './router.js';

export async function newFlowLatency(run: Run): Promise<Measured> {
  const host = await makeHost(run);
  const router = await makeRouter(run, host, 'prefix');
  await callsOf(router.floatingIps, 'objects').associate(0, run.size)();
  const [last] = pairsAsObjects(run.size - 1, 1);
  if (!last) throw new RangeError('there are no floating IPs');
  const client = await plug(run, host, 'br-ex', clientAddress);
  const vm = await plug(run, host, 'br-int', `${last.fixedAddress}/15`, '10.0.0.1');
  return probeFlows(client, vm, last.floatingAddress);
}
