/** The arguments of `netloom topology`. */
import { extname } from 'node:path';
import { parseArgs } from 'node:util';

export interface TopologyCommand {
  readonly format: Format;
  /** A file; stdout without one. */
  readonly output: string | undefined;
  /** The namespace that holds the bridges; the command's own without one. */
  readonly netns: string | undefined;
  readonly all: boolean;
}

const formats = ['terminal', 'mermaid', 'dot', 'svg', 'json'] as const;

export type Format = (typeof formats)[number];

const byExtension: Readonly<Record<string, Format>> = {
  '.svg': 'svg',
  '.dot': 'dot',
  '.gv': 'dot',
  '.mmd': 'mermaid',
  '.json': 'json',
};

export const topologyUsage: string = `  topology  routers, DHCP servers, their networks and what is on these, as the kernel has them

    --format HOW       ${formats.join(', ')} (default: as the file is called, else terminal)
    --output FILE      into a file
    --netns NAME       where the bridges are, if not here
    --all              bridges without a router too`;

/** @throws Error in one line. */
export function parseTopology(args: readonly string[]): TopologyCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      format: { type: 'string' },
      output: { type: 'string' },
      netns: { type: 'string' },
      all: { type: 'boolean', default: false },
    },
  });
  const { format = byExtension[extname(values.output ?? '')] ?? 'terminal', output, netns, all } = values;
  if (!isFormat(format)) throw new Error(`--format takes one of ${formats.join(', ')}, not '${format}'`);
  for (const [option, value] of Object.entries({ output, netns })) {
    if (value === '') throw new Error(`--${option} takes a name, not ''`);
  }
  return { format, output, netns, all };
}

function isFormat(format: string): format is Format {
  return (formats as readonly string[]).includes(format);
}
