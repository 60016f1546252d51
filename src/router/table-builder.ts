/** Collects the objects of one of a router's tables, in the order in which nftables wants them. */
import type { Addable, MapJson, SetJson, Statement } from '../nftables/json.js';

export const table = 'netloom';

export const tableFamilies = ['ip', 'ip6', 'arp'] as const;
export type TableFamily = (typeof tableFamilies)[number];

/** A table as it should be: the commands that make it, all of them additions. */
export interface WantedTable {
  readonly family: TableFamily;
  readonly commands: readonly { readonly add: Addable }[];
}

export type ObjectKind = 'limit' | 'ct helper';

export type AddRule = (...expr: readonly Statement[]) => void;

type SetDefinition =
  | Pick<SetJson, 'type' | 'size' | 'flags' | 'elem'>
  | Pick<MapJson, 'type' | 'map' | 'size' | 'flags' | 'elem'>;

export class TableBuilder {
  readonly #family: TableFamily;
  readonly #objects: Addable[] = [];
  readonly #sets: Addable[] = [];
  readonly #chains: Addable[] = [];
  readonly #rules: Addable[] = [];

  constructor(family: TableFamily) {
    this.#family = family;
  }

  /** A named object, which maps refer to. */
  object(kind: ObjectKind, name: string, body: object): void {
    this.#objects.push({ [kind]: { family: this.#family, table, name, ...body } } as unknown as Addable);
  }

  /** `counts`: each element has a counter of what was found by it. */
  set(kind: 'set' | 'map', name: string, definition: SetDefinition, counts: boolean = false): void {
    const stmt = counts ? { stmt: [{ counter: null }] } : {};
    this.#sets.push({ [kind]: { family: this.#family, table, name, ...definition, ...stmt } } as unknown as Addable);
  }

  /** Whoever adds a rule to a chain says where it hooks in; the first makes it. */
  chain(name: string, type: 'nat' | 'filter', hook: string, prio: number): AddRule {
    const family = this.#family;
    const made = this.#chains.some((object) => 'chain' in object && object.chain.name === name);
    if (!made) this.#chains.push({ chain: { family, table, name, type, hook, prio, policy: 'accept' } });
    return (...expr) => this.#rules.push({ rule: { family, table, chain: name, expr } });
  }

  build(comment?: string): WantedTable {
    const family = this.#family;
    const objects = [...this.#objects, ...this.#sets, ...this.#chains, ...this.#rules];
    if (objects.length === 0) return { family, commands: [] };
    const head = { table: { family, name: table, ...(comment === undefined ? {} : { comment }) } };
    return { family, commands: [head, ...objects].map((add) => ({ add })) };
  }
}
