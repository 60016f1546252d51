/** libnftables-json commands to the operations of one transaction. Pure: what it must know of the kernel it is given. */

import { compileChain } from './chains.js';
import { chunks } from './chunks.js';
import { type AnonymousSet, RuleContext, type SetInfo, type Transaction } from './context.js';
import type { Names } from './datatypes.js';
import { compileElements, hasRanges } from './elements.js';
import {
  checkArray,
  checkName,
  checkObject,
  checkUint,
  dense,
  isObject,
  type JsonObject,
  oneOf,
  property,
  show,
  soleKey,
  wrongType,
  wrongValue,
} from './errors.js';
import { keyOf, MAX_HANDLE } from './existing.js';
import { families } from './filter.js';
import { compileFlowtable } from './flowtables.js';
import type { Command } from './json.js';
import { mergePieces } from './merge.js';
import { compileObject, isObjectKind, objectKinds } from './objects.js';
import { isQuery } from './queries.js';
import { compileDelete, compileFlush, compileRename } from './removals.js';
import { type ChainNamed, chainsIndexed, RulePlaces } from './rule-places.js';
import { compileAnonymousSet, compileSet, setInfo } from './sets.js';
import { compileStatements } from './statements.js';
import { compileTable } from './tables.js';
import { commentData } from './userdata.js';
import type { Family, Mutable, Operation, Rule, SetDefinition, SetElement } from './wire.js';
import { compatOf } from './xt.js';

export interface CompileOptions extends Names {
  /** For objects that name none. */
  readonly family?: Family | undefined;
  /** A set that the kernel has and the commands do not define. `setsNeeded` says which will be asked for. */
  readonly findSet?: ((family: Family, table: string, name: string) => SetDefinition | undefined) | undefined;
  /** Handles of a chain's rules in the kernel, in order: for rules that say their place by an index (`chainsIndexed`). */
  readonly findRules?: ((chain: ChainNamed) => readonly number[] | undefined) | undefined;
  /** The handle of a chain in the kernel, for one that is renamed (`chainsRenamed`). */
  readonly findChain?: ((chain: ChainNamed) => number | undefined) | undefined;
}

/** `command`: index of the command that it came from. */
export type CompiledOperation = Operation & { readonly command: number };

const verbs = ['add', 'insert', 'create', 'delete', 'destroy', 'replace', 'flush', 'rename'] as const;
const objects: readonly string[] = [
  'table',
  'chain',
  'rule',
  'set',
  'map',
  'element',
  'ruleset',
  'meter',
  'flowtable',
  ...objectKinds,
];
const RULE_KEYS: readonly string[] = ['family', 'table', 'chain', 'expr', 'handle', 'index', 'comment'];
const COMMAND = `a command (${verbs.join(', ')}) or an object to add`;
const OBJECT = `an object (${objects.join(', ')})`;
/** What can stand before the chains that elements jump to. */
const definitions: readonly string[] = ['table', 'chain', 'set', 'map', 'flowtable', ...objectKinds];
type Verb = (typeof verbs)[number];

/** Takes the array under `nftables`, or the whole `{ nftables: [...] }`. */
export function compileCommands(
  commands: readonly Command[] | { readonly nftables: readonly Command[] },
  options: CompileOptions = {},
): CompiledOperation[] {
  const list = commandList(commands);
  const compiler = new CommandCompiler(list, options);
  list.forEach((command, i) => compiler.compile(command, i));
  return compiler.finish();
}

/** The array of commands: itself, or what stands under `nftables`. */
export function commandList(commands: unknown): readonly unknown[] {
  const list: unknown = isObject(commands) ? checkObject(commands, 'commands', ['nftables'])['nftables'] : commands;
  if (!Array.isArray(list)) throw wrongType('nftables', 'must be an array of commands', list);
  return dense(list);
}

class CommandCompiler implements Transaction {
  readonly operations: CompiledOperation[] = [];
  readonly names: Names;
  private readonly options: CompileOptions;
  private readonly sets: Map<string, SetInfo> = new Map();
  /** Sets made here that have no element yet. */
  private readonly fresh: Set<string> = new Set();
  /** Where sets are made. */
  private readonly created: Map<string, number> = new Map();
  /** Elements of new maps that jump to chains, which a listing has behind its maps. */
  private waiting: CompiledOperation[] = [];
  private nextId = 1;
  private command = 0;
  private readonly places: RulePlaces;

