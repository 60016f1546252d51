/** Records: the TypeScript end of native/netlink/record.h, driven by the core's own schemas. */
import { addon, type FieldType, type OperationKind } from '../addon.js';

/** What a message holds, under the names of its schema. */
export type Wire = { readonly [field: string]: unknown };

interface NameTable {
  readonly flags: boolean;
  readonly byName: ReadonlyMap<string, number>;
  readonly byValue: ReadonlyMap<number, string>;
}

interface Field {
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

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A growing buffer of records. */
export class Encoder {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** Valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** The whole buffer, of which `length` bytes are written. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  reset(): void {
    this.#at = 0;
    // A burst's memory is not kept.
    if (this.#bytes.length > 1 << 20) this.#resize(1024);
  }

  /** Forgets what was written since. */
  truncate(length: number): void {
    this.#at = length;
  }

  #resize(size: number): void {
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #reserve(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) this.#resize(Math.max(this.#bytes.length * 2, at + size));
    this.#at = at + size;
    return at;
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  bytes(value: Uint8Array): void {
    const size = value.length;
    const at = this.#reserve(4 + size);
    this.#view.setUint32(at, size, true);
    // `set` costs more than a few stores.
    if (size <= 16) for (let i = 0; i < size; i++) this.#bytes[at + 4 + i] = value[i] as number;
    else this.#bytes.set(value, at + 4);
  }

  string(value: string): void {
    const size = value.length;
    const at = this.#reserve(4 + size);
    for (let i = 0; i < size; i++) {
      const c = value.charCodeAt(i);
      if (c > 127) {
        this.#at = at;
        this.bytes(utf8.encode(value));
        return;
      }
      this.#bytes[at + 4 + i] = c;
    }
    this.#view.setUint32(at, size, true);
  }

  device(reference: string | number): void {
    if (typeof reference === 'number') return this.u32(reference);
    this.u32(0);
    this.string(reference);
  }

  // Fields, with the index in front: what `record` does, for code that knows the schema.

  fieldU8(index: number, value: number): void {
    const at = this.#reserve(2);
    this.#bytes[at] = index;
    this.#bytes[at + 1] = value;
  }

  fieldU32(index: number, value: number): void {
    const at = this.#reserve(5);
    this.#bytes[at] = index;
    this.#view.setUint32(at + 1, value, true);
  }

  fieldBytes(index: number, value: Uint8Array): void {
    this.u8(index);
    this.bytes(value);
  }

  /** Four bytes in network order. */
  fieldIpv4(index: number, address: number): void {
    const at = this.#reserve(9);
    this.#bytes[at] = index;
    this.#view.setUint32(at + 1, 4, true);
    this.#view.setUint32(at + 5, address, false);
  }

  fieldDevice(index: number, reference: string | number): void {
    this.u8(index);
    this.device(reference);
  }

  /** A request's head; `close` its result behind the record. */
  request(operation: Operation, packed: boolean = false): number {
    const at = this.#reserve(8);
    this.#view.setUint16(at + 4, operation.index, true);
    this.#view.setUint16(at + 6, packed ? 1 : 0, true);
    return at + 4;
  }

