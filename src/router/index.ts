/** Routers as OpenStack Neutron builds them: namespaces, ports, NAT and floating IPs. */
export type { AssociateOptions, FloatingIps } from './floating-ips.js';
export { Router } from './router.js';
export type {
  FloatingIp,
  FloatingIpBinding,
  GatewaySpec,
  PackedFloatingIps,
  PortSpec,
  RouterOptions,
  RouterSpec,
} from './spec.js';
