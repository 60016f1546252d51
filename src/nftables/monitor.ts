/**
 * What nf_tables tells its listeners, as objects: NFNLGRP_NFTABLES, `nft monitor`.
 *
 * A message names sets, and means nothing without them: a rule that looks something up in an anonymous set shows that set's elements, an
 * element's bytes have the type of its set's key. So the sets are learnt first, and followed from message to message.
 */

import { NetlinkError } from '../errors.js';
import type { Channel } from '../netlink/channel.js';
import { type Decoder, type EventMessage, operation } from '../netlink/codec.js';
import type { EventSource, MonitorOptions } from '../netlink/event-stream.js';
import { compare } from './bytes.js';
import type { Names } from './datatypes.js';
import {
  decompileChain,
  decompileFlowtable,
  decompileObject,
  decompileRule,
  decompileSet,
  decompileTable,
} from './decompile.js';
import type { Interfaces } from './listing.js';
import { machineNames } from './names.js';
import type { ReadableSet } from './reader.js';
import type {
  Chain,
  Expression,
  Family,
  Flowtable,
  NamedObject,
  Rule,
  SetDefinition,
  SetElement,
  SetElements,
  Table,
} from './wire.js';

/**
 * An object came or went; or a transaction has ended, and the events since the one before were its own; or the kernel dropped events:
 * what happened until then is not all known, and the ruleset is to be listed anew.
 */
export type NftEvent =
  | {
      /** `'insert'` is of a rule that was not put behind the others. */
      readonly action: 'add' | 'insert' | 'delete';
      /** As `list()` gives it; a set or a map without its elements. `{ element: { family, table, name, elem } }`, as `apply` takes it. */
      readonly object: Readonly<Record<string, unknown>>;
    }
  | {
      readonly action: 'generation';
      /** Counts transactions. */
      readonly generation: number;
      /** Who made it. */
      readonly pid?: number;
      readonly process?: string;
    }
  /** With `transactions`: one as a whole, in place of its events and its generation. */
  | {
      readonly action: 'transaction';
      readonly generation: number;
      readonly pid?: number;
      readonly process?: string;
      readonly changes: readonly NftChange[];
    }
  | { readonly action: 'overrun' };

/** What came or went. */
export type NftChange = Extract<NftEvent, { readonly object: unknown }>;

export interface NftMonitorOptions extends MonitorOptions {
  /** Each transaction is one event, once it is whole. One of which the kernel has dropped a part shows what came behind the loss. */
  readonly transactions?: boolean;
}

type ObjectAction = 'add' | 'insert' | 'delete';
type Emit = (event: NftEvent) => void;
type Object = Readonly<Record<string, unknown>>;

const operations = { sets: operation('nft.sets'), elements: operation('nft.setelems') };

const knownExpressions = operation('nft.rules').reply?.byName.get('expressions')?.schema?.union?.variantIndex;

/** Of named sets, the definition alone: their elements may be many. */
interface KnownSet {
  readonly definition: SetDefinition;
  readonly elements: SetElement[];
}

/** One end of an interval, whose other end has not come yet. */
interface HalfInterval {
  readonly action: ObjectAction;
  readonly set: KnownSet;
  readonly element: SetElement;
}

export class NftSource implements EventSource<NftEvent> {
  readonly groups: readonly string[] = ['nft'];
  readonly overrun: NftEvent = { action: 'overrun' };
  readonly #channel: Channel;
  readonly #interfaces: Interfaces;
  #names: Names = machineNames();
  /** Of a transaction that has not ended; undefined where events are told as they come. */
  #changes: NftChange[] | undefined;
  /** By table, then by name. */
  readonly #sets = new Map<string, Map<string, KnownSet>>();
  #half: HalfInterval | undefined;

  constructor(channel: Channel, interfaces: Interfaces, { transactions = false }: NftMonitorOptions) {
    this.#channel = channel;
    this.#interfaces = interfaces;
    this.#changes = transactions ? [] : undefined;
  }

