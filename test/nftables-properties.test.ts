/**
 * Commands that nobody has written: rulesets with a part of them exchanged for something else, and JSON of any form. Each is a transaction that
 * the kernel takes, or an error that says what is wrong; never half a transaction.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { NetlinkError } from '../src/index.js';
import { compileCommands } from '../src/nftables/compile.js';
import { type NamedNetns, namespace } from './helpers/namespaces.js';
import { load, nft } from './helpers/nft-oracle.js';
import { type Section, sections } from './helpers/nft-rulesets.js';

/** Commands that are good: every ruleset of the conformance tests, as netloom lists it. */
const corpus: object[][] = [];
let netns: NamedNetns;

beforeAll(async () => {
  const made = await namespace({}, 'file');
  netns = await namespace({}, 'file');
  for (const each of [made, netns]) {
    await each.links.set('lo', { up: true });
    await each.links.add(['d0', 'd1'].map((name) => ({ kind: 'ifb', name }) as const));
  }
  for (const section of sections) {
    load(made, rulesetOf(section));
    corpus.push(await made.nft.list());
    await made.nft.flush();
  }
  load(
    netns,
    'table ip kept { set s { type ipv4_addr; elements = { 10.0.0.1 }; }; chain c { ip saddr @s counter accept; }; }',
  );
}, 60_000);

const rulesetOf = ({ family, objects = '', chain, rules }: Section): string =>
  rules === undefined
    ? objects
    : `table ${family} t {\n${objects}\nchain other { }\nchain c { ${chain ?? ''}\n${rules}\n}\n}\n`;

type Place = readonly (string | number)[];

/** Every place in a value, itself left out. */
function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const place = [...at, Array.isArray(value) ? Number(key) : key];
    return [place, ...placesOf(part, place)];
  });
}

const at = (value: unknown, place: Place): unknown =>
  place.reduce((part, key) => (part as Record<string | number, unknown>)[key], value);

/** Exchanges what is at a place, takes it out, or puts it under another name. */
function mutate(commands: unknown[], place: Place, how: Mutation): void {
  const holder = at(commands, place.slice(0, -1)) as Record<string | number, unknown>;
  const key = place.at(-1) as string | number;
  if (how.kind === 'remove') {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (how.kind === 'rename' && !Array.isArray(holder)) {
    const value = holder[key];
    delete holder[key];
    holder[how.name] = value;
  } else if (how.kind === 'twice' && Array.isArray(holder)) holder.splice(Number(key), 0, holder[Number(key)]);
  else if (how.kind === 'exchange') holder[key] = how.value;
}

type Mutation =
  | { readonly kind: 'remove' | 'twice' }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'exchange'; readonly value: unknown }
  | { readonly kind: 'transplant'; readonly from: number };

const words = [
  'add',
  'delete',
  'destroy',
  'create',
  'insert',
  'replace',
  'flush',
  'rename',
  'list',
  'reset',
  'table',
  'rule',
  'set',
  'map',
  'element',
  'match',
  'payload',
  'meta',
  'ct',
  'concat',
  'prefix',
  'range',
  'elem',
  'expr',
  'handle',
  'index',
  'name',
  '@s',
  '*',
  '',
  '__proto__',
  'constructor',
];
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1,
    255,
    256,
    65536,
    2 ** 32,
    2 ** 53,
    0.5,
    '10.0.0.1',
    'fe80::1',
    'ip',
    'inet',
    'tcp',
    'lo',
    [],
    {},
  ),
  fc.constantFrom(...words),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 300 }),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('remove', 'twice') }),
  fc.record({ kind: fc.constant('rename' as const), name: fc.constantFrom(...words) }),
  fc.record({ kind: fc.constant('exchange' as const), value: fc.oneof(scalar, fc.jsonValue({ maxDepth: 3 })) }),
  fc.record({ kind: fc.constant('transplant' as const), from: fc.nat() }),
);
const changed = fc.record({
  section: fc.nat(),
  first: fc.nat(),
  changes: fc.array(fc.record({ place: fc.nat(), how: mutation }), { minLength: 1, maxLength: 3 }),
  verb: fc.constantFrom(undefined, 'add', 'create', 'delete', 'destroy', 'insert', 'flush'),
});
type Changed = Parameters<Parameters<typeof changed.map>[0]>[0];

