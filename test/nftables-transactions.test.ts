/** What commands do besides adding: destroying, renaming, placing rules; what comes back from them; and transactions that meet others. */
import { describe, expect, test } from 'vitest';
import type { Command } from '../src/index.js';
import { type NamedNetns, namespace } from './helpers/namespaces.js';
import { asNft106, listed, load, type NftObject, nft } from './helpers/nft-oracle.js';

const inTable = { family: 'ip', table: 't' } as const;
const inChain = { ...inTable, chain: 'c' } as const;
const table = { add: { table: { family: 'ip', name: 't' } } } as const;
const chain = { add: { chain: { ...inTable, name: 'c' } } } as const;

async function withChain(...more: readonly Command[]): Promise<NamedNetns> {
  const netns = await namespace();
  await netns.nft.apply([table, chain, ...more]);
  return netns;
}

/** A rule that can be told from others. */
const marked = (mark: number, place: object = {}): { readonly rule: never } =>
  ({ rule: { ...inChain, ...place, expr: [{ mangle: { key: { meta: { key: 'mark' } }, value: mark } }] } }) as never;

/** Marks of a chain's rules in order, as nft lists them. */
function marks(netns: NamedNetns): number[] {
  const { nftables } = JSON.parse(nft(netns, '-j', 'list', 'chain', 'ip', 't', 'c')) as { nftables: NftObject[] };
  // biome-ignore lint/suspicious/noExplicitAny: a rule of `marked`.
  return nftables.flatMap(({ rule }) => (rule ? [(rule['expr'] as any)[0].mangle.value as number] : []));
}

function handles(netns: NamedNetns): number[] {
  return listed(netns).flatMap(({ rule }) => (rule ? [rule['handle'] as number] : []));
}

describe('destroy', () => {
  const objects: readonly (readonly [string, Record<string, unknown>])[] = [
    ['chain', { name: 'x' }],
    ['set', { name: 'x', type: 'ipv4_addr' }],
    ['map', { name: 'x', type: 'ipv4_addr', map: 'mark' }],
    ['counter', { name: 'x' }],
    ['quota', { name: 'x', bytes: 5 }],
    ['limit', { name: 'x', rate: 5, per: 'second' }],
    ['ct helper', { name: 'x', type: 'ftp', protocol: 'tcp' }],
    ['ct timeout', { name: 'x', protocol: 'tcp' }],
    ['ct expectation', { name: 'x', protocol: 'tcp', dport: 5, timeout: 5000, size: 3 }],
    ['synproxy', { name: 'x', mss: 1460, wscale: 7 }],
  ];

  test.each(objects)('of a %s removes it, and is content where there is none', async (kind, body) => {
    const netns = await withChain();
    const before = listed(netns);
    const add = { add: { [kind]: { ...inTable, ...body } } };
    const destroy = { destroy: { [kind]: { ...inTable, name: 'x' } } };
    await netns.nft.apply([destroy] as never);
    await netns.nft.apply([add] as never);
    expect(listed(netns)).toHaveLength(before.length + 1);
    await netns.nft.apply([destroy] as never);
    expect(listed(netns)).toEqual(before);
    // Within one transaction too.
    await netns.nft.apply([destroy, add, destroy, destroy] as never);
    expect(listed(netns)).toEqual(before);
  });

  test('of a table, a rule, elements', async () => {
    const set = { ...inTable, name: 's' };
    const netns = await withChain({ add: marked(1) }, { add: { set: { ...set, type: 'inet_service', elem: [1, 2] } } });
    const [handle = 0] = handles(netns);
    await netns.nft.apply([
      { destroy: { table: { family: 'ip', name: 'none' } } },
      { destroy: { rule: { ...inChain, handle } } },
      { destroy: { rule: { ...inChain, handle: handle + 99 } } },
      { destroy: { element: { ...set, elem: [2, 3] } } },
    ]);
    expect(handles(netns)).toEqual([]);
    expect(await netns.nft.set('ip', 't', 's').list()).toEqual([1]);
    const deleted = netns.nft.apply([{ delete: { element: { ...set, elem: [1, 3] } } }]);
    await expect(deleted).rejects.toMatchObject({ code: 'ENOENT', index: 0 });
    await netns.nft.apply([{ destroy: { table: { family: 'ip', name: 't' } } }]);
    expect(listed(netns)).toEqual([]);
  });
});

