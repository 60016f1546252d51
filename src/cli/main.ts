/** The `netloom` command. */
import { readFileSync } from 'node:fs';
import { benchUsage, parseBench } from './bench/options.js';
import { demoUsage, parseDemo } from './demo/options.js';
import { nftUsage, parseNft } from './nft/options.js';
import { nodeUsage, parseNode } from './node/options.js';
import { parseTopology, topologyUsage } from './topology/options.js';

const usage = `usage: netloom demo | bench | plan | apply | topology | nft [options]
       netloom --help | --version

${demoUsage}

${benchUsage}

${nodeUsage}

${topologyUsage}

${nftUsage}`;

/** The command line cannot be meant. */
class UsageError extends Error {}

/** What they do is not loaded before: where the library cannot be, --help still works. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  demo: async (args) => {
    const options = meant(() => parseDemo(args));
    return (await import('./demo/demo.js')).runDemo(options);
  },
  bench: async (args) => {
    const options = meant(() => parseBench(args));
    return (await import('./bench/bench.js')).runBench(options);
  },
  plan: async (args) => {
    const options = meant(() => parseNode(args));
    return (await import('./node/node.js')).runPlan(options);
  },
  apply: async (args) => {
    const options = meant(() => parseNode(args));
    return (await import('./node/node.js')).runApply(options);
  },
  topology: async (args) => {
    const options = meant(() => parseTopology(args));
    return (await import('./topology/topology.js')).runTopology(options);
  },
  nft: async (args) => {
    const options = meant(() => parseNft(args));
    return (await import('./nft/nft.js')).runNft(options);
  },
};

function meant<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // Node goes on to explain how to write it after '--'.
    const [message] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(message);
  }
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) throw new UsageError('no command is given');
  if ([name, ...args].some((argument) => argument === '--help' || argument === '-h')) {
    console.log(usage);
    return 0;
  }
  if (name === '--version') {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    console.log(version);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(`unknown ${name.startsWith('-') ? 'option' : 'command'} '${name}'`);
  return command(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(`netloom: ${(error as Error).message}${isUsage ? ' (see netloom --help)' : ''}`);
  // A description that cannot be is as wrong as an option that cannot be.
  process.exitCode = isUsage || error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
