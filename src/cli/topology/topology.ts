/** `netloom topology`: the kernel's networks, drawn. It changes nothing. */
import { writeFile } from 'node:fs/promises';
import { Netns } from '../../netns/index.js';
import { readTopology, type Topology, toDot, toMermaid, toSvg, toTerminal } from '../../topology/index.js';
import { detectMode } from '../terminal/index.js';
import type { Format, TopologyCommand } from './options.js';

/** Returns the exit code. */
export async function runTopology({ format, output, netns, all }: TopologyCommand): Promise<number> {
  const host = netns === undefined ? undefined : await Netns.open(netns);
  try {
    const topology = await readTopology({ all, ...(host ? { host } : {}) });
    const text = renderers[format](topology, output === undefined);
    if (output === undefined) process.stdout.write(text);
    else await writeFile(output, text);
    return 0;
  } finally {
    await host?.close();
  }
}

const renderers: Readonly<Record<Format, (topology: Topology, isShown: boolean) => string>> = {
  terminal: (topology, isShown) => {
    if (topology.nodes.length === 0) return 'no routers, no DHCP servers\n';
    const { unicode, color } = detectMode({}, process, process.env);
    const columns = (isShown && process.stdout.columns) || Number(process.env['COLUMNS']) || 100;
    return `${toTerminal(topology, { columns, unicode, color: isShown && color })}\n`;
  },
  mermaid: (topology) => toMermaid(topology),
  dot: (topology) => toDot(topology),
  svg: (topology) => toSvg(topology),
  json: (topology) => `${JSON.stringify(topology, null, 2)}\n`,
};
