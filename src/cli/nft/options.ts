/** The arguments of `netloom nft`. */
import { parseArgs } from 'node:util';
import type { NftFilter } from '../../nftables/index.js';

export type NftCommand = {
  /** The namespace; the command's own without one. */
  readonly netns: string | undefined;
} & (
  | { readonly name: 'apply'; readonly file: string; readonly check: boolean; readonly echo: boolean }
  | { readonly name: 'list'; readonly filter: NftFilter }
  | { readonly name: 'monitor' }
);

export const nftUsage: string = `  nft       the kernel's nf_tables, in the JSON of nft -j

    apply FILE         carries out commands in one transaction; '-' is standard input
      --check          only says whether they would do
      --echo           prints the commands with the handles of what they have made
    list [WHAT]        prints the ruleset, or what is said as nft(8) does: 'tables', 'chains inet', 'table ip t',
                       'chain ip t c', 'set ip t s', 'counters table ip t', ...
    monitor            prints what changes, a line each, until it is interrupted
    --netns NAME       in this namespace, if not here`;

const names = ['apply', 'list', 'monitor'] as const;
const families: readonly string[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

/** @throws Error in one line. */
export function parseNft([name, ...args]: readonly string[]): NftCommand {
  if (!isName(name)) {
    throw new Error(name === undefined ? `nft takes one of ${names.join(', ')}` : `there is no 'nft ${name}'`);
  }
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      netns: { type: 'string' },
      ...(name === 'apply'
        ? { check: { type: 'boolean', default: false }, echo: { type: 'boolean', default: false } }
        : {}),
    },
  });
  const { netns } = values;
  if (netns === '') throw new Error("--netns takes a name, not ''");
  switch (name) {
    case 'apply': {
      const [file, ...more] = positionals;
      if (file === undefined || more.length > 0) throw new Error("nft apply takes one file, or '-'");
      const { check = false, echo = false } = values as { check?: boolean; echo?: boolean };
      return { name, netns, file, check, echo };
    }
    case 'list':
      return { name, netns, filter: filterOf(positionals) };
    case 'monitor':
      if (positionals.length > 0) throw new Error(`nft monitor takes no '${positionals[0]}'`);
      return { name, netns };
  }
}

const isName = (name: string | undefined): name is NftCommand['name'] => (names as readonly unknown[]).includes(name);

/** `sets inet`, `counters table ip t`, `set ip t s`: as nft(8) has it. */
function filterOf(words: readonly string[]): NftFilter {
  if (words.length === 0) return {};
  const twoWords = words[0] === 'ct';
  const kind = words.slice(0, twoWords ? 2 : 1).join(' ') as NonNullable<NftFilter['kind']>;
  const rest = words.slice(twoWords ? 2 : 1);
  const many = kind === 'ruleset' || kind.endsWith('s');
  if (many && rest[0] === 'table') rest.shift();
  const family = families.includes(rest[0] ?? '') ? (rest.shift() as NonNullable<NftFilter['family']>) : undefined;
  const [table, name, more] = rest;
  if (more !== undefined || (name !== undefined && (many || kind === 'table'))) {
    throw new Error(`nft list ${kind} takes no '${more ?? name}'`);
  }
  return {
    kind,
    ...(family === undefined ? {} : { family }),
    ...(table === undefined ? {} : { table }),
    ...(name === undefined ? {} : { name }),
  };
}
