/** `netloom demo`: the whole path, from namespaces to packets, on the real kernel. */
import type { FloatingIpBinding } from '../../router/index.js';
import { toTerminal } from '../../topology/index.js';
import { createOutput, detectMode } from '../terminal/index.js';
import { churn } from './churn.js';
import { namespaceName, removeLeftovers } from './leftovers.js';
import { buildNetworks, type Networks, readNetworks } from './networks.js';
import { Stage, Stopped } from './stage.js';
import { showTraffic } from './traffic.js';

export interface DemoOptions {
  readonly json: boolean;
  readonly plain: boolean;
  readonly keep: boolean;
  readonly compare: boolean;
  readonly count: number;
  /** Of the router that is churned. */
  readonly binding: FloatingIpBinding;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs it, and removes all that it made. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { stdout, stderr } = process;
  const out = createOutput({ ...detectMode(options, process, process.env), stdout, stderr });
  const stage = new Stage(out);
  for (const signal of signals) process.on(signal, stage.stop);
  let failed = false;
  let networks: Networks | undefined;
  try {
    out.title('netloom demo');
    networks = await play(stage, options);
    stage.check();
  } catch (error) {
    // What was interrupted may fail in ways of its own.
    failed = !stage.stopped;
    if (failed || !(error instanceof Stopped)) out.warn(String(error));
  }
  stage.end();
  if (options.keep && !failed && !stage.stopped && networks) sayHowToLook(stage, networks);
  else if (!(await cleanUp(stage))) failed = true;
  out.end();
  for (const signal of signals) process.off(signal, stage.stop);
  return failed ? 1 : stage.stopped ? 130 : 0;
}

async function play(stage: Stage, options: DemoOptions): Promise<Networks> {
  const { out } = stage;
  const removed = await removeLeftovers();
  if (removed > 0) out.warn(`removed ${removed} namespaces that an earlier demo had left`);
  out.section('Networks');
  const networks = await buildNetworks(stage);
  out.text(toTerminal(await readNetworks(networks), out));
  out.section('Traffic');
  await showTraffic(stage, networks);
  out.section('Churn');
  await churn(stage, networks.node, options);
  return networks;
}

/** Its step is the last line, whatever came before. */
async function cleanUp(stage: Stage): Promise<boolean> {
  stage.out.section('Clean-up');
  const step = stage.out.step('All that was made is removed');
  try {
    await stage.remove();
    step.done();
    return true;
  } catch (error) {
    step.fail(error);
    return false;
  }
}

function sayHowToLook({ out }: Stage, { red }: Networks): void {
  const router = `qrouter-${red.router.id}`;
  const commands = [
    `ip netns exec ${namespaceName('outside')} ping ${red.vms[0].floatingAddress}`,
    `ip netns exec ${namespaceName('node')} bridge link`,
    `ip netns exec ${router} ip address`,
    `ip netns exec ${router} nft list ruleset`,
    `ip netns exec ${namespaceName(red.vms[0].name)} ip route`,
  ];
  out.result('kept', commands);
  out.text(['It is left up; the next demo removes it. To look around:', ...commands.map((command) => `  ${command}`)]);
}
