/** Commands that are only checked: the kernel says whether they would do, and nothing of it is left. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type NamedNetns, namespace } from './helpers/namespaces.js';
import { listed, load } from './helpers/nft-oracle.js';
import { sections } from './helpers/nft-rulesets.js';

const inTable = { family: 'ip', table: 't' } as const;
const inChain = { ...inTable, chain: 'c' } as const;

const ruleset = `
table ip t {
  comment "first"
  counter n { packets 3 bytes 4; }
  set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 comment "one" }; }
  set counted { type inet_service; counter; elements = { 22 counter packets 1 bytes 2 }; }
  set timed { type ipv4_addr . inet_service; flags timeout; elements = { 10.0.0.1 . 80 timeout 1h }; }
  set ranges { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/24 . 80-90 }; }
  map v { type ipv4_addr : verdict; elements = { 10.0.0.1 : jump d }; }
  map o { type inet_service : counter; elements = { 80 : "n" }; }
  chain c { type filter hook input priority 0; policy drop;
    tcp dport { 22, 80-90 } counter comment "two"
    ip saddr vmap @v
    ip saddr { 10.0.0.1, 10.0.0.2 } meter seen { ip saddr limit rate 5/second } accept
    counter name tcp dport map @o
    ip daddr @s log prefix "x" limit rate 5/minute accept
  }
  chain d { ip saddr . tcp dport @ranges accept; }
}
table netdev n { chain i { type filter hook ingress device "eth9" priority 0; }; }
table ip6 asleep { flags dormant; chain c { type nat hook postrouting priority srcnat; oif "eth9" masquerade; }; }
`;

async function machine(): Promise<NamedNetns> {
  const netns = await namespace();
  await netns.links.add({ kind: 'bridge', name: 'eth9', up: true });
  load(netns, ruleset);
  return netns;
}

/** Without what differs from one namespace to the next, and from one moment to the next. */
const plain = (objects: readonly object[]): unknown =>
  JSON.parse(JSON.stringify(objects, (key, value) => (key === 'handle' || key === 'expires' ? undefined : value)));

const ownNamespaces = (): string[] =>
  readdirSync('/run/netns').filter((name) => name.startsWith(`nlt-${process.pid}-`));

/** Nothing else than what `work` leaves is different afterwards. */
async function unchanged<T>(netns: NamedNetns, work: () => Promise<T>): Promise<T> {
  const before = [listed(netns), await netns.nft.generation(), ownNamespaces()];
  const result = await work();
  expect([listed(netns), await netns.nft.generation(), ownNamespaces()]).toEqual(before);
  return result;
}

describe('a check', () => {
  test('is of the ruleset as it is: all of it can be copied', async () => {
    const netns = await machine();
    const shown = await unchanged(netns, () => netns.nft.apply([{ list: { ruleset: null } }], { check: true }));
    expect(plain(shown)).toEqual(plain(await netns.nft.list()));
  });

  test.each(sections)('copies $name', async ({ family, objects = '', chain, rules }) => {
    const netns = await namespace();
    await netns.links.set('lo', { up: true });
    await netns.links.add(['d0', 'd1'].map((name) => ({ kind: 'ifb', name }) as const));
    load(
      netns,
      rules === undefined
        ? objects
        : `table ${family} t {\n${objects}\nchain other { }\nchain c { ${chain ?? ''}\n${rules}\n}\n}\n`,
    );
    const shown = await netns.nft.apply([{ list: { ruleset: null } }], { check: true });
    expect(plain(shown)).toEqual(plain(await netns.nft.list()));
    expect(shown).not.toEqual([]);
  });

  test('passes what would succeed, handles and indexes too', async () => {
    const netns = await machine();
    const rules = listed(netns).flatMap(({ rule }) => (rule?.['chain'] === 'c' ? [rule['handle'] as number] : []));
    const commands = [
      { delete: { rule: { ...inChain, handle: rules[1] } } },
      { insert: { rule: { ...inChain, handle: rules[2], expr: [{ drop: null }] } } },
      {
        add: {
          rule: {
            ...inChain,
            index: 0,
            expr: [{ match: { op: '==', left: { meta: { key: 'iif' } }, right: 'eth9' } }],
          },
        },
      },
      { add: { element: { ...inTable, name: 's', elem: ['203.0.113.1'] } } },
      { rename: { chain: { ...inTable, name: 'd', newname: 'e' } } },
      {
        add: {
          chain: { family: 'netdev', table: 'n', name: 'j', type: 'filter', hook: 'egress', prio: 0, dev: 'eth9' },
        },
      },
      { list: { rules: { family: 'ip', table: 't' } } },
    ];
    const shown = await unchanged(netns, () => netns.nft.apply(commands as never, { check: true }));
    expect(shown).toHaveLength(7);
    expect(shown[1]).toMatchObject({ rule: { expr: [{ match: { right: 'eth9' } }] } });
    expect(await netns.nft.apply(commands.slice(0, 1) as never, { check: true, echo: true })).toEqual([commands[0]]);
    // And it does succeed.
    await netns.nft.apply(commands as never);
  });

  test.each<[string, object, object]>([
    ['a set that is in use', { delete: { set: { ...inTable, name: 's' } } }, { code: 'EBUSY' }],
    ['a chain that is there', { create: { chain: { ...inTable, name: 'c' } } }, { code: 'EEXIST' }],
    ['a rule that is not', { delete: { rule: { ...inChain, handle: 999 } } }, { code: 'ENOENT' }],
    [
      'an element that overlaps',
      { add: { element: { ...inTable, name: 's', elem: [{ prefix: { addr: '10.1.0.0', len: 16 } }] } } },
      { code: 'EEXIST' },
    ],
    ['what cannot be meant', { add: { chain: { ...inTable, name: '' } } }, { code: 'ERR_INVALID_ARG_VALUE' }],
  ])('refuses %s', async (_, command, expected) => {
    const netns = await machine();
    const commands = [{ add: { table: { family: 'ip', name: 'new' } } }, command] as never;
    const checked = await unchanged(netns, () =>
      netns.nft.apply(commands, { check: true }).catch((error: unknown) => error),
    );
    expect(checked).toMatchObject(expected);
    if ('index' in (checked as object)) expect(checked).toMatchObject({ index: 1, request: command });
    // As it is refused when it is meant.
    await expect(netns.nft.apply(commands)).rejects.toMatchObject(expected);
  });

  test('is of a generation, if one is said', async () => {
    const netns = await machine();
    const generation = await netns.nft.generation();
    const commands = [{ add: { table: { name: 'new' } } }] as const;
    await netns.nft.apply(commands, { check: true, ifGeneration: generation });
    await netns.nft.apply(commands);
    await expect(netns.nft.apply(commands, { check: true, ifGeneration: generation })).rejects.toMatchObject({
      code: 'ERESTART',
    });
    await expect(netns.nft.apply(commands, { check: 1 as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