  /** Has the requests between two lengths passed over. */
  cancel(start: number, end: number): void {
    for (let at = start; at < end; at += 4 + this.#view.getUint32(at, true)) this.#view.setUint16(at + 4, 0xffff, true);
  }

  /** A u32 length, to be filled in by `close`. */
  open(): number {
    this.#reserve(4);
    return this.#at;
  }

  close(start: number): void {
    this.#view.setUint32(start - 4, this.#at - start, true);
  }

  record(schema: Schema, wire: Wire): void {
    const union = schema.union;
    for (const key in wire) {
      const value = wire[key];
      if (value === undefined) continue;
      const field = schema.byName.get(key);
      if (field !== undefined) this.#field(field, value, wire);
      else if (union === undefined) throw new TypeError(`${schema.name} has no field ${key}`);
    }
  }

  #field(field: Field, value: unknown, wire: Wire): void {
    if (field.type === 'flag') {
      if (value) this.u8(field.index);
      return;
    }
    this.u8(field.index);
    switch (field.type) {
      case 'u8':
        return this.u8(this.#number(field, value));
      case 'u16':
        return this.u16(this.#number(field, value));
      case 'u32':
      case 's32':
        return this.u32(this.#number(field, value));
      case 'u64':
        return this.u64(value as number);
      case 'device':
        return this.device(value as string | number);
      case 'string':
        return this.string(value as string);
      case 'bytes':
        return this.bytes(value as Uint8Array);
      case 'nest': {
        const start = this.open();
        this.record(field.schema as Schema, value as Wire);
        return this.close(start);
      }
      case 'list': {
        const start = this.open();
        for (const item of value as readonly Wire[]) {
          const itemStart = this.open();
          this.record(field.schema as Schema, item);
          this.close(itemStart);
        }
        return this.close(start);
      }
      case 'union': {
        const index = field.variantIndex.get(value as string);
        if (index === undefined) throw new TypeError(`${field.name}: unknown ${String(value)}`);
        this.u8(index);
        const start = this.open();
        const { schema } = field.variants[index] as { schema: Schema };
        for (const key in wire) {
          const inner = schema.byName.get(key);
          if (inner !== undefined && wire[key] !== undefined) this.#field(inner, wire[key], wire);
        }
        return this.close(start);
      }
    }
  }

  #number(field: Field, value: unknown): number {
    if (typeof value === 'number') return value;
    const table = field.names;
    if (table?.flags) {
      let sum = 0;
      for (const name of value as readonly string[]) sum |= this.#named(table, field, name);
      return sum >>> 0;
    }
    if (table && typeof value === 'string') return this.#named(table, field, value);
    throw new TypeError(`${field.name}: not a number: ${String(value)}`);
  }

  #named(table: NameTable, field: Field, name: string): number {
    const value = table.byName.get(name);
    if (value !== undefined) return value;
    throw Object.assign(new TypeError(`${field.name}: "${name}" is none of ${[...table.byName.keys()].join(', ')}`), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  }
}

/** Reads records; what it returns shares no memory with the buffer. */
export class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
  }

  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A view of what lies before `end`; it shares the buffer's memory. */
  rest(end: number): Uint8Array {
    const rest = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return rest;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  u8(): number {
    return this.#bytes[this.#at++] as number;
  }

  u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  bytes(): Uint8Array {
    const size = this.u32();
    this.#at += size;
    return this.#bytes.slice(this.#at - size, this.#at);
  }

  string(): string {
    const size = this.u32();
    const start = this.#at;
    this.#at += size;
    let result = '';
    for (let i = start; i < this.#at; i++) {
      const c = this.#bytes[i] as number;
      if (c > 127) return text.decode(this.#bytes.subarray(start, this.#at));
      result += String.fromCharCode(c);
    }
    return result;
  }

  /**
   * Reads a record into one slot for each field: a scalar's value, or where the value begins, behind its length; -1 for what the
   * record lacks. For dumps of many thousands, which make their objects from it.
   */
  slots(schema: Schema, end: number, slots: number[]): void {
    const { widths } = schema;
    const view = this.#view;
    const bytes = this.#bytes;
    for (let i = 0; i < slots.length; i++) slots[i] = -1;
    let at = this.#at;
    while (at < end) {
      const index = bytes[at++] as number;
      const width = widths[index] as number;
      if (width === 4) {
        slots[index] = view.getUint32(at, true);
        at += 4;
      } else if (width === 1) {
        slots[index] = bytes[at++] as number;
      } else if (width === -1) {
        slots[index] = at + 4;
        at += 4 + view.getUint32(at, true);
      } else {
        this.#at = at;
        if (width === -2) {
          // Of a union, where it begins: its variant, and a name when that is unknown.
          slots[index] = at;
          if (this.u8() === 0xff) this.skip(this.u32());
          this.skip(this.u32());
        } else {
          slots[index] = width === 0 ? 1 : width === 2 ? this.u16() : this.u64();
        }
        at = this.#at;
      }
    }
    this.#at = end;
  }

  /** Of a value with a length in front. */
  sizeAt(at: number): number {
    return this.#view.getUint32(at - 4, true);
  }

  /** A number in network order. */
  ipv4At(at: number): number {
    return this.#view.getUint32(at, false);
  }

  bytesAt(at: number): Uint8Array {
    return this.#bytes.subarray(at, at + this.sizeAt(at));
  }

  /** The record of a nest. */
  recordAt(at: number, schema: Schema): Record<string, unknown> {
    const before = this.#at;
    this.#at = at;
    const record = this.record(schema, at + this.sizeAt(at));
    this.#at = before;
    return record;
  }

  /** What `record` would make of a list. */
  listAt(at: number, schema: Schema): Record<string, unknown>[] {
    const before = this.#at;
    const end = at + this.sizeAt(at);
    const items: Record<string, unknown>[] = [];
    this.#at = at;
    while (this.#at < end) {
      const length = this.u32();
      items.push(this.record(schema, this.#at + length));
    }
    this.#at = before;
    return items;
  }

  record(schema: Schema, end: number, into: Record<string, unknown> = {}): Record<string, unknown> {
    while (this.#at < end) {
      const field = schema.fields[this.u8()] as Field;
      this.#value(field, into);
    }
    return into;
  }

  #value(field: Field, into: Record<string, unknown>): void {
    switch (field.type) {
      case 'flag':
        into[field.name] = true;
        return;
      case 'u8':
        into[field.name] = named(field.names, this.u8());
        return;
      case 'u16':
        into[field.name] = named(field.names, this.u16());
        return;
      case 'u32':
      case 'device':
        into[field.name] = named(field.names, this.u32());
        return;
      case 's32':
        into[field.name] = this.u32() | 0;
        return;
      case 'u64':
        into[field.name] = this.u64();
        return;
      case 'string':
        into[field.name] = this.string();
        return;
      case 'bytes':
        into[field.name] = this.bytes();
        return;
      case 'nest': {
        const size = this.u32();
        into[field.name] = this.record(field.schema as Schema, this.#at + size);
        return;
      }
      case 'list': {
        const size = this.u32();
        const end = this.#at + size;
        const items: unknown[] = [];
        while (this.#at < end) {
          const length = this.u32();
          items.push(this.record(field.schema as Schema, this.#at + length));
        }
        into[field.name] = items;
        return;
      }
      case 'union': {
        const index = this.u8();
        if (index === 0xff) {
          into[field.name] = this.string();
          this.bytes();
          return;
        }
        const { name, schema } = field.variants[index] as { name: string; schema: Schema };
        into[field.name] = name;
        const length = this.u32();
        this.record(schema, this.#at + length, into);
      }
    }
  }
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

function named(table: NameTable | undefined, value: number): unknown {
  if (table === undefined) return value;
  if (!table.flags) return table.byValue.get(value) ?? value;
  const words: string[] = [];
  for (const [name, bit] of table.byName) if ((value & bit) !== 0) words.push(name);
  return words;
}