  async prepare(): Promise<void> {
    this.#sets.clear();
    this.#half = undefined;
    const replies = await this.#channel.one({ operation: operations.sets, wire: { family: 'unspec' } });
    if (this.#changes !== undefined) this.#changes = [];
    const devices = new Map((await this.#interfaces()).map(({ index, name }) => [index, name]));
    this.#names = { ...machineNames(), interfaceName: (index) => devices.get(index) };
    const definitions = replies as unknown as SetDefinition[];
    const known = definitions.map((definition) => this.#learn(definition));
    await Promise.all(known.filter(isAnonymous).map((set) => this.#learnElements(set)));
  }

  read(message: EventMessage, decoder: Decoder, end: number, emit: Emit): void {
    if (this.#changes === undefined) return this.#read(message, decoder, end, emit);
    this.#read(message, decoder, end, (event) => {
      if ('object' in event) this.#changes?.push(event);
      if (event.action !== 'generation') return;
      emit({ ...event, action: 'transaction', changes: this.#changes ?? [] });
      this.#changes = [];
    });
  }

  #read({ name, schema }: EventMessage, decoder: Decoder, end: number, emit: Emit): void {
    const [, kind, action] = name.split('.') as [string, string, ObjectAction];
    const record = decoder.record(schema, end);
    if (kind !== 'element') this.#endInterval(emit);
    switch (kind) {
      case 'table': {
        const table = record as unknown as Table;
        if (action === 'delete') this.#sets.delete(tableKey(table.family, table.name));
        return emit({ action, object: decompileTable(table) });
      }
      case 'chain':
        return emit({ action, object: decompileChain(record as unknown as Chain) });
      case 'rule':
        return emit({ action, object: this.#rule(record as unknown as Rule) });
      case 'set':
        return this.#set(action, record as unknown as SetDefinition, emit);
      case 'element':
        return this.#elements(action, record as unknown as SetElements, emit);
      case 'object':
        return emit({ action, object: namedObject(action, record as unknown as NamedObject) });
      case 'flowtable':
        return emit({ action, object: decompileFlowtable(record as unknown as Flowtable) });
      case 'generation':
        return emit(toGeneration(record));
    }
  }

  #rule(rule: Rule): Object {
    const sets = this.#setsOf(rule);
    const expressions = rule.expressions?.map(named);
    try {
      return decompileRule(
        { ...rule, ...(expressions === undefined ? {} : { expressions }) },
        { ...this.#names, findSet: (name): ReadableSet | undefined => sets.get(name) },
      );
    } catch {
      // A combination that has no JSON here: better told by names than not at all.
      const expr = (expressions ?? []).map(({ type }) => ({ xt: { type: 'expression', name: type } }));
      const { family, table, chain, handle } = rule;
      return { rule: { family, table, chain, handle, expr } };
    }
  }

  #set(action: ObjectAction, definition: SetDefinition, emit: Emit): void {
    const sets = this.#setsOf(definition);
    const before = sets.get(definition.name);
    if (action === 'delete') sets.delete(definition.name);
    // What goes is told by its name alone.
    const set = action === 'delete' ? before : this.#learn(definition);
    if (set === undefined) {
      const { family, name, table, handle } = definition;
      return emit({ action, object: { set: { family, name, table, handle } } });
    }
    if (!isAnonymous(set)) emit({ action, object: decompileSet(set.definition, undefined, this.#names) as Object });
  }

  #elements(action: ObjectAction, { family, table, set: name, elements }: SetElements, emit: Emit): void {
    const set = this.#sets.get(tableKey(family, table))?.get(name);
    if (set === undefined) {
      this.#endInterval(emit);
      return emit({ action, object: { element: { family, table, name, elem: [] } } });
    }
    if (isAnonymous(set)) {
      set.elements.push(...elements);
      return;
    }
    const { flags = [] } = set.definition;
    if (!flags.includes('interval') || flags.includes('concat')) {
      this.#endInterval(emit);
      return emit({ action, object: elementObject(set, elements, this.#names) });
    }
    for (const element of elements) this.#halfInterval(action, set, element, emit);
  }

  /**
   * The tree's elements come one by one: where an interval starts, and the first value after it; the other way round when a set is
   * flushed.
   */
  #halfInterval(action: ObjectAction, set: KnownSet, element: SetElement, emit: Emit): void {
    if (this.#half && (this.#half.set !== set || this.#half.action !== action)) this.#endInterval(emit);
    const other = this.#half?.element;
    const key = element.key?.value;
    if (key === undefined) return emit({ action, object: elementObject(set, [element], this.#names) });
    this.#half = undefined;
    if (other && isEnd(other) !== isEnd(element)) {
      const [start, stop] = isEnd(element) ? [other, element] : [element, other];
      if (compare(start.key?.value as Uint8Array, stop.key?.value as Uint8Array) < 0) {
        return emit({ action, object: elementObject(set, [start, stop], this.#names) });
      }
    }
    if (other && !isEnd(other)) emit({ action, object: elementObject(set, [other], this.#names) });
    this.#half = { action, set, element };
  }

  /** Without an end an interval goes on to the last value; without a start an end is nft's mark that there is none. */
  #endInterval(emit: Emit): void {
    const half = this.#half;
    this.#half = undefined;
    if (half && !isEnd(half.element)) {
      emit({ action: half.action, object: elementObject(half.set, [half.element], this.#names) });
    }
  }

  #setsOf({ family, table }: { readonly family: Family; readonly table: string }): Map<string, KnownSet> {
    const key = tableKey(family, table);
    const sets = this.#sets.get(key) ?? new Map<string, KnownSet>();
    this.#sets.set(key, sets);
    return sets;
  }

  #learn(definition: SetDefinition): KnownSet {
    const set: KnownSet = { definition, elements: [] };
    this.#setsOf(definition).set(definition.name, set);
    return set;
  }

  async #learnElements({ definition: { family, table, name }, elements }: KnownSet): Promise<void> {
    try {
      const replies = await this.#channel.one({ operation: operations.elements, wire: { family, table, set: name } });
      for (const reply of replies) elements.push(...((reply['elements'] ?? []) as SetElement[]));
    } catch (error) {
      // It has gone meanwhile.
      if (!(error instanceof NetlinkError && error.code === 'ENOENT')) throw error;
    }
  }
}

/** An expression that the native schemas do not know has come as its name alone. */
function named(expression: Expression): Expression {
  return knownExpressions?.has(expression.type) ? expression : { type: 'unknown', name: expression.type };
}

/** What goes is told by its name alone. */
function namedObject(action: ObjectAction, object: NamedObject): Object {
  if (action !== 'delete') return decompileObject(object);
  const { type, family, name, table, handle } = object;
  return { [type]: { family, name, table, handle } };
}

function tableKey(family: Family, table: string): string {
  return `${family} ${table}`;
}

function isAnonymous({ definition }: KnownSet): boolean {
  return definition.flags?.includes('anonymous') === true;
}

function isEnd(element: SetElement): boolean {
  return element.flags?.includes('interval-end') === true;
}

function elementObject({ definition }: KnownSet, elements: readonly SetElement[], names: Names): Object {
  const { family, table, name } = definition;
  const [body] = Object.values(decompileSet(definition, elements, names)) as [{ readonly elem?: readonly unknown[] }];
  return { element: { family, table, name, elem: body.elem ?? [] } };
}

function toGeneration({ id, pid, process }: Object): NftEvent {
  return {
    action: 'generation',
    generation: id as number,
    ...(pid === undefined ? {} : { pid: pid as number }),
    ...(process === undefined ? {} : { process: process as string }),
  };
}