  constructor(commands: readonly unknown[], options: CompileOptions) {
    this.options = options;
    this.names = options;
    this.places = new RulePlaces(chainsIndexed(commands, options.family), (chain) => options.findRules?.(chain));
  }

  compile(command: unknown, index: number): void {
    this.command = index;
    const path = `nftables[${index}]`;
    const [first, value] = soleKey(command, path, COMMAND);
    if (first === 'metainfo' || isQuery(first)) return;
    if ((verbs as readonly string[]).includes(first)) {
      const [kind, object] = soleKey(value, `${path}.${first}`, OBJECT);
      return this.compileCommand(first as Verb, kind, object, `${path}.${first}${property(kind)}`);
    }
    // As `list` has it: a rule's handle is its own, and says nothing of its place.
    const { handle: _, ...listed } = first === 'rule' && isObject(value) ? value : {};
    this.compileCommand(
      'add',
      first,
      first === 'rule' && isObject(value) ? listed : value,
      `${path}${property(first)}`,
    );
  }

  finish(): CompiledOperation[] {
    this.operations.push(...this.waiting);
    this.waiting = [];
    return this.operations;
  }

  findSet(family: Family, table: string, name: string, path: string): SetInfo {
    const known = this.sets.get(keyOf(family, table, name));
    if (known !== undefined) return known;
    const definition = this.options.findSet?.(family, table, name);
    if (definition === undefined) throw wrongValue(path, `no set or map ${show(name)} in table ${family} ${table}`);
    const info = setInfo(definition);
    this.sets.set(keyOf(family, table, name), info);
    return info;
  }

  addAnonymousSet(family: Family, table: string, set: AnonymousSet, path: string): SetInfo {
    const interval = hasRanges(set.elements);
    const { elements, size } = compileElements(set.elements, path, {
      key: set.values ?? set.key,
      data: set.data,
      object: set.object,
      dataInterval: set.dataInterval,
      interval,
      merge: set.data === undefined && set.object === undefined,
      anonymous: true,
      fresh: true,
      names: this.names,
      placed: set.placed,
    });
    const { definition, info } = compileAnonymousSet(set, family, table, this.nextId++, interval, size);
    this.push({ op: 'newset', object: definition });
    this.pushElements('newsetelem', family, table, info, elements);
    return info;
  }

  makeDynamic(family: Family, table: string, set: SetInfo): void {
    const at = this.created.get(keyOf(family, table, set.name));
    const made = at === undefined ? undefined : this.operations[at];
    if (made?.op !== 'newset' || made.object.flags?.includes('eval') === true) return;
    this.operations[at!] = { ...made, object: { ...made.object, flags: [...(made.object.flags ?? []), 'eval'] } };
  }

  /** Operations are made for this alone. */
  private push(operation: Operation): void {
    const made = operation as Operation & { command: number };
    made.command = this.command;
    this.operations.push(made);
  }

  private pushElements(
    op: 'newsetelem' | 'delsetelem',
    family: Family,
    table: string,
    set: SetInfo,
    elements: readonly SetElement[],
    how: { readonly create?: true; readonly destroy?: true } = {},
  ): void {
    for (const part of chunks(elements))
      this.push({ op, object: { family, table, set: set.name, setId: set.id, elements: part }, ...how });
  }

