/** Telling neighbours where an address lives. */
export type { Announcement, AnnounceOptions, PackedAnnouncements } from './announce.js';