describe('what is named by a handle', () => {
  test('is deleted: tables, chains, sets, maps', async () => {
    const netns = await withChain(
      { add: { set: { ...inTable, name: 's', type: 'mark' } } },
      { add: { map: { ...inTable, name: 'm', type: 'mark', map: 'mark' } } },
    );
    const handleOf = (kind: string): number =>
      listed(netns).find((object) => kind in object)?.[kind]?.['handle'] as number;
    await netns.nft.apply([
      { delete: { chain: { ...inTable, handle: handleOf('chain') } } },
      { delete: { set: { ...inTable, handle: handleOf('set') } } },
      { destroy: { map: { ...inTable, handle: handleOf('map') } } },
    ]);
    expect(listed(netns)).toHaveLength(1);
    await netns.nft.apply([{ delete: { table: { family: 'ip', handle: handleOf('table') } } }]);
    expect(listed(netns)).toEqual([]);
  });

  test('what is listed can be deleted as it is', async () => {
    const netns = await namespace();
    load(
      netns,
      'table ip t { comment "x"; set s { type mark; size 5; }; counter n { }; chain c { type filter hook input priority 0; }; }',
    );
    const objects = (await netns.nft.list()).filter((object) => !('table' in object));
    await netns.nft.apply(objects.map((object) => ({ delete: object })) as never);
    expect(listed(netns)).toHaveLength(1);
  });
});

describe('a chain', () => {
  test('is renamed by its name or its handle', async () => {
    const netns = await withChain({ add: marked(1) });
    await netns.nft.apply([{ rename: { chain: { ...inTable, name: 'c', newname: 'd' } } }]);
    const names = (): unknown[] => listed(netns).flatMap(({ chain }) => (chain ? [chain['name']] : []));
    expect(names()).toEqual(['d']);
    const { chain: found } = listed(netns).find((object) => 'chain' in object) as NftObject;
    await netns.nft.apply([{ rename: { chain: { ...inTable, handle: found?.['handle'] as number, newname: 'c' } } }]);
    expect(names()).toEqual(['c']);
    expect(marks(netns)).toEqual([1]);
    const none = netns.nft.apply([{ rename: { chain: { ...inTable, name: 'none', newname: 'd' } } }]);
    await expect(none).rejects.toThrow('nftables[0].rename.chain.name: the kernel has no chain "none"');
    const taken = netns.nft.apply([
      table,
      { add: { chain: { ...inTable, name: 'd' } } },
      { rename: { chain: { ...inTable, name: 'c', newname: 'd' } } },
    ]);
    await expect(taken).rejects.toMatchObject({ code: 'EEXIST', index: 2 });
  });

  test.each([
    ['ip', 'prerouting', 'raw', -300],
    ['ip', 'prerouting', 'mangle', -150],
    ['ip', 'prerouting', 'dstnat', -100],
    ['ip', 'input', 'filter', 0],
    ['ip', 'forward', 'security', 50],
    ['ip6', 'postrouting', 'srcnat', 100],
    ['inet', 'output', 'filter + 10', 10],
    ['inet', 'ingress', 'filter - 7', -7],
    ['bridge', 'prerouting', 'dstnat', -300],
    ['bridge', 'forward', 'filter', -200],
    ['bridge', 'output', 'out', 100],
    ['bridge', 'postrouting', 'srcnat', 300],
    ['bridge', 'input', 'filter - 1', -201],
    ['arp', 'input', 'filter', 0],
    ['arp', 'output', 'filter + 2', 2],
    ['netdev', 'ingress', 'filter', 0],
    ['netdev', 'egress', 'filter - 300', -300],
  ] as const)('of family %s at %s has the priority %s', async (family, hook, prio, number) => {
    const [ours, theirs] = [await namespace(), await namespace()];
    const dev = hook === 'ingress' || hook === 'egress' ? { dev: 'lo' } : {};
    await ours.nft.apply([
      { add: { table: { family, name: 't' } } },
      { add: { chain: { family, table: 't', name: 'c', type: 'filter', hook, prio, ...dev } } },
    ]);
    load(
      theirs,
      `table ${family} t { chain c { type filter hook ${hook} ${dev.dev ? 'device lo ' : ''}priority ${prio}; }; }`,
    );
    expect(listed(ours)).toEqual(listed(theirs));
    expect(listed(ours)[1]).toMatchObject({ chain: { prio: number } });
  });
});

