/** Rules that nft and netloom make, each in a namespace of its own: the same in the kernel, and listed alike. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Conformance, conform } from './helpers/nft-oracle.js';
import { type Section, sections } from './helpers/nft-rulesets.js';

/** The section's ruleset in nft's language: all rules in one chain. */
const rulesetOf = ({ family, objects = '', chain, rules }: Section, lines: readonly string[]): string =>
  rules === undefined
    ? objects
    : `table ${family} t {\n${objects}\nchain other { }\nchain c { ${chain ?? ''}\n${lines.join('\n')}\n}\n}\n`;

describe.each(sections)('$name', (section) => {
  const lines = (section.rules ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  let made: Conformance;

  beforeAll(async () => {
    made = await conform(rulesetOf(section, lines), {
      ...(section.input === undefined ? {} : { input: section.input }),
      async arrange(netns) {
        await netns.links.set('lo', { up: true });
        await netns.links.add(['d0', 'd1'].map((name) => ({ kind: 'ifb', name }) as const));
      },
    });
  }, 60_000);

  test.each(lines.map((line, i) => [line, i] as const))('%s', (_, i) => {
    const { ours, theirs } = made;
    expect(ours.rules[i]?.code).toBe(theirs.rules[i]?.code);
    expect(ours.rules[i]?.json).toEqual(theirs.rules[i]?.json);
    if (section.listed !== undefined) return;
    const handle = (list: readonly object[]): unknown => list.filter((object) => 'rule' in object)[i];
    expect(handle(made.listedByNetloom)).toEqual(handle(made.listedByNft));
  });

  test('objects, sets and chains', () => {
    const { ours, theirs } = made;
    expect(ours.objects).toEqual(theirs.objects);
    expect(ours.sets).toEqual(theirs.sets);
    expect(ours.text).toBe(theirs.text);
    const rest = (list: readonly object[]): object[] => list.filter((object) => !('rule' in object));
    expect(rest(made.listedByNetloom)).toEqual(rest(made.listedByNft));
    expect(ours.rules).toHaveLength(lines.length);
  });
});
