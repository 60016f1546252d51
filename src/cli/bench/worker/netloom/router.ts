/** A router of the run's own, between bridges of the run's own. */
import { type Dispatch, Netns } from '../../../../index.js';
import { type FloatingIpBinding, Router, type RouterOptions, type RouterSpec } from '../../../../router/index.js';
import { gatewayAddress, pool } from '../addresses.js';
import type { Run } from '../run.js';
import { untilGone } from '../teardown.js';

let counter = 0;

export interface RouterIds {
  /** 'netb' in hexadecimal, and whose it is. */
  readonly router: string;
  readonly gateway: string;
  readonly interface: string;
  /** Of the tenant's network. */
  readonly network: string;
}

/** Ids that no other router of this process has. */
export function nextIds(): RouterIds {
  counter += 1;
  const number = counter.toString(16).padStart(8, '0');
  const owner = String(process.pid).padStart(12, '0');
  // Devices are named by the first 11 characters of a port's or a network's id.
  const id = (kind: string): string => `${number}-${kind}00-4000-8000-${owner}`;
  return {
    router: `6e657462-${number.slice(0, 4)}-${number.slice(4)}-8000-${owner}`,
    gateway: id('ee'),
    interface: id('11'),
    network: id('4e'),
  };
}

/** Tenants' addresses are those of floating IPs' fixed ones. */
export function routerSpec(floatingIpBinding: FloatingIpBinding): RouterSpec {
  const ids = nextIds();
  return {
    id: ids.router,
    floatingIpBinding,
    gateway: { id: ids.gateway, bridge: 'br-ex', addresses: [gatewayAddress], floatingPools: [pool] },
    interfaces: [{ id: ids.interface, bridge: 'br-int', addresses: ['10.0.0.1/15'] }],
  };
}

/** A namespace with the two bridges. */
export async function makeHost(run: Run): Promise<Netns> {
  const host = await Netns.create();
  run.onEnd(async () => {
    await untilGone(host);
    await host.close();
  });
  await host.links.add([
    { kind: 'bridge', name: 'br-ex', up: true },
    { kind: 'bridge', name: 'br-int', up: true },
  ]);
  return host;
}

export async function makeRouter(
  run: Run,
  host: Netns,
  binding: FloatingIpBinding,
  dispatch?: Dispatch,
): Promise<Router> {
  const options: RouterOptions = { host, ...(dispatch ? { dispatch } : {}) };
  const router = await Router.apply(routerSpec(binding), { ...options, announce: false });
  run.onEnd(() => remove(router));
  return router;
}

/** Not `router.delete`, which takes each port away by itself: the kernel takes all that has no handle apart in one go. */
export async function remove(router: Router): Promise<void> {
  await router.close();
  await Netns.delete(`qrouter-${router.id}`);
}
