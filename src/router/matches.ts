/** Statements that a router's rules are made of. */
import type { Statement } from '../nftables/json.js';

export const mark = { meta: { key: 'mark' } } as const;
export const daddr = { payload: { protocol: 'ip', field: 'daddr' } } as const;
export const saddr = { payload: { protocol: 'ip', field: 'saddr' } } as const;

export const oifname = (device: string, op: '==' | '!=' = '=='): Statement => ({
  match: { op, left: { meta: { key: 'oifname' } }, right: device },
});

export const iifname = (device: string): Statement => ({
  match: { op: '==', left: { meta: { key: 'iifname' } }, right: device },
});

/** `in`: translated to where it was not sent; `!`: not. */
export const translated = (op: 'in' | '!'): Statement => ({
  match: { op, left: { ct: { key: 'status' } }, right: 'dnat' },
});
