/** Each selector in each way that a rule can read or write it. */
import type { Family } from '../../src/index.js';
import type { Case } from '../case.js';
import { presences, type Selector, selectors } from './fields.js';
import type { CorpusOptions } from './index.js';
import { families, mainPlace } from './places.js';
import { Random } from './random.js';
import { shapes } from './shapes.js';

/** Without those that can have none of it; a few are tried all the same. */
function familiesOf({ category, text }: Selector, random: Random): readonly Family[] {
  if (random.below(16) === 0) return families;
  const without = (...names: readonly Family[]): readonly Family[] => families.filter((name) => !names.includes(name));
  if (/^payload (ip|icmp|igmp)$/.test(category) || category === 'ip option') return without('ip6', 'arp');
  if (/^payload (ip6|icmpv6)$/.test(category) || category === 'exthdr') return without('ip', 'arp');
  if (category === 'payload arp') return ['arp', 'arp', 'bridge', 'netdev', 'inet'];
  if (/^payload (ether|vlan|raw)$/.test(category)) return without();
  if (category.startsWith('payload') || /^(tcp option|sctp chunk)$/.test(category)) return without('arp');
  if (/^ct .*(ip6|daddr)/.test(text)) return ['ip6', 'inet', 'bridge'];
  if (category === 'ct' || category === 'fib') return without('arp', 'netdev');
  if (/^(rt|socket|osf|ipsec)/.test(text)) return ['ip', 'ip6', 'inet'];
  if (/meta (i|o)br/.test(text)) return ['bridge'];
  return families;
}

export function* matches({ seed, everywhere = false }: CorpusOptions): Generator<Omit<Case, 'id'>> {
  const within = function* (
    selector: Selector,
    category: string,
    shape: string,
    write: (random: Random) => string | undefined,
  ) {
    const random = new Random(seed, selector.text, shape);
    const chosen = everywhere ? families : [random.pick(familiesOf(selector, random))];
    for (const family of chosen) {
      const text = write(new Random(seed, selector.text, shape, family));
      if (text !== undefined) yield { category, place: mainPlace(family), text };
    }
  };
  for (const selector of selectors)
    for (const [shape, write] of Object.entries(shapes))
      yield* within(selector, selector.category, shape, (random) => write(selector, random));
  for (const [category, text] of presences)
    for (const presence of ['exists', 'missing', '!= exists'])
      yield* within({ text, category, type: 'boolean' }, category, presence, () => `${text} ${presence}`);
}
