/** Makes rules with nft and with netloom, and compares what the kernel then holds and how both list it. */
import { isDeepStrictEqual } from 'node:util';
import { asNft106 } from './as-nft-1.0.6.js';
import type { Case, Place } from './case.js';
import { readCode } from './code.js';
import { Lab, NftCrash, type NftObject } from './nft.js';

/** How a rule fared. */
export interface Outcome {
  readonly item: Case;
  /** Taken by nft; refused by both; refused by nft and taken by netloom. */
  readonly taken: 'nft' | 'neither' | 'netloom';
  /** What nft said when it refused the rule, or its own JSON of the rule. */
  readonly refusal?: string;
  /** What netloom was given. */
  readonly json?: unknown;
  /** What nft made of it, and netloom, where they differ. */
  readonly compile?: Difference;
  readonly decompile?: Difference;
}

export interface Difference {
  readonly expected: string;
  readonly got: string;
}

const perBatch = 250;
const table = 't';

/** Cases in parts of one place each, small enough for the kernel's lists to stay short. */
export function batches(cases: readonly Case[]): Case[][] {
  const byPlace = new Map<string, Case[]>();
  for (const item of cases) {
    const key = item.place.name;
    byPlace.set(key, [...(byPlace.get(key) ?? []), item]);
  }
  return [...byPlace.values()].flatMap((items) => {
    const parts: Case[][] = [];
    for (let from = 0; from < items.length; from += perBatch) parts.push(items.slice(from, from + perBatch));
    return parts;
  });
}

/** Three namespaces: the rule as it is written, by nft; its JSON by nft; its JSON by netloom. */
export class Trial {
  readonly #written: Lab;
  readonly #theirs: Lab;
  readonly #ours: Lab;

