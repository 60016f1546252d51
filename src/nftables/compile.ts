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
  oneOf,
  property,
  show,
  soleKey,
  wrongType,
  wrongValue,
} from './errors.js';
import { compileFlowtable, compileFlowtableReference } from './flowtables.js';
import type { Command } from './json.js';
import { mergePieces } from './merge.js';
import { compileObject, compileObjectReference, isObjectKind, objectKinds } from './objects.js';
import { compileAnonymousSet, compileSet, setInfo } from './sets.js';
import { compileStatement } from './statements.js';
import { compileTable } from './tables.js';
import { commentData } from './userdata.js';
import type { Family, Operation, Rule, SetDefinition, SetElement } from './wire.js';

export interface CompileOptions extends Names {
  /** For objects that name none. */
  readonly family?: Family | undefined;
  /** A set that the kernel has and the commands do not define. `setsNeeded` says which will be asked for. */
  readonly findSet?: ((family: Family, table: string, name: string) => SetDefinition | undefined) | undefined;
}

/** `command`: index of the command that it came from. */
export type CompiledOperation = Operation & { readonly command: number };

export const families: readonly Family[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];
const verbs = ['add', 'insert', 'create', 'delete', 'replace', 'flush'] as const;
const objects: readonly string[] = [
  'table',
  'chain',
  'rule',
  'set',
  'map',
  'element',
  'ruleset',
  'flowtable',
  ...objectKinds,
];
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
  const list: unknown = isObject(commands) ? checkObject(commands, 'commands', ['nftables'])['nftables'] : commands;
  if (!Array.isArray(list)) throw wrongType('nftables', 'must be an array of commands', list);
  const compiler = new CommandCompiler(options);
  dense(list).forEach((command, i) => compiler.compile(command, i));
  return compiler.finish();
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

  constructor(options: CompileOptions) {
    this.options = options;
    this.names = options;
  }

  compile(command: unknown, index: number): void {
    this.command = index;
    const path = `nftables[${index}]`;
    const [first, value] = soleKey(command, path, COMMAND);
    if (first === 'metainfo') return;
    if (first === 'list' || first === 'reset')
      throw wrongValue(path, `"${first}" is no part of a transaction: there is ns.nft.${first}()`);
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
    const types = {
      key: set.key,
      ...(set.data === undefined ? {} : { data: set.data }),
      ...(set.object === undefined ? {} : { object: set.object }),
      ...(set.dataInterval === undefined ? {} : { dataInterval: set.dataInterval }),
      interval,
    };
    const merge = set.data === undefined && set.object === undefined;
    const { elements, size } = compileElements(set.elements, path, {
      ...types,
      merge,
      anonymous: true,
      fresh: true,
      names: this.names,
      place: set.place,
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
    this.operations.push(Object.assign(operation, { command: this.command }));
  }

  private pushElements(
    op: 'newsetelem' | 'delsetelem',
    family: Family,
    table: string,
    set: SetInfo,
    elements: readonly SetElement[],
    create: boolean = false,
  ): void {
    const id = set.id === undefined ? {} : { setId: set.id };
    for (const part of chunks(elements)) {
      this.push({ op, object: { family, table, set: set.name, ...id, elements: part }, ...(create ? { create } : {}) });
    }
  }

  private compileCommand(verb: Verb, kind: string, object: unknown, path: string): void {
    if (kind === 'ruleset') return this.compileRuleset(verb, object, path);
    if (!objects.includes(kind))
      throw wrongValue(path, `unknown object ${show(kind)}; known are ${objects.join(', ')}`);
    if (!isObject(object)) throw wrongType(path, 'must be an object', object);
    const family = this.familyOf(object, path);
    if (verb !== 'add' || !definitions.includes(kind)) this.finish();
    const create = verb === 'create' ? { create: true } : {};
    if ((verb === 'insert' || verb === 'replace') && kind !== 'rule') throw wrongValue(path, `"${verb}" is for rules`);
    if (verb === 'flush' && (kind === 'rule' || kind === 'element' || kind === 'flowtable' || isObjectKind(kind)))
      throw wrongValue(path, `a ${kind} cannot be flushed`);
    if (isObjectKind(kind)) {
      if (verb === 'delete')
        return this.push({ op: 'delobj', object: compileObjectReference(kind, object, path, family) });
      return this.push({ op: 'newobj', object: compileObject(kind, object, path, family), ...create });
    }
    switch (kind) {
      case 'table': {
        const table = compileTable(object, path, family);
        if (verb === 'flush') return this.push({ op: 'delrule', object: { family, table: table.name } });
        return this.push(
          verb === 'delete'
            ? { op: 'deltable', object: { family, name: table.name } }
            : { op: 'newtable', object: table, ...create },
        );
      }
      case 'chain': {
        const chain = compileChain(object, path, family);
        if (verb === 'flush')
          return this.push({ op: 'delrule', object: { family, table: chain.table, chain: chain.name } });
        return this.push(
          verb === 'delete' ? { op: 'delchain', object: chain } : { op: 'newchain', object: chain, ...create },
        );
      }
      case 'flowtable':
        return this.push(
          verb === 'delete'
            ? { op: 'delflowtable', object: compileFlowtableReference(object, path, family) }
            : { op: 'newflowtable', object: compileFlowtable(object, path, family), ...create },
        );
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
    this.push({
      op: 'deltable',
      object: { family: family === undefined ? 'unspec' : oneOf(family, `${path}.family`, families) },
    });
    this.sets.clear();
  }

  private compileSetCommand(
    verb: Verb,
    kind: 'set' | 'map',
    object: Readonly<Record<string, unknown>>,
    path: string,
    family: Family,
  ): void {
    if (verb === 'delete' || verb === 'flush') {
      const table = checkName(object['table'], `${path}.table`);
      const name = checkName(object['name'], `${path}.name`);
      if (verb === 'flush') return this.push({ op: 'delsetelem', object: { family, table, set: name, elements: [] } });
      this.sets.delete(keyOf(family, table, name));
      return this.push({ op: 'delset', object: { family, table, name } });
    }
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
    const types = {
      key: info.key,
      ...(info.data === undefined ? {} : { data: info.data }),
      ...(info.object === undefined ? {} : { object: info.object }),
      ...(info.statements === undefined ? {} : { statements: info.statements }),
      ...(info.dataInterval === undefined ? {} : { dataInterval: info.dataInterval }),
      interval: info.flags.includes('interval'),
    };
    return compileElements(value, path, {
      ...types,
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
    if (verb !== 'delete')
      return this.pushElements(
        'newsetelem',
        family,
        table,
        known,
        this.elements(object['elem'], `${path}.elem`, known, key).elements,
        verb === 'create',
      );
    // A map's element may be deleted by its key alone.
    const mapping = known.data !== undefined || known.object !== undefined;
    const info = mapping && !isPairs(object['elem']) ? withoutData(known) : known;
    const fresh = this.fresh.has(key);
    this.fresh.delete(key);
    const { elements } = this.elements(object['elem'], `${path}.elem`, info, key);
    if (fresh) this.fresh.add(key);
    this.pushElements('delsetelem', family, table, known, elements);
  }

  private compileRule(verb: Verb, value: unknown, path: string, family: Family): void {
    const object = checkObject(value, path, ['family', 'table', 'chain', 'expr', 'handle', 'index', 'comment']);
    const rule: Rule = {
      family,
      table: checkName(object['table'], `${path}.table`),
      chain: checkName(object['chain'], `${path}.chain`),
    };
    if (object['index'] !== undefined)
      throw wrongValue(`${path}.index`, 'is not supported: give the handle of the rule to stand next to');
    const handle =
      object['handle'] === undefined
        ? undefined
        : checkUint(object['handle'], `${path}.handle`, Number.MAX_SAFE_INTEGER);
    if (verb === 'create') throw wrongValue(path, 'a rule is added, not created');
    if ((verb === 'delete' || verb === 'replace') && handle === undefined)
      throw wrongValue(path, `needs the handle of the rule to ${verb}`);
    if (verb === 'delete') return this.push({ op: 'delrule', object: { ...rule, handle: handle! } });
    const context = new RuleContext(this, family, rule.table);
    checkArray(object['expr'], `${path}.expr`).forEach((statement, i) =>
      compileStatement(context, statement, `${path}.expr[${i}]`),
    );
    const place = handle === undefined ? {} : verb === 'replace' ? { handle } : { position: handle };
    const mode = verb === 'insert' || verb === 'replace' ? verb : 'add';
    this.push({
      op: 'newrule',
      mode,
      object: { ...rule, ...place, expressions: mergePieces(context.pieces), ...commentData(object['comment'], path) },
    });
  }
}

const keyOf = (family: Family, table: string, name: string): string => `${family}\0${table}\0${name}`;

const isPairs = (value: unknown): boolean => Array.isArray(value) && value.every((item) => Array.isArray(item));

function withoutData({ data: _, object: __, ...info }: SetInfo): SetInfo {
  return info;
}

export { setsNeeded } from './references.js';
