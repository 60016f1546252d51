/** Whole tables read into objects. */
import { floatingNumbers, mac, packedPairs } from '../addresses.js';
import { expectCount, type Measured, type Run, type Scenario, timed } from '../run.js';
import { makeWatched } from '../teardown.js';
import { capacityFor, device, packedRoutes } from './tables.js';

export const dumpScenarios: Readonly<Record<string, Scenario>> = {
  'dump-routes': dumpRoutes,
  'dump-elements': dumpElements,
  'dump-neighbours': dumpNeighbours,
};

async function dumpRoutes(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await netns.routes.add(packedRoutes(run.size));
  return timeList(run, () => netns.routes.list({ table: 'local', family: 'inet' }), loopbackRoutes);
}

/** Of the loopback device's own address and network, in the local table. */
const loopbackRoutes = 3;

async function dumpElements(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  const name = 'fip_dnat';
  await netns.nft.apply([
    { add: { table: { family: 'ip', name: 'netloom' } } },
    {
      add: {
        map: { family: 'ip', table: 'netloom', name, type: 'ipv4_addr', map: 'ipv4_addr', size: capacityFor(run.size) },
      },
    },
  ]);
  const map = netns.nft.map('ip', 'netloom', name);
  const { floatingAddresses: keys, fixedAddresses: values } = packedPairs(0, run.size);
  await map.add({ keys, values });
  return timeList(run, () => map.list());
}

async function dumpNeighbours(run: Run): Promise<Measured> {
  const netns = await makeWatched(run, device);
  await netns.neighbours.add({ dev: device, addresses: floatingNumbers(0, run.size), mac });
  return timeList(run, () => netns.neighbours.list({ dev: device, family: 'inet' }));
}

async function timeList(run: Run, list: () => Promise<readonly unknown[]>, others = 0): Promise<Measured> {
  let seen = 0;
  const measured = await timed(run.size, async () => {
    seen = (await list()).length;
  });
  expectCount('the dump', seen, run.size + others);
  return measured;
}
