/** nf_tables, in the JSON of libnftables. */
export type { Command } from './json.js';
export type { NftEvent } from './monitor.js';
export type { ApplyOptions, Commands, Nft, NftFilter, ResetFilter } from './nft.js';
export type { ElementValue, NftMap, NftSet, PackedBytes, PackedEntries } from './set-handle.js';
export type { Family, SetDefinition } from './wire.js';
