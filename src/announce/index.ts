/** Telling neighbours where an address lives. */
export type { AnnounceOptions, Announcement } from './announce.js';
