/** nf_tables, in the JSON of libnftables. */
export type { ApplyOptions, Commands } from './apply.js';
export type { ListKind, ListOne, NftFilter } from './filter.js';
export type {
  ChainJson,
  Command,
  Listed,
  ListedMeter,
  MapJson,
  RuleJson,
  SetJson,
  Statement,
  TableJson,
} from './json.js';
export type { NftChange, NftEvent, NftMonitorOptions } from './monitor.js';
export type { Nft } from './nft.js';
export type { ResetFilter } from './resets.js';
export type { ElementValue, NftMap, NftSet, PackedBytes, PackedEntries } from './set-handle.js';
export type { Family, SetDefinition } from './wire.js';
