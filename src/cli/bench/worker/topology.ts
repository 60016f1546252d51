/** A client outside and a VM inside, for what needs packets. */
import { Netns } from '../../../index.js';
import type { Run } from './run.js';

export const clientAddress = '198.19.255.2/15';

/** A namespace whose eth0 is plugged into a bridge. */
export async function plug(run: Run, host: Netns, bridge: string, address: string, gateway?: string): Promise<Netns> {
  const netns = await Netns.create();
  run.onEnd(() => netns.close());
  await netns.links.set('lo', { up: true });
  const name = bridge === 'br-ex' ? 'client' : 'vm';
  await host.links.add({ kind: 'veth', name, up: true, master: bridge, peer: { name: 'eth0', netns, up: true } });
  await netns.addresses.add({ dev: 'eth0', address });
  if (gateway) await netns.routes.add({ dst: 'default', via: gateway });
  return netns;
}
