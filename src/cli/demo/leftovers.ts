/** How a demo's namespaces and routers are named, and what one that was killed has left. */
import { readFile } from 'node:fs/promises';
import { Netns } from '../../netns/index.js';
import { Router } from '../../router/index.js';

const prefix = 'netloom-demo-';

/** The process's id is in the name: what nobody owns any more is known by it. */
export function namespaceName(role: string): string {
  return `${prefix}${process.pid}-${role}`;
}

/** A UUID that begins with 'net' in hexadecimal and ends with the process's id. */
export function routerId(index: number): string {
  return `6e6574${index.toString(16).padStart(2, '0')}-0000-4000-8000-${String(process.pid).padStart(12, '0')}`;
}

const ownedRouter = /^6e6574[0-9a-f]{2}-0000-4000-8000-(\d{12})$/;
const ownedNamespace = new RegExp(`^${prefix}(\\d+)-`);

/** Returns how many there were. Those of a demo that still runs are not touched. */
export async function removeLeftovers(): Promise<number> {
  // Routers first, while the namespace with their ports' other ends is there: with that, the ports go by themselves.
  const isRouter = (name: string): boolean => name.startsWith('qrouter-');
  const names = (await Netns.list()).sort((a, b) => Number(isRouter(b)) - Number(isRouter(a)));
  let removed = 0;
  for (const name of names) {
    const id = isRouter(name) ? name.slice('qrouter-'.length) : '';
    const pid = (ownedRouter.exec(id) ?? ownedNamespace.exec(name))?.[1];
    if (pid === undefined || (await demoRuns(Number(pid)))) continue;
    if (id === '' || !(await deleteRouter(id))) await Netns.delete(name);
    removed += 1;
  }
  return removed;
}

/** False where it is not whole any more: a name without a namespace, or ports that are going by themselves. */
async function deleteRouter(id: string): Promise<boolean> {
  let router: Router | undefined;
  try {
    router = await Router.open(id);
    await router.delete();
    return true;
  } catch {
    await router?.close();
    return false;
  }
}

/** Whether a process is there and is a demo: ids are used again, and in a container soon. */
async function demoRuns(pid: number): Promise<boolean> {
  if (pid === process.pid) return false;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes('demo');
  } catch {
    return false;
  }
}
