/** Large transactions name the sets of their rules themselves: as the kernel would, whatever there is already, and whoever comes between. */
import { describe, expect, test } from 'vitest';
import { type Command, NetlinkError, Netns } from '../src/index.js';
import { applyCommands, type Kernel } from '../src/nftables/apply.js';
import type { SetDefinition } from '../src/nftables/wire.js';
import { cleanUp, type NamedNetns, namespace } from './helpers/namespaces.js';
import { load, nft, view } from './helpers/nft-oracle.js';

const MANY = 150;

const tableAndChain = (table: string): Command[] => [
  { add: { table: { family: 'inet', name: table } } },
  { add: { chain: { family: 'inet', table, name: 'c' } } },
];

const port = { payload: { protocol: 'tcp', field: 'dport' } } as const;

/** A rule with a set that has no name. */
const portsRule = (table: string, from: number): Command => ({
  add: {
    rule: {
      family: 'inet',
      table,
      chain: 'c',
      expr: [{ match: { op: '==', left: port, right: { set: [from, from + 1] } } }],
    },
  },
});

/** One with a map. */
const marksRule = (table: string, from: number): Command => {
  const value = {
    map: {
      key: port,
      data: {
        set: [
          [from, 1],
          [from + 1, 2],
        ],
      },
    },
  } as const;
  return {
    add: { rule: { family: 'inet', table, chain: 'c', expr: [{ mangle: { key: { meta: { key: 'mark' } }, value } }] } },
  };
};

/** Rules of both kinds. */
function large(table: string, size: number = MANY): Command[] {
  return Array.from({ length: size }, (_, i) => (i % 3 === 2 ? marksRule(table, i) : portsRule(table, i)));
}

/** Names of the sets that a table's rules look things up in. */
function names(netns: Netns, table: string): readonly string[] {
  const printed = nft(netns, '--debug=netlink', 'list', 'table', 'inet', table);
  return [...printed.matchAll(/ reg \d+ set (\S+) /g)].map((match) => match[1] as string);
}

/** What applies commands, with another way of sending them. */
const sentBy = (netns: Netns, commit: (real: Kernel['commit']) => Kernel['commit']): Kernel => {
  const { kernel } = netns.nft;
  return { ...kernel, commit: commit(kernel.commit) };
};

const namesSent = (requests: Parameters<Kernel['commit']>[0]): string[] =>
  requests.flatMap(({ operation, wire }) =>
    operation.name === 'nft.newset' ? [(wire as unknown as SetDefinition).name] : [],
  );

describe('sets of a large transaction', () => {
  test('have the names that the kernel gives to those of nft', async () => {
    const [ours, theirs] = [await namespace(), await namespace()];
    const commands = [...tableAndChain('t'), ...large('t'), ...tableAndChain('small'), portsRule('small', 1)];
    await ours.nft.apply(commands);
    load(theirs, commands);
    expect(names(ours, 't')).toEqual(names(theirs, 't'));
    expect(new Set(names(ours, 't')).size).toBe(MANY);
    expect(view(ours)).toEqual(view(theirs));
  });

  test('leave the names that are there to those that have them', async () => {
    const netns = await namespace();
    const named = { family: 'inet', table: 't', type: 'inet_service' } as const;
    await netns.nft.apply([
      ...tableAndChain('t'),
      portsRule('t', 1),
      { add: { set: { ...named, name: '__set20' } } },
      ...tableAndChain('u'),
      ...large('u'),
    ]);
    // More than there were: some kinds of names are free between those that are not.
    await netns.nft.apply([{ add: { set: { ...named, name: '__map3' } } }, ...large('t'), ...large('u', 2 * MANY)]);
    const counts = { t: MANY + 1, u: 3 * MANY };
    for (const [table, count] of Object.entries(counts)) expect(new Set(names(netns, table)).size).toBe(count);
    const used = names(netns, 't');
    expect(used).toEqual(expect.arrayContaining(['__set0', '__set1', '__set19', '__set21', '__map2', '__map4']));
    for (const taken of ['__set20', '__map3']) {
      expect(used).not.toContain(taken);
      expect(nft(netns, 'list', 'sets')).toContain(`set ${taken} {`);
    }
  });

  test('are found where all is replaced at once', async () => {
    const netns = await namespace();
    const commands: Command[] = [{ flush: { ruleset: null } }, ...tableAndChain('t'), ...large('t')];
    for (let i = 0; i < 3; i++) await netns.nft.apply(commands);
    const other = await namespace();
    load(other, commands);
    expect(view(netns).rules.map(({ json }) => json)).toEqual(view(other).rules.map(({ json }) => json));
  });

  test('leave meters the names that were said', async () => {
    const netns = await namespace();
    const meter = { name: '__set7', key: port, stmt: { counter: null } } as const;
    await netns.nft.apply([
      ...tableAndChain('t'),
      { add: { rule: { family: 'inet', table: 't', chain: 'c', expr: [{ meter }] } } },
      ...large('t'),
    ]);
    expect(nft(netns, 'list', 'meters')).toContain('meter __set7 {');
    expect(names(netns, 't')).not.toContain('__set7');
    expect(new Set(names(netns, 't')).size).toBe(MANY);
  });

  test('are told by their handles when they are echoed', async () => {
    const netns = await namespace();
    const echoed = (await netns.nft.apply([...tableAndChain('t'), ...large('t')], { echo: true })) as {
      add: { rule?: { handle: number } };
    }[];
    const rules = echoed.flatMap(({ add }) => (add.rule ? [add.rule.handle] : []));
    expect(new Set(rules).size).toBe(MANY);
    expect(rules.every(Number.isInteger)).toBe(true);
  });

  test('can be tried before, beside others of those names', async () => {
    const netns = await namespace();
    await netns.nft.apply([...tableAndChain('t'), ...large('t')]);
    const before = await netns.nft.generation();
    await netns.nft.apply(large('t'), { check: true });
    expect(await netns.nft.generation()).toBe(before);
  });
});

