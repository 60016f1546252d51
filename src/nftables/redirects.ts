/** Statements that send a packet, or a copy of it, elsewhere: `dup`, `fwd`, `tproxy`, `queue`, `flow`. */

import type { RuleContext } from './context.js';
import { typeOf } from './datatypes.js';
import { checkArray, checkObject, checkString, checkUint, isObject, oneOf, stringList, wrongValue } from './errors.js';
import { compileValue } from './mangle.js';
import type { RuleReader } from './reader.js';
import { nextRegister, registerAt, wordOf } from './registers.js';
import type { Expression, Mutable, Register } from './wire.js';

type Of<Type extends Expression['type']> = Extract<Expression, { type: Type }>;

const device = typeOf('iface_index');
const service = typeOf('inet_service');
const addressOf = (family: string): ReturnType<typeof typeOf> => typeOf(family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr');

/** Of ip and ip6 to an address, by a device if one is named; of netdev to a device. */
export function compileDup(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['addr', 'dev']);
  if (object['addr'] === undefined) throw wrongValue(path, 'needs an addr');
  if (context.family === 'netdev') {
    if (object['dev'] !== undefined) throw wrongValue(`${path}.dev`, 'in family netdev, addr is the device');
    const load = compileValue(context, object['addr'], `${path}.addr`, device, 0);
    return context.act(...load, { type: 'dup', sregDev: 1 });
  }
  if (context.family !== 'ip' && context.family !== 'ip6')
    throw wrongValue(path, 'dup is for the families ip, ip6 and netdev');
  const address = addressOf(context.family);
  const load = compileValue(context, object['addr'], `${path}.addr`, address, 0);
  if (object['dev'] === undefined) return context.act(...load, { type: 'dup', sregAddr: 1 });
  const word = nextRegister(0, address.bits / 32);
  const loadDevice = compileValue(context, object['dev'], `${path}.dev`, device, word);
  context.act(...load, ...loadDevice, { type: 'dup', sregAddr: 1, sregDev: registerAt(word) });
}

export function readDup(reader: RuleReader, dup: Of<'dup'>): void {
  const dev = dup.sregDev === undefined ? undefined : valueIn(reader, dup.sregDev, 'iface_index');
  if (dup.sregAddr === undefined) return reader.act({ dup: dev === undefined ? null : { addr: dev } });
  const addr = valueIn(reader, dup.sregAddr, addressOf(reader.family).datatype.name);
  reader.act({ dup: { addr, ...(dev === undefined ? {} : { dev }) } });
}

export function compileFwd(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['dev', 'family', 'addr']);
  if (context.family !== 'netdev') throw wrongValue(path, 'fwd is for the family netdev');
  const load = compileValue(context, object['dev'], `${path}.dev`, device, 0);
  if (object['addr'] === undefined) return context.act(...load, { type: 'fwd', sregDev: 1 });
  const family = oneOf(object['family'], `${path}.family`, ['ip', 'ip6'] as const);
  const loadAddress = compileValue(context, object['addr'], `${path}.addr`, addressOf(family), nextRegister(0, 1));
  context.act(...load, ...loadAddress, { type: 'fwd', sregDev: 1, sregAddr: registerAt(nextRegister(0, 1)), family });
}

export function readFwd(reader: RuleReader, { sregDev, sregAddr, family }: Of<'fwd'>): void {
  const dev = valueIn(reader, sregDev, 'iface_index');
  if (sregAddr === undefined || family === undefined) return reader.act({ fwd: { dev } });
  reader.act({ fwd: { dev, family, addr: valueIn(reader, sregAddr, addressOf(family).datatype.name) } });
}

