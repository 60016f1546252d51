/** The ways in which a rule can read or write a selector. */
import type { Selector } from './fields.js';
import type { Random } from './random.js';
import { valuesOf } from './values.js';

/** A rule's text, or undefined where the datatype does not allow it. */
type Shape = (selector: Selector, random: Random) => string | undefined;

const set = (items: readonly string[]): string => `{ ${items.join(', ')} }`;
const pairs = (keys: readonly string[], data: readonly string[]): string =>
  set(keys.map((key, i) => `${key} : ${data[i % data.length]}`));

const values = ({ type }: Selector): readonly string[] => valuesOf(type).singles;
const either = ({ type }: Selector, random: Random): string => {
  const { singles, odd = [] } = valuesOf(type);
  return random.pick([...singles, ...odd]);
};
/** Two ends, the lower one first; a third range above. */
const ends = (selector: Selector): [string, string] => [values(selector)[0]!, values(selector)[1]!];
const range = (selector: Selector): string => ends(selector).join('-');

/** What a concatenation goes on with. */
const partners = [
  'tcp dport',
  'meta mark',
  'ip saddr',
  'ip6 daddr',
  'iifname',
  'ether saddr',
  'meta l4proto',
  'ct mark',
];
const partnerValues: Readonly<Record<string, readonly [string, string, string]>> = {
  'tcp dport': ['22', '80', '100-200'],
  'meta mark': ['1', '0x10', '0x20-0x2f'],
  'ip saddr': ['10.0.0.1', '10.0.0.9', '192.0.2.0/24'],
  'ip6 daddr': ['fd00::1', 'fd00::9', '2001:db8::/32'],
  iifname: ['"d0"', '"lo"', '"d1"'],
  'ether saddr': ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'],
  'meta l4proto': ['tcp', 'udp', 'sctp'],
  'ct mark': ['1', '2', '3-9'],
};

/** nft 1.0.6 crashes when it lists what is concatenated with a plain number, or with less than a byte. */
const partial = ({ type }: Selector): boolean => typeof type === 'number' || ['dscp', 'ecn', 'dccpType'].includes(type);

