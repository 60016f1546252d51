/** Outlines in a square of 16, by kind. */
import type { TopologyKind } from '../graph.js';

export const icons: Readonly<Partial<Record<TopologyKind, string>>> = {
  router:
    '<circle cx="8" cy="8" r="7"/><path d="M8 6.4V2.8M6.6 4.2 8 2.8l1.4 1.4M8 9.6v3.6M6.6 11.8 8 13.2l1.4-1.4M2.6 8h3.6M4.9 6.6 6.3 8 4.9 9.4M13.4 8H9.8M11.1 6.6 9.7 8l1.4 1.4"/>',
  vm: '<rect x="1" y="2" width="14" height="9.5" rx="1.5"/><path d="M8 11.5V14M4.8 14h6.4"/>',
  dhcp: '<circle cx="8" cy="8" r="7"/><path d="M8 4v4.2l2.8 1.6"/>',
  host: '<rect x="2" y="1.5" width="12" height="5.4" rx="1.2"/><rect x="2" y="9.1" width="12" height="5.4" rx="1.2"/><path d="M4.8 4.2h.1M4.8 11.8h.1M8 4.2h3.2M8 11.8h3.2"/>',
};
