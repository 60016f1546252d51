/** One router with very many floating IPs, from its description: made, listed, and looked at once more. */
import { Router, type RouterSpec } from '../../../../router/index.js';
import { type Form, packedPairs, pairsAsObjects } from '../addresses.js';
import { counted, expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeHost, remove, routerSpec } from './router.js';

export function largeRouterScenarios(form: Form): Readonly<Record<string, Scenario>> {
  return {
    'router-apply': (run) => applyRouter(run, form),
    'router-list': (run) => listRouter(run, form),
    'router-plan': (run) => planRouter(run, form),
  };
}

async function applyRouter(run: Run, form: Form): Promise<Measured> {
  const host = await makeHost(run);
  const spec = describe(run, form);
  let router: Router | undefined;
  run.onEnd(async () => router && remove(router));
  const measured = await counted(run.size, async () => {
    router = await Router.apply(spec, { host, announce: false });
  });
  const { floatingAddresses } = (await router?.floatingIps.listPacked()) ?? { floatingAddresses: [] };
  expectCount('floating IPs', floatingAddresses.length, run.size);
  return measured;
}

async function listRouter(run: Run, form: Form): Promise<Measured> {
  const host = await makeHost(run);
  const router = await Router.apply(describe(run, 'packed'), { host, announce: false });
  run.onEnd(() => remove(router));
  let seen = 0;
  const measured = await timed(run.size, async () => {
    const { floatingIps } = router;
    seen =
      form === 'packed' ? (await floatingIps.listPacked()).floatingAddresses.length : (await floatingIps.list()).length;
  });
  expectCount('the list', seen, run.size);
  return measured;
}

async function planRouter(run: Run, form: Form): Promise<Measured> {
  const host = await makeHost(run);
  const spec = describe(run, form);
  const router = await Router.apply(spec, { host, announce: false });
  run.onEnd(() => remove(router));
  let changes = -1;
  const measured = await counted(run.size, async () => {
    changes = (await Router.plan(spec, { host })).changes.length;
  });
  expectCount('changes', changes, 0);
  expectCount('messages that change something', measured.sent.changes, 0);
  return measured;
}

function describe({ size }: Run, form: Form): RouterSpec {
  return { ...routerSpec('prefix'), floatingIps: form === 'packed' ? packedPairs(0, size) : pairsAsObjects(0, size) };
}
