/**
 * Reads a rule's expressions back into statements, by following what each register holds.
 *
 * Matches that only prepare a later one (`meta l4proto tcp` before `tcp dport`) are dropped when that one comes, as nft
 * does; anything between that is not a match keeps them.
 */

import { equal, ones, shiftInto, toNumber } from './bytes.js';
import { initialProtocols } from './context.js';
import type { Names, Type } from './datatypes.js';
import { type Described, describe, describeField } from './describe.js';
import type { CtDirection } from './json.js';
import { masked } from './match.js';
import { learnMeta } from './meta.js';
import { isMessageType, learnField } from './payload.js';
import { type Base, type Field, type Protocol, protocolNamed, type RawBase } from './protocols.js';
import { wordOf } from './registers.js';
import type { Expression, Family, Register, SetDefinition, SetElement } from './wire.js';

export type Loaded =
  | {
      readonly kind: 'selector';
      readonly source: 'payload' | 'meta' | 'ct' | 'named';
      readonly length: number;
      /** Payload: bytes from the base. */
      readonly base?: RawBase;
      readonly offset: number;
      /** meta, ct: the kernel's name. */
      readonly key: string;
      readonly direction?: CtDirection;
      /** Of all others, what they are. */
      readonly named?: { readonly json: unknown; readonly type: Type };
      /** Of an option: the expression that loads it, and what carries it. */
      readonly extension?: { readonly base?: Base; readonly exthdr: Extract<Expression, { type: 'exthdr' }> };
      readonly mask?: Uint8Array;
      readonly xor?: Uint8Array;
      /** Bits it was moved down by. */
      readonly shifted?: number;
      /** Now in network order. */
      readonly swapped?: true;
    }
  | { readonly kind: 'immediate'; readonly bytes: Uint8Array }
  /** `uses`: what its key reads. */
  | { readonly kind: 'map'; readonly json: unknown; readonly uses: readonly Described[] };

/** A set that rules refer to: of anonymous ones, the elements too. */
export interface ReadableSet {
  readonly definition: SetDefinition;
  readonly elements?: readonly SetElement[];
}

type Dependency = Base | 'message' | 'vlan';

export class RuleReader {
  readonly registers: Map<number, Loaded> = new Map();
  readonly known: Partial<Record<Base, Protocol>>;
  messages: readonly number[] | undefined;

  readonly family: Family;
  readonly names: Names;
  readonly findSet: (name: string) => ReadableSet | undefined;
  private readonly expressions: readonly Expression[];
  private readonly statements: (object | undefined)[] = [];
  private readonly pending: Map<Dependency, number> = new Map();
  private at = 0;

  constructor(
    family: Family,
    expressions: readonly Expression[],
    names: Names,
    findSet: (name: string) => ReadableSet | undefined,
  ) {
    this.family = family;
    this.expressions = expressions;
    this.names = names;
    this.findSet = findSet;
    this.known = initialProtocols(family);
  }

  /** Hands each expression to its reader. */
  read(dispatch: (reader: RuleReader, expression: Expression) => void): readonly unknown[] {
    while (this.at < this.expressions.length) dispatch(this, this.expressions[this.at++]!);
    return this.statements.filter((statement) => statement !== undefined);
  }

  peek(): Expression | undefined {
    return this.expressions[this.at];
  }

  skip(): void {
    this.at++;
  }

  wordOf(register: Register): number {
    return wordOf(register);
  }

  set(register: Register, loaded: Loaded): void {
    this.registers.set(wordOf(register), loaded);
  }

  /** Something read that is described by itself alone. */
  setNamed(
    register: Register,
    json: unknown,
    type: Type,
    extension?: Extract<Loaded, { kind: 'selector' }>['extension'],
  ): void {
    const length = extension?.exthdr.len ?? (type.bits + 7) >> 3;
    const named = { named: { json, type }, ...(extension === undefined ? {} : { extension }) };
    this.set(register, { kind: 'selector', source: 'named', key: '', offset: 0, length, ...named });
  }

  match(op: string, left: unknown, right: unknown): void {
    this.statements.push({ match: { op, left, right } });
  }

  /** A statement that does something: matches before it stay. */
  act(statement: object): void {
    this.statements.push(statement);
    this.pending.clear();
  }

  /** Matches so far stay. */
  keep(): void {
    this.pending.clear();
  }

  mangle(key: unknown, value: unknown): void {
    this.act({ mangle: { key, value } });
  }

  /** An expression, or a use of one, that has no JSON form here. Kept by name, as nft keeps xt. */
  unknown(name: string): void {
    this.act({ xt: { type: 'expression', name } });
  }

  /** What a register's content is, as the value of a statement. */
  value(loaded: Loaded, type: Type): unknown {
    if (loaded.kind === 'immediate') return type.datatype.format(loaded.bytes, type, this.names);
    if (loaded.kind === 'map') {
      for (const field of loaded.uses) this.use(field);
      return { map: loaded.json };
    }
    const described = describe(this, loaded);
    this.use(described);
    return masked(described);
  }

