/** Records: the TypeScript end of native/netlink/record.h, driven by the core's own schemas. */
import { addon, type FieldType, type OperationKind } from '../addon.js';
import { named } from './decoder.js';

export { Decoder } from './decoder.js';
export { Encoder } from './encoder.js';

/** What a message holds, under the names of its schema. */
export type Wire = { readonly [field: string]: unknown };

export interface NameTable {
  readonly flags: boolean;
  readonly byName: ReadonlyMap<string, number>;
  readonly byValue: ReadonlyMap<number, string>;
}

export interface Field {
  readonly index: number;
  readonly name: string;
  readonly type: FieldType;
  readonly schema: Schema | undefined;
  readonly names: NameTable | undefined;
  readonly variants: readonly { readonly name: string; readonly schema: Schema }[];
  readonly variantIndex: ReadonlyMap<string, number>;
}

export interface Schema {
  readonly name: string;
  /** Bytes of each field's value; -1 where a length precedes it, -2 for a union. */
  readonly widths: readonly number[];
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** Its fields stand beside the union's own name. */
  readonly union: Field | undefined;
}

export interface Operation {
  readonly index: number;
  readonly name: string;
  readonly message: string;
  readonly protocol: number;
  readonly kind: OperationKind;
  readonly schema: Schema | undefined;
  readonly reply: Schema | undefined;
}

const names: ReadonlyMap<string, NameTable> = new Map(
  Object.entries(addon.tables.names).map(([id, { flags, entries }]) => [
    id,
    { flags, byName: new Map(entries), byValue: new Map(entries.map(([name, value]) => [value, name])) },
  ]),
);

const widths: Readonly<Record<FieldType, number>> = {
  flag: 0,
  u8: 1,
  u16: 2,
  u32: 4,
  s32: 4,
  device: 4,
  u64: 8,
  string: -1,
  bytes: -1,
  nest: -1,
  list: -1,
  strings: -1,
  union: -2,
};

const schemas: readonly Schema[] = linkSchemas();

const operations: ReadonlyMap<string, Operation> = new Map(
  addon.tables.operations.map((described, index) => [
    described.name,
    { ...described, index, schema: schemas[described.schema], reply: schemas[described.reply] },
  ]),
);

function linkSchemas(): Schema[] {
  // Schemas refer to each other in circles: the objects first, their fields after.
  type Mutable = { -readonly [K in keyof Schema]: Schema[K] };
  const made: Mutable[] = addon.tables.schemas.map(({ name }) => ({
    name,
    widths: [],
    fields: [],
    byName: new Map(),
    union: undefined,
  }));
  addon.tables.schemas.forEach((described, number) => {
    const fields = described.fields.map((field, index): Field => {
      const variants = (field.variants ?? []).map(({ name, schema }) => ({ name, schema: made[schema] as Schema }));
      return {
        index,
        name: field.name,
        type: field.type,
        schema: field.schema === undefined ? undefined : made[field.schema],
        names: field.names === undefined ? undefined : names.get(field.names),
        variants,
        variantIndex: new Map(variants.map(({ name }, at) => [name, at])),
      };
    });
    const schema = made[number] as Mutable;
    schema.fields = fields;
    schema.widths = fields.map(({ type }) => widths[type]);
    schema.byName = new Map(fields.map((field) => [field.name, field]));
    schema.union = fields.find((field) => field.type === 'union');
  });
  return made;
}

/** By their indexes, as results name them. */
export const operationList: readonly Operation[] = [...operations.values()];

/** Indexes of a schema's fields, for code that writes or reads records by itself. */
export function fieldIndexes(schema: Schema | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries((schema?.fields ?? []).map(({ name, index }) => [name, index]));
}

export function operation(name: string): Operation {
  const found = operations.get(name);
  if (!found) throw new Error(`no operation ${name}`);
  return found;
}

/** The words of a names table: 'routeType' has 'unicast', 'local', ... */
export function namesOf(id: string): ReadonlyMap<string, number> {
  return names.get(id)?.byName ?? new Map();
}

/** Words of a flags table. Each combination is made once, and frozen. */
export function flagWords(id: string): (value: number) => readonly string[] {
  const table = names.get(id) as NameTable;
  const known = new Map<number, readonly string[]>();
  return (value) => {
    let words = known.get(value);
    if (words === undefined) {
      words = Object.freeze(named(table, value) as string[]);
      known.set(value, words);
    }
    return words;
  };
}

/** The word for a number, or the number. */
export function wordOf(id: string): (value: number) => string | number {
  const { byValue } = names.get(id) as NameTable;
  return (value) => byValue.get(value) ?? value;
}
