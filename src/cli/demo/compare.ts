/** The same work by the command line: routes or addresses by `ip -batch`, elements of sized maps by `nft -f`. */
import { Netns } from '../../netns/index.js';
import type { FloatingIp, FloatingIpBinding } from '../../router/index.js';
import { runStep } from '../programs.js';

/** Microseconds for each floating IP. */
export interface Cost {
  readonly associate: number;
  readonly disassociate: number;
}

export interface Compared {
  /** The routes, or addresses, alone. */
  readonly ip: Cost;
  /** The maps alone. */
  readonly nft: Cost;
}

const maps = ['fip_dnat', 'fip_snat'] as const;

/** Undefined where the programs are not there. */
export async function compare(pairs: readonly FloatingIp[], binding: FloatingIpBinding): Promise<Compared | undefined> {
  const netns = await Netns.create();
  try {
    await netns.links.set('lo', { up: true });
    await netns.nft.apply([
      { add: { table: { family: 'ip', name: 'netloom' } } },
      ...maps.map((name) => ({
        add: { map: { family: 'ip', table: 'netloom', name, type: 'ipv4_addr', map: 'ipv4_addr', size: 65536 } },
      })),
    ] as never);
    // The 'prefix' binding has no counterpart there: a command line would make routes.
    const object = (verb: string, address: string): string =>
      binding === 'address'
        ? `address ${verb} ${address}/32 dev lo`
        : `route ${verb} local ${address} dev lo table local`;
    const objects = (verb: string): string =>
      pairs.map(({ floatingAddress }) => `${object(verb, floatingAddress)}\n`).join('');
    const keys = { fip_dnat: 'floatingAddress', fip_snat: 'fixedAddress' } as const;
    const values = { fip_dnat: 'fixedAddress', fip_snat: 'floatingAddress' } as const;
    const elements = (verb: string, withValue: boolean): string =>
      maps
        .map((map) => {
          const list = pairs.map((pair) => (withValue ? `${pair[keys[map]]} : ${pair[values[map]]}` : pair[keys[map]]));
          return `${verb} element ip netloom ${map} { ${list.join(', ')} }\n`;
        })
        .join('');
    const timed = async (program: string, args: string[], input: string): Promise<number> => {
      const start = process.hrtime.bigint();
      await runStep(netns, { program, args, input });
      return Number(process.hrtime.bigint() - start) / 1000 / pairs.length;
    };
    const ip = (verb: string): Promise<number> => timed('ip', ['-batch', '-'], objects(verb));
    const nft = (verb: string, withValue: boolean): Promise<number> =>
      timed('nft', ['-f', '-'], elements(verb, withValue));
    const added = { ip: await ip('add'), nft: await nft('add', true) };
    const deleted = { ip: await ip('del'), nft: await nft('delete', false) };
    return {
      ip: { associate: added.ip, disassociate: deleted.ip },
      nft: { associate: added.nft, disassociate: deleted.nft },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await netns.close();
  }
}
