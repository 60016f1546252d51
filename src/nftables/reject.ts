/** `{"reject": {"type": "icmp", "expr": "host-unreachable"}}`: drops the packet and tells its sender. */

import { fromNumber, toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { requireNetwork, requireProtocol } from './dependencies.js';
import { checkObject, type JsonObject, oneOf, wrongValue } from './errors.js';
import type { RejectType } from './json.js';
import { protocolNamed } from './protocols.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

/** NFT_REJECT_* */
const kinds = { icmp: 0, tcpReset: 1, icmpx: 2 } as const;

const codeTypes = { icmp: 'icmp_code', icmpv6: 'icmpv6_code', icmpx: 'icmpx_code' } as const;

export function compileReject(context: RuleContext, value: unknown, path: string): void {
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['type', 'expr']);
  if (context.family === 'arp') throw wrongValue(path, 'is not for the family arp');
  const network = context.known.network?.name;
  if (network !== undefined && network !== 'ip' && network !== 'ip6')
    throw wrongValue(path, `${network} packets cannot be rejected`);
  const type =
    object['type'] === undefined
      ? defaultType(context)
      : oneOf<RejectType>(object['type'], `${path}.type`, ['tcp reset', 'icmp', 'icmpv6', 'icmpx']);
  if (type === 'tcp reset') {
    if (object['expr'] !== undefined) throw wrongValue(`${path}.expr`, 'a tcp reset has no code');
    // Ahead of all: `log` before it must not speak of packets that are not rejected.
    context.first(() => requireProtocol(context, protocolNamed('tcp')!, path));
    return context.act({ type: 'reject', kind: kinds.tcpReset });
  }
  const code = codeOf(context, type, object, path);
  if (type === 'icmpx') {
    if (context.family === 'ip' || context.family === 'ip6')
      throw wrongValue(`${path}.type`, 'icmpx is for inet, bridge and netdev');
    return context.act({ type: 'reject', kind: kinds.icmpx, icmpCode: code });
  }
  context.first(() => requireNetwork(context, type === 'icmp' ? 'ip' : 'ip6', path));
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

function defaultType(context: RuleContext): RejectType {
  const network = context.known.network?.name;
  return network === 'ip' ? 'icmp' : network === 'ip6' ? 'icmpv6' : 'icmpx';
}

export function readReject(reader: RuleReader, reject: Extract<Expression, { type: 'reject' }>): void {
  if (reject.kind === kinds.tcpReset) {
    // nft keeps the match in inet, where it stands for more than the reset.
    if (reader.family === 'ip' || reader.family === 'ip6') reader.drop('transport');
    return reader.act({ reject: { type: 'tcp reset' } });
  }
  const type = reject.kind === kinds.icmpx ? 'icmpx' : reader.known.network?.name === 'ip6' ? 'icmpv6' : 'icmp';
  if (type !== 'icmpx') reader.drop('network');
  const codeType = typeOf(codeTypes[type]);
  reader.act({
    reject: {
      type,
      expr: codeType.datatype.format(fromNumber(reject.icmpCode ?? 0, 1, 'big'), codeType, reader.names),
    },
  });
}
