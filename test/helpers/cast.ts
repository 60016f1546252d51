/** Who takes the stage of most tests of routers: two tenant networks, three machines on them, and somebody outside. */
import type { FloatingIpBinding, GatewaySpec, RouterSpec } from '../../src/index.js';
import type { Host } from './host.js';
import { uniqueName } from './namespaces.js';
import { Stage } from './stage.js';

export const bindings: readonly FloatingIpBinding[] = ['address', 'route', 'prefix'];

export interface Cast {
  readonly stage: Stage;
  /** 203.0.113.1 and 2001:db8::1 on br-ex. Beyond it lie 198.51.100.0/24 and 2001:db8:ff::/64. */
  readonly outside: Host;
  /** 10.0.0.11 and fd00:a::11 on br-a. */
  readonly vm1: Host;
  /** 10.0.0.12 and fd00:a::12 on br-a. */
  readonly vm2: Host;
  /** 10.0.1.13 and fd00:b::13 on br-b. */
  readonly vm3: Host;
}

export async function cast(): Promise<Cast> {
  const stage = await Stage.create(['br-a', 'br-b'], 'file');
  const outside = await stage.host('outside', 'br-ex', ['203.0.113.1/24', '2001:db8::1/64']);
  await outside.netns.routes.add([
    { dst: 'fd00:a::/64', via: '2001:db8::2' },
    { dst: 'fd00:b::/64', via: '2001:db8::2' },
    { dst: '198.51.100.0/24', type: 'local', dev: 'lo' },
    { dst: '2001:db8:ff::/64', type: 'local', dev: 'lo' },
  ]);
  const a = ['10.0.0.1', 'fd00:a::1'];
  return {
    stage,
    outside,
    vm1: await stage.host('vm1', 'br-a', ['10.0.0.11/24', 'fd00:a::11/64'], a),
    vm2: await stage.host('vm2', 'br-a', ['10.0.0.12/24', 'fd00:a::12/64'], a),
    vm3: await stage.host('vm3', 'br-b', ['10.0.1.13/24', 'fd00:b::13/64'], ['10.0.1.1', 'fd00:b::1']),
  };
}

/** MAC addresses are said, so that machines need not learn them anew from test to test. */
export const gateway = {
  id: 'gateway',
  bridge: 'br-ex',
  mac: '02:00:00:00:00:02',
  addresses: ['203.0.113.2/24', '2001:db8::2/64'],
  nexthops: ['203.0.113.1', '2001:db8::1'],
} as const satisfies GatewaySpec;

/** The router between them; vm1 is 203.0.113.11 to those outside. */
export function usual(binding: FloatingIpBinding = 'address') {
  return {
    id: uniqueName(),
    floatingIpBinding: binding,
    gateway,
    interfaces: [
      { id: 'a', bridge: 'br-a', mac: '02:00:00:00:0a:01', addresses: ['10.0.0.1/24', 'fd00:a::1/64'] },
      { id: 'b', bridge: 'br-b', mac: '02:00:00:00:0b:01', addresses: ['10.0.1.1/24', 'fd00:b::1/64'] },
    ],
    floatingIps: [{ floatingAddress: '203.0.113.11', fixedAddress: '10.0.0.11' }],
  } as const satisfies RouterSpec;
}
