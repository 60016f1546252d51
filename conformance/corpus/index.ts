/** All rules: generated of tables, the same for the same seed. */
import type { Case } from '../case.js';
import { forms } from './forms.js';
import { matches } from './matches.js';
import { statements } from './statements.js';

export interface CorpusOptions {
  /** Chooses values, and families where not all are wanted. */
  readonly seed: string;
  /** Every rule in every family; else each in one of them. */
  readonly everywhere?: boolean;
}

export function corpus(options: CorpusOptions): Case[] {
  const written = [...matches(options), ...statements(options), ...forms(options)];
  return written.map((item, i) => ({ ...item, id: `r${i}` }));
}
