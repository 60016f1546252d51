import type { OvsdbOperation } from './operations.js';

/** What went wrong between a client and its database server. */
export type OvsdbErrorCode =
  /** The server refused an operation; nothing of its transaction was done. `error` and `details` are the server's words. */
  | 'ERR_OVSDB_OPERATION'
  /** The server refused a request as a whole, such as one for a database that it does not have. */
  | 'ERR_OVSDB_REQUEST'
  /** There is no server, or the connection was lost: what had been sent may have been done. */
  | 'ERR_OVSDB_CONNECTION'
  /** What came was not the protocol of RFC 7047. The connection is closed then. */
  | 'ERR_OVSDB_PROTOCOL'
  /** A monitor's consumer was too slow, and changes would have had to be kept without limit. */
  | 'ERR_OVSDB_OVERRUN'
  /** The client has been closed. */
  | 'ERR_OVSDB_CLOSED';

interface OvsdbErrorDetails {
  /** RFC 7047's word, such as 'constraint violation'. */
  readonly error?: string | undefined;
  readonly details?: string | undefined;
  readonly operation?: number | undefined;
  readonly request?: OvsdbOperation | undefined;
  readonly cause?: unknown;
}

/** Of the database protocol; RFC 7047, section 3.1. */
export class OvsdbError extends Error {
  override readonly name: string = 'OvsdbError';
  readonly code: OvsdbErrorCode;
  /** The server's word for it: 'constraint violation', 'timed out', 'unknown database'. */
  readonly error: string | undefined;
  /** The server's explanation. */
  readonly details: string | undefined;
  /** Which operation of the transaction failed; undefined when all were carried out and the whole could not be committed. */
  readonly operation: number | undefined;
  /** The caller's own operation. */
  readonly request: OvsdbOperation | undefined;

  constructor(code: OvsdbErrorCode, message: string, details: OvsdbErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.error = details.error;
    this.details = details.details;
    this.operation = details.operation;
    this.request = details.request;
  }
}

export type OvsErrorCode =
  /** No such bridge or port, or the database has no configuration at all. */
  | 'ENOENT'
  /** The name is another's: a port of another bridge, or a bond. */
  | 'EEXIST'
  /** No local VLAN is free. */
  | 'ENOSPC'
  /** ovs-vswitchd could not make the port. The message has its words, from Interface.error. */
  | 'ERR_OVS_PORT'
  /** ovs-vswitchd has not acted in time: it is not running, or it hangs. */
  | 'ERR_OVS_VSWITCHD_TIMEOUT';

/** Of Open vSwitch itself. */
export class OvsError extends Error {
  override readonly name: string = 'OvsError';
  readonly code: OvsErrorCode;
  /** A bridge's or a port's name. */
  readonly subject: string;

  constructor(code: OvsErrorCode, subject: string, message: string, cause?: unknown) {
    super(`${subject}: ${code}: ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.subject = subject;
  }
}
