/** Makes rules with nft and with netloom, and compares what the kernel then holds and how both list it. */
import { isDeepStrictEqual } from 'node:util';
import { asNft106 } from './as-nft-1.0.6.js';
import type { Case, Place } from './case.js';
import { readCode } from './code.js';
import { Lab, NftCrash, type NftObject } from './nft.js';

/** How a rule fared. */
export interface Outcome {
  readonly item: Case;
  /**
   * Who takes it: nft; nft, but not what it lists itself of it as JSON (`compile` is then of what netloom lists); neither; netloom
   * alone.
   */
  readonly taken: 'nft' | 'text' | 'neither' | 'netloom';
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
  /** By id: the JSON of rules. */
  readonly #given = new Map<string, readonly unknown[]>();
  /** Ids of those that nft takes. */
  readonly #taken = new Set<string>();

  private constructor(labs: readonly [Lab, Lab, Lab]) {
    [this.#written, this.#theirs, this.#ours] = labs;
  }

  static async open(): Promise<Trial> {
    return new Trial([await Lab.open(), await Lab.open(), await Lab.open()]);
  }

  async close(): Promise<void> {
    for (const lab of [this.#written, this.#theirs, this.#ours]) await lab.close();
  }

  /** Of cases in one place. What nft crashes of when it lists it is found by halving; if nft made it, it is left out. */
  async run(cases: readonly Case[]): Promise<Outcome[]> {
    if (cases.length === 0) return [];
    try {
      return await this.#run(cases);
    } catch (error) {
      if (!(error instanceof NftCrash)) throw error;
      const bad = cases.length === 1 ? cases : await this.#crashing(error.lab, cases);
      const out = bad.map((item): Outcome => {
        const json = this.#given.get(item.id);
        const base = { item, ...(json === undefined ? {} : { json }) };
        if (error.lab !== this.#ours) return { ...base, taken: 'neither', refusal: error.message };
        if (!this.#taken.has(item.id)) return { ...base, taken: 'netloom', refusal: error.message };
        return { ...base, taken: 'nft', compile: { expected: 'what nft can list', got: error.message } };
      });
      // One after the other they may crash of nothing.
      if (bad.length > 0) return [...out, ...(await this.run(cases.filter((item) => !bad.includes(item))))];
      const half = cases.length >> 1;
      return [...(await this.run(cases.slice(0, half))), ...(await this.run(cases.slice(half)))];
    }
  }

  async #crashing(lab: Lab, cases: readonly Case[]): Promise<Case[]> {
    await arrange(lab, cases[0]!.place);
    if (lab === this.#written) await this.#write(cases);
    else if (lab === this.#theirs) await lab.feed(this.#commands(cases).map(asText), true);
    else await Promise.all(this.#commands(cases).map((command) => failureOf(lab, command)));
    try {
      await Promise.all([lab.listed(), lab.code()]);
      return [];
    } catch (error) {
      if (!(error instanceof NftCrash)) throw error;
      if (cases.length === 1) return [...cases];
      const half = cases.length >> 1;
      return [...(await this.#crashing(lab, cases.slice(0, half))), ...(await this.#crashing(lab, cases.slice(half)))];
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

  /** Of cases whose JSON is known. */
  #commands(cases: readonly Case[]): object[] {
    return cases.flatMap(({ id, place: { family } }) => {
      const expr = this.#given.get(id);
      return expr === undefined ? [] : [{ add: { rule: { family, table, chain: 'c', expr, comment: id } } }];
    });
  }

  async #run(cases: readonly Case[]): Promise<Outcome[]> {
    const { place } = cases[0]!;
    await Promise.all([this.#written, this.#theirs, this.#ours].map((lab) => arrange(lab, place)));

    const complaints = await this.#write(cases);
    const written = await look(this.#written);

    const given = this.#given;
    for (const item of cases) {
      const expr = item.expr ?? (written.listed.get(item.id)?.['expr'] as readonly unknown[] | undefined);
      if (expr !== undefined) given.set(item.id, expr);
    }
    const known = cases.filter(({ id }) => given.has(id));
    const feedback = await this.#theirs.feed(this.#commands(known).map(asText), true);
    const said = new Map(feedback.map((text, i) => [known[i]!.id, text]));
    const theirs = await look(this.#theirs);

    for (const id of [...written.listed.keys(), ...theirs.listed.keys()]) this.#taken.add(id);

    // What nft cannot read of its own JSON netloom is given as netloom lists it.
    for (const { id } of known) {
      const own = theirs.listed.has(id) ? undefined : written.own.get(id);
      if (own !== undefined) given.set(id, own['expr'] as readonly unknown[]);
    }
    const failures = await Promise.all(this.#commands(known).map((command) => failureOf(this.#ours, command)));
    const errors = new Map(failures.map((text, i) => [known[i]!.id, text]));
    const ours = await look(this.#ours);

    return cases.map((item): Outcome => {
      const { id } = item;
      const json = given.get(id);
      const reference = theirs.listed.has(id) ? theirs : written;
      const refusal = complaints.get(id) || said.get(id);
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
      return {
        ...base,
        taken: reference === theirs ? 'nft' : 'text',
        ...(compile ? { compile } : {}),
        ...(decompile ? { decompile } : {}),
      };
    });
  }
}

/** The place, made by nft: rules alone are on trial. */
async function arrange(lab: Lab, { family, chain, objects }: Place): Promise<void> {
  const body = ['chain other { }', ...objects.split('\n'), `chain c { ${chain} }`]
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const said = await lab.feed(['flush ruleset', `table ${family} ${table} { ${body.join('; ')}; }`], false);
  const complaint = said.find((text) => text !== '');
  if (complaint !== undefined) throw new Error(`nft cannot make the place of the rules: ${complaint}`);
}

const asText = (command: object): string => JSON.stringify({ nftables: [command] });

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

export function difference(expected: string, got: string | undefined, json = false): Difference | undefined {
  if (expected === got) return undefined;
  if (json && got !== undefined && isDeepStrictEqual(JSON.parse(expected), JSON.parse(got))) return undefined;
  return { expected, got: got ?? 'nothing' };
}
