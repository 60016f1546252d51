/** The `netloom` command. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { DemoOptions } from './demo/demo.js';

const usage = `usage: netloom demo [options]
       netloom --help | --version

  demo  two tenants with overlapping addresses, routers, floating IPs and traffic, on this machine's kernel

    --json          one object, for a program
    --plain         lines without colour or movement
    --keep          leave it up and say how to look around
    --no-compare    without the same work by \`ip -batch\` and \`nft -f\`
    --count N       floating IPs to churn: 1 to 50000 (default 10000)
    --binding HOW   what they live on: address, route or prefix (default prefix)`;

/** The command line cannot be meant. */
class UsageError extends Error {}

function parse(): 'help' | 'version' | DemoOptions {
  const { values, positionals } = readArguments();
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, extra] = positionals;
  if (command === undefined) throw new UsageError('no command is given');
  if (command !== 'demo') throw new UsageError(`unknown command '${command}'`);
  if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'`);
  const count = /^\d+$/.test(values.count) ? Number(values.count) : 0;
  if (count < 1 || count > 50_000) throw new UsageError(`--count takes 1 to 50000, not '${values.count}'`);
  const { binding, json, plain, keep } = values;
  if (binding !== 'address' && binding !== 'route' && binding !== 'prefix') {
    throw new UsageError(`--binding takes address, route or prefix, not '${binding}'`);
  }
  return { json, plain, keep, compare: !values['no-compare'], count, binding };
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        plain: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        'no-compare': { type: 'boolean', default: false },
        count: { type: 'string', default: '10000' },
        binding: { type: 'string', default: 'prefix' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    // Node goes on to explain how to write it after '--'.
    const [message] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(message);
  }
}

async function main(): Promise<number> {
  const parsed = parse();
  if (parsed === 'help') console.log(usage);
  else if (parsed === 'version') {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    console.log(version);
  } else {
    // Not before: where the library cannot be loaded, --help still works.
    const { runDemo } = await import('./demo/demo.js');
    return runDemo(parsed);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(`netloom: ${(error as Error).message}${isUsage ? ' (see netloom --help)' : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
