/** Reads records: the TypeScript end of native/netlink/record.h. */
import type { Field, NameTable, Schema } from './codec.js';

const text = new TextDecoder();

/** Reads records; what it returns shares no memory with the buffer. */
export class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array) {
    // Results come as a Buffer, whose `slice` copies nothing.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    return this.#bytes[this.#take(1)] as number;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  bytes(): Uint8Array {
    const size = this.u32();
    const start = this.#take(size);
    return this.#bytes.slice(start, start + size);
  }

  string(): string {
    const size = this.u32();
    const start = this.#take(size);
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
    if (end > bytes.length) throw malformed();
    let at = this.#at;
    while (at < end) {
      const index = bytes[at++] as number;
      const width = widths[index];
      if (width === undefined || ((width === 4 || width === -1) && at + 4 > end)) throw malformed();
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
    if (at !== end) throw malformed();
    this.#at = end;
  }

  /** The same of a nest that a slot has told of. */
  slotsAt(at: number, schema: Schema, slots: number[]): void {
    const before = this.#at;
    this.#at = at;
    this.slots(schema, at + this.sizeAt(at), slots);
    this.#at = before;
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
      const field = schema.fields[this.u8()];
      if (field === undefined) throw malformed();
      this.#value(field, into);
    }
    if (this.#at !== end) throw malformed();
    return into;
  }

  /** So many bytes more: where they begin. */
  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw malformed();
    this.#at = at + size;
    return at;
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
        if (this.#at !== end) throw malformed();
        into[field.name] = items;
        return;
      }
      case 'strings': {
        const size = this.u32();
        const end = this.#at + size;
        const items: string[] = [];
        while (this.#at < end) items.push(this.string());
        if (this.#at !== end) throw malformed();
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
        const variant = field.variants[index];
        if (variant === undefined) throw malformed();
        const { name, schema } = variant;
        into[field.name] = name;
        const length = this.u32();
        this.record(schema, this.#at + length, into);
      }
    }
  }
}

/** What the addon writes is well formed: these are not its bytes, or it and this file disagree. */
function malformed(): Error {
  return Object.assign(new RangeError('a record that is none of its schema'), { code: 'ERR_MALFORMED_RECORD' });
}

/** The word, or the words, for a number; where it stands for none, the number. */
export function named(table: NameTable | undefined, value: number): unknown {
  if (table === undefined) return value;
  if (!table.flags) return table.byValue.get(value) ?? value;
  const words: string[] = [];
  for (const [name, bit] of table.byName) if ((value & bit) !== 0) words.push(name);
  return words;
}
