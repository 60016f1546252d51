/** Makes whole tables with nft and with netloom, as run.ts does rules: hundreds at a time, known by their names. */
import { isDeepStrictEqual } from 'node:util';
import { asNft106 } from './as-nft-1.0.6.js';
import { readTables } from './code.js';
import type { TableCase } from './corpus/objects.js';
import { Lab, NftCrash, type NftObject } from './nft.js';
import { type Difference, difference, type Outcome } from './run.js';

const perBatch = 50;

interface View {
  /** Elements, expressions, and the table in nft's language, which says what the JSON leaves out. */
  readonly code: ReadonlyMap<string, string>;
  readonly listed: ReadonlyMap<string, readonly NftObject[]>;
  readonly own: ReadonlyMap<string, readonly NftObject[]>;
  /** As netloom lists it, with what nft leaves out. */
  readonly whole: ReadonlyMap<string, readonly NftObject[]>;
}

export async function runTables(cases: readonly TableCase[]): Promise<Outcome[]> {
  const labs = [await Lab.open(), await Lab.open(), await Lab.open()] as const;
  try {
    const outcomes: Outcome[] = [];
    for (let from = 0; from < cases.length; from += perBatch)
      outcomes.push(...(await run(labs, cases.slice(from, from + perBatch))));
    return outcomes;
  } finally {
    for (const lab of labs) await lab.close();
  }
}

type Labs = readonly [written: Lab, theirs: Lab, ours: Lab];

async function run(labs: Labs, cases: readonly TableCase[]): Promise<Outcome[]> {
  try {
    return await runOnce(labs, cases);
  } catch (error) {
    if (!(error instanceof NftCrash)) throw error;
    if (cases.length === 1) {
      const item = itemOf(cases[0]!);
      if (error.lab !== labs[2]) return [{ item, taken: 'neither', refusal: error.message }];
      return [{ item, taken: 'nft', compile: { expected: 'what nft can list', got: error.message } }];
    }
    const half = cases.length >> 1;
    return [...(await run(labs, cases.slice(0, half))), ...(await run(labs, cases.slice(half)))];
  }
}

async function runOnce([written, theirs, ours]: Labs, cases: readonly TableCase[]): Promise<Outcome[]> {
  await Promise.all([written, theirs, ours].map((lab) => lab.feed(['flush ruleset'], false)));
  const complaints = await written.feed(
    cases.map(({ family, id, body }) => `table ${family} ${id} { ${body}; }`),
    false,
  );
  const first = await look(written);
  const known = cases.filter(({ id }) => first.listed.has(id));
  const given = new Map(known.map(({ id }) => [id, first.listed.get(id)!]));
  const said = await theirs.feed(
    known.map(({ id }) => JSON.stringify({ nftables: given.get(id) })),
    true,
  );
  const second = await look(theirs);
  for (const { id } of known) if (!second.listed.has(id)) given.set(id, first.whole.get(id) ?? []);
  const errors = new Map<string, string>();
  for (const { id } of known) {
    const error = await ours.netns.nft.apply(given.get(id) as never).then(
      () => '',
      (reason: unknown) => String(reason),
    );
    errors.set(id, error);
  }
  const third = await look(ours);

  return cases.map((table): Outcome => {
    const { id } = table;
    const item = itemOf(table);
    if (!first.listed.has(id)) return { item, taken: 'neither', refusal: complaints[cases.indexOf(table)]! };
    const readable = second.listed.has(id);
    const reference = readable ? second : first;
    const got = third.listed.has(id) ? made(third, id) : `refused: ${errors.get(id)}`;
    // nft passes over some of what it lists: comments of sets, policies of timeouts.
    const compile =
      got === made(first, id) ? undefined : difference(withoutComments(made(reference, id)), withoutComments(got));
    const decompile = [first, second]
      .filter(({ listed }) => listed.has(id))
      .map((view) => listedAlike(view.listed.get(id)!, view.own.get(id) ?? []))
      .find((found) => found !== undefined);
    const refusal = said[known.indexOf(table)];
    return {
      item,
      taken: readable ? 'nft' : 'text',
      json: given.get(id),
      ...(refusal ? { refusal } : {}),
      ...(compile ? { compile } : {}),
      ...(decompile ? { decompile } : {}),
    };
  });
}

const itemOf = ({ id, category, family, body }: TableCase): Outcome['item'] => ({
  id,
  category,
  place: { name: family, family, chain: '', objects: '' },
  text: body,
});

async function look(lab: Lab): Promise<View> {
  const [printed, listed, whole] = await Promise.all([lab.code(), lab.listed(), lab.netns.nft.list()]);
  return {
    code: readTables(printed),
    listed: byTable(listed),
    own: byTable(asNft106(whole)),
    whole: byTable(whole as NftObject[]),
  };
}

function byTable(objects: readonly NftObject[]): Map<string, NftObject[]> {
  const tables = new Map<string, NftObject[]>();
  for (const object of objects) {
    const [[kind, { handle: _, ...whole }]] = Object.entries(object) as [[string, Record<string, unknown>]];
    const body = withoutExpiry(whole) as Record<string, unknown>;
    const name = String(kind === 'table' ? body['name'] : body['table']);
    const known = tables.get(name);
    if (known === undefined) tables.set(name, [{ [kind]: body }]);
    else known.push({ [kind]: body });
  }
  return tables;
}

/** Without what is left of timeouts, which grows less. */
const made = (view: View, id: string): string =>
  `${view.code.get(id)}\n${JSON.stringify(view.listed.get(id))}`.replaceAll(/ expires \w+|,"expires":\d+/g, '');

const withoutComments = (text: string): string => text.replaceAll(/\n\t*comment ".*"|,"comment":"[^"]*"/g, '');

function withoutExpiry(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutExpiry);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).filter(([key]) => key !== 'expires');
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutExpiry(value)]));
}

function listedAlike(expected: readonly NftObject[], got: readonly NftObject[]): Difference | undefined {
  if (isDeepStrictEqual(expected, got)) return undefined;
  const at = expected.findIndex((object, i) => !isDeepStrictEqual(object, got[i]));
  return { expected: JSON.stringify(expected[at]), got: JSON.stringify(at < 0 ? got.at(-1) : got[at]) };
}
