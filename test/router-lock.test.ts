/** Several processes that apply to one router at once. */
import { expect, test } from 'vitest';
import { Router, type RouterSpec } from '../src/index.js';
import { cleanUp, hostWith, uniqueName } from './helpers/namespaces.js';
import { resultOf } from './helpers/programs.js';

test('two processes that apply to one router take turns, and each finds a whole router', async () => {
  const host = await hostWith('br-ex', 'br-int');
  const id = uniqueName();
  const gateway = { id: `g${id.slice(-8)}`, bridge: 'br-ex', addresses: ['203.0.113.2/24'], nexthops: ['203.0.113.1'] };
  const spec = (last: number): RouterSpec => ({
    id,
    gateway,
    // Each makes a port that the other takes away.
    interfaces: [{ id: `${last}i${id.slice(-8)}`, bridge: 'br-int', addresses: ['10.0.0.1/24'] }],
    floatingIps: [{ floatingAddress: `203.0.113.${last}`, fixedAddress: '10.0.0.10' }],
  });
  cleanUp(async () => (await Router.open(id, { host })).delete());
  const applyAgainAndAgain = (last: number): Promise<unknown> =>
    resultOf(`
      import { Router } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      const host = await Netns.open(${JSON.stringify(host.name)});
      for (let times = 0; times < 15; times++) {
        await (await Router.apply(${JSON.stringify(spec(last))}, { host, announce: false })).close();
      }
      console.log('true');
    `);
  expect(await Promise.all([applyAgainAndAgain(11), applyAgainAndAgain(12)])).toEqual([true, true]);
  const plans = await Promise.all(
    [11, 12].map(async (last) => (await Router.plan(spec(last), { host })).changes.length),
  );
  // It is wholly the one's or wholly the other's.
  expect(plans.sort((a, b) => a - b)[0]).toBe(0);
});
