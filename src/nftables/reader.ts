/**
 * Reads a rule's expressions back into statements, by following what each register holds.
 *
 * Matches that only prepare a later one (`meta l4proto tcp` before `tcp dport`) are dropped when that one comes, as nft
 * does; anything between that is not a match keeps them.
 */

import type { Names, Type } from './datatypes.js';
import { type Described, describe } from './describe.js';
import { Packet } from './packet.js';
import { type Layer, Preparations } from './preparations.js';
import { wordOf } from './registers.js';
import { type Leaf, type Tree, treeOf } from './tree.js';
import type { Expression, Family, Register, SetDefinition, SetElement } from './wire.js';

export type Loaded =
  | Tree
  | { readonly kind: 'immediate'; readonly bytes: Uint8Array }
  /** `read` describes its key once it is used. */
  | { readonly kind: 'map'; readonly read: () => unknown };

/** A set that rules refer to: of anonymous ones, the elements too. */
export interface ReadableSet {
  readonly definition: SetDefinition;
  readonly elements?: readonly SetElement[];
}

/** A comparison that may be one end of a range. */
export interface End {
  readonly index: number;
  readonly op: string;
  readonly kind: string;
  readonly right: unknown;
}

export class RuleReader {
  readonly registers: Map<number, Loaded> = new Map();
  readonly known: Packet;
  readonly preparations: Preparations;
  /** The statement before, if it is a comparison. */
  previous: End | undefined;
  /** The frame's type, where a match says it by its place alone. */
  frameType: number | undefined;

  readonly family: Family;
  readonly names: Names;
  readonly findSet: (name: string) => ReadableSet | undefined;
  private readonly expressions: readonly Expression[];
  private readonly statements: (object | undefined)[] = [];
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
    this.known = new Packet(family);
    this.preparations = new Preparations(family);
  }

  /** Hands each expression to its reader. */
  read(dispatch: (reader: RuleReader, expression: Expression) => void): readonly unknown[] {
    while (this.at < this.expressions.length) dispatch(this, this.expressions[this.at++]!);
    return this.statements.filter((statement) => statement !== undefined);
  }

  wordOf(register: Register): number {
    return wordOf(register);
  }

  set(register: Register, loaded: Loaded): void {
    this.registers.set(wordOf(register), loaded);
  }

  load(register: Register, leaf: Leaf): void {
    this.set(register, treeOf(leaf));
  }

  /** Something read that is described by itself alone. */
  setNamed(register: Register, json: unknown, type: Type): void {
    this.load(register, { kind: 'named', json, type, bits: type.bits });
  }

  /** Adds a match; its number is how it is dropped again. */
  match(op: string, left: unknown, right: unknown): number {
    this.previous = undefined;
    return this.statements.push({ match: { op, left, right } }) - 1;
  }

  /** A statement that does something: matches before it stay. */
  act(statement: object): void {
    this.statements.push(statement);
    this.keep();
  }

  /** Matches so far stay. */
  keep(): void {
    this.preparations.clear();
    this.previous = undefined;
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
    return loaded.kind === 'map' ? { map: loaded.read() } : this.describe(loaded).json;
  }

  describe(tree: Tree): Described {
    return describe(this, tree);
  }

  remove(index: number): void {
    this.statements[index] = undefined;
    if (this.previous?.index === index) this.previous = undefined;
  }

  /** Drops the match that only prepared what stands at a layer. */
  drop(layer: Layer): void {
    const index = this.preparations.take(layer);
    if (index !== undefined) this.remove(index);
  }
}
