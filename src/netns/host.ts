import { Netns } from './netns.js';

/** Works on a host: the one that a caller names, or the process's own namespace, whose handle is closed afterwards. */
export async function onHost<T>(given: Netns | undefined, work: (host: Netns) => Promise<T>): Promise<T> {
  if (given) return work(given);
  await using own = await Netns.current();
  return await work(own);
}