  private constructor(labs: readonly [Lab, Lab, Lab]) {
    [this.#written, this.#theirs, this.#ours] = labs;
  }

  static async open(): Promise<Trial> {
    return new Trial([await Lab.open(), await Lab.open(), await Lab.open()]);
  }

  async close(): Promise<void> {
    for (const lab of [this.#written, this.#theirs, this.#ours]) await lab.close();
  }

  /** Of cases in one place. What nft crashes of when it lists it is found by halving, and left out where nft made it. */
  async run(cases: readonly Case[]): Promise<Outcome[]> {
    try {
      return await this.#run(cases);
    } catch (error) {
      if (!(error instanceof NftCrash)) throw error;
      const [item] = cases as [Case];
      if (cases.length === 1) {
        if (error.lab !== this.#ours) return [{ item, taken: 'neither', refusal: error.message }];
        return [{ item, taken: 'nft', compile: { expected: 'what nft can list', got: error.message } }];
      }
      const bad = error.lab === this.#written ? await this.#crashing(cases) : [];
      if (bad.length > 0) {
        const good = cases.filter((each) => !bad.includes(each));
        const out = bad.map((each): Outcome => ({ item: each, taken: 'neither', refusal: error.message }));
        return good.length === 0 ? out : [...out, ...(await this.run(good))];
      }
      const half = cases.length >> 1;
      return [...(await this.run(cases.slice(0, half))), ...(await this.run(cases.slice(half)))];
    }
  }

  async #crashing(cases: readonly Case[]): Promise<Case[]> {
    await arrange(this.#written, cases[0]!.place);
    await this.#write(cases);
    try {
      await Promise.all([this.#written.listed(), this.#written.code()]);
      return [];
    } catch (error) {
      if (!(error instanceof NftCrash)) throw error;
      if (cases.length === 1) return [...cases];
      const half = cases.length >> 1;
      return [...(await this.#crashing(cases.slice(0, half))), ...(await this.#crashing(cases.slice(half)))];
    }
  }

  /** What nft says of rules in its own language, by id. */
  async #write(cases: readonly Case[]): Promise<Map<string, string>> {
    const { family } = cases[0]!.place;
    const texts = cases.filter((item) => item.text !== undefined);
    const lines = texts.map((item) => `add rule ${family} ${table} c ${item.text} comment "${item.id}"`);
    const said = await this.#written.feed(lines, false);
    return new Map(said.map((text, i) => [texts[i]!.id, text]));
  }

  async #run(cases: readonly Case[]): Promise<Outcome[]> {
    const { place } = cases[0]!;
    await Promise.all([this.#written, this.#theirs, this.#ours].map((lab) => arrange(lab, place)));

    const complaints = await this.#write(cases);
    const written = await look(this.#written);

    const given = new Map<string, readonly unknown[]>();
    for (const item of cases) {
      const expr = item.expr ?? (written.listed.get(item.id)?.['expr'] as readonly unknown[] | undefined);
      if (expr !== undefined) given.set(item.id, expr);
    }
    const ids = [...given.keys()];
    const commands = ids.map((id) => ({ add: { rule: ruleOf(place, id, given.get(id)!) } }));
    const refusals = new Map<string, string>();
    const [said, failures] = await Promise.all([
      this.#theirs.feed(
        commands.map((command) => JSON.stringify({ nftables: [command] })),
        true,
      ),
      Promise.all(commands.map((command) => failureOf(this.#ours, command))),
    ]);
    said.forEach((text, i) => refusals.set(ids[i]!, text));
    const errors = new Map(failures.map((text, i) => [ids[i]!, text]));
    const [theirs, ours] = [await look(this.#theirs), await look(this.#ours)];

    return cases.map((item): Outcome => {
      const { id } = item;
      const json = given.get(id);
      // nft does not read all of its own JSON; then what it wrote in its own language counts.
      const reference = theirs.listed.has(id) ? theirs : written;
      const refusal = complaints.get(id) || refusals.get(id);
      const base = { item, ...(json === undefined ? {} : { json }), ...(refusal ? { refusal } : {}) };
      if (!reference.listed.has(id)) return { ...base, taken: ours.listed.has(id) ? 'netloom' : 'neither' };
      const compile = difference(
        made(reference, id),
        ours.listed.has(id) ? made(ours, id) : `refused: ${errors.get(id) ?? 'with no error'}`,
      );
      const decompile = [written, theirs]
        .filter(({ listed }) => listed.has(id))
        .map((view) => difference(JSON.stringify(view.listed.get(id)), JSON.stringify(view.own.get(id)), true))
        .find((found) => found !== undefined);
      return { ...base, taken: 'nft', ...(compile ? { compile } : {}), ...(decompile ? { decompile } : {}) };
    });
  }
}

/** The place, made by nft: rules alone are on trial. */
async function arrange(lab: Lab, { family, chain, objects }: Place): Promise<void> {
  const body = ['chain other { }', ...objects.split('\n'), `chain c { ${chain} }`]
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const lines = ['flush ruleset', `add table ${family} ${table}`];
  const said = await lab.feed([...lines, ...body.map((line) => `table ${family} ${table} { ${line}; }`)], false);
  const complaint = said.find((text) => text !== '');
  if (complaint !== undefined) throw new Error(`nft cannot make the place of the rules: ${complaint}`);
}

const ruleOf = ({ family }: Place, comment: string, expr: readonly unknown[]): object => ({
  family,
  table,
  chain: 'c',
  expr,
  comment,
});

async function failureOf(lab: Lab, command: object): Promise<string> {
  try {
    await lab.netns.nft.apply([command] as never);
    return '';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

interface View {
  /** Expressions as `nft --debug=netlink` prints them, and the definitions of the anonymous sets among them. */
  readonly code: ReadonlyMap<string, string>;
  /** By nft, and by netloom. */
  readonly listed: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly own: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

async function look(lab: Lab): Promise<View> {
  const [printed, listed, own] = await Promise.all([lab.code(), lab.listed(), lab.netns.nft.list()]);
  return { code: readCode(printed), listed: byComment(listed), own: byComment(asNft106(own)) };
}

function byComment(objects: readonly NftObject[]): Map<string, Readonly<Record<string, unknown>>> {
  const rules = objects.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return new Map(rules.map(({ handle: _, ...rule }) => [String(rule['comment']), rule]));
}

const made = (view: View, id: string): string =>
  `${view.code.get(id)}\n${JSON.stringify(view.listed.get(id)?.['expr'])}`;

function difference(expected: string, got: string | undefined, json = false): Difference | undefined {
  if (expected === got) return undefined;
  if (json && got !== undefined && isDeepStrictEqual(JSON.parse(expected), JSON.parse(got))) return undefined;
  return { expected, got: got ?? 'nothing' };
}
