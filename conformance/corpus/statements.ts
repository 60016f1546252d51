/** Statements in every form, in every chain that may have them. */
import type { Case, Place } from '../case.js';
import { grammar } from './grammar.js';
import type { CorpusOptions } from './index.js';
import { families, placesOf } from './places.js';
import { Random } from './random.js';

/** Lines of a grammar: `[a|b]` is one of them, `[|a]` a or nothing; all combinations. */
export function expand(line: string): string[] {
  const found = /\[([^[\]]*)\]/.exec(line);
  if (found === null) return [line.replace(/\s+/g, ' ').trim()];
  const [whole, choices] = found as unknown as [string, string];
  const before = line.slice(0, found.index);
  const after = line.slice(found.index + whole.length);
  return choices.split('|').flatMap((choice) => expand(before + choice + after));
}

export function* statements({ seed, everywhere = false }: CorpusOptions): Generator<Omit<Case, 'id'>> {
  let unique = 0;
  for (const [category, where, lines] of grammar) {
    const places = families.flatMap((family) => placesOf(family).filter(({ name }) => where.test(name)));
    for (const line of lines.split('\n').flatMap(expand)) {
      if (line === '') continue;
      for (const place of everywhere ? places : chosen(places, new Random(seed, category, line)))
        yield { category, place, text: line.replaceAll('#', () => String(++unique)) };
    }
  }
}

/** One place in each of three families. */
function chosen(places: readonly Place[], random: Random): Place[] {
  const some = random.some([...new Set(places.map(({ family }) => family))], 3);
  return some.map((family) => random.pick(places.filter((place) => place.family === family)));
}
