/** Programs that run beside netloom in a namespace, found again and supervised: dnsmasq, radvd, a metadata proxy. */
export { type ServiceResult, type ServiceStatus, Services, type ServicesOptions } from './services.js';
export type { ServiceFile, ServiceReference, ServiceSpec } from './spec.js';
export { ServiceError } from './start.js';
export type { ServiceAction, ServiceChange, ServiceState } from './state.js';
export type { ServiceEvent, ServiceListener, ServiceWatch } from './watch.js';
