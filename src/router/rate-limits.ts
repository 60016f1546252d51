/** Limits of what an external address receives and sends: nftables' named limits, found by the address. */
import type { MapElementJson, Statement } from '../nftables/json.js';
import { inUnits } from '../nftables/units.js';
import { daddr, saddr } from './matches.js';
import type { Bandwidth } from './spec.js';
import type { AddRule, TableBuilder } from './table-builder.js';
import type { Wanted } from './wanted.js';

export type Direction = 'ingress' | 'egress';

/** Makes the limits of a direction, and drops what is above them. `rule` begins with where that is. */
export function limitRates(builder: TableBuilder, direction: Direction, rule: AddRule, { rateLimits }: Wanted): void {
  const elem: MapElementJson[] = [];
  for (const { floatingAddress, [direction]: bandwidth } of rateLimits) {
    if (bandwidth === undefined) continue;
    const name = `${direction}-${floatingAddress}`;
    builder.object('limit', name, limitOf(bandwidth));
    elem.push([floatingAddress, name]);
  }
  if (elem.length === 0) return;
  const map = `limit_${direction}`;
  builder.set('map', map, { type: 'ipv4_addr', map: 'limit', elem });
  const key = direction === 'ingress' ? daddr : saddr;
  const above = { limit: { map: { key, data: `@${map}` } } } as unknown as Statement;
  rule(above, { drop: null });
}

/** Bytes in a second of 1000 bits each. */
const bytesOf = (kilobits: number): number => kilobits * 125;

/**
 * As nftables lists it. Its bucket holds a second's bytes and the burst beside them (nft_limit_init), Neutron's the burst alone: so of the
 * burst a second's bytes are left away. A bucket of less than that there is not.
 */
function limitOf({ maxKbps, maxBurstKbps = maxKbps * 0.8 }: Bandwidth): object {
  const [rate, rateUnit] = inUnits(bytesOf(maxKbps));
  const beyond = Math.max(0, Math.floor(bytesOf(maxBurstKbps)) - bytesOf(maxKbps));
  const [burst, burstUnit] = inUnits(beyond);
  return {
    rate,
    per: 'second',
    inv: true,
    rate_unit: rateUnit,
    ...(beyond > 0 ? { burst, burst_unit: burstUnit } : {}),
  };
}
