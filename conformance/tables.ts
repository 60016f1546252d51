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

async function runOnce(labs: Labs, cases: readonly TableCase[]): Promise<Outcome[]> {
  await Promise.all(labs.map((lab) => lab.feed(['flush ruleset'], false)));
  const lines = cases.map(({ family, id, body }) => `table ${family} ${id} { ${body}; }`);
  const complaints = await labs[0].feed(lines, false);
  const made = await makeAnew(
    labs,
    cases.map(({ family, id }) => `${family} ${id}`),
  );
  return cases.map((item, i): Outcome => {
    const { family, id } = item;
    return {
      ...(made.get(`${family} ${id}`) ?? { taken: 'neither', refusal: complaints[i]! }),
      item: itemOf(item),
    };
  });
}

/** A ruleset that is not ours, as nft reads it of a file. */
export async function runFile(file: string): Promise<Outcome[]> {
  const labs = [await Lab.open(), await Lab.open(), await Lab.open()] as const;
  const place = { family: 'inet', chain: '', objects: '' } as const;
  const item = (name: string): Outcome['item'] => ({ id: name, category: file, place: { ...place, name }, text: '' });
  try {
    const { stderr } = await labs[0].nft(['-f', file]);
    if (stderr !== '') return [{ item: item(file), taken: 'neither', refusal: stderr.trim() }];
    const names = [...byTable(await labs[0].listed()).keys()];
    const made = await makeAnew(labs, names);
    return names.map((name) => ({ ...made.get(name)!, item: item(name) }));
  } finally {
    for (const lab of labs) await lab.close();
  }
}

/** Of tables by name: as the first namespace has them, nft makes them of their JSON in the second, netloom in the third. */
async function makeAnew(
  [written, theirs, ours]: Labs,
  names: readonly string[],
): Promise<Map<string, Omit<Outcome, 'item'>>> {
  const first = await look(written);
  const known = names.filter((name) => first.listed.has(name));
  const given = new Map(known.map((name) => [name, first.listed.get(name)!]));
  const lines = known.map((name) => JSON.stringify({ nftables: given.get(name) }));
  const said = await theirs.feed(lines, true);
  const second = await look(theirs);
  for (const name of known) if (!second.listed.has(name)) given.set(name, first.whole.get(name) ?? []);
  const errors = new Map<string, string>();
  for (const name of known) {
    const failed = (reason: unknown): string => String(reason);
    errors.set(name, await ours.netns.nft.apply(given.get(name) as never).then(() => '', failed));
  }
  const third = await look(ours);

  return new Map(
    known.map((name, i) => {
      const readable = second.listed.has(name);
      const reference = readable ? second : first;
      const got = third.listed.has(name) ? made(third, name) : `refused: ${errors.get(name)}`;
      // nft passes over some of what it lists: comments of sets, policies of timeouts.
      const compile =
        got === made(first, name)
          ? undefined
          : difference(withoutComments(made(reference, name)), withoutComments(got));
      const decompile = [first, second]
        .filter(({ listed }) => listed.has(name))
        .map((view) => listedAlike(view.listed.get(name)!, view.own.get(name) ?? []))
        .find((found) => found !== undefined);
      const outcome = {
        taken: readable ? ('nft' as const) : ('text' as const),
        json: given.get(name),
        ...(said[i] ? { refusal: said[i] } : {}),
        ...(compile ? { compile } : {}),
        ...(decompile ? { decompile } : {}),
      };
      return [name, outcome];
    }),
  );
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
    whole: byTable(whole as unknown as NftObject[]),
  };
}

function byTable(objects: readonly NftObject[]): Map<string, NftObject[]> {
  const tables = new Map<string, NftObject[]>();
  for (const object of objects) {
    const [[kind, { handle: _, ...whole }]] = Object.entries(object) as [[string, Record<string, unknown>]];
    const body = withoutExpiry(whole) as Record<string, unknown>;
    const name = `${body['family']} ${kind === 'table' ? body['name'] : body['table']}`;
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
