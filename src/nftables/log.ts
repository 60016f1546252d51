/** `{"log": {"prefix": "x", "level": "info"}}`, to the kernel's log, or with `group` to a listener. */

import type { RuleContext } from './context.js';
import { checkObject, checkString, checkUint, oneOf, stringList, wrongValue } from './errors.js';
import type { LogFlag, LogLevel } from './json.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

const levels: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug', 'audit'];

/** NF_LOG_*; 0x2f is all of them. */
const flagBits: Readonly<Record<LogFlag, number>> = {
  'tcp sequence': 1,
  'tcp options': 2,
  'ip options': 4,
  skuid: 8,
  ether: 0x20,
  all: 0x2f,
};
const ALL = flagBits.all;

/** What the kernel takes if none is said. */
const DEFAULT_LEVEL = levels.indexOf('warn');
/** NF_LOG_PREFIXLEN with the NUL. */
const PREFIX_MAX = 127;

export function compileLog(context: RuleContext, value: unknown, path: string): void {
  const object =
    value === null || value === undefined
      ? {}
      : checkObject(value, path, ['prefix', 'group', 'snaplen', 'queue-threshold', 'level', 'flags']);
  const { prefix, group, snaplen, level, flags } = object;
  const threshold = object['queue-threshold'];
  if (prefix !== undefined && Buffer.byteLength(checkString(prefix, `${path}.prefix`)) > PREFIX_MAX)
    throw wrongValue(`${path}.prefix`, `is longer than ${PREFIX_MAX} bytes`);
  if (group !== undefined && (level !== undefined || flags !== undefined))
    throw wrongValue(path, 'level and flags are for the kernel log, group is for a listener: not both');
  if (group === undefined && (snaplen !== undefined || threshold !== undefined))
    throw wrongValue(path, 'snaplen and queue-threshold need a group');
  if (level === 'audit' && (prefix !== undefined || flags !== undefined))
    throw wrongValue(`${path}.level`, 'audit allows nothing else');
  const names = flags === undefined ? [] : stringList(flags, `${path}.flags`, Object.keys(flagBits) as LogFlag[]);
  context.act({
    type: 'log',
    ...(prefix === undefined ? {} : { prefix: prefix as string }),
    ...(group === undefined
      ? {}
      : {
          group: checkUint(group, `${path}.group`, 0xffff),
          ...(snaplen === undefined ? {} : { snaplen: checkUint(snaplen, `${path}.snaplen`) }),
          ...(threshold === undefined
            ? {}
            : { qthreshold: checkUint(threshold, `${path}["queue-threshold"]`, 0xffff) }),
        }),
    ...(level === undefined ? {} : { level: levels.indexOf(oneOf(level, `${path}.level`, levels)) }),
    ...(names.length === 0 ? {} : { flags: names.reduce((sum, name) => sum | flagBits[name], 0) }),
  });
}

export function readLog(reader: RuleReader, log: Extract<Expression, { type: 'log' }>): void {
  const flags = log.flags ?? 0;
  const names =
    flags === ALL
      ? ['all']
      : Object.entries(flagBits)
          .filter(([name, bit]) => name !== 'all' && flags & bit)
          .map(([name]) => name);
  const body = {
    ...(log.prefix === undefined ? {} : { prefix: log.prefix }),
    ...(log.group === undefined ? {} : { group: log.group }),
    ...(log.snaplen === undefined ? {} : { snaplen: log.snaplen }),
    ...(log.qthreshold ? { 'queue-threshold': log.qthreshold } : {}),
    ...(log.level === undefined || log.level === DEFAULT_LEVEL || log.group !== undefined
      ? {}
      : { level: levels[log.level] ?? log.level }),
    ...(names.length === 0 ? {} : { flags: names.length === 1 ? names[0] : names }),
  };
  reader.act({ log: Object.keys(body).length === 0 ? null : body });
}
