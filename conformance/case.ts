/** What nft and netloom are given to make alike. */
import type { Family } from '../src/index.js';

/** Where a rule stands: a table and a chain, with the objects that rules refer to. */
export interface Place {
  readonly name: string;
  readonly family: Family;
  /** The chain's `type ... hook ... priority ...`; without, it is one to jump to. */
  readonly chain: string;
  /** In nft's language, inside the table. */
  readonly objects: string;
}

/** One rule, in nft's own language or as the JSON of its statements. */
export interface Case {
  /** Unique, the same in every run; it is the rule's comment, by which listings are told apart. */
  readonly id: string;
  readonly category: string;
  readonly place: Place;
  readonly text?: string;
  readonly expr?: readonly unknown[];
  /** Written to be refused by most: what nft takes of it counts as any other, what it refuses netloom should refuse too. */
  readonly doubtful?: boolean;
}
