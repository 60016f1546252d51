/** `{"reject": {"type": "icmp", "expr": "host-unreachable"}}`: drops the packet and tells its sender. */

import { fromNumber, toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { requireNetwork, requireProtocol } from './dependencies.js';
import { checkObject, type JsonObject, oneOf, wrongValue } from './errors.js';
import type { RejectType } from './json.js';
import { protocolAbove, protocolNamed } from './protocols.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

/** NFT_REJECT_* */
const kinds = { icmp: 0, tcpReset: 1, icmpx: 2 } as const;

const codeTypes = { icmp: 'icmp_code', icmpv6: 'icmpv6_code', icmpx: 'icmpx_code' } as const;

export function compileReject(context: RuleContext, value: unknown, path: string): void {
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['type', 'expr']);
  if (context.family === 'arp') throw wrongValue(path, 'is not for the family arp');
  const network = networkOf(context);
  if (network !== undefined && network !== 'ip' && network !== 'ip6')
    throw wrongValue(path, `${network} packets cannot be rejected`);
  const type =
    object['type'] === undefined
      ? defaultType(context)
      : oneOf<RejectType>(object['type'], `${path}.type`, ['tcp reset', 'icmp', 'icmpv6', 'icmpx']);
  if (type === 'tcp reset') {
    if (object['expr'] !== undefined) throw wrongValue(`${path}.expr`, 'a tcp reset has no code');
    // Ahead of all: `log` before it must not speak of packets that are not rejected. What was said last counts.
    const tcp = protocolNamed('tcp')!;
    if (context.known.transport !== tcp) context.first(() => requireProtocol(context, tcp, path));
    return context.act({ type: 'reject', kind: kinds.tcpReset });
  }
  const code = codeOf(context, type, object, path);
  if (type === 'icmpx') {
    if (context.family === 'ip' || context.family === 'ip6')
      throw wrongValue(`${path}.type`, 'icmpx is for inet, bridge and netdev');
    return context.act({ type: 'reject', kind: kinds.icmpx, icmpCode: code });
  }
  const wanted = type === 'icmp' ? 'ip' : 'ip6';
  if (network !== undefined && network !== wanted) throw wrongValue(path, `is ${type}, of ${network} packets`);
  if (network === undefined) context.first(() => requireNetwork(context, wanted, path));
  context.act({ type: 'reject', kind: kinds.icmp, icmpCode: code });
}

/** A type without a code has the first there is; of what says neither, the port is unreachable. */
function codeOf(
  context: RuleContext,
  type: Exclude<RejectType, 'tcp reset'>,
  object: JsonObject,
  path: string,
): number {
  const codeType = typeOf(codeTypes[type]);
  const code = object['type'] === undefined ? 'port-unreachable' : (object['expr'] ?? 0);
  return toNumber(codeType.datatype.parse(code, `${path}.expr`, codeType, context.names), 'big');
}

/** In the families of one protocol nothing that a frame says counts. */
const networkOf = ({ family, known }: Pick<RuleContext, 'family' | 'known'>): string | undefined =>
  family === 'ip' || family === 'ip6' ? family : known.network?.name;

/** What this rejects: where no match names it, what one said by its place in the frame. (nft lists no type then.) */
function rejected(reader: RuleReader): string | undefined {
  const { frameType } = reader;
  const frame = frameType === undefined ? undefined : protocolAbove(protocolNamed('ether')!, frameType);
  return networkOf(reader) ?? frame?.name;
}

function defaultType(context: RuleContext): RejectType {
  const network = networkOf(context);
  return network === 'ip' ? 'icmp' : network === 'ip6' ? 'icmpv6' : 'icmpx';
}

export function readReject(reader: RuleReader, reject: Extract<Expression, { type: 'reject' }>): void {
  const single = reader.family === 'ip' || reader.family === 'ip6';
  // nft keeps the match of TCP where the protocol may be either, and says which that is by the rejection alone.
  if (reject.kind !== kinds.icmpx && !single) reader.drop('network');
  if (reject.kind === kinds.tcpReset) {
    if (single) reader.drop('transport');
    return reader.act({ reject: { type: 'tcp reset' } });
  }
  const type = reject.kind === kinds.icmpx ? 'icmpx' : rejected(reader) === 'ip6' ? 'icmpv6' : 'icmp';
  const codeType = typeOf(codeTypes[type]);
  reader.act({
    reject: {
      type,
      expr: codeType.datatype.format(fromNumber(reject.icmpCode ?? 0, 1, 'big'), codeType, reader.names),
    },
  });
}
