/**
 * nft(8) as the oracle of nftables: one ruleset made by nft and by netloom, in a namespace each, and what nft says of both.
 *
 * A ruleset is written in nft's own language. nft makes it, lists it as JSON, and netloom makes it of that JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asNft106 } from '../../conformance/as-nft-1.0.6.js';
import type { NftObject } from '../../conformance/nft.js';
import type { Netns } from '../../src/index.js';
import { namespace } from './namespaces.js';

export { asNft106, type NftObject };

/** nft in a namespace. */
export function nft(netns: Netns, ...args: string[]): string {
  const { LD_PRELOAD: _, ...env } = process.env;
  const enter = `--net=/proc/${process.pid}/fd/${netns.fd}`;
  return execFileSync('nsenter', [enter, 'nft', ...args], {
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What `nft -f` makes of a text, `nft -j -f` of commands, with more options where there are any; and what it prints. */
export function load(netns: Netns, ruleset: string | readonly unknown[], options: readonly string[] = []): string {
  // By a file: nft opens its standard input by path, which Node's is not to be had by.
  const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
  const file = join(folder, 'ruleset');
  try {
    const text = typeof ruleset === 'string';
    writeFileSync(file, text ? ruleset : JSON.stringify({ nftables: ruleset }));
    return nft(netns, ...options, ...(text ? [] : ['-j']), '-f', file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `nft -j list ruleset`, without metainfo. */
export function listed(netns: Netns): NftObject[] {
  const { nftables } = JSON.parse(nft(netns, '-j', 'list', 'ruleset')) as { nftables: NftObject[] };
  return nftables.filter((object) => !('metainfo' in object));
}

/** An object without its handle, which depends on what was made before it. */
export function withoutHandle(object: NftObject): NftObject {
  return Object.fromEntries(Object.entries(object).map(([kind, { handle: _, ...body }]) => [kind, body]));
}

/** A ruleset as nft sees it. */
export interface View {
  /** Each rule in order: its JSON, and its expressions and anonymous sets as `--debug=netlink` prints them. */
  readonly rules: readonly { readonly json: NftObject; readonly code: string }[];
  readonly objects: readonly NftObject[];
  /** Elements of sets, and the ruleset in nft's language, which says what the JSON leaves out. */
  readonly sets: readonly string[];
  readonly text: string;
}

export function view(netns: Netns): View {
  const objects = listed(netns).map(withoutHandle);
  const printed = nft(netns, '--debug=netlink', 'list', 'ruleset');
  const start = printed.search(/^table /m);
  // Elements of a hash come in an order of its own.
  const lines = printed.slice(0, start).split('\n');
  const blocks: string[][] = [];
  for (const line of lines) {
    if (/^\S/.test(line)) blocks.push([line]);
    else if (line !== '') blocks.at(-1)?.push(line);
  }
  const sets = blocks
    .filter(([head]) => head?.includes('@'))
    .map(([head, ...rest]) => [head, ...rest.sort()].join('\n'));
  const rules = blocks.filter(([head]) => !head?.includes('@')).map(([, ...rest]) => rest.join('\n'));
  const json = objects.filter((object) => 'rule' in object);
  return {
    rules: json.map((rule, i) => ({ json: rule, code: rules[i] ?? '' })),
    objects: objects.filter((object) => !('rule' in object)),
    sets,
    text: printed.slice(start),
  };
}

export interface Conformance {
  readonly theirs: View;
  readonly ours: View;
  /** The kernel's state that nft made, listed by nft and by netloom. */
  readonly listedByNft: readonly NftObject[];
  readonly listedByNetloom: readonly NftObject[];
}

/**
 * Makes a ruleset by both, once, in namespaces that are gone with the test file. By default both are given nft's JSON; with `text`,
 * where nft cannot read its own JSON or leaves something out of it, nft is given the text, and netloom what netloom lists.
 */
export async function conform(
  ruleset: string,
  { input = 'json', arrange }: { input?: 'json' | 'text'; arrange?: (netns: Netns) => Promise<void> } = {},
): Promise<Conformance> {
  const [first, theirs, ours] = [await namespace({}, 'file'), await namespace({}, 'file'), await namespace({}, 'file')];
  for (const netns of [first, theirs, ours]) await arrange?.(netns);
  load(first, ruleset);
  const commands = input === 'text' ? await first.nft.list() : listed(first);
  load(theirs, input === 'text' ? ruleset : commands);
  await ours.nft.apply(commands as never);
  return {
    theirs: view(theirs),
    ours: view(ours),
    listedByNft: listed(theirs),
    listedByNetloom: asNft106(await theirs.nft.list()),
  };
}
