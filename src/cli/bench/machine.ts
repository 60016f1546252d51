/** Where the figures come from: the machine, and the versions of what was measured. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { findProgram, probe } from './drivers/programs.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly node: string;
  /** Of programs and libraries; null for those that are not there. */
  readonly versions: Readonly<Record<string, string | null>>;
}

/** How each says its version. */
const asked: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  ip: ['ip', '-V'],
  nft: ['nft', '--version'],
  iptables: ['iptables', '--version'],
  go: ['go', 'version'],
  pyroute2: ['/usr/bin/python3', '-c', 'from importlib.metadata import version; print(version("pyroute2"))'],
  neutron: ['/usr/bin/python3', '-c', 'from importlib.metadata import version; print(version("neutron"))'],
};

export async function describeMachine(): Promise<Machine> {
  const all = cpus();
  const versions = await Promise.all(
    Object.entries(asked).map(async ([name, [program, ...args]]): Promise<[string, string | null]> => {
      const path = findProgram(program) ?? program;
      return [name, (await probe(path, ...args))?.split('\n')[0] || null];
    }),
  );
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memory: totalmem(),
    kernel: release(),
    node: process.version,
    versions: { netloom: ownVersion(), ...Object.fromEntries(versions) },
  };
}

function ownVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** One line for people. */
export function machineLine({ cpu, cores, kernel, node }: Machine): string {
  return `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`;
}
