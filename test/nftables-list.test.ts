/** Parts of a ruleset, as `nft -j list` prints them; what asks the kernel for no more than that; and counters that begin anew. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { NftFilter } from '../src/index.js';
import { trafficOf } from '../src/netlink/traffic.js';
import { type NamedNetns, namespace } from './helpers/namespaces.js';
import { asNft106, load, type NftObject, nft } from './helpers/nft-oracle.js';

const ruleset = `
table ip t {
  comment "first"
  counter both { comment "of both"; }
  counter other { packets 3 bytes 4; }
  quota q { 25 mbytes; }
  limit l { rate 5/minute; }
  ct helper ftp { type "ftp" protocol tcp; }
  ct timeout slow { protocol tcp; policy = { established : 100 }; }
  ct expectation e { protocol udp; dport 5060; timeout 3s; size 5; l3proto ip; }
  synproxy sp { mss 1460; wscale 7; }
  set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 }; }
  set empty { type inet_service; }
  map m { type ipv4_addr : verdict; elements = { 10.0.0.1 : jump d }; }
  map o { type inet_service : counter; elements = { 80 : "both" }; }
  chain c { type filter hook input priority 0; policy accept;
    tcp dport { 22, 80 } counter comment "two"
    ip saddr vmap @m
    counter name "both"
  }
  chain d {
    ip saddr @s quota over 5 mbytes drop
  }
  chain e { type nat hook postrouting priority srcnat;
    ip saddr { 10.0.0.0-10.0.0.9 } masquerade
  }
}
table inet t {
  set s { type ether_addr; }
  chain c {
    meter seen { ip saddr limit rate 5/second } accept
  }
}
table ip6 t { chain c { type filter hook forward priority mangle; }; }
table ip u { chain c { accept; }; }
`;

let netns: NamedNetns;
beforeAll(async () => {
  netns = await namespace({}, 'file');
  load(netns, ruleset);
});

const listedByNft = (...words: string[]): NftObject[] => {
  const { nftables } = JSON.parse(nft(netns, '-j', 'list', ...words)) as { nftables: NftObject[] };
  return nftables.filter((object) => !('metainfo' in object));
};

describe('a list', () => {
  test.each<[string, NftFilter]>([
    ['ruleset', {}],
    ['ruleset', { kind: 'ruleset' }],
    ['ruleset ip', { family: 'ip' }],
    ['tables', { kind: 'tables' }],
    ['tables inet', { kind: 'tables', family: 'inet' }],
    ['table ip t', { kind: 'table', name: 't' }],
    ['table inet t', { kind: 'table', family: 'inet', table: 't' }],
    ['chains', { kind: 'chains' }],
    ['chains ip6', { kind: 'chains', family: 'ip6' }],
    ['chain ip t c', { kind: 'chain', table: 't', name: 'c' }],
    ['chain ip t e', { kind: 'chain', table: 't', chain: 'e' }],
    ['chain inet t c', { kind: 'chain', family: 'inet', table: 't', name: 'c' }],
    ['sets', { kind: 'sets' }],
    ['sets inet', { kind: 'sets', family: 'inet' }],
    ['set ip t s', { kind: 'set', family: 'ip', table: 't', name: 's' }],
    ['maps', { kind: 'maps' }],
    ['map ip t m', { kind: 'map', table: 't', name: 'm' }],
    ['map ip t o', { kind: 'map', table: 't', name: 'o' }],
    ['meters', { kind: 'meters' }],
    ['counters', { kind: 'counters' }],
    ['counters table ip t', { kind: 'counters', family: 'ip', table: 't' }],
    ['counter ip t other', { kind: 'counter', table: 't', name: 'other' }],
    ['quotas', { kind: 'quotas' }],
    ['quota ip t q', { kind: 'quota', table: 't', name: 'q' }],
    ['limits', { kind: 'limits' }],
    ['limit ip t l', { kind: 'limit', table: 't', name: 'l' }],
    ['ct helper ip t ftp', { kind: 'ct helper', table: 't', name: 'ftp' }],
  ])('%s', async (words, filter) => {
    const theirs = listedByNft(...words.split(' '));
    expect(asNft106(await netns.nft.list(filter))).toEqual(theirs);
    // Not by there being nothing.
    expect(theirs).not.toEqual([]);
  });

  test('of rules is of what nft lists with their chains', async () => {
    const rules = listedByNft('ruleset').filter((object) => 'rule' in object);
    expect(await netns.nft.list({ kind: 'rules' })).toEqual(rules);
    const inChain = rules.filter(
      ({ rule }) => rule?.['family'] === 'ip' && rule['table'] === 't' && rule['chain'] === 'd',
    );
    expect(await netns.nft.list({ kind: 'rules', family: 'ip', table: 't', chain: 'd' })).toEqual(inChain);
    expect(inChain).toHaveLength(1);
    expect(await netns.nft.list({ kind: 'rules', table: 't', chain: 'c' })).toHaveLength(4);
  });

  // nft 1.0.6 ends in an assertion when it is asked for these alone.
  test.each<[string, NftFilter, NftFilter]>([
    ['ct timeout', { kind: 'ct timeouts' }, { kind: 'ct timeout', table: 't', name: 'slow' }],
    ['ct expectation', { kind: 'ct expectations' }, { kind: 'ct expectation', table: 't', name: 'e' }],
    ['synproxy', { kind: 'synproxys' }, { kind: 'synproxy', table: 't', name: 'sp' }],
  ])('of %s is of what nft lists with the ruleset', async (kind, many, one) => {
    const theirs = listedByNft('ruleset').filter((object) => kind in object);
    expect(theirs).toHaveLength(1);
    expect(await netns.nft.list(many)).toEqual(theirs);
    expect(await netns.nft.list(one)).toEqual(theirs);
  });

  test('of many may be of none; of one there must be one', async () => {
    expect(await netns.nft.list({ table: 'none' })).toEqual([]);
    expect(await netns.nft.list({ kind: 'sets', family: 'ip', table: 'none' })).toEqual([]);
    expect(await netns.nft.list({ kind: 'counters', name: 'none' })).toEqual([]);
    for (const [filter, message] of [
      [{ kind: 'table', name: 'none' }, 'NFT_MSG_GETTABLE'],
      [{ kind: 'chain', table: 't', name: 'none' }, 'NFT_MSG_GETCHAIN'],
      [{ kind: 'set', table: 't', name: 'm' }, 'NFT_MSG_GETSET'],
      [{ kind: 'counter', table: 't', name: 'q' }, 'NFT_MSG_GETOBJ'],
    ] as const)
      await expect(netns.nft.list(filter)).rejects.toMatchObject({ code: 'ENOENT', syscall: message });
  });

  test('leaves elements out, and asks for none', async () => {
    const [set] = await netns.nft.list({ kind: 'set', table: 't', name: 's', elements: false });
    expect(set).toEqual({ set: expect.not.objectContaining({ elem: expect.anything() }) });
  });

  test.each<[NftFilter, number]>([
    [{ kind: 'tables' }, 1],
    [{ kind: 'chains' }, 1],
    [{ kind: 'counter', table: 't', name: 'other' }, 1],
    [{ kind: 'set', table: 't', name: 's', elements: false }, 1],
    // Its elements, and the generation before and behind.
    [{ kind: 'set', table: 't', name: 's' }, 4],
    // The chain, its rules, the definitions of sets; the elements of the one without a name that is used; three generations.
    [{ kind: 'chain', table: 't', name: 'c' }, 7],
  ])('of %j takes %i messages', async (filter, messages) => {
    const { sent } = await trafficOf(() => netns.nft.list(filter));
    expect(sent).toMatchObject({ reads: messages, changes: 0 });
  });

  test.each<[object, string]>([
    [{ kind: 'tabels' }, 'filter.kind'],
    [{ family: 'ipx' }, 'filter.family'],
    [{ kind: 'set', table: 't' }, 'filter.name'],
    [{ kind: 'set', name: 's' }, 'filter.table'],
    [{ name: 's' }, 'filter.name'],
    [{ tabel: 't' }, 'tabel'],
    [{ table: '' }, 'filter.table'],
  ])('of %j cannot be meant', async (filter, place) => {
    await expect(netns.nft.list(filter)).rejects.toMatchObject({
      name: 'TypeError',
      code: expect.stringMatching(/^ERR_INVALID_ARG/),
      message: expect.stringContaining(place),
    });
  });

  test('is given to commands that ask for it', async () => {
    const answers = await netns.nft.apply([
      { list: { counters: { family: 'ip', table: 't' } } },
      { list: { chain: { family: 'ip', table: 't', name: 'd' } } },
      { list: { tables: null } },
    ]);
    const expected = ['counters table ip t', 'chain ip t d', 'tables'].flatMap((words) =>
      listedByNft(...words.split(' ')),
    );
    expect(asNft106(answers as object[])).toEqual(expected);
    await expect(netns.nft.apply([{ list: { set: { table: 't', name: 'none' } } }])).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(netns.nft.apply([{ list: { ruels: null } }] as never)).rejects.toThrow(
      /nftables\[0\]\.list: there is no "ruels"/,
    );
  });
});

describe('a reset', () => {
  const inTable = { family: 'ip', table: 't' } as const;
  const counting = async (): Promise<NamedNetns> => {
    const fresh = await namespace();
    load(
      fresh,
      `table ip t {
      counter a { packets 5 bytes 6; }
      set s { type ipv4_addr; flags interval; counter; elements = { 10.0.0.1 counter packets 7 bytes 8, 10.0.1.0/24 counter packets 9 bytes 10 }; }
      map m { type inet_service : verdict; counter; elements = { 80 counter packets 1 bytes 2 : accept, 81 counter packets 3 bytes 4 : drop }; }
      chain c { ip saddr { 10.0.0.1, 10.0.0.2 } counter packets 11 bytes 12; counter packets 13 bytes 14; }
      chain d { counter packets 15 bytes 16; }
    }`,
    );
    return fresh;
  };
  const packets = (objects: readonly unknown[]): number[] =>
    Array.from(JSON.stringify(objects).matchAll(/"packets":(\d+)/g), ([, number]) => Number(number));
  const held = (fresh: NamedNetns): number[] => packets(JSON.parse(nft(fresh, '-j', 'list', 'ruleset')).nftables);

  test('of rules tells what they had counted: of one, of a chain, of all', async () => {
    const fresh = await counting();
    const rules = (await fresh.nft.list({ kind: 'rules' })) as { rule: { handle: number } }[];
    const [first] = rules;
    expect(await fresh.nft.reset({ ...inTable, kind: 'rule', chain: 'c', handle: first!.rule.handle })).toEqual([
      first,
    ]);
    expect(held(fresh)).toEqual([5, 7, 9, 1, 3, 0, 13, 15]);
    expect(packets(await fresh.nft.reset({ ...inTable, kind: 'rules', chain: 'd' }))).toEqual([15]);
    expect(held(fresh)).toEqual([5, 7, 9, 1, 3, 0, 13, 0]);
    expect(packets(await fresh.nft.apply([{ reset: { rules: { family: 'ip' } } }]))).toEqual([0, 13, 0]);
    expect(held(fresh)).toEqual([5, 7, 9, 1, 3, 0, 0, 0]);
  });

  test('of a set, of a map, of some elements', async () => {
    const fresh = await counting();
    const element = await fresh.nft.reset({
      ...inTable,
      kind: 'element',
      name: 's',
      elem: [{ prefix: { addr: '10.0.1.0', len: 24 } }],
    });
    expect(element).toMatchObject([
      { set: { elem: [{ elem: { val: { prefix: { addr: '10.0.1.0', len: 24 } }, counter: { packets: 9 } } }] } },
    ]);
    expect(held(fresh)).toEqual([5, 7, 0, 1, 3, 11, 13, 15]);
    expect(packets(await fresh.nft.reset({ ...inTable, kind: 'element', name: 'm', elem: [81] }))).toEqual([3]);
    expect(held(fresh)).toEqual([5, 7, 0, 1, 0, 11, 13, 15]);
    expect(packets(await fresh.nft.reset({ ...inTable, kind: 'set', name: 's' }))).toEqual([7, 0]);
    expect(packets(await fresh.nft.reset({ ...inTable, kind: 'map', name: 'm' }))).toEqual([1, 0]);
    expect(held(fresh)).toEqual([5, 0, 0, 0, 0, 11, 13, 15]);
    await expect(fresh.nft.reset({ ...inTable, kind: 'set', name: 'none' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('by commands, between changes and listings', async () => {
    const fresh = await counting();
    const answers = await fresh.nft.apply([
      { list: { counter: { ...inTable, name: 'a' } } },
      { reset: { counter: { ...inTable, name: 'a' } } },
      { list: { counters: null } },
      { add: { counter: { ...inTable, name: 'b', packets: 2, bytes: 2 } } },
    ]);
    expect(packets(answers)).toEqual([5, 5, 0, 2]);
  });

  test.each<[object, string]>([
    [{ kind: 'chain' }, 'filter.kind'],
    [{ kind: 'rule', chain: 'c' }, 'filter.chain'],
    [{ ...inTable, kind: 'rule', handle: 3 }, 'filter.handle'],
    [{ ...inTable, kind: 'set' }, 'filter.name'],
    [{ ...inTable, kind: 'element', name: 's' }, 'filter.elem'],
  ])('of %j cannot be meant', async (filter, place) => {
    await expect(netns.nft.reset(filter)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_INVALID_ARG/),
      message: expect.stringContaining(place),
    });
  });
});