/** Registers of 16 bytes, one for the address and one for the port. */
export function compileTproxy(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['family', 'addr', 'port']);
  const { addr, port } = object;
  if (addr === undefined && port === undefined) throw wrongValue(path, 'needs an addr or a port');
  if (context.known.transport === undefined)
    throw wrongValue(path, 'needs a match of the transport protocol before it');
  const own = context.family === 'ip' || context.family === 'ip6' ? context.family : undefined;
  const family =
    object['family'] === undefined ? own : oneOf(object['family'], `${path}.family`, ['ip', 'ip6'] as const);
  if (addr !== undefined && family === undefined) throw wrongValue(path, 'needs "family": "ip" or "ip6"');
  let word = 0;
  const tproxy: Mutable<Of<'tproxy'>> = {
    type: 'tproxy',
    family: family ?? 'unspec',
  };
  const loads: Expression[] = [];
  if (addr !== undefined) {
    loads.push(...compileValue(context, addr, `${path}.addr`, addressOf(family!), word));
    tproxy.regAddr = registerAt(word);
    word = nextRegister(word, 4);
  }
  if (port !== undefined) {
    loads.push(...compileValue(context, port, `${path}.port`, service, word));
    tproxy.regPort = registerAt(word);
  }
  context.act(...loads, tproxy);
}

export function readTproxy(reader: RuleReader, { family, regAddr, regPort }: Of<'tproxy'>): void {
  const addr = regAddr === undefined ? undefined : valueIn(reader, regAddr, addressOf(family ?? 'ip').datatype.name);
  if (regPort !== undefined) reader.keep();
  const port = regPort === undefined ? undefined : valueIn(reader, regPort, 'inet_service');
  reader.act({
    tproxy: {
      ...(reader.family === 'inet' && family !== 'unspec' ? { family } : {}),
      ...(addr === undefined ? {} : { addr }),
      ...(port === undefined ? {} : { port }),
    },
  });
}

const queueNumber = typeOf('integer', 16, 'host');

export function compileQueue(context: RuleContext, value: unknown, path: string): void {
  const object = value === null || value === undefined ? {} : checkObject(value, path, ['num', 'flags']);
  const said =
    object['flags'] === undefined ? [] : stringList(object['flags'], `${path}.flags`, ['bypass', 'fanout'] as const);
  const flags = said.length === 0 ? {} : { flags: said };
  const num = object['num'] ?? 0;
  if (typeof num === 'number' || (isObject(num) && 'range' in num)) {
    const [from, to] = typeof num === 'number' ? [num, num] : checkArray(num['range'], `${path}.num.range`);
    const first = checkUint(from, `${path}.num`, 0xffff);
    const last = checkUint(to, `${path}.num`, 0xffff);
    if (last < first) throw wrongValue(`${path}.num`, `${first} is after ${last}`);
    if (said.includes('fanout') && first === last && typeof num === 'number')
      throw wrongValue(`${path}.flags`, 'fanout needs a range of queues');
    return context.act({ type: 'queue', num: first, total: last - first + 1, ...flags });
  }
  // Of a map or a hash: a number of 32 bits, or of 16.
  const wide = isObject(num) && !('map' in num);
  const type = wide ? typeOf('integer', 32, 'host') : queueNumber;
  context.act(...compileValue(context, num, `${path}.num`, type, 0), { type: 'queue', sregQnum: 1, ...flags });
}

export function readQueue(reader: RuleReader, { num = 0, total = 1, flags, sregQnum }: Of<'queue'>): void {
  const said = flags ?? [];
  const queue =
    sregQnum === undefined
      ? total > 1
        ? { range: [num, num + total - 1] }
        : num
      : valueIn(reader, sregQnum, 'integer');
  reader.act({
    queue: { num: queue, ...(said.length === 0 ? {} : { flags: said.length === 1 ? said[0] : said }) },
  });
}

export function compileFlow(context: RuleContext, value: unknown, path: string): void {
  const object = checkObject(value, path, ['op', 'flowtable']);
  oneOf(object['op'], `${path}.op`, ['add']);
  const name = checkString(object['flowtable'], `${path}.flowtable`);
  if (!name.startsWith('@') || name.length < 2)
    throw wrongValue(`${path}.flowtable`, 'must be "@" and the name of a flowtable');
  context.act({ type: 'flow_offload', flowtable: name.slice(1) });
}

function valueIn(reader: RuleReader, register: Register, type: string): unknown {
  const loaded = reader.registers.get(wordOf(register));
  return loaded === undefined ? null : reader.value(loaded, typeOf(type));
}