describe("a rule's index", () => {
  /** nft's own, by the same commands; what it makes of them is the answer. */
  async function asNft(arrange: readonly object[], commands: readonly object[]): Promise<void> {
    const [ours, theirs] = [await withChain(...(arrange as Command[])), await withChain(...(arrange as Command[]))];
    load(theirs, commands);
    await ours.nft.apply(commands as Command[]);
    expect(marks(ours)).toEqual(marks(theirs));
    expect(new Set(marks(ours)).size).toBe(marks(ours).length);
  }

  test('is of rules in the kernel', () =>
    asNft(
      [1, 2, 3].map((mark) => ({ add: marked(mark) })),
      [
        { insert: marked(10, { index: 1 }) },
        { add: marked(11, { index: 1 }) },
        { add: marked(12, { index: 2 }) },
        { insert: marked(13, { index: 0 }) },
      ],
    ));

  test('is of rules of the same transaction', () =>
    asNft(
      [],
      [
        { add: marked(1) },
        { add: marked(2) },
        { insert: marked(3, { index: 1 }) },
        { add: marked(4, { index: 1 }) },
        { insert: marked(5) },
        { insert: marked(6, { index: 3 }) },
      ],
    ));

  test('counts what went before it: replaced, deleted, flushed', async () => {
    const netns = await withChain(...[1, 2, 3].map((mark) => ({ add: marked(mark) })));
    const [first = 0, second = 0] = handles(netns);
    await netns.nft.apply([
      { replace: marked(10, { handle: second }) },
      { delete: { rule: { ...inChain, handle: first } } },
      { add: marked(11, { index: 0 }) },
    ] as never);
    expect(marks(netns)).toEqual([10, 11, 3]);
    await netns.nft.apply([
      { flush: { chain: { ...inTable, name: 'c' } } },
      { add: marked(1) },
      { insert: marked(2, { index: 0 }) },
    ]);
    expect(marks(netns)).toEqual([2, 1]);
    await netns.nft.apply([
      { delete: { table: { family: 'ip', name: 't' } } },
      table,
      chain,
      { add: marked(1) },
      { add: marked(2, { index: 0 }) },
      { add: marked(3, { index: 0 }) },
    ]);
    expect(marks(netns)).toEqual([1, 3, 2]);
  });

  test('may be beside handles, in many chains', async () => {
    const netns = await withChain(...[1, 2].map((mark) => ({ add: marked(mark) })));
    const [first = 0] = handles(netns);
    await netns.nft.apply([
      { add: marked(3, { handle: first }) },
      { insert: marked(4, { index: 1 }) },
      { add: { chain: { ...inTable, name: 'd' } } },
      { add: { rule: { ...inTable, chain: 'd', expr: [{ accept: null }] } } },
      { insert: { rule: { ...inTable, chain: 'd', index: 0, expr: [{ drop: null }] } } },
    ]);
    expect(marks(netns)).toEqual([1, 4, 3, 2]);
    const [drop, accept] = listed(netns).filter(({ rule }) => rule?.['chain'] === 'd');
    expect([drop, accept]).toMatchObject([
      { rule: { expr: [{ drop: null }] } },
      { rule: { expr: [{ accept: null }] } },
    ]);
  });

  test('is of a rule that there is', async () => {
    const netns = await withChain({ add: marked(1) });
    const applied = netns.nft.apply([{ add: marked(2, { index: 1 }) }]);
    await expect(applied).rejects.toThrow(
      'nftables[0].add.rule.index: there is no rule 1 in chain ip "t" "c", which has 1',
    );
    const both = netns.nft.apply([{ add: marked(2, { index: 0, handle: 2 }) }]);
    await expect(both).rejects.toThrow('has both a handle and an index');
    expect(marks(netns)).toEqual([1]);
  });

  test('is read again when another transaction comes between', async () => {
    const netns = await withChain({ add: marked(1) });
    const other = withOther(netns);
    await Promise.all([
      netns.nft.apply([{ add: marked(2, { index: 0 }) }]),
      netns.nft.apply([{ insert: marked(3, { index: 0 }) }]),
      other,
    ]);
    expect(marks(netns).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });
});

/** Transactions of nft's. */
async function withOther(netns: NamedNetns): Promise<void> {
  for (let i = 0; i < 3; i++) {
    nft(netns, 'add', 'table', `other${i}`);
    await new Promise(setImmediate);
  }
}

test('a table is owned, dormant, commented on, and woken', async () => {
  const netns = await namespace();
  await netns.nft.apply([
    { add: { table: { name: 'dormant', flags: 'dormant', comment: 'asleep' } } },
    { add: { table: { name: 'owned', flags: ['owner', 'persist'] } } },
  ]);
  expect(nft(netns, 'list', 'ruleset')).toMatch(/table ip dormant \{\n\tflags dormant\n\tcomment "asleep"\n/);
  const [dormant, owned] = await netns.nft.list();
  expect(dormant).toMatchObject({ table: { flags: ['dormant'], comment: 'asleep' } });
  expect(owned).toMatchObject({ table: { flags: ['owner', 'persist'] } });
  expect(() => nft(netns, 'delete', 'table', 'owned')).toThrow(/Operation not permitted/);
  await netns.nft.apply([{ add: { table: { name: 'dormant', flags: [] } } }, { delete: { table: { name: 'owned' } } }]);
  expect(await netns.nft.list()).toEqual([{ table: expect.not.objectContaining({ flags: expect.anything() }) }]);
});

test('comments stand wherever nft keeps them', async () => {
  const netns = await namespace();
  await netns.nft.apply([
    { add: { table: { family: 'ip', name: 't', comment: 'of a table' } } },
    { add: { chain: { ...inTable, name: 'c', comment: 'of a chain' } } },
    { add: { rule: { ...inChain, comment: 'of a rule', expr: [{ accept: null }] } } },
    {
      add: {
        set: {
          ...inTable,
          name: 's',
          type: 'mark',
          comment: 'of a set',
          elem: [{ elem: { val: 1, comment: 'of an element' } }],
        },
      },
    },
    { add: { map: { ...inTable, name: 'm', type: 'mark', map: 'mark', comment: 'of a map' } } },
    { add: { counter: { ...inTable, name: 'n', comment: 'of an object' } } },
  ]);
  const text = nft(netns, 'list', 'ruleset');
  for (const what of ['a table', 'a chain', 'a rule', 'a set', 'an element', 'a map', 'an object']) {
    expect(text).toContain(`comment "of ${what}"`);
    expect(JSON.stringify(await netns.nft.list())).toContain(`"comment":"of ${what}"`);
  }
});

test('a flush empties a ruleset, a family, a table, a chain, a set, a map, a meter, and no more', async () => {
  const netns = await namespace();
  const meter = (name: string): string => `meter ${name} { ip saddr timeout 1h counter } accept`;
  load(
    netns,
    `table ip t { set s { type mark; elements = { 1 }; }; map m { type mark : mark; elements = { 1 : 2 }; }
    chain c { ${meter('seen')}; }; chain d { accept; }; }
    table ip u { chain c { accept; }; }
    table ip6 u { chain c { accept; }; }`,
  );
  const rules = (): number => listed(netns).filter((object) => 'rule' in object).length;
  await netns.nft.apply([{ flush: { set: { ...inTable, name: 's' } } }, { flush: { map: { ...inTable, name: 'm' } } }]);
  // Newer kernels flush no set that a rule has made: neither for nft.
  const flushed = await netns.nft.apply([{ flush: { meter: { ...inTable, name: 'seen' } } }]).then(
    () => 'done',
    ({ code }: NodeJS.ErrnoException) => code,
  );
  expect(flushed).toBe(nftFlushes(netns, 'seen') ? 'done' : 'EOPNOTSUPP');
  const [set, map] = listed(netns).filter((object) => 'set' in object || 'map' in object);
  expect([set?.['set'], map?.['map']]).toEqual(Array(2).fill(expect.not.objectContaining({ elem: expect.anything() })));
  expect(rules()).toBe(4);
  await netns.nft.apply([{ flush: { chain: { ...inTable, name: 'd' } } }]);
  expect(rules()).toBe(3);
  await netns.nft.apply([{ flush: { table: { family: 'ip', name: 'u' } } }]);
  expect(rules()).toBe(2);
  await netns.nft.apply([{ flush: { ruleset: { family: 'ip' } } }]);
  expect(listed(netns).map((object) => Object.keys(object)[0])).toEqual(['table', 'chain', 'rule']);
  await netns.nft.apply({ nftables: [{ metainfo: { json_schema_version: 1 } }, { flush: { ruleset: null } }] });
  expect(listed(netns)).toEqual([]);
});

/** Whether nft may empty a meter. */
function nftFlushes(netns: NamedNetns, meter: string): boolean {
  try {
    nft(netns, 'flush', 'meter', 'ip', 't', meter);
    return true;
  } catch (error) {
    expect(String(error)).toContain('Operation not supported');
    return false;
  }
}

describe('echo', () => {
  const commands = [
    table,
    chain,
    { chain: { ...inTable, name: 'd' } },
    { add: { chain: { ...inTable, name: 'base', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } } },
    { add: marked(1) },
    { insert: marked(2) },
    { add: { set: { ...inTable, name: 's', type: 'ipv4_addr', elem: ['10.0.0.1'] } } },
    { add: { map: { ...inTable, name: 'm', type: 'ipv4_addr', map: 'mark' } } },
    { add: { element: { ...inTable, name: 's', elem: ['10.0.0.2'] } } },
    { add: { counter: { ...inTable, name: 'n' } } },
    {
      add: {
        rule: {
          ...inChain,
          expr: [
            { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [1, 2] } } },
          ],
        },
      },
    },
    { delete: { chain: { ...inTable, name: 'd' } } },
  ] as const;

  test('gives commands back that make nothing', async () => {
    const netns = await namespace();
    const set = { ...inTable, name: 's' } as const;
    await netns.nft.apply([table, { add: { set: { ...set, type: 'ipv4_addr' } } }]);
    for (const command of [
      { add: { element: { ...set, elem: ['10.0.0.1'] } } },
      { flush: { set } },
      { delete: { set } },
    ] satisfies Command[])
      expect(await netns.nft.apply([command], { echo: true })).toEqual([command]);
    expect(nft(netns, 'list', 'sets')).not.toContain('set s');
  });

  test('resolves to what nft -j -e -a prints', async () => {
    const [ours, theirs] = [await namespace(), await namespace()];
    const echoed = await ours.nft.apply(commands as never, { echo: true });
    const printed = JSON.parse(echo(theirs, commands)) as { nftables: object[] };
    expect(echoed).toEqual(printed.nftables);
    expect(listed(ours)).toEqual(listed(theirs));
    expect(JSON.stringify(echoed).match(/"handle"/g)).toHaveLength(10);
    // And is applied as it was.
    const third = await namespace();
    await third.nft.apply([table, chain] as never);
    expect(await ours.nft.apply([table, chain])).toEqual([]);
  });

  test('of replacements, listings, and of what is there already', async () => {
    const netns = await withChain({ add: marked(1) });
    const [handle = 0] = handles(netns);
    const echoed = await netns.nft.apply([{ replace: marked(2, { handle }) }, { list: { tables: null } }, table], {
      echo: true,
    });
    expect(echoed).toEqual([
      { replace: { rule: expect.objectContaining({ handle: handles(netns)[0] }) } },
      listed(netns)[0],
      table,
    ]);
  });

  test('of thousands of rules', async () => {
    const netns = await withChain();
    const many = Array.from({ length: 5000 }, (_, i) => ({ add: marked(i) }));
    const echoed = (await netns.nft.apply(many, { echo: true })) as { add: { rule: { handle: number } } }[];
    expect(echoed.map(({ add }) => add.rule.handle)).toEqual(handles(netns));
  });
});

