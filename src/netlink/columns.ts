/** Packed specs: columns of numbers that the native side makes messages of. The other end is native/netlink/columns.h. */
import { invalidType, invalidValue } from '../errors.js';
import { Encoder, type Operation, operationList } from './codec.js';

/** Numbers, which go onto the wire in network order; or rows of bytes, `width` each, which go as they are. */
export type Column = Uint32Array | { readonly bytes: Uint8Array; readonly width: number };

/** The operation that carries columns. */
export const columnsOperation: Operation = operationList[0] as Operation;

export function writeColumns(encoder: Encoder, rows: number, columns: readonly Column[]): void {
  encoder.u32(rows);
  encoder.u8(columns.length);
  for (const column of columns) {
    encoder.u8(column instanceof Uint32Array ? 4 : column.width);
    encoder.u8(column instanceof Uint32Array ? 1 : 0);
  }
  for (const column of columns) {
    if (column instanceof Uint32Array) {
      encoder.raw(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    } else {
      encoder.raw(column.bytes);
    }
  }
}

/** A field of a message, and which column it is taken from. */
export interface PackedField {
  readonly field: number;
  readonly column: number;
  readonly size: number;
}

/** A message's record with the fields that rows fill in; `write` writes it, with something of the same size in them. */
export function packedRecord(fields: readonly PackedField[], write: (encoder: Encoder) => void): Uint8Array {
  const encoder = new Encoder();
  encoder.u8(fields.length);
  for (const { field, column, size } of fields) {
    encoder.u8(field);
    writeCell(encoder, column, 0, size);
  }
  write(encoder);
  return encoder.written;
}

export function writeCell(encoder: Encoder, column: number, offset: number, size: number): void {
  encoder.u8(column);
  encoder.u8(offset);
  encoder.u8(size);
}

/** Refuses what rows have each of their own, or what they cannot have. */
export function checkTemplate(template: object, others: readonly string[], path: string): void {
  const key = others.find((key) => key in template);
  if (key === undefined) return;
  throw Object.assign(new TypeError(`${path}.${key}: packed specs have no such key`), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
}

export function checkColumn(value: unknown, path: string, rows?: number): Uint32Array {
  if (!(value instanceof Uint32Array)) throw invalidType(path, 'a Uint32Array of IPv4 addresses', value);
  if (rows !== undefined && value.length !== rows) {
    throw invalidValue(path, `has not as many entries as the others (${rows})`, value.length);
  }
  return value;
}
