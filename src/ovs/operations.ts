/** A transaction's operations and what each answers, as RFC 7047, section 5.2, writes them. */
import { invalidType, invalidValue } from '../errors.js';
import { OvsdbError } from './errors.js';

export type OvsdbUuid = readonly ['uuid', string];
/** Integers are exact up to 2^53, as JSON's numbers are in JavaScript. */
export type OvsdbAtom = string | number | boolean | OvsdbUuid | readonly ['named-uuid', string];
export type OvsdbSet = readonly ['set', readonly OvsdbAtom[]];
export type OvsdbMap = readonly ['map', readonly (readonly [OvsdbAtom, OvsdbAtom])[]];
export type OvsdbValue = OvsdbAtom | OvsdbSet | OvsdbMap;
export type OvsdbRow = Readonly<Record<string, OvsdbValue>>;

export type OvsdbCondition = readonly [
  column: string,
  test: '<' | '<=' | '==' | '!=' | '>=' | '>' | 'includes' | 'excludes',
  value: OvsdbValue,
];

export type OvsdbMutation = readonly [
  column: string,
  mutator: '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete',
  value: OvsdbValue,
];

interface Where {
  readonly table: string;
  /** All must hold; [] is every row. */
  readonly where: readonly OvsdbCondition[];
}

export interface OvsdbInsert {
  readonly op: 'insert';
  readonly table: string;
  readonly row: OvsdbRow;
  /** What other operations of the transaction refer to it by, with `ovsdbNamedUuid`. */
  readonly 'uuid-name'?: string;
}

export interface OvsdbSelect extends Where {
  readonly op: 'select';
  /** Default: all. */
  readonly columns?: readonly string[];
}

export interface OvsdbUpdateRows extends Where {
  readonly op: 'update';
  readonly row: OvsdbRow;
}

export interface OvsdbMutate extends Where {
  readonly op: 'mutate';
  readonly mutations: readonly OvsdbMutation[];
}

export interface OvsdbDelete extends Where {
  readonly op: 'delete';
}

/** The transaction goes on when the rows that `where` finds are, or are not, exactly `rows`. */
export interface OvsdbWait extends Where {
  readonly op: 'wait';
  readonly columns: readonly string[];
  readonly until: '==' | '!=';
  readonly rows: readonly OvsdbRow[];
  /** Milliseconds, after which the transaction fails with 'timed out'; default: it waits without end. */
  readonly timeout?: number;
}

export interface OvsdbComment {
  readonly op: 'comment';
  readonly comment: string;
}

export interface OvsdbCommit {
  readonly op: 'commit';
  /** The reply waits until the transaction is on disk. */
  readonly durable: boolean;
}

export interface OvsdbAbort {
  readonly op: 'abort';
}

export type OvsdbOperation =
  | OvsdbInsert
  | OvsdbSelect
  | OvsdbUpdateRows
  | OvsdbMutate
  | OvsdbDelete
  | OvsdbWait
  | OvsdbComment
  | OvsdbCommit
  | OvsdbAbort;

/** What an operation answers. */
export type OvsdbResult<O extends OvsdbOperation = OvsdbOperation> = O extends OvsdbInsert
  ? { readonly uuid: OvsdbUuid }
  : O extends OvsdbSelect
    ? { readonly rows: readonly OvsdbRow[] }
    : O extends OvsdbUpdateRows | OvsdbMutate | OvsdbDelete
      ? { readonly count: number }
      : Record<string, never>;

const known: ReadonlySet<unknown> = new Set([
  'insert',
  'select',
  'update',
  'mutate',
  'delete',
  'wait',
  'comment',
  'commit',
  'abort',
]);

export function checkOperations(operations: unknown): readonly OvsdbOperation[] {
  if (!Array.isArray(operations)) throw invalidType('operations', 'an array', operations);
  for (const [index, operation] of operations.entries()) {
    const path = `operations[${index}]`;
    if (typeof operation !== 'object' || operation === null) throw invalidType(path, 'an object', operation);
    const { op } = operation as { op: unknown };
    if (!known.has(op)) throw invalidValue(`${path}.op`, 'is not an operation of RFC 7047', op);
  }
  return operations as OvsdbOperation[];
}

/** The results of a transaction, which has one for each operation, and one more where the commit itself failed. */
export function checkResults(operations: readonly OvsdbOperation[], reply: unknown): readonly OvsdbResult[] {
  if (!Array.isArray(reply)) {
    throw new OvsdbError('ERR_OVSDB_PROTOCOL', `transact: the server answered with ${typeof reply}, not an array`);
  }
  const failed = (reply as unknown[]).findIndex((result) => typeof (result as Failure | null)?.error === 'string');
  if (failed < 0) return reply as OvsdbResult[];
  const { error, details } = reply[failed] as Failure;
  const request = operations[failed];
  throw new OvsdbError(
    'ERR_OVSDB_OPERATION',
    `${describe(request, failed)}: ${error}${details ? `: ${details}` : ''}`,
    {
      error,
      details,
      operation: request && failed,
      request,
    },
  );
}

interface Failure {
  readonly error: string;
  readonly details?: string;
}

function describe(operation: OvsdbOperation | undefined, index: number): string {
  if (operation === undefined) return 'commit';
  return 'table' in operation
    ? `operations[${index}], ${operation.op} ${operation.table}`
    : `operations[${index}], ${operation.op}`;
}
