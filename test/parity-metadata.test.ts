/** Metadata requests as Neutron's functional tests have them, told by packets: docs/neutron-parity.md lists them. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import type { Netns, RouterSpec } from '../src/index.js';
import { type Cast, cast, usual } from './helpers/cast.js';
import { type Host, inVain } from './helpers/host.js';
import { cleanUp, type IpObject, ipJson } from './helpers/namespaces.js';

let on: Cast;
beforeAll(async () => {
  on = await cast();
});

const withMetadata = (port?: number): RouterSpec & { id: string } => ({
  ...usual(),
  metadata: port === undefined ? {} : { port },
});

// What stands for a metadata proxy: it answers with what it is asked for, and by whom.
const script = `
require('node:http')
  .createServer((request, response) => {
    const from = request.socket.remoteAddress.replace(/^::ffff:|%.*/g, '');
    response.end(request.headers.host + ' ' + request.url + ' ' + from);
  })
  .listen(Number(process.argv[1]), '::', () => console.log('listening'));
`;

/** A program in the router's namespace, as Neutron's is: a link-local peer's name has a device of that namespace in it. */
async function proxy(router: Netns, port: number): Promise<void> {
  const { LD_PRELOAD: _, ...env } = process.env;
  const child = router.spawn(process.execPath, ['-e', script, String(port)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  cleanUp(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const [said] = await Promise.race([once(child.stdout as Readable, 'data'), exit]);
  expect(String(said)).toBe('listening\n');
}

const curl = (host: Host, url: string): Promise<string> => host.run('curl', '-sg', '--max-time', '2', url);

test('over IPv4: requests of machines on every network come to the proxy, as they were sent', async () => {
  const { stage, vm1, vm2, vm3 } = on;
  const router = await stage.router(withMetadata());
  await proxy(router.netns, 9697);
  const url = 'http://169.254.169.254/latest/meta-data';
  for (const [vm, address] of [
    [vm1, '10.0.0.11'],
    [vm2, '10.0.0.12'],
    [vm3, '10.0.1.13'],
  ] as const) {
    expect(await curl(vm, url)).toBe(`169.254.169.254 /latest/meta-data ${address}`);
  }
});

test('over IPv6: to fe80::a9fe:a9fe, by the route that router advertisements give', async () => {
  const { stage, vm1, vm3 } = on;
  const spec = withMetadata();
  const router = await stage.router(spec);
  await proxy(router.netns, 9697);
  for (const [vm, device] of [
    [vm1, 'qr-a'],
    [vm3, 'qr-b'],
  ] as const) {
    const linkLocal = (of: string, dev: string): string => {
      const addresses = ipJson(of, '-6', 'address', 'show', 'dev', dev)[0]?.['addr_info'] as IpObject[];
      return addresses.find(({ scope }) => scope === 'link')?.['local'];
    };
    const via = linkLocal(`qrouter-${spec.id}`, device);
    const route = { dst: 'fe80::a9fe:a9fe', via, dev: 'eth0' };
    await vm.netns.routes.add(route);
    cleanUp(() => vm.netns.routes.delete(route));
    const answer = await curl(vm, 'http://[fe80::a9fe:a9fe%25eth0]/openstack');
    expect(answer).toBe(`[fe80::a9fe:a9fe] /openstack ${linkLocal(vm.netns.name, 'eth0')}`);
  }
});

test("the proxy's port is not reached but so, by machines or from outside", async () => {
  const { stage, vm1, outside } = on;
  const router = await stage.router(withMetadata(9700));
  await proxy(router.netns, 9700);
  expect(await curl(vm1, 'http://169.254.169.254/')).toBe('169.254.169.254 / 10.0.0.11');
  const direct = (host: Host, ...addresses: string[]): Promise<string[]> =>
    Promise.all(addresses.map((to) => curl(host, `http://${to}:9700/`)));
  const inside = await direct(vm1, '10.0.0.1', '10.0.1.1', '203.0.113.2', '169.254.169.254', '[fd00:a::1]');
  expect(inside).toEqual(['', '', '', '', '']);
  expect(await direct(outside, '203.0.113.2', '[2001:db8::2]')).toEqual(['', '']);
  // Nor is metadata served to those outside.
  expect(await outside.tcp('203.0.113.2', 80, inVain)).toBe('ECONNREFUSED');
});

test('requests for other ports and addresses are not taken, and none without metadata', async () => {
  const { stage, vm1 } = on;
  const spec = withMetadata();
  const router = await stage.router(spec);
  await proxy(router.netns, 9697);
  expect(await curl(vm1, 'http://169.254.169.254/')).not.toBe('');
  expect(await vm1.tcp('169.254.169.254', 81, inVain)).not.toMatchObject({ host: 'router' });
  expect(await vm1.tcp('203.0.113.1', 80)).toMatchObject({ host: 'outside' });
  const { metadata: _, ...rest } = spec;
  await stage.apply(rest);
  expect(await curl(vm1, 'http://169.254.169.254/')).toBe('');
  await stage.apply(spec);
  expect(await curl(vm1, 'http://169.254.169.254/')).not.toBe('');
});
