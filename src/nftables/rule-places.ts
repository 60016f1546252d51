/**
 * Where rules stand, for commands that say it by an index: `{"insert": {"rule": {..., "index": 2}}}`.
 *
 * The kernel knows a rule's neighbour by its handle, or, of a rule that the same transaction makes, by a number that the transaction has
 * given it. So the rules of a chain that an index is said of are followed from command to command.
 */

import { isObject, show, wrongValue } from './errors.js';
import { keyOf } from './existing.js';
import type { Family } from './wire.js';

/** Of a rule in the kernel its handle; of one made here its number; of one that replaces another both. */
interface Place {
  readonly handle?: number;
  readonly id?: number;
}

/** What a rule's message says of its place. */
export interface Placement {
  readonly position?: number;
  readonly positionId?: number;
  /** Its own number, for rules behind it to refer to. */
  readonly id?: number;
}

export interface ChainNamed {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
}

/** Chains of which a command says an index. */
export function chainsIndexed(commands: readonly unknown[], family: Family = 'ip'): readonly ChainNamed[] {
  const chains = new Map<string, ChainNamed>();
  for (const command of commands) {
    if (!isObject(command)) continue;
    const rule = ruleOf(command['add']) ?? ruleOf(command['insert']) ?? ruleOf(command['create']) ?? ruleOf(command);
    if (rule === undefined || rule['index'] === undefined) continue;
    const { table, chain } = rule;
    if (typeof table !== 'string' || typeof chain !== 'string') continue;
    const named = { family: (rule['family'] ?? family) as Family, table, chain };
    chains.set(keyOf(named.family, table, chain), named);
  }
  return [...chains.values()];
}

const ruleOf = (object: unknown): Readonly<Record<string, unknown>> | undefined =>
  isObject(object) && isObject(object['rule']) ? object['rule'] : undefined;

export class RulePlaces {
  readonly #followed: ReadonlyMap<string, ChainNamed>;
  readonly #find: (chain: ChainNamed) => readonly number[] | undefined;
  readonly #chains = new Map<string, Place[]>();
  #nextId = 1;

  /** `find` says the handles of a chain's rules in the kernel, in order. */
  constructor(followed: readonly ChainNamed[], find: (chain: ChainNamed) => readonly number[] | undefined) {
    this.#followed = new Map(followed.map((named) => [keyOf(named.family, named.table, named.chain), named]));
    this.#find = find;
  }

  /** Whether there are chains whose rules have to be told of. */
  get followed(): boolean {
    return this.#followed.size > 0;
  }

  /** A rule that is added behind, or inserted before, the one that is said; without one at the chain's end, or start. */
  put(
    mode: 'add' | 'insert',
    { family, table, chain }: ChainNamed,
    neighbour: { readonly handle?: number; readonly index?: number },
    path: string,
  ): Placement {
    const rules = this.#rulesOf(family, table, chain);
    const byHandle = neighbour.handle === undefined ? {} : { position: neighbour.handle };
    if (rules === undefined) return byHandle;
    const id = this.#nextId++;
    const { index } = neighbour;
    if (index === undefined) {
      const known = neighbour.handle === undefined ? -1 : indexOf(rules, neighbour.handle);
      const at = known < 0 ? (mode === 'add' ? rules.length : 0) : mode === 'add' ? known + 1 : known;
      rules.splice(at, 0, { id });
      return { ...byHandle, id };
    }
    const place = rules[index];
    if (place === undefined)
      throw wrongValue(
        `${path}.index`,
        `there is no rule ${index} in chain ${family} ${show(table)} ${show(chain)}, which has ${rules.length}`,
      );
    rules.splice(mode === 'add' ? index + 1 : index, 0, { id });
    return { id, ...(place.id === undefined ? { position: place.handle! } : { positionId: place.id }) };
  }

  replace({ family, table, chain }: ChainNamed, handle: number): Placement {
    const rules = this.#rulesOf(family, table, chain);
    const at = rules === undefined ? -1 : indexOf(rules, handle);
    if (at < 0) return {};
    // It takes over the handle, by which the kernel may still find the one that goes.
    const id = this.#nextId++;
    rules![at] = { handle, id };
    return { id };
  }

  delete({ family, table, chain }: ChainNamed, handle: number): void {
    const rules = this.#rulesOf(family, table, chain);
    const at = rules === undefined ? -1 : indexOf(rules, handle);
    if (at >= 0) rules!.splice(at, 1);
  }

  /** All rules have gone: of a chain, of a table, of a family, or everywhere. */
  empty(family?: Family, table?: string, chain?: string): void {
    for (const [key, named] of this.#followed) {
      if (family !== undefined && family !== named.family) continue;
      if (table !== undefined && table !== named.table) continue;
      if (chain === undefined || chain === named.chain) this.#chains.set(key, []);
    }
  }

  #rulesOf(family: Family, table: string, chain: string): Place[] | undefined {
    if (this.#followed.size === 0) return undefined;
    const key = keyOf(family, table, chain);
    const named = this.#followed.get(key);
    if (named === undefined) return undefined;
    let rules = this.#chains.get(key);
    if (rules === undefined) {
      rules = (this.#find(named) ?? []).map((handle) => ({ handle }));
      this.#chains.set(key, rules);
    }
    return rules;
  }
}

const indexOf = (rules: readonly Place[], handle: number): number =>
  rules.findIndex((place) => place.handle === handle);
