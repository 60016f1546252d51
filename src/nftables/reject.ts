/** `{"reject": {"type": "icmp", "expr": "host-unreachable"}}`: drops the packet and tells its sender. */

import { fromNumber, toNumber } from './bytes.js';
import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { requireNetwork, requireProtocol } from './dependencies.js';
import { checkObject, oneOf, wrongValue } from './errors.js';
import type { RejectType } from './json.js';
import { protocolNamed } from './protocols.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

/** NFT_REJECT_* */
const kinds = { icmp: 0, tcpReset: 1, icmpx: 2 } as const;

const codeTypes = { icmp: 'icmp_code', icmpv6: 'icmpv6_code', icmpx: 'icmpx_code' } as const;

export function compileReject(context: RuleContext, value: unknown, path: string): void {
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['type', 'expr']);
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
  const codeType = typeOf(codeTypes[type]);
  const code = toNumber(
    codeType.datatype.parse(object['expr'] ?? 'port-unreachable', `${path}.expr`, codeType, context.names),
    'big',
  );
  if (type === 'icmpx') {
    if (context.family === 'ip' || context.family === 'ip6')
      throw wrongValue(`${path}.type`, 'icmpx is for inet, bridge and netdev');
    return context.act({ type: 'reject', kind: kinds.icmpx, icmpCode: code });
  }
  context.first(() => requireNetwork(context, type === 'icmp' ? 'ip' : 'ip6', path));
  context.act({ type: 'reject', kind: kinds.icmp, icmpCode: code });
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