export const shapes: Readonly<Record<string, Shape>> = {
  equal: (s, r) => `${s.text} ${either(s, r)}`,
  odd: (s, r) => ((odd) => (odd ? `${s.text} ${r.pick(odd)}` : undefined))(valuesOf(s.type).odd),
  'not equal': (s, r) => `${s.text} != ${either(s, r)}`,
  less: (s, r) => `${s.text} < ${either(s, r)}`,
  'at most': (s, r) => `${s.text} <= ${either(s, r)}`,
  greater: (s, r) => `${s.text} > ${either(s, r)}`,
  'at least': (s, r) => `${s.text} >= ${either(s, r)}`,
  range: (s) => `${s.text} ${range(s)}`,
  'not in range': (s) => `${s.text} != ${range(s)}`,
  prefix: (s, r) => ((all) => (all ? `${s.text} ${r.pick(all)}` : undefined))(valuesOf(s.type).prefixes),
  'not prefix': (s, r) => ((all) => (all ? `${s.text} != ${r.pick(all)}` : undefined))(valuesOf(s.type).prefixes),
  set: (s) => `${s.text} ${set(values(s).slice(0, 3))}`,
  'not in set': (s) => `${s.text} != ${set(values(s).slice(0, 2))}`,
  'set of one': (s, r) => `${s.text} ${set([either(s, r)])}`,
  'set with range': (s) => (values(s).length < 3 ? undefined : `${s.text} ${set([range(s), values(s).at(-1)!])}`),
  'not in set with range': (s) => (values(s).length < 3 ? undefined : `${s.text} != ${set([range(s)])}`),
  'set of prefixes': (s) =>
    ((all) => (all ? `${s.text} ${set(all.slice(0, 3))}` : undefined))(valuesOf(s.type).prefixes),
  vmap: (s) => `${s.text} vmap ${pairs(values(s).slice(0, 3), ['accept', 'drop', 'jump other'])}`,
  'vmap with range': (s) =>
    values(s).length < 3
      ? undefined
      : `${s.text} vmap ${pairs([range(s), values(s).at(-1)!], ['goto other', 'continue'])}`,
  'vmap with default': (s) =>
    partial(s) ? undefined : `${s.text} vmap ${pairs([values(s)[0]!, '*'], ['return', 'drop'])}`,
  map: (s) => `meta mark set ${s.text} map ${pairs(values(s).slice(0, 3), ['1', '0x20', '3'])}`,
  'map with range': (s) =>
    values(s).length < 3
      ? undefined
      : `meta mark set ${s.text} map ${pairs([range(s), values(s).at(-1)!], ['5', '6'])}`,
  masked: (s, r) =>
    ((all) => (all ? `${s.text} & ${r.pick(all)} == ${either(s, r)}` : undefined))(valuesOf(s.type).masks),
  'not masked': (s, r) => ((all) => (all ? `${s.text} & ${r.pick(all)} != 0` : undefined))(valuesOf(s.type).masks),
  'masked set': (s, r) =>
    ((all) => (all ? `${s.text} & ${r.pick(all)} ${set(values(s).slice(0, 2))}` : undefined))(valuesOf(s.type).masks),
  or: (s, r) => ((all) => (all ? `${s.text} | ${r.pick(all)} == ${either(s, r)}` : undefined))(valuesOf(s.type).masks),
  xor: (s, r) => ((all) => (all ? `${s.text} ^ ${r.pick(all)} == ${either(s, r)}` : undefined))(valuesOf(s.type).masks),
  'and or': (s, r) =>
    ((all) => (all ? `${s.text} & ${all[0]} | ${r.pick(all)} == ${either(s, r)}` : undefined))(valuesOf(s.type).masks),
  'shifted left': (s, r) => `${s.text} << ${1 + r.below(3)} == ${either(s, r)}`,
  'shifted right': (s, r) =>
    /^(meta|ct)/.test(s.text) ? `${s.text} >> ${1 + r.below(3)} == ${either(s, r)}` : undefined,
  'flags listed': (s) => (valuesOf(s.type).flags ? `${s.text} ${values(s).slice(0, 3).join(',')}` : undefined),
  'flags not listed': (s) => (valuesOf(s.type).flags ? `${s.text} != ${values(s).slice(1, 3).join(',')}` : undefined),
  'flags none of': (s, r) => (valuesOf(s.type).flags ? `${s.text} ! ${r.some(values(s), 2).join(',')}` : undefined),
  'flags masked': (s, r) =>
    valuesOf(s.type).flags ? `${s.text} & (${r.some(values(s), 3).join('|')}) == ${values(s)[1]}` : undefined,
  'flags of mask': (s) =>
    valuesOf(s.type).flags
      ? `${s.text} ${values(s)[1]},${values(s)[2]} / ${values(s).slice(0, 4).join(',')}`
      : undefined,
  'flags or-ed': (s, r) => (valuesOf(s.type).flags ? `${s.text} == (${r.some(values(s), 2).join('|')})` : undefined),
  'flags vmap': (s) =>
    valuesOf(s.type).flags
      ? `${s.text} vmap { ${values(s)[0]} : accept, ${values(s)[1]} | ${values(s)[2]} : drop }`
      : undefined,
  'flags set': (s) =>
    valuesOf(s.type).flags ? `${s.text} { ${values(s)[0]}, ${values(s)[1]} | ${values(s)[2]} }` : undefined,
  concatenated: (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    const [a, b] = partnerValues[partner]!;
    return `${s.text} . ${partner} { ${values(s)[0]} . ${a}, ${values(s)[1]} . ${b} }`;
  },
  'concatenated behind': (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    const [a, b] = partnerValues[partner]!;
    return `${partner} . ${s.text} { ${a} . ${values(s)[0]}, ${b} . ${values(s)[1]} }`;
  },
  'concatenated ranges': (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    const [a, , c] = partnerValues[partner]!;
    return `${s.text} . ${partner} { ${range(s)} . ${c}, ${values(s).at(-1)} . ${a} }`;
  },
  'concatenated, not': (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    return `${s.text} . ${partner} != { ${values(s)[0]} . ${partnerValues[partner]![0]} }`;
  },
  'concatenated vmap': (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    const [a, b] = partnerValues[partner]!;
    return `${s.text} . ${partner} vmap { ${values(s)[0]} . ${a} : accept, ${values(s)[1]} . ${b} : jump other }`;
  },
  'concatenated single': (s, r) => {
    if (partial(s)) return undefined;
    const partner = r.pick(partners);
    return `${s.text} . ${partner} ${values(s)[0]} . ${partnerValues[partner]![0]}`;
  },
  written: (s, r) => (s.settable ? `${s.text} set ${either(s, r)}` : undefined),
  'written masked': (s, r) =>
    ((all) => (s.settable && all ? `${s.text} set ${s.text} & ${r.pick(all)} | ${all[0]}` : undefined))(
      valuesOf(s.type).masks,
    ),
  'written from map': (s) => (s.settable ? `${s.text} set meta mark map ${pairs(['1', '2'], values(s))}` : undefined),
  'written from numgen': (s) =>
    s.settable ? `${s.text} set numgen inc mod 2 map ${pairs(['0', '1'], values(s))}` : undefined,
  meter: (s, r) => `meter m${r.below(1e9)} size 100 { ${s.text} limit rate 5/second }`,
  hashed: (s) => `meta mark set jhash ${s.text} mod 16 seed 0x5`,
  twice: (s, r) => `${s.text} ${either(s, r)} ${s.text} != ${either(s, r)} counter`,
};
