/**
 * Whether commands would succeed, without doing them: `nft -c`, but by the kernel.
 *
 * A namespace is made that nobody else sees. It is given the ruleset as it is, and devices of the names that chains are hooked to; handles
 * of the copies are other ones, so those that the commands name are changed for them.
 */

import { NetlinkError } from '../errors.js';
import { type ApplyOptions, compileRequests, explain, type Kernel } from './apply.js';
import { copyOf, devicesOf, withHandlesOf } from './copy.js';
import { checkFilter } from './filter.js';
import { readRuleset } from './listing.js';

/** How often all is read anew when the ruleset changes meanwhile. */
const attempts = 10;

export async function inScratch<T>(
  kernel: Kernel,
  list: readonly unknown[],
  { echo: _, ...options }: ApplyOptions,
  then: (copy: Pick<Kernel, 'channel' | 'interfaces'>) => Promise<T>,
): Promise<T> {
  const { requests, ruleset } = await readAll(kernel, list, options);
  const { ifGeneration } = options;
  if (ifGeneration !== undefined && ruleset.generation !== ifGeneration) throw past(`generation ${ifGeneration}`);
  const copy = copyOf(ruleset);
  const hooked = new Set(devicesOf([...ruleset.chains, ...ruleset.flowtables, ...requests.map(({ wire }) => wire)]));
  const devices =
    hooked.size === 0 ? [] : (await kernel.interfaces(options)).filter(({ name }) => hooked.has(name) && name !== 'lo');
  const scratch = await kernel.scratch();
  try {
    if (devices.length > 0) await scratch.links.add(devices.map(({ name }) => ({ kind: 'bridge', name })));
    const { channel, commit } = scratch.nft.kernel;
    const copied = await commit(copy.requests, options, undefined, undefined);
    const handles = new Map(copied.map(({ command, handle }) => [copy.keys[command] as string, handle]));
    const moved = requests.map((request) => withHandlesOf(handles, request));
    await commit(moved, options, explain(options), undefined);
    // Rules name devices by numbers, which are those of the namespace that they are meant for.
    return await then({ channel, interfaces: kernel.interfaces });
  } finally {
    await scratch.close();
  }
}

/** The ruleset, and the commands compiled for it. */
async function readAll(
  kernel: Kernel,
  list: readonly unknown[],
  options: ApplyOptions,
): Promise<
  Pick<Awaited<ReturnType<typeof compileRequests>>, 'requests'> & {
    readonly ruleset: Awaited<ReturnType<typeof readRuleset>>;
  }
> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { requests, generation } = await compileRequests(kernel, list, options);
    const ruleset = await readRuleset(kernel.channel, checkFilter({}), options);
    if (generation === undefined || generation === ruleset.generation) return { requests, ruleset };
  }
  throw past('that it was read in');
}

const past = (which: string): NetlinkError =>
  new NetlinkError({
    errno: 85,
    syscall: 'NFNL_MSG_BATCH_BEGIN',
    kernelMessage: `the ruleset is not of ${which} any more`,
  });
