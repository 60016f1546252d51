/** A whole node from one description: made from nothing, changed a little, and asked for again as it is. */
import { Netns } from '../../../../index.js';
import { Node, type NodeReport, type NodeSpec } from '../../../../node/index.js';
import type { RouterSpec } from '../../../../router/index.js';
import { fixedText, gatewayText, pairsAsObjects, pool } from '../addresses.js';
import { counted, expectCount, type Measured, type Run } from '../run.js';
import { makeWatched, untilGone } from '../teardown.js';
import { nextIds } from './router.js';

const floatingIpsEach = 50;

/** Fixed addresses that floating IPs lead to once they have been changed. */
const otherFixed = 1000;

/** A node's spec whose routers can be altered one by one. */
type Description = NodeSpec & { readonly routers: readonly RouterSpec[] };

/** Networks and routers that are not there yet. */
export async function nodeApply(run: Run): Promise<Measured> {
  const { host, spec } = await prepare(run);
  return apply(run, host, spec, (report) => expectOutcomes(report, 'created', 2 * run.size + 1));
}

/** One floating IP in a hundred leads elsewhere; two ports have another mtu. All is there already. */
export async function nodeChange(run: Run): Promise<Measured> {
  const { host, spec } = await prepare(run);
  await setUp(host, spec);
  const { changed, routers } = change(spec);
  const measured = await apply(run, host, changed, (report) => expectOutcomes(report, 'updated', routers));
  // By the kernel, not by what was just done.
  const plan = await Node.plan(changed, { host });
  if (plan.changes.length > 0) throw new Error(`after the change there is still something to do:\n${plan}`);
  return measured;
}

/** The same description once more. */
export async function nodeUnchanged(run: Run): Promise<Measured> {
  const { host, spec } = await prepare(run);
  await setUp(host, spec);
  const measured = await apply(run, host, spec, (report) => expectOutcomes(report, 'unchanged', report.units.length));
  expectCount('messages that change something', measured.sent.changes, 0);
  return measured;
}

async function prepare(run: Run): Promise<{ host: Netns; spec: Description }> {
  // Its bridges are hundreds: their end is waited for too.
  const host = await makeWatched(run, 'watched');
  run.onEnd(() => untilGone(host, 1));
  const spec = describe(run.size);
  // Not by another description: the kernel takes all that has no handle apart in one go.
  run.onEnd(() => Promise.all(spec.routers.map(({ id }) => Netns.delete(`qrouter-${id}`).catch(() => {}))));
  return { host, spec };
}

/** Each router with a network of its own, whose addresses are those of all others; one external network. */
function describe(count: number): Description {
  const external = nextIds().network;
  const each = Array.from({ length: count }, (_, at) => ({ at, ids: nextIds() }));
  return {
    name: `bench-${process.pid}`,
    networks: [{ id: external }, ...each.map(({ ids }) => ({ id: ids.network }))],
    routers: each.map(({ at, ids }): RouterSpec => {
      // Tenants' addresses overlap; those of an external network cannot.
      const floating = pairsAsObjects(at * floatingIpsEach, floatingIpsEach);
      return {
        id: ids.router,
        floatingIpBinding: 'prefix',
        gateway: {
          id: ids.gateway,
          network: external,
          addresses: [`${gatewayText(at)}/15`],
          nexthops: ['198.19.255.254'],
          floatingPools: [pool],
        },
        interfaces: [{ id: ids.interface, network: ids.network, addresses: ['10.0.0.1/16'] }],
        floatingIps: floating.map(({ floatingAddress }, k) => ({ floatingAddress, fixedAddress: fixedText(k) })),
      };
    }),
  };
}

/** One floating IP of every second router leads elsewhere, which is one in a hundred; the first two of the others have another mtu. */
function change(spec: Description): { changed: Description; routers: number } {
  let routers = 0;
  const changed = spec.routers.map((router, at): RouterSpec => {
    if (at % 2 === 0 && at > 2) return router;
    routers++;
    if (at % 2 === 0)
      return { ...router, interfaces: router.interfaces?.map((port) => ({ ...port, mtu: 1450 })) ?? [] };
    const floatingIps = router.floatingIps as NonNullable<Extract<RouterSpec['floatingIps'], readonly unknown[]>>;
    const which = at % floatingIpsEach;
    return {
      ...router,
      floatingIps: floatingIps.map((one, k) =>
        k === which ? { ...one, fixedAddress: fixedText(otherFixed + k) } : one,
      ),
    };
  });
  return { changed: { ...spec, routers: changed }, routers };
}

async function setUp(host: Netns, spec: Description): Promise<void> {
  check(await Node.apply(spec, { host, announce: false }));
}

async function apply(run: Run, host: Netns, spec: Description, expected: (report: NodeReport) => void) {
  run.check();
  let report: NodeReport | undefined;
  const measured = await counted(spec.routers.length, async () => {
    report = await Node.apply(spec, { host, announce: false });
  });
  expected(check(report as NodeReport));
  await expectRouters(spec);
  return measured;
}

function check(report: NodeReport): NodeReport {
  const [first] = report.failed;
  if (first) throw first.error;
  return report;
}

function expectOutcomes({ units }: NodeReport, outcome: NodeReport['units'][number]['outcome'], count: number): void {
  const others = units.filter((unit) => unit.outcome !== outcome);
  if (units.length - others.length === count) return;
  const [first] = others;
  const changes = first?.changes.slice(0, 3).map(({ action, kind, subject }) => `${action} ${kind} ${subject}`);
  const instead = first ? `; ${first.kind} ${first.id} is ${first.outcome}: ${changes?.join(', ')}` : '';
  throw new Error(`${units.length - others.length} units are ${outcome}, not ${count}${instead}`);
}

/** What each router's maps have. */
async function expectRouters(spec: Description): Promise<void> {
  for (const { id } of spec.routers) {
    await using netns = await Netns.open(`qrouter-${id}`);
    for (const map of ['fip_dnat', 'fip_snat']) {
      expectCount(map, (await netns.nft.map('ip', 'netloom', map).list()).length, floatingIpsEach);
    }
  }
}
