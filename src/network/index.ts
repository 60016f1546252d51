/** Networks that tenants' ports and routers are plugged into. */
export type * from './spec.js';
