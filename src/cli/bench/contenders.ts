/** Who is measured, and how each one's driver is started. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFloor, buildGo, installNpmNetlink, peers } from './drivers/build.js';
import type { Launch } from './drivers/process.js';
import { findProgram, probe } from './drivers/programs.js';

export const contenderNames = [
  'floor',
  'netloom-packed',
  'netloom-objects',
  'ip-batch+nft',
  'ip-batch+iptables-restore',
  'fork-ip-nft',
  'fork-ip-iptables',
  'go',
  'pyroute2',
  'npm-netlink',
  'neutron',
] as const;

export type ContenderName = (typeof contenderNames)[number];

export interface Contender {
  readonly name: string;
  /** What it is, for `--list`. */
  readonly what: string;
  /** Builds what has to be built. Rejects with the reason where it cannot be had. */
  prepare(): Promise<Launch>;
}

const worker = fileURLToPath(new URL('./worker/main.js', import.meta.url));

/** A program of this package, in a process of its own. */
async function ownWorker(name: ContenderName, ...programs: string[]): Promise<Launch> {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} not installed`);
  // What sends packets in new-flow-latency is the floor's; without it that scenario alone is skipped.
  const floor = await buildFloor().catch(() => undefined);
  return {
    command: process.execPath,
    args: ['--expose-gc', worker, name],
    stopsOnSignal: true,
    ...(floor ? { env: { NETLOOM_BENCH_FLOOR: floor } } : {}),
  };
}

/** Debian's own Python has its packages; another that stands first in PATH has not. */
async function python(script: string, module: string, debianPackage: string): Promise<Launch> {
  const path = join(peers, script);
  if (!existsSync(path)) throw new Error(`${script} is not in this package`);
  for (const command of ['/usr/bin/python3', findProgram('python3')]) {
    if (command && existsSync(command) && (await probe(command, '-c', `import ${module}`)) !== undefined) {
      return { command, args: [path], env: { PYTHONDONTWRITEBYTECODE: '1' } };
    }
  }
  throw new Error(`${debianPackage} not installed`);
}

export const contenders: Readonly<Record<ContenderName, Omit<Contender, 'name'>>> = {
  floor: {
    what: "the kernel's own time: buffers that are ready, sent from C++",
    prepare: async () => ({ command: await buildFloor(), args: [] }),
  },
  'netloom-packed': { what: 'netloom, addresses in typed arrays', prepare: () => ownWorker('netloom-packed') },
  'netloom-objects': {
    what: 'netloom, objects with addresses as text',
    prepare: () => ownWorker('netloom-objects'),
  },
  'ip-batch+nft': {
    what: '`ip -batch`, and `nft -f` with maps',
    prepare: () => ownWorker('ip-batch+nft', 'ip', 'nft'),
  },
  'ip-batch+iptables-restore': {
    what: '`ip -batch`, and `iptables-restore --noflush` with two rules each',
    prepare: () => ownWorker('ip-batch+iptables-restore', 'ip', 'iptables-restore'),
  },
  'fork-ip-nft': {
    what: '`ip` and `nft`, started for each operation',
    prepare: () => ownWorker('fork-ip-nft', 'ip', 'nft'),
  },
  'fork-ip-iptables': {
    what: '`ip` and twice `iptables`, started for each operation',
    prepare: () => ownWorker('fork-ip-iptables', 'ip', 'iptables'),
  },
  go: {
    what: 'Go: vishvananda/netlink and google/nftables',
    prepare: async () => ({ command: await buildGo(), args: [] }),
  },
  pyroute2: { what: 'Python: pyroute2', prepare: () => python('pyroute2.py', 'pyroute2', 'python3-pyroute2') },
  'npm-netlink': {
    what: 'the npm package netlink',
    prepare: async () => ({ command: process.execPath, args: [await installNpmNetlink()] }),
  },
  neutron: { what: "OpenStack's own agent code", prepare: () => python('neutron.py', 'neutron', 'python3-neutron') },
};

export function contender(name: ContenderName): Contender {
  return { name, ...contenders[name] };
}
