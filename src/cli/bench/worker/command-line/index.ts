// The same work by the command line's programs: `ip -batch` with `nft -f` or `iptables-restore`, and a process for each
// operation. Set-up, which is not timed, is netloom's.
import type { Scenario } from '../run.js';
import { dumpScenarios } from './dumps.js';
import { firewallScenarios } from './firewall.js';
import { floatingIpScenarios } from './floating-ips.js';
import { linearFlowLatency } from './flows.js';
import { tableScenarios } from './tables.js';

export type CommandLine = 'ip-batch+nft' | 'ip-batch+iptables-restore' | 'fork-ip-nft' | 'fork-ip-iptables';

export function commandLineScenarios(name: CommandLine): Readonly<Record<string, Scenario>> {
  const floatingIps = floatingIpScenarios(name);
  if (name === 'ip-batch+nft') {
    return { ...floatingIps, ...tableScenarios('batch'), ...dumpScenarios, ...firewallScenarios };
  }
  if (name === 'fork-ip-nft') return { ...floatingIps, ...tableScenarios('fork') };
  if (name === 'ip-batch+iptables-restore') return { ...floatingIps, 'new-flow-latency': linearFlowLatency };
  return floatingIps;
}
