import type { NativeNamespace } from '../addon.js';
import { fromNative } from '../errors.js';
import { abortable, type CallOptions } from '../netlink/call-options.js';
import { closedError } from '../netlink/channel.js';
import type { TunSpec } from './kinds/index.js';
import type { LinkChange } from './link-change.js';
import type { Links } from './links.js';

/** Makes a TUN or TAP device in `native`'s namespace and gives it its settings by `links`; when that fails there is none. */
export async function makeTun(
  native: NativeNamespace,
  links: Links,
  netns: string,
  spec: TunSpec,
  options: CallOptions,
): Promise<void> {
  const { name, mode, pi = false, vnetHdr = false, multiQueue = false, owner = null, ownerGroup = null } = spec;
  if (native.fd < 0) throw closedError(netns);
  const remove = (): Promise<void> => links.delete(name).catch(() => {});
  try {
    await abortable(
      () => native.createTun(name, mode === 'tap', pi, vnetHdr, multiQueue, owner, ownerGroup),
      options,
      // Made when nobody waited for it any more.
      remove,
    );
  } catch (error) {
    throw fromNative(error, `${name} (tun)`, netns, spec);
  }
  try {
    for (const change of changes(spec)) await links.set(name, change, options);
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What is left to set. How the link-local address is made comes before the device is up, which makes it. */
function changes({ mac, mtu, txQueueLength, alias, group, master, addrGenMode, up }: TunSpec): LinkChange[] {
  const settings = { mac, mtu, txQueueLength, alias, group, master, addrGenMode };
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as LinkChange;
  const empty = Object.keys(given).length === 0;
  if (up === undefined) return empty ? [] : [given];
  if (addrGenMode === undefined) return [{ ...given, up }];
  return [given, { up }];
}
