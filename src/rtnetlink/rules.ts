import { checkDeviceName, checkInteger, checkKeys, invalidAddressFamily } from '../errors.js';
import type { CallOptions, Channel, Work } from '../netlink/channel.js';
import { operation, type Schema, type Wire } from '../netlink/codec.js';
import { type BatchOptions, oneOrMany } from './one-or-many.js';
import {
  type AddressFamily,
  addressFamily,
  checkAddressOrPrefix,
  prefixText,
  type RouteTable,
  tableName,
  tableNumber,
} from './values.js';

export interface RuleSpec {
  /** 0 is asked first. Without one the kernel puts the rule before those that it has. */
  readonly priority?: number;
  /** A prefix or an address; default all. */
  readonly from?: string;
  readonly to?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: number;
  readonly fwmask?: number;
  /** Where to look the destination up. */
  readonly table?: RouteTable;
  /** Instead of a table. */
  readonly action?: 'blackhole' | 'unreachable' | 'prohibit' | 'nop';
  /** Matches what the rest does not. */
  readonly not?: boolean;
  /** Who made it; default 'boot'. */
  readonly protocol?: string | number;
  /** Where neither `from` nor `to` tells; default 'inet'. */
  readonly family?: AddressFamily;
}

/** A rule. Names are those of `ip -j rule`, with `from` and `to` as prefixes ('all' for none). */
export interface Rule {
  readonly family: AddressFamily;
  readonly priority: number;
  readonly from: string;
  readonly to: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: number;
  readonly fwmask?: number;
  readonly table?: RouteTable;
  readonly action: string | number;
  readonly not: boolean;
  readonly protocol: string | number;
}

const operations = { add: operation('rules.add'), delete: operation('rules.delete'), list: operation('rules.list') };

const specKeys: ReadonlySet<string> = new Set([
  'priority',
  'from',
  'to',
  'iif',
  'oif',
  'fwmark',
  'fwmask',
  'table',
  'action',
  'not',
  'protocol',
  'family',
]);

const works = { add: work('add'), delete: work('delete') };

/** Routing policy: RTM_*RULE, ip-rule(8). */
export class Rules {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Both families unless one is asked for, each in order of priority. */
  async list(filter: { readonly family?: AddressFamily } = {}, options?: CallOptions): Promise<Rule[]> {
    const families = filter.family ? [filter.family] : (['inet', 'inet6'] as const);
    const dumps = families.map((family) =>
      this.#channel.one({ operation: operations.list, wire: { family } }, options),
    );
    return (await Promise.all(dumps)).flat().map(toRule);
  }

  /** Throws NetlinkError EEXIST for one that is there. */
  add(specs: RuleSpec | readonly RuleSpec[], options?: BatchOptions): Promise<void> {
    return oneOrMany(this.#channel, works.add, specs, options, works.delete);
  }

  /** Deletes the first that matches. Throws NetlinkError ENOENT where none does. */
  delete(specs: RuleSpec | readonly RuleSpec[], options?: BatchOptions): Promise<void> {
    return oneOrMany(this.#channel, works.delete, specs, options);
  }
}

function work(verb: 'add' | 'delete'): Work<RuleSpec> {
  const { schema } = operations[verb];
  return {
    operation: operations[verb],
    write: (out, spec, path) => out.record(schema as Schema, specWire(verb, spec, path)),
    describe: (spec) =>
      `priority ${spec.priority ?? '(any)'} from ${spec.from ?? 'all'}${spec.iif ? ` iif ${spec.iif}` : ''}`,
  };
}

function specWire(verb: 'add' | 'delete', spec: RuleSpec, path: string): Wire {
  checkKeys(spec, specKeys, path);
  const from =
    spec.from === undefined || spec.from === 'all' ? undefined : checkAddressOrPrefix(spec.from, `${path}.from`);
  const to = spec.to === undefined || spec.to === 'all' ? undefined : checkAddressOrPrefix(spec.to, `${path}.to`);
  if (from && to && from.bytes.length !== to.bytes.length) throw invalidAddressFamily(`${path}.to`, spec.to, spec.from);
  const sample = from ?? to;
  const number = (value: number | undefined, name: string): number | undefined =>
    value === undefined ? undefined : checkInteger(value, `${path}.${name}`, 0, 0xffffffff);
  const table = spec.table === undefined ? undefined : tableNumber(spec.table, `${path}.table`);
  return {
    family: sample ? addressFamily(sample.bytes) : (spec.family ?? 'inet'),
    srcLength: from?.length,
    dstLength: to?.length,
    action: spec.action ?? 'table',
    flags: spec.not ? ['not'] : undefined,
    src: from?.bytes,
    dst: to?.bytes,
    iif: spec.iif === undefined ? undefined : checkDeviceName(spec.iif, `${path}.iif`),
    oif: spec.oif === undefined ? undefined : checkDeviceName(spec.oif, `${path}.oif`),
    priority: number(spec.priority, 'priority'),
    fwmark: number(spec.fwmark, 'fwmark'),
    fwmask: number(spec.fwmask, 'fwmask'),
    table: table ?? (spec.action === undefined && verb === 'add' ? tableNumber('main', path) : undefined),
    protocol: spec.protocol ?? (verb === 'add' ? 'boot' : undefined),
  };
}

export function toRule(reply: Record<string, unknown>): Rule {
  const rule: Record<string, unknown> = {
    family: reply['family'],
    priority: reply['priority'] ?? 0,
    from: allOr(prefixText(reply['src'] as Uint8Array | undefined, reply['srcLength'] as number)),
    to: allOr(prefixText(reply['dst'] as Uint8Array | undefined, reply['dstLength'] as number)),
    action: reply['action'],
    not: (reply['flags'] as string[]).includes('not'),
    protocol: reply['protocol'] ?? 'unspec',
  };
  for (const key of ['iif', 'oif', 'fwmark', 'fwmask']) if (reply[key] !== undefined) rule[key] = reply[key];
  if (reply['table']) rule['table'] = tableName(reply['table'] as number);
  return rule as unknown as Rule;
}

function allOr(prefix: string): string {
  return prefix === 'default' ? 'all' : prefix;
}