  /** Drops the matches that only prepared this. */
  use({ header, carrier }: Described): void {
    if (carrier !== undefined) this.drop(carrier);
    if (header === undefined || header.protocol.name === 'th') return;
    if (header.protocol.name === 'vlan' && header.field.name !== header.protocol.next) this.drop('vlan');
    this.drop(header.protocol.base);
    if (header.protocol.over !== undefined && this.known.network?.name === header.protocol.over) this.drop('network');
    if (header.field.messages?.length === 1) this.drop('message');
  }

  drop(dependency: Dependency): void {
    const index = this.pending.get(dependency);
    if (index !== undefined) this.statements[index] = undefined;
    this.pending.delete(dependency);
  }

  private keepUnless(droppable: boolean, dependency: Dependency, index: number): void {
    if (droppable) this.pending.set(dependency, index);
  }

  /** What the match just read says of the packet; it may prepare a later one. */
  learn({ header, meta }: Described, value: Uint8Array): void {
    const index = this.statements.length - 1;
    if (header !== undefined) {
      learnField(this, header.protocol, header.field, value);
      if (header.field.name === header.protocol.next) {
        if (header.protocol.name === 'ether' && this.known.link?.name === 'vlan')
          // Only what `vlan id` would be made of again.
          this.keepUnless(toNumber(value, 'big') === 0x8100, 'vlan', index);
        else if (header.protocol.base === 'link') this.pending.set('network', index);
        // Elsewhere `ip protocol` also says that the packet is IPv4, and nft keeps it.
        else if (this.family === 'ip' || this.family === 'ip6') this.pending.set('transport', index);
      }
      if (isMessageType(header.protocol, header.field)) this.pending.set('message', index);
    }
    if (meta !== undefined) {
      learnMeta(this, meta, value);
      const bridged = this.family === 'bridge' || this.family === 'netdev';
      if (meta === 'iiftype') this.pending.set('link', index);
      if (meta === 'nfproto' || (meta === 'protocol' && bridged)) this.pending.set('network', index);
      if (meta === 'l4proto') this.pending.set('transport', index);
    }
  }

  /** The headers that can stand at a base, the inner one first. */
  protocolsAt(base: RawBase): readonly Protocol[] {
    const known = base === 'inner' ? undefined : this.known[base];
    if (known?.name === 'vlan') return [known, protocolNamed('ether')!];
    if (known !== undefined) return [known];
    return base === 'transport' ? [protocolNamed('th')!] : [];
  }

  /** Of ICMP: whether the packet can be a message with this field. */
  hasMessage(field: Field): boolean {
    return field.messages === undefined || (this.messages ?? []).some((type) => field.messages!.includes(type));
  }

  /** The field that these bits, in bytes from `offset` on, are exactly. */
  fieldOfMask(base: RawBase, offset: number, mask: Uint8Array): Described | undefined {
    const end = offset + mask.length * 8;
    const fields = this.protocolsAt(base).flatMap((protocol) => protocol.fields.map((field) => ({ protocol, field })));
    for (const { protocol, field } of fields) {
      const shift = end - field.offset - field.bits;
      if (field.offset < offset || shift < 0 || !this.hasMessage(field)) continue;
      const bits = ones((field.bits + 7) >> 3);
      if (field.bits % 8 !== 0) bits[0] = 0xff >> (8 - (field.bits % 8));
      if (equal(shiftInto(bits, shift, mask.length), mask))
        return describeField(protocol, field, mask.length, shift, true, this.names);
    }
    return undefined;
  }

  /** The fields that one load of several covers, the last perhaps in part; undefined if it is one, or none. */
  expandPayload(
    loaded: Extract<Loaded, { kind: 'selector' }>,
    data: Uint8Array,
  ): readonly { readonly loaded: typeof loaded; readonly data: Uint8Array }[] | undefined {
    const protocols = loaded.source === 'payload' ? this.protocolsAt(loaded.base!) : [];
    if (protocols.length === 0 || protocols[0]!.name === 'th') return undefined;
    const fields = protocols.flatMap((protocol) => protocol.fields);
    const parts: { loaded: typeof loaded; data: Uint8Array }[] = [];
    for (let at = 0; at < data.length; ) {
      const offset = (loaded.offset + at) * 8;
      const rest = (data.length - at) * 8;
      const here = fields.filter((field) => field.offset === offset && field.bits % 8 === 0);
      const field =
        here.find((item) => item.bits <= rest && this.hasMessage(item)) ?? here.find((item) => item.bits > rest);
      if (field === undefined) return undefined;
      const bytes = Math.min(field.bits, rest) / 8;
      parts.push({
        loaded: { ...loaded, offset: loaded.offset + at, length: bytes },
        data: data.subarray(at, at + bytes),
      });
      at += bytes;
    }
    return parts.length > 1 ? parts : undefined;
  }
}
