/** Named namespaces that a driver which was killed has left. */
import { existsSync } from 'node:fs';
import { Netns } from '../../netns/index.js';

/** Bare ones, and routers (`routerSpec`): each driver's hold its process id. */
const owned = /^(?:(?:netloom-bench|bench-[a-z0-9]+)-(\d+)-|qrouter-6e657462-.*-0*(\d+)$)/;

/** Those of processes that have gone. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await Netns.list()) {
    const [, bare, router] = owned.exec(name) ?? [];
    const pid = bare ?? router;
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await Netns.delete(name).catch(() => {});
  }
}