describe('a large transaction', () => {
  test('comes before what is asked for after it', async () => {
    const netns = await namespace();
    await Promise.all([
      netns.nft.apply([...tableAndChain('t'), ...large('t')]),
      netns.nft.apply([portsRule('t', 60_000)]),
      netns.nft.apply([{ delete: { table: { family: 'inet', name: 't' } } }]),
      netns.nft.apply(tableAndChain('t')),
    ]);
    expect(names(netns, 't')).toEqual([]);
    expect(nft(netns, 'list', 'ruleset')).toContain('table inet t');
  });

  test('is not overtaken while it asks for the numbers of devices', async () => {
    const netns = await namespace();
    await netns.links.add({ kind: 'ifb', name: 'd0' });
    const left = { meta: { key: 'iif' } } as const;
    const ofDevice: Command = {
      add: { rule: { family: 'inet', table: 't', chain: 'c', expr: [{ match: { op: '==', left, right: 'd0' } }] } },
    };
    for (const rules of [[ofDevice], [ofDevice, ...large('t')]]) {
      await Promise.all([
        netns.nft.apply([...tableAndChain('t'), ...rules]),
        netns.nft.apply([{ delete: { table: { family: 'inet', name: 't' } } }]),
      ]);
      expect(nft(netns, 'list', 'ruleset')).toBe('');
    }
  });

  test('that cannot be says so after what comes before it, and holds up nothing', async () => {
    const netns = await namespace();
    const left = { meta: { key: 'iif' } } as const;
    const expr = [{ match: { op: '==', left, right: 'missing' } }] as const;
    const results = await Promise.allSettled([
      netns.nft.apply([...tableAndChain('t'), ...large('t')]),
      netns.nft.apply([{ add: { rule: { family: 'inet', table: 't', chain: 'c', expr } } }]),
      netns.nft.apply([portsRule('t', 60_000)]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'ERR_INVALID_ARG_VALUE' } });
    expect(names(netns, 't')).toHaveLength(MANY + 1);
  });

  test('lets those that wait for it end by their signal and their time', async () => {
    const netns = await namespace();
    await netns.nft.apply(tableAndChain('t'));
    let release: (() => void) | undefined;
    const held = netns.nft.kernel.inTurn(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const controller = new AbortController();
    const waiting = [
      netns.nft.apply([portsRule('t', 1)], { signal: controller.signal }),
      netns.nft.apply(large('t'), { signal: controller.signal }),
      netns.nft.apply([portsRule('t', 2)], { timeout: 20 }),
      netns.nft.apply(large('t'), { timeout: 20 }),
    ];
    const last = netns.nft.apply([portsRule('t', 3)]);
    setTimeout(() => controller.abort(), 5);
    const ended = await Promise.allSettled(waiting);
    const reasons = ended.map((result) => (result.status === 'rejected' ? (result.reason as Error).name : 'done'));
    expect(reasons).toEqual(['AbortError', 'AbortError', 'TimeoutError', 'TimeoutError']);
    release?.();
    await Promise.all([held, last]);
    expect(names(netns, 't')).toHaveLength(1);
  });

  test('meets others, and each has its effect', async () => {
    const netns = await namespace();
    const handles: Netns[] = [netns];
    for (let i = 0; i < 3; i++) {
      const handle = await Netns.open((netns as NamedNetns).name);
      cleanUp(() => handle.close());
      handles.push(handle);
    }
    await netns.nft.apply([...tableAndChain('t'), ...tableAndChain('own')]);
    await Promise.all(
      handles.map(async (handle, i) => {
        await handle.nft.apply(large('t'));
        await handle.nft.apply([portsRule('own', i)]);
      }),
    );
    const used = names(netns, 't');
    expect(used).toHaveLength(4 * MANY);
    expect(new Set(used).size).toBe(4 * MANY);
    expect(names(netns, 'own')).toHaveLength(4);
  });

  test('looks for names anew when others came between, and leaves them to the kernel in the end', async () => {
    const netns = await namespace();
    const other = await Netns.open(netns.name);
    cleanUp(() => other.close());
    const sent: string[][] = [];
    const generations: (number | undefined)[] = [];
    const kernel = sentBy(netns, (real) => async (requests, options, explain, generation) => {
      sent.push(namesSent(requests));
      generations.push(generation);
      if (sent.length < 10) await other.nft.apply([...tableAndChain('t'), portsRule('t', sent.length)]);
      return real(requests, options, explain, generation);
    });
    await applyCommands(kernel, [...tableAndChain('t'), ...large('t')], {});
    expect(sent).toHaveLength(10);
    expect(sent[0]?.slice(0, 3)).toEqual(['__set0', '__set1', '__map0']);
    expect(sent[1]?.slice(0, 3)).toEqual(['__set1', '__set2', '__map0']);
    expect(new Set(sent[9])).toEqual(new Set(['__set%d', '__map%d']));
    expect(generations[9]).toBeUndefined();
    expect(new Set(generations.slice(0, 9)).size).toBe(9);
    const used = names(netns, 't');
    expect(used).toHaveLength(MANY + 9);
    expect(new Set(used).size).toBe(MANY + 9);
  });

  test('leaves names to the kernel where others change the table all the time', async () => {
    const netns = await namespace();
    await netns.nft.apply([...tableAndChain('t'), portsRule('t', 1)]);
    const { kernel } = netns.nft;
    const one: Kernel['channel']['one'] = async (request, options) => {
      if (request.operation.name === 'nft.sets') throw new NetlinkError({ errno: 4, syscall: 'NFT_MSG_GETSET' });
      return kernel.channel.one(request, options);
    };
    await applyCommands({ ...kernel, channel: { one } as Kernel['channel'] }, large('t'), {});
    expect(new Set(names(netns, 't')).size).toBe(MANY + 1);
  });

  test('is of the generation that is said', async () => {
    const netns = await namespace();
    await netns.nft.apply(tableAndChain('t'));
    const generation = await netns.nft.generation();
    await netns.nft.apply(large('t'), { ifGeneration: generation });
    await expect(netns.nft.apply(large('t'), { ifGeneration: generation })).rejects.toMatchObject({ code: 'ERESTART' });
    expect(names(netns, 't')).toHaveLength(MANY);
  });

  test('that is refused says which command it was', async () => {
    const netns = await namespace();
    const commands = [...tableAndChain('t'), ...large('t'), portsRule('missing', 1)];
    const error = await netns.nft.apply(commands).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ENOENT', index: commands.length - 1, request: commands.at(-1) });
    expect(nft(netns, 'list', 'ruleset')).toBe('');
  });

  test('of few sets in each of many tables names none', async () => {
    const netns = await namespace();
    const tables = Array.from({ length: 10 }, (_, i) => `t${i}`);
    let sent: string[] = [];
    const kernel = sentBy(netns, (real) => (requests, ...rest) => {
      sent = namesSent(requests);
      return real(requests, ...rest);
    });
    await applyCommands(
      kernel,
      tables.flatMap((table) => [...tableAndChain(table), ...large(table, 20)]),
      {},
    );
    expect(new Set(sent)).toEqual(new Set(['__set%d', '__map%d']));
    for (const table of tables) expect(new Set(names(netns, table)).size).toBe(20);
  });
});
