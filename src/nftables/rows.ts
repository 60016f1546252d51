/**
 * Set elements that are all alike, as columns: the native side makes as many messages of them as they need
 * (native/nftables/rows.h).
 */
import type { Columns, Request } from '../netlink/channel.js';
import { Encoder, namesOf, operation } from '../netlink/codec.js';
import { type Column, columnsOperation, writeCell } from '../netlink/columns.js';
import type { Family } from './wire.js';

export type RowVerb = 'new' | 'create' | 'del';

/** A part of a column: which, from which byte, how many bytes. */
export interface Cell {
  readonly column: number;
  readonly offset?: number;
  readonly size: number;
}

/** Which set's elements a transaction's rows become. */
export interface RowTarget {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  /** Of a set made in the same transaction. */
  readonly setId?: number;
  readonly key: Cell;
  /** Not of a set, and not of keys to delete. */
  readonly data?: Cell;
}

const none: Cell = { column: 0, size: 0 };

export type RowOperation = RowVerb | 'get';

const operations = {
  get: operation('nft.getrows'),
  new: operation('nft.newrows'),
  create: operation('nft.createrows'),
  del: operation('nft.delrows'),
};

/** Columns for the rows requests behind it. */
export function columnsRequest(rows: number, columns: readonly Column[]): Request {
  return { operation: columnsOperation, wire: { rows, columns } };
}

export function rowsRequest(verb: RowOperation, target: RowTarget, source?: unknown): Request {
  const { family, table, set, setId = 0, key, data = none } = target;
  const encoder = new Encoder();
  encoder.u8(namesOf('nftFamily').get(family) as number);
  encoder.string(table);
  encoder.string(set);
  encoder.u32(setId);
  writeCell(encoder, key.column, key.offset ?? 0, key.size);
  writeCell(encoder, data.column, data.offset ?? 0, data.size);
  return { operation: operations[verb], wire: encoder.written, source, subject: `${family} ${table} ${set}` };
}

/** The same requests for some of the rows. */
export function sliceRows(requests: readonly Request[], from: number, to: number): Request[] {
  return requests.map((request) => {
    if (request.operation !== columnsOperation) return request;
    const { columns } = request.wire as Columns;
    return columnsRequest(
      to - from,
      columns.map((column) =>
        column instanceof Uint32Array
          ? column.subarray(from, to)
          : { bytes: column.bytes.subarray(from * column.width, to * column.width), width: column.width },
      ),
    );
  });
}

export function rowCount(requests: readonly Request[]): number {
  const columns = requests.find((request) => request.operation === columnsOperation);
  return columns ? (columns.wire as Columns).rows : 0;
}
