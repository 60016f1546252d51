/** How far a connection has come, where the kernel follows that: TCP, SCTP, and DCCP before Linux 6.17. */
import { checkArray, checkInteger, checkKeys, invalidValue } from '../errors.js';
import { namesOf, type Wire } from '../netlink/codec.js';

/** As `ct timeout` objects call them. */
export type TcpState =
  | 'none'
  | 'syn_sent'
  | 'syn_recv'
  | 'established'
  | 'fin_wait'
  | 'close_wait'
  | 'last_ack'
  | 'time_wait'
  | 'close'
  | 'syn_sent2';

/** What the kernel knows of one end: IP_CT_TCP_FLAG_* of linux/netfilter/nf_conntrack_tcp.h. */
export type TcpFlag =
  | 'window-scale'
  | 'sack-permitted'
  | 'close-init'
  | 'be-liberal'
  | 'data-unacknowledged'
  | 'maxack-set'
  | 'challenge-ack'
  | 'simultaneous-open';

export interface TcpEnd {
  /** 0 to 14. In a change it counts where both ends have one, and the flag 'window-scale'. */
  readonly windowScale?: number;
  /** In a change: these and no others. Default of a flow that is added: 'sack-permitted' and 'be-liberal'. */
  readonly flags?: readonly TcpFlag[];
}

export interface TcpTracking {
  readonly state?: TcpState;
  /** Who sent the first packet. */
  readonly original?: TcpEnd;
  readonly reply?: TcpEnd;
}

export type SctpState =
  | 'none'
  | 'closed'
  | 'cookie_wait'
  | 'cookie_echoed'
  | 'established'
  | 'shutdown_sent'
  | 'shutdown_recd'
  | 'shutdown_ack_sent'
  | 'heartbeat_sent'
  | 'heartbeat_acked';

export interface SctpTracking {
  readonly state?: SctpState;
  /** Verification tags, 0 to 4294967295. A change needs all three. */
  readonly originalTag?: number;
  readonly replyTag?: number;
}

export type DccpState = 'none' | 'request' | 'respond' | 'partopen' | 'open' | 'closereq' | 'closing' | 'timewait';

export interface DccpTracking {
  readonly state?: DccpState;
  /** Of who sent the first packet. */
  readonly role?: 'client' | 'server';
  readonly handshakeSequence?: number;
}

/** At most one of them, as the protocol is. */
export interface ProtocolStates {
  readonly tcp?: TcpTracking;
  readonly sctp?: SctpTracking;
  readonly dccp?: DccpTracking;
}

const tcpKeys: ReadonlySet<string> = new Set(['state', 'original', 'reply']);
const endKeys: ReadonlySet<string> = new Set(['windowScale', 'flags']);
const sctpKeys: ReadonlySet<string> = new Set(['state', 'originalTag', 'replyTag']);
const dccpKeys: ReadonlySet<string> = new Set(['state', 'role', 'handshakeSequence']);

export const stateKeys = ['tcp', 'sctp', 'dccp'] as const;

/** CTA_PROTOINFO of a change; undefined where it says nothing of it. `protocol` is the flow's, by its number. */
export function stateWire(states: ProtocolStates, protocol: number, path: string): Wire | undefined {
  for (const key of stateKeys) {
    if (states[key] !== undefined && namesOf('conntrackProtocol').get(key) !== protocol) {
      throw invalidValue(path === '' ? key : `${path}.${key}`, 'is not the state of this protocol', protocol);
    }
  }
  const { tcp, sctp, dccp } = states;
  if (tcp) return { tcp: tcpWire(tcp, `${path}.tcp`) };
  if (sctp) return { sctp: sctpWire(sctp, `${path}.sctp`) };
  return dccp && { dccp: dccpWire(dccp, `${path}.dccp`) };
}

function tcpWire(tcp: TcpTracking, path: string): Wire {
  checkKeys(tcp, tcpKeys, path);
  const { state, original = {}, reply = {} } = tcp;
  for (const [end, key] of [
    [original, 'original'],
    [reply, 'reply'],
  ] as const) {
    checkKeys(end, endKeys, `${path}.${key}`);
    if (end.windowScale !== undefined) checkInteger(end.windowScale, `${path}.${key}.windowScale`, 0, 14);
    if (end.flags !== undefined) {
      checkArray(end.flags, `${path}.${key}.flags`).forEach((flag, at) => {
        checkWord(flag, 'conntrackTcpFlags', `${path}.${key}.flags[${at}]`);
      });
    }
  }
  const all = [...namesOf('conntrackTcpFlags').keys()];
  const flags = (end: TcpEnd): Wire | undefined => end.flags && { flags: end.flags, mask: all };
  return {
    state: state === undefined ? undefined : checkWord(state, 'conntrackTcpState', `${path}.state`),
    originalScale: original.windowScale,
    replyScale: reply.windowScale,
    originalFlags: flags(original),
    replyFlags: flags(reply),
  };
}

function sctpWire(sctp: SctpTracking, path: string): Wire {
  checkKeys(sctp, sctpKeys, path);
  for (const key of sctpKeys) {
    if (sctp[key as keyof SctpTracking] === undefined) throw invalidValue(`${path}.${key}`, 'is needed', null);
  }
  checkWord(sctp.state, 'conntrackSctpState', `${path}.state`);
  checkInteger(sctp.originalTag, `${path}.originalTag`, 0, 0xffffffff);
  checkInteger(sctp.replyTag, `${path}.replyTag`, 0, 0xffffffff);
  return { ...sctp };
}

function dccpWire(dccp: DccpTracking, path: string): Wire {
  checkKeys(dccp, dccpKeys, path);
  for (const key of ['state', 'role'] as const) {
    if (dccp[key] === undefined) throw invalidValue(`${path}.${key}`, 'is needed', null);
  }
  checkWord(dccp.state, 'conntrackDccpState', `${path}.state`);
  checkWord(dccp.role, 'conntrackDccpRole', `${path}.role`);
  const { handshakeSequence } = dccp;
  if (handshakeSequence !== undefined) {
    checkInteger(handshakeSequence, `${path}.handshakeSequence`, 0, 2 ** 48 - 1);
  }
  return { ...dccp };
}

function checkWord(value: unknown, table: string, path: string): string {
  const words = namesOf(table);
  if (typeof value === 'string' && words.has(value)) return value;
  throw invalidValue(path, `is none of ${[...words.keys()].join(', ')}`, value);
}

/** What a reply's CTA_PROTOINFO says. */
export function readState(record: Readonly<Record<string, unknown>>): ProtocolStates {
  const tcp = record['tcp'] as Record<string, unknown> | undefined;
  const sctp = record['sctp'] as SctpTracking | undefined;
  const dccp = record['dccp'] as DccpTracking | undefined;
  if (sctp) return { sctp };
  if (dccp) return { dccp };
  if (!tcp) return {};
  const end = (scale: unknown, flags: unknown): TcpEnd => ({
    ...(scale === undefined ? {} : { windowScale: scale as number }),
    ...(flags === undefined ? {} : { flags: (flags as { flags: readonly TcpFlag[] }).flags }),
  });
  return {
    tcp: {
      state: tcp['state'] as TcpState,
      ...(tcp['originalFlags'] === undefined ? {} : { original: end(tcp['originalScale'], tcp['originalFlags']) }),
      ...(tcp['replyFlags'] === undefined ? {} : { reply: end(tcp['replyScale'], tcp['replyFlags']) }),
    },
  };
}