  private compileCommand(verb: Verb, kind: string, object: unknown, path: string): void {
    if (kind === 'ruleset') return this.compileRuleset(verb, object, path);
    if (!objects.includes(kind))
      throw wrongValue(path, `unknown object ${show(kind)}; known are ${objects.join(', ')}`);
    if (!isObject(object)) throw wrongType(path, 'must be an object', object);
    const family = this.familyOf(object, path);
    if (verb !== 'add' || !definitions.includes(kind)) this.finish();
    if ((verb === 'insert' || verb === 'replace') && kind !== 'rule') throw wrongValue(path, `"${verb}" is for rules`);
    if (verb === 'rename' && kind !== 'chain') throw wrongValue(path, '"rename" is for chains');
    if (verb === 'flush') return this.remove(compileFlush(kind, object, path, family));
    if (kind === 'meter') throw wrongValue(path, 'a meter can be flushed and listed: a rule makes it');
    if ((verb === 'delete' || verb === 'destroy') && kind !== 'rule' && kind !== 'element')
      return this.remove(compileDelete(verb, kind, object, path, family));
    const create = verb === 'create' ? { create: true } : {};
    if (isObjectKind(kind))
      return this.push({ op: 'newobj', object: compileObject(kind, object, path, family), ...create });
    switch (kind) {
      case 'table':
        return this.push({ op: 'newtable', object: compileTable(object, path, family), ...create });
      case 'chain':
        if (verb === 'rename') return this.push(compileRename(object, path, family, this.options.findChain));
        return this.push({ op: 'newchain', object: compileChain(object, path, family), ...create });
      case 'flowtable':
        return this.push({ op: 'newflowtable', object: compileFlowtable(object, path, family), ...create });
      case 'rule':
        return this.compileRule(verb, object, path, family);
      case 'element':
        return this.compileElementCommand(verb, object, path, family);
      default:
        return this.compileSetCommand(verb, kind as 'set' | 'map', object, path, family);
    }
  }

  private familyOf(object: Readonly<Record<string, unknown>>, path: string): Family {
    return object['family'] === undefined
      ? (this.options.family ?? 'ip')
      : oneOf(object['family'], `${path}.family`, families);
  }

  private compileRuleset(verb: Verb, object: unknown, path: string): void {
    if (verb !== 'flush') throw wrongValue(path, 'a ruleset can only be flushed');
    const family =
      object === null || object === undefined ? undefined : checkObject(object, path, ['family'])['family'];
    this.finish();
    const one = family === undefined ? undefined : oneOf(family, `${path}.family`, families);
    this.push({ op: 'deltable', object: { family: one ?? 'unspec' } });
    this.sets.clear();
    this.places.empty(one);
  }

  private remove(operation: Operation): void {
    this.push(operation);
    const { op, object } = operation;
    if (op === 'delrule') return this.places.empty(object.family, object.table, object.chain);
    // By its handle alone it is not known which one it is.
    if (!('name' in object) || object.name === undefined) return;
    if (op === 'deltable') this.places.empty(object.family as Family, object.name);
    if (op === 'delchain') this.places.empty(object.family, object.table, object.name);
    if (op === 'delset') this.sets.delete(keyOf(object.family, object.table, object.name));
  }

  private compileSetCommand(
    verb: Verb,
    kind: 'set' | 'map',
    object: Readonly<Record<string, unknown>>,
    path: string,
    family: Family,
  ): void {
    const { definition, info } = compileSet(kind, object, path, family, this.nextId++, this);
    const key = keyOf(family, definition.table, info.name);
    this.sets.set(key, info);
    this.fresh.add(key);
    const compiled =
      object['elem'] === undefined ? undefined : this.elements(object['elem'], `${path}.elem`, info, key);
    // nft sizes a constant set to what it is given.
    const size = info.flags.includes('constant') && compiled !== undefined ? compiled.size : undefined;
    this.created.set(key, this.operations.length);
    this.push({
      op: 'newset',
      object: size === undefined ? definition : { ...definition, desc: { ...definition.desc, size } },
      ...(verb === 'create' ? { create: true } : {}),
    });
    if (compiled === undefined) return;
    const from = this.operations.length;
    this.pushElements('newsetelem', family, definition.table, info, compiled.elements);
    if (compiled.elements.some(({ data }) => data?.verdict?.chain !== undefined))
      this.waiting.push(...this.operations.splice(from));
  }

  private elements(value: unknown, path: string, info: SetInfo, key: string): ReturnType<typeof compileElements> {
    const fresh = this.fresh.delete(key);
    return compileElements(value, path, {
      key: info.key,
      data: info.data,
      object: info.object,
      statements: info.statements,
      dataInterval: info.dataInterval,
      interval: info.flags.includes('interval'),
      merge: info.autoMerge === true,
      anonymous: false,
      fresh,
      names: this.names,
    });
  }