/** A table, and what there is in it, with one object changed. */
function commandsOf({ section, first, changes, verb }: Changed): unknown[] {
  const whole = corpus[section % corpus.length] as object[];
  const objects = structuredClone(whole) as unknown[];
  const target = first % objects.length;
  const command = [verb === undefined ? objects[target] : { [verb]: objects[target] }];
  for (const { place, how } of changes) {
    const places = placesOf(command);
    if (places.length === 0) break;
    const there = places[place % places.length] as Place;
    const value =
      how.kind === 'transplant' ? structuredClone(at(command, places[how.from % places.length] as Place)) : undefined;
    mutate(command, there, how.kind === 'transplant' ? { kind: 'exchange', value } : how);
  }
  // Those before it, without other rules: what it needs is there.
  const before = objects.slice(0, target).filter((object) => !('rule' in (object as object)));
  return [...before, ...command];
}

/** A typed error; anything else is a fault of netloom's. */
function expectTyped(error: unknown): void {
  const { name, code } = error as { name: string; code?: string };
  const typed =
    error instanceof NetlinkError ||
    ((name === 'TypeError' || name === 'RangeError') && code?.startsWith('ERR_') === true);
  if (!typed) throw new Error(`not a typed error: ${(error as Error)?.stack ?? String(error)}`);
}

const runs = { numRuns: Number(process.env['NETLOOM_PROPERTY_RUNS'] ?? 2000) };

describe('commands', () => {
  test('of any JSON compile, or say what is wrong', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom(...words), fc.jsonValue()))),
        (value) => {
          try {
            compileCommands(value as never);
          } catch (error) {
            expectTyped(error);
          }
        },
      ),
      runs,
    );
  }, 120_000);

  test('that were good compile, or say what is wrong', () => {
    let good = 0;
    fc.assert(
      fc.property(changed, (how) => {
        try {
          compileCommands(commandsOf(how) as never);
          good++;
        } catch (error) {
          expectTyped(error);
        }
      }),
      runs,
    );
    // Both happen often, or nothing is tried.
    expect(good).toBeGreaterThan(runs.numRuns / 20);
    expect(good).toBeLessThan((runs.numRuns * 19) / 20);
  }, 120_000);

  test('happen as a whole, or not at all', async () => {
    const kept = nft(netns, '-a', 'list', 'ruleset');
    let [done, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(changed, async (how) => {
        const before = await netns.nft.generation();
        const commands = commandsOf(how);
        try {
          await netns.nft.apply(commands as never);
        } catch (error) {
          expectTyped(error);
          // What is to be listed, or reset, comes after the transaction, and may be missing then.
          const listing = error instanceof NetlinkError && error.syscall.startsWith('NFT_MSG_GET');
          if (!listing) {
            if (error instanceof NetlinkError) refused++;
            // A transaction that is refused has no generation of its own.
            if ((await netns.nft.generation()) !== before) throw new Error('half of it was done', { cause: error });
            return;
          }
        }
        done++;
        // What the kernel took can be listed, and goes again.
        await netns.nft.list();
        const tables = (await netns.nft.list({ kind: 'tables' })) as { table: { family: string; name: string } }[];
        await netns.nft.apply(
          tables.filter(({ table }) => table.name !== 'kept').map((table) => ({ delete: table })) as never,
        );
        if (!tables.some(({ table }) => table.name === 'kept')) load(netns, kept.replaceAll(/ # handle \d+/g, ''));
      }),
      { numRuns: Math.ceil(runs.numRuns / 6) },
    );
    expect(Math.min(done, refused)).toBeGreaterThan(5);
  }, 120_000);

  test('that list or reset answer, or say what is wrong', async () => {
    const kinds = [
      'ruleset',
      'tables',
      'table',
      'chain',
      'rules',
      'rule',
      'set',
      'sets',
      'element',
      'counter',
      'counters',
      'ct helpers',
      'meters',
    ];
    const value = fc.oneof(scalar, fc.constantFrom<unknown>('kept', 's', 'c', 'ip', ['10.0.0.1'], '10.0.0.1'));
    const filter = fc.dictionary(fc.constantFrom('family', 'table', 'chain', 'name', 'handle', 'elem'), value);
    const kept = { family: 'ip', table: 'kept' };
    const good = fc.constantFrom(null, kept, { ...kept, name: 's' }, { ...kept, chain: 'c' }, { ...kept, name: 'c' });
    const query = fc.record({
      list: fc.dictionary(fc.constantFrom(...kinds), fc.oneof(good, filter, value), { maxKeys: 1 }),
    });
    const both = fc.tuple(query, fc.boolean()).map(([{ list }, resets]) => (resets ? { reset: list } : { list }));
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(both, async (command) => {
        try {
          await netns.nft.apply([command] as never);
          answered++;
        } catch (error) {
          expectTyped(error);
        }
      }),
      { numRuns: Math.ceil(runs.numRuns / 3) },
    );
    expect(answered).toBeGreaterThan(10);
  }, 120_000);
});
