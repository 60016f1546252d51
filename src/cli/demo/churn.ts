/** Many floating IPs, associated and disassociated: what one costs. */
import type { Netns } from '../../netns/index.js';
import type { FloatingIp, FloatingIpBinding, Router } from '../../router/index.js';
import { type Compared, type Cost, compare } from './compare.js';
import { makeRouter } from './networks.js';
import type { Stage } from './stage.js';

export interface ChurnOptions {
  readonly count: number;
  readonly binding: FloatingIpBinding;
  readonly compare: boolean;
}

export async function churn(stage: Stage, node: Netns, options: ChurnOptions): Promise<void> {
  const { count, binding } = options;
  const { router } = await makeRouter(stage, node, {
    index: 3,
    gateway: 30,
    addresses: ['10.0.9.1/24'],
    binding,
    pools: ['198.18.0.0/15'],
  });
  const pairs = Array.from({ length: count }, (_, at) => ({
    floatingAddress: `198.18.${at >> 8}.${at & 255}`,
    fixedAddress: `10.1.${at >> 8}.${at & 255}`,
  }));
  const netloom = await time(stage, router, pairs, binding === 'address' ? 1000 : count);
  const peers = options.compare
    ? await stage.step(
        'The same by ip -batch and nft -f',
        () => compare(pairs, binding),
        (result) => (result ? undefined : 'not there'),
      )
    : undefined;
  const peer = peers && sum(peers);
  stage.out.result('churn', {
    count,
    binding,
    unit: 'us',
    netloom,
    ...(peer ? { 'ip-batch+nft': peer, ...peers } : {}),
  });
  if (peers && peer) show(stage, binding, netloom, peers, peer);
}

/**
 * By one call each way, as a controller that has all of them to do would make; but /32 addresses cost so much in the kernel
 * that portions cost nothing more, and show how it goes on.
 */
async function time(stage: Stage, router: Router, pairs: readonly FloatingIp[], portion: number): Promise<Cost> {
  const progress = stage.out.progress('Associate and disassociate', 2 * pairs.length);
  const portions: FloatingIp[][] = [];
  for (let at = 0; at < pairs.length; at += portion) portions.push(pairs.slice(at, at + portion));
  const each = async (work: (portion: readonly FloatingIp[]) => Promise<void>): Promise<number> => {
    let spent = 0n;
    for (const some of portions) {
      stage.check();
      const start = process.hrtime.bigint();
      await work(some);
      spent += process.hrtime.bigint() - start;
      progress.advance(some.length);
    }
    return Number(spent) / 1000 / pairs.length;
  };
  try {
    const associate = await each((some) => router.floatingIps.associate(some, { announce: false }));
    const disassociate = await each((some) =>
      router.floatingIps.disassociate(some.map(({ floatingAddress }) => floatingAddress)),
    );
    progress.done(`${associate.toFixed(1)} us each to associate, ${disassociate.toFixed(1)} us to disassociate`);
    return { associate, disassociate };
  } catch (error) {
    progress.fail(error);
    throw error;
  }
}

function sum({ ip, nft }: Compared): Cost {
  return { associate: ip.associate + nft.associate, disassociate: ip.disassociate + nft.disassociate };
}

function show(stage: Stage, binding: FloatingIpBinding, netloom: Cost, { ip, nft }: Compared, both: Cost): void {
  const micro = (value: unknown): string => `${(value as number).toFixed(1)} us`;
  stage.out.table(
    [
      { who: `netloom ('${binding}' binding)`, ...netloom },
      { who: `ip -batch (${binding === 'address' ? 'addresses' : 'routes'})`, ...ip },
      { who: 'nft -f (maps)', ...nft },
      { who: 'ip -batch + nft -f', ...both },
    ],
    [
      { key: 'who', title: 'one floating IP' },
      { key: 'associate', title: 'associate', align: 'right', format: micro },
      { key: 'disassociate', title: 'disassociate', align: 'right', format: micro },
    ],
  );
  const ratio = (peer: number, own: number): string => (peer / own).toFixed(peer < 10 * own ? 2 : 0);
  const times = (peer: Cost): string =>
    `${ratio(peer.associate, netloom.associate)} times its speed to associate, ` +
    `${ratio(peer.disassociate, netloom.disassociate)} times to disassociate`;
  stage.out.text([
    `Against ip -batch + nft -f: ${times(both)}.`,
    ...(binding === 'prefix' ? [`Against nft -f alone, as this binding needs no routes: ${times(nft)}.`] : []),
  ]);
}
