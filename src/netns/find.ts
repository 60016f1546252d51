import { NetlinkError } from '../errors.js';
import { Netns, type NetnsOptions } from './netns.js';

/** As `Netns.open`, for whom it is no failure that there is no namespace of the name, or a name alone, as a crash or a reboot leaves it. */
export async function findNetns(name: string, options?: NetnsOptions): Promise<Netns | 'nothing' | 'a name alone'> {
  try {
    return await Netns.open(name, options);
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') return 'nothing';
    if (error instanceof NetlinkError && error.code === 'EINVAL') return 'a name alone';
    throw error;
  }
}

/** What follows the prefix in names of namespaces, sorted: `qrouter-<id>`. */
export async function idsBehind(prefix: string): Promise<string[]> {
  return (await Netns.list()).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
