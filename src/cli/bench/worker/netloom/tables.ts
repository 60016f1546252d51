/** Entries of one kernel table, in one call, one after the other, or all begun in one tick. */
import type { Netns, PackedRoutes } from '../../../../index.js';
import { type Form, floatingNumbers, floatingText, mac } from '../addresses.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';

/** The loopback device, in every namespace. */
const loopback = 1;
/** For what needs a device with neighbours. */
export const device = 'veth0';

export function tableScenarios(form: Form): Record<string, Scenario> {
  return {
    'route-add': (run) => addRoutes(run, form),
    'route-add-sequential': sequentialRoutes,
    'route-add-concurrent': concurrentRoutes,
    'address-add': (run) => addAddresses(run, form),
    'neighbour-add': (run) => addNeighbours(run, form),
    'element-add': (run) => addElements(run, form),
  };
}

async function addRoutes(run: Run, form: Form): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const routes = form === 'packed' ? packedRoutes(run.size) : routeSpecs(run.size);
  const measured = await timed(run.size, () => netns.routes.add(routes));
  await expectRoutes(netns, run.size);
  return measured;
}

/** As Go's netlink has it: by the device's index, which was looked up before. */
async function sequentialRoutes(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const routes = routeSpecs(run.size);
  const measured = await timed(run.size, async () => {
    for (const route of routes) await netns.routes.add(route);
  });
  await expectRoutes(netns, run.size);
  return measured;
}

async function concurrentRoutes(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const routes = routeSpecs(run.size);
  const measured = await timed(run.size, () => Promise.all(routes.map((route) => netns.routes.add(route))));
  await expectRoutes(netns, run.size);
  return measured;
}

export function packedRoutes(size: number): PackedRoutes {
  return { destinations: floatingNumbers(0, size), type: 'local', dev: loopback };
}

function routeSpecs(size: number): { dst: string; type: 'local'; dev: number }[] {
  return floatingText(0, size).map((dst) => ({ dst, type: 'local', dev: loopback }));
}

async function expectRoutes(netns: Netns, size: number): Promise<void> {
  const routes = await netns.routes.list({ table: 'local', family: 'inet' });
  expectCount('routes', routes.filter(({ dst }) => dst.startsWith('198.')).length, size);
}

async function addAddresses(run: Run, form: Form): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const addresses =
    form === 'packed'
      ? { dev: loopback, addresses: floatingNumbers(0, run.size) }
      : floatingText(0, run.size).map((address) => ({ dev: loopback, address: `${address}/32` }));
  const measured = await timed(run.size, () => netns.addresses.add(addresses));
  const present = await netns.addresses.list({ dev: 'lo', family: 'inet' });
  expectCount('addresses', present.filter(({ local }) => local.startsWith('198.')).length, run.size);
  return measured;
}

async function addNeighbours(run: Run, form: Form): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const { index: dev } = await netns.links.get(device);
  const neighbours =
    form === 'packed'
      ? { dev, addresses: floatingNumbers(0, run.size), mac }
      : floatingText(0, run.size).map((dst) => ({ dev, dst, mac }));
  const measured = await timed(run.size, () => netns.neighbours.add(neighbours));
  expectCount('neighbours', (await netns.neighbours.list({ dev: device, family: 'inet' })).length, run.size);
  return measured;
}

async function addElements(run: Run, form: Form): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await makeSet(netns, run.size);
  const set = netns.nft.set('ip', 'netloom', 'bench');
  // The handle reads the set's definition once.
  expectCount('elements', (await set.list()).length, 0);
  const elements = form === 'packed' ? floatingNumbers(0, run.size) : floatingText(0, run.size);
  const measured = await timed(run.size, () => set.add(elements));
  expectCount('elements', (await set.list()).length, run.size);
  return measured;
}

/** The power of two above the number of its elements. */
export function capacityFor(size: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1023, size)) + 1);
}

async function makeSet(netns: Netns, size: number): Promise<void> {
  await netns.nft.apply([
    { add: { table: { family: 'ip', name: 'netloom' } } },
    { add: { set: { family: 'ip', table: 'netloom', name: 'bench', type: 'ipv4_addr', size: capacityFor(size) } } },
  ]);
}
