import { checkDeviceName, checkKeys, invalidValue } from '../errors.js';
import { checkMap, type OvsKeys } from './port-spec.js';
import type { Replica } from './replica.js';
import type { BridgeRow, StringMap } from './tables.js';

export interface OvsBridgeSpec {
  /** 'system': the kernel's module; 'netdev': in user space. Default: 'system'. */
  readonly datapathType?: 'system' | 'netdev';
  /** Without a controller: 'standalone' switches as a learning switch, 'secure' drops all until there are flows. */
  readonly failMode?: 'secure' | 'standalone' | null;
  readonly externalIds?: OvsKeys;
}

export interface OvsBridge {
  readonly name: string;
  readonly datapathType: string;
  readonly failMode?: string;
  readonly externalIds: StringMap;
  /** Names, without the bridge's own port. */
  readonly ports: readonly string[];
}

/** A bridge that has been checked. What is undefined stays as it is. */
export interface WantedBridge {
  readonly name: string;
  readonly datapathType: string | undefined;
  readonly failMode: string | null | undefined;
  readonly externalIds: OvsKeys;
}

const keys: ReadonlySet<string> = new Set(['datapathType', 'failMode', 'externalIds']);

export function checkBridge(name: string, spec: OvsBridgeSpec): WantedBridge {
  checkDeviceName(name, 'name');
  checkKeys(spec, keys, 'spec');
  const { datapathType, failMode, externalIds = {} } = spec;
  if (datapathType !== undefined && datapathType !== 'system' && datapathType !== 'netdev') {
    throw invalidValue('spec.datapathType', "is not 'system' or 'netdev'", datapathType);
  }
  if (failMode !== undefined && failMode !== null && failMode !== 'secure' && failMode !== 'standalone') {
    throw invalidValue('spec.failMode', "is not 'secure' or 'standalone'", failMode);
  }
  return { name, datapathType, failMode, externalIds: checkMap(externalIds, 'spec.externalIds') };
}

export function toOvsBridge(replica: Replica, bridge: BridgeRow): OvsBridge {
  const { name, datapathType, failMode, externalIds, ports } = bridge;
  const names = ports.flatMap((uuid) => replica.ports.get(uuid)?.name ?? []);
  return {
    name,
    datapathType: datapathType || 'system',
    ...(failMode === undefined ? {} : { failMode }),
    externalIds,
    ports: names.filter((port) => port !== name),
  };
}
