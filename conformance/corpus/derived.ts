/**
 * Rules made of rules: of the JSON of what nft takes, in a place where it is not at home, with another's value, or two in one.
 * Nobody thought of them, so what nft refuses of them says as much as what it takes.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Case } from '../case.js';
import { families, mainPlace } from './places.js';
import { Random } from './random.js';

export interface Taken {
  readonly item: Case;
  readonly expr: readonly unknown[];
}

type Statement = Readonly<Record<string, unknown>>;
type Match = { readonly op: string; readonly left: unknown; readonly right: unknown };

const operators = ['==', '!=', '<', '>', '<=', '>=', 'in', '!'];

const verdicts = [
  'accept',
  'drop',
  'continue',
  'return',
  'jump',
  'goto',
  'reject',
  'queue',
  'vmap',
  'dnat',
  'snat',
  'redirect',
  'masquerade',
];
const endsRule = (statement: Statement): boolean => verdicts.some((name) => name in statement);

export function derived(taken: readonly Taken[], seed: string): Case[] {
  const cases: Case[] = [];
  const add = (category: string, { item }: Taken, expr: readonly unknown[], place = item.place): void => {
    cases.push({ id: `d${cases.length}`, category, place, expr, doubtful: true });
  };
  const matches = taken.filter(({ expr }) => expr.length === 1 && 'match' in (expr[0] as Statement));
  taken.forEach((rule, i) => {
    const random = new Random(seed, 'derived', rule.item.category, i);
    const { item, expr } = rule;
    if (random.below(5) === 0) {
      const others = families.filter((family) => family !== item.place.family);
      add('of another family', rule, expr, mainPlace(random.pick(others)));
    }
    if (matches.length > 0 && matchOf(rule) !== undefined && random.below(8) === 0) {
      const { right } = matchOf(random.pick(matches))!;
      add('with another value', rule, [{ match: { ...matchOf(rule)!, right } }]);
    }
    if (matchOf(rule) !== undefined && random.below(8) === 0)
      add('with another operator', rule, [{ match: { ...matchOf(rule)!, op: random.pick(operators) } }]);
    if (!(expr as readonly Statement[]).some(endsRule) && random.below(6) === 0) {
      const partner = random.pick(taken);
      if (!isDeepStrictEqual(partner.expr, expr)) add('two rules in one', rule, [...expr, ...partner.expr]);
    }
  });
  return cases;
}

const matchOf = ({ expr }: Taken): Match | undefined =>
  expr.length === 1 ? ((expr[0] as Statement)['match'] as Match | undefined) : undefined;
