/** What a monitor tells of: RFC 7047, sections 4.1.5 and 4.1.6. */
import { invalidType } from '../errors.js';
import { OvsdbError } from './errors.js';
import type { OvsdbRow } from './operations.js';

/** Which tables to watch, and of each which columns, or 'all'. */
export type OvsdbMonitorTables = Readonly<Record<string, readonly string[] | 'all'>>;

/** One row's change, with the columns that are watched. */
export type OvsdbChange =
  | { readonly type: 'initial' | 'insert'; readonly table: string; readonly uuid: string; readonly new: OvsdbRow }
  /** `old` has only the columns that changed. */
  | {
      readonly type: 'modify';
      readonly table: string;
      readonly uuid: string;
      readonly old: OvsdbRow;
      readonly new: OvsdbRow;
    }
  | { readonly type: 'delete'; readonly table: string; readonly uuid: string; readonly old: OvsdbRow };

/** What one transaction changed; the first holds every row that there is. */
export interface OvsdbUpdate {
  readonly initial: boolean;
  readonly changes: readonly OvsdbChange[];
}

/** RFC 7047's <table-updates>. */
type TableUpdates = Readonly<Record<string, Readonly<Record<string, { old?: OvsdbRow; new?: OvsdbRow }>>>>;

export function checkTables(tables: OvsdbMonitorTables): Record<string, { columns?: readonly string[] }> {
  if (typeof tables !== 'object' || tables === null) throw invalidType('tables', 'an object', tables);
  return Object.fromEntries(
    Object.entries(tables).map(([table, columns]) => {
      if (columns === 'all') return [table, {}];
      if (!Array.isArray(columns)) throw invalidType(`tables.${table}`, "an array of columns, or 'all'", columns);
      return [table, { columns }];
    }),
  );
}

export function toUpdate(updates: unknown, initial: boolean): OvsdbUpdate {
  const changes: OvsdbChange[] = [];
  for (const [table, rows] of Object.entries(updates as TableUpdates)) {
    for (const [uuid, row] of Object.entries(rows)) changes.push(toChange(table, uuid, row, initial));
  }
  return { initial, changes };
}

function toChange(table: string, uuid: string, row: { old?: OvsdbRow; new?: OvsdbRow }, initial: boolean): OvsdbChange {
  if (row.new === undefined) return { type: 'delete', table, uuid, old: row.old ?? {} };
  if (row.old === undefined) return { type: initial ? 'initial' : 'insert', table, uuid, new: row.new };
  return { type: 'modify', table, uuid, old: row.old, new: row.new };
}

/** Row changes that a monitor keeps for its consumer. One update alone may have more. */
const longest = 1 << 16;

/** Between the socket, which brings updates, and a consumer, which takes them. */
export class UpdateQueue {
  readonly #updates: OvsdbUpdate[] = [];
  #held = 0;
  #ended: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(update: OvsdbUpdate): void {
    if (this.#ended) return;
    const waits = this.#updates.length > 0;
    this.#held += update.changes.length;
    if (waits && this.#held > longest) {
      this.end(new OvsdbError('ERR_OVSDB_OVERRUN', `monitor: more than ${longest} changes wait to be taken`));
      return;
    }
    this.#updates.push(update);
    this.#wake?.();
  }

  end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#wake?.();
  }

  /** The next update. What came before the end is still given. */
  async take(): Promise<OvsdbUpdate> {
    for (;;) {
      const update = this.#updates.shift();
      if (update) {
        this.#held -= update.changes.length;
        return update;
      }
      if (this.#ended) throw this.#ended.reason;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
