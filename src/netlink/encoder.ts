/** Writes records: the TypeScript end of native/netlink/record.h. */
import type { Field, NameTable, Operation, Schema, Wire } from './codec.js';

const utf8 = new TextEncoder();

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
    if (union !== undefined && schema.fields.length === 1) {
      const kind = wire[union.name];
      if (kind !== undefined) this.#field(union, kind, wire);
      return;
    }
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
      case 'strings': {
        const start = this.open();
        for (const item of value as readonly string[]) this.string(item);
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
