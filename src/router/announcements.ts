import type { AnnounceOptions } from '../announce/announce.js';
import type { CallOptions } from '../netlink/call-options.js';
import type { Netns } from '../netns/netns.js';

/** Tells those outside where floating IPs live: three rounds, a second apart, as OpenStack's agent does, where nothing else is said. */
export async function announceFloatingIps(
  netns: Netns,
  device: string | undefined,
  addresses: Uint32Array,
  announce: AnnounceOptions | false | undefined,
  limits: CallOptions,
): Promise<void> {
  if (announce === false || device === undefined || addresses.length === 0) return;
  await netns.announce({ dev: device, addresses }, { count: 3, interval: 1000, ...announce, ...limits });
}