  private compileElementCommand(verb: Verb, value: unknown, path: string, family: Family): void {
    const object = checkObject(value, path, ['family', 'table', 'name', 'elem']);
    const table = checkName(object['table'], `${path}.table`);
    const name = checkName(object['name'], `${path}.name`);
    const known = this.findSet(family, table, name, `${path}.name`);
    const key = keyOf(family, table, name);
    if (object['elem'] === undefined)
      throw wrongType(`${path}.elem`, 'must be an element or a list of them', undefined);
    if (verb !== 'delete' && verb !== 'destroy')
      return this.pushElements(
        'newsetelem',
        family,
        table,
        known,
        this.elements(object['elem'], `${path}.elem`, known, key).elements,
        verb === 'create' ? { create: true } : {},
      );
    // A map's element may be deleted by its key alone.
    const mapping = known.data !== undefined || known.object !== undefined;
    const info = mapping && !isPairs(object['elem']) ? withoutData(known) : known;
    const fresh = this.fresh.has(key);
    this.fresh.delete(key);
    const { elements } = this.elements(object['elem'], `${path}.elem`, info, key);
    if (fresh) this.fresh.add(key);
    this.pushElements('delsetelem', family, table, known, elements, verb === 'destroy' ? { destroy: true } : {});
  }

  private compileRule(verb: Verb, value: unknown, path: string, family: Family): void {
    const object = checkObject(value, path, RULE_KEYS);
    const table = checkName(object['table'], `${path}.table`);
    const chain = checkName(object['chain'], `${path}.chain`);
    const handle =
      object['handle'] === undefined ? undefined : checkUint(object['handle'], `${path}.handle`, MAX_HANDLE);
    if (verb === 'delete' || verb === 'destroy' || verb === 'replace') {
      if (handle === undefined) throw wrongValue(path, `needs the handle of the rule to ${verb}`);
      if (object['index'] !== undefined) throw wrongValue(`${path}.index`, 'is for rules to add or insert');
      if (verb !== 'replace') {
        this.places.delete({ family, table, chain }, handle);
        const destroy = verb === 'destroy' ? { destroy: true } : {};
        return this.push({ op: 'delrule', object: { family, table, chain, handle }, ...destroy });
      }
    }
    const context = new RuleContext(this, family, table);
    const at = `${path}.expr`;
    compileStatements(context, checkArray(object['expr'], at), at);
    const mode = verb === 'insert' || verb === 'replace' ? verb : 'add';
    const expressions = mergePieces(context.pieces);
    // What most rules have no more than, in one object: there are many of them, and spreads of parts would cost as much as the rest.
    const rule: Mutable<Rule> = { family, table, chain, expressions };
    if (mode === 'replace') Object.assign(rule, this.places.replace(rule, handle!), { handle });
    else if (handle !== undefined || object['index'] !== undefined || this.places.followed)
      Object.assign(rule, this.places.put(mode, rule, neighbourOf(object, path, handle), path));
    const { compat } = compatOf(family, expressions);
    if (compat !== undefined) rule.compat = compat;
    if (object['comment'] !== undefined) Object.assign(rule, commentData(object['comment'], path));
    this.operations.push({ op: 'newrule', mode, object: rule, command: this.command });
  }
}

/** The rule to stand next to; of handle and index one at the most. */
function neighbourOf(
  object: JsonObject,
  path: string,
  handle: number | undefined,
): { readonly handle?: number; readonly index?: number } {
  if (object['index'] === undefined) return handle === undefined ? {} : { handle };
  if (handle !== undefined) throw wrongValue(path, 'has both a handle and an index of the rule to stand next to');
  return { index: checkUint(object['index'], `${path}.index`) };
}

const isPairs = (value: unknown): boolean => Array.isArray(value) && value.every((item) => Array.isArray(item));

function withoutData({ data: _, object: __, ...info }: SetInfo): SetInfo {
  return info;
}

export { chainsRenamed, setsNeeded } from './references.js';
export { chainsIndexed } from './rule-places.js';
