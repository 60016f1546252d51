/** Decoders are given what no kernel sends: they give a value, or an error with a code. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readExpectation } from '../src/conntrack/expectation.js';
import { compileFilter } from '../src/conntrack/filter.js';
import { readFlow } from '../src/conntrack/flow.js';
import {
  Decoder,
  Encoder,
  eventMessages,
  type Field,
  operation,
  operationList,
  type Schema,
} from '../src/netlink/codec.js';
import {
  decompileChain,
  decompileFlowtable,
  decompileObject,
  decompileRule,
  decompileSet,
  decompileTable,
} from '../src/nftables/decompile.js';
import type { Family } from '../src/nftables/wire.js';

const schemas = [
  ...new Set([...operationList.flatMap(({ reply }) => reply ?? []), ...eventMessages.map(({ schema }) => schema)]),
];
const replies = fc.constantFrom(...schemas);

/** A value, or an error with a code; anything else fails. */
function survives(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'string') throw error;
  }
}

describe('records', () => {
  test('of any bytes', () => {
    fc.assert(
      fc.property(replies, fc.uint8Array({ maxLength: 200 }), (schema, bytes) => {
        survives(() => new Decoder(bytes).record(schema, bytes.length));
      }),
      { numRuns: 5000 },
    );
  });

  test('of any bytes, into slots', () => {
    fc.assert(
      fc.property(replies, fc.uint8Array({ maxLength: 200 }), (schema, bytes) => {
        const slots = schema.fields.map(() => -1);
        survives(() => new Decoder(bytes).slots(schema, bytes.length, slots));
      }),
      { numRuns: 5000 },
    );
  });

  test('that were cut off, or damaged', () => {
    const damage = fc.record({ schema: replies, cut: fc.nat(), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(
        damage.chain(({ schema, ...rest }) => wire(schema).map((value) => ({ schema, value, ...rest }))),
        ({ schema, value, cut, at, by }) => {
          const encoder = new Encoder();
          encoder.record(schema, value);
          const whole = encoder.written.slice();
          if (whole.length === 0) return;
          const cutOff = whole.subarray(0, cut % whole.length);
          survives(() => new Decoder(cutOff).record(schema, whole.length));
          whole[at % whole.length]! ^= by;
          survives(() => new Decoder(whole).record(schema, whole.length));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('are read as they were written', () => {
    fc.assert(
      fc.property(
        replies.chain((schema) => wire(schema).map((value) => ({ schema, value }))),
        ({ schema, value }) => {
          const encoder = new Encoder();
          encoder.record(schema, value);
          const bytes = encoder.written;
          expect(new Decoder(bytes).record(schema, bytes.length)).toEqual(value);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test('what is read shares no memory with what it is read from', () => {
  const schema = operation('conntrack.list').reply as Schema;
  const encoder = new Encoder();
  encoder.record(schema, { labels: Uint8Array.of(1, 2, 3, 4) });
  // As results come: `slice` of a Buffer copies nothing.
  const results = Buffer.from(encoder.written);
  const { labels } = new Decoder(results).record(schema, results.length);
  results.fill(0xff);
  expect(labels).toEqual(Uint8Array.of(1, 2, 3, 4));
});

describe('of conntrack, whatever they hold', () => {
  test.each([
    ['flows', 'conntrack.list', readFlow],
    ['expectations', 'expectations.list', readExpectation],
  ] as const)('%s', (_, name, read) => {
    const schema = operation(name).reply as Schema;
    const filter = { address: '10.0.0.0/8', labels: [1], zone: 0, status: ['assured'] } as const;
    const { matches } = compileFilter(filter);
    fc.assert(
      fc.property(wire(schema), (object) => {
        const encoder = new Encoder();
        encoder.record(schema, object);
        const bytes = encoder.written;
        survives(() => read(new Decoder(bytes), bytes.length));
        if (name === 'conntrack.list') survives(() => readFlow(new Decoder(bytes), bytes.length, matches));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('objects of nf_tables, whatever they hold', () => {
  const families = fc.constantFrom<Family>('ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev');
  const readers: Readonly<Record<string, (object: never) => unknown>> = {
    tables: decompileTable,
    chains: decompileChain,
    rules: (rule) => decompileRule(rule),
    sets: (set) => decompileSet(set, undefined, {}),
    objs: decompileObject,
    flowtables: decompileFlowtable,
  };
  test.each(Object.entries(readers))('%s', (name, read) => {
    const schema = operation(`nft.${name}`).reply as Schema;
    fc.assert(
      fc.property(families, wire(schema), (family, object) => survives(() => read({ ...object, family } as never))),
      { numRuns: 1000 },
    );
  });

  test('elements of sets', () => {
    const [set, elements] = ['nft.sets', 'nft.setelems'].map((name) => wire(operation(name).reply as Schema));
    fc.assert(
      fc.property(families, set!, elements!, (family, definition, { elements: list }) =>
        survives(() => decompileSet({ ...definition, family } as never, (list ?? []) as never, {})),
      ),
      { numRuns: 1000 },
    );
  });
});

/** What a decoder can make of a record of this schema. */
function wire(schema: Schema, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const fields = schema.fields.filter(({ type }) => type !== 'union' || depth < 3);
  const plain = Object.fromEntries(
    fields.filter(({ type }) => type !== 'union').map((field) => [field.name, value(field, depth)]),
  );
  const own = fc.record(plain, { requiredKeys: [] });
  return fields
    .filter(({ type }) => type === 'union')
    .reduce<fc.Arbitrary<Record<string, unknown>>>(
      (all, { name, variants }) =>
        fc
          .tuple(
            all,
            fc.option(
              fc
                .constantFrom(...variants)
                .chain((variant) =>
                  wire(variant.schema, depth + 1).map((inner) => ({ ...inner, [name]: variant.name })),
                ),
              { nil: {} },
            ),
          )
          .map(([outer, inner]) => ({ ...outer, ...inner })),
      own,
    );
}

function value(field: Field, depth: number): fc.Arbitrary<unknown> {
  const { type, names, schema } = field;
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', '1', '-', '_', ' ', 'é'), maxLength: 8 });
  switch (type) {
    case 'flag':
      return fc.constant(true);
    case 'u8':
      return number(names, 0xff);
    case 'u16':
      return number(names, 0xffff);
    case 'u32':
    case 'device':
      return number(names, 0xffff_ffff);
    case 's32':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case 'u64':
      return fc.maxSafeNat();
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 });
    case 'strings':
      return fc.array(text, { maxLength: 3 });
    case 'nest':
      return depth > 4 ? fc.constant({}) : wire(schema as Schema, depth + 1);
    case 'list':
      return depth > 4 ? fc.constant([]) : fc.array(wire(schema as Schema, depth + 1), { maxLength: 6 });
    default:
      return text;
  }
}

function number(names: Field['names'], most: number): fc.Arbitrary<unknown> {
  if (names === undefined) return fc.nat({ max: most });
  const known = [...names.byName].filter(([, number]) => number <= most);
  const words = known.map(([word]) => word);
  // In the table's order, as they are read.
  if (names.flags) return fc.subarray(words);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...words) },
    fc.nat({ max: most }).filter((n) => !names.byValue.has(n)),
  );
}
