/** Routers as OpenStack Neutron builds them: namespaces, ports, NAT and floating IPs. */
export type { Counted } from './companions.js';
export type { AssociateOptions, FloatingIps } from './floating-ips.js';
export { Router, type RouterPlan } from './router.js';
export type * from './spec.js';
export type {
  FloatingIpStatus,
  GatewayStatus,
  PortForwardingStatus,
  PortStatus,
  RouterStatus,
  Traffic,
} from './status.js';
export type { Change, ChangeKind } from './steps.js';
export type { Drift, WatchOptions } from './watch.js';
