/** Telling neighbours where an address lives. */
export type { Announcement, AnnounceOptions } from './announce.js';
