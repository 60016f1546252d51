// What netloom does in each scenario, by its public API alone; what it sends is counted by its own counters.
import type { Form } from '../addresses.js';
import type { Scenario } from '../run.js';
import { dumpScenarios } from './dumps.js';
import { firewallScenarios } from './firewall.js';
import { floatingIpScenarios } from './floating-ips.js';
import { newFlowLatency } from './flows.js';
import { largeRouterScenarios } from './large-router.js';
import { namespaceWithVeth, routers } from './namespaces.js';
import { nodeApply, nodeChange, nodeUnchanged } from './node.js';
import { eventLoopDelay, memory } from './process.js';
import { tableScenarios } from './tables.js';

export function netloomScenarios(form: Form): Readonly<Record<string, Scenario>> {
  return {
    ...floatingIpScenarios(form),
    ...tableScenarios(form),
    ...dumpScenarios,
    ...firewallScenarios,
    'netns-veth': namespaceWithVeth,
    routers,
    ...largeRouterScenarios(form),
    'node-apply': nodeApply,
    'node-change': nodeChange,
    'node-unchanged': nodeUnchanged,
    'event-loop-delay': (run) => eventLoopDelay(run, form),
    memory: (run) => memory(run, form),
    'new-flow-latency': newFlowLatency,
  };
}
