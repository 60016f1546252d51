/** What is not netloom's is left alone, in a router's namespace and beside it: docs/neutron-parity.md. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Netns, Node, type RouterSpec } from '../src/index.js';
import { bindings, type Cast, cast, gateway, usual } from './helpers/cast.js';
import { pingInVain } from './helpers/host.js';
import { cleanUp, ip, ipJson, run, uniqueName } from './helpers/namespaces.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

const nft = (namespace: string, ...args: string[]): string => run('ip', 'netns', 'exec', namespace, 'nft', ...args);

/** What an administrator, or another program, has put into a router's namespace. */
function furnish(namespace: string): void {
  ip(namespace, 'address', 'add', '203.0.113.30/32', 'dev', 'qg-gateway');
  ip(namespace, 'address', 'add', '10.0.0.30/24', 'dev', 'qr-a');
  ip(namespace, 'address', 'add', 'fd00:a::30/64', 'dev', 'qr-a', 'nodad');
  ip(namespace, 'route', 'add', '192.0.2.0/24', 'via', '10.0.0.11');
  ip(namespace, 'rule', 'add', 'to', '192.0.2.128/25', 'blackhole', 'priority', '50');
  ip(namespace, 'link', 'add', 'foreign0', 'type', 'bridge');
  ip(namespace, 'link', 'set', 'foreign0', 'up');
  ip(namespace, 'address', 'add', '172.31.0.1/24', 'dev', 'foreign0');
  ip(namespace, 'neighbour', 'add', '10.0.0.99', 'lladdr', '02:00:00:00:00:77', 'dev', 'qr-a', 'nud', 'permanent');
  nft(namespace, 'add table inet foreign');
  nft(namespace, 'add chain inet foreign guard { type filter hook forward priority 0; }');
  nft(namespace, 'add rule inet foreign guard ip saddr 10.0.1.13 ip daddr 203.0.113.1 counter drop');
}

/** Whether all of that is there and at work; `external` while there is a gateway port. */
async function isFurnished(namespace: string, external: boolean): Promise<void> {
  const { outside, vm1, vm2, vm3 } = on;
  const options = external ? {} : pingInVain;
  const [addresses, addressOutside, route, rule, table, machines] = await Promise.all([
    Promise.all(['10.0.0.30', 'fd00:a::30', '172.31.0.1'].map((to) => vm1.reaches(to))),
    outside.reaches('203.0.113.30', options),
    vm3.tcp('192.0.2.1', 80),
    vm3.reaches('192.0.2.129', pingInVain),
    vm3.reaches('203.0.113.1', pingInVain),
    vm2.reaches('203.0.113.1', options),
  ]);
  expect({
    addresses,
    addressOutside,
    route,
    rule,
    table,
    machines,
    neighbours: ipJson(namespace, 'neighbour', 'show', 'nud', 'permanent'),
    counter: nft(namespace, 'list table inet foreign'),
  }).toMatchObject({
    addresses: [true, true, true],
    addressOutside: external,
    route: { host: 'vm1' },
    rule: false,
    table: false,
    machines: external,
    neighbours: [{ dst: '10.0.0.99' }],
    counter: expect.stringMatching(/counter packets [1-9]\d* bytes \d+ drop/),
  });
}

describe.each(bindings)('what others put into the namespace of a router with the %s binding', (binding) => {
  beforeAll(async () => {
    await on.vm1.netns.routes.replace({ dst: '192.0.2.0/24', type: 'local', dev: 'lo' });
  });

  test('is left alone by an apply, by another, and by one that changes much', async () => {
    const { stage } = on;
    const spec = usual(binding);
    const namespace = `qrouter-${spec.id}`;
    await stage.router(spec);
    furnish(namespace);
    await isFurnished(namespace, true);
    await stage.apply(spec);
    await isFurnished(namespace, true);
    const changed: RouterSpec = {
      ...spec,
      gateway: { ...gateway, addresses: ['203.0.113.3/24'], nexthops: ['203.0.113.1'] },
      routes: [{ dst: '198.18.0.0/16', via: '10.0.0.12' }],
      floatingIps: [{ floatingAddress: '203.0.113.13', fixedAddress: '10.0.1.14' }],
      metadata: {},
    };
    await stage.apply(changed);
    await isFurnished(namespace, true);
    for (const floatingIpBinding of bindings.filter((other) => other !== binding)) {
      await stage.apply({ ...changed, floatingIpBinding });
      await isFurnished(namespace, true);
    }
    const { gateway: _, floatingIps: __, ...internal } = changed;
    await stage.apply(internal);
    await isFurnished(namespace, false);
  });
});

test('namespaces with other prefixes, and routers of others, are not removed', async () => {
  const { stage, outside } = on;
  const host = stage.node.netns;
  const name = uniqueName();
  const others = ['qrouter-', 'qdhcp-', 'snat-', 'fip-', 'x-qrouter-', ''].map((prefix) => `${prefix}foreign-${name}`);
  for (const other of others) {
    await (await Netns.create(other)).close();
    cleanUp(() => Netns.delete(other));
  }
  const another: RouterSpec = {
    id: `another-${name}`,
    gateway: { id: 'another', bridge: 'br-ex', addresses: ['203.0.113.5/24'] },
  };
  await stage.router(another);
  const spec = usual();
  await Node.apply({ name, routers: [spec] }, { host, announce: false });
  await Node.apply({ name, routers: [] }, { host, announce: false });
  const left = run('ip', 'netns', 'list');
  for (const other of others) expect(left).toContain(other);
  expect(left).not.toContain(spec.id);
  expect(await outside.reaches('203.0.113.5')).toBe(true);
});
