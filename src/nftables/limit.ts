/** `{"limit": {"rate": 5, "per": "second"}}`: goes on while no more comes than this. And limits with a name. */

import { checkBoolean, checkObject, checkUint, type JsonObject, oneOf } from './errors.js';
import { bytesIn, type DataUnit, dataUnits, inUnits } from './units.js';
import type { Expression } from './wire.js';

type Limit = Extract<Expression, { type: 'limit' }>;

const KEYS = ['rate', 'per', 'rate_unit', 'burst', 'burst_unit', 'inv'];

/** Seconds. */
const periods = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const;
const periodNames = Object.keys(periods) as readonly (keyof typeof periods)[];

/** Packets that may come at once where nobody says: NFT_LIMIT_PKT_BURST_DEFAULT. */
const DEFAULT_BURST = 5;

export function limitExpression(value: unknown, path: string): Limit {
  return { type: 'limit', ...limitData(checkObject(value, path, KEYS), path) };
}

/** The same of a named limit's body. */
export function limitData(object: JsonObject, path: string): Omit<Limit, 'type'> {
  const number = (key: string): number => checkUint(object[key], `${path}.${key}`, Number.MAX_SAFE_INTEGER);
  const unit = (key: string): DataUnit | 'packets' => oneOf(object[key], `${path}.${key}`, ['packets', ...dataUnits]);
  const rateUnit = object['rate_unit'] === undefined ? 'packets' : unit('rate_unit');
  const said = object['burst'] === undefined ? 0 : number('burst');
  const period = object['per'] === undefined ? 'second' : oneOf(object['per'], `${path}.per`, periodNames);
  const inverted = object['inv'] !== undefined && checkBoolean(object['inv'], `${path}.inv`);
  const rest = { unit: periods[period], ...(inverted ? { flags: ['inv'] as const } : {}) };
  if (rateUnit === 'packets') return { rate: number('rate'), burst: said || DEFAULT_BURST, kind: 'packets', ...rest };
  const burstUnit = object['burst_unit'] === undefined ? 'bytes' : unit('burst_unit');
  return {
    rate: bytesIn(number('rate'), rateUnit),
    burst: burstUnit === 'packets' ? said : bytesIn(said, burstUnit),
    kind: 'bytes',
    ...rest,
  };
}

export const limitKeys: readonly string[] = KEYS;

/** As `nft -j` lists one in a rule; of a named one it leaves a burst of zero out. */
export function limitJson(limit: Omit<Limit, 'type'>, named: boolean = false): JsonObject {
  const [rate, rateUnit] = limit.kind === 'bytes' ? inUnits(limit.rate) : [limit.rate];
  const [burst, burstUnit] = limit.kind === 'bytes' ? inUnits(limit.burst) : [limit.burst];
  const showBurst = !named || burst > 0;
  return {
    rate,
    per: periodNames.find((name) => periods[name] === limit.unit) ?? 'error',
    ...(limit.flags?.includes('inv') === true ? { inv: true } : {}),
    ...(rateUnit === undefined ? {} : { rate_unit: rateUnit }),
    ...(showBurst ? { burst } : {}),
    ...(burstUnit === undefined || !showBurst ? {} : { burst_unit: burstUnit }),
  };
}
