/** State of one rule's compilation: what is known of the packet so far, and the pieces of the rule. */

import type { Order } from './bytes.js';
import type { Names, Type } from './datatypes.js';
import { Packet } from './packet.js';
import type { RawBase } from './protocols.js';
import type { Stateful } from './stateful.js';
import type { Attribute } from './userdata.js';
import type { Expression, Family, ObjectKind, SetFlag } from './wire.js';

/** A set as far as rules and elements need to know it. */
export interface SetInfo {
  readonly name: string;
  readonly key: readonly Type[];
  /** Maps only. */
  readonly data?: readonly Type[] | undefined;
  /** It maps to ranges, both ends side by side. */
  readonly dataInterval?: boolean | undefined;
  /** Maps to objects only. */
  readonly object?: ObjectKind | undefined;
  readonly flags: readonly SetFlag[];
  /** What each element gets. */
  readonly statements?: readonly Stateful[] | undefined;
  readonly autoMerge?: boolean;
  /** Made in this transaction. */
  readonly id?: number;
}

/** Values beside something loaded that is not whole bytes, or that was changed: moved to where they are compared. */
export interface Placed {
  /** Bits of the key in the kernel. */
  readonly bits: number;
  /** Of values in network order; what comes of it is `bits` long, in network order. */
  move(value: Uint8Array): Uint8Array;
  /** Of the elements, where no interval is among them. */
  readonly order: Order;
}

/** One statement's expressions. Matches on neighbouring header bytes are merged later. */
export interface Piece {
  /** Has no effect but to end the rule: may be merged and moved among its like. */
  readonly match: boolean;
  readonly expressions: readonly Expression[];
  readonly payload: MatchedBytes | undefined;
  /** Of every packet of the family: nft leaves it out unless it is the rule's last statement. */
  readonly redundant: boolean;
}

/** Header bytes that must be so. */
export interface MatchedBytes {
  readonly base: RawBase;
  readonly offset: number;
  readonly value: Uint8Array;
  /** It says what comes next, and so must stand before what needs that. */
  readonly key: boolean;
}

export interface AnonymousSet {
  readonly key: readonly Type[];
  /** How its values are read, where not as the key's types. */
  readonly values?: readonly Type[];
  readonly data?: readonly Type[];
  readonly dataInterval?: boolean;
  readonly object?: ObjectKind;
  /** For user data: nft describes an anonymous set's key, of maps only a concatenated one. */
  readonly keyTypeof?: Attribute;
  readonly elements: readonly unknown[];
  /** Elements as they stand in what is loaded. */
  readonly placed?: Placed;
  /** Filled by packets: it has a name all the same. */
  readonly meter?: { readonly name: string; readonly size: number; readonly timed: boolean };
}

/** What rules need from the transaction around them. */
export interface Transaction {
  readonly names: Names;
  findSet(family: Family, table: string, name: string, path: string): SetInfo;
  /** Adds the set and its elements before the rule. */
  addAnonymousSet(family: Family, table: string, set: AnonymousSet, path: string): SetInfo;
  /** Packets write to the set: if it is made in this transaction, it is made for that. */
  makeDynamic(family: Family, table: string, set: SetInfo): void;
}

export class RuleContext {
  readonly pieces: Piece[] = [];
  /** The protocol known at each layer. */
  readonly known: Packet;

  readonly anywhere: boolean;
  readonly transaction: Transaction;
  readonly family: Family;
  readonly table: string;

  /** `anywhere`: it is no rule's; any header may be there. */
  constructor(transaction: Transaction, family: Family, table: string, anywhere: boolean = false) {
    this.transaction = transaction;
    this.family = family;
    this.table = table;
    this.known = new Packet(family);
    this.anywhere = anywhere;
  }

  get names(): Names {
    return this.transaction.names;
  }

  match(expressions: readonly Expression[], payload?: MatchedBytes, redundant: boolean = false): void {
    this.pieces.push({ match: true, expressions, payload, redundant });
  }

  /** Makes what is matched from now on stand before everything else. */
  first(match: () => void): void {
    const before = this.pieces.splice(0);
    match();
    this.pieces.push(...before);
  }

  act(...expressions: readonly Expression[]): void {
    this.pieces.push({ match: false, expressions, payload: undefined, redundant: false });
  }

  findSet(reference: string, path: string): SetInfo {
    return this.transaction.findSet(this.family, this.table, reference.slice(1), path);
  }

  makeDynamic(set: SetInfo): void {
    this.transaction.makeDynamic(this.family, this.table, set);
  }

  anonymousSet(set: AnonymousSet, path: string): SetInfo {
    return this.transaction.addAnonymousSet(this.family, this.table, set, path);
  }
}
