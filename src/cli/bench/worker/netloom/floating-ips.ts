/** Floating IPs of one router: associated, disassociated, churned. */
import type { FloatingIpBinding, FloatingIps, Router } from '../../../../router/index.js';
import { type Form, floatingNumbers, floatingText, packedPairs, pairsAsObjects } from '../addresses.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeHost, makeRouter } from './router.js';

const bindings: readonly FloatingIpBinding[] = ['prefix', 'route', 'address'];

/** Floating IPs that a run replaces; few where each takes a call of its own. */
const replacements: Readonly<Record<number, number>> = { 1: 1000, 10: 5000 };

export function floatingIpScenarios(form: Form): Record<string, Scenario> {
  return Object.fromEntries(
    bindings.flatMap((binding): [string, Scenario][] => [
      [`fip-associate-${binding}`, (run) => associateAll(run, form, binding)],
      [`fip-disassociate-${binding}`, (run) => disassociateAll(run, form, binding)],
      [`fip-churn-${binding}`, (run) => churn(run, form, binding)],
    ]),
  );
}

/** The two calls, with arguments that are made beforehand. */
export interface Calls {
  associate(from: number, count: number): () => Promise<void>;
  disassociate(from: number, count: number): () => Promise<void>;
}

export function callsOf(floatingIps: FloatingIps, form: Form): Calls {
  return {
    associate: (from, count) => {
      const pairs = form === 'packed' ? packedPairs(from, count) : pairsAsObjects(from, count);
      return () => floatingIps.associate(pairs, { announce: false });
    },
    disassociate: (from, count) => {
      const addresses = form === 'packed' ? floatingNumbers(from, count) : floatingText(from, count);
      return () => floatingIps.disassociate(addresses);
    },
  };
}

/** Set-up is made in whichever form is fastest. */
interface Prepared {
  readonly router: Router;
  readonly setUp: Calls;
  readonly calls: Calls;
}

async function prepare(run: Run, form: Form, binding: FloatingIpBinding): Promise<Prepared> {
  const router = await makeRouter(run, await makeHost(run), binding);
  return { router, setUp: callsOf(router.floatingIps, 'packed'), calls: callsOf(router.floatingIps, form) };
}

async function associateAll(run: Run, form: Form, binding: FloatingIpBinding): Promise<Measured> {
  const { router, calls } = await prepare(run, form, binding);
  const measured = await timed(run.size, calls.associate(0, run.size));
  await expectFloatingIps(router, run.size);
  return measured;
}

async function disassociateAll(run: Run, form: Form, binding: FloatingIpBinding): Promise<Measured> {
  const { router, setUp, calls } = await prepare(run, form, binding);
  await setUp.associate(0, run.size)();
  const measured = await timed(run.size, calls.disassociate(0, run.size));
  await expectFloatingIps(router, 0);
  return measured;
}

async function churn(run: Run, form: Form, binding: FloatingIpBinding): Promise<Measured> {
  const { size, batch } = run;
  const { router, setUp, calls } = await prepare(run, form, binding);
  await setUp.associate(0, size)();
  const total = Math.min(size, replacements[batch] ?? 10 * batch);
  const rounds: (() => Promise<void>)[] = [];
  for (let at = 0; at + batch <= total; at += batch) {
    rounds.push(calls.disassociate(at, batch), calls.associate(size + at, batch));
  }
  const measured = await timed((rounds.length / 2) * batch, async () => {
    for (const round of rounds) await round();
  });
  await expectFloatingIps(router, size);
  return measured;
}

async function expectFloatingIps({ netns }: Router, wanted: number): Promise<void> {
  for (const map of ['fip_dnat', 'fip_snat']) {
    expectCount(map, (await netns.nft.map('ip', 'netloom', map).list()).length, wanted);
  }
}