/** `nft -j -e -a -f`. */
function echo(netns: NamedNetns, commands: readonly unknown[]): string {
  return load(netns, commands, ['-e', '-a']);
}

describe('a transaction', () => {
  test('names the command that failed by its index, and has no effect', async () => {
    const netns = await withChain();
    const before = listed(netns);
    const commands = [
      { metainfo: { json_schema_version: 1 } },
      { add: marked(1) },
      { list: { tables: null } },
      { add: { rule: { ...inChain, expr: [{ jump: { target: 'none' } }] } } },
      { add: marked(2) },
    ];
    const error = await netns.nft.apply(commands as never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'NetlinkError',
      code: 'ENOENT',
      syscall: 'NFT_MSG_NEWRULE',
      index: 3,
      attribute: expect.stringContaining('expressions[0]'),
    });
    expect(error).toHaveProperty('request', commands[3]);
    expect(listed(netns)).toEqual(before);
  });

  test('is of a generation, if one is said', async () => {
    const netns = await withChain();
    const generation = await netns.nft.generation();
    await netns.nft.apply([{ add: marked(1) }], { ifGeneration: generation });
    expect(await netns.nft.generation()).toBe(generation + 1);
    const past = netns.nft.apply([{ add: marked(2) }], { ifGeneration: generation });
    await expect(past).rejects.toMatchObject({
      code: 'ERESTART',
      kernelMessage: expect.stringContaining(`generation ${generation}`),
    });
    expect(marks(netns)).toEqual([1]);
    await expect(netns.nft.apply([], { ifGeneration: generation })).rejects.toMatchObject({ code: 'ERESTART' });
    await expect(netns.nft.apply([], { ifGeneration: -1 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(netns.nft.apply([], { family: 'ipx' as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('that depends on what it read meets many others, and each has its effect', async () => {
    const netns = await withChain(
      { add: marked(1) },
      { add: { set: { ...inTable, name: 's', type: 'inet_service' } } },
    );
    const second = await (await import('../src/index.js')).Netns.open(netns.name);
    try {
      const element = (from: number) => (_: unknown, i: number) => ({
        add: { element: { ...inTable, name: 's', elem: [from + i] } },
      });
      const apply = (of: typeof netns, from: number): Promise<unknown[]> =>
        Promise.all(Array.from({ length: 20 }, element(from)).map((command) => of.nft.apply([command])));
      await Promise.all([apply(netns, 100), apply(second as NamedNetns, 200)]);
    } finally {
      await second.close();
    }
    const elements = await netns.nft.set('ip', 't', 's').list();
    const expected = [100, 200].flatMap((from) => Array.from({ length: 20 }, (_, i) => from + i));
    expect((elements as number[]).toSorted((a, b) => a - b)).toEqual(expected);
  });
});

test('a listing is applied as it is, and gives itself', async () => {
  const [first, second] = [
    await withChain({ add: marked(1) }, { add: { set: { ...inTable, name: 's', type: 'mark', elem: [1] } } }),
    await namespace(),
  ];
  await second.nft.apply({ nftables: await first.nft.list() });
  expect(asNft106(await second.nft.list()).map((object) => Object.keys(object)[0])).toEqual(
    listed(first).map((object) => Object.keys(object)[0]),
  );
});
