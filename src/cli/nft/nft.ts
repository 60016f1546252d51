/** `netloom nft`: commands in, objects out, as `nft -j` has them. */
import { readFileSync } from 'node:fs';
import { type Commands, NetlinkError, Netns, type NftEvent } from '../../index.js';
import type { NftCommand } from './options.js';

/** Returns the exit code. */
export async function runNft(command: NftCommand): Promise<number> {
  // What cannot be read is said before anything is opened.
  const commands = command.name === 'apply' ? read(command.file) : undefined;
  await using netns = command.netns === undefined ? await Netns.current() : await Netns.open(command.netns);
  switch (command.name) {
    case 'apply': {
      const { check, echo } = command;
      const printed = await netns.nft.apply(commands as Commands, { check, echo }).catch((error: unknown) => {
        throw withIndex(error);
      });
      if (echo || printed.length > 0) print(printed);
      return 0;
    }
    case 'list':
      print(await netns.nft.list(command.filter));
      return 0;
    case 'monitor':
      // Awaited: the namespace is closed behind it.
      return await monitor(netns);
  }
}

/** Bad JSON is bad input, as a bad command is. */
function read(file: string): unknown {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`${file === '-' ? 'standard input' : file}: ${(error as Error).message}`);
  }
}

/** As the paths of bad input do, so that the command can be found in the file. */
function withIndex(error: unknown): unknown {
  if (!(error instanceof NetlinkError) || error.index === undefined) return error;
  return new Error(`nftables[${error.index}]: ${error.message}`, { cause: error });
}

function print(objects: readonly object[]): void {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const metainfo = { version, release_name: 'netloom', json_schema_version: 1 };
  process.stdout.write(`${JSON.stringify({ nftables: [{ metainfo }, ...objects] })}\n`);
}

async function monitor(netns: Netns): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  // Whoever reads it has gone.
  process.stdout.once('error', () => interrupted.abort());
  try {
    for await (const event of netns.nft.monitor({ signal: interrupted.signal })) show(event);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  }
  return 0;
}

function show(event: NftEvent): void {
  if ('object' in event) process.stdout.write(`${JSON.stringify({ [event.action]: event.object })}\n`);
  else if (event.action === 'overrun') console.error('netloom: the kernel dropped events: list the ruleset anew');
}
