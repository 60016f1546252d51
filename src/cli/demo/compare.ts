/** The same work by the command line: local routes by `ip -batch`, elements of sized maps by `nft -f`. */
import { once } from 'node:events';
import { Netns } from '../../netns/index.js';
import type { FloatingIp } from '../../router/index.js';

export interface Compared {
  /** Microseconds for each floating IP. */
  readonly associate: number;
  readonly disassociate: number;
}

const maps = ['fip_dnat', 'fip_snat'] as const;

/** Undefined where the programs are not there. */
export async function compare(pairs: readonly FloatingIp[]): Promise<Compared | undefined> {
  const netns = await Netns.create();
  try {
    await netns.links.set('lo', { up: true });
    await netns.nft.apply([
      { add: { table: { family: 'ip', name: 'netloom' } } },
      ...maps.map((name) => ({
        add: { map: { family: 'ip', table: 'netloom', name, type: 'ipv4_addr', map: 'ipv4_addr', size: 65536 } },
      })),
    ] as never);
    const routes = (verb: string): string =>
      pairs.map(({ floatingAddress }) => `route ${verb} local ${floatingAddress} dev lo table local\n`).join('');
    const keys = { fip_dnat: 'floatingAddress', fip_snat: 'fixedAddress' } as const;
    const values = { fip_dnat: 'fixedAddress', fip_snat: 'floatingAddress' } as const;
    const elements = (verb: string, withValue: boolean): string =>
      maps
        .map((map) => {
          const list = pairs.map((pair) => (withValue ? `${pair[keys[map]]} : ${pair[values[map]]}` : pair[keys[map]]));
          return `${verb} element ip netloom ${map} { ${list.join(', ')} }\n`;
        })
        .join('');
    const timed = async (ip: string, nft: string): Promise<number> => {
      const start = process.hrtime.bigint();
      await run(netns, 'ip', ['-batch', '-'], ip);
      await run(netns, 'nft', ['-f', '-'], nft);
      return Number(process.hrtime.bigint() - start) / 1000 / pairs.length;
    };
    const associate = await timed(routes('add'), elements('add', true));
    return { associate, disassociate: await timed(routes('del'), elements('delete', false)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await netns.close();
  }
}

async function run(netns: Netns, program: string, args: string[], input: string): Promise<void> {
  const child = netns.spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  // A program that ends early closes its input; what it says tells why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program}: ${complaint.trim().split('\n')[0] ?? ''} (exit code ${code})`);
}
