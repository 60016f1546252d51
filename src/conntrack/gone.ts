/** What is not there any more, where that is no error. */
import { BatchError, NetlinkError } from '../errors.js';

function isGone(error: unknown): boolean {
  return error instanceof NetlinkError && error.code === 'ENOENT';
}

/** How many of those that were to be changed or deleted were still there. */
export async function countThere(sent: Promise<void>, listed: number): Promise<number> {
  try {
    await sent;
    return listed;
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    const other = error.failures.find((failure) => !isGone(failure.error));
    if (other) throw other.error;
    return listed - error.failures.length;
  }
}

/** As the kernel says it where it is asked for a tuple. */
export function notThere(syscall: string, subject: string, request: unknown): NetlinkError {
  return new NetlinkError({ errno: enoent, syscall, subject, request });
}

const enoent = 2;
