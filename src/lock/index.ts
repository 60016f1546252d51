/** Locks between processes, which die with their holder. */
export { type AcquireOptions, Lock, type LockOptions } from './lock.js';
